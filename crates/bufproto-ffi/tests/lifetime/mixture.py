"""All functions and scopes, on every kind of object, well-behaved or not. Runs in Python 2.7 and 3.6 and later.

As a program it makes some calls, for tools that look on.
"""

import cases
import lifetime
import run


def objects():
    """What the comparison with the interpreter's own functions uses, and the owners of the cases."""
    for value in run.objects():
        if getattr(value, "error", None):
            # An exception that is raised again and again keeps each traceback.
            value.error = type(value.error)
        yield value
    for case in cases.CASES:
        # The import of numpy takes long when tools look on.
        if not cases.missing(case) and not case.of_the_system:
            yield case.make(64)[0]


def mix(values, calls):
    """At least as many calls; returns how many times each value was taken."""
    rounds = 1
    made = lifetime.mix(values, rounds)
    more = -(-(calls - made) // made)
    if more > 0:
        lifetime.mix(values, more)
        rounds += more
    return rounds


if __name__ == "__main__":
    mix(list(objects()), 100 * 1000)

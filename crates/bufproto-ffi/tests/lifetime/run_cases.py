"""The old idiom reads freed memory, and the same with a scope does not. Runs in Python 2.7 and 3.6 and later.

That memory is freed must be seen. From 3.6 on the interpreter can be told to overwrite it; for 2.7, and for memory that is
not the interpreter's, blocks are so large that the system takes them back. The last line of the output counts the tests, in
JSON.
"""

from __future__ import print_function

import json
import sys
import unittest

import cases
import child
import counted

# Small blocks stay readable, and nobody else wants blocks of this size. The C library returns large ones to the system.
SMALL, LARGE = 400, 40 << 20


def look(case, way, function):
    large = case.of_the_system or cases.NATIVE
    status, output, complaints = child.run(
        "cases.py",
        case.name,
        way,
        str(function),
        str(LARGE if large else SMALL),
        environment={"PYTHONMALLOC": "debug"},
    )
    if status != 0:
        raise AssertionError("%s, %s: ended with %s\n%s" % (case.name, way, status, complaints))
    answer = json.loads(output)
    return answer["seen"], answer["refused"]


class Lifetimes(unittest.TestCase):
    pass


def tests(case, function):
    def without(self):
        seen, refused = look(case, "unscoped", function)
        self.assertEqual(refused, [], "it refuses anyhow, so this proves nothing")
        # Unmapped, or overwritten by the interpreter.
        self.assertTrue(seen is None or seen[2] > 0, "nothing shows that the memory is freed: %s" % seen)

    def within(self):
        seen, refused = look(case, "scoped", function)
        self.assertTrue(seen is not None, "unmapped")
        length, intact, _ = seen
        self.assertGreater(length, 0)
        self.assertEqual(intact, length)
        self.assertEqual(refused, [case.refusal.__name__] if case.refusal else [])

    return without, within


cases.add_tests(Lifetimes, tests)

if __name__ == "__main__":
    counted.main(Lifetimes)

"""Compares what the library says of random structures with what the interpreter says: contiguity, addresses, copies.

    run.py [--structures N] [--seed S] [--number K]

Runs in Python 2.7 and 3.6 and later. A structure is named by the seed and its number; with --number only that one is
looked at. The last line of the output counts structures, in JSON.
"""

from __future__ import print_function

import argparse
import itertools
import json
import random
import sys

import deliberate
import layouts
import structures

# How many differences are shown.
SHOWN = 20

INTERPRETER, LIBRARY = 0, 1


class Difference(Exception):
    """The two say different things."""


class Comparison(object):
    """Of one structure."""

    def __init__(self, made, tally):
        self.made, self.tally = made, tally
        self.ndim, self.item_size, self.length, self.suboffsets = layouts.fields(made.object)

    def run(self):
        self.sizes()
        self.contiguity()
        self.addresses()
        for order in "CFA":
            self.copy_out(order)
            self.copy_in(order)

    def differ(self, what, ours, theirs):
        """Unless it is meant."""
        reason = deliberate.reason(what, self, ours, theirs)
        if reason is None:
            raise Difference("%s: the library says %r, the interpreter %r" % (what, ours, theirs))
        self.note(reason)

    def note(self, reason):
        self.tally[reason] = self.tally.get(reason, 0) + 1

    def compare(self, what, ours, theirs):
        if ours != theirs:
            self.differ(what, ours, theirs)

    def sizes(self):
        made = self.made
        self.compare("item size", self.item_size, made.item_size)
        self.compare("length", self.length, structures.count(made.shape) * made.item_size)
        # A copy of another length is refused, so the library has found the same.
        for wrong in [self.length + 1, self.length + 7]:
            try:
                layouts.copy_in(LIBRARY, made.object, "C", b"x" * wrong)
            except ValueError:
                continue
            self.compare("a copy of a wrong length", "made", "refused")

    def contiguity(self):
        ours = layouts.contiguous(LIBRARY, self.made.object)
        theirs = layouts.contiguous(INTERPRETER, self.made.object)
        self.is_fortran = ours[1], theirs[1]
        for order, one, other in zip("CFA", ours, theirs):
            self.compare("contiguous in order %s" % order, one, other)

    def addresses(self):
        indices = self.made.indices()
        if self.ndim == 1 and len(self.made.shape) != 1:
            indices = [(index,) for index in range(structures.count(self.made.shape))]
        self.theirs = layouts.addresses(INTERPRETER, self.made.object, indices)
        ours = layouts.addresses(LIBRARY, self.made.object, indices)
        for index, one, other in zip(indices, ours, self.theirs):
            self.compare("the address of item %s" % (index,), one, other)
        # The interpreter does not look, and the library does.
        past = [list(self.made.shape)] + [[-1] * self.ndim] if self.ndim else []
        for indices in past:
            try:
                layouts.addresses(LIBRARY, self.made.object, [indices])
            except IndexError:
                continue
            self.compare("the item past the end", "an address", "IndexError")

    def in_order(self, order):
        """The addresses of the items, as the copies have them in this order."""
        if order == "A":
            order = "F" if self.is_fortran[0] else "C"
        if order == "C":
            return self.theirs
        # Where the item of an index is among those in C order: so many steps on in each dimension.
        shape, places = self.made.shape, self.theirs
        steps, step = [], 1
        for extent in reversed(shape):
            steps.insert(0, step)
            step *= extent
        chosen = [0]
        for extent, step in zip(shape, steps):
            chosen = [index * step + rest for index in range(extent) for rest in chosen]
        return [places[place] for place in chosen]

    def copy_out(self, order):
        ours = layouts.copy_out(LIBRARY, self.made.object, order)
        crash = deliberate.crash("copy out", self)
        if crash is None:
            theirs = layouts.copy_out(INTERPRETER, self.made.object, order)
            self.compare("copy out in order %s" % order, ours, theirs)
        else:
            self.note(crash)
        # And both are what is at the addresses, one by one.
        found = layouts.peek(self.in_order(order), self.item_size)
        self.compare("copy out in order %s, item by item" % order, ours, found)

    def copy_in(self, order):
        made = self.made
        content = bytes(bytearray((71 * n + 13) % 251 for n in range(self.length)))
        theirs = before = self.memory()
        crash = deliberate.crash("copy in", self)
        if crash is None:
            layouts.copy_in(INTERPRETER, made.object, order, content)
            theirs = self.memory()
            self.restore(before)
        else:
            self.note(crash)
        layouts.copy_in(LIBRARY, made.object, order, content)
        ours = self.memory()
        self.compare("copy in in order %s" % order, ours, theirs)
        # And both are what is put to the addresses, one by one.
        self.written(order, content)
        self.restore(before)

    def written(self, order, content):
        possible, size = {}, self.item_size
        for number, place in enumerate(self.in_order(order)):
            for byte in range(size):
                possible.setdefault(place + byte, set()).add(content[number * size + byte : number * size + byte + 1])
        for place in possible:
            if layouts.peek([place], 1) not in possible[place]:
                self.compare("copy in in order %s, item by item" % order, layouts.peek([place], 1), possible[place])

    def shares(self):
        """Whether some items share bytes."""
        places = sorted(self.theirs)
        return any(b - a < self.item_size for a, b in zip(places, places[1:]))

    def memory(self):
        """All that might be written to, also between the items if the memory is ours."""
        return [bytes(bytearray(block)) for block in self.made.blocks] or layouts.peek(self.theirs, self.item_size)

    def restore(self, before):
        for block, content in zip(self.made.blocks, before if self.made.blocks else []):
            block[:] = list(bytearray(content))


def look_at(seed, number, tally):
    """Compares one structure. Returns what differs, if anything."""
    made = structures.make(seed, number)
    if made is None:
        return None, None
    try:
        Comparison(made, tally).run()
    except Exception as error:
        return made, "%s, %s\n    %s: %s" % (made.kind, made.about, type(error).__name__, error)
    return made, None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--structures", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--number", type=int)
    options = parser.parse_args()

    # First, in case that the interpreter crashes.
    print("seed %d" % options.seed)
    sys.stdout.flush()
    numbers = [options.number] if options.number is not None else itertools.count()
    passed, differences, tally, kinds = 0, [], {}, {}
    for number in numbers:
        # Some numbers are of none.
        if sum(kinds.values()) == options.structures:
            break
        made, difference = look_at(options.seed, number, tally)
        if made is not None:
            kinds[made.kind] = kinds.get(made.kind, 0) + 1
        if difference is not None:
            differences.append("--seed %d --number %d: %s" % (options.seed, number, difference))
        elif made is not None:
            passed += 1
    for difference in differences[:SHOWN]:
        print(difference)
    by_kind = ", ".join("%d by %s" % (kinds[kind], kind) for kind in sorted(kinds))
    print("%d structures: %s" % (sum(kinds.values()), by_kind))
    for reason in sorted(tally):
        print("%d answers differ on purpose: %s" % (tally[reason], reason))
    print(json.dumps({"passed": passed, "failed": len(differences), "skipped": list(structures.missing())}))
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())

"""Millions of calls leave nothing behind. Runs in Python 2.7 and 3.6 and later.

The last line of the output counts the tests, in JSON.
"""

from __future__ import print_function

import array
import gc
import mmap
import sys
import unittest

import cases
import counted
import lifetime
import mixture

CALLS = 3 * 1000 * 1000
# What the interpreter itself may keep or let go meanwhile. Each value is taken more often: a leak is more.
NOISE = 40
# An exception that is not given back holds its type, where types count their references.
KINDS = [TypeError, BufferError, SystemError, ValueError, ZeroDivisionError, KeyboardInterrupt, MemoryError]


def counts():
    """What grows if something is not given back, whatever it is."""
    gc.collect()
    yield "objects for the collector", len(gc.get_objects())
    for name in ["getallocatedblocks", "gettotalrefcount"]:
        if hasattr(sys, name):
            yield name, getattr(sys, name)()
    for kind in KINDS:
        yield "references to %s" % kind.__name__, sys.getrefcount(kind)


def left_behind(values, action):
    """The names of what has grown or shrunk by an action, and by how much."""
    references_before, before = references(values), dict(counts())
    action()
    after, references_after = dict(counts()), references(values)
    differences = {}
    for name in before:
        if abs(after[name] - before[name]) > NOISE:
            differences[name] = after[name] - before[name]
    for value, count, now in zip(values, references_before, references_after):
        # None and small numbers are held by everybody.
        if abs(now - count) > (0 if count < NOISE else NOISE):
            differences["references to %.60r" % (value,)] = now - count
    return differences


def references(values):
    return [sys.getrefcount(value) for value in values]


def moves(value):
    """Whether an object's memory can be moved or freed; objects that never refuse it count as such."""
    try:
        if isinstance(value, bytearray):
            value.extend(b"x")
        elif isinstance(value, array.array):
            value.append(value[0] if value else 1)
        elif isinstance(value, mmap.mmap):
            value.close()
        elif hasattr(value, "release"):
            value.release()
    except BufferError:
        return False
    return True


class Counting(cases.Lends):
    """Counts the views that it has lent and not got back. Exports views from 3.12 on."""

    lent = total = 0

    def __buffer__(self, flags):
        self.lent += 1
        self.total += 1
        return memoryview(bytearray(b"lent"))

    def __release_buffer__(self, view):
        self.lent -= 1
        view.release()


class Leaks(unittest.TestCase):
    def test_a_mixture_of_calls_leaves_nothing_behind(self):
        values = list(mixture.objects())
        rounds = []
        # What is made at the first call and kept, as a type's name.
        lifetime.mix(values, 3)
        left = left_behind(values, lambda: rounds.append(mixture.mix(values, CALLS)))
        self.assertGreater(rounds[0], 2 * NOISE, "a leak would be taken for noise")
        self.assertEqual(left, {})
        for value in values:
            self.assertTrue(moves(value), "%.60r is still exported" % (value,))

    def test_a_class_gets_back_each_view(self):
        if sys.version_info < (3, 12):
            self.skipTest("classes export views from 3.12 on")
        value = Counting(1)
        lifetime.mix([value], 100)
        self.assertGreater(value.total, 100)
        self.assertEqual(value.lent, 0)

    # The faults, so that it is known that they would be seen.

    def test_a_reference_that_is_kept_would_be_seen(self):
        value = object()
        left = left_behind([value], lambda: lifetime.leak_reference(value))
        self.assertEqual(list(left.values()), [1])

    def test_exceptions_that_are_kept_would_be_seen(self):
        self.assertTrue(left_behind([], lambda: [lifetime.leak_exception("kept") for _ in range(2 * NOISE)]))

    def test_a_view_that_is_kept_would_be_seen(self):
        value = bytearray(b"x")
        self.assertTrue(moves(value))
        left = left_behind([value], lambda: lifetime.leak_view(value))
        self.assertEqual(list(left.values()), [1])
        self.assertFalse(moves(value))


if __name__ == "__main__":
    counted.main(Leaks)

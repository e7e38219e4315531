"""Runs every case on every side, for callgrind to count.

Prints a line of JSON for each stretch of counting, in the order in which callgrind writes down what it counted. The answers
are compared first: what answers differently is not worth counting.
"""

import array
import ctypes
import json
import mmap
import sys

import counting

SIDES = ["empty", "ours", "theirs"]
# As calls of the original names are compiled, by their addresses, and by the library.
FORMS = ["", "address ", "library "]
CALLS = [form + name for form in FORMS for name in ("char", "read", "write", "check")]
READS = [form + name for form in FORMS for name in ("char", "read")]
WRITES = [form + "write" for form in FORMS]
SCOPES = ["scope 1", "scope 4", "scope 16"]
HELD = ["acquire", "O&"]
FUNCTIONS = CALLS + SCOPES + HELD

# What a call takes is the difference between a long stretch and a short one, so that what happens once cancels out.
STRETCHES = [200, 1200]


class Lends(object):
    """Exports views from 3.12 on."""

    def __init__(self):
        self.memory = bytearray(b"lent")

    def __buffer__(self, flags):
        return memoryview(self.memory)


def cases():
    """An object's name, the object, the functions that it is asked with, and those that refuse it."""
    yield "bytes", b"hello", CALLS, WRITES
    yield "bytearray", bytearray(b"hello"), CALLS, []
    yield "memoryview of bytes", memoryview(b"hello"), CALLS, WRITES
    yield "memoryview of bytearray", memoryview(bytearray(b"hello")), CALLS, []
    yield "array", array.array("d", [1, 2]), CALLS, []
    yield "mmap", mmap.mmap(-1, 10), CALLS, []
    yield "ctypes array", (ctypes.c_int * 3)(1, 2, 3), CALLS, []
    if sys.version_info >= (3, 12):
        yield "class with __buffer__", Lends(), CALLS, []
    try:
        import numpy
    except ImportError:
        pass
    else:
        yield "numpy u8", numpy.zeros(5, "u1"), CALLS, []
    yield "int", 42, CALLS, READS + WRITES
    yield "bytes", b"hello", SCOPES + HELD, []
    yield "bytearray", bytearray(b"hello"), SCOPES + HELD, []
    yield "memoryview of bytes", memoryview(b"hello"), SCOPES + HELD, []
    yield "array", array.array("d", [1, 2]), SCOPES + HELD, []
    yield "ctypes array", (ctypes.c_int * 3)(1, 2, 3), SCOPES + HELD, []


def answer(side, function, value):
    try:
        return counting.answer(SIDES.index(side), FUNCTIONS.index(function), value)
    except Exception as error:
        return type(error).__name__, str(error)


def count(side, function, name, value):
    for turns in STRETCHES:
        counting.count(SIDES.index(side), FUNCTIONS.index(function), value, turns)
        print(json.dumps({"side": side, "function": function, "object": name, "turns": turns}))


def main():
    for function in FUNCTIONS:
        count("empty", function, "", b"")
    for name, value, functions, refusing in cases():
        for function in functions:
            ours, theirs = answer("ours", function, value), answer("theirs", function, value)
            if ours != theirs:
                sys.exit("%s of %s: ours answers %r, theirs %r" % (function, name, ours, theirs))
            if (len(ours) == 2) != (function in refusing):
                sys.exit("%s of %s: unexpectedly answers %r" % (function, name, ours))
            for side in SIDES[1:]:
                count(side, function, name, value)


if __name__ == "__main__":
    main()

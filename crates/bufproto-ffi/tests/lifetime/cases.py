"""Owners that move or free their memory while a pointer into it is held. Runs in Python 2.7 and 3.6 and later.

As a program it runs one case: `cases.py NAME scoped|unscoped FUNCTION SIZE`, and prints what the pointer showed, in JSON.
"""

import array
import ctypes
import io
import json
import mmap
import pickle
import sys

NATIVE = sys.version_info[0] < 3
CHARACTERS, READING, WRITING = range(3)


def filled(size):
    """Bytes that are made now, and are no constant of this file."""
    return b"K" * size


class Case(object):
    """An owner, what is done to it, and how it takes that when its memory is held.

    make(size) returns a list, which has the only reference to the owner: the first item. move(owners) moves or frees its
    memory. An owner refuses that with an exception; one that does not (None) must leave the memory in place until the
    scope has ended.
    """

    # The function that takes the memory, and whether the memory is the C library's rather than the interpreter's.
    functions, of_the_system = [READING], False

    def __init__(self, name, make, move, refusal, **more):
        self.name, self.make, self.move, self.refusal = name, make, move, refusal
        self.__dict__.update(more)


def clear_first(owners):
    del owners[0][:]


def drop_first(owners):
    del owners[0]


def release_and_clear(owners):
    owners[0].release()
    del owners[1][:]


def over_bytearray(view, size):
    data = bytearray(filled(size))
    return [view(data), data]


def bytearray_without_its_first(size):
    """It begins inside its block, so that growing takes another block for certain."""
    data = bytearray(b"x" + filled(size))
    del data[:1]
    return [data]


def mapped(size):
    memory = mmap.mmap(-1, size)
    memory[:] = filled(size)
    return [memory]


def stream_and_view(size):
    stream = io.BytesIO(filled(size))
    # Writing to it makes the memory its own.
    stream.write(b"K")
    return [stream.getbuffer(), stream]


def release_and_close(owners):
    owners[0].release()
    owners[1].close()


class Lends(object):
    """Exports views from Python 3.12 on, each of memory that lives no longer than the view."""

    def __init__(self, size):
        self.size = size

    def __buffer__(self, flags):
        return memoryview(bytearray(filled(self.size)))


class Returns(Lends):
    """The same, and it is told when a view is given back."""

    def __init__(self, size):
        self.memory = bytearray(filled(size))

    def __buffer__(self, flags):
        return memoryview(self.memory)

    def __release_buffer__(self, view):
        view.release()
        del self.memory[:]


def nothing(owners):
    """The memory is gone already when a view has been given back."""


def numpy_array(size):
    import numpy

    return [numpy.frombuffer(filled(size), dtype="u1").copy()]


def test_array(size):
    from _testbuffer import ndarray

    return [ndarray([ord("K")] * size, shape=[size], format="B")]


def ownerless(size):
    import lifetime

    return [lifetime.Ownerless(size)]


BYTEARRAY = [
    Case("bytearray cleared", lambda size: [bytearray(filled(size))], clear_first, BufferError,
         functions=[CHARACTERS, READING, WRITING]),
]

# They live as long as there is a reference to them.
TEMPORARIES = [
    Case("bytes dropped", lambda size: [filled(size)], drop_first, None, functions=[CHARACTERS, READING]),
    Case("bytearray dropped", lambda size: [bytearray(filled(size))], drop_first, None),
    Case("array dropped", lambda size: [array.array("B", filled(size))], drop_first, None,
         functions=[READING, WRITING]),
    Case("mmap dropped", mapped, drop_first, None),
    Case("ctypes dropped", lambda size: [(ctypes.c_char * size).from_buffer_copy(filled(size))], drop_first, None),
    Case("numpy dropped", numpy_array, drop_first, None, of_the_system=True),
]

ONLY_2 = [
    Case("buffer dropped", lambda size: [buffer(filled(size))], drop_first, None),  # noqa: F821
    Case("buffer of bytearray dropped", lambda size: [buffer(bytearray(filled(size)))],  # noqa: F821
         drop_first, None),
]

ONLY_3 = [
    Case("bytearray grown", bytearray_without_its_first, lambda owners: owners[0].extend(filled(5000)), BufferError),
    Case("array cleared", lambda size: [array.array("B", filled(size))], clear_first, BufferError),
    Case("mmap closed", mapped, lambda owners: owners[0].close(), BufferError),
    Case("memoryview released", lambda size: over_bytearray(memoryview, size), release_and_clear, BufferError),
    Case("PickleBuffer released", lambda size: over_bytearray(pickle.PickleBuffer, size), release_and_clear,
         BufferError),
    Case("BytesIO closed", stream_and_view, release_and_close, BufferError),
    Case("class that lends", lambda size: [Lends(size)], nothing, None),
    Case("class that lends, dropped", lambda size: [Returns(size)], drop_first, None),
    Case("ndarray dropped", test_array, drop_first, None),
    Case("exporter without an owner dropped", ownerless, drop_first, None),
]

# Whoever refers to such an array stops it from being resized, unless it is told not to look.
NUMPY = [Case("numpy resized", numpy_array, lambda owners: owners[0].resize(1), ValueError, of_the_system=True)]

CASES = BYTEARRAY + TEMPORARIES + (ONLY_2 if NATIVE else ONLY_3) + NUMPY


def missing(case):
    """Why a case cannot be run here, or None."""
    if case.name.startswith("class") and sys.version_info < (3, 12):
        return "classes export views from 3.12 on"
    if case.name.startswith("PickleBuffer") and sys.version_info < (3, 8):
        return "there is no PickleBuffer before 3.8"
    for word, module in [("numpy", "numpy"), ("ndarray", "_testbuffer")]:
        if case.name.startswith(word):
            try:
                __import__(module)
            except ImportError:
                return "%s is not installed" % module
    return None


def add_tests(to, tests):
    """Adds the tests of each case and each of its functions to a class: the one without a scope, and the one with it."""
    # The cases run in interpreters of their own, which do without it.
    import unittest

    for case in CASES:
        why = missing(case)
        for function in case.functions:
            for words, test in zip(["without a scope", "with one"], tests(case, function)):
                test.__doc__ = "%s: %s, function %d" % (case.name, words, function)
                name = "test " + test.__doc__
                setattr(to, name.replace(" ", "_"), unittest.skip(why)(test) if why else test)


def main(name, way, function, size):
    import lifetime

    (case,) = [case for case in CASES if case.name == name]
    owners, refused = case.make(int(size)), []

    def callback():
        try:
            case.move(owners)
        except case.refusal or () as error:
            refused.append(type(error).__name__)

    seen = getattr(lifetime, way)(int(function), owners, callback)
    if refused:
        # It was the scope that it refused for.
        case.move(owners)
    print(json.dumps({"seen": seen, "refused": refused}))


if __name__ == "__main__":
    main(*sys.argv[1:])

# -*- coding: utf-8 -*-
"""One of everything in the standard library, and what refuses."""

import array
import ctypes
import io
import mmap
import pickle

from support import PYTHON2, numpy


class Refuses:
    """A class that exports views (PEP 688), if asked nicely."""

    def __buffer__(self, flags):
        raise KeyboardInterrupt("not now")


class Lends:
    def __init__(self):
        self.memory = bytearray(b"lent")

    def __buffer__(self, flags):
        return memoryview(self.memory)


def released():
    view = memoryview(b"gone")
    view.release()
    return view


def closed():
    memory = mmap.mmap(-1, 10)
    memory.close()
    return memory


def objects():
    """Names and objects."""
    yield "bytes", b"hello"
    yield "empty bytes", b""
    yield "bytes subclass", type("Sub", (bytes,), {})(b"hello")
    yield "bytearray", bytearray(b"hello")
    yield "empty bytearray", bytearray()
    yield "memoryview", memoryview(b"hello")
    yield "writable memoryview", memoryview(bytearray(12))
    yield "array", array.array("d", [1, 2])
    yield "mmap", mmap.mmap(-1, 10)
    yield "closed mmap", closed()
    yield "ctypes array", (ctypes.c_int * 3)(1, 2, 3)
    yield "ctypes rows", ((ctypes.c_short * 3) * 2)()
    yield "ctypes scalar", ctypes.c_double(1)
    yield "ctypes big-endian", (ctypes.c_int.__ctype_be__ * 2)(1, 2)
    yield "BytesIO", io.BytesIO(b"hello")
    yield "str", "hello"
    yield "int", 42
    yield "None", None
    yield "a type", bytes
    yield "a long name", type("N" * 120, (), {})()
    yield "a name in letters", type("Größe", (), {})()
    yield "a class that refuses", Refuses()
    yield "a class that lends", Lends()
    if numpy is not None:
        yield "numpy", numpy.zeros((2, 3))
        yield "numpy transposed", numpy.zeros((2, 3)).T
        yield "numpy read-only", numpy.frombuffer(b"hello", "u1")
        yield "numpy strided", numpy.arange(9)[::2]
        yield "numpy one item", numpy.zeros((1, 1, 1))
        yield "numpy empty", numpy.zeros((3, 0, 2))
    for name, value in objects_of_python_2() if PYTHON2 else objects_of_python_3():
        yield name, value


def objects_of_python_3():
    yield "items", memoryview(bytearray(12)).cast("I")
    yield "two dimensions", memoryview(bytearray(12)).cast("B", (3, 4))
    yield "no dimensions", memoryview(bytearray(8)).cast("d", ())
    yield "strided", memoryview(bytearray(10))[::2]
    yield "reversed", memoryview(b"hello")[::-1]
    yield "released memoryview", released()
    yield "BytesIO's memory", io.BytesIO(b"hello").getbuffer()
    if hasattr(pickle, "PickleBuffer"):
        yield "PickleBuffer", pickle.PickleBuffer(b"hello")


def objects_of_python_2():
    yield "unicode", u"hello"
    yield "unicode that is not ASCII", u"h\xe4ll\xf6"
    yield "unicode subclass", type("Sub", (type(u""),), {})(u"hello")
    yield "part of a memoryview", memoryview(b"hello")[1:3]
    yield "buffer", buffer(b"hello")
    yield "part of a buffer", buffer(b"hello", 1, 3)
    yield "buffer of a buffer", buffer(buffer(u"hello"), 2)
    yield "buffer of a bytearray", buffer(bytearray(10))
    yield "buffer of an array", buffer(array.array("d", [1, 2]))
    yield "array of characters", array.array("c", b"hello")
    yield "an old class", Lends
    yield "type that states a bad name", type("\xff", (), {})()
    for segments in range(3):
        yield "%d segments" % segments, segmented(segments)


def segmented(count):
    """An object with a number of segments, of five bytes each. Nothing in the library of Python 2.7 has several, so the
    slots of a class are filled by hand."""
    memory = ctypes.create_string_buffer(b"hello")

    @ctypes.CFUNCTYPE(ctypes.c_ssize_t, ctypes.py_object, ctypes.c_ssize_t, ctypes.POINTER(ctypes.c_void_p))
    def get(_, index, pointer):
        pointer[0] = ctypes.addressof(memory)
        return 5

    @ctypes.CFUNCTYPE(ctypes.c_ssize_t, ctypes.py_object, ctypes.POINTER(ctypes.c_ssize_t))
    def number(_, total):
        if total:
            total[0] = 5 * count
        return count

    kind = type("Segmented", (object,), {"kept": (memory, get, number)})
    # The nineteenth field after an object's head points to the slots: read, write, number, characters.
    fields = ctypes.cast(id(kind) + object.__basicsize__, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p)))
    slots = fields[18]
    for slot, function in [(0, get), (1, get), (2, number), (3, get)]:
        slots[slot] = ctypes.cast(function, ctypes.c_void_p)
    return kind()

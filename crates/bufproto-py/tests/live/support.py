"""What the tests beside this file share. All of it works from Python 2.7 on."""

import contextlib
import ctypes
import gc
import pickle
import platform
import sys
import time
import unittest

from bufproto import _bufproto

try:
    import numpy
except ImportError:
    numpy = None

CPYTHON = platform.python_implementation() == "CPython"
PYPY = platform.python_implementation() == "PyPy"
PYTHON2 = sys.version_info[0] == 2


# Of an object. PyPy counts none, so there is nothing to compare there.
references = getattr(sys, "getrefcount", lambda value: None)


class Case(unittest.TestCase):
    """A test case; its parts have names in Python 2, too."""

    if PYTHON2:

        @contextlib.contextmanager
        def subTest(self, name):
            try:
                yield
            except AssertionError as error:
                raise AssertionError("%s: %s" % (name, error))


def collect():
    """Ends what is gone. PyPy does so only when it collects garbage, and tells an exporter in C only then that a memoryview has
    ended, even if that has been released. What the view kept goes the next time, and what that kept the time after."""
    if PYPY:
        for _ in range(4):
            gc.collect()


def pause():
    """Lets other threads run. On PyPy, garbage is collected before an exporter of ours refuses anything, and a thread that tries
    again and again would keep the lock for seconds."""
    if PYPY:
        time.sleep(0.001)


def own(name, *arguments):
    """CPython's own function: declared up to 3.12, and exported for ever."""
    function = getattr(ctypes.pythonapi, name)
    function.restype = ctypes.c_int
    function.argtypes = arguments
    return function


def own_answer(name, value):
    """What CPython's own function answers, in the shape of our report."""
    pointer, length = ctypes.c_void_p(), ctypes.c_ssize_t(-77)
    function = own(name, ctypes.py_object, ctypes.c_void_p, ctypes.c_void_p)
    try:
        function(value, ctypes.byref(pointer), ctypes.byref(length))
    except BaseException as error:
        return {"ok": False, "exception": type(error).__name__, "message": str(error)}
    return {"ok": True, "len": length.value}


def own_check(value):
    try:
        return bool(own("PyObject_CheckReadBuffer", ctypes.py_object)(value))
    except ValueError:
        # In Python 2 it answers no, and leaves what the slot raised pending.
        return False


class Held(object):
    """A view of the object itself, held until it is released."""

    def __init__(self, value, request=0):
        # More than a view takes on any version.
        self.view = ctypes.create_string_buffer(256)
        own("PyObject_GetBuffer", ctypes.py_object, ctypes.c_void_p, ctypes.c_int)(value, self.view, request)

    def release(self):
        own("PyBuffer_Release", ctypes.c_void_p)(self.view)


class Stored(object):
    """The same by an argument in Rust, where ctypes does not reach the interpreter's functions."""

    def __init__(self, value):
        self.stored = _bufproto.arguments.Stored(value)

    def release(self):
        self.stored.drop_attached()


def hold(value):
    """Holds a view. A memoryview will not do: one of a memoryview is a view of what that one views."""
    if CPYTHON:
        return Held(value)
    return Stored(value) if hasattr(_bufproto, "arguments") else pickle.PickleBuffer(value)

"""Compares our functions with the interpreter's own, call by call. Runs in Python 2.7 and 3.6 and later.

The module with our functions is `probe`, or the one that is named as an argument.

The last line of the output counts the comparisons, in JSON.
"""

from __future__ import print_function

import array
import ctypes
import datetime
import gc
import io
import json
import mmap
import os
import struct
import sys
import sysconfig

import counted
import probe

OURS = __import__(sys.argv[1]) if len(sys.argv) > 1 else probe
FUNCTIONS = ["AsCharBuffer", "AsReadBuffer", "AsWriteBuffer", "CheckReadBuffer"]
NATIVE = sys.version_info[0] < 3
CHECK = 3
DEBUG = hasattr(sys, "gettotalrefcount")
PYPY = hasattr(sys, "pypy_version_info")


def released():
    view = memoryview(b"gone")
    if hasattr(view, "release"):
        view.release()
    return view


def closed():
    memory = mmap.mmap(-1, 10)
    memory.close()
    return memory


class Plain(object):
    pass


class Lends(object):
    """Exports views from 3.12 on."""

    def __init__(self, error=None):
        self.memory, self.error = bytearray(b"lent"), error

    def __buffer__(self, flags):
        if self.error:
            raise self.error
        return memoryview(self.memory)


def objects():
    yield b"hello"
    yield b""
    yield type("Sub", (bytes,), {})(b"hello")
    yield u"hello"
    yield u"gr\xfc\xdfe"
    yield bytearray(b"hello")
    yield bytearray()
    if not PYPY:
        # PyPy moves it at each call.
        yield memoryview(b"hello")
    if not NATIVE and not PYPY:
        # PyPy answers with another copy at each call.
        yield memoryview(bytearray(b"hello"))[::2]
    if not PYPY:
        # PyPy 3.9 crashes.
        yield released()
    yield array.array("d", [1, 2])
    yield array.array("b")
    yield mmap.mmap(-1, 10)
    yield closed()
    yield (ctypes.c_int * 3)(1, 2, 3)
    yield ctypes.c_double(1)
    yield io.BytesIO(b"hello")
    yield 42
    yield None
    yield Plain()
    for length in [1, 99, 100, 101, 120]:
        yield type("N" * length, (object,), {})()
    yield bytes
    yield Lends()
    yield Lends(KeyboardInterrupt("not now"))
    yield Lends(MemoryError())
    if NATIVE:
        yield buffer(b"hello")  # noqa: F821
        yield buffer(bytearray(b"hello"))  # noqa: F821
        yield buffer(bytearray(b"hello"), 1, 3)  # noqa: F821
        yield buffer(array.array("d", [1, 2]))  # noqa: F821
    for returns in [0, -1, -2, 1]:
        for raises in [0, 1]:
            # Debug builds abort when an exporter raises and succeeds, or does neither.
            if DEBUG and bool(raises) != (returns < 0):
                continue
            if PYPY and returns not in (0, -1):
                # PyPy's AsCharBuffer takes them for success; ours follows CPython.
                continue
            for length in [4, 5, -1, 2**31]:
                for read_only in [0, 1]:
                    for segments in [0, 1, 2, -1] if NATIVE else [1]:
                        yield probe.Exporter(returns, raises, length, read_only, segments)
    yield datetime.date(2000, 1, 1)
    yield type("Gr\u00fc\u00dfe" if not NATIVE else "Gruesse", (object,), {})()
    yield Record(1, 2)
    yield struct.Struct("i")
    for code in "bBhHiIlLfd":
        yield array.array(code, [1, 2, 3])
    if not NATIVE:
        if not PYPY:
            yield io.BytesIO(b"hello").getbuffer()
        yield memoryview(bytearray(24)).cast("d")
        yield memoryview(bytearray(24)).cast("B", [4, 6])
        if not PYPY:
            yield memoryview(bytearray(24))[::-1]
        yield mmap.mmap(-1, 10, access=mmap.ACCESS_READ)
    for elsewhere in [test_arrays, numpy_arrays, arrow_buffers, pickle_buffers]:
        try:
            for value in elsewhere():
                yield value
        except ImportError as error:
            SKIPPED.append(str(error))


class Record(ctypes.Structure):
    _fields_ = [("a", ctypes.c_int8), ("b", ctypes.c_double)]


# Why some objects are not there.
SKIPPED = []


def test_arrays():
    """The interpreter's own test exporter, in all its forms."""
    import _testbuffer as testbuffer

    flags = [getattr(testbuffer, name) for name in dir(testbuffer) if name.startswith("ND_") and name != "ND_MAX_NDIM"]
    for flag in [0] + flags:
        for items, shape in [(6, [2, 3]), (6, [6]), (24, [2, 3, 4]), (0, [0]), (1, [])]:
            try:
                yield testbuffer.ndarray(list(range(items)) if shape else 7, shape=shape, flags=flag, format="h")
            except (ValueError, TypeError, NotImplementedError):
                # Not every form can have every shape.
                continue
    yield testbuffer.ndarray(list(range(6)), shape=[3], strides=[2], format="B")
    yield testbuffer.ndarray(list(range(6)), shape=[6], strides=[-1], offset=5, format="B")
    yield testbuffer.ndarray(testbuffer.ndarray(list(range(6)), shape=[2, 3], format="B"), getbuf=testbuffer.PyBUF_FULL_RO)


def numpy_arrays():
    import numpy

    grid = numpy.arange(6, dtype="f8").reshape(2, 3)
    frozen = numpy.zeros(3)
    frozen.flags.writeable = False
    for value in [grid, grid.T, grid[:, 1], grid[::-1], frozen, numpy.array(1), numpy.zeros(0), numpy.float64(1)]:
        yield value
    for kind in ["u1", "?", ">i4", "c16", "S3", "U2", "O", "M8[s]", [("a", "i4"), ("b", "S1")]]:
        yield numpy.zeros(3, dtype=kind)


def arrow_buffers():
    import pyarrow

    yield pyarrow.py_buffer(b"hello")
    yield pyarrow.py_buffer(bytearray(b"hello"))
    yield pyarrow.allocate_buffer(10)
    yield pyarrow.array([1, 2, 3])
    yield pyarrow.array([1, 2, 3]).buffers()[1]


def pickle_buffers():
    from pickle import PickleBuffer

    yield PickleBuffer(b"hello")
    yield PickleBuffer(bytearray(b"hello"))
    if PYPY:
        return
    gone = PickleBuffer(b"gone")
    gone.release()
    yield gone


def seen(answer):
    """A comparable form: an exception by its type, its arguments and its text."""
    result, untouched, pointer, length, kind, value = answer
    return (
        result,
        untouched,
        pointer,
        length,
        getattr(kind, "__name__", None),
        getattr(value, "args", None),
        str(value),
        type(getattr(value, "__context__", None)).__name__,
        type(getattr(value, "__cause__", None)).__name__,
        getattr(value, "__suppress_context__", None),
        type(getattr(value, "__traceback__", None)).__name__,
        getattr(value, "__dict__", None),
    )


class Handled(Exception):
    pass


def within(answer, handled):
    # Or it would stay until the collector comes, and with it the object asked.
    handled.__traceback__ = None
    return seen(answer), getattr(answer[5], "__context__", None) is handled


def while_handling(call, *arguments):
    """Answers with an exception being handled, and whether it is the new one's context."""
    try:
        raise Handled
    except Handled as handled:
        return within(call(*arguments), handled)


def in_a_generator(call, *arguments):
    """The same, where it is handled by whoever resumes a generator."""

    def generate():
        yield call(*arguments)

    try:
        raise Handled
    except Handled as handled:
        return within(next(generate()), handled)


def after_handling(call, *arguments):
    """The same, where it is handled no more."""
    try:
        raise Handled
    except Handled:
        pass
    return seen(call(*arguments))


def resizes(value):
    """Whether nothing pins the object: a view that was not given back does."""
    if not isinstance(value, bytearray):
        return True
    try:
        value.extend(b"x")
        del value[-1:]
    except BufferError:
        return False
    return True


def in_other_interpreters():
    """0 for each interpreter of this process where ours and theirs answer the same."""
    if PYPY or sysconfig.get_config_var("Py_GIL_DISABLED"):
        SKIPPED.append("other interpreters do not take such a module")
        return
    try:
        from _testcapi import run_in_subinterp
    except ImportError as error:
        SKIPPED.append(str(error))
        return
    code = "import sys\nsys.path[:], sys.argv = %r\nimport run\nassert run.refuses_alike()" % ((sys.path, sys.argv),)
    for _ in range(3):
        assert refuses_alike()
        yield run_in_subinterp(code)


def refuses_alike():
    """Whether what is refused is refused alike; what is interned of it belongs to the interpreter."""
    theirs, ours = ([ask(function, value, 0, 0) for function in range(3) for value in [b"x", 42]] for ask in [probe.theirs, OURS.ours])
    for answer in theirs + ours:
        if answer[4] is not None:
            getattr(Plain, str(answer[5].args[0]), None)
    return [seen(answer) for answer in theirs] == [seen(answer) for answer in ours]


def main():
    counts, failures = {"passed": 0}, []

    def compare(what, ours, theirs):
        counts["passed"] += ours == theirs
        if ours != theirs:
            failures.append("%s\n    ours   %r\n    theirs %r" % (what, ours, theirs))

    # Debug builds abort when a function is called with an exception pending.
    pendings = [0] if DEBUG else [0, 1]
    for value in objects():
        for function, name in enumerate(FUNCTIONS):
            # PyPy crashes when it is asked about the characters of NULL.
            nulls = [0] if function == CHECK or (PYPY and function == 0) else range(8)
            for null in nulls:
                for pending in pendings:
                    before = counted.references(value)
                    theirs = seen(probe.theirs(function, value, null, pending))
                    between = counted.references(value)
                    ours = seen(OURS.ours(function, value, null, pending))
                    after = counted.references(value)
                    what = "%s of %.60r, NULL %d, pending %d" % (name, value, null, pending)
                    # An irregular answer leaks a reference in the interpreter, and so it does here.
                    compare(what, (ours, after - between), (theirs, between - before))
                    compare(what + ": unpinned", resizes(value), True)
            # What PyPy raises by itself has no context; what an extension raises there has.
            for context in [] if PYPY else [while_handling, in_a_generator, after_handling]:
                asked = function, value, 0, 0
                what = "%s of %.60r, %s" % (name, value, context.__name__)
                compare(what, context(OURS.ours, *asked), context(probe.theirs, *asked))
    for answer in in_other_interpreters():
        compare("in another interpreter", answer, 0)
    compare("by address", probe.by_address(b"hello"), b"hello")
    compare("an int length", probe.int_length(b"hello"), 5)
    compare("the version", probe.version(), os.environ["BUFPROTO_VERSION"])
    try:
        probe.int_length(probe.Exporter(0, 0, 2**31, 0, 1))
        compare("an int length that does not fit", "a length", "an error")
    except OverflowError as error:
        compare("an int length that does not fit", str(error), "size does not fit in an int")
    gc.collect()
    for failure in failures[:20]:
        print(failure)
    print(json.dumps({"passed": counts["passed"], "failed": len(failures), "skipped": SKIPPED}))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

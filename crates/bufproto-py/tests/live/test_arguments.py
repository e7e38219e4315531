# -*- coding: utf-8 -*-
"""Buffers as arguments of functions in Rust: `ReadBuffer`, `WriteBuffer`, `CharBuffer` and `OwnedBuffer`."""

import array
import binascii
import ctypes
import gc
import io
import mmap
import pickle
import struct
import subprocess
import sys
import threading
import time
import unittest

from bufproto import _bufproto
from exporters import objects
from support import CPYTHON, PYPY, Case, collect, numpy, references

try:
    import _testbuffer
except ImportError:
    _testbuffer = None

try:
    import _testcapi
except (ImportError, FileNotFoundError):
    # PyPy compiles its own when it is imported, of a source that Debian's package has not.
    _testcapi = None

# The functions are in Rust, and so is the module that has them.
RUST = getattr(_bufproto, "arguments", None)


# A view of these is of a memoryview, of an array or of an mmap in the end.
COPIED_ON_PYPY = {
    "memoryview", "writable memoryview", "array", "mmap", "ctypes array", "ctypes rows", "ctypes scalar", "ctypes big-endian",
    "a class that lends", "items", "two dimensions", "no dimensions", "PickleBuffer",
}


def outcome(function, *arguments):
    """The type of what a function raises, or None."""
    try:
        function(*arguments)
    except BaseException as error:
        return type(error)
    return None


@unittest.skipIf(RUST is None, "arguments need the extension module in Rust")
class Arguments(Case):
    def test_read_what_an_interpreter_reads(self):
        for name, value in objects():
            with self.subTest(name):
                theirs = outcome(binascii.crc32, value)
                self.assertEqual(outcome(RUST.read, value), theirs)
                if theirs is None:
                    expected = value if isinstance(value, bytes) else memoryview(value).tobytes()
                    self.assertEqual(RUST.read(value), expected)
                    self.assertEqual(RUST.read_moved(value), expected)
                    self.assertEqual(RUST.length(value), len(expected))
                    self.assertEqual(RUST.Stored(value).read(), expected)

    def test_size_of_an_item(self):
        for name, value in objects():
            with self.subTest(name):
                if outcome(RUST.read, value) is None:
                    self.assertEqual(RUST.item_size(value), memoryview(value).itemsize)
                if outcome(memoryview, value) is None:
                    self.assertEqual(RUST.item_size_in_any_layout(value), memoryview(value).itemsize)

    def test_raise_what_reading_functions_raise(self):
        for name, value in objects():
            with self.subTest(name):
                if hasattr(_testcapi, "getargs_y_star"):
                    self.assertEqual(outcome(RUST.read, value), outcome(_testcapi.getargs_y_star, value))
                for function in RUST.read_moved, RUST.is_frozen, RUST.Stored:
                    self.assertEqual(outcome(function, value), outcome(binascii.crc32, value))

    def test_raise_what_writing_functions_raise(self):
        for name, value in objects():
            with self.subTest(name):
                theirs = outcome(io.BytesIO().readinto, value)
                if PYPY and name == "released memoryview":
                    # PyPy itself raises, before it calls a function in C, the first time that it is to hand it over.
                    self.assertEqual(outcome(RUST.write, value, b""), ValueError)
                if PYPY and name == "BytesIO's memory":
                    # In C it is a read-only copy there.
                    theirs = {None: TypeError}[theirs]
                self.assertEqual(outcome(RUST.write, value, b""), theirs)
                self.assertEqual(outcome(RUST.write_moved, value, b""), theirs)
                if hasattr(_testcapi, "getargs_y_star"):
                    self.assertEqual(outcome(_testcapi.getargs_w_star, value) is None, theirs is None)

    def test_balance_after_success_and_failure(self):
        functions = [
            lambda value: RUST.read(value),
            lambda value: RUST.write(value, b""),
            lambda value: RUST.text(value),
            lambda value: RUST.Stored(value).drop_attached(),
            lambda value: RUST.read_any_layout(value),
            lambda value: RUST.read_at_most(value, 2),
            lambda value: RUST.read_aligned(value, 4096),
            lambda value: RUST.read_bytes_only(value),
            lambda value: RUST.read_i32(value),
            lambda value: RUST.refused_read(value) and None,
            lambda value: RUST.refused_write(value) and None,
        ]
        for name, value in objects():
            for index, function in enumerate(functions):
                with self.subTest("%s: %s" % (name, index)):
                    outcome(function, value)
                    before = references(value)
                    for _ in range(10):
                        outcome(function, value)
                    self.assertEqual(references(value), before)
        memory = bytearray(b"hello")
        for function in functions:
            outcome(function, memory)
            # Refused while there is an export.
            memory.append(0)

    def test_hold_memory_while_the_function_runs(self):
        memory = bytearray(b"hello")
        for function in RUST.while_reading, RUST.while_writing:
            self.assertRaises(BufferError, function, memory, lambda: memory.append(0))
            memory.append(0)
        view = memoryview(memory)
        if not PYPY:
            # There a memoryview does not count its views: test_pypy.
            self.assertRaises(BufferError, RUST.while_reading, view, view.release)
        view.release()
        content = [b"only here"]
        # Of a `bytes` no view is taken; the argument holds it.
        self.assertEqual(RUST.while_reading(content[0], content.clear), 9)

    @unittest.skipIf(PYPY, "a memoryview of PyPy does not count its views: test_pypy")
    def test_memoryviews_are_counted(self):
        memory = bytearray(b"hello world!")
        plain = memoryview(memory)
        views = [plain, plain[3:], plain[:0], plain.cast("I"), plain.cast("B", (3, 4)), plain[:1].cast("B", ())]
        views += [memoryview(b"read"), memoryview((ctypes.c_short * 2)(1, 2)), memoryview(array.array("d", [1, 2]))]
        views += [plain.toreadonly(), plain[::2], plain[::-1]]
        if numpy is not None:
            views += [memoryview(numpy.arange(6.0).reshape(2, 3)), memoryview(numpy.arange(6.0).reshape(2, 3).T)]
        for view in views:
            with self.subTest("%s" % ((view.shape, view.format, view.readonly),)):
                if view.c_contiguous:
                    self.assertEqual(RUST.read(view), view.tobytes())
                    self.assertRaises(BufferError, RUST.while_reading, view, view.release)
                    stored = RUST.Stored(view)
                    self.assertRaises(BufferError, view.release)
                    self.assertEqual(stored.read(), view.tobytes())
                    stored.drop_on_a_thread()
                    if view.readonly:
                        self.assertRaises(TypeError, RUST.write, view, b"")
                    else:
                        self.assertRaises(BufferError, RUST.while_writing, view, view.release)
                else:
                    self.assertRaises(TypeError, RUST.write, view, b"")
                    self.assertEqual(outcome(RUST.read, view), outcome(binascii.crc32, view))
                view.release()
                self.assertRaises(ValueError, RUST.read, view)
                self.assertEqual(outcome(RUST.write, view, b""), outcome(io.BytesIO().readinto, view))
        memory.append(0)

    def test_memoryviews_whose_buffer_is_gone(self):
        class Exporter:
            """Keeps the view that it is given when its own ends, which is good for that long only."""

            def __buffer__(self, flags):
                return memoryview(bytearray(b"python"))

            def __release_buffer__(self, view):
                self.seen = [outcome(binascii.crc32, view), outcome(RUST.read, view), outcome(RUST.write, view, b"x")]
                self.kept = view

        if sys.version_info < (3, 12):
            self.skipTest("classes in Python export memory since 3.12")
        exporter = Exporter()
        self.assertEqual(RUST.read(exporter), b"python")
        self.assertEqual(exporter.seen[0], exporter.seen[1])
        self.assertEqual(outcome(RUST.read, exporter.kept), outcome(binascii.crc32, exporter.kept))

    def test_types_of_the_interpreter_are_known(self):
        class Derived(array.array):
            pass

        values = [array.array("d", [1, 2]), mmap.mmap(-1, 10)]
        if RUST.is_known(values[0]) is None:
            self.skipTest("no type's answers are known here")
        for value in values:
            RUST.read(value)
            self.assertTrue(RUST.is_known(value))
        others = [Derived("d", [1, 2]), type("Sub", (bytearray,), {})(2), memoryview(b"hello"), io.BytesIO(b"hello").getbuffer(), 42]
        # A class of the same name, which was in the module for a while.
        forged = type("array.array", (array.array,), {"__module__": "array"})
        original = array.array
        array.array = forged
        try:
            others.append(forged("d", [1, 2]))
            outcome(RUST.read, others[-1])
        finally:
            array.array = original
        for value in others:
            with self.subTest(type(value).__name__):
                outcome(RUST.read, value)
                self.assertFalse(RUST.is_known(value))

    @unittest.skipIf(PYPY, "an array or mmap of PyPy lets its memory go: test_pypy")
    def test_known_types_hold_their_memory(self):
        for code, items in ("B", b"hello"), ("d", [0.5, 1.5]), ("i", []):
            value = array.array(code, items)
            expected = value.tobytes()
            for _ in range(3):
                self.assertEqual(RUST.read(value), expected)
                self.assertEqual(RUST.read_moved(value), expected)
                self.assertEqual(RUST.item_size(value), value.itemsize)
                self.assertFalse(RUST.is_frozen(value))
                for hold in RUST.while_reading, RUST.while_writing:
                    self.assertRaises(BufferError, hold, value, lambda: value.append(1))
                stored = RUST.Stored(value)
                self.assertRaises(BufferError, value.append, 1)
                self.assertEqual(stored.read(), expected)
                stored.drop_on_a_thread()
                self.assertEqual(RUST.write(value, expected), len(expected))
                outcome(RUST.read_f64, value)
                outcome(RUST.double_f64, array.array(code, items))
                value.append(1)
                value.pop()
        for _ in range(3):
            memory = mmap.mmap(-1, 10)
            self.assertEqual(RUST.write(memory, b"hello"), 5)
            self.assertEqual(RUST.read(memory), b"hello" + bytes(5))
            self.assertEqual(RUST.read_u8(memory), b"hello" + bytes(5))
            self.assertRaises(BufferError, RUST.while_reading, memory, memory.close)
            self.assertRaises(TypeError, RUST.read_i32, memory)
            stored = RUST.Stored(memory)
            self.assertRaises(BufferError, memory.close)
            stored.drop_attached()
            memory.close()
            self.assertRaises(ValueError, RUST.read, memory)
            self.assertRaises(ValueError, RUST.read_u8, memory)
            self.assertEqual(outcome(RUST.write, memory, b""), outcome(io.BytesIO().readinto, memory))
            self.assertEqual(outcome(RUST.write_i32, memory, []), outcome(RUST.write, memory, b""))
            memory = mmap.mmap(-1, 10, access=mmap.ACCESS_READ)
            self.assertEqual(RUST.read(memory), bytes(10))
            self.assertRaisesRegex(TypeError, "a read-write bytes-like object is required", RUST.write, memory, b"")
            self.assertRaisesRegex(
                TypeError, "a read-write bytes-like object is required", RUST.write_i32, memory, []
            )
            memory.close()

    @unittest.skipIf(sys.version_info < (3, 12), "classes export views since 3.12")
    def test_an_exporter_is_asked_once(self):
        class Asked(object):
            def __init__(self, memory):
                self.memory, self.requests, self.released = memory, 0, 0

            def __buffer__(self, flags):
                self.requests += 1
                return memoryview(self.memory)

            def __release_buffer__(self, view):
                self.released += 1
                view.release()

        for function, memory in [
            (RUST.read, bytearray(8)),
            (RUST.read_u8, bytearray(8)),
            (RUST.read_f64, array.array("d", [1.0])),
            (RUST.double_f64, array.array("d", [1.0])),
            (RUST.read_i32, array.array("d", [1.0])),
        ]:
            asked = Asked(memory)
            outcome(function, asked)
            self.assertEqual((asked.requests, asked.released), (1, 1))

    def test_context_of_a_refusal(self):
        for refused in RUST.refused_read, RUST.refused_write:
            self.assertIsNone(refused(42).__context__)
            try:
                {}["key"]
            except KeyError as handled:
                self.assertIs(refused(42).__context__, handled)
            self.assertIsNone(refused(42).__context__)

    @unittest.skipIf(numpy is None, "numpy cannot be imported")
    def test_arrays_of_numpy(self):
        class Derived(numpy.ndarray):
            """What is derived is asked, as any exporter."""

        functions = [RUST.read, RUST.length, RUST.item_size, RUST.is_frozen, RUST.read_moved, RUST.read_u8]
        functions += [RUST.read_i32, RUST.read_f64, RUST.read_big_i32, RUST.read_bool, RUST.read_text, RUST.double_f64]
        functions += [
            lambda value: RUST.write(value, b""),
            lambda value: RUST.write_i32(value, []),
            lambda value: RUST.fill_big_i32(value, 7),
        ]

        def answers(value):
            """What each function makes of it."""
            for function in functions:
                try:
                    # The type's name is the only thing that may differ.
                    yield function(value)
                except Exception as error:
                    yield type(error), str(error).replace("Derived", "ndarray").replace("numpy.ndarray", "ndarray")

        def layouts(value):
            yield value
            yield value[:0]
            yield value[::2]
            yield value[::-1]
            yield value[1:3].reshape(2, 1)
            yield value[:4].reshape(2, 2).T
            yield value[0:1].reshape(())
            yield numpy.broadcast_to(value[:1], (3, 2))
            frozen = value.copy()
            frozen.flags.writeable = False
            yield frozen
            if value.dtype == object:
                return
            # At an odd address.
            odd = numpy.zeros(value.nbytes + 1, "u1")[1:].view(value.dtype)
            odd[...] = value
            yield odd

        codes = [code + size for code in "iu" for size in "1248"] + list("?bBhHiIlLqQefdgFDGpP")
        codes += [">i4", "<i4", ">f8", "<f8", ">u2", "S3", "U2", "V4", "i4,f8", "M8[s]", "m8[s]", "O"]
        RUST.read(numpy.zeros(1))
        seen = 0
        for code in codes:
            values = numpy.zeros(6, code)
            if values.dtype.kind in "iufc":
                values[...] = range(6)
            for value in layouts(values):
                seen += bool(RUST.is_seen(value))
                self.assertFalse(RUST.is_seen(value.view(Derived)))
                # Both are views of the same memory, so what writes to it writes to the other one, too.
                before = value.copy()
                found = list(answers(value))
                if value.flags.writeable and value.dtype != object:
                    value[...] = before
                with self.subTest("%s %s %s" % (code, value.shape, value.strides)):
                    self.assertEqual(repr(found), repr(list(answers(value.view(Derived)))))
        # Or nothing was compared.
        self.assertEqual(seen > 100, RUST.is_seen(numpy.zeros(1)) is not None)

    @unittest.skipIf(numpy is None, "numpy cannot be imported")
    def test_arrays_of_numpy_are_held(self):
        RUST.read(numpy.zeros(1))
        for function in RUST.while_reading, RUST.while_writing:
            value = numpy.arange(4)
            self.assertRaises(ValueError, function, value, lambda: value.resize(9))
            value = [numpy.arange(4)]
            # The argument, not the list, keeps it.
            self.assertEqual(function(value[0], value.clear), 4 * numpy.arange(4).itemsize)
        value = numpy.arange(4, dtype="u1")
        before = sys.getrefcount(value)
        stored = RUST.Stored(value)
        self.assertEqual(sys.getrefcount(value), before + 1)
        self.assertRaises(ValueError, value.resize, 9)
        self.assertEqual(stored.read(), bytes(range(4)))
        stored.drop_on_a_thread()
        self.assertEqual(sys.getrefcount(value), before)

    def test_writing_items(self):
        numbers = array.array("d", [0.5, -1, 3])
        self.assertEqual(RUST.double_f64(numbers), [1, -2, 6])
        self.assertEqual(numbers.tolist(), [1, -2, 6])
        view = memoryview(bytearray(16)).cast("d", (1, 2))
        self.assertEqual(RUST.double_f64(view), [0, 0])
        places = array.array("i", [0, 0, 0])
        self.assertEqual(RUST.write_i32(places, [1, -2]), 2)
        self.assertEqual(RUST.write_i32(memoryview(places)[2:], [3, 4]), 1)
        self.assertEqual(places.tolist(), [1, -2, 3])
        other = (ctypes.c_int.__ctype_be__ * 2)()
        RUST.fill_big_i32(other, -5)
        self.assertEqual(bytes(other), 2 * b"\xff\xff\xff\xfb")
        with self.assertRaisesRegex(TypeError, "^argument 'data': the items have format 'i', but '=d' is wanted"):
            RUST.double_f64(places)
        with self.assertRaisesRegex(TypeError, "^argument 'data': a read-write bytes-like object is required, not 'bytes'"):
            RUST.write_i32(bytes(4), [])
        self.assertRaises(TypeError, RUST.write_i32, memoryview(places).toreadonly(), [])
        self.assertRaises(TypeError, RUST.write_i32, memoryview(places)[::2], [])
        self.assertRaises(TypeError, RUST.write_i32, bytearray(4), [])
        places.append(0)
        if numpy is not None:
            grid = numpy.arange(6.0).reshape(2, 3)
            self.assertEqual(RUST.double_f64(grid), [0, 2, 4, 6, 8, 10])
            self.assertEqual(grid[1, 2], 10)
            self.assertRaises(TypeError, RUST.double_f64, grid.T)

    def test_writing(self):
        memory = bytearray(b"hello")
        self.assertEqual(RUST.write(memory, b"jell"), 4)
        self.assertEqual(RUST.write_moved(memory, b"cellos"), 5)
        self.assertEqual(memory, b"cello")
        items = array.array("i", [0, 0])
        RUST.write(items, array.array("i", [1, -1]).tobytes())
        self.assertEqual(items.tolist(), [1, -1])

    def test_frozen_is_what_nobody_can_write(self):
        for name, value in objects():
            with self.subTest(name):
                if outcome(RUST.read, value) is None:
                    # On PyPy the owner of a PickleBuffer's view is not the `bytes`.
                    frozen = type(value) is bytes or (name == "PickleBuffer" and not PYPY)
                    self.assertEqual(RUST.is_frozen(value), frozen)
                    # What PyPy lets go is copied: test_pypy.
                    copied = PYPY and name in COPIED_ON_PYPY
                    self.assertEqual(RUST.Stored(value).is_frozen(), frozen or copied)
        self.assertEqual(RUST.is_frozen(pickle.PickleBuffer(b"hello")), not PYPY)
        self.assertFalse(RUST.is_frozen(pickle.PickleBuffer(bytearray(b"hello"))))
        self.assertFalse(RUST.is_frozen(memoryview(b"hello")))

    def test_refusals_say_what_to_do(self):
        strided = memoryview(bytearray(10))[::2]
        error = RUST.refused_read(strided)
        self.assertIs(type(error), BufferError)
        self.assertEqual(str(error), "'memoryview' object is not C-contiguous: pass a copy")
        self.assertIs(type(error.__cause__), BufferError)
        error = RUST.refused_write(strided)
        self.assertIs(type(error), TypeError)
        self.assertEqual(str(error), "'memoryview' object is not C-contiguous: pass a copy")
        error = RUST.refused_write(b"hello")
        self.assertEqual(
            str(error),
            "a read-write bytes-like object is required, not 'bytes': pass a bytearray, or a writable copy",
        )
        # PyPy's own exporters raise ValueError.
        self.assertIs(type(error.__cause__), ValueError if PYPY else BufferError)
        if numpy is not None:
            error = RUST.refused_read(numpy.zeros((2, 3)).T)
            self.assertIs(type(error), ValueError)
            self.assertEqual(str(error), "'numpy.ndarray' object is not C-contiguous: pass a copy")
        self.assertEqual(str(RUST.refused_read(42)), "a bytes-like object is required, not 'int'")
        self.assertIsNone(RUST.refused_write(42).__cause__)
        with self.assertRaisesRegex(TypeError, "^argument 'data': a bytes-like object is required, not 'int'$"):
            RUST.read(42)
        with self.assertRaisesRegex(TypeError, "^argument 'data': 'memoryview' object is not C-contig"):
            RUST.write(strided, b"")
        with self.assertRaises(ValueError) as closed:
            view = memoryview(b"")
            view.release()
            RUST.read(view)
        self.assertIsNone(closed.exception.__cause__)

    def test_refusing_does_not_give_up_the_lock(self):
        if not getattr(sys, "_is_gil_enabled", lambda: True)():
            self.skipTest("this interpreter has no lock to give up")
        interval = sys.getswitchinterval()
        go, ran = threading.Event(), []
        thread = threading.Thread(target=lambda: (go.wait(), ran.append(1)))
        thread.start()
        try:
            # A thread that waits for the lock does not ask for it before this has passed.
            sys.setswitchinterval(1000)
            go.set()
            end = time.perf_counter() + 0.05
            while time.perf_counter() < end:
                pass
            strided = memoryview(bytearray(10))[::2]
            # Often enough for the other thread to wake up in one of the gaps, if there were any.
            refused = RUST.refuse(42, 20000) and RUST.refuse(strided, 5000)
            self.assertEqual(ran, [])
        finally:
            sys.setswitchinterval(interval)
            thread.join()
        self.assertTrue(refused)

    def test_text(self):
        self.assertEqual(RUST.text("Größe".encode()), "Größe")
        self.assertEqual(RUST.text(bytearray(b"text")), "text")
        for wrong in b"gr\xfc\xdfe", bytearray(b"gr\xfc\xdfe"):
            with self.assertRaises(UnicodeDecodeError) as error:
                RUST.text(wrong)
            self.assertEqual(error.exception.start, 2)
        self.assertRaises(TypeError, RUST.text, "text")

    def test_options(self):
        self.assertEqual(RUST.read_bytes_only(b"hello"), b"hello")
        self.assertEqual(RUST.read_bytes_only(type("Sub", (bytes,), {})(b"sub")), b"sub")
        with self.assertRaisesRegex(TypeError, "a bytes object is required, not 'bytearray'"):
            RUST.read_bytes_only(bytearray(b"hello"))
        self.assertRaises(TypeError, RUST.write_bytes_only, bytearray(b"hello"))
        for value in b"hello", bytearray(b"hello"):
            self.assertEqual(RUST.read_at_most(value, 5), 5)
            self.assertRaisesRegex(ValueError, "longer than is accepted", RUST.read_at_most, value, 4)
        self.assertEqual(RUST.write_at_most(bytearray(5), 5), 5)
        self.assertRaises(ValueError, RUST.write_at_most, bytearray(5), 4)
        items = array.array("d", [1, 2])
        self.assertEqual(RUST.read_aligned(items, 8), 16)
        odd = memoryview(items).cast("B")[1:9]
        self.assertRaisesRegex(ValueError, "not aligned", RUST.read_aligned, odd, 2)
        self.assertEqual(RUST.read_aligned(odd[:0], 4096), 0)

    def test_any_layout(self):
        values = [b"hello", bytearray(b"hello"), memoryview(b"hello world")[::-2]]
        values.append(memoryview(bytearray(8)).cast("d", ()))
        if numpy is not None:
            values += [numpy.arange(24).reshape(2, 3, 4).T, numpy.zeros((3, 0, 2)).T, numpy.arange(9.0)[::2]]
        for value in values:
            copied = not memoryview(value).c_contiguous
            content, frozen = RUST.read_any_layout(value)
            self.assertEqual(content, memoryview(value).tobytes())
            self.assertEqual(frozen, copied or isinstance(value, bytes))
        self.assertRaises(TypeError, RUST.read_any_layout, 42)

    def test_detached(self):
        for value in b"abc", bytearray(b"abc"), memoryview(b"abc"):
            self.assertEqual(RUST.sum_detached(value), 294)

    def test_streams(self):
        for value in b"0123456789", bytearray(b"0123456789"):
            self.assertEqual(RUST.read_stream(value, 4), b"456789")
            self.assertEqual(RUST.read_stream(value, -2), b"89")
            self.assertEqual(RUST.read_stream(value, 99), b"")
            self.assertRaises(OSError, RUST.read_stream, value, -11)
        memory = bytearray(6)
        RUST.write_stream(memory, 2, b"abc")
        self.assertEqual(memory, b"\0\0abc\0")
        self.assertRaises(OSError, RUST.write_stream, memory, 5, b"xy")
        self.assertEqual(memory, b"\0\0abcx")

    def test_views_that_refer_to_themselves(self):
        exporter = RUST.Selfish()
        before = references(exporter)
        self.assertEqual(RUST.read(exporter), b"selfish!")
        self.assertEqual(RUST.read_moved(exporter), b"selfish!")
        stored = RUST.Stored(exporter)
        gc.collect()
        self.assertEqual(exporter.counts(), (1, 2, 0))
        self.assertEqual(stored.read(), b"selfish!")
        stored.drop_on_a_thread()
        self.assertEqual(exporter.counts(), (0, 3, 0))
        self.assertEqual(outcome(RUST.write, exporter, b""), TypeError)
        held, _, wrong = exporter.counts()
        self.assertEqual((held, wrong), (0, 0))
        self.assertEqual(references(exporter), before)


@unittest.skipIf(RUST is None, "arguments need the extension module in Rust")
class Items(Case):
    def test_format_decides(self):
        numbers = array.array("i", [1, -2, 3])
        self.assertEqual(RUST.read_i32(numbers), [1, -2, 3])
        self.assertEqual(RUST.read_i32((ctypes.c_int * 3)(1, -2, 3)), [1, -2, 3])
        self.assertEqual(RUST.read_i32(memoryview(bytearray(24)).cast("i", (2, 3))), [0] * 6)
        self.assertEqual(RUST.read_f64(array.array("d", [0.5, 2])), [0.5, 2.0])
        self.assertEqual(RUST.read_u8(b"ab"), b"ab")
        self.assertEqual(RUST.read_u8(bytearray(b"ab")), b"ab")
        with self.assertRaisesRegex(TypeError, "^argument 'data': the items have format 'i', but 'B' is wanted"):
            RUST.read_u8(numbers)
        with self.assertRaisesRegex(TypeError, "format 'B', but '=i' is wanted"):
            RUST.read_i32(b"four")
        self.assertRaises(TypeError, RUST.read_i32, 42)
        self.assertRaises(BufferError, RUST.read_i32, memoryview(numbers)[::2])

    def test_byte_order(self):
        other = (ctypes.c_int.__ctype_be__ * 2)(1, -2)
        if sys.byteorder == "little":
            self.assertRaisesRegex(TypeError, "'>i', but '=i' is wanted: the byte order", RUST.read_i32, other)
        self.assertEqual(RUST.read_big_i32(other), [1, -2])
        if numpy is not None:
            self.assertEqual(RUST.read_big_i32(numpy.array([1, -2], ">i4")), [1, -2])

    def test_odd_places_and_shapes(self):
        self.assertEqual(RUST.read_i32(array.array("i")), [])
        self.assertEqual(RUST.read_f64(memoryview(bytearray(8)).cast("d", ())), [0.0])
        self.assertEqual(RUST.read_f64(ctypes.c_double(1.5)), [1.5])
        unaligned = memoryview(bytearray(b"\0" + array.array("i", [7]).tobytes()))[1:].cast("i")
        self.assertEqual(RUST.read_i32(unaligned), [7])
        if numpy is not None:
            self.assertEqual(RUST.read_f64(numpy.zeros((0, 3))), [])
            self.assertRaises(TypeError, RUST.read_i32, numpy.zeros(3, "V0"))

    def test_truth_values_and_characters_are_checked(self):
        self.assertEqual(RUST.read_bool(memoryview(b"\0\1\2").cast("?")), [False, True, None])
        if ctypes.sizeof(ctypes.c_wchar) == 4:
            self.assertEqual(RUST.read_text((ctypes.c_wchar * 3)("a", "\U0001f600", "\ud800")), ["a", "\U0001f600", None])

    def test_any_layout(self):
        rows = memoryview(bytearray(48)).cast("d", (2, 3))
        RUST.set_f64(rows, [1, 2], 2.5)
        self.assertEqual(RUST.items_f64(rows), ([2, 3], [0, 0, 0, 0, 0, 2.5]))
        self.assertEqual(RUST.items_f64(memoryview(array.array("d", range(5)))[::-2]), ([3], [4, 2, 0]))
        self.assertEqual(RUST.items_f64(ctypes.c_double(1.5)), ([], [1.5]))
        self.assertEqual(RUST.items_f64(((ctypes.c_double * 2) * 2)((1, 2), (3, 4))), ([2, 2], [1, 2, 3, 4]))
        self.assertRaisesRegex(TypeError, "format 'd', but '=i' is wanted", RUST.items_i32, rows)
        self.assertRaises(BufferError, RUST.set_f64, memoryview(bytes(8)).cast("d"), None, 1.0)
        RUST.set_f64(rows, None, 0.25)
        self.assertEqual(rows.tolist(), [[0.25] * 3] * 2)
        numbers = memoryview(array.array("i", range(6)))[::-2]
        self.assertEqual(RUST.item_i32(numbers, [0]), 5)
        self.assertRaises(IndexError, RUST.item_i32, numbers, [3])
        self.assertRaises(IndexError, RUST.item_i32, numbers, [0, 0])
        if numpy is not None:
            cube = numpy.arange(24.0).reshape(2, 3, 4)
            for value in cube, cube.T, cube[:, ::-1, ::2], cube[:0], numpy.broadcast_to(cube[0], (3, 3, 4)):
                self.assertEqual(RUST.items_f64(value), (list(value.shape), value.ravel().tolist()))
            transposed = numpy.zeros((2, 3)).T
            RUST.set_f64(transposed, [2, 1], 7.0)
            self.assertEqual(transposed[2, 1], 7)
            RUST.set_f64(transposed[::2], None, 1.0)
            self.assertEqual(transposed.tolist(), [[1, 1], [0, 0], [1, 1]])
            self.assertRaisesRegex(TypeError, "byte order", RUST.items_f64, cube.astype(cube.dtype.newbyteorder()))

    def test_copies_of_any_layout(self):
        values = [array.array("d", range(5)), memoryview(array.array("d", range(7)))[::-2], array.array("d")]
        values.append(memoryview(array.array("d", range(6))).cast("B").cast("d", (2, 3)))
        if numpy is not None:
            large = numpy.arange(60 * 70 * 4.0).reshape(60, 70, 4)
            values += [large[..., 2], large[:, ::-1, 1:3], large.T, large[::7].transpose(1, 0, 2), large[:0]]
        for value in values:
            view = memoryview(value)
            self.assertEqual(RUST.vector_f64(value), [item for (item,) in struct.iter_unpack("d", view.tobytes())])
        self.assertRaisesRegex(TypeError, "but '=d' is wanted", RUST.vector_f64, b"abc")

        memory = array.array("d", range(6))
        RUST.put_f64(memoryview(memory)[::-2], [7, 8, 9], False)
        self.assertEqual(memory.tolist(), [0, 9, 2, 8, 4, 7])
        table = memoryview(memory).cast("B").cast("d", (2, 3))
        RUST.put_f64(table, [1, 2, 3, 4, 5, 6], True)
        self.assertEqual(table.tolist(), [[1, 3, 5], [2, 4, 6]])
        self.assertRaisesRegex(ValueError, "6 items cannot be copied from or to 2 places", RUST.put_f64, table, [1, 2], False)
        self.assertEqual(table.tolist(), [[1, 3, 5], [2, 4, 6]])
        self.assertRaises(BufferError, RUST.put_f64, table.toreadonly(), [0] * 6, False)
        if numpy is not None:
            cube = numpy.zeros((20, 30, 3))
            values = numpy.arange(1800.0)
            RUST.put_f64(cube.transpose(2, 0, 1), values.tolist(), False)
            self.assertTrue((cube.transpose(2, 0, 1).ravel() == values).all())
            RUST.put_f64(cube[::-2, 1:], values[:10 * 29 * 3].tolist(), True)
            self.assertTrue((cube[::-2, 1:].ravel("F") == values[:10 * 29 * 3]).all())

    def test_fields_of_records(self):
        class Point(ctypes.Structure):
            """Without padding, which ctypes leaves out of its formats before 3.12."""

            _fields_ = [("pair", ctypes.c_double * 2), ("x", ctypes.c_double), ("kind", ctypes.c_uint64)]

        points = (Point * 3)(((7, 8), 0.5, 1), ((7, 8), 1.5, 2), ((7, 8), 2.5, 3))
        self.assertEqual(RUST.field_f64(points, "x"), ([3], [0.5, 1.5, 2.5]))
        self.assertEqual(RUST.field_f64(points[1], "x"), ([], [1.5]))
        RUST.fill_field_f64(points, "x", 4.0)
        self.assertEqual([(point.kind, point.x, point.pair[:]) for point in points], [(kind, 4, [7, 8]) for kind in (1, 2, 3)])
        for name in "kind", "pair":
            self.assertRaisesRegex(TypeError, "but '=d' is wanted", RUST.field_f64, points, name)
        for name in "", "X", "y":
            self.assertRaisesRegex(ValueError, "no field of that name", RUST.field_f64, points, name)
        self.assertRaisesRegex(ValueError, "their format is 'd'", RUST.field_f64, array.array("d", [1]), "x")
        self.assertRaises(BufferError, RUST.fill_field_f64, memoryview(points).toreadonly(), "x", 1.0)
        if numpy is not None:
            kinds = [("a", ">i4"), ("b", "f8"), ("c", "u1", (3,)), ("d", "f8")]
            for kind in numpy.dtype(kinds), numpy.dtype(kinds, align=True):
                items = numpy.zeros((4, 5), kind)
                items["a"], items["b"] = numpy.arange(20).reshape(4, 5), numpy.linspace(0, 1, 20).reshape(4, 5)
                for value in items, items.T, items[::-2, 1::2], items[:0], items[2, 3:4], items[0, 0:1].reshape(()):
                    self.assertEqual(RUST.field_f64(value, "b"), (list(value.shape), value["b"].ravel().tolist()))
                    self.assertEqual(RUST.field_big_i32(value, "a"), value["a"].ravel().tolist())
                RUST.fill_field_f64(items.T[1:], "d", 0.5)
                self.assertEqual(items["d"].tolist(), [[0] + [0.5] * 4] * 4)
                self.assertTrue((items["a"].ravel() == numpy.arange(20)).all())
                self.assertRaises(TypeError, RUST.field_f64, items, "a")
                self.assertRaises(TypeError, RUST.field_f64, items, "c")

    def test_items_behind_pointers(self):
        if _testbuffer is None:
            self.skipTest("the interpreter comes without _testbuffer")
        pointers = _testbuffer.ndarray(list(range(6)), shape=[2, 3], format="i", flags=_testbuffer.ND_PIL)
        self.assertEqual(RUST.items_i32(pointers), ([2, 3], [0, 1, 2, 3, 4, 5]))
        self.assertEqual(RUST.item_i32(pointers, [1, 1]), 4)
        self.assertEqual(RUST.read_any_layout(pointers), (pointers.tobytes(), True))


@unittest.skipIf(RUST is None, "arguments need the extension module in Rust")
class Stored(Case):
    def test_memory_is_held_until_the_buffer_is_dropped(self):
        for drop in "drop_attached", "drop_detached", "drop_on_a_thread":
            with self.subTest(drop):
                memory = bytearray(b"hello")
                stored = RUST.Stored(memory)
                self.assertRaises(BufferError, memory.append, 0)
                self.assertEqual(stored.read(), b"hello")
                getattr(stored, drop)()
                memory.append(0)

    @unittest.skipUnless(CPYTHON, "only CPython counts references")
    def test_a_bytes_is_kept_alive(self):
        content = b"%d" % id(self)
        before = references(content)
        stored = RUST.Stored(content)
        self.assertEqual(references(content), before + 1)
        stored.drop_on_a_thread()
        self.assertEqual(references(content), before)

    def test_the_object_is_kept_if_the_view_names_no_owner(self):
        if _testbuffer is None:
            self.skipTest("the interpreter comes without _testbuffer")
        ownerless = _testbuffer.staticarray(legacy_mode=True)
        before = references(ownerless)
        stored = RUST.Stored(ownerless)
        self.assertEqual(references(ownerless), before + 1)
        self.assertFalse(stored.is_frozen())
        self.assertEqual(stored.read(), memoryview(ownerless).tobytes())
        stored.drop_detached()
        self.assertEqual(references(ownerless), before)
        self.assertRaises(TypeError, RUST.read_i32, ownerless)

    def test_buffers_may_outlive_the_interpreter(self):
        for drop in "drop_last()", "drop_later(0)", "drop_later(20)", "__class__":
            for value in "bytearray(b'hello')", "b'%d' % 12345", "arguments.Selfish()":
                with self.subTest("%s.%s" % (value, drop)):
                    program = "from bufproto._bufproto import arguments\nkept = arguments.Stored(%s)\nkept.%s"
                    subprocess.check_call([sys.executable, "-c", program % (value, drop)])

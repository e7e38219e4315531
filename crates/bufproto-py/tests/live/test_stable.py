# -*- coding: utf-8 -*-
"""Stable reads: functions in Rust that read memory in place while others try to write to it."""

import array
import ctypes
import datetime
import gc
import io
import shutil
import struct
import sys
import tempfile
import threading
import unittest
import weakref

from bufproto import _bufproto
from support import CPYTHON, PYPY, Case, Held, collect, numpy, pause

# The functions are in Rust, and so is the module that has them.
RUST = getattr(_bufproto, "stable", None)
Buffer = getattr(_bufproto, "Buffer", None)
EXPORTERS = getattr(_bufproto, "exporters", None)
ARGUMENTS = getattr(_bufproto, "arguments", None)

WRITABLE_REQUEST = 1
ATTRIBUTE = "__bufproto_stable_read__"
BEING_READ = "being read: change it once it is released, or change a copy"
READ_ONLY_VIEW = "being read: ask for a read-only view, or wait until it is released"
WRITABLE = "may be written to through another view: release that, or pass a copy"
EXISTING = "Existing exports of data: object cannot be re-sized"
NOT_OFFERED = "object offers no stable reads: pass its bytes(...), or a bufproto.Buffer"


@unittest.skipIf(RUST is None, "stable reads need the extension module in Rust")
class StableCase(Case):
    def raises(self, exception, text, function, *arguments):
        with self.assertRaises(exception) as raised:
            function(*arguments)
        self.assertIs(type(raised.exception), exception)
        self.assertIn(text, str(raised.exception))

    def assert_free(self, ours):
        """Nothing is held: everything goes."""
        collect()
        self.assertEqual(ours.exports(), 0)
        ours.resize(6)
        ours[0] = 104
        with memoryview(ours) as view:
            self.assertFalse(view.readonly)


class Offered(StableCase):
    def test_bytes_and_our_own_classes(self):
        self.assertEqual(RUST.read(b"hello"), b"hello")
        ours = RUST.Coordinated(b"hello")
        self.assertEqual(RUST.read(ours), b"hello")
        self.assertEqual(RUST.sum_detached(ours, 2), sum(b"hello"))
        self.assertEqual(RUST.read(ours.sharing()), b"hello")
        self.assertEqual(RUST.read(RUST.Coordinated(b"")), b"")
        self.assert_free(ours)
        for name, exporter in EXPORTERS.plain():
            with self.subTest(name):
                with memoryview(exporter) as view:
                    expected = view.tobytes()
                self.assertEqual(RUST.read(exporter), expected)

    def test_the_memory_itself_is_read(self):
        ours = RUST.Coordinated(b"hello")
        view = ctypes.c_char.from_buffer(ours)
        address = ctypes.addressof(view)
        del view
        gc.collect()
        self.assertEqual(RUST.address(ours), address)

    def test_others_are_refused(self):
        others = [bytearray(b"hello"), array.array("b", b"hello"), memoryview(bytearray(b"hello"))]
        others += [memoryview(RUST.Coordinated(b"hello")), (ctypes.c_char * 5)(), type("Sub", (bytes,), {})(b"hello")]
        if numpy is not None:
            others.append(numpy.zeros(3))
        for other in others:
            with self.subTest(type(other).__name__):
                name = "numpy.ndarray" if type(other).__name__ == "ndarray" else type(other).__name__
                self.raises(TypeError, "argument 'data': '", RUST.read, other)
                self.raises(TypeError, "%s' %s" % (name, NOT_OFFERED), RUST.read, other)
        for none in 42, "text", None, RUST.Coordinated:
            self.raises(TypeError, "argument 'data': a bytes-like object is required, not '", RUST.read, none)

    def test_what_does_not_lie_side_by_side_is_refused(self):
        strided = EXPORTERS.Floats([1.0, 2.0, 3.0], [2], strides=[16])
        self.raises(BufferError, "object is not C-contiguous: pass a copy", RUST.read, strided)
        self.assertEqual(strided.exports(), 0)
        table = EXPORTERS.Floats([1.0, 2.0], [2, 1])
        self.assertEqual(RUST.read(table), struct.pack("dd", 1, 2))


class Conflicts(StableCase):
    def test_nobody_writes_while_it_is_read(self):
        ours = RUST.Coordinated(b"hello")
        sharing = ours.sharing()
        wrong = []

        def attempts():
            self.raises(BufferError, BEING_READ, ours.__setitem__, 0, 33)
            self.raises(BufferError, BEING_READ, sharing.__setitem__, 0, 33)
            self.raises(BufferError, EXISTING, ours.resize, 100)
            for each in ours, sharing:
                # Consumers that do not ask for writable memory find out that it is not.
                with memoryview(each) as view:
                    self.assertTrue(view.readonly)
                    self.assertRaises(TypeError, view.__setitem__, 0, 33)
                if CPYTHON:
                    self.raises(BufferError, READ_ONLY_VIEW, Held, each, WRITABLE_REQUEST)
                if not PYPY:
                    # There it takes read-only memory, that of a `bytes` too, and writes to it.
                    self.assertRaises(TypeError, ctypes.c_char.from_buffer, each)
                self.assertRaises((TypeError, BufferError), io.BytesIO(b"!!!!!").readinto, each)
                self.assertRaises((TypeError, BufferError), struct.pack_into, "b", each, 0, 33)
                with self.assertRaises(TypeError) as raised:
                    ARGUMENTS.write(each, b"!")
                cause = raised.exception.__cause__
                self.assertIn(READ_ONLY_VIEW, str(cause if isinstance(cause, BufferError) else cause.__cause__))
                if numpy is not None:
                    for made in numpy.asarray(memoryview(each)), numpy.frombuffer(each, "u1"):
                        self.assertFalse(made.flags.writeable)
                        self.assertRaises(ValueError, made.__setitem__, 0, 33)
                        self.assertRaises(ValueError, made.setflags, write=True)
            # Whoever only reads is not in the way.
            self.assertEqual(RUST.read(sharing), b"hello")
            self.assertEqual(bytes(ours), b"hello")
            self.assertEqual(ARGUMENTS.read(ours), b"hello")
            wrong.append(False)

        self.assertEqual(RUST.while_reading(ours, attempts), b"hello")
        self.assertEqual(RUST.while_reading(sharing, attempts), b"hello")
        self.assertEqual(wrong, [False, False])
        gc.collect()
        self.assert_free(ours)

    def test_it_is_not_read_while_somebody_may_write(self):
        ours = RUST.Coordinated(b"hello")
        sharing = ours.sharing()
        for holder in ours, sharing:
            for reader in ours, sharing:
                view = memoryview(holder)
                self.raises(BufferError, WRITABLE, RUST.read, reader)
                # The view of a view counts as long as the view.
                part = view[1:].toreadonly()
                view.release()
                self.raises(BufferError, WRITABLE, RUST.read, reader)
                part.release()
                self.assertEqual(RUST.read(reader), b"hello")
        if numpy is not None:
            made = numpy.frombuffer(ours, "u1")
            self.assertTrue(made.flags.writeable)
            self.raises(BufferError, WRITABLE, RUST.read, ours)
            del made
            gc.collect()
        self.assertEqual(RUST.read(ours), b"hello")
        self.assert_free(ours)

    def test_a_view_that_was_read_only_stays_so(self):
        ours = RUST.Coordinated(b"hello")
        views = []
        RUST.while_reading(ours, lambda: views.append(memoryview(ours)))
        self.assertTrue(views[0].readonly)
        self.assertEqual(RUST.read(ours), b"hello")
        ours[0] = 106
        self.assertEqual(views[0].tobytes(), b"jello")
        self.raises(BufferError, EXISTING, ours.resize, 1)
        views.pop().release()
        self.assert_free(ours)

    def test_classes_that_are_changed_meanwhile(self):
        changing = EXPORTERS.Changing(b"hello")
        self.assertEqual(RUST.read(changing), b"hello")
        # The old memory stays until it has been read.
        self.assertEqual(RUST.while_reading(changing, lambda: changing.replace(b"other")), b"hello")
        self.assertEqual(RUST.read(changing), b"other")
        self.raises(BufferError, "is being changed", changing.while_changing, lambda: RUST.read(changing))
        changing.make_read_only()
        with memoryview(changing):
            self.assertEqual(RUST.read(changing), b"other")

    def test_a_panic_is_an_exception(self):
        with self.assertRaises(BaseException) as raised:
            RUST.read(EXPORTERS.panicking())
        self.assertEqual(type(raised.exception).__name__, "PanicException")


class Stored(StableCase):
    def test_memory_is_held_until_the_buffer_is_dropped(self):
        for drop in "drop_attached", "drop_detached", "sum_and_drop_on_a_thread":
            with self.subTest(drop):
                ours = RUST.Coordinated(b"hello")
                stored = RUST.Stored(ours)
                another = RUST.Stored(ours)
                self.assertEqual(ours.exports(), 2)
                self.raises(BufferError, BEING_READ, ours.__setitem__, 0, 33)
                self.assertEqual(stored.read(), b"hello")
                getattr(stored, drop)()
                self.raises(BufferError, BEING_READ, ours.__setitem__, 0, 33)
                getattr(another, drop)()
                self.assertIsNone(stored.read())
                self.assert_free(ours)

    def test_an_object_lives_as_long_as_it_is_read(self):
        ours = RUST.Coordinated(b"hello")
        gone = weakref.ref(ours)
        stored = RUST.Stored(ours)
        del ours
        gc.collect()
        self.assertIsNotNone(gone())
        self.assertEqual(stored.sum_and_drop_on_a_thread(), sum(b"hello"))
        gc.collect()
        self.assertIsNone(gone())

    def test_bytes_are_kept(self):
        content = b"%d" % id(self)
        stored = RUST.Stored(content)
        expected = bytes(bytearray(content))
        del content
        self.assertEqual(stored.read(), expected)
        self.assertEqual(stored.sum_and_drop_on_a_thread(), sum(expected))


class Threads(StableCase):
    def test_readers_and_writers(self):
        """Each reader sees one state of the memory, each writer finishes what it began or is refused."""
        ours = RUST.Coordinated(bytes(50000))
        sharing = ours.sharing()
        done, results = threading.Event(), []

        def count(attempt):
            made, refused = 0, 0
            while not done.is_set():
                try:
                    attempt()
                    made += 1
                except BufferError as error:
                    # A view may be there already, so that also resizes are refused.
                    self.assertTrue(any(text in str(error) for text in TEXTS), error)
                    refused += 1
                pause()
            results.append((attempt.__name__, made, refused))

        def read():
            self.assertIsNotNone(RUST.sum_detached(sharing, 20), "it was written to while it was read")

        def fill():
            with memoryview(ours) as view:
                # Beside a stable read it is read-only.
                if not view.readonly:
                    for byte in 0, 1, 2:
                        view[:] = bytes([byte]) * len(view)

        def assign():
            ours[7] = 5

        def resize():
            ours.resize(49000)
            ours.resize(50000)

        TEXTS = BEING_READ, WRITABLE, EXISTING, READ_ONLY_VIEW, "is being resized by another thread: try again"

        def watched(attempt):
            try:
                count(attempt)
            except BaseException as error:
                results.append((attempt.__name__, error, None))

        threads = [threading.Thread(target=watched, args=(each,)) for each in (read, read, fill, assign, resize)]
        for thread in threads:
            thread.start()
        done.wait(1.0)
        done.set()
        for thread in threads:
            thread.join()
        self.assertEqual(len(results), len(threads))
        for name, made, refused in results:
            self.assertIsNotNone(refused, "%s: %r" % (name, made))
        self.assertGreater(sum(made for name, made, _ in results if name == "read"), 0, results)
        self.assert_free(ours)


class Lookup(StableCase):
    def test_a_capsule_in_another_class_leads_to_a_refusal(self):
        capsule = RUST.Coordinated.__dict__[ATTRIBUTE]
        self.assertIn("bufproto.stable_read.1", repr(capsule)) if CPYTHON else None
        for base in object, bytearray, bytes, EXPORTERS.Tracked:
            with self.subTest(base.__name__):
                liar = type("Liar", (base,), {ATTRIBUTE: capsule})
                made = liar(b"hello") if base is not object else liar()
                text = NOT_OFFERED if base is not object else "a bytes-like object is required, not 'Liar'"
                self.raises(TypeError, text, RUST.read, made)

    def test_other_attributes_are_no_offers(self):
        for value in None, 42, RUST.Coordinated, getattr(datetime, "datetime_CAPI", 0), _bufproto._C_API:
            other = type("Other", (bytearray,), {ATTRIBUTE: value})(b"hello")
            self.raises(TypeError, NOT_OFFERED, RUST.read, other)
        # What an object has of its own says nothing.
        other = type("Other", (bytearray,), {})(b"hello")
        setattr(other, ATTRIBUTE, RUST.Coordinated.__dict__[ATTRIBUTE])
        self.raises(TypeError, NOT_OFFERED, RUST.read, other)

    def test_what_looking_it_up_raises_is_raised(self):
        class Meta(type):
            def __getattr__(cls, name):
                raise (ZeroDivisionError if cls.__name__ == "Failing" else AttributeError)(name)

        self.raises(ZeroDivisionError, ATTRIBUTE, RUST.read, Meta("Failing", (bytearray,), {})(b"hello"))
        self.raises(TypeError, NOT_OFFERED, RUST.read, Meta("Empty", (bytearray,), {})(b"hello"))

    def test_derived_classes(self):
        derived = type("Derived", (RUST.Coordinated,), {})(b"hello")
        self.assertEqual(RUST.read(derived), b"hello")
        self.assert_free(derived)

    @unittest.skipIf(sys.version_info < (3, 12) or not CPYTHON, "classes in Python export no memory before 3.12")
    def test_derived_classes_with_memory_of_their_own(self):
        def other(self, flags):
            return memoryview(b"other")

        derived = type("Derived", (RUST.Coordinated,), {"__buffer__": other})(b"hello")
        self.assertEqual(bytes(memoryview(derived)), b"other")
        self.raises(TypeError, NOT_OFFERED, RUST.read, derived)
        released = []

        def release(self, view):
            released.append(view.readonly)

        derived = type("Derived", (RUST.Coordinated,), {"__release_buffer__": release})(b"hello")
        self.assertEqual(RUST.read(derived), b"hello")
        self.assertEqual(released, [True])
        self.assert_free(derived)

    def test_two_extension_modules(self):
        """A copy of the library is another one: its types are not those of the first."""
        import importlib.util

        folder = tempfile.mkdtemp()
        copy = shutil.copy(_bufproto.__file__, folder)
        # Whatever the interpreter still uses of it stays.
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        spec = importlib.util.spec_from_file_location("_bufproto", copy)
        other = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(other)
        self.assertIsNot(other.stable.Coordinated, RUST.Coordinated)
        ours, theirs = RUST.Coordinated(b"ours"), other.stable.Coordinated(b"theirs")
        self.assertEqual((other.stable.read(ours), RUST.read(theirs)), (b"ours", b"theirs"))
        stored = RUST.Stored(theirs)
        self.raises(BufferError, BEING_READ, theirs.__setitem__, 0, 33)
        self.assertEqual(other.stable.read(theirs), b"theirs")
        self.assertEqual(stored.sum_and_drop_on_a_thread(), sum(b"theirs"))
        with memoryview(theirs):
            self.raises(BufferError, WRITABLE, RUST.read, theirs)
        self.assert_free(theirs)
        # Each function looks whether the object is one of its own.
        liar = type("Liar", (RUST.Coordinated,), {ATTRIBUTE: other.stable.Coordinated.__dict__[ATTRIBUTE]})
        self.raises(TypeError, NOT_OFFERED, RUST.read, liar(b"ours"))

    @unittest.skipUnless(CPYTHON, "ctypes.pythonapi is CPython's")
    def test_an_exporter_of_another_library(self):
        """Made by nothing but the C interface: a capsule, a table, a function."""
        content = ctypes.create_string_buffer(b"another library", 15)
        fill = ctypes.pythonapi.PyBuffer_FillInfo
        fill.argtypes = [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_int, ctypes.c_int]
        fill.restype = ctypes.c_int
        begin_type = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.c_void_p, ctypes.c_int)
        asked = []

        def begin(value, view, request):
            asked.append(request)
            if not isinstance(value, Foreign):
                return 1
            return fill(view, value, ctypes.addressof(content), len(content), 1, request)

        class Table(ctypes.Structure):
            _fields_ = [("size", ctypes.c_size_t), ("begin", begin_type)]

        new = ctypes.pythonapi.PyCapsule_New
        new.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        new.restype = ctypes.py_object
        # What a capsule has inside stays for as long as the process.
        table, name = Table(ctypes.sizeof(Table), begin_type(begin)), b"bufproto.stable_read.1"
        small, later = Table(ctypes.sizeof(Table) - 1, table.begin), b"bufproto.stable_read.2"
        KEPT.extend([content, table, small, name, later])
        capsule = new(ctypes.addressof(table), name, None)

        class Foreign(object):
            pass

        setattr(Foreign, ATTRIBUTE, capsule)
        foreign = Foreign()
        before = sys.getrefcount(foreign)
        self.assertEqual(RUST.read(foreign), b"another library")
        self.assertEqual(RUST.address(foreign), ctypes.addressof(content))
        stored = RUST.Stored(foreign)
        self.assertEqual(stored.sum_and_drop_on_a_thread(), sum(b"another library"))
        self.assertEqual(sys.getrefcount(foreign), before)
        self.assertEqual(asked, [0, 0, 0])
        # A function may refuse by any exception; and a table that is too small, or of another version, is none.
        setattr(Foreign, ATTRIBUTE, new(ctypes.addressof(small), name, None))
        self.raises(TypeError, "a bytes-like object is required, not 'Foreign'", RUST.read, foreign)
        setattr(Foreign, ATTRIBUTE, new(ctypes.addressof(table), later, None))
        self.raises(TypeError, "a bytes-like object is required, not 'Foreign'", RUST.read, foreign)
        self.assertEqual(asked, [0, 0, 0])


class Buffers(StableCase):
    """bufproto.Buffer, which Python code makes."""

    def test_it_is_read_in_place(self):
        ours = Buffer(b"hello")
        tries = []

        def attempts():
            for change in (lambda: ours.append(1), lambda: ours.__setitem__(0, 33), lambda: ours.clear(), lambda: ours.extend(b"!")):
                self.assertRaises(BufferError, change)
                tries.append(True)
            with memoryview(ours) as view:
                self.assertTrue(view.readonly)

        self.assertEqual(RUST.while_reading(ours, attempts), b"hello")
        self.assertEqual(tries, [True] * 4)
        ours += b" world"
        self.assertEqual(RUST.read(ours), b"hello world")
        with memoryview(ours):
            self.raises(BufferError, WRITABLE, RUST.read, ours)

    def test_memory_of_others_is_copied_first(self):
        others = bytearray(b"hello")
        ours = Buffer.over(others)
        stored = RUST.Stored(ours)
        others[0] = 33
        self.assertEqual(stored.read(), b"hello")
        stored.drop_attached()


KEPT = []

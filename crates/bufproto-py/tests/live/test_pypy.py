"""What PyPy does differently, and what that comes to. Where it does so no more, these tests say so."""

import array
import ctypes
import gc
import io
import mmap
import pickle
import struct
import unittest

from bufproto import _bufproto, inspect
from support import PYPY, Case, collect

ARGUMENTS = getattr(_bufproto, "arguments", None)
EXPORTERS = getattr(_bufproto, "exporters", None)
Buffer = getattr(_bufproto, "Buffer", None)


@unittest.skipUnless(PYPY, "of PyPy only")
class PyPy(Case):
    def test_a_memoryview_tells_its_exporter_of_its_end_when_garbage_is_collected(self):
        ours = EXPORTERS.Floats([1.0])
        view = memoryview(ours)
        self.assertEqual(ours.exports(), 1)
        view.release()
        self.assertEqual(ours.exports(), 1)
        gc.collect()
        self.assertEqual(ours.exports(), 0)
        # So it is collected before an exporter of ours refuses anything.
        with memoryview(ours):
            self.assertRaises(BufferError, ours.push, 2.0)
        ours.push(2.0)
        # Nobody refers to this one any more.
        ours.stable_read()
        with memoryview(ours) as view:
            self.assertFalse(view.readonly)
        buffer = Buffer(b"hello")
        for look in bytes, memoryview, Buffer.stable_read, Buffer.toreadonly:
            look(buffer)
            buffer.append(33)
        self.assertEqual(buffer, b"hello!!!!")

    def test_a_view_that_comes_back_without_its_exporters_pointer_ends_one_of_the_same_memory(self):
        ours = EXPORTERS.Changing(b"first")
        first, again = memoryview(ours), memoryview(ours)
        stored = ARGUMENTS.Stored(ours)
        ours.replace(b"second")
        second = memoryview(ours)
        for view in first, again, second:
            view.release()
        collect()
        # The argument keeps the memory that it was given.
        self.assertEqual(stored.read(), b"first")
        stored.drop_attached()
        before = EXPORTERS.Tracked.live()
        tracked = EXPORTERS.Tracked(b"content")
        views = [memoryview(tracked) for _ in range(5)]
        stored = [ARGUMENTS.Stored(tracked) for _ in range(5)]
        for one, other in zip(views, stored):
            one.release()
            other.drop_attached()
        del tracked, views, stored, one, other
        collect()
        collect()
        self.assertEqual(EXPORTERS.Tracked.live(), before)

    def test_read_only_and_writable_views_end_in_any_order(self):
        for order in (0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0):
            ours = EXPORTERS.Floats([1.0, 2.0])
            stable = ours.stable_read()
            # Beside a stable read it is read-only.
            held = [memoryview(ours)]
            stable.release()
            held += [memoryview(ours), ARGUMENTS.Stored(ours)]
            self.assertEqual([view.readonly for view in held[:2]], [True, False])
            for count, index in enumerate(order):
                self.assertRaises(BufferError, ours.push, 3.0)
                if index != 2:
                    held[index].release()
                else:
                    held[index].drop_attached()
                collect()
                self.assertEqual(ours.exports(), 2 - count)
                # A view that may be written to is in the way of stable reads for as long as it is there.
                if not {1, 2} <= set(order[: count + 1]):
                    self.assertRaises(BufferError, ours.stable_read)
            ours.push(3.0)
            ours.stable_read().release()

    def test_what_it_lets_go_is_copied_to_be_stored(self):
        def grow(value):
            for _ in range(1000):
                value.append(7)

        memory = bytearray(b"hello")
        for value, let_go in [
            (array.array("d", [1.5, 2.5]), grow),
            (mmap.mmap(-1, 4096), lambda value: value.close()),
            (memoryview(memory), lambda value: (value.release(), collect(), memory.extend(bytes(10000)))),
            (pickle.PickleBuffer(array.array("b", b"hello")), lambda value: grow(memoryview(value).obj)),
        ]:
            with self.subTest(type(value).__name__):
                name = type(value).__name__
                self.assertEqual(inspect(value).lifetime, "moves: PyPy lets the memory of %s go even while it is exported" % name)
                expected = bytes(value)
                stored = ARGUMENTS.Stored(value)
                buffer = Buffer.over(value)
                # It is not refused.
                let_go(value)
                collect()
                self.assertTrue(stored.is_frozen())
                self.assertEqual(stored.read(), expected)
                self.assertEqual(bytes(buffer), expected)
                buffer.append(33)
                self.assertEqual(bytes(buffer), expected + b"!")
                stored.drop_on_a_thread()

    def test_a_bytearray_stays_in_place(self):
        memory = bytearray(b"hello")
        stored = ARGUMENTS.Stored(memory)
        self.assertEqual(inspect(memory).lifetime, "pinned while exported")
        self.assertFalse(stored.is_frozen())
        self.assertRaises(BufferError, memory.append, 33)
        memory[0] = 106
        self.assertEqual(stored.read(), b"jello")
        stored.drop_attached()
        memory.append(33)

    def test_the_content_of_a_bytes_stays_where_c_was_shown_it(self):
        content = bytes(range(256)) * 500
        self.assertEqual(inspect(content).lifetime, "frozen")
        address = ARGUMENTS.ask(content, 0)
        stored = ARGUMENTS.Stored(content)
        self.assertTrue(stored.is_frozen())
        junk = [bytes([n]) * len(content) for n in range(20)]
        gc.collect()
        self.assertEqual(ARGUMENTS.ask(content, 0), address)
        del content
        gc.collect()
        self.assertEqual(stored.read(), bytes(range(256)) * 500)
        del junk

    def test_struct_takes_no_exporter_in_c(self):
        ours = EXPORTERS.Floats([1.0])
        self.assertRaises(TypeError, struct.unpack_from, "d", ours)
        self.assertEqual(struct.unpack_from("d", memoryview(ours)), (1.0,))

    def test_ctypes_writes_to_what_is_read_only(self):
        # So nothing is safe from it there: neither a `bytes` nor a stable read.
        self.assertEqual(len((ctypes.c_char * 2).from_buffer(b"ab")), 2)
        self.assertEqual(len((ctypes.c_char * 8).from_buffer(EXPORTERS.Floats([1.0], read_only=True))), 8)

    def test_views_in_c_of_the_memory_of_a_bytesio_are_of_a_copy(self):
        text = io.BytesIO(b"hello")
        view = text.getbuffer()
        self.assertFalse(view.readonly)
        self.assertTrue(inspect(view).view.readonly)
        self.assertEqual(ARGUMENTS.read(view), b"hello")
        self.assertRaises(TypeError, ARGUMENTS.write, view, b"j")

    def test_a_picklebuffer_is_not_known_to_be_of_a_bytes(self):
        self.assertFalse(ARGUMENTS.is_frozen(pickle.PickleBuffer(b"hello")))

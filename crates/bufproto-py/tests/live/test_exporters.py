# -*- coding: utf-8 -*-
"""Classes in Rust that export memory, as consumers meet them."""

import array
import ctypes
import functools
import gc
import hashlib
import itertools
import operator
import socket
import struct
import sys
import threading
import unittest
import weakref

from bufproto import _bufproto, inspect
from support import CPYTHON, PYPY, Case, collect, hold, numpy, own, pause

try:
    import _testbuffer
except ImportError:
    _testbuffer = None

# The classes are in Rust, and so is the module that has them.
RUST = getattr(_bufproto, "exporters", None)

EXISTING = "Existing exports of data: object cannot be re-sized"

# Formats and items of each class: struct says which bytes they are.
PLAIN = {
    "VecI8": ("b", [-1, 2]),
    "VecI16": ("h", [-1, 2]),
    "VecI32": ("i", [-1, 2]),
    "VecI64": ("q", [-1, 2]),
    "VecIsize": ("q" if sys.maxsize > 1 << 32 else "i", [-1, 2]),
    "VecU8": ("B", [1, 2]),
    "VecU16": ("H", [1, 2]),
    "VecU32": ("I", [1, 2]),
    "VecU64": ("Q", [1, 2]),
    "VecUsize": ("Q" if sys.maxsize > 1 << 32 else "I", [1, 2]),
    "VecF32": ("f", [-1.0, 2.0]),
    "VecBool": ("?", [True, False]),
    "VecUcs4": ("w", ["a", "b"]),
    "VecBe": (">i", [-1, 2]),
    "VecLe": ("<d", [-1.0, 2.0]),
    "BoxF64": ("d", [-1.0, 2.0]),
    "ArrayI16": ("h", [-1, 2]),
    "ArcI32": ("i", [-1, 2]),
    "StaticU16": ("H", [1, 2]),
    "Bytes": ("B", [1, 2]),
    "BytesMut": ("B", [1, 2]),
    "Map": ("B", [1, 2]),
    "ReadOnlyMap": ("B", [1, 2]),
    "Empty": ("d", []),
    "EmptyStatic": ("B", []),
}
READ_ONLY = {"ArcI32", "StaticU16", "Bytes", "ReadOnlyMap", "EmptyStatic"}

# Shape, order and strides of tables of numbers.
SHAPES = [
    ((), "C"),
    ((0,), "C"),
    ((1,), "C"),
    ((6,), "C"),
    ((2, 3), "C"),
    ((2, 3), "F"),
    ((2, 0, 3), "C"),
    ((2, 0, 3), "F"),
    ((1, 6), "F"),
    ((2, 3, 4), "C"),
    ((2, 3, 4), "F"),
]

# Number of items, first item, shape, strides.
STRIDED = [
    (6, 0, (3,), (16,)),
    (6, 5, (6,), (-8,)),
    (6, 5, (2, 3), (-24, -8)),
    (4, 0, (3, 4), (0, 8)),
    (1, 0, (), ()),
    (3, 2, (0,), (8,)),
]

BITS = {
    "WRITABLE": 0x1,
    "FORMAT": 0x4,
    "ND": 0x8,
    "STRIDES": 0x18,
    "C_CONTIGUOUS": 0x38,
    "F_CONTIGUOUS": 0x58,
    "ANY_CONTIGUOUS": 0x98,
    "INDIRECT": 0x118,
}
REQUESTS = sorted(
    {
        functools.reduce(operator.or_, some, 0)
        for count in range(len(BITS) + 1)
        for some in itertools.combinations(BITS.values(), count)
    }
)


def product(shape):
    result = 1
    for extent in shape:
        result *= extent
    return result


def packed(format, items):
    if format == "w":
        return "".join(items).encode("utf-32-" + sys.byteorder[0] + "e")
    code, order = format[-1], format[:-1]
    return struct.pack(order + str(len(items)) + code, *items)


def answer(exporter, request):
    """What a view has, by the interpreter's own consumer, or the exception's type."""
    try:
        view = _testbuffer.ndarray(exporter, getbuf=request)
    except BufferError:
        return BufferError
    fields = "nbytes", "readonly", "itemsize", "format", "ndim", "shape", "strides", "suboffsets"
    return {field: getattr(view, field) for field in fields}


def outcome(function, *arguments):
    """The type and the text of what a function raises, or None."""
    try:
        function(*arguments)
    except BaseException as error:
        return type(error), str(error)
    return None


@unittest.skipIf(RUST is None, "exporters need the extension module in Rust")
class Exporters(Case):
    def tables(self):
        """Exporters of ours, and what the interpreter's own exporter makes of the same."""
        writable = _testbuffer.ND_WRITABLE if _testbuffer else 0
        fortran = _testbuffer.ND_FORTRAN if _testbuffer else 0
        for shape, order in SHAPES:
            items = [float(n) for n in range(product(shape))]
            for read_only in False, True:
                flags = (0 if read_only else writable) | (fortran if order == "F" else 0)
                theirs = dict(items=items or [0.0], shape=list(shape), format="d", flags=flags)
                name = "%s %s%s" % (shape, order, " read-only" if read_only else "")
                yield name, RUST.Floats(items, shape, order, read_only=read_only), theirs
        for count, first, shape, strides in STRIDED:
            items = [float(n) for n in range(count)]
            theirs = dict(items=items, shape=list(shape), strides=list(strides), offset=8 * first, format="d", flags=writable)
            yield "%s by %s" % (shape, strides), RUST.Floats(items, shape, strides=strides, first=first), theirs

    def test_every_request_is_answered_as_by_the_interpreters_own_exporter(self):
        if _testbuffer is None:
            self.skipTest("there is no _testbuffer")
        self.assertGreater(len(REQUESTS), 60)
        for name, ours, theirs in self.tables():
            theirs = _testbuffer.ndarray(theirs.pop("items"), **theirs)
            refused = 0
            for request in REQUESTS:
                with self.subTest("%s, request %#x" % (name, request)):
                    expected = answer(theirs, request)
                    self.assertEqual(answer(ours, request), expected)
                    refused += expected is BufferError
            self.assertGreater(refused, 0)
            self.assertLess(refused, len(REQUESTS))
            self.assertEqual(memoryview(ours).tolist(), memoryview(theirs).tolist())
            self.assertEqual(bytes(memoryview(ours)), bytes(memoryview(theirs)))
            self.assertEqual(ours.exports(), 0)

    def test_bytes_of_no_type_are_exported_as_by_bytearray(self):
        if _testbuffer is None:
            self.skipTest("there is no _testbuffer")
        items = [1.0, 2.0, 3.0]
        for count in 0, 1, 3:
            for read_only in False, True:
                content = struct.pack("%dd" % count, *items[:count])
                ours = RUST.Floats(items[:count], bytes=True, read_only=read_only)
                theirs = content if read_only else bytearray(content)
                for request in REQUESTS:
                    with self.subTest("%d, %s, request %#x" % (count, read_only, request)):
                        self.assertEqual(answer(ours, request), answer(theirs, request))
                self.assertEqual(bytes(ours), content)

    def test_items_have_their_types_formats(self):
        for name, value in RUST.plain():
            with self.subTest(name):
                format, items = PLAIN[name]
                view = memoryview(value)
                self.assertEqual((view.format, view.shape, view.ndim), (format, (len(items),), 1))
                self.assertEqual(view.itemsize, len(packed(format, ["a"] if format == "w" else [1])))
                self.assertEqual(view.tobytes(), packed(format, items))
                self.assertEqual(view.readonly, name in READ_ONLY)
                if len(format) == 1 and format != "w":
                    self.assertEqual(view.tolist(), items)
                self.assertIs(view.obj, value)
                self.assertEqual(inspect(value).lifetime, "pinned while exported")
        self.assertEqual({name for name, _ in RUST.plain()}, set(PLAIN))

    def test_numpy_reads_all_formats(self):
        if numpy is None:
            self.skipTest("numpy is not installed")
        for name, value in RUST.plain():
            with self.subTest(name):
                format, items = PLAIN[name]
                array = numpy.asarray(value)
                self.assertEqual(array.tolist(), items)
                self.assertEqual(array.flags.writeable, name not in READ_ONLY)
                if format in "bhiqBHIQfd?":
                    self.assertEqual(array.dtype, numpy.dtype(format))

    def test_numpy_shares_the_memory(self):
        if numpy is None:
            self.skipTest("numpy is not installed")
        for name, ours, _ in self.tables():
            with self.subTest(name):
                view = numpy.asarray(ours)
                self.assertEqual(view.tolist(), memoryview(ours).tolist())
                if view.flags.writeable and view.size:
                    view[(0,) * view.ndim] = 77.0
                    self.assertEqual(ours.get([0] * view.ndim), 77.0)
        fortran = numpy.asarray(RUST.Floats([1.0, 2.0, 3.0, 4.0], [2, 2], "F"))
        self.assertTrue(fortran.flags.f_contiguous and not fortran.flags.c_contiguous)
        self.assertEqual(fortran.tolist(), [[1.0, 3.0], [2.0, 4.0]])

    def test_consumers(self):
        text = bytearray(b"all that is read")
        ours = RUST.Changing(bytes(text))
        self.assertEqual(hashlib.sha256(ours).digest(), hashlib.sha256(text).digest())
        if PYPY:
            # Its struct takes no exporter in C, but a memoryview of one.
            self.assertRaises(TypeError, struct.unpack_from, "4s", ours, 4)
            self.assertRaises(TypeError, struct.pack_into, "4s", ours, 4, b"THAT")
        taken = memoryview(ours) if PYPY else ours
        self.assertEqual(struct.unpack_from("4s", taken, 4), (b"that",))
        struct.pack_into("4s", taken, 4, b"THAT")
        self.assertEqual(bytes(ours), b"all THAT is read")
        self.assertEqual(array.array("B", bytes(ours)).tobytes(), b"all THAT is read")
        self.assertEqual(b"".join([ours, ours]), 2 * b"all THAT is read")
        self.assertEqual(bytearray(ours), b"all THAT is read")
        self.assertEqual(int.from_bytes(ours, "big"), int.from_bytes(b"all THAT is read", "big"))
        one, two = socket.socketpair()
        with one, two:
            one.sendall(ours)
            one.sendall(b"0123456789")
            into = RUST.Changing(bytes(26))
            received = 0
            while received < 26:
                with memoryview(into)[received:] as rest:
                    received += two.recv_into(rest)
            self.assertEqual(bytes(into), b"all THAT is read0123456789")
            one.sendall(b"direct")
            self.assertEqual(two.recv_into(into, 6), 6)
            self.assertEqual(bytes(into)[:6], b"direct")
        whole = (ctypes.c_char * 26).from_buffer(into)
        whole[0] = b"D"
        self.assertEqual(bytes(into)[:6], b"Direct")

    def test_what_is_read_only_is_not_written_to(self):
        for name, value in RUST.plain():
            if name in READ_ONLY:
                with self.subTest(name):
                    # PyPy's own exporters raise ValueError.
                    self.assertRaises(ValueError if PYPY else BufferError, writable, value)
        ours = RUST.Floats([1.0], read_only=True)
        self.assertRaises(TypeError, memoryview(ours).__setitem__, 0, 2.0)
        # Rust may still.
        ours.set([0], 3.0)
        self.assertEqual(memoryview(ours)[0], 3.0)

    def test_refusals_are_buffer_errors_with_words(self):
        ours = RUST.Floats([1.0, 2.0, 3.0, 4.0], [2, 2], "F")
        # PyPy puts an exception of its own in the place of the exporter's, and a type's short name in its texts.
        refused = outcome(_bufproto.arguments.ask, ours, 0) if PYPY else outcome(struct.unpack_from, "d", ours)
        words = "'" + ("" if PYPY else "exporters.") + "Floats' object is not C-contiguous; ask for its strides, or pass a copy"
        self.assertEqual(refused, (BufferError, words))
        self.assertEqual(ours.exports(), 0)

    def test_a_resize_is_refused_while_there_are_views(self):
        ours = RUST.Floats([1.0, 2.0])
        view = memoryview(ours)
        self.assertEqual(ours.exports(), 1)
        self.assertEqual(outcome(ours.push, 3.0), (BufferError, EXISTING))
        self.assertEqual(outcome(ours.push, 3.0), outcome(self.pushed_bytearray))
        # Of the view, which is the same export.
        part = view[1:]
        view.release()
        self.assertEqual(outcome(ours.push, 3.0), (BufferError, EXISTING))
        part.release()
        collect()
        self.assertEqual(ours.exports(), 0)
        ours.push(3.0)
        self.assertEqual(len(ours), 3)
        with memoryview(ours) as view:
            self.assertEqual(view.tolist(), [1.0, 2.0, 3.0])
        collect()
        many = [hold(ours) for _ in range(10 if PYPY else 100)]
        self.assertEqual(ours.exports(), len(many))
        for held in many:
            self.assertRaises(BufferError, ours.push, 4.0)
            held.release()
        ours.push(4.0)

    @staticmethod
    def pushed_bytearray():
        memory = bytearray(2)
        with memoryview(memory):
            memory.append(0)

    def test_no_view_begins_during_a_resize(self):
        ours = RUST.Floats([1.0])

        def look():
            self.assertEqual(ours.exports(), 0)
            self.assertEqual(len(ours), 1)
            for function in memoryview, RUST.Floats.list, RUST.Floats.stable_read, RUST.Floats.read_bytes:
                self.assertEqual(outcome(function, ours)[0], BufferError)
            self.assertRaises(BufferError, ours.push, 2.0)

        ours.push_after(2.0, look)
        self.assertEqual(memoryview(ours).tolist(), [1.0, 2.0])
        self.assertRaises(ZeroDivisionError, ours.push_after, 3.0, lambda: 1 / 0)
        self.assertEqual(memoryview(ours).tolist(), [1.0, 2.0])

    def test_a_panic_is_an_exception_and_leaves_all_in_order(self):
        ours = RUST.Floats([1.0])
        for count in range(2, 5):
            with self.assertRaises(BaseException) as raised:
                ours.push_and_panic(float(count))
            self.assertEqual(type(raised.exception).__name__, "PanicException")
            self.assertEqual(memoryview(ours).tolist(), [float(n) for n in range(1, count + 1)])
        panicking = RUST.panicking()
        with self.assertRaises(BaseException) as raised:
            memoryview(panicking)
        self.assertEqual(type(raised.exception).__name__, "PanicException")

    def test_shapes(self):
        for items, shape, order, why in [
            (3, [2, 2], "C", "the shape has 4 items, but the memory has 3"),
            (0, [], "C", "the shape has 1 items, but the memory has 0"),
            (1, [1 << 62, 1 << 62], "C", "shape, strides and itemsize reach further than memory does"),
            (1, [1] * 65, "F", "the shape has 65 dimensions; there may be 64"),
        ]:
            self.assertEqual(outcome(RUST.Floats, [0.0] * items, shape, order), (ValueError, why))
        for first, shape, strides in [
            (0, [2], [-8]),
            (2, [2], [8]),
            (3, [], []),
            (0, [3], [9]),
            (0, [2, 2], [16, 16]),
            (4, [0], [8]),
        ]:
            with self.subTest((first, shape, strides)):
                made = lambda: RUST.Floats([0.0] * 3, shape, strides=strides, first=first)
                refused = outcome(made)
                self.assertEqual(refused[0], ValueError)
                self.assertIn("but the memory has 24 bytes", refused[1])
        self.assertEqual(outcome(lambda: RUST.Floats([0.0], [1], strides=[8, 8]))[0], ValueError)

    def test_what_has_a_shape_is_reshaped(self):
        ours = RUST.Floats([1.0, 2.0, 3.0, 4.0], [2, 2])
        self.assertEqual(outcome(ours.push, 5.0)[0], BufferError)
        view = memoryview(ours)
        self.assertEqual(outcome(ours.reshape, [5.0, 6.0], [3, 2], "C"), (BufferError, EXISTING))
        view.release()
        ours.reshape([5.0, 6.0], [3, 2], "F")
        self.assertEqual(memoryview(ours).tolist(), [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]])
        # A shape that is not that of the memory: it has one dimension.
        self.assertEqual(outcome(ours.reshape, [7.0], [3, 2], "C")[0], ValueError)
        self.assertEqual(memoryview(ours).tolist(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
        ours.push(8.0)
        self.assertEqual(len(memoryview(ours)), 8)

    def test_rust_reads_and_writes(self):
        ours = RUST.Floats([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2, 3], "F")
        view = memoryview(ours)
        self.assertEqual([ours.get([1, 2]), ours.get([0, 1])], [6.0, 3.0])
        self.assertEqual(ours.list(), [1.0, 3.0, 5.0, 2.0, 4.0, 6.0])
        ours.set([0, 1], 9.0)
        self.assertEqual(view[0, 1], 9.0)
        self.assertRaises(IndexError, ours.get, [2, 0])
        self.assertRaises(IndexError, ours.set, [0], 1.0)
        ours.fill_bytes(0)
        self.assertEqual(view.tolist(), [[0.0] * 3] * 2)
        self.assertEqual(ours.read_bytes(), bytes(48))

    def test_replaced_memory_stays_for_its_views(self):
        ours = RUST.Changing(b"first")
        first = memoryview(ours)
        ours.replace(b"second one")
        second = memoryview(ours)
        ours.replace(b"")
        third = memoryview(ours)
        gc.collect()
        junk = [bytes([n]) * 5 for n in range(200)]
        self.assertEqual([bytes(view) for view in (first, second, third)], [b"first", b"second one", b""])
        self.assertEqual([view.shape for view in (first, second, third)], [(5,), (10,), (0,)])
        first[0] = ord("F")
        self.assertEqual(first.tobytes(), b"First")
        second.release()
        first.release()
        third.release()
        del junk

    def test_views_from_before_stay_writable(self):
        ours = RUST.Changing(b"abc")
        before = memoryview(ours)
        ours.make_read_only()
        before[0] = 1
        after = memoryview(ours)
        self.assertTrue(after.readonly)

    def test_an_object_that_is_being_changed_is_not_exported(self):
        ours = RUST.Changing(b"abc")
        refused = outcome(ours.while_changing, lambda: memoryview(ours))
        self.assertEqual(refused[0], BufferError)
        self.assertIn("being changed", refused[1])
        # And a view ends while it is.
        view = memoryview(ours)
        ours.while_changing(view.release)
        self.assertEqual(bytes(ours), b"abc")

    def test_stable_reads(self):
        ours = RUST.Floats([1.0, 2.0])
        stable, another = ours.stable_read(), ours.stable_read()
        self.assertEqual(ours.exports(), 2)
        # What is not asked to be writable is not.
        view = memoryview(ours)
        self.assertTrue(view.readonly)
        refusals = [
            outcome(writable, ours),
            outcome(ours.set, [0], 3.0),
            outcome(ours.fill_bytes, 0),
            outcome(ours.push, 3.0),
        ]
        for kind, words in refusals:
            self.assertEqual(kind, BufferError)
        self.assertIn("is being read", refusals[0][1])
        self.assertIn("is being read", refusals[1][1])
        self.assertEqual(stable.list(), [1.0, 2.0])
        self.assertEqual(another.sum(), 3.0)
        stable.release()
        self.assertRaises(BufferError, writable, ours)
        another.release()
        ours.set([0], 3.0)
        writable(ours)
        self.assertTrue(view.readonly)
        view.release()

        view = memoryview(ours)
        self.assertFalse(view.readonly)
        refused = outcome(ours.stable_read)
        self.assertEqual(refused[0], BufferError)
        self.assertIn("may be written to through another view", refused[1])
        view.release()
        self.assertEqual(ours.stable_read().list(), [3.0, 2.0])
        # What cannot be written to by a view can be read.
        frozen = RUST.Floats([1.0], read_only=True)
        view = memoryview(frozen)
        stable = frozen.stable_read()
        self.assertRaises(BufferError, frozen.set, [0], 2.0)
        self.assertEqual(frozen.exports(), 2)
        stable.release()

    def test_a_stable_read_outlives_its_object(self):
        ours = RUST.Floats([1.0, 2.0])
        stable = ours.stable_read()
        del ours
        gc.collect()
        self.assertEqual(stable.sum(), 3.0)

    def test_memory_is_dropped_once_and_not_before_its_views(self):
        before = RUST.Tracked.live()
        ours = RUST.Tracked(b"content")
        self.assertEqual(RUST.Tracked.live(), before + 1)
        view = memoryview(ours)
        del ours
        gc.collect()
        self.assertEqual(RUST.Tracked.live(), before + 1)
        self.assertEqual(bytes(view), b"content")
        part = view[2:]
        del view
        self.assertEqual(bytes(part), b"ntent")
        del part
        gc.collect()
        collect()
        self.assertEqual(RUST.Tracked.live(), before)

    def test_references_balance(self):
        if not CPYTHON:
            self.skipTest("only CPython counts references")
        for name, value in RUST.plain() + [("table", RUST.Floats([1.0] * 4, [2, 2], "F"))]:
            with self.subTest(name):
                before = sys.getrefcount(value)
                for _ in range(10):
                    with memoryview(value):
                        pass
                    outcome(writable, value)
                    outcome(bytes, value)
                    outcome(struct.unpack_from, "d", value)
                self.assertEqual(sys.getrefcount(value), before)
        ours = RUST.Floats([1.0])
        gone = weakref.ref(ours)
        view = memoryview(ours)
        del ours
        self.assertIsNotNone(gone())
        del view
        self.assertIsNone(gone())

    def test_a_subclass_exports_too(self):
        class Sub(RUST.Tracked):
            pass

        before = RUST.Tracked.live()
        self.assertEqual(bytes(Sub(b"abc")), b"abc")
        if sys.version_info >= (3, 12):

            class Told(RUST.Tracked):
                told = 0

                def __release_buffer__(self, view):
                    type(self).told += 1

            class Both(Told):
                def __buffer__(self, flags):
                    return super().__buffer__(flags)

                def __release_buffer__(self, view):
                    super().__release_buffer__(view)

            for kind in Told, Both:
                ours = kind(b"abc")
                view = memoryview(ours)
                self.assertEqual(bytes(view), b"abc")
                view.release()
                del ours, view
            self.assertGreater(Told.told, 0)
            direct = RUST.Tracked(b"abc")
            view = direct.__buffer__(0x118 | 0x4)
            self.assertRaises(ValueError, direct.__release_buffer__, memoryview(b""))
            direct.__release_buffer__(view)
            self.assertRaises(ValueError, view.tobytes)
            del direct, view
            from collections.abc import Buffer

            self.assertTrue(issubclass(RUST.Tracked, Buffer))
        gc.collect()
        collect()
        self.assertEqual(RUST.Tracked.live(), before)

    def test_a_view_is_released_by_another_thread(self):
        before = RUST.Tracked.live()
        views = [memoryview(RUST.Tracked(bytes([n]))) for n in range(20)]
        self.assertEqual(RUST.Tracked.live(), before + 20)

        def release():
            while views:
                view = views.pop()
                self.assertEqual(len(view), 1)
                view.release()

        thread = threading.Thread(target=release)
        thread.start()
        thread.join()
        gc.collect()
        collect()
        self.assertEqual(RUST.Tracked.live(), before)

    def test_threads_that_look_and_resize(self):
        ours = RUST.Floats([1.0])
        wrong, done = [], threading.Event()
        grown, looked = [0], [0]

        def look():
            while not done.is_set():
                try:
                    with memoryview(ours) as view:
                        if view.tolist() != [float(n + 1) for n in range(len(view))]:
                            wrong.append(view.tolist())
                        looked[0] += 1
                except BufferError:
                    pass
                pause()

        threads = [threading.Thread(target=look) for _ in range(3)]
        for thread in threads:
            thread.start()
        while grown[0] < 300 or looked[0] < 300:
            try:
                ours.push(float(len(ours) + 1)) if grown[0] < 300 else None
                grown[0] += 1
            except BufferError:
                pause()
        done.set()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        collect()
        self.assertEqual((len(ours), ours.exports()), (301, 0))

    def test_consistency_by_the_interpreters_own_checks(self):
        if _testbuffer is None:
            self.skipTest("there is no _testbuffer")
        for name, ours, _ in self.tables():
            with self.subTest(name):
                view = memoryview(ours)
                c, f = view.c_contiguous, view.f_contiguous
                self.assertEqual(bool(_testbuffer.is_contiguous(ours, "C")), c)
                self.assertEqual(bool(_testbuffer.is_contiguous(ours, "F")), f)
                for order in "CFA":
                    whole = _testbuffer.py_buffer_to_contiguous(ours, order, 0x11C)
                    self.assertEqual(whole, view.tobytes(order) if sys.version_info >= (3, 8) else whole)

    def test_repr(self):
        ours = RUST.Floats([1.0])
        with memoryview(ours):
            self.assertEqual(
                repr(ours), 'Exported { len: 1, format: "d", read_only: false, exports: 1, .. }'
            )


def writable(value):
    """Asks for writable memory, as bytes, and gives it back. (Functions that write raise exceptions of their own.)"""
    if not CPYTHON:
        return _bufproto.arguments.ask(value, BITS["WRITABLE"])
    view = ctypes.create_string_buffer(256)
    own("PyObject_GetBuffer", ctypes.py_object, ctypes.c_void_p, ctypes.c_int)(value, view, BITS["WRITABLE"])
    own("PyBuffer_Release", ctypes.c_void_p)(view)

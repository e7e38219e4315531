# -*- coding: utf-8 -*-
"""Arrays of the crate `ndarray`, made of live objects, and exported."""

import array
import ctypes
import sys
import unittest

from bufproto import _bufproto
from support import PYPY, Case, numpy

try:
    import _testbuffer
except ImportError:
    _testbuffer = None

RUST = getattr(_bufproto, "arrays", None)


def flat(value):
    """The items of nested lists, in C order."""
    return [item for part in value for item in flat(part)] if isinstance(value, list) else [value]


def described(view):
    """Shape and items as the interpreter's own consumer tells them."""
    view = memoryview(view)
    if PYPY and view.ndim == 0:
        # PyPy 8.0.1 ends the process in tolist: "Fatal RPython error: NotImplementedError".
        return ([], [view[()]])
    items = view.tolist()
    return (list(view.shape), flat(items) if view.ndim else [items])


def doubles(shape):
    """Writable memory of a C-contiguous shape with the items 0.0, 1.0, ..."""
    count = 1
    for extent in shape:
        count *= extent
    return memoryview(array.array("d", range(count))).cast("B").cast("d", shape)


@unittest.skipIf(RUST is None, "arrays need the extension module in Rust")
class Copies(Case):
    def test_layouts(self):
        for value in (
            doubles((2, 3)), doubles((2, 1, 3)), doubles((6,))[::-1], doubles((7,))[5:0:-2], doubles((4,))[4:],
            memoryview(array.array("d", [1.5])).cast("B").cast("d", ()), array.array("d"),
        ):
            self.assertEqual(RUST.copy_f64(value), described(value))
        self.assertEqual(RUST.copy_u8(b"abc"), ([3], b"abc"))
        # ctypes gives no strides.
        self.assertEqual(RUST.copy_f64(((ctypes.c_double * 2) * 2)((1, 2), (3, 4))), ([2, 2], [1, 2, 3, 4]))
        self.assertEqual(RUST.copy_f64(ctypes.c_double(1.5)), ([], [1.5]))
        unaligned = memoryview(bytearray(b"\0" + array.array("i", [7, 8]).tobytes()))[1:].cast("i")
        self.assertEqual(RUST.copy_i32(unaligned), ([2], [7, 8]))

    def test_byte_order(self):
        other = (ctypes.c_int.__ctype_be__ * 2)(1, -2)
        self.assertEqual(RUST.copy_big_i32(other), ([2], [1, -2]))
        if sys.byteorder == "little":
            self.assertRaisesRegex(TypeError, "byte order", RUST.copy_i32, other)
        self.assertRaisesRegex(TypeError, "format 'd', but '=i' is wanted", RUST.copy_i32, array.array("d"))
        self.assertRaises(TypeError, RUST.copy_i32, 42)

    def test_numpy(self):
        if numpy is None:
            self.skipTest("numpy is not installed")
        cube = numpy.arange(24.0).reshape(2, 3, 4)
        layouts = (
            cube, cube.T, numpy.asfortranarray(cube), cube[:, ::-1, ::2], cube[::-1, ::-1, ::-1], cube[:0], cube[:, :, 4:],
            cube[1, 2, 3:].reshape(()), numpy.broadcast_to(cube[0], (3, 3, 4)), cube[:1, ::2, 1::3], numpy.zeros((0, 3)),
        )
        for value in layouts:
            expected = (list(value.shape), value.ravel().tolist())
            self.assertEqual(RUST.copy_f64(value), expected)
            seen, strides = RUST.view_f64(value)
            self.assertEqual(seen, expected)
            for extent, stride, theirs in zip(value.shape, strides, value.strides):
                if value.size and extent > 1:
                    self.assertEqual(stride * 8, theirs)
        big = numpy.array([[1, -2], [3, 4]], ">i4")
        for value in big, big.T, big[::-1, 1]:
            self.assertEqual(RUST.copy_big_i32(value), (list(value.shape), value.ravel().tolist()))

    def test_items_behind_pointers(self):
        if _testbuffer is None:
            self.skipTest("the interpreter comes without _testbuffer")
        pointers = _testbuffer.ndarray(list(range(6)), shape=[2, 3], format="i", flags=_testbuffer.ND_PIL)
        self.assertEqual(RUST.copy_i32(pointers), ([2, 3], [0, 1, 2, 3, 4, 5]))
        self.assertRaisesRegex(BufferError, "behind pointers", RUST.view_i32, pointers)
        fortran = _testbuffer.ndarray(list(range(6)), shape=[2, 3], format="i", flags=_testbuffer.ND_FORTRAN)
        self.assertEqual(RUST.copy_i32(fortran), described(fortran))
        self.assertEqual(RUST.view_i32(fortran), (described(fortran), [1, 2]))
        backwards = _testbuffer.ndarray(list(range(6)), shape=[2, 3], strides=[12, -4], offset=8, format="i")
        self.assertEqual(RUST.copy_i32(backwards), ([2, 3], [2, 1, 0, 5, 4, 3]))
        self.assertEqual(RUST.view_i32(backwards), (([2, 3], [2, 1, 0, 5, 4, 3]), [3, -1]))

    def test_fields_of_records(self):
        class Point(ctypes.Structure):
            _fields_ = [("kind", ctypes.c_uint64), ("x", ctypes.c_double)]

        points = (Point * 3)((1, 0.5), (2, 1.5), (3, 2.5))
        self.assertEqual(RUST.copy_field_f64(points, "x"), ([3], [0.5, 1.5, 2.5]))
        self.assertEqual(RUST.view_field_f64(points, "x"), (([3], [0.5, 1.5, 2.5]), [2]))
        RUST.scale_field_f64(points, "x", 2)
        self.assertEqual([(point.kind, point.x) for point in points], [(1, 1), (2, 3), (3, 5)])
        self.assertRaisesRegex(ValueError, "no field of that name", RUST.copy_field_f64, points, "y")
        if numpy is not None:
            packed = numpy.zeros((2, 3), [("a", "u1"), ("b", "f8")])
            packed["b"] = [[1, 2, 3], [4, 5, 6]]
            for value in packed, packed.T, packed[::-1, ::2]:
                expected = (list(value.shape), value["b"].ravel().tolist())
                self.assertEqual(RUST.copy_field_f64(value, "b"), expected)
                self.assertRaisesRegex(BufferError, "no multiple of the 8 bytes", RUST.view_field_f64, value, "b")
            # The stride of eight packed records is a multiple, though their address is none.
            self.assertRaisesRegex(BufferError, "address", RUST.view_field_f64, numpy.zeros(9, packed.dtype)[::8], "b")
            even = numpy.zeros((2, 3), [("a", "f8"), ("b", "f8")])
            even["b"] = packed["b"]
            for value in even, even.T, even[::-1, ::-2]:
                expected = (list(value.shape), value["b"].ravel().tolist())
                self.assertEqual(RUST.view_field_f64(value, "b")[0], expected)

    def test_one_dimension(self):
        numbers = array.array("i", [3, -1])
        self.assertEqual(RUST.row_i32(numbers), [3, -1])
        self.assertEqual(RUST.row_i32(array.array("i")), [])
        self.assertRaisesRegex(
            BufferError, "not a multiple of 4", RUST.row_i32, memoryview(bytearray(9))[1:].cast("i")
        )
        self.assertEqual(RUST.row_frozen_u8(b"ab"), b"ab")
        self.assertEqual(RUST.row_frozen_u8(b""), b"")
        self.assertRaises(BufferError, RUST.row_frozen_u8, bytearray(b"ab"))
        memory = array.array("d", [1, 2])
        self.assertEqual(RUST.scale_row_f64(memory, 2), [2, 4])
        self.assertEqual(memory.tolist(), [2, 4])
        self.assertEqual(RUST.scale_row_f64(array.array("d"), 2), [])


@unittest.skipIf(RUST is None, "arrays need the extension module in Rust")
class Frozen(Case):
    def test_bytes(self):
        for content in b"abc", b"":
            self.assertEqual(RUST.frozen_u8(content), ([len(content)], content))
            self.assertEqual(RUST.stable_u8(content), ([len(content)], content))
            self.assertEqual(RUST.snapshot_u8(content), (([len(content)], content), True))
            self.assertEqual(RUST.snapshot_u8(bytearray(content)), (([len(content)], content), False))
            self.assertEqual(RUST.snapshot_u8(memoryview(content)[::-1]), (([len(content)], content[::-1]), False))
        self.assertRaisesRegex(TypeError, "format 'B', but '=i' is wanted", RUST.frozen_i32, b"four")

    def test_memory_that_others_write_to(self):
        for value in bytearray(3), memoryview(bytearray(3)).toreadonly():
            self.assertRaisesRegex(BufferError, "others may write", RUST.frozen_u8, value)
            self.assertRaisesRegex(TypeError, "no stable reads", RUST.stable_u8, value)

    def test_stable_reads(self):
        for fortran in False, True:
            for step in 1, 2, -1:
                table = RUST.Table([float(item) for item in range(12)], [3, 4], fortran, step)
                expected = described(table)

                def write():
                    view = memoryview(table)
                    self.assertTrue(view.readonly)
                    with self.assertRaises(TypeError):
                        view[0, 0] = 9.0
                    self.assertRaises(BufferError, RUST.scale_f64, table, 2)

                self.assertEqual(RUST.stable_f64(table, write), expected)
                # It has been given back.
                RUST.scale_f64(table, 2)
                self.assertEqual(described(table)[1], [item * 2 for item in expected[1]])
        with memoryview(table):
            self.assertRaisesRegex(BufferError, "another view", RUST.stable_f64, table, lambda: None)


@unittest.skipIf(RUST is None, "arrays need the extension module in Rust")
class Writes(Case):
    def test_views_to_write_to(self):
        memory = doubles((2, 3))
        RUST.scale_f64(memory, 2)
        self.assertEqual(memory.tolist(), [[0, 2, 4], [6, 8, 10]])
        row = doubles((5,))
        RUST.scale_f64(row[::-2], 10)
        self.assertEqual(row.tolist(), [0, 1, 20, 3, 40])
        self.assertRaises(BufferError, RUST.scale_f64, row.toreadonly(), 2)
        RUST.scale_f64(row[5:], 2)
        single = ctypes.c_double(1.5)
        RUST.scale_f64(single, 2)
        self.assertEqual(single.value, 3)
        if numpy is not None:
            cube = numpy.ones((2, 3, 4))
            RUST.scale_f64(cube.T[::-1, 1:, ::-1], 3)
            expected = numpy.ones((2, 3, 4))
            expected.T[::-1, 1:, ::-1] *= 3
            self.assertEqual(cube.tolist(), expected.tolist())
            strided = numpy.lib.stride_tricks.as_strided
            for shape, strides in (((2, 2), (0, 8)), ((3, 3), (8, 8)), ((2, 3), (-16 + 8, 8))):
                value = strided(cube[1, 1], shape, strides, writeable=True)
                self.assertRaisesRegex(BufferError, "more than once", RUST.scale_f64, value, 2)
            RUST.scale_f64(strided(cube[0, 0], (1, 2), (0, 8), writeable=True), 2)
            self.assertEqual(cube[0, 0].tolist(), (expected[0, 0] * [2, 2, 1, 1]).tolist())

    def test_items_of_an_array(self):
        for fortran in False, True:
            memory = doubles((2, 3))
            RUST.assign_f64(memory, [1, 2, 3, 4, 5, 6], [2, 3], fortran)
            self.assertEqual(memory.tolist(), [[1, 3, 5], [2, 4, 6]] if fortran else [[1, 2, 3], [4, 5, 6]])
        row = doubles((4,))
        RUST.assign_f64(row[::-2], [8, 9], [2], False)
        self.assertEqual(row.tolist(), [0, 9, 2, 8])
        for shape in [4, 1], [3], [5], []:
            count = 1 if not shape else shape[0]
            with self.assertRaisesRegex(ValueError, "but the memory has shape \\[4\\]"):
                RUST.assign_f64(row, [7.0] * count, shape, False)
        self.assertEqual(row.tolist(), [0, 9, 2, 8])
        self.assertRaises(BufferError, RUST.assign_f64, row.toreadonly(), [1.0] * 4, [4], False)
        single = ctypes.c_double(1.5)
        RUST.assign_f64(single, [2.5], [], False)
        self.assertEqual(single.value, 2.5)


@unittest.skipIf(RUST is None, "arrays need the extension module in Rust")
class Exports(Case):
    def test_layouts(self):
        items = [float(item) for item in range(12)]
        table = RUST.Table(items, [3, 4])
        self.assertEqual(memoryview(table).tolist(), [items[:4], items[4:8], items[8:]])
        self.assertTrue(memoryview(table).c_contiguous)
        table = RUST.Table(items, [3, 4], True)
        self.assertEqual(memoryview(table).tolist(), [items[0::3], items[1::3], items[2::3]])
        self.assertTrue(memoryview(table).f_contiguous)
        table = RUST.Table(items, [3, 4], False, 2)
        self.assertEqual(memoryview(table).tolist(), [[0, 2], [8, 10]])
        table = RUST.Table(items, [3, 4], False, -1)
        self.assertEqual(memoryview(table).tolist(), [items[:7:-1], items[7:3:-1], items[3::-1]])
        self.assertEqual(described(RUST.Table([1.5], [])), ([], [1.5]))
        self.assertEqual(memoryview(RUST.Table([], [2, 0])).shape, (2, 0))
        self.assertEqual(memoryview(RUST.Table.matrix([[1, 2], [3, 4]])).tolist(), [[1, 2], [3, 4]])
        self.assertRaises(ValueError, RUST.Table, [1.0], [1] * 65)
        self.assertTrue(RUST.is_exported_in_place(items))

    def test_memory_is_shared(self):
        for step in 1, -1:
            table = RUST.Table([1, 2, 3, 4], [2, 2], True, step)
            view = memoryview(table)
            view[0, 1] = 7.0
            self.assertEqual(table.items(), described(view))
            self.assertIn(7.0, table.items()[1])
            if numpy is not None:
                theirs = numpy.asarray(table)
                theirs *= 2
                self.assertEqual(theirs.ctypes.data, table.address())
                self.assertEqual(table.items(), ([2, 2], theirs.ravel().tolist()))

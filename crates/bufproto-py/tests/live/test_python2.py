# -*- coding: utf-8 -*-
"""``inspect`` in the 2.x dialect: old slots, several segments, and the lifetimes that are Python 2's own."""

import array
import ctypes
import json
import mmap
import subprocess
import sys
import unittest

import bufproto

from exporters import segmented
from support import PYTHON2, Case, hold


def lifetime(value):
    return bufproto.inspect(value).lifetime


class Python2(Case):
    def test_several_segments_are_refused_and_one_is_not(self):
        for count in [0, 2]:
            report = bufproto.inspect(segmented(count)).as_dict()
            for name in ["as_char_buffer", "as_read_buffer", "as_write_buffer"]:
                self.assertEqual(report[name]["message"], "expected a single-segment buffer object")
            self.assertFalse(report["check_read_buffer"])
            self.assertIsNone(report["lifetime"])
        report = bufproto.inspect(segmented(1)).as_dict()
        self.assertEqual(report["as_read_buffer"], {"ok": True, "len": 5})
        self.assertEqual(report["lifetime"], "moves: Segmented exports no views, so it cannot refuse to move")

    def test_text_is_frozen_and_what_derives_from_it_promises_nothing(self):
        self.assertEqual(lifetime(u"hello"), "frozen")
        self.assertEqual(lifetime(u"h\xe4ll\xf6"), "frozen")
        for kind in [str, type(u"")]:
            self.assertTrue(lifetime(type("Sub", (kind,), {})("hello")).startswith("moves: Sub "))

    def test_a_view_of_a_memoryview_is_one_of_what_it_views(self):
        self.assertEqual(lifetime(memoryview(b"hello")), "frozen")
        data = bytearray(b"hello")
        outer = memoryview(data)
        self.assertEqual(lifetime(outer), "pinned while exported")
        held = hold(outer)
        del outer
        self.assertRaises(BufferError, data.extend, b"x" * 1000)
        held.release()
        data.extend(b"x" * 1000)

    def test_types_that_count_no_views_move_while_they_are_used(self):
        for value, move in [
            (array.array("i", [1]), lambda value: value.extend([1] * 1000)),
            (mmap.mmap(-1, 10), lambda value: value.close()),
        ]:
            name = type(value).__name__
            with self.subTest(name):
                self.assertEqual(lifetime(value), "moves: %s exports no views, so it cannot refuse to move" % name)
                used = buffer(value)
                self.assertRaises(TypeError, hold, value)
                move(value)
                del used

    def test_a_buffer_is_as_good_as_its_base_without_a_view(self):
        self.assertEqual(lifetime(buffer(b"hello")), "frozen")
        self.assertEqual(lifetime(buffer(buffer(u"hello"), 2)), "frozen")
        self.assertTrue(lifetime(buffer(array.array("i", [1]))).startswith("moves: buffer takes no view of its array"))
        data = bytearray(b"hello")
        used = buffer(data)
        self.assertTrue(lifetime(used).startswith("moves: buffer takes no view of its bytearray"))
        held = hold(used)
        data.extend(b"x" * 1000)
        held.release()
        self.assertEqual(len(used), 1005)

    def test_a_buffer_without_a_base_is_kept_by_nobody(self):
        make = ctypes.pythonapi.PyBuffer_FromMemory
        make.restype = ctypes.py_object
        make.argtypes = [ctypes.c_void_p, ctypes.c_ssize_t]
        memory = ctypes.create_string_buffer(10)
        self.assertEqual(
            lifetime(make(ctypes.addressof(memory), 10)),
            "moves: the buffer has no base, so nothing keeps its memory",
        )

    def test_old_classes_have_nothing(self):
        class Old:
            pass

        self.assertEqual(bufproto.inspect(Old()).type, "instance")
        self.assertIsNone(lifetime(Old()))

    def test_arguments_are_utf_8(self):
        command = [sys.executable, "-m", "bufproto", "inspect", "--json", u"u'ä'".encode("utf-8"), b"'\xff'"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        out, _ = process.communicate()
        good, bad = json.loads(out)["objects"]
        self.assertEqual(process.returncode, 1)
        self.assertEqual(good["expr"], u"u'ä'")
        self.assertEqual(good["as_read_buffer"]["len"], len(buffer(u"ä")))
        self.assertEqual(bad["expr"], u"'\ufffd'")
        self.assertEqual(bad["error"]["exception"], "UnicodeDecodeError")


def load_tests(loader, tests, pattern):
    """No tests on Python 3."""
    return tests if PYTHON2 else unittest.TestSuite()


if __name__ == "__main__":
    unittest.main()

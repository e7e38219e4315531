"""``inspect``, and the command of the same name, against CPython's own functions and the objects' own behaviour."""

import array
import contextlib
import ctypes
import io
import json
import mmap
import os
import pickle
import subprocess
import sys
import unittest

import bufproto

try:
    import numpy
except ImportError:
    numpy = None

FUNCTIONS = ["as_char_buffer", "as_read_buffer", "as_write_buffer"]


def own(name):
    """CPython's own function: declared up to 3.12, and exported for ever."""
    function = getattr(ctypes.pythonapi, name)
    function.restype = ctypes.c_int
    return function


def own_answer(name, value):
    """What CPython's own function answers, in the shape of our report."""
    pointer, length = ctypes.c_void_p(), ctypes.c_ssize_t(-77)
    function = own(name)
    function.argtypes = [ctypes.py_object, ctypes.c_void_p, ctypes.c_void_p]
    try:
        function(value, ctypes.byref(pointer), ctypes.byref(length))
    except BaseException as error:
        return {"ok": False, "exception": type(error).__name__, "message": str(error)}
    return {"ok": True, "len": length.value}


def own_check(value):
    function = own("PyObject_CheckReadBuffer")
    function.argtypes = [ctypes.py_object]
    return bool(function(value))


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
    """One of everything in the standard library, and what refuses."""
    yield "bytes", b"hello"
    yield "empty bytes", b""
    yield "bytes subclass", type("Sub", (bytes,), {})(b"hello")
    yield "bytearray", bytearray(b"hello")
    yield "empty bytearray", bytearray()
    yield "memoryview", memoryview(b"hello")
    yield "writable memoryview", memoryview(bytearray(12)).cast("I")
    yield "two dimensions", memoryview(bytearray(12)).cast("B", (3, 4))
    yield "no dimensions", memoryview(bytearray(8)).cast("d", ())
    yield "strided", memoryview(bytearray(10))[::2]
    yield "reversed", memoryview(b"hello")[::-1]
    yield "released memoryview", released()
    yield "array", array.array("d", [1, 2])
    yield "mmap", mmap.mmap(-1, 10)
    yield "closed mmap", closed()
    yield "ctypes array", (ctypes.c_int * 3)(1, 2, 3)
    yield "ctypes scalar", ctypes.c_double(1)
    yield "ctypes big-endian", (ctypes.c_int.__ctype_be__ * 2)(1, 2)
    yield "BytesIO", io.BytesIO(b"hello")
    yield "BytesIO's memory", io.BytesIO(b"hello").getbuffer()
    yield "PickleBuffer", pickle.PickleBuffer(b"hello")
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


class Answers(unittest.TestCase):
    def test_the_functions_answer_as_the_interpreters_own(self):
        if sys.implementation.name != "cpython":
            self.skipTest("only CPython exports its functions to ctypes")
        for name, value in objects():
            with self.subTest(name):
                report = bufproto.inspect(value)
                for ours, theirs in [
                    ("as_char_buffer", "PyObject_AsCharBuffer"),
                    ("as_read_buffer", "PyObject_AsReadBuffer"),
                    ("as_write_buffer", "PyObject_AsWriteBuffer"),
                ]:
                    self.assertEqual(report[ours], own_answer(theirs, value), ours)
                self.assertEqual(report["check_read_buffer"], own_check(value))

    def test_nothing_stays_exported_and_no_reference_is_lost(self):
        for name, value in objects():
            with self.subTest(name):
                bufproto.inspect(value)
                before = sys.getrefcount(value)
                for _ in range(10):
                    bufproto.inspect(value)
                self.assertEqual(sys.getrefcount(value), before)
        data = bytearray(b"hello")
        bufproto.inspect(data)
        data.extend(b"no view is held")

    def test_the_view_is_what_memoryview_sees(self):
        for name, value in objects():
            try:
                theirs = memoryview(value)
            except BaseException as error:
                theirs = error
            with self.subTest(name):
                ours = bufproto.inspect(value)["view"]
                if isinstance(theirs, BaseException):
                    self.assertEqual(ours["exception"], type(theirs).__name__)
                    continue
                self.assertEqual(ours["len"], theirs.nbytes)
                self.assertEqual(ours["itemsize"], theirs.itemsize)
                self.assertEqual(ours["readonly"], theirs.readonly)
                self.assertEqual(ours["ndim"], theirs.ndim)
                self.assertEqual(ours["format"], theirs.format)
                self.assertEqual(tuple(ours["shape"] or ()), theirs.shape)
                if ours["strides"] is not None:
                    self.assertEqual(tuple(ours["strides"]), theirs.strides)
                self.assertEqual(ours["c_contiguous"], theirs.c_contiguous)
                self.assertEqual(ours["f_contiguous"], theirs.f_contiguous)

    def test_suboffsets_and_all_forms_of_the_interpreters_test_exporter(self):
        try:
            from _testbuffer import ND_PIL, ND_FORTRAN, ND_WRITABLE, ndarray
        except ImportError:
            self.skipTest("this interpreter comes without _testbuffer")
        indirect = ndarray(list(range(6)), shape=[2, 3], flags=ND_PIL, format="h")
        view = bufproto.inspect(indirect)["view"]
        self.assertEqual(view["suboffsets"], list(indirect.suboffsets))
        self.assertFalse(view["c_contiguous"] or view["f_contiguous"])
        for flags in [0, ND_FORTRAN, ND_WRITABLE]:
            made = ndarray(list(range(6)), shape=[2, 3], flags=flags, format="L")
            view = bufproto.inspect(made)["view"]
            self.assertEqual((view["c_contiguous"], view["f_contiguous"]), (made.c_contiguous, made.f_contiguous))
            self.assertEqual(tuple(view["strides"]), made.strides)


class Lifetime(unittest.TestCase):
    """The class is what the owner really does, with a view held and without."""

    def lifetime(self, value):
        return bufproto.inspect(value)["lifetime"]

    def test_bytes_are_frozen_and_what_is_made_of_them_is_not(self):
        self.assertEqual(self.lifetime(b"hello"), "frozen")
        self.assertEqual(self.lifetime(pickle.PickleBuffer(b"hello")), "frozen")
        self.assertEqual(self.lifetime(memoryview(b"hello")), "pinned while exported")

    def test_owners_that_refuse_to_move_are_pinned_while_exported(self):
        def resize_array(value):
            value.append(1)

        for value, move in [
            (bytearray(b"x"), lambda value: value.extend(b"x" * 1000)),
            (array.array("i", [1]), resize_array),
            (mmap.mmap(-1, 10), lambda value: value.close()),
            (memoryview(bytearray(3)), lambda value: value.release()),
        ]:
            with self.subTest(type(value).__name__):
                self.assertEqual(self.lifetime(value), "pinned while exported")
                # A memoryview of a memoryview would be a view of what that one views.
                view = pickle.PickleBuffer(value)
                if sys.implementation.name == "cpython":
                    self.assertRaises(BufferError, move, value)
                view.release()
                move(value)

    def test_owners_that_move_under_a_view_say_so(self):
        value = ctypes.create_string_buffer(b"hello", 10)
        self.assertTrue(self.lifetime(value).startswith("moves: ctypes.resize "))
        held = memoryview(value)
        if sys.implementation.name == "cpython":
            ctypes.resize(value, 1000)
        held.release()

    def test_numpy(self):
        if numpy is None:
            self.skipTest("numpy is not installed")
        self.assertTrue(self.lifetime(numpy.zeros(3)).startswith("moves: ndarray.resize(refcheck=False) "))

    def test_what_exports_nothing_has_no_lifetime(self):
        self.assertIsNone(self.lifetime(42))


class Command(unittest.TestCase):
    def run_command(self, *arguments, **environment):
        completed = subprocess.run(
            [sys.executable, "-m", "bufproto", "inspect"] + list(arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(dict(os.environ, PYTHONIOENCODING="utf-8"), **environment),
        )
        return completed.returncode, completed.stdout.decode("utf-8"), completed.stderr.decode("utf-8")

    def test_json_is_one_object_and_nothing_else(self):
        status, out, _ = self.run_command("--json", "b'hello'", "print('noise') or bytearray(3)")
        self.assertEqual(status, 0)
        report = json.loads(out)
        self.assertEqual(list(report), ["python", "dialect", "objects"])
        self.assertEqual(report["python"]["version"], sys.version.split()[0].rstrip("+"))
        self.assertEqual(report["dialect"], "3.x")
        hello, noise = report["objects"]
        self.assertEqual(
            hello,
            {
                "expr": "b'hello'",
                "type": "bytes",
                "as_char_buffer": {"ok": True, "len": 5},
                "as_read_buffer": {"ok": True, "len": 5},
                "as_write_buffer": {
                    "ok": False,
                    "exception": "TypeError",
                    "message": "expected a writable bytes-like object",
                },
                "check_read_buffer": True,
                "view": {
                    "len": 5,
                    "itemsize": 1,
                    "readonly": True,
                    "ndim": 1,
                    "format": "B",
                    "shape": [5],
                    "strides": [1],
                    "suboffsets": None,
                    "c_contiguous": True,
                    "f_contiguous": True,
                },
                "lifetime": "frozen",
            },
        )
        self.assertEqual(noise["as_write_buffer"], {"ok": True, "len": 3})

    def test_a_bad_expression_shows_pythons_error_and_the_others_still_print(self):
        status, out, _ = self.run_command("nonsense", "b'hello'", "1 +", "exit(5)")
        self.assertEqual(status, 1)
        self.assertIn("NameError: name 'nonsense' is not defined", out)
        self.assertIn("SyntaxError: ", out)
        self.assertIn("SystemExit: 5", out)
        self.assertIn("lifetime: frozen", out)
        status, out, _ = self.run_command("--json", "nonsense", "b'hello'")
        self.assertEqual(status, 1)
        bad, good = json.loads(out)["objects"]
        self.assertEqual(
            bad,
            {
                "expr": "nonsense",
                "error": {"exception": "NameError", "message": "name 'nonsense' is not defined"},
            },
        )
        self.assertTrue(good["as_read_buffer"]["ok"])

    def test_the_defaults_work_and_a_pipe_gets_no_colours(self):
        status, out, _ = self.run_command()
        self.assertEqual(status, 0, out)
        self.assertNotIn("\x1b", out)
        for expected in ["bytearray(b'hello')", "mmap.mmap", "lifetime: frozen", "a bytes-like object is required"]:
            self.assertIn(expected, out)

    def test_expressions_may_begin_with_a_dash_and_use_names_in_nested_scopes(self):
        status, out, _ = self.run_command("--json", "--", "-1", "[array.array('i', [n]) for n in range(1)][0]")
        self.assertEqual(status, 0, out)
        self.assertEqual([entry["type"] for entry in json.loads(out)["objects"]], ["int", "array.array"])

    def test_text_that_the_terminal_cannot_show_is_escaped(self):
        status, out, _ = self.run_command("type('Gr\\u00f6\\u00dfe', (), {})()", PYTHONIOENCODING="ascii")
        self.assertEqual(status, 0)
        self.assertIn("Gr\\xf6\\xdfe", out)


if __name__ == "__main__":
    unittest.main()

"""``inspect``, and the command of the same name, against CPython's own functions and the objects' own behaviour."""

import array
import collections
import ctypes
import functools
import gc
import json
import mmap
import operator
import os
import pickle
import subprocess
import sys
import unittest

import bufproto

from exporters import objects
from support import CPYTHON, PYPY, PYTHON2, Case, hold, numpy, own_answer, own_check, references


class Answers(Case):
    def test_the_functions_answer_as_the_interpreters_own(self):
        if not CPYTHON:
            self.skipTest("only CPython exports its functions to ctypes")
        for name, value in objects():
            with self.subTest(name):
                report = bufproto.inspect(value).as_dict()
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
                if PYPY and name == "released memoryview":
                    # PyPy itself raises, the first time that it is to hand it to a function in C.
                    self.assertRaises(ValueError, bufproto.inspect, value)
                bufproto.inspect(value)
                # Python 2's ordered dictionaries are circles, and hold what there are many references to.
                gc.collect()
                before = references(value)
                for _ in range(10):
                    bufproto.inspect(value)
                gc.collect()
                self.assertEqual(references(value), before)
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
                if PYPY and name == "released memoryview":
                    # PyPy itself raises, the first time that it is to hand it to a function in C.
                    self.assertRaises(ValueError, bufproto.inspect, value)
                ours = bufproto.inspect(value).as_dict()["view"]
                if isinstance(theirs, BaseException):
                    self.assertEqual(ours["exception"], type(theirs).__name__)
                    continue
                self.assertEqual(ours["len"], functools.reduce(operator.mul, theirs.shape or (), theirs.itemsize))
                self.assertEqual(ours["itemsize"], theirs.itemsize)
                # On PyPy, what C sees of a BytesIO is a copy.
                copied = PYPY and name == "BytesIO's memory"
                self.assertEqual(ours["readonly"], theirs.readonly or copied)
                self.assertEqual(ours["ndim"], theirs.ndim)
                self.assertEqual(ours["format"], theirs.format)
                self.assertEqual(tuple(ours["shape"] or ()), theirs.shape or ())
                if ours["strides"] is not None:
                    self.assertEqual(tuple(ours["strides"]), theirs.strides)
                # In Python 2 only numpy's arrays say it.
                says = getattr(value, "flags", None) if PYTHON2 else theirs
                if says is not None:
                    self.assertEqual(ours["c_contiguous"], says.c_contiguous)
                    self.assertEqual(ours["f_contiguous"], says.f_contiguous)

    def test_suboffsets_and_all_forms_of_the_interpreters_test_exporter(self):
        try:
            from _testbuffer import ND_PIL, ND_FORTRAN, ND_WRITABLE, ndarray
        except ImportError:
            self.skipTest("this interpreter comes without _testbuffer")
        indirect = ndarray(list(range(6)), shape=[2, 3], flags=ND_PIL, format="h")
        view = bufproto.inspect(indirect).as_dict()["view"]
        self.assertEqual(view["suboffsets"], list(indirect.suboffsets))
        self.assertFalse(view["c_contiguous"] or view["f_contiguous"])
        for flags in [0, ND_FORTRAN, ND_WRITABLE]:
            made = ndarray(list(range(6)), shape=[2, 3], flags=flags, format="L")
            view = bufproto.inspect(made).as_dict()["view"]
            self.assertEqual((view["c_contiguous"], view["f_contiguous"]), (made.c_contiguous, made.f_contiguous))
            self.assertEqual(tuple(view["strides"]), made.strides)


class Lifetime(Case):
    """The class is what the owner really does, with a view held and without."""

    def lifetime(self, value):
        return bufproto.inspect(value).lifetime

    def test_bytes_are_frozen_and_what_is_made_of_them_is_not(self):
        self.assertEqual(self.lifetime(b"hello"), "frozen")
        # PyPy's does not name the owner.
        if hasattr(pickle, "PickleBuffer") and not PYPY:
            self.assertEqual(self.lifetime(pickle.PickleBuffer(b"hello")), "frozen")
        if not PYTHON2 and not PYPY:
            self.assertEqual(self.lifetime(memoryview(b"hello")), "pinned while exported")

    def test_owners_that_refuse_to_move_are_pinned_while_exported(self):
        pinned = [(bytearray(b"x"), lambda value: value.extend(b"x" * 1000))]
        # PyPy lets go what these have: test_pypy.
        if not PYTHON2 and not PYPY:
            pinned += [
                (array.array("i", [1]), lambda value: value.append(1)),
                (mmap.mmap(-1, 10), lambda value: value.close()),
                (memoryview(bytearray(3)), lambda value: value.release()),
            ]
        for value, move in pinned:
            with self.subTest(type(value).__name__):
                self.assertEqual(self.lifetime(value), "pinned while exported")
                view = hold(value)
                if CPYTHON:
                    self.assertRaises(BufferError, move, value)
                view.release()
                move(value)

    def test_owners_that_move_under_a_view_say_so(self):
        value = ctypes.create_string_buffer(b"hello", 10)
        # On PyPy the owner is a memoryview, and there is no ctypes.resize.
        why = "moves: PyPy lets the memory of memoryview go " if PYPY else "moves: ctypes.resize "
        self.assertTrue(self.lifetime(value).startswith(why))
        held = hold(value)
        if CPYTHON:
            ctypes.resize(value, 1000)
        held.release()

    def test_numpy(self):
        if numpy is None:
            self.skipTest("numpy is not installed")
        self.assertTrue(self.lifetime(numpy.zeros(3)).startswith("moves: ndarray.resize(refcheck=False) "))

    def test_what_exports_nothing_has_no_lifetime(self):
        self.assertIsNone(self.lifetime(42))


class Command(Case):
    def run_command(self, *arguments, **environment):
        process = subprocess.Popen(
            [sys.executable, "-m", "bufproto", "inspect"] + list(arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(dict(os.environ, PYTHONIOENCODING="utf-8"), **environment),
        )
        out, complaints = process.communicate()
        return process.returncode, out.decode("utf-8"), complaints.decode("utf-8")

    def test_json_is_one_object_and_nothing_else(self):
        noise = "[__import__('sys').stdout.write('noise'), bytearray(3)][1]"
        status, out, _ = self.run_command("--json", "b'hello'", noise)
        self.assertEqual(status, 0)
        report = json.loads(out, object_pairs_hook=collections.OrderedDict)
        self.assertEqual(list(report), ["python", "dialect", "objects"])
        self.assertEqual(report["python"]["version"], sys.version.split()[0].rstrip("+"))
        self.assertEqual(report["dialect"], "2.x" if PYTHON2 else "3.x")
        hello, noise = report["objects"]
        self.assertEqual(
            list(hello),
            ["expr", "type"]
            + ["as_char_buffer", "as_read_buffer", "as_write_buffer", "check_read_buffer", "view", "lifetime"],
        )
        refused = "Cannot use string as modifiable buffer" if PYTHON2 else "expected a writable bytes-like object"
        if PYPY:
            refused = "expected an object with a writable buffer interface"
        self.assertEqual(
            hello,
            {
                "expr": "b'hello'",
                "type": "str" if PYTHON2 else "bytes",
                "as_char_buffer": {"ok": True, "len": 5},
                "as_read_buffer": {"ok": True, "len": 5},
                "as_write_buffer": {
                    "ok": False,
                    "exception": "TypeError",
                    "message": refused,
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

    def test_messages_of_several_lines_and_of_none_stay_below_their_object(self):
        status, out, _ = self.run_command("exit('two\\nlines')", "(_ for _ in ()).throw(ValueError)")
        self.assertEqual(status, 1)
        self.assertIn("  SystemExit: two\n    lines\n", out.replace("\r\n", "\n"))
        self.assertIn("  ValueError\n", out.replace("\r\n", "\n"))

    def test_the_defaults_work_and_a_pipe_gets_no_colours(self):
        status, out, _ = self.run_command()
        self.assertEqual(status, 0, out)
        self.assertNotIn("\x1b", out)
        refused = "expected a readable buffer object" if PYTHON2 else "a bytes-like object is required"
        for expected in ["bytearray(b'hello')", "mmap.mmap", "lifetime: frozen", refused]:
            self.assertIn(expected, out)

    def test_expressions_may_begin_with_a_dash_and_use_names_in_nested_scopes(self):
        status, out, _ = self.run_command("--json", "--", "-1", "[array.array('i', [n]) for n in range(1)][0]", "(lambda: array.array('i'))()")
        self.assertEqual(status, 0, out)
        types = [entry["type"] for entry in json.loads(out)["objects"]]
        self.assertEqual(types, ["int", "array.array", "array.array"])

    def test_text_that_the_terminal_cannot_show_is_escaped(self):
        name = "u'Gr\\u00f6\\u00dfe'" + (".encode('utf-8')" if PYTHON2 else "")
        status, out, _ = self.run_command("type(%s, (), {})()" % name, PYTHONIOENCODING="ascii")
        self.assertEqual(status, 0)
        self.assertIn("Gr\\xf6\\xdfe", out)


if __name__ == "__main__":
    unittest.main()

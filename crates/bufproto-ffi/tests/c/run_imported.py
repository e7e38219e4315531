"""The functions are taken from the Python package, or it is said what is missing. Runs in Python 2.7 and 3.6 and later.

An argument names the module with the strict policy under a limited API. The last line of the output counts the tests, in
JSON.
"""

from __future__ import print_function

import ctypes
import os
import subprocess
import sys
import unittest

import counted

# What the interpreter's own function says of an object that exports nothing.
if sys.version_info[0] < 3:
    REFUSAL = "expected a readable buffer object"
elif hasattr(sys, "pypy_version_info"):
    REFUSAL = "expected an object with a buffer interface"
else:
    REFUSAL = "a bytes-like object is required, not 'int'"


class Table(ctypes.Structure):
    """What the package's capsule points to."""

    _fields_ = [("version", ctypes.c_char_p), ("count", ctypes.c_size_t), ("functions", ctypes.c_void_p)]


def old_package():
    """Puts a package in place that has fewer functions."""
    capsule = ctypes.pythonapi.PyCapsule_New
    capsule.restype, capsule.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    table = Table(b"0.0.1", 3, None)
    package = type(sys)("bufproto")
    package._C_API = capsule(ctypes.addressof(table), b"bufproto._C_API", None)
    package.keep = table
    sys.modules["bufproto"] = package


def no_package():
    """Hides the package."""
    sys.modules["bufproto"] = None


def asked(prepare, what):
    """What an interpreter of its own raises for an expression about the extension, or prints for it."""
    code = "import run_imported; run_imported.%s(); import imported\n" % prepare
    code += "try:\n print(%s)\nexcept Exception as error:\n print('%%s: %%s' %% (type(error).__name__, error))" % what
    folder = os.path.dirname(os.path.abspath(__file__))
    path = os.pathsep.join([folder, os.environ["PYTHONPATH"]])
    output = subprocess.check_output([sys.executable, "-c", code], env=dict(os.environ, PYTHONPATH=path))
    return output.decode().strip()


def installed():
    """Leaves the package as it is."""


class Imports(unittest.TestCase):
    def test_the_package_has_the_functions(self):
        self.assertEqual(asked("installed", "imported.import_package()"), os.environ["BUFPROTO_VERSION"])

    def test_a_call_imports_them_by_itself(self):
        answer = asked("installed", "imported.ours(1, 42, 0, 0)[0]")
        self.assertEqual(answer, "-1")
        self.assertEqual(asked("installed", "imported.held(42, None)"), "TypeError: " + REFUSAL)

    def test_a_scope_holds(self):
        self.assertIn("hello", asked("installed", "imported.held(b'hello', lambda: None).decode()"))
        grow = "(lambda data: imported.held(data, lambda: data.extend(b'x' * 1000)))(bytearray(b'hello'))"
        self.assertTrue(asked("installed", grow).startswith("BufferError"))

    def test_a_missing_package_is_named(self):
        version = os.environ["BUFPROTO_VERSION"]
        text = "ImportError: this extension needs the Python package bufproto, version %s or later, and there is none: "
        for what in ["imported.import_package()", "imported.held(b'hello', lambda: None)", "imported.held(42, None)"]:
            self.assertEqual(asked("no_package", what), text % version + "pip install bufproto")

    def test_a_strict_refusal_under_a_limited_api_names_it_too(self):
        if len(sys.argv) < 2:
            self.skipTest("there is no limited API")
        what = "__import__('%s').ours(1, bytearray(b'x'), 0, 0)[4].__name__" % sys.argv[1]
        self.assertEqual(asked("installed", what), "BufferError")
        self.assertEqual(asked("no_package", what), "ImportError")

    def test_an_old_package_is_named_with_both_versions(self):
        if not hasattr(ctypes, "pythonapi"):
            self.skipTest("ctypes cannot call this interpreter's functions, to make a capsule")
        text = "ImportError: this extension needs the Python package bufproto, version %s or later, and version 0.0.1 is "
        expected = text % os.environ["BUFPROTO_VERSION"] + "installed: pip install --upgrade bufproto"
        self.assertEqual(asked("old_package", "imported.import_package()"), expected)


if __name__ == "__main__":
    counted.main(Imports)

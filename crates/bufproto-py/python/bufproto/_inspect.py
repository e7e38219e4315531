"""``python -m bufproto inspect``: what the four functions answer for objects of this interpreter."""

import argparse
import contextlib
import importlib
import json
import platform
import sys
import sysconfig

from . import _table
from ._bufproto import inspect

MODULES = {
    "array": "array",
    "ctypes": "ctypes",
    "io": "io",
    "mmap": "mmap",
    "pickle": "pickle",
    "struct": "struct",
    "np": "numpy",
    "numpy": "numpy",
}
"""The names that expressions may use besides the built-in ones, and the modules that they stand for."""

DEFAULTS = [
    "b'hello'",
    "bytearray(b'hello')",
    "memoryview(b'hello')",
    "memoryview(bytearray(10))[::2]",
    "array.array('d', [1.0, 2.0])",
    "mmap.mmap(-1, 4096)",
    "(ctypes.c_int * 3)(1, 2, 3)",
    "np.zeros((2, 3))",
    "np.zeros((2, 3)).T",
    "'hello'",
    "42",
]
"""What is inspected when nothing is named."""


class Namespace(dict):
    """The names of expressions. Modules are imported when they are first used."""

    def __missing__(self, name):
        if name not in MODULES:
            raise KeyError(name)
        self[name] = importlib.import_module(MODULES[name])
        return self[name]


def interpreter():
    """The interpreter, as the report names it."""
    return {
        "version": platform.python_version(),
        "implementation": platform.python_implementation(),
        "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    }


def report(expressions):
    """One entry for each expression; one that fails has the exception in place of the answers."""
    objects = []
    for expression in expressions:
        entry = {"expr": expression}
        try:
            # What an expression prints must not end up in the report.
            with contextlib.redirect_stdout(sys.stderr):
                entry.update(inspect(eval(expression, Namespace())))
        except (Exception, SystemExit) as error:
            entry["error"] = {"exception": type(error).__name__, "message": str(error)}
        objects.append(entry)
    return {"python": interpreter(), "dialect": "3.x", "objects": objects}


def importable(expression):
    """Whether a default expression can be evaluated here: numpy may be missing."""
    name = expression.split(".")[0]
    if name != "np":
        return True
    try:
        importlib.import_module(MODULES[name])
    except ImportError:
        return False
    return True


def arguments(argv):
    parser = argparse.ArgumentParser(
        prog="python -m bufproto",
        description="Python's old buffer protocol, on live objects.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.required = True
    command = commands.add_parser(
        "inspect",
        help="show what the four functions answer for objects",
        description="Shows what the four functions answer for each expression's object, the view that it "
        "exports, and how long its memory stays in place.",
    )
    command.add_argument("--json", action="store_true", help="print one JSON object, and nothing else")
    command.add_argument(
        "expressions",
        metavar="EXPR",
        nargs="*",
        help="a Python expression; %s can be used" % ", ".join(sorted(MODULES)),
    )
    return parser.parse_args(argv)


def main(argv):
    """Runs the command, and returns the exit status: 1 if an expression failed."""
    options = arguments(argv)
    expressions = options.expressions or [expr for expr in DEFAULTS if importable(expr)]
    answers = report(expressions)
    if options.json:
        json.dump(answers, sys.stdout, ensure_ascii=True)
        sys.stdout.write("\n")
    else:
        _table.write(answers, sys.stdout)
    return 1 if any("error" in entry for entry in answers["objects"]) else 0

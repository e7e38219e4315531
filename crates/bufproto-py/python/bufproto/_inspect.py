"""``python -m bufproto inspect``: what the four functions answer for objects of this interpreter."""

from __future__ import unicode_literals

import contextlib
import importlib
import json
import platform
import sys
import sysconfig
from collections import OrderedDict

from . import _table
from ._bufproto import inspect
from ._text import failure, text

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

NEW_KINDS = ["b'hello'", "bytearray(b'hello')", "memoryview(b'hello')", "memoryview(bytearray(10))[::2]"]
OLD_KINDS = [
    "'hello'",
    "u'hello'",
    "bytearray(b'hello')",
    "buffer('hello')",
    "buffer(bytearray(10), 2)",
    "memoryview(b'hello')",
]
COMMON_KINDS = [
    "array.array('d', [1.0, 2.0])",
    "mmap.mmap(-1, 4096)",
    "(ctypes.c_int * 3)(1, 2, 3)",
    "np.zeros((2, 3))",
    "np.zeros((2, 3)).T",
]

PYTHON2 = sys.version_info[0] == 2

DEFAULTS = (OLD_KINDS + COMMON_KINDS if PYTHON2 else NEW_KINDS + COMMON_KINDS + ["'hello'"]) + ["42"]
"""What is inspected when nothing is named."""


class Namespace(dict):
    """The names of expressions. Modules are imported when they are first used."""

    def __missing__(self, name):
        if name not in MODULES:
            raise KeyError(name)
        self[name] = importlib.import_module(MODULES[name])
        return self[name]


def import_nested(code, namespace):
    """Imports what functions and generators inside an expression name, for Python 2, which looks their names up without
    asking the namespace for those that it misses."""
    for nested in [constant for constant in code.co_consts if isinstance(constant, type(code))]:
        for name in nested.co_names:
            try:
                namespace[name]
            except (KeyError, ImportError):
                # An attribute's name, a built-in one, or one that evaluation will complain of.
                pass
        import_nested(nested, namespace)


def evaluate(expression):
    """The object that an expression stands for."""
    # Arguments are bytes in Python 2; of an expression in bytes it would take non-ASCII letters for Latin-1.
    source = expression.decode("utf-8") if isinstance(expression, bytes) else expression
    namespace = Namespace()
    code = compile(source.strip(), "<string>", "eval", dont_inherit=True)
    if PYTHON2:
        import_nested(code, namespace)
    return eval(code, namespace)


@contextlib.contextmanager
def nothing_printed():
    """What an expression prints must not end up in the report."""
    kept, sys.stdout = sys.stdout, sys.stderr
    try:
        yield
    finally:
        sys.stdout = kept


def interpreter():
    """The interpreter, as the report names it."""
    return OrderedDict(
        [
            ("version", platform.python_version()),
            ("implementation", platform.python_implementation()),
            ("free_threaded", bool(sysconfig.get_config_var("Py_GIL_DISABLED"))),
        ]
    )


def report(expressions):
    """One entry for each expression; one that fails has the exception in place of the answers."""
    objects = []
    for expression in expressions:
        entry = OrderedDict([("expr", text(expression))])
        try:
            with nothing_printed():
                entry.update(inspect(evaluate(expression)))
        except (Exception, SystemExit) as error:
            entry["error"] = failure(error)
        objects.append(entry)
    dialect = "2.x" if PYTHON2 else "3.x"
    return OrderedDict([("python", interpreter()), ("dialect", dialect), ("objects", objects)])


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


def add_to(commands):
    """Adds the command to those of ``python -m bufproto``."""
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
    command.set_defaults(run=run)


def run(options):
    """Runs the command, and returns the exit status: 1 if an expression failed."""
    expressions = options.expressions or [expr for expr in DEFAULTS if importable(expr)]
    answers = report(expressions)
    if options.json:
        json.dump(answers, sys.stdout, ensure_ascii=True)
        sys.stdout.write("\n")
    else:
        _table.write(answers, sys.stdout)
    return 1 if any("error" in entry for entry in answers["objects"]) else 0

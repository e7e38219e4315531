"""Which rules for exporters (4xx) the exporters of this interpreter keep; prints a table in Markdown.

    exporters.py NAME [EXPRESSION...]

What an exporter says to the fullest request is what it is held to: the other requests must be granted what they are entitled
to, as `bufproto_core::grant` has it, and refused the rest. Runs in Python 2.7 and 3.6 and later.
"""

from __future__ import print_function

import array
import ctypes
import io
import itertools
import mmap
import sys

import oracle

try:
    import builtins
except ImportError:
    import __builtin__ as builtins

FLAGS = oracle.flags()
WRITABLE, FORMAT, ND, STRIDES, INDIRECT = (
    FLAGS["PyBUF_" + name] for name in ["WRITABLE", "FORMAT", "ND", "STRIDES", "INDIRECT"]
)
C, F, ANY = (FLAGS["PyBUF_%s_CONTIGUOUS" % order] for order in ["C", "F", "ANY"])
FULL_RO = FLAGS["PyBUF_FULL_RO"]

# What a consumer can ask for.
REQUESTS = [
    layout | writable | form
    for layout, writable, form in itertools.product([0, ND, STRIDES, C, F, ANY, INDIRECT], [0, WRITABLE], [0, FORMAT])
]

RULES = [401, 404, 405, 406, 407, 408, "fields", "BufferError", "generous"]


def has(request, flags):
    return request & flags == flags


def entitled(request, full):
    """The rule that refuses this request of such memory, or None."""
    c, fortran = "C" in full["contiguous"], "F" in full["contiguous"]
    refusals = [
        (401, has(request, WRITABLE) and full["readonly"]),
        (404, has(request, C) and not c),
        (405, has(request, F) and not fortran),
        (406, has(request, ANY) and not (c or fortran)),
        (407, not has(request, INDIRECT) and "suboffsets" in full),
        (404, not has(request, STRIDES) and not c),
        (408, not has(request, ND) and has(request, FORMAT)),
    ]
    return next((rule for rule, refused in refusals if refused), None)


def name(request):
    words = [word for word, flags in [("WRITABLE", WRITABLE), ("FORMAT", FORMAT)] if has(request, flags)]
    layouts = [("INDIRECT", INDIRECT), ("ANY", ANY), ("F", F), ("C", C), ("STRIDES", STRIDES), ("ND", ND)]
    words[:0] = [word for word, flags in layouts if has(request, flags)][:1]
    return "|".join(words) or "SIMPLE"


def fields(request, full, answer):
    """What is wrong with the fields of a view that was granted, or None."""
    several = full["ndim"] != 0
    stated = [("shape", ND, several), ("strides", STRIDES, several), ("format", FORMAT, True)]
    for field, flag, there in stated:
        if (field in answer) != (has(request, flag) and there):
            return "%s is %s" % (field, "there" if field in answer else "missing")
    if "suboffsets" in answer and not has(request, INDIRECT):
        return "suboffsets are there"
    if (answer["len"], answer["itemsize"]) != (full["len"], full["itemsize"]):
        return "len or itemsize changes"
    if bool(answer["readonly"]) != bool(full["readonly"]):
        return "readonly changes"
    return None


def judge(make):
    """What became of each rule: None where nothing asked for it, else a list of what broke it."""
    full = oracle.get_buffer(make(), FULL_RO, 0, 1)
    if full["rc"] != 0:
        return None
    found = {}

    def note(rule, broken):
        found.setdefault(rule, []).extend([broken] if broken else [])

    for request in REQUESTS:
        rule = entitled(request, full)
        answer = oracle.get_buffer(make(), request, 0, 0)
        granted = answer["rc"] == 0
        if rule is not None:
            note(rule, name(request) if granted else None)
        elif not granted:
            note("generous", name(request))
        else:
            note("generous", None)
            wrong = fields(request, full, answer)
            note("fields", wrong and "%s: %s" % (name(request), wrong))
        if not granted:
            kind = type(answer.get("raised")).__name__
            note("BufferError", None if kind == "BufferError" else "%s: %s" % (name(request), kind))
    return found


def cell(found, rule):
    if rule not in found:
        return "-"
    broken = found[rule]
    return "kept" if not broken else "**%d**: %s" % (len(broken), broken[0].replace("|", "\\|"))


def objects():
    """Names, and functions that make one."""
    yield "bytes", lambda: b"hello"
    yield "bytearray", lambda: bytearray(b"hello")
    yield "memoryview", lambda: memoryview(b"hello")
    yield "array", lambda: array.array("h", [1, 2])
    yield "mmap", lambda: mmap.mmap(-1, 10)
    yield "mmap, to read", lambda: mmap.mmap(-1, 10, access=mmap.ACCESS_READ)
    yield "ctypes scalar", lambda: ctypes.c_int(1)
    yield "ctypes array", lambda: ((ctypes.c_int * 3) * 2)()
    yield "ctypes structure", lambda: type("S", (ctypes.Structure,), {"_fields_": [("a", ctypes.c_int)]})()
    if sys.version_info[0] >= 3:
        yield "memoryview, strided", lambda: memoryview(bytearray(10))[::2]
        yield "memoryview, cast", lambda: memoryview(bytearray(12)).cast("B", (3, 4))
        yield "BytesIO.getbuffer", lambda: io.BytesIO(b"hello").getbuffer()
    try:
        from pickle import PickleBuffer
    except ImportError:
        pass
    else:
        yield "PickleBuffer", lambda: PickleBuffer(b"hello")
        yield "PickleBuffer, strided", lambda: PickleBuffer(memoryview(b"0123456789")[::2])
    try:
        import _testbuffer as t
    except ImportError:
        pass
    else:
        yield "_testbuffer, Fortran", lambda: t.ndarray(list(range(6)), shape=[2, 3], flags=t.ND_FORTRAN)
        yield "_testbuffer, pointers", lambda: t.ndarray(list(range(6)), shape=[2, 3], flags=t.ND_PIL)
    try:
        import numpy
    except ImportError:
        pass
    else:
        yield "numpy", lambda: numpy.zeros((2, 3))
        yield "numpy, Fortran", lambda: numpy.zeros((2, 3), order="F")
        yield "numpy, strided", lambda: numpy.arange(9)[::2]
        yield "numpy, to read", lambda: numpy.frombuffer(b"hello", "u1")
        yield "numpy scalar", lambda: numpy.float64(1)
    try:
        import pyarrow
    except ImportError:
        pass
    else:
        yield "pyarrow buffer", lambda: pyarrow.py_buffer(b"hello")
        yield "pyarrow buffer, to write", lambda: pyarrow.allocate_buffer(8)
        yield "pyarrow tensor", lambda: pyarrow.Tensor.from_numpy(__import__("numpy").zeros((2, 3)))
    try:
        from PIL import Image
    except ImportError:
        pass
    else:
        yield "Pillow image", lambda: Image.new("RGB", (2, 2))


class Names(dict):
    """What expressions may name: modules are imported when they are named."""

    def __missing__(self, name):
        if name in vars(builtins):
            return getattr(builtins, name)
        try:
            return __import__(name)
        except ImportError:
            raise NameError("there is neither a name %r nor a module" % name)


def given(expressions):
    """The same as `objects`, of expressions. Each is evaluated anew for each request."""
    for expression in expressions:
        code = compile(expression, "<expression>", "eval")
        yield expression, lambda code=code: eval(code, {}, Names())


def main(title, expressions):
    print("## %s\n" % title)
    print("| exporter | %s |" % " | ".join(str(rule) for rule in RULES))
    print("|---|%s" % ("---|" * len(RULES)))
    broken = False
    for exporter, make in given(expressions) if expressions else objects():
        found = judge(make)
        cells = ["exports no views"] if found is None else [cell(found, rule) for rule in RULES]
        broken |= any(found.get(rule) for rule in (401, 404, 405, 406, 407)) if found else True
        print("| %s | %s |" % (exporter.replace("|", "\\|"), " | ".join(cells)))
    return 1 if expressions and broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))

"""The native part of the package where PyO3 does not go: what the Rust module of this name offers, by a small one in C."""

from __future__ import unicode_literals

from collections import OrderedDict

from . import _lifetime, _native
from ._native import _C_API  # noqa: F401
from ._text import failure, text

__version__ = _native.version

VIEW = ["len", "itemsize", "readonly", "ndim", "format", "shape", "strides", "suboffsets"]
"""The fields of a view, as the module in C returns them. What comes after them is the owner."""


def inspect(object):
    """What the four functions answer for an object, the view that it exports, and how long its memory stays."""
    report = OrderedDict([("type", type_name(type(object)))])
    for name in ["as_char_buffer", "as_read_buffer", "as_write_buffer"]:
        report[name] = _answer(getattr(_native, name), object)
    report["check_read_buffer"] = _native.check_read_buffer(object)
    try:
        fields = _native.view(object)
    except BaseException as error:
        report["view"] = failure(error)
        # In Python 2 a type can hand out memory without exporting views of it.
        located = report["as_char_buffer"]["ok"] or report["as_read_buffer"]["ok"]
        report["lifetime"] = _lifetime.without_view(object) if located else None
    else:
        report["view"] = _describe(fields)
        report["lifetime"] = _lifetime.of_view(fields[len(VIEW)])
    return report


def type_name(kind):
    """The type's name with its module; some types, as those that ctypes makes, state no module."""
    try:
        module, name = kind.__module__, getattr(kind, "__qualname__", kind.__name__)
    except Exception:
        return text(kind.__name__)
    if module in ["builtins", "__builtin__", "__main__"]:
        return text(name)
    return "%s.%s" % (text(module), text(name))


def _answer(function, object):
    try:
        return OrderedDict([("ok", True), ("len", function(object))])
    except BaseException as error:
        answer = OrderedDict([("ok", False)])
        answer.update(failure(error))
        return answer


def _describe(fields):
    view = OrderedDict(zip(VIEW, fields))
    view["format"] = text(view["format"])
    view["c_contiguous"] = _is_contiguous(view, reversed)
    view["f_contiguous"] = _is_contiguous(view, iter)
    return view


def _is_contiguous(view, in_order):
    """Whether all items lie side by side when the dimensions are taken in an order, the fastest first. The rule is that
    of ``layout.rs``; the interpreter's own function answers otherwise in 2.7."""
    if view["suboffsets"] is not None:
        return False
    if view["len"] == 0:
        return True
    shape, strides = view["shape"] or [], view["strides"]
    if strides is None:
        # That means C order, which is any order if only one dimension has neighbours.
        return in_order is reversed or sum(extent > 1 for extent in shape) <= 1
    distance = view["itemsize"]
    for extent, stride in in_order(list(zip(shape, strides))):
        if extent > 1 and stride != distance:
            return False
        distance *= extent
    return True

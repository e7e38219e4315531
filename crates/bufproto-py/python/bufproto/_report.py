"""What ``inspect`` returns."""

from __future__ import unicode_literals

from collections import OrderedDict, namedtuple

from . import _bufproto, _table


class Answer(namedtuple("Answer", ["ok", "length", "exception", "message"])):
    """What one of the functions answers: a length in bytes, or an exception.

        >>> import bufproto
        >>> report = bufproto.inspect(b"hello")
        >>> report.as_read_buffer.ok, int(report.as_read_buffer.length)
        (True, 5)
        >>> print(report.as_write_buffer.exception)
        TypeError
    """

    __slots__ = ()

    def as_dict(self):
        """The answer as in ``python -m bufproto inspect --json``.

            >>> import bufproto
            >>> answer = bufproto.inspect(b"hello").as_read_buffer
            >>> answer.as_dict() == {"ok": True, "len": 5}
            True
        """
        if self.ok:
            return OrderedDict([("ok", True), ("len", self.length)])
        return OrderedDict([("ok", False), ("exception", self.exception), ("message", self.message)])


class Failure(namedtuple("Failure", ["exception", "message"])):
    """Why there is no view.

        >>> import bufproto
        >>> failure = bufproto.inspect(5).view
        >>> isinstance(failure, bufproto.Failure)
        True
        >>> print(failure.exception)
        TypeError
    """

    __slots__ = ()

    def as_dict(self):
        """The failure as in ``python -m bufproto inspect --json``.

            >>> import bufproto
            >>> sorted(bufproto.inspect(5).view.as_dict()) == ["exception", "message"]
            True
        """
        return OrderedDict(zip(self._fields, self))


class View(
    namedtuple(
        "View",
        [
            "length",
            "itemsize",
            "readonly",
            "ndim",
            "format",
            "shape",
            "strides",
            "suboffsets",
            "c_contiguous",
            "f_contiguous",
        ],
    )
):
    """The view that an object exports. A field that the exporter left out is None.

        >>> import bufproto
        >>> view = bufproto.inspect(bytearray(b"hello")).view
        >>> int(view.length), int(view.ndim), view.readonly, view.suboffsets
        (5, 1, False, None)
    """

    __slots__ = ()

    def as_dict(self):
        """The view as in ``python -m bufproto inspect --json``.

            >>> import bufproto
            >>> view = bufproto.inspect(bytearray(b"hello")).view.as_dict()
            >>> view["shape"] == [5]
            True
        """
        fields = [list(field) if isinstance(field, tuple) else field for field in self]
        return OrderedDict(zip(KEYS, fields))


KEYS = ["len"] + list(View._fields[1:])
"""The names of a view's fields in JSON."""


class Report(
    namedtuple(
        "Report",
        [
            "type",
            "as_char_buffer",
            "as_read_buffer",
            "as_write_buffer",
            "check_read_buffer",
            "view",
            "lifetime",
        ],
    )
):
    """What the four functions answer for an object, the view that it exports, and how long its memory stays in place.

        >>> import bufproto
        >>> report = bufproto.inspect(b"hello")
        >>> report.check_read_buffer
        True
        >>> print(report.lifetime)
        frozen
    """

    __slots__ = ()

    def as_dict(self):
        """The report as in ``python -m bufproto inspect --json``.

            >>> import bufproto
            >>> report = bufproto.inspect(b"hello").as_dict()
            >>> report["as_read_buffer"] == {"ok": True, "len": 5}
            True
        """
        fields = [field.as_dict() if isinstance(field, tuple) else field for field in self]
        return OrderedDict(zip(self._fields, fields))

    def __repr__(self):
        """For people, as a Python prompt shows it."""
        words = _table.summary(self.as_dict())
        # In Python 2 it has to be bytes.
        return words if str is type(words) else words.encode("ascii", "backslashreplace")

    __str__ = __repr__


def inspect(object):
    """What the four functions answer for an object, the view that it exports, and how long its memory stays in place.

        >>> import bufproto
        >>> report = bufproto.inspect(bytearray(b"hello"))
        >>> int(report.as_write_buffer.length)
        5
        >>> print(report.lifetime)
        pinned while exported

    At a prompt a report shows as a table.
    """
    report = _bufproto.inspect(object)
    return Report(
        report["type"],
        _answer(report["as_char_buffer"]),
        _answer(report["as_read_buffer"]),
        _answer(report["as_write_buffer"]),
        report["check_read_buffer"],
        _view(report["view"]),
        report["lifetime"],
    )


def _answer(answer):
    return Answer(answer["ok"], answer.get("len"), answer.get("exception"), answer.get("message"))


def _view(view):
    if "exception" in view:
        return Failure(view["exception"], view["message"])
    fields = [view[key] for key in KEYS]
    return View(*[tuple(field) if isinstance(field, list) else field for field in fields])

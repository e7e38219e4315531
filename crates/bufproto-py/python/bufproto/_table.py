"""The report of ``inspect`` for people: a row for each object, and what does not fit in one below it."""

from __future__ import unicode_literals

import os
from collections import OrderedDict

GREEN, RED, FAINT, BOLD = "32", "31", "2", "1"

COLUMNS = ["object", "type", "char", "read", "write", "check"]
ANSWERS = ["as_char_buffer", "as_read_buffer", "as_write_buffer"]


def write(report, stream):
    """Writes the report, in colours if the stream is a terminal that wants them."""
    paint = _painter(stream)
    python = report["python"]
    lines = [
        paint(
            "%s %s%s, the %s dialect"
            % (
                python["implementation"],
                python["version"],
                ", free-threaded" if python["free_threaded"] else "",
                report["dialect"],
            ),
            FAINT,
        ),
        "",
    ]
    rows = [_row(entry) for entry in report["objects"]]
    widths = [max(len(row[column]) for row in [COLUMNS] + rows) for column in range(len(COLUMNS))]
    lines.append(paint(_line(COLUMNS, widths), BOLD))
    for entry, row in zip(report["objects"], rows):
        colours = [BOLD, None] + [_colour(entry, function) for function in ANSWERS + ["check_read_buffer"]]
        lines.append(_line(row, widths, lambda text, column: paint(text, colours[column])))
        lines.extend(paint("  " + detail, FAINT) for detail in _details(entry))
    text = "\n".join(lines) + "\n"
    encoding = getattr(stream, "encoding", None) or "ascii"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))


def summary(entry):
    """The report of one object, in lines of their own."""
    answers = ["%s %s" % pair for pair in zip(COLUMNS[2:], _answers(entry))]
    return "\n  ".join(["%s: %s" % (_one_line(entry["type"]), ", ".join(answers))] + list(_details(entry)))


def _painter(stream):
    terminal = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def paint(text, colour):
        return "\x1b[%sm%s\x1b[0m" % (colour, text) if terminal and colour else text

    return paint


def _line(row, widths, paint=lambda text, column: text):
    cells = [paint(text.ljust(width), column) for column, (text, width) in enumerate(zip(row, widths))]
    return "  ".join(cells).rstrip()


def _row(entry):
    if "error" in entry:
        return [_one_line(entry["expr"]), "-", "-", "-", "-", "-"]
    return [_one_line(entry["expr"]), entry["type"]] + _answers(entry)


def _answers(entry):
    return [_answer(entry[function]) for function in ANSWERS] + ["yes" if entry["check_read_buffer"] else "no"]


def _answer(answer):
    return _bytes(answer["len"]) if answer["ok"] else answer["exception"]


def _colour(entry, function):
    answer = entry.get(function)
    if answer is None:
        return RED
    return GREEN if (answer["ok"] if isinstance(answer, dict) else answer) else RED


def _details(entry):
    if "error" in entry:
        yield _words(entry["error"])
        return
    # The functions usually fail alike: each text once.
    failures = OrderedDict()
    for function in ANSWERS:
        answer = entry[function]
        if not answer["ok"]:
            failures.setdefault(_words(answer), []).append(COLUMNS[2 + ANSWERS.index(function)])
    for text, functions in failures.items():
        yield "%s: %s" % (", ".join(functions), text)
    view = entry["view"]
    if "exception" in view:
        yield "view: " + _words(view)
    else:
        yield "view: " + ", ".join(_view(view))
    if entry["lifetime"]:
        yield "lifetime: " + entry["lifetime"]


def _words(failure):
    """What was raised. A message of several lines stays below its object."""
    words = ": ".join(filter(None, [failure["exception"], failure["message"]]))
    return words.replace("\n", "\n    ")


def _view(view):
    yield _bytes(view["len"])
    yield "itemsize %d" % view["itemsize"]
    # Python 2 marks text by a letter.
    quoted = repr(view["format"]).lstrip("u")
    yield "format %s" % ("none (unsigned bytes)" if view["format"] is None else quoted)
    yield "ndim %d" % view["ndim"]
    for field in ["shape", "strides", "suboffsets"]:
        if view[field] is not None:
            yield "%s %s" % (field, tuple(view[field]))
    yield "read-only" if view["readonly"] else "writable"
    orders = [name for name, key in [("C", "c_contiguous"), ("Fortran", "f_contiguous")] if view[key]]
    yield " and ".join(orders) + " contiguous" if orders else "not contiguous"


def _bytes(length):
    return "1 byte" if length == 1 else "%d bytes" % length


def _one_line(text):
    return " ".join(text.split())

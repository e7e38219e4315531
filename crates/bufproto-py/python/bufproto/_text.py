"""Names and messages as text. In Python 2 most of them are bytes."""

from __future__ import unicode_literals

from collections import OrderedDict


def text(words):
    """The same words as text; None stays None."""
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words


def failure(error):
    """An exception, as reports show it."""
    return OrderedDict([("exception", text(type(error).__name__)), ("message", _message(error))])


def _message(error):
    # In Python 2 there are messages that only `unicode` can hold. And any message may fail to be made.
    for kind in [str, type("")]:
        try:
            return text(kind(error))
        except Exception as failed:
            why = failed
    return text(str(why))

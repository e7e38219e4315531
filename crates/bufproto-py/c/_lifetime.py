"""How long a pointer into an object's memory stays good, as the Rust module's ``lifetime.rs`` decides it: by who owns the
memory, and whether the owner is told when a view ends (it fills ``bf_releasebuffer``), so that it can refuse to move.

What Python 2.7 adds, and where its sources say so:

- A view of a ``memoryview`` is a view of what that one views, owner included: ``memory_getbuf`` in Objects/memoryobject.c.
- ``unicode`` is written once, as ``str`` is, and the old slots hand out its own memory, or the encoded ``str`` that it
  keeps as long as it lives: ``unicode_buffer_getreadbuf`` and ``unicode_buffer_getcharbuf`` in Objects/unicodeobject.c.
- ``array`` and ``mmap`` fill the old slots only, which count nothing: ``array_as_buffer`` in Modules/arraymodule.c,
  ``mmap_as_buffer`` in Modules/mmapmodule.c.
- ``buffer`` asks its base for the memory each time, and takes no view of it: ``get_buf`` and ``buffer_getbuffer`` in
  Objects/bufferobject.c. So its memory is frozen if its base's is, and otherwise moves when the base does.
"""

from __future__ import unicode_literals

from . import _native
from ._text import text

FROZEN = "frozen"
PINNED = "pinned while exported"

FROZEN_TYPES = [bytes] if bytes is not str else [str, type("")]
"""Types whose content is written once, before anybody sees it. Not those that derive from them."""


def of_view(owner):
    """The class of a view's memory."""
    if owner is None:
        return _moves("the view has no owner, so nothing keeps its memory")
    if _native.is_told(owner):
        return PINNED
    kind = type(owner)
    name = text(kind.__name__)
    if _is_of(kind, "numpy"):
        return _moves("ndarray.resize(refcheck=False) moves the memory even while it is exported")
    if any(_is_of(base, "_ctypes") for base in kind.__mro__):
        return _moves("ctypes.resize moves the memory even while it is exported")
    return _without_count(owner, "%s is not told when a view ends, so it cannot refuse to move" % name)


def without_view(owner):
    """The class of memory that an old slot of Python 2 handed out, where the type exports no views."""
    return _without_count(owner, "%s exports no views, so it cannot refuse to move" % text(type(owner).__name__))


def _without_count(owner, why):
    if type(owner) in FROZEN_TYPES:
        return FROZEN
    if bytes is str and isinstance(owner, buffer):
        base = _native.buffer_base(owner)
        if base is None:
            return _moves("the buffer has no base, so nothing keeps its memory")
        return _without_count(base, "buffer takes no view of its %s, so that is free to move" % text(type(base).__name__))
    return _moves(why)


def _moves(why):
    return "moves: " + why


def _is_of(kind, module):
    return getattr(kind, "__module__", None) == module

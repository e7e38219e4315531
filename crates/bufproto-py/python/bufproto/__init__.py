"""Python's old buffer protocol: what its four functions answer, and how long the answer stays good.

``inspect(object)`` tells it of an object. ``Buffer`` is memory that grows, is exported, and can be read while nobody writes to
it (where Rust goes: from Python 3.8 on). The folders are for those who build extensions with the C library, which a wheel
of this package brings along: ``python -m bufproto --help`` says more.

    >>> import bufproto
    >>> bufproto.inspect(bytearray(b"hello")).check_read_buffer
    True
    >>> bufproto.__version__.count(".")
    2
"""

from ._bufproto import _C_API, __version__  # noqa: F401
from ._folders import get_cmake_dir, get_include, get_library_dir, get_pkgconfig_dir
from ._report import Answer, Failure, Report, View, inspect

try:
    from ._bufproto import Buffer  # noqa: F401
except ImportError:
    # The module in C, for Python up to 3.7, has none.
    pass

__all__ = [
    "Answer",
    "Failure",
    "Report",
    "View",
    "__version__",
    "get_cmake_dir",
    "get_include",
    "get_library_dir",
    "get_pkgconfig_dir",
    "inspect",
] + (["Buffer"] if "Buffer" in globals() else [])

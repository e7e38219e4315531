"""The package's types. Python 2.7 reads its files as well, so they have none of their own."""

from ._bufproto import Buffer as Buffer
from ._bufproto import __version__ as __version__
from ._folders import get_cmake_dir as get_cmake_dir
from ._folders import get_include as get_include
from ._folders import get_library_dir as get_library_dir
from ._folders import get_pkgconfig_dir as get_pkgconfig_dir
from ._report import Answer as Answer
from ._report import Failure as Failure
from ._report import Report as Report
from ._report import View as View
from ._report import inspect as inspect

__all__ = [
    "Answer",
    "Buffer",
    "Failure",
    "Report",
    "View",
    "__version__",
    "get_cmake_dir",
    "get_include",
    "get_library_dir",
    "get_pkgconfig_dir",
    "inspect",
]

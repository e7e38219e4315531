"""The package's types: its files are read by Python 2.7 as well, which has no annotations."""

from typing import Any, Dict, NamedTuple, Optional, Tuple, Union

from ._bufproto import __version__ as __version__

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
]

def get_include() -> str: ...
def get_library_dir() -> str: ...
def get_cmake_dir() -> str: ...
def get_pkgconfig_dir() -> str: ...

class Answer(NamedTuple):
    ok: bool
    length: Optional[int]
    exception: Optional[str]
    message: Optional[str]
    def as_dict(self) -> Dict[str, Any]: ...

class Failure(NamedTuple):
    exception: str
    message: str
    def as_dict(self) -> Dict[str, Any]: ...

class View(NamedTuple):
    length: int
    itemsize: int
    readonly: bool
    ndim: int
    format: Optional[str]
    shape: Optional[Tuple[int, ...]]
    strides: Optional[Tuple[int, ...]]
    suboffsets: Optional[Tuple[int, ...]]
    c_contiguous: bool
    f_contiguous: bool
    def as_dict(self) -> Dict[str, Any]: ...

class Report(NamedTuple):
    type: str
    as_char_buffer: Answer
    as_read_buffer: Answer
    as_write_buffer: Answer
    check_read_buffer: bool
    view: Union[View, Failure]
    lifetime: Optional[str]
    def as_dict(self) -> Dict[str, Any]: ...

def inspect(object: object) -> Report: ...

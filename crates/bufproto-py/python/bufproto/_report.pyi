from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

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

KEYS: List[str]

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

"""What a user of the package writes. mypy and pyright read it: what must not pass says so, and they say if it passes."""

from typing import List, Optional, Tuple

import bufproto
from bufproto.setuptools import add_to


class Extension:
    def __init__(self) -> None:
        self.include_dirs: List[str] = []
        self.extra_compile_args: List[str] = []
        self.extra_link_args: List[str] = []
        self.depends: List[str] = []


report = bufproto.inspect(b"hello")
length: Optional[int] = report.as_read_buffer.length
text: str = report.as_read_buffer.length  # type: ignore[assignment]
check: bool = report.check_read_buffer
if isinstance(report.view, bufproto.View):
    shape: Optional[Tuple[int, ...]] = report.view.shape
else:
    why: str = report.view.message
report.view.shape  # type: ignore[union-attr]

folder: str = bufproto.get_include()
extension: Extension = add_to(Extension(), force=True)
add_to("no extension")  # type: ignore[type-var]

buffer = bufproto.Buffer(b"hello")
number: int = buffer[0]
part: bufproto.Buffer = buffer[1:]
buffer[0] = 106
buffer[1:3] = [1, 2]
buffer += memoryview(b"!")
with buffer.stable_read() as view:
    content: bytes = bytes(view)
made: bufproto.Buffer = bufproto.Buffer.over(bytearray(3))
bufproto.Buffer("text", "utf-8")
bufproto.Buffer("text")  # type: ignore[arg-type]
buffer.append("a")  # type: ignore[arg-type]


class Derived(bufproto.Buffer):
    pass


derived: Derived = Derived.over(b"")

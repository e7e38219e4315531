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

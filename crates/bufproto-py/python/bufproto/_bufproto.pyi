"""The native module."""

import os
import sys
from typing import Any, Dict, Iterable, Iterator, Optional, Type, TypeVar, Union, overload

if sys.version_info >= (3, 12):
    from collections.abc import Buffer as _BytesLike
else:
    from typing_extensions import Buffer as _BytesLike

__all__ = ["_C_API", "Buffer", "__version__", "inspect", "read_library"]

# A capsule, which C code takes the functions from.
_C_API: object
__version__: str

def inspect(object: object) -> Dict[str, Any]: ...
def read_library(path: Union[str, "os.PathLike[str]"]) -> Dict[str, Any]: ...

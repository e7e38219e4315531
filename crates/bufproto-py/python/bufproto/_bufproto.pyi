"""The native module."""

import os
from typing import Any, Dict, Union

__all__ = ["_C_API", "__version__", "inspect", "read_library"]

# A capsule, which C code takes the functions from.
_C_API: object
__version__: str

def inspect(object: object) -> Dict[str, Any]: ...
def read_library(path: Union[str, "os.PathLike[str]"]) -> Dict[str, Any]: ...

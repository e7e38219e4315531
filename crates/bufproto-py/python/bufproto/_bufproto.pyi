"""The native module."""

import os
from typing import Any, Dict, Union

__all__ = ["__version__", "inspect", "read_library"]

__version__: str

def inspect(object: object) -> Dict[str, Any]: ...
def read_library(path: Union[str, "os.PathLike[str]"]) -> Dict[str, Any]: ...

"""Python's old buffer protocol: what its four functions answer, and how long the answer stays good."""

from ._bufproto import _C_API, inspect  # noqa: F401

__all__ = ["inspect"]

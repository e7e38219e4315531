"""Python's old buffer protocol: what its four functions answer, and how long the answer stays good."""

from ._bufproto import inspect

__all__ = ["inspect"]

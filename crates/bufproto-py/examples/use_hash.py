"""Hashes whatever has bytes."""

import array
import mmap

from hash import fnv1a

# From the test vectors of the hash's authors.
assert fnv1a(b"") == 0xCBF29CE484222325
assert fnv1a(b"a") == 0xAF63DC4C8601EC8C
assert fnv1a(b"foobar") == 0x85944171F73967E8

mapped = mmap.mmap(-1, 6)
mapped[:] = b"foobar"
for data in [bytearray(b"foobar"), memoryview(b"(foobar)")[1:-1], array.array("b", b"foobar"), mapped]:
    assert fnv1a(data) == 0x85944171F73967E8

# Long ones are hashed while other threads run.
assert fnv1a(bytes(5000)) == fnv1a(bytearray(5000)) != fnv1a(bytes(5001))

try:
    fnv1a("foobar")
except TypeError as error:
    assert "a bytes-like object is required, not 'str'" in str(error), error
else:
    raise AssertionError("a str has no bytes")

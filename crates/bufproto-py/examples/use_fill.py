"""Has memory filled that Python owns."""

import array
import io
import sys

from fill import Noise

# The first numbers of SplitMix64 for the seed 1234567, as its other implementations have them.
EXPECTED = [6457827717110365317, 3203168211198807973, 9817491932198370423]

numbers = array.array("Q", bytes(24))
assert Noise(1234567).readinto(numbers) == 24
if sys.byteorder == "big":
    numbers.byteswap()
assert list(numbers) == EXPECTED

# Part of a buffer, and a length that is no multiple of eight.
buffer = bytearray(b"." * 12)
assert Noise(1234567).readinto(memoryview(buffer)[:10]) == 10
assert buffer[:8] == EXPECTED[0].to_bytes(8, "little") and buffer[10:] == b".."


class File(io.RawIOBase):
    """All that a file needs is a function that fills a buffer."""

    def __init__(self, readinto):
        self.readinto = readinto

    def readable(self):
        return True


file = io.BufferedReader(File(Noise(1234567).readinto))
assert file.read(24) == b"".join(number.to_bytes(8, "little") for number in EXPECTED)

for refused in b"read-only", memoryview(bytearray(8))[::2]:
    try:
        Noise(1).readinto(refused)
    except TypeError as error:
        assert "read-write" in str(error) or "contiguous" in str(error), error
    else:
        raise AssertionError("it cannot be written to in place")

"""The size of an item by its format, as the running interpreter's `struct` has it, and its test exporter."""

import random
import struct
import unittest

from bufproto import _bufproto
from support import Case

try:
    import _testbuffer
except ImportError:
    _testbuffer = None

# The functions are in Rust, and so is the module that has them.
RUST = getattr(_bufproto, "arguments", None)

# What `struct` and PEP 3118 both know; the rest of the grammar is recorded (core's tests/data/formats.py).
NATIVE, STANDARD = "xcbB?hHiIlLqQnNefdspP", "xcbB?hHiIlLqQefdsp"
ORDERS = {"": NATIVE, "@": NATIVE, "=": STANDARD, "<": STANDARD, ">": STANDARD, "!": STANDARD}
FORMATS = 3000


def formats():
    numbers = random.Random(3118)
    for _ in range(FORMATS):
        order = numbers.choice(sorted(ORDERS))
        pieces = []
        for _ in range(numbers.randrange(7)):
            count = numbers.choice(["", "", "", "0", "1", "2", "17", "0007"])
            pieces.append(count + numbers.choice(ORDERS[order]) + numbers.choice(["", "", " ", "\t"]))
        text = order + "".join(pieces)
        # Now and then it ends too early, or has something in it that is nothing.
        if numbers.random() < 0.1:
            at = numbers.randrange(len(text) + 1)
            text = text[:at] + numbers.choice(["k", "3", "-", "%"]) + text[at:]
        yield text


@unittest.skipIf(RUST is None, "the functions need the extension module in Rust")
class Formats(Case):
    def test_sizes_and_refusals_are_those_of_struct(self):
        refused = 0
        for text in formats():
            try:
                expected = struct.calcsize(text)
            except struct.error:
                expected = None
                refused += 1
            try:
                size = RUST.format_size(text.encode())
            except ValueError:
                size = None
            self.assertEqual(size, expected, repr(text))
        self.assertGreater(refused, FORMATS // 100)

    def test_sizes_are_those_of_the_test_exporter(self):
        if _testbuffer is None:
            self.skipTest("the interpreter comes without _testbuffer")
        for order, codes in sorted(ORDERS.items()):
            for code in codes.replace("x", ""):
                for count in "", "3":
                    # It packs the items, so their values must fit.
                    text = order + (count if code in "sp" else "") + code
                    value = b"a" if code in "csp" else True if code == "?" else 1
                    exporter = _testbuffer.ndarray([value], shape=[1], format=text)
                    self.assertEqual(RUST.format_size(text.encode()), memoryview(exporter).itemsize, text)

"""The manual's two versions of one module: the second refuses what the first does. The last line counts, in JSON."""

import sys
import unittest

import counted
import manual

SAFE = sys.argv[1] == "after"


class Manual(unittest.TestCase):
    def test_it_answers_as_ever(self):
        self.assertEqual(manual.first(b"hello", lambda: None), b"h")
        self.assertEqual(manual.first(bytearray(b""), lambda: None), b"")
        self.assertRaises(TypeError, manual.first, 42, lambda: None)

    def test_the_owner_moves_or_refuses(self):
        data = bytearray(b"hello")
        if SAFE:
            self.assertRaises(BufferError, manual.first, data, data.clear)
            self.assertEqual(data, b"hello")
        else:
            # Not called with anything that frees the memory: its bytes would be anybody's.
            manual.first(data, lambda: data.__setitem__(0, 0))


if __name__ == "__main__":
    counted.main(Manual)

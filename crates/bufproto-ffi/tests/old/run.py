"""Old code does what it did. Runs in Python 2.7 and 3.6 and later; the module to test is named as the argument.

The last line of the output counts the tests, in JSON.
"""

from __future__ import print_function

import array
import ctypes
import importlib
import json
import mmap
import sys
import unittest

module = importlib.import_module(sys.argv.pop())

if sys.version_info[0] < 3:
    NO_CHARACTERS = "expected a string or other character buffer object"
    NOT_READABLE = "expected a readable buffer object"
    NOT_WRITABLE = "expected a writeable buffer object"
    READ_ONLY = "Cannot use string as modifiable buffer"
else:
    NO_CHARACTERS = NOT_READABLE = "a bytes-like object is required, not 'int'"
    NOT_WRITABLE = READ_ONLY = "expected a writable bytes-like object"
BY_ADDRESS = READ_ONLY
if module.__name__ == "old_swig":
    # Its typemaps for memory replace the texts with one of their own.
    NOT_READABLE = "in method 'checksum', argument 1 of type '(const unsigned char *data, size_t amount)'"
    NOT_WRITABLE = READ_ONLY = "in method 'fill', argument 1 of type '(unsigned char *memory, size_t amount)'"


def mapped(content):
    memory = mmap.mmap(-1, len(content))
    memory.write(content)
    return memory


def numbered():
    return (ctypes.c_char * 4).from_buffer_copy(b"\x01\x02\xfe\xff")


class Extension(unittest.TestCase):
    def refuses(self, text, function, *arguments):
        try:
            function(*arguments)
        except TypeError as error:
            self.assertEqual(str(error), text)
        else:
            self.fail("no exception")

    def test_checksum(self):
        content = b"\x01\x02\xfe\xff"
        for data in [content, bytearray(content), array.array("B", [1, 2, 254, 255]), mapped(content), numbered()]:
            self.assertEqual(module.checksum(data), 512)
        self.assertEqual(module.checksum(array.array("H", [0x0101] * 3)), 6)
        self.assertEqual(module.checksum(b""), 0)
        self.assertEqual(module.checksum(bytearray()), 0)
        self.refuses(NOT_READABLE, module.checksum, 42)

    def test_fill(self):
        for data in [bytearray(b"hello"), array.array("B", [0] * 5), mapped(b"hello")]:
            module.fill(data, 0x41)
            self.assertEqual(bytearray(data[:]), b"AAAAA")
        data = numbered()
        module.fill(data, 0x41)
        self.assertEqual(data.raw, b"AAAA")
        for data in [42, None]:
            self.refuses(NOT_WRITABLE, module.fill, data, 0x41)
        self.refuses(READ_ONLY, module.fill, b"hello", 0x41)

    def test_count(self):
        for data in [b"hello", bytearray(b"hello"), mapped(b"hello")]:
            self.assertEqual(module.count(data, b"lo"), 3)
        self.assertEqual(module.count(b"he\0llo", b"\0"), 1)
        self.refuses(NO_CHARACTERS, module.count, 42, b"lo")

    def test_is_readable(self):
        for data in [b"", bytearray(b"x"), array.array("d"), mapped(b"x"), numbered()]:
            self.assertTrue(module.is_readable(data))
        for data in [42, None, [], object]:
            self.assertFalse(module.is_readable(data))

    def test_functions_by_address(self):
        for data in [bytearray(b"abc"), mapped(b"abc")]:
            self.assertEqual(module.lengths(data), (3, 3, 3))
        self.assertRaises(ValueError, module.lengths, 42)
        self.refuses(BY_ADDRESS, module.lengths, b"abc")


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Extension)
    result = suite.run(unittest.TestResult())
    wrong = result.failures + result.errors
    for test, text in wrong:
        print("%s: %s\n%s" % (module.__file__, test, text), file=sys.stderr)
    skipped = [why for _, why in result.skipped]
    passed = result.testsRun - len(wrong) - len(skipped)
    print(json.dumps({"passed": passed, "failed": len(wrong), "skipped": skipped}))
    sys.exit(1 if wrong else 0)

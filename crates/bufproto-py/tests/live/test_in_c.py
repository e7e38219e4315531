"""The extension module in C, which serves interpreters that PyO3 does not support."""

import ctypes
import io
import mmap
import unittest

from bufproto import _bufproto

from support import Case

native = getattr(_bufproto, "_native", None)


class InC(Case):
    def test_the_functions_are_not_the_interpreters(self):
        with io.open(native.__file__, "rb") as file:
            symbols = file.read().split(b"\0")
        self.assertIn(b"PyObject_GetBuffer", symbols)
        for name in [b"AsCharBuffer", b"AsReadBuffer", b"AsWriteBuffer", b"CheckReadBuffer"]:
            self.assertNotIn(b"PyObject_" + name, symbols)

    def test_no_exception_of_a_slot_stays_behind(self):
        memory = mmap.mmap(-1, 10)
        memory.close()
        self.assertIs(native.check_read_buffer(memory), False)
        self.assertEqual(ctypes.pythonapi.PyErr_Occurred(), 0)


def load_tests(loader, tests, pattern):
    """No tests where the module is the one in Rust."""
    return tests if native else unittest.TestSuite()


if __name__ == "__main__":
    unittest.main()

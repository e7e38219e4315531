"""The same cases under AddressSanitizer, which stops a program where it reads freed memory. Runs in Python 2.7 and 3.6 and
later.

BUFPROTO_SANITIZER is the sanitizer's library; it must be loaded before the interpreter's own. The last line of the output
counts the tests, in JSON.
"""

from __future__ import print_function

import json
import os
import re
import sys
import sysconfig
import unittest

import cases
import child
import counted

# The C library's memory, also for what Python 2.7 would take from blocks of its own.
SIZE = 4096
SANITIZED = {
    "LD_PRELOAD": os.environ["BUFPROTO_SANITIZER"],
    "PYTHONMALLOC": "malloc",
    # What the interpreter itself keeps until its end is none of our business.
    "ASAN_OPTIONS": "detect_leaks=0:halt_on_error=1:abort_on_error=0:exitcode=99:malloc_context_size=1",
}


def obstacle():
    """Why nothing can be sanitized here, or None."""
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "a free-threaded interpreter has no memory of the C library's, which AddressSanitizer could see"
    # A script that does nothing: whatever is said is about the sanitizer.
    status, _, complaints = child.run("child.py", environment=SANITIZED)
    if status != 0 or complaints:
        said = (complaints.strip().splitlines() or ["status %s" % status])[-1]
        return "AddressSanitizer cannot be loaded into this interpreter: " + said
    return None


def look(case, way, function):
    return child.run("cases.py", case.name, way, str(function), str(SIZE), environment=SANITIZED)


class Sanitized(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        why = obstacle()
        if why:
            raise unittest.SkipTest(why)

    def test_a_mixture_of_calls_is_clean(self):
        status, _, complaints = child.run("mixture.py", environment=SANITIZED)
        self.assertNotIn("AddressSanitizer", complaints)
        self.assertEqual(status, 0, complaints)


def tests(case, function):
    def without(self):
        status, output, complaints = look(case, "unscoped", function)
        if status == 0:
            # Memory that is not the C library's is gone for the system too.
            self.assertEqual(json.loads(output), {"seen": None, "refused": []})
        else:
            self.assertEqual(status, 99, complaints)
            self.assertIn("heap-use-after-free", complaints)
            where = re.search(r"#0 .*", complaints).group()
            self.assertTrue(re.search(r" in look .*lifetime\.c", where), complaints)

    def within(self):
        status, output, complaints = look(case, "scoped", function)
        self.assertNotIn("AddressSanitizer", complaints)
        self.assertEqual(status, 0, complaints)
        self.assertEqual(json.loads(output)["seen"][:2], [SIZE, SIZE])

    return without, within


cases.add_tests(Sanitized, tests)

if __name__ == "__main__":
    counted.main(Sanitized)

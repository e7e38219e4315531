"""valgrind sees no error below our functions, and would. Runs in Python 2.7 and 3.6 and later.

Unlike AddressSanitizer it looks at the library as well, and at memory that was never written. What it says of the
interpreter alone is not ours: an error counts if a function of the extension is in one of its stacks. The last line of the
output counts the tests, in JSON.
"""

from __future__ import print_function

import os
import shutil
import tempfile
import unittest
import xml.etree.ElementTree

import child
import counted

MODULES = ["lifetime.so", "probe.so"]


def errors(*command):
    """Runs a script under valgrind; the kinds of the errors that are ours."""
    folder = tempfile.mkdtemp()
    try:
        report = os.path.join(folder, "report.xml")
        options = ["--quiet", "--num-callers=50", "--xml=yes", "--xml-file=" + report]
        status, _, complaints = child.run(
            *command, before=["valgrind"] + options, environment={"PYTHONMALLOC": "malloc"}
        )
        if status != 0:
            raise AssertionError("ended with %s\n%s" % (status, complaints))
        found = xml.etree.ElementTree.parse(report).iter("error")
        kinds = [error.findtext("kind") for error in found if is_ours(error)]
        # Types that are made when the extension is imported stay to the end. Leaks have tests of their own.
        return [kind for kind in kinds if not kind.startswith("Leak_")]
    finally:
        shutil.rmtree(folder)


def is_ours(error):
    return any(os.path.basename(frame.findtext("obj") or "") in MODULES for frame in error.iter("frame"))


class Valgrind(unittest.TestCase):
    def test_a_mixture_of_calls_is_clean(self):
        self.assertEqual(errors("mixture.py"), [])

    def test_with_a_scope_no_freed_memory_is_read(self):
        self.assertEqual(errors("cases.py", "bytes dropped", "scoped", "1", "4096"), [])

    def test_without_one_it_is_and_that_is_seen(self):
        self.assertIn("InvalidRead", errors("cases.py", "bytes dropped", "unscoped", "1", "4096"))


if __name__ == "__main__":
    counted.main(Valgrind)

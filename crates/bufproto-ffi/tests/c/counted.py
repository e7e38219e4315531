"""Runs tests and counts them for `cargo xtask test`: the last line of the output is JSON."""

from __future__ import print_function

import json
import sys
import unittest


def references(value):
    """How often an object is referred to; PyPy does not know."""
    return sys.getrefcount(value) if hasattr(sys, "getrefcount") else 0


class Result(unittest.TextTestResult):
    passed = 0

    def addSuccess(self, test):
        unittest.TextTestResult.addSuccess(self, test)
        self.passed += 1


def main(*cases):
    """Runs the tests of these classes and ends the program."""
    load = unittest.defaultTestLoader.loadTestsFromTestCase
    suite = unittest.TestSuite([load(case) for case in cases])
    result = unittest.TextTestRunner(stream=sys.stderr, resultclass=Result).run(suite)
    failed = len(result.failures) + len(result.errors)
    skipped = [why for _, why in result.skipped]
    print(json.dumps({"passed": result.passed, "failed": failed, "skipped": skipped}))
    sys.exit(1 if failed else 0)

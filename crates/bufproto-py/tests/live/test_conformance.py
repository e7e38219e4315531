"""The conformance kit on live objects: a test for each rule."""

import sys
import unittest

from bufproto import _bufproto
from support import PYPY

try:
    import _testbuffer
except ImportError:
    _testbuffer = None

# The kit is in Rust, and so is the module that has it.
KIT = getattr(_bufproto, "conformance", None)
RULES = [line.split("\t") for line in (KIT().splitlines() if KIT else [])]


class Conformance(unittest.TestCase):
    def test_every_rule_has_a_test(self):
        if KIT is None:
            self.skipTest("the conformance kit needs the extension module in Rust")
        self.assertGreater(len(RULES), 40)


# PyPy takes what it is not to be answered with for success, or for failure, as it comes.
DECLINED_ON_PYPY = {"1307": "PyPy does something else here"}


def may_decline(number, details):
    """Some interpreters come without a module of tests, and debug builds abort where others go on."""
    if PYPY and number in DECLINED_ON_PYPY:
        return all(part.endswith(DECLINED_ON_PYPY[number]) for part in details.split("; "))
    return ("_testbuffer" in details and _testbuffer is None) or hasattr(sys, "gettotalrefcount")


def add(number, verdict, cases, statement, details):
    def test(self):
        if verdict == "declined" and may_decline(number, details):
            lacking = _testbuffer is None and "_testbuffer" in details
            self.skipTest("this interpreter comes without _testbuffer" if lacking else details)
        self.assertEqual(verdict, "passed", "rule %s, %s: %s" % (number, statement, details))
        self.assertGreater(int(cases), 0)

    test.__doc__ = "rule %s: %s" % (number, statement)
    setattr(Conformance, "test_rule_" + number, test)


for rule in RULES:
    add(*rule)

"""The conformance kit on live objects: a test for each rule."""

import sys
import unittest

from bufproto import _bufproto

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


def may_decline(details):
    """Some interpreters come without a module of tests, and debug builds abort where others go on."""
    return ("_testbuffer" in details and _testbuffer is None) or hasattr(sys, "gettotalrefcount")


def add(number, verdict, cases, statement, details):
    def test(self):
        if verdict == "declined" and may_decline(details):
            self.skipTest(details)
        self.assertEqual(verdict, "passed", "rule %s, %s: %s" % (number, statement, details))
        self.assertGreater(int(cases), 0)

    test.__doc__ = "rule %s: %s" % (number, statement)
    setattr(Conformance, "test_rule_" + number, test)


for rule in RULES:
    add(*rule)

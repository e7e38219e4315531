"""The conformance kit on live objects of this interpreter: one test for each rule and kind of objects."""

import platform
import unittest

from bufproto import _bufproto

KINDS = {"BuiltIn": "built-in", "Counted": "counted"}


def check(outcome, detail):
    def test(self):
        if outcome == "declined":
            self.skipTest(detail)
        self.assertEqual(outcome, "passed", detail)

    return test


@unittest.skipUnless(hasattr(_bufproto, "conformance"), "the extension module was built without the kit")
class Kit(unittest.TestCase):
    def test_only_what_no_type_has_is_declined(self):
        if platform.python_implementation() != "CPython":
            self.skipTest("what other implementations lack is not listed")
        for kind in KINDS.values():
            entries = _bufproto.conformance(kind)
            self.assertGreaterEqual(len(entries), 31)
            declined = {number for number, _, outcome, _ in entries if outcome == "declined"}
            # 5006 needs `_testbuffer`; 6002 needs objects that tell in which order their views end.
            allowed = {5006, 6002} if kind == "built-in" else {5006}
            self.assertLessEqual(declined, allowed)

    def test_an_unknown_kind_is_refused(self):
        with self.assertRaisesRegex(ValueError, "not \"imaginary\""):
            _bufproto.conformance("imaginary")


def tests():
    """A class of tests for each kind of objects; the rules are checked when this module is imported."""
    for name, kind in KINDS.items():
        methods = {
            "test_%d_%s" % (number, rule): check(outcome, detail)
            for number, rule, outcome, detail in _bufproto.conformance(kind)
        }
        yield name, type(name, (unittest.TestCase,), methods)


if hasattr(_bufproto, "conformance"):
    globals().update(tests())


if __name__ == "__main__":
    unittest.main()

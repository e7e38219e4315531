"""Scopes keep what they should, no longer than they should. Runs in Python 2.7 and 3.6 and later.

The last line of the output counts the tests, in JSON.
"""

from __future__ import print_function

import array
import mmap
import sys
import unittest

import counted
import scoped_full
import scopedxx

# The same source, compiled in several ways; those that are named as arguments take as many buffers as there are.
GROWING = [__import__(name) for name in sys.argv[1:]]
MODULES = GROWING + [scoped_full]
NATIVE = sys.version_info[0] < 3


def grow(data):
    """What moves the memory, if nothing pins it."""
    data.extend(b"x" * 100000)


class Scopes(unittest.TestCase):
    def each(self):
        for module in MODULES:
            yield module

    def test_without_a_scope_the_owner_moves_and_with_one_it_refuses(self):
        for module in self.each():
            data = bytearray(b"hello")
            module.unscoped(data, lambda: grow(data))
            self.assertEqual(len(data), 100005)
            data = bytearray(b"hello")
            self.assertRaises(BufferError, module.scoped, data, lambda: grow(data))
            self.assertEqual(module.scoped(data, lambda: None), b"hello")
            grow(data)

    def test_everything_that_can_refuse_to_move_does(self):
        def refused(data, move):
            def callback():
                self.assertRaises(BufferError, move, data)

            return callback

        if NATIVE:
            # Neither array nor mmap of Python 2.7 counts views.
            cases = [(bytearray(b"x"), grow)]
        else:
            cases = [
                (bytearray(b"x"), grow),
                (array.array("b", [1]), lambda data: data.append(1)),
                (mmap.mmap(-1, 4), lambda data: data.close()),
                (memoryview(bytearray(b"x")), lambda data: data.release()),
            ]
        for module in self.each():
            for data, move in cases:
                self.assertEqual(len(module.scoped(data, refused(data, move))), len(data))
        for data, move in cases:
            move(data)

    def test_an_owner_stays_alive_for_as_long_as_the_scope(self):
        for module in self.each():
            # Nobody but the scope and the arguments holds it.
            self.assertEqual(module.scoped(b"hello" * 3, lambda: None), b"hello" * 3)
            data = bytearray(b"hello")
            before = counted.references(data)
            seen = []
            module.scoped(data, lambda: seen.append(counted.references(data)))
            self.assertGreater(seen[0], before)
            self.assertEqual(counted.references(data), before)

    def test_every_function_is_pinned_and_there_can_be_many(self):
        for module in GROWING:
            for count in [3, 4, 5, 100, 1000]:
                data = [bytearray(b"x") for _ in range(count)]

                def callback():
                    for one in data:
                        self.assertRaises(BufferError, grow, one)

                module.many(data, callback)
                for one in data:
                    one.extend(b"y")

    def test_a_full_scope_refuses_where_that_is_asked_for(self):
        data = [bytearray(b"x") for _ in range(4)]
        self.assertEqual(scoped_full.many(data[:3], lambda: None), 1)
        self.assertEqual(scoped_full.many(data, lambda: None), 0)
        try:
            scoped_full.many(data + [bytearray(b"y")], lambda: None)
            self.fail("the scope was full")
        except BufferError as error:
            self.assertEqual(str(error), "the buffer scope is full; give it more slots, or begin a nested scope")
        for one in data:
            grow(one)

    def test_scopes_nest_end_with_their_block_and_are_handed_to_helpers(self):
        for module in self.each():
            outer, inner = bytearray(b"outer"), bytearray(b"inner")

            def callback():
                self.assertRaises(BufferError, grow, outer)
                grow(inner)

            self.assertEqual(module.nested(outer, inner, callback), b"outer")
            grow(outer)

    def test_failures_are_those_of_the_functions(self):
        text = "expected a readable buffer object" if NATIVE else "a bytes-like object is required, not 'int'"
        for module in self.each():
            for function in [module.scoped, module.unscoped]:
                try:
                    function(42, lambda: None)
                    self.fail("42 has no memory")
                except TypeError as error:
                    self.assertEqual(str(error), text)

    def test_an_address_is_a_function_and_a_scope_that_has_ended_is_refused(self):
        for module in self.each():
            self.assertEqual(module.by_address(b"hello"), 5)
            self.assertRaises(SystemError, module.ended, b"hello")

    def test_a_pending_exception_outlives_the_scope(self):
        for module in self.each():
            data = bytearray(b"x")
            self.assertRaises(ZeroDivisionError, module.failing, data)
            grow(data)

    def test_a_python_exporter_releases_with_an_exception_pending(self):
        if sys.version_info < (3, 12):
            self.skipTest("classes export views from 3.12 on")
        events = []

        class Exporter:
            def __buffer__(self, flags):
                events.append("export")
                return memoryview(bytearray(b"lent"))

            def __release_buffer__(self, view):
                events.append("release")
                view.release()

        for module in self.each():
            del events[:]
            self.assertRaises(ZeroDivisionError, module.failing, Exporter())
            self.assertEqual(events, ["export", "release"])

    def test_what_an_exporter_raises_while_releasing_is_reported(self):
        if not hasattr(sys, "unraisablehook"):
            self.skipTest("what cannot be raised can be seen from 3.8 on")
        seen = []
        before, sys.unraisablehook = sys.unraisablehook, lambda report: seen.append(str(report.exc_value))
        try:
            for module in MODULES:
                if hasattr(module, "RaisesOnRelease"):
                    self.assertEqual(module.scoped(module.RaisesOnRelease(), lambda: None), b"lent")
                    # The caller's own exception stays the one that is raised.
                    self.assertRaises(ZeroDivisionError, module.failing, module.RaisesOnRelease())
        finally:
            sys.unraisablehook = before
        self.assertEqual(seen, ["while releasing"] * 4)

    def test_an_exception_of_cplusplus_ends_the_scope(self):
        data = bytearray(b"x")
        self.assertEqual(scopedxx.thrown(data), 7)
        grow(data)


if __name__ == "__main__":
    counted.main(Scopes)

"""Views, converters, the thread's scope, the strict policy, rules, and the exporter's side of the C face. Runs in Python 2.7
and 3.6 and later.

The modules that are named as arguments are the same sources, compiled in several ways: those with views, and after "--strict"
those with the strict policy. The last line of the output counts the tests, in JSON.
"""

from __future__ import print_function

import array
import ctypes
import gc
import sys
import threading
import unittest

import counted

NATIVE = sys.version_info[0] < 3
WHERE = sys.argv.index("--strict")
MODULES = [__import__(name) for name in sys.argv[1:WHERE]]
STRICT = [__import__(name) for name in sys.argv[WHERE + 1 :]]


def grow(data):
    data.extend(b"x" * 100000)


def table():
    """Six numbers of two bytes, in two rows."""
    return (ctypes.c_int16 * 3 * 2)((0, 1, 2), (3, 4, 5))


def raised(function, *arguments):
    try:
        function(*arguments)
    except Exception as error:
        return type(error).__name__, str(error)
    return None


class Views(unittest.TestCase):
    def test_items_are_found_and_indices_checked(self):
        data = table()
        for module in MODULES:
            for row in range(2):
                for column in range(3):
                    self.assertEqual(module.item(data, row, column), bytes(bytearray([row * 3 + column, 0])))
            for indices in [(2, 0), (0, 3), (-1, 0), (0, -1)]:
                self.assertEqual(raised(module.item, data, *indices), ("IndexError", "there is no item at these indices"))
            self.assertEqual(module.item(ctypes.c_int16(7)), b"\x07\x00")
            self.assertRaises(TypeError, module.item, 42, 0)

    def test_items_are_copied_out_and_in_and_across(self):
        for module in MODULES:
            data = table()
            rows, columns = bytes(bytearray([0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0])), bytes(
                bytearray([0, 0, 3, 0, 1, 0, 4, 0, 2, 0, 5, 0])
            )
            self.assertEqual(module.copy_out(data, "C", 0), rows)
            self.assertEqual(module.copy_out(data, "A", 0), rows)
            self.assertEqual(module.copy_out(data, "F", 0), columns)
            text = "the memory and the view differ in length"
            self.assertEqual(raised(module.copy_out, data, "C", 1), ("ValueError", text))
            module.copy_in(data, rows[::-1], "C")
            self.assertEqual(bytes(bytearray(data)[:]) if not NATIVE else bytes(buffer(data)), rows[::-1])  # noqa: F821
            self.assertEqual(raised(module.copy_in, data, b"short", "C"), ("ValueError", text))
            text = "the view is read-only; ask for a writable one"
            self.assertEqual(raised(module.copy_in, b"abc", b"xyz", "C"), ("BufferError", text))
            other = table()
            module.copy(data, other)
            self.assertEqual(module.copy_out(other, "C", 0), rows[::-1])
            text = "the views differ in shape or in item size"
            self.assertEqual(raised(module.copy, b"abc", bytearray(4)), ("ValueError", text))
            self.assertEqual(raised(module.copy, bytearray(4), b"abcd")[0], "BufferError")

    def test_contiguity_is_told(self):
        for module in MODULES:
            self.assertEqual([module.contiguous(table(), order) for order in "CFA?"], [True, False, True, False])
            self.assertEqual([module.contiguous(b"abc", order) for order in "CFA"], [True, True, True])
            if not NATIVE:
                view = memoryview(b"abcdef")[::2]
                self.assertEqual([module.contiguous(view, order) for order in "CFA"], [False] * 3)
                self.assertEqual(module.copy_out(view, "C", 0), b"ace")
                self.assertEqual(module.item(view, 2), b"e")


class Converters(unittest.TestCase):
    def test_the_memory_is_held(self):
        for module in MODULES:
            for how in [b"r", b"w"] + ([] if NATIVE else [b"c"]):
                data = bytearray(b"hello")
                self.assertRaises(BufferError, module.convert, how, data, lambda: grow(data), 1)
                self.assertEqual(module.convert(how, data, lambda: None, 1), b"hello")
                grow(data)

    def test_it_is_given_back_when_a_later_argument_fails(self):
        for module in MODULES:
            data = bytearray(b"hello")
            before = counted.references(data)
            self.assertRaises(TypeError, module.convert, b"r", data, None, "no number")
            self.assertEqual(counted.references(data), before)
            grow(data)

    def test_refusals(self):
        for module in MODULES:
            answers = [raised(module.convert, how, value, None, 1) for how in (b"r", b"w") for value in (42, b"x")]
            if NATIVE:
                self.assertEqual(answers[0], ("TypeError", "expected a readable buffer object"))
                self.assertEqual(answers[2], ("TypeError", "expected a writeable buffer object"))
                self.assertEqual(raised(module.convert, b"c", array.array("i"), None, 1)[0], "TypeError")
                continue
            self.assertEqual(answers[0], ("TypeError", "a bytes-like object is required, not 'int'"))
            self.assertEqual(answers[2], ("TypeError", "must be read-write bytes-like object, not int"))
            self.assertEqual(answers[3], ("TypeError", "must be read-write bytes-like object, not bytes"))
            view = memoryview(bytearray(6))[::2]
            text = "memoryview: underlying buffer is not C-contiguous"
            self.assertEqual(raised(module.convert, b"r", view, None, 1), ("BufferError", text))


class ThreadScopes(unittest.TestCase):
    def test_a_helper_uses_the_scope_of_its_thread(self):
        for module in MODULES:
            data = bytearray(b"hello")
            self.assertRaises(BufferError, module.with_thread, data, lambda: grow(data))
            self.assertEqual(module.with_thread(data, lambda: None), b"hello")
            grow(data)

    def test_without_one_it_refuses_in_this_thread_and_in_others(self):
        for module in MODULES:
            expected = ("SystemError", "there is no buffer scope here: it has ended, or the thread has none")
            self.assertEqual(raised(module.without_thread, b"hello"), expected)
            seen = []

            def other():
                thread = threading.Thread(target=lambda: seen.append(raised(module.without_thread, b"hello")))
                thread.start()
                thread.join()

            self.assertEqual(module.with_thread(b"hello", other), b"hello")
            # Inside the callback, this thread has a scope, and the other none.
            self.assertEqual(seen, [expected])
            self.assertEqual(raised(module.without_thread, b"hello"), expected)


class Strict(unittest.TestCase):
    READ, WRITE, CHECK = 1, 2, 3

    def answer(self, module, function, value):
        result = module.ours(function, value, 0, 0)
        return result[0], getattr(result[4], "__name__", None), str(result[5])

    def test_what_may_move_is_refused_unless_it_is_held(self):
        text = "'%s' object may move its memory as soon as it is not held; take it in a scope"
        moving = [(bytearray(b"x"), "bytearray")]
        if not NATIVE:
            moving += [(array.array("b", [1]), "array.array"), (memoryview(bytearray(b"x")), "memoryview")]
        for module in STRICT:
            for value, name in moving:
                if "limited" in module.__name__:
                    name = name.split(".")[-1]
                for function in [self.READ, self.WRITE]:
                    self.assertEqual(self.answer(module, function, value), (-1, "BufferError", text % name))
                self.assertEqual(self.answer(module, self.CHECK, value)[0], 1)
            for value in [b"x", ctypes.c_int(1)]:
                self.assertEqual(self.answer(module, self.READ, value)[0], 0)
            self.assertEqual(self.answer(module, self.READ, 42)[:2], (-1, "TypeError"))

    def test_what_must_not_be_masked_is_not(self):
        if sys.version_info < (3, 12):
            self.skipTest("classes export views from 3.12 on")

        class Raises:
            def __init__(self, error):
                self.error = error

            def __buffer__(self, flags):
                raise self.error

        for module in STRICT:
            for error in [MemoryError(), KeyboardInterrupt()]:
                self.assertEqual(self.answer(module, self.WRITE, Raises(error))[1], type(error).__name__)
            for masked in [b"x", Raises(ValueError())]:
                self.assertEqual(self.answer(module, self.WRITE, masked)[:2], (-1, "TypeError"))


class Rules(unittest.TestCase):
    def test_a_rule_is_raised_by_its_number(self):
        for module in MODULES:
            if NATIVE:
                break
            self.assertEqual(raised(module.refuse, 303, 42), ("TypeError", "expected a writable bytes-like object"))
            self.assertEqual(raised(module.refuse, 302, b"x")[0], "TypeError")
            text = "Existing exports of data: object cannot be re-sized"
            self.assertEqual(raised(module.refuse, 602, None), ("BufferError", text))
            for number, value in [(-1, 42), (999, None), (302, None)]:
                self.assertEqual(raised(module.refuse, number, value), ("SystemError", "bad argument to internal function"))


class Exporters(unittest.TestCase):
    def setUp(self):
        self.modules = [module for module in MODULES if hasattr(module, "Strided")]
        if not self.modules:
            self.skipTest("the exporters are for Python 3")

    def test_views_are_filled_as_requests_say(self):
        for module in self.modules:
            exporter = module.Strided()
            before = counted.references(exporter)
            view = memoryview(exporter)
            self.assertEqual(view.tolist(), [[0, 1, 2], [3, 4, 5]])
            self.assertEqual((view.strides, view.readonly, view.format), ((12, 4), True, "h"))
            self.assertEqual(counted.references(exporter), before + 1)
            view.release()
            self.assertEqual(counted.references(exporter), before)
            text = "'more.Strided' object is not C-contiguous; ask for its strides, or pass a copy"
            self.assertEqual(raised(__import__("binascii").hexlify, exporter), ("BufferError", text))
            gc.collect()
            self.assertEqual(counted.references(exporter), before)

    def test_a_block_is_filled_as_the_interpreter_fills_it(self):
        for module in self.modules:
            block = module.Block()
            self.assertEqual(len(bytes(block)), 24)
            view = memoryview(block)
            self.assertEqual((view.shape, view.strides, view.format, view.readonly), ((24,), (1,), "B", True))
            self.assertEqual(raised(__import__("io").BytesIO(b"x" * 30).readinto, block)[0], "TypeError")


if __name__ == "__main__":
    counted.main(Views, Converters, ThreadScopes, Strict, Rules, Exporters)

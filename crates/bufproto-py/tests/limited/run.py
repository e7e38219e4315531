"""Loads the extension that is named first, which was built once for every CPython from 3.8 on, and tries every kind of
argument. The last line of the output counts the tests, in JSON."""

import array
import binascii
import ctypes
import importlib.machinery
import importlib.util
import io
import json
import mmap
import pickle
import sys
import unittest

try:
    import numpy
except ImportError:
    numpy = None


def load(path):
    loader = importlib.machinery.ExtensionFileLoader("bufproto_limited", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("bufproto_limited", loader))
    loader.exec_module(module)
    return module


RUST = load(sys.argv[1])


def outcome(function, *arguments):
    """The type of what a function raises, or None."""
    try:
        function(*arguments)
    except BaseException as error:
        return type(error)
    return None


def objects():
    memory = mmap.mmap(-1, 6)
    memory.write(b"mapped")
    yield b"bytes"
    yield b""
    yield type("Bytes", (bytes,), {})(b"derived")
    yield bytearray(b"array of bytes")
    yield bytearray()
    yield array.array("d", [1, 2])
    yield memory
    yield (ctypes.c_short * 3)(1, 2, 3)
    yield ctypes.c_double(1.5)
    yield pickle.PickleBuffer(b"frozen")
    yield io.BytesIO(b"stream").getbuffer()
    for view in memoryview(b"view"), memoryview(bytearray(12)), memoryview(array.array("i", [1, 2, 3])):
        yield view
        yield view[::2]
        yield view[:0]
    released = memoryview(b"gone")
    released.release()
    yield released
    if numpy is not None:
        yield numpy.arange(6.0).reshape(2, 3)
        yield numpy.arange(6.0).reshape(2, 3).T
    if sys.version_info >= (3, 12):
        yield type("Exporter", (), {"__buffer__": lambda self, flags: memoryview(b"python")})()
        yield type("Raising", (), {"__buffer__": lambda self, flags: 1 // 0})()
    for value in 42, "text", None, [], object:
        yield value


class Limited(unittest.TestCase):
    def test_read_what_an_interpreter_reads(self):
        for value in objects():
            with self.subTest(repr(value)):
                theirs = outcome(binascii.crc32, value)
                self.assertEqual(outcome(RUST.read, value), theirs)
                self.assertEqual(outcome(RUST.Stored, value), theirs)
                if theirs is None:
                    expected = value if isinstance(value, bytes) else memoryview(value).tobytes()
                    self.assertEqual(RUST.read(value), expected)
                    self.assertEqual(RUST.Stored(value).read(), expected)

    def test_write_what_an_interpreter_writes(self):
        for value in objects():
            with self.subTest(repr(value)):
                self.assertEqual(outcome(RUST.write, value, b""), outcome(io.BytesIO().readinto, value))
        memory = bytearray(b"hello")
        self.assertEqual(RUST.write(memory, b"jell"), 4)
        self.assertEqual(memory, b"jello")

    def test_the_old_functions(self):
        for value in objects():
            with self.subTest(repr(value)):
                theirs = outcome(binascii.crc32, value)
                self.assertEqual(outcome(RUST.read_length, value), theirs)
                self.assertEqual(RUST.check(value), theirs is None)
                writes = outcome(io.BytesIO().readinto, value) is None
                self.assertEqual(outcome(RUST.write_length, value), None if writes else TypeError)
                if theirs is None:
                    self.assertEqual(RUST.read_length(value), memoryview(value).nbytes)

    def test_balance(self):
        functions = [RUST.read, RUST.Stored, RUST.any_layout, RUST.text, RUST.read_f64, RUST.items, RUST.check]
        functions += [lambda value: RUST.write(value, b""), lambda value: RUST.Stored(value).drop_on_a_thread()]
        for value in objects():
            for function in functions:
                outcome(function, value)
                before = sys.getrefcount(value)
                for _ in range(10):
                    outcome(function, value)
                # Numbers and names that everything refers to come and go elsewhere too.
                if before < 1000:
                    self.assertEqual(sys.getrefcount(value), before, repr(value))

    def test_memory_is_held(self):
        memory = bytearray(b"hello")
        for function in RUST.while_reading, RUST.while_writing:
            self.assertRaises(BufferError, function, memory, lambda: memory.append(0))
            memory.append(0)
        view = memoryview(memory)
        self.assertRaises(BufferError, RUST.while_reading, view, view.release)
        stored = RUST.Stored(view)
        self.assertRaises(BufferError, view.release)
        self.assertTrue(stored.drop_on_a_thread())
        view.release()
        memory.append(0)

    def test_frozen(self):
        for value in b"bytes", pickle.PickleBuffer(b"bytes"):
            self.assertTrue(RUST.is_frozen(value))
        for value in bytearray(b"bytes"), memoryview(b"bytes"), type("Bytes", (bytes,), {})(b"bytes"):
            self.assertEqual(RUST.is_frozen(value), False)

    def test_items_and_layouts(self):
        numbers = array.array("d", [0.5, 2])
        self.assertEqual(RUST.read_f64(numbers), [0.5, 2])
        self.assertEqual(RUST.write_f64(numbers, [3.0]), 1)
        self.assertEqual(numbers.tolist(), [3, 2])
        with self.assertRaisesRegex(TypeError, "^argument 'data': the items have format 'i', but '=d' is wanted"):
            RUST.read_f64(array.array("i", [1]))
        self.assertEqual(RUST.items(memoryview(array.array("i", range(6)))[::-2]), [5, 3, 1])
        self.assertEqual(RUST.any_layout(memoryview(b"hello world")[::-2]), b"drwolh")
        self.assertEqual(RUST.text("Größe".encode()), "Größe")

    def test_words(self):
        with self.assertRaisesRegex(TypeError, "^argument 'data': a bytes-like object is required, not 'int'$"):
            RUST.read(42)
        with self.assertRaisesRegex(TypeError, "a read-write bytes-like object is required, not 'bytes'"):
            RUST.write(b"", b"")
        with self.assertRaisesRegex(BufferError, "^'memoryview' object is not C-contiguous: pass a copy$"):
            RUST.read(memoryview(b"hello")[::2])


class Result(unittest.TextTestResult):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.passed = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Limited)
    result = unittest.TextTestRunner(stream=sys.stderr, resultclass=Result).run(suite)
    failed = len(result.failures) + len(result.errors)
    skipped = [why for _, why in result.skipped]
    print(json.dumps({"passed": result.passed, "failed": failed, "skipped": skipped}))
    sys.exit(1 if failed else 0)

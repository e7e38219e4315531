# -*- coding: utf-8 -*-
"""The type `bufproto.Buffer`, beside the interpreter's own `bytearray`."""

import copy
import gc
import multiprocessing
import operator
import pickle
import random
import sys
import threading
import unittest
import weakref

import bufproto
from bufproto import _bufproto
from support import CPYTHON, PYPY, Case, collect, hold, numpy, pause

Buffer = getattr(bufproto, "Buffer", None)

# PyPy's texts show the short name of a type.
NAME = "'Buffer'" if PYPY else "'bufproto.Buffer'"

EXISTING = (BufferError, "Existing exports of data: object cannot be re-sized")


def outcome(function, *arguments):
    """What a function returns, or the type of what it raises."""
    try:
        result = function(*arguments)
    except Exception as error:
        return type(error)
    if isinstance(result, (bytearray, Buffer)):
        return bytes(result)
    return result


def refusal(function, *arguments):
    try:
        function(*arguments)
    except Exception as error:
        return type(error), str(error)
    return None


class Index(object):
    def __init__(self, value):
        self.value = value

    def __index__(self):
        return self.value


def moved(content):
    """For another process: what arrives there, and from there."""
    kind, before = type(content).__name__, bytes(content)
    content.append(33)
    return kind, before, content


def transports(content):
    """A pickled object with its memory out of band, and what a transport would make of it."""
    buffers = []
    stream = pickle.dumps(content, protocol=5, buffer_callback=buffers.append)
    return stream, buffers


@unittest.skipIf(Buffer is None, "Buffer needs the extension module in Rust")
class Buffers(Case):
    def test_is_made_of_what_a_bytearray_is_made_of(self):
        for arguments in [
            (),
            (b"",),
            (b"hello",),
            (bytearray(b"hello"),),
            (memoryview(b"hello")[1:],),
            (0,),
            (5,),
            (Index(3),),
            (-1,),
            (1 << 100,),
            (1 << 62,),
            ([1, 2, 255],),
            ((n for n in range(4)),),
            ([256],),
            ([-1],),
            ([1 << 70],),
            (["a"],),
            (1.5,),
            (None,),
            ("text",),
            ("text", "utf-8"),
            (u"\u03bb", "utf-8"),
            (u"\u03bb", "ascii"),
            (u"\u03bb", "ascii", "replace"),
            ("text", "no such"),
            (b"hello", "utf-8"),
            (5, "utf-8"),
            (object(),),
        ]:
            # A generator is read once.
            again = (n for n in range(4)) if arguments and hasattr(arguments[0], "send") else None
            with self.subTest(repr(arguments)):
                theirs = outcome(bytearray, *arguments)
                if again is not None:
                    arguments = (again,)
                self.assertEqual(outcome(Buffer, *arguments), theirs)
        if numpy is not None:
            table = numpy.arange(6, dtype="int16").reshape(2, 3)
            self.assertEqual(bytes(Buffer(table)), table.tobytes())
        self.assertEqual(bytes(Buffer(source=b"a")), b"a")

    def test_takes_items_that_do_not_lie_side_by_side(self):
        whole = bytes(bytearray(range(200)))
        values = [memoryview(whole)[::-1], memoryview(bytearray(whole))[3::2], memoryview(whole)[::5][::-2]]
        values.append(memoryview(whole).cast("B", (10, 20)))
        if numpy is not None:
            table = numpy.arange(24, dtype="int16").reshape(2, 3, 4)
            values += [table.T, table[:, ::2, ::-1], numpy.arange(5.0)[::2], table[:0].T]
        for value in values:
            # As `bytearray` is made; it takes such items nowhere else but in slices.
            expected = memoryview(value).tobytes()
            if CPYTHON:
                self.assertEqual(bytearray(value), expected)
            self.assertEqual(bytes(Buffer(value)), expected)
            ours = Buffer(b"ab")
            ours.extend(value)
            self.assertEqual(bytes(ours), b"ab" + expected)
            ours += value
            self.assertEqual(bytes(ours), b"ab" + expected + expected)
            ours, theirs = Buffer(b"abc"), bytearray(b"abc")
            ours[1:2] = value
            theirs[1:2] = expected
            self.assertEqual(bytes(ours), bytes(theirs))
            ours, theirs = Buffer(3 * len(expected)), bytearray(3 * len(expected))
            ours[::-3] = value
            theirs[::-3] = expected
            self.assertEqual(bytes(ours), bytes(theirs))
            self.assertEqual(bytes(ours[-1::-3]), expected)
            self.assertEqual(ours.exports, 0)
        released = memoryview(whole)[::2]
        released.release()
        for use in Buffer, Buffer().extend, lambda value: operator.setitem(Buffer(), slice(None), value):
            self.assertRaises(ValueError, use, released)

    def test_behaves_as_a_bytearray(self):
        seed = random.randrange(1 << 32)
        with self.subTest("seed %d" % seed):
            chance = random.Random(seed)
            for _ in range(40):
                content = bytes(bytearray(chance.randrange(256) for _ in range(chance.randrange(12))))
                ours, theirs = Buffer(content), bytearray(content)
                for _ in range(60):
                    operation, arguments = self.step(chance, len(theirs))
                    copies = [self.own_copy(argument) for argument in arguments]
                    expected = outcome(operation, theirs, *copies)
                    copies = [self.own_copy(argument) for argument in arguments]
                    self.assertEqual(outcome(operation, ours, *copies), expected, (operation, arguments))
                    self.assertEqual(bytes(ours), bytes(theirs), (operation, arguments))
                    self.assertEqual(len(ours), len(theirs))
                    self.assertEqual(ours.exports, 0)

    @staticmethod
    def own_copy(argument):
        return iter(list(argument)) if isinstance(argument, tuple) else argument

    @staticmethod
    def step(chance, length):
        def index():
            return chance.choice([chance.randrange(-length - 2, length + 2), Index(chance.randrange(-2, 3))])

        def part():
            end = lambda: chance.choice([None, chance.randrange(-length - 3, length + 3)])
            return slice(end(), end(), chance.choice([None, None, 1, 1, 2, -1, -3, 5]))

        def byte():
            return chance.choice([0, 7, 255, 256, -1, "a", 1.5, Index(9)])

        def known():
            # PyPy does not look for what has an __index__.
            return chance.choice([0, 7, 255, 256, -1, "a", 1.5] + ([] if PYPY else [Index(9)]))

        def some(least=0):
            values = [chance.randrange(256) for _ in range(chance.randrange(least, 5))]
            return chance.choice([bytes(bytearray(values)), bytearray(values), tuple(values), values, memoryview(bytes(bytearray(values)))])

        def poor():
            return chance.choice(["text", 5, None, [300], ["a"], 1.5])

        return chance.choice(
            [
                lambda: (operator.getitem, (index(),)),
                lambda: (operator.getitem, (part(),)),
                lambda: (operator.getitem, ("a",)),
                # Versions differ in what they look at first.
                lambda: (operator.setitem, (index(), chance.randrange(256))),
                lambda: (operator.setitem, (chance.randrange(length), byte()) if length else (0, 0)),
                # PyPy deletes no items at distances by assigning nothing to them.
                lambda: (operator.setitem, (part(), some(1 if PYPY else 0))),
                lambda: (operator.setitem, (part(), poor())),
                lambda: (operator.delitem, (index(),)),
                lambda: (operator.delitem, (part(),)),
                lambda: (lambda array, value: array.append(value), (byte(),)),
                lambda: (lambda array, value: array.extend(value), (some(),)),
                lambda: (lambda array, value: array.extend(value), (poor(),)),
                lambda: (lambda array, place, value: array.insert(place, value), (chance.randrange(-9, 9), byte())),
                lambda: (lambda array: array.pop(), ()),
                lambda: (lambda array, place: array.pop(place), (chance.randrange(-length - 2, length + 2),)),
                lambda: (operator.contains, (chance.choice([known(), b"", b"\x01", bytearray(b"\x07\x08")]),)),
                lambda: (list, ()),
                lambda: (lambda array: array.hex(), ()),
                lambda: (operator.iadd, (chance.choice([b"", b"ab", bytearray(b"c"), memoryview(b"d")]),)),
                lambda: (operator.iadd, (chance.choice([[1], "a", 5, None]),)),
                lambda: (lambda array: array.clear(), ()) if chance.random() < 0.1 else (len, ()),
                lambda: (operator.eq, (chance.choice([b"", bytearray(b"\x07"), [1], None, "a", 5]),)),
                lambda: (operator.ne, (chance.choice([b"", bytearray(b"\x07"), [1], None, "a", 5]),)),
            ]
        )()

    def test_resize(self):
        ours = Buffer(b"hello")
        ours.resize(2)
        self.assertEqual(ours, b"he")
        ours.resize(4)
        self.assertEqual(ours, b"he\0\0")
        self.assertEqual(refusal(ours.resize, -1)[0], ValueError)
        self.assertEqual(refusal(ours.resize, sys.maxsize)[0], MemoryError)
        self.assertEqual(ours, b"he\0\0")
        if hasattr(bytearray, "resize"):
            theirs = bytearray(b"he\0\0")
            self.assertEqual(outcome(theirs.resize, -1), ValueError)

    def test_itself_as_an_argument(self):
        ours = Buffer(b"ab")
        ours.extend(ours)
        ours += ours
        self.assertEqual(ours, b"abababab")
        ours[1:3] = ours
        self.assertEqual(ours, b"aabababab" + b"babab")
        self.assertTrue(ours == ours and ours in ours)
        self.assertEqual(Buffer(ours), ours)

    def test_keys_and_items_that_change_it(self):
        ours = Buffer(b"0123456789")

        class Cuts(object):
            def __index__(self):
                ours.clear()
                return 5

        self.assertRaises(IndexError, lambda: ours[Cuts()])
        ours.extend(b"0123456789")
        # A bytearray has crashed here.
        outcome(operator.setitem, ours, Cuts(), 1)
        ours.extend(b"0123456789")
        outcome(operator.setitem, ours, 9, Cuts())
        ours.extend(b"0123456789")
        outcome(operator.getitem, ours, slice(Cuts(), None, 2))
        ours.extend(b"0123456789")
        outcome(operator.setitem, ours, slice(Cuts(), 8, 2), b"ab")
        ours.extend(b"0123456789")
        outcome(operator.delitem, ours, slice(Cuts(), None))
        ours.clear()
        ours.extend(Cuts().__index__() for _ in range(3))
        self.assertEqual(ours, b"\5\5\5")

    def test_is_exported_as_a_bytearray(self):
        ours, theirs = Buffer(b"hello"), bytearray(b"hello")
        one, two = bufproto.inspect(ours), bufproto.inspect(theirs)
        self.assertEqual(one.as_dict()["view"], two.as_dict()["view"])
        self.assertEqual(one.lifetime, "pinned while exported")
        with memoryview(ours) as view:
            self.assertIs(view.obj, ours)
            self.assertEqual(ours.exports, 1)
            view[0] = ord("j")
            ours[1] = ord("u")
            ours[2:4] = b"mp"
            for change in [
                lambda: ours.append(1),
                lambda: ours.extend(b"1"),
                lambda: ours.insert(0, 1),
                lambda: ours.pop(),
                lambda: ours.clear(),
                lambda: ours.resize(9),
                lambda: operator.iadd(ours, b"1"),
                lambda: operator.setitem(ours, slice(0, 1), b""),
                lambda: operator.delitem(ours, 0),
            ]:
                self.assertEqual(refusal(change), EXISTING)
            self.assertEqual(view.tobytes(), b"jumpo")
        ours.append(1)
        if sys.version_info >= (3, 12):
            from collections.abc import Buffer as Abstract

            self.assertIsInstance(ours, Abstract)
            self.assertTrue(issubclass(Buffer, Abstract))
        self.assertRaises(TypeError, hash, ours)

    def test_a_view_to_read(self):
        ours = Buffer(b"hello")
        view = ours.toreadonly()
        self.assertTrue(view.readonly)
        self.assertEqual((view.format, view.shape), ("B", (5,)))
        ours[0] = ord("j")
        self.assertEqual(view.tobytes(), b"jello")
        self.assertEqual(refusal(ours.append, 1), EXISTING)
        # Nobody can write through it.
        with ours.stable_read() as stable:
            self.assertEqual(stable.tobytes(), b"jello")
            self.assertRaises(BufferError, operator.setitem, ours, 0, 1)
        view.release()
        ours.append(1)

    def test_a_stable_read(self):
        ours = Buffer(b"hello")
        with ours.stable_read() as stable:
            self.assertTrue(stable.readonly)
            self.assertEqual(stable.tobytes(), b"hello")
            for change in [
                lambda: operator.setitem(ours, 0, 1),
                lambda: operator.setitem(ours, slice(0, 2), b"ab"),
                lambda: ours.append(1),
                lambda: ours.clear(),
                lambda: ours.resize(1),
            ]:
                self.assertEqual(refusal(change)[0], BufferError)
            words = NAME + " object is being read: change it once it is released, or change a copy"
            self.assertEqual(refusal(operator.setitem, ours, 0, 1), (BufferError, words))
            self.assertTrue(memoryview(ours).readonly)
            self.assertEqual(ours, b"hello")
            another = ours.stable_read()
            part = another[1:3]
            another.release()
        self.assertRaises(BufferError, operator.setitem, ours, 0, 1)
        part.release()
        ours[0] = 1
        with memoryview(ours):
            kind, words = refusal(ours.stable_read)
            self.assertEqual(kind, BufferError)
            self.assertEqual(
                words,
                NAME + " object may be written to through another view: release that, or pass a copy",
            )
        ours.stable_read().release()
        collect()
        self.assertEqual(ours.exports, 0)
        stable = ours.stable_read()
        ours = None
        gc.collect()
        self.assertEqual(stable.tobytes(), b"\x01ello")

    def test_threads_write_between_stable_reads_and_never_within(self):
        ours = Buffer(b"\0" * 4096)
        torn, done = [], threading.Event()
        reads, writes = [0], [0]

        def write():
            number = 0
            while not done.is_set():
                number = (number + 1) % 256
                try:
                    ours[:] = bytes(bytearray([number])) * 4096
                    writes[0] += 1
                except BufferError:
                    pause()

        thread = threading.Thread(target=write)
        thread.start()
        while reads[0] < 200 or writes[0] < 200:
            try:
                with ours.stable_read() as view:
                    before = view.tobytes()
                    if len(set(bytearray(before))) != 1 or before != view.tobytes():
                        torn.append(before)
                    reads[0] += 1
            except BufferError:
                pause()
        done.set()
        thread.join()
        self.assertEqual(torn, [])

    def test_threads_that_all_append(self):
        ours = Buffer()

        def append():
            for n in range(500):
                ours.append(n % 256)
                len(ours), ours[0], ours == b"", repr(ours), ours.tobytes()

        threads = [threading.Thread(target=append) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(ours), sorted(list(n % 256 for n in range(500)) * 4))

    def test_over_the_memory_of_another_object(self):
        array = bytearray(b"hello")
        ours = Buffer.over(array)
        self.assertRaises(BufferError, array.append, 1)
        ours[0] = ord("j")
        memoryview(ours)[1] = ord("u")
        self.assertEqual(array, b"jullo")
        array[2] = ord("m")
        self.assertEqual(ours, b"jumlo")
        # A resize copies, and lets the object go.
        ours.append(33)
        array.append(0)
        ours[0] = ord("b")
        self.assertEqual((array, ours), (b"jumlo\0", b"bumlo!"))

        content = b"only here"
        ours = Buffer.over(content)
        # It is not copied: the address is the same.
        self.assertEqual(self.address(ours), self.address(content))
        self.assertTrue(memoryview(ours).readonly)
        ours[0] = ord("O")
        self.assertEqual((content, ours), (b"only here", b"Only here"))
        # Nor is it written to by who asks for writable memory.
        ours = Buffer.over(content)
        import io

        self.assertEqual(io.BytesIO(b"read").readinto(ours), 4)
        self.assertEqual((content, ours), (b"only here", b"read here"))
        # With a view that is read-only there is no copy to be had.
        ours = Buffer.over(content)
        with memoryview(ours) as view:
            self.assertRaises(BufferError, operator.setitem, ours, 0, 1)
            self.assertRaises(TypeError, io.BytesIO(b"read").readinto, ours)
            self.assertEqual(view, content)
        self.assertRaises(TypeError, Buffer.over, "text")
        self.assertEqual(bytes(Buffer.over(Buffer(b"ours"))), b"ours")

    def test_stable_reads_of_what_others_may_write_to(self):
        array = bytearray(b"hello")
        ours = Buffer.over(array)
        with ours.stable_read() as view:
            # It was copied.
            array[0] = ord("j")
            array.append(0)
            self.assertEqual(view, b"hello")
        frozen = Buffer.over(b"hello")
        with frozen.stable_read() as view:
            self.assertEqual(self.address(view), self.address(frozen))
        ours = Buffer.over(array)
        with memoryview(ours):
            self.assertRaises(BufferError, ours.stable_read)

    def test_what_it_is_over_is_kept_and_let_go(self):
        class Array(bytearray):
            pass

        array = Array(b"hello")
        gone = weakref.ref(array)
        ours = Buffer.over(array)
        del array
        gc.collect()
        self.assertIsNotNone(gone())
        view = memoryview(ours)
        del ours
        gc.collect()
        self.assertEqual(view, b"hello")
        self.assertIsNotNone(gone())
        del view
        gc.collect()
        collect()
        self.assertIsNone(gone())

    @staticmethod
    def address(value):
        import ctypes

        # On PyPy, ctypes makes a copy.
        if isinstance(value, bytes) and not PYPY:
            return ctypes.cast(ctypes.c_char_p(value), ctypes.c_void_p).value
        view = bufproto_address(value)
        return view

    def test_repr(self):
        self.assertEqual(repr(Buffer()), "Buffer(b'')")
        self.assertEqual(repr(Buffer(b"a'\0")), "Buffer(%r)" % b"a'\0")
        self.assertLess(len(repr(Buffer(1 << 20))), 200)
        self.assertIn("1048576 bytes", repr(Buffer(1 << 20)))
        self.assertEqual(repr(type("Sub", (Buffer,), {})(b"a")), "Sub(b'a')")

    def test_copies(self):
        ours = Buffer(b"hello")
        for made in copy.copy(ours), copy.deepcopy(ours), ours[:]:
            self.assertIs(type(made), Buffer)
            made[0] = 0
            made.append(0)
            self.assertEqual(ours, b"hello")

    def test_pickles_in_band(self):
        class_ = Sub
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            for kind in Buffer, class_:
                with self.subTest("protocol %d, %s" % (protocol, kind.__name__)):
                    ours = kind(b"hello")
                    if kind is class_:
                        ours.note = "kept"
                    made = pickle.loads(pickle.dumps(ours, protocol))
                    self.assertIs(type(made), kind)
                    self.assertEqual(getattr(made, "note", None), getattr(ours, "note", None))
                    made.append(33)
                    made[0] = ord("j")
                    self.assertEqual((ours, made), (b"hello", b"jello!"))
                    collect()
                    self.assertEqual((ours.exports, made.exports), (0, 0))

    def test_pickles_out_of_band_without_a_copy(self):
        ours = Buffer(bytes(bytearray(range(256))) * 4096)
        stream, buffers = transports([ours, ours])
        self.assertLess(len(stream), 200)
        self.assertEqual(len(buffers), 1)
        self.assertEqual(self.address(buffers[0]), self.address(ours))
        # In the same process, it is the same memory; but on PyPy, a PickleBuffer lets it go: test_pypy.
        made, same = pickle.loads(stream, buffers=buffers)
        self.assertIs(made, same)
        self.assertEqual(self.address(made) == self.address(ours), not PYPY)
        # It cannot be resized while it is under way.
        self.assertEqual(refusal(ours.append, 0), EXISTING)
        made.append(0)
        self.assertNotEqual(self.address(made), self.address(ours))
        del buffers
        gc.collect()
        ours.append(1)

        # What a transport received may be writable or not.
        stream, buffers = transports(ours)
        for received in bytearray(buffers[0].raw()), bytes(buffers[0].raw()), memoryview(bytes(buffers[0].raw())):
            made = pickle.loads(stream, buffers=[received])
            self.assertEqual(made, ours)
            # Nor does a memoryview keep it there; and of a `bytes`, pickle hands on another object with the same content.
            copied = PYPY and not isinstance(received, bytearray)
            self.assertEqual(self.address(made) == self.address(received), not copied)
            before = bytes(received)
            made[0] = 77
            self.assertEqual(bytes(received) == before, not isinstance(received, bytearray))
            made.append(1)
            self.assertEqual(len(made), len(before) + 1)
        # A stable read goes out as well.
        with Buffer(b"hello").stable_read() as view:
            self.assertEqual(bytes(pickle.PickleBuffer(view)), b"hello")

    def test_moves_between_processes(self):
        if sys.platform == "win32":
            self.skipTest("the module of these tests is not imported by name in a new process")
        context = multiprocessing.get_context("spawn")
        with context.Pool(1) as pool:
            ours = Buffer(bytes(bytearray(range(256))) * 4096)
            kind, before, made = pool.apply(moved, (ours,))
            self.assertEqual(kind, "Buffer")
            self.assertEqual(before, bytes(ours))
            self.assertIs(type(made), Buffer)
            self.assertEqual(bytes(made), bytes(ours) + b"!")
            collect()
            self.assertEqual(ours.exports, 0)
            ours.append(0)

    def test_references_balance(self):
        if not CPYTHON:
            self.skipTest("only CPython counts references")
        ours = Buffer(b"hello")
        gone = weakref.ref(ours)
        before = sys.getrefcount(ours)
        for _ in range(10):
            memoryview(ours).release()
            ours.stable_read().release()
            ours.toreadonly().release()
            pickle.loads(pickle.dumps(ours, 5))
            held = hold(ours)
            outcome(ours.append, 0)
            held.release()
            outcome(operator.getitem, ours, "a")
            list(ours)
        gc.collect()
        self.assertEqual(sys.getrefcount(ours), before)
        del ours
        self.assertIsNone(gone())


if Buffer is not None:

    class Sub(Buffer):
        """A derived class, which pickle finds by its name."""


def bufproto_address(value):
    """Where an exporter has its memory."""
    import ctypes

    from support import own

    if not CPYTHON:
        return _bufproto.arguments.ask(value, 0)
    view = (ctypes.c_void_p * 32)()
    own("PyObject_GetBuffer", ctypes.py_object, ctypes.c_void_p, ctypes.c_int)(value, view, 0)
    address = view[0]
    own("PyBuffer_Release", ctypes.c_void_p)(view)
    return address

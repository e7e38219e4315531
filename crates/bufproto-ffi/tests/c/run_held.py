"""What the header does by itself to hold memory, and to give it back, is what the library does, and what the interpreter does
for its own callers. Runs in CPython 3.

The modules that are named as arguments are one source, compiled in several ways. The last line of the output counts the tests,
in JSON.
"""

import array
import ctypes
import io
import mmap
import sys
import unittest

import counted

MODULES = [__import__(name) for name in sys.argv[1:]]

CHAR, READ, WRITE = range(3)
PLAIN, OWNERLESS, RAISES, GAPS, STRIDES, NOTHING = range(6)
# The header's own; the library's in every mixture; the same for arguments, and the interpreter's.
SCOPES, ARGUMENTS, THEIRS = list(range(8)), [8, 9], 10


class Bytes(bytes):
    pass


class Array(bytearray):
    pass


def moved():
    """A bytearray whose memory does not begin where it was allocated."""
    data = bytearray(b"01234567")
    del data[:3]
    return data


def released(view):
    view.release()
    return view


def released_of_two():
    """The other one keeps what both are of."""
    view = memoryview(bytearray(b"base"))
    OTHERS.append(view[1:])
    return released(view)


OTHERS = []

# Of the one the interpreter takes what was in the view before, of the other any number but -1 for success; and from 3.13 on it
# does not look for gaps.
IRREGULAR = ["exporter %d" % NOTHING, "exporter 7"] + ["exporter %d" % GAPS] * (sys.version_info >= (3, 13))


def base_released():
    """Of these nothing but the view that they come from is released."""
    view = memoryview(bytearray(b"base"))
    other = view[1:]
    view.release()
    return other


def cases(module):
    """What an object is, how one is made, and what would move or free its memory."""
    for number in (PLAIN, OWNERLESS, GAPS, STRIDES, NOTHING, -1, 7):
        yield "exporter %d" % number, lambda: module.Exporter("exporter", [], None, number), None
    grow, release = (lambda data: data.append(1)), (lambda view: view.release())
    yield "bytes", lambda: b"he" + b"llo", None
    yield "no bytes", lambda: b"", None
    yield "derived bytes", lambda: Bytes(b"hello"), None
    yield "bytearray", lambda: bytearray(b"hello"), grow
    yield "empty bytearray", bytearray, grow
    yield "moved bytearray", moved, grow
    yield "derived bytearray", lambda: Array(b"hello"), grow
    yield "memoryview", lambda: memoryview(bytearray(b"hello")), release
    yield "memoryview of bytes", lambda: memoryview(b"hello"), release
    yield "memoryview of nothing", lambda: memoryview(b""), release
    yield "memoryview of an array", lambda: memoryview(array.array("d", [1, 2])), release
    yield "memoryview in steps", lambda: memoryview(bytearray(6))[::2], release
    yield "memoryview backwards", lambda: memoryview(bytearray(6))[::-1], release
    yield "memoryview of one", lambda: memoryview(bytearray(6))[::6], release
    yield "memoryview of no dimensions", lambda: memoryview(bytearray(4)).cast("i", ()), release
    yield "memoryview of two", lambda: memoryview(bytearray(6)).cast("B", (2, 3)), release
    yield "released memoryview", lambda: released(memoryview(b"hello")), None
    yield "released memoryview of two", released_of_two, None
    yield "memoryview of a released one", base_released, release
    yield "memoryview of a memoryview", lambda: memoryview(memoryview(bytearray(b"x"))), release
    yield "array", lambda: array.array("d", [1, 2]), grow
    yield "mmap", lambda: mmap.mmap(-1, 10), lambda data: data.close()
    yield "ctypes array", lambda: (ctypes.c_int * 3)(1, 2, 3), None
    yield "ctypes table", lambda: (ctypes.c_int * 3 * 2)((1, 2, 3), (4, 5, 6)), None
    yield "BytesIO", lambda: io.BytesIO(b"hello").getbuffer(), release
    yield "int", lambda: 42, None
    yield "str", lambda: "hello", None
    yield "None", lambda: None, None
    yield "type", lambda: bytes, None
    try:
        from _testbuffer import ND_FORTRAN, ND_PIL, ND_WRITABLE, ndarray
    except ImportError:
        pass
    else:
        yield "ndarray", lambda: ndarray([1, 2, 3], shape=[3], flags=ND_WRITABLE), None
        yield "ndarray in columns", lambda: ndarray(list(range(6)), shape=[2, 3], flags=ND_FORTRAN), None
        yield "ndarray of pointers", lambda: ndarray(list(range(6)), shape=[2, 3], flags=ND_PIL), None
        yield "memoryview of pointers", lambda: memoryview(ndarray([1, 2], shape=[2], flags=ND_PIL)), release
        yield "memoryview in columns", lambda: memoryview(ndarray(list(range(6)), shape=[2, 3], flags=ND_FORTRAN)), release


def answer(function, *arguments):
    """What a function returns, or raises. Of an internal error some versions name the line."""
    try:
        return function(*arguments)
    except Exception as error:
        text = "bad argument to internal function"
        return type(error).__name__, text if str(error).endswith(text) else str(error)


class Held(unittest.TestCase):
    def test_what_is_held_is_as_by_the_library_and_pinned(self):
        for module in MODULES:
            for name, make, move in cases(module):
                value = make()
                before = counted.references(value)
                for access in (CHAR, READ, WRITE):

                    def seen(way):
                        """The answer, whether the object could be moved meanwhile, and how often it is referred to."""
                        during = []

                        def callback():
                            during.append(counted.references(value))
                            if move is not None:
                                during.append(answer(move, value))

                        got = answer(module.hold, way, access, [value], callback, 0)
                        # A copy: there is one object of all empty bytes.
                        return got[:2] + tuple(bytearray(part or b"") for part in got[2:]), during

                    expected = seen(7)
                    for way in SCOPES:
                        self.assertEqual(seen(way), expected, (name, access, way))
                        self.assertEqual(counted.references(value), before, (name, access, way))
                    if len(expected[0]) == 3 and move is not None:
                        self.assertEqual(expected[1][1][0], "BufferError", name)
                    expected = seen(9)
                    self.assertEqual(seen(8), expected, (name, access))
                    if name in IRREGULAR:
                        continue
                    theirs = seen(THEIRS)
                    # The interpreter's function names the argument, and knows None.
                    theirs, ours = (
                        str(part).replace("argument 1 ", "").replace("NoneType", "None") for part in (theirs, expected)
                    )
                    self.assertEqual(theirs, ours, (name, access))
                    self.assertEqual(counted.references(value), before, (name, access))
                if move is not None:
                    self.assertIsNone(answer(move, value), name)

    def test_views_are_filled_as_by_the_interpreter_for_every_request(self):
        layouts = [0, 4, 8, 12, 0x18, 0x1C, 0x38, 0x3C, 0x58, 0x5C, 0x98, 0x9C, 0x118, 0x11C]
        requests = [writable | layout for writable in (0, 1) for layout in layouts]
        for module in MODULES:
            for name, make, move in cases(module):
                value = make()
                before = counted.references(value)
                # The last two alone are requests for a memoryview only.
                for request in requests + [0x100, 0x200]:
                    theirs = answer(module.view, 1 if name in IRREGULAR else 2, request, value)
                    for way in (0, 1):
                        self.assertEqual(answer(module.view, way, request, value), theirs, (name, request, way))
                del theirs
                self.assertEqual(counted.references(value), before, name)
                if move is not None:
                    self.assertIsNone(answer(move, value), name)

    def test_the_last_reference_is_kept_and_given_back(self):
        for module in MODULES:
            for name, make, _ in cases(module):
                for way in SCOPES + ARGUMENTS:
                    if name in IRREGULAR:
                        continue
                    for fail in (0, 1):
                        owners = [make()]
                        expected = answer(module.hold, THEIRS if way in ARGUMENTS else 7, READ, owners[:], int, fail)
                        got = answer(module.hold, way, READ, owners, owners.clear, fail)
                        # Another object is elsewhere, and the interpreter's function names an argument.
                        part = slice(1, 3) if len(expected) == 3 else slice(0, 1)
                        self.assertEqual((len(got), got[part]), (len(expected), expected[part]), (name, way))

    def test_an_owner_that_its_view_does_not_name_stays_too(self):
        for module in MODULES:
            for way in SCOPES:
                log, during = [], []
                owners = [module.Exporter("owner", log, None, OWNERLESS)]
                before = counted.references(log)

                def callback():
                    owners.clear()
                    during.append(counted.references(log))

                self.assertEqual(module.hold(way, READ, owners, callback, 0)[2], b"exported")
                self.assertEqual((during, counted.references(log)), ([before], before - 1))

    def test_a_view_that_must_not_be_taken_from_is_not(self):
        if sys.version_info < (3, 12):
            self.skipTest("classes export views from 3.12 on")
        answers = []

        class Owner(bytearray):
            def __release_buffer__(self, view):
                for module in MODULES:
                    for access in (CHAR, READ, WRITE):
                        answers.extend(answer(module.hold, way, access, [view], int, 0)[0] for way in SCOPES + [8])
                super().__release_buffer__(view)

        memoryview(Owner(b"owner")).release()
        self.assertEqual(set(answers), {"ValueError", "TypeError"})

    def test_one_scope_gives_all_back_the_last_first(self):
        for module in MODULES:
            log = []
            exporters = [module.Exporter(number, log, None, 0) for number in range(12)]
            others = [b"bytes" * 2, bytearray(b"array"), memoryview(bytearray(b"view")), array.array("b", [1, 2])]
            for room in range(1, 12):
                for step in range(1, 5):
                    del log[:]
                    objects = []
                    for number in range(room):
                        objects.append(exporters[number])
                        objects.extend(others[:number % step])
                    before = [counted.references(value) for value in objects]

                    def callback():
                        self.assertEqual(log, [])
                        if any(value is others[1] for value in objects):
                            self.assertRaises(BufferError, others[1].append, 1)
                        if any(value is others[2] for value in objects):
                            self.assertRaises(BufferError, others[2].release)

                    expected = [bytes(value) if not isinstance(value, module.Exporter) else b"exported" for value in objects]
                    self.assertEqual(module.many(objects, callback), expected)
                    del expected
                    self.assertEqual(log, list(range(room))[::-1])
                    self.assertEqual([counted.references(value) for value in objects], before)
            others[1].append(1)
            others[2].release()

    def test_an_exporter_may_come_back_to_the_scope(self):
        for module in MODULES:
            for answers in (0, 1, 2, -1, 7):
                for count in range(6):
                    log, data = [], [bytearray(b"x") for _ in range(count)]
                    inner = module.Exporter("inner", log, None, 0)
                    more = data + [inner, b"bytes"]
                    outer = module.Exporter("outer", log, lambda: module.again(*more), answers)
                    hook = getattr(sys, "unraisablehook", None)
                    reports = []
                    if hook is not None:
                        sys.unraisablehook = lambda report: reports.append(str(report.exc_value))

                    def callback():
                        for one in data:
                            self.assertRaises(BufferError, one.append, 1)

                    try:
                        got = answer(module.many, [b"first", outer, bytearray(b"last")], callback)
                    finally:
                        if hook is not None:
                            sys.unraisablehook = hook
                    if answers in (0, 1, 2):
                        self.assertEqual(got, [b"first", b"exported", b"last"])
                    else:
                        self.assertEqual(got, ("ValueError", "of the exporter"))
                    self.assertEqual(log, ["inner"] + ["outer"] * (answers in (0, 2)))
                    if hook is not None:
                        self.assertEqual(len(reports), 1 if answers == 2 else 0)
                    for one in data:
                        one.append(1)
                    del outer, inner, more

    def test_what_the_end_raises_is_reported_and_what_was_pending_stays(self):
        if not hasattr(sys, "unraisablehook"):
            self.skipTest("what cannot be raised can be seen from 3.8 on")
        seen = []
        before, sys.unraisablehook = sys.unraisablehook, lambda report: seen.append(str(report.exc_value))
        try:
            for module in MODULES:
                # A debug build ends the process when a memoryview's end raises.
                ways = (lambda exporter: exporter, memoryview)[:1 if hasattr(sys, "gettotalrefcount") else 2]
                for make in ways:
                    for fail in (0, 1):
                        del seen[:]
                        log = []
                        # The reference is the last one: a memoryview tells its exporter when it ends.
                        owners = [make(module.Exporter("end", log, None, 2))]
                        got = answer(module.hold, 0, READ, owners, owners.clear, fail)
                        self.assertEqual(log, ["end"])
                        self.assertEqual(len(seen), 1)
                        self.assertEqual(got, ("ZeroDivisionError", "of the caller") if fail else got)
                        self.assertEqual(len(got), 2 if fail else 3)
        finally:
            sys.unraisablehook = before


if __name__ == "__main__":
    counted.main(Held)

"""Runs peers: has their answers checked, then counted by callgrind, then timed by criterion.

    run.py answers FILE             asks every peer for every object, each in a process of its own, and writes down who
                                    answers, who refuses, and who ends the process
    run.py count FILE [grows]       runs what answers or refuses in stretches, for callgrind to count, and prints a line of
                                    JSON for each; also with larger objects, and more of them
    run.py time FILE FOLDER PATIENCE  has criterion time it, and prints a line of JSON for each
    run.py threads                  times threads that ask at the same time

FILE is what the first one wrote. The modules are on the path; one that is not there takes no part.
"""

import array
import ctypes
import gc
import importlib
import importlib.metadata
import json
import mmap
import os
import platform
import signal
import sys
import time
import warnings

import bufproto_peers as harness

try:
    import numpy
except ImportError:
    numpy = None

# How often threads are timed, each time for a millisecond or so: others use the machine too, and the shortest time counts.
ROUNDS = 400

# How often each is asked while it is counted; what happens once has happened before.
TURNS = 200

MISSING = object()


class Lends:
    """Exports views from 3.12 on."""

    def __init__(self, memory):
        self.memory = memory

    def __buffer__(self, flags):
        return memoryview(self.memory)


def objects():
    """Objects of five bytes of u8, so that those that look at the format take them too; and some that are refused."""
    yield "bytes", b"hello"
    yield "bytearray", bytearray(b"hello")
    yield "memoryview", memoryview(bytearray(b"hello"))
    yield "array", array.array("B", b"hello")
    yield "mmap", mmap.mmap(-1, 5)
    yield "ctypes", (ctypes.c_ubyte * 5)(*b"hello")
    if numpy is not None:
        yield "numpy u8", numpy.frombuffer(bytearray(b"hello"), "u1").copy()
        yield "numpy f64 2-D", numpy.arange(6.0).reshape(2, 3)
    if sys.version_info >= (3, 12):
        yield "PEP 688 class", Lends(bytearray(b"hello"))
    yield "int", 42


def big(length):
    """The objects whose length is to make no difference. Their memory is not touched, so that it costs none."""
    new_bytearray = ctypes.pythonapi.PyByteArray_FromStringAndSize
    new_bytearray.restype = ctypes.py_object
    new_bytearray.argtypes = [ctypes.c_void_p, ctypes.c_ssize_t]
    yield "bytes", bytes(length)
    yield "bytearray", new_bytearray(None, length)
    mapped = mmap.mmap(-1, length)
    yield "memoryview", memoryview(mapped)
    yield "mmap", mapped
    if numpy is not None:
        yield "numpy u8", numpy.zeros(length, "u1")


LENGTHS = [1, 1 << 10, 1 << 20, 1 << 30]
# The bytes that are copied. They all fit in the nearest caches or in none, which instructions do not show.
COPIED = [1 << 10, 1 << 12, 1 << 14, 1 << 16]

# Rows: the name; the module, the side and the peer; the one for items of f64, if it is another; what of ours does the same,
# so that the two are compared.
READ = "bufproto: AsReadBuffer (C, inline)"
FORMS = ["inline", "address", "library"]
CHAR = ["bufproto: AsCharBuffer (C, %s)" % form for form in FORMS] + ["bufproto: as_char_buffer (Rust)"]
READS = ["bufproto: AsReadBuffer (C, %s)" % form for form in FORMS] + [
    "bufproto: AsReadBuffer (C, BUFPROTO_NUMPY)",
    "bufproto: as_read_buffer (Rust)",
]
WRITES = ["bufproto: AsWriteBuffer (C, %s)" % form for form in FORMS] + ["bufproto: as_write_buffer (Rust)"]
CHECKS = ["bufproto: CheckReadBuffer (C, %s)" % form for form in FORMS]
HOLD_C = "bufproto: scope of 1 (C)"
ACQUIRE = "bufproto: acquire and release (C)"
HOLD_RUST = "bufproto: ReadBuffer (Rust)"

PEERS = [
    ("bufproto: AsCharBuffer (C, inline)", "peers_c.ours", "char", None, None),
    (READ, "peers_c.ours", "read", None, None),
    ("bufproto: AsWriteBuffer (C, inline)", "peers_c.ours", "write", None, None),
    ("bufproto: CheckReadBuffer (C, inline)", "peers_c.ours", "check", None, None),
    ("bufproto: AsCharBuffer (C, address)", "peers_c.address", "char", None, None),
    ("bufproto: AsCharBuffer (C, library)", "peers_c.library", "char", None, None),
    ("bufproto: AsReadBuffer (C, address)", "peers_c.address", "read", None, None),
    ("bufproto: AsReadBuffer (C, library)", "peers_c.library", "read", None, None),
    ("bufproto: AsWriteBuffer (C, address)", "peers_c.address", "write", None, None),
    ("bufproto: AsWriteBuffer (C, library)", "peers_c.library", "write", None, None),
    ("bufproto: CheckReadBuffer (C, address)", "peers_c.address", "check", None, None),
    ("bufproto: CheckReadBuffer (C, library)", "peers_c.library", "check", None, None),
    ("bufproto: AsReadBuffer (C, BUFPROTO_NUMPY)", "peers_c.numpy", "read", None, None),
    ("bufproto: ParseTuple O& (C)", "peers_c.ours", "O&", None, None),
    (ACQUIRE, "peers_c.ours", "acquire", None, None),
    (HOLD_C, "peers_c.scopes", "scope of 1", None, None),
    ("bufproto: scope of 4 (C)", "peers_c.scopes", "scope of 4", None, None),
    ("bufproto: scope of 16 (C)", "peers_c.scopes", "scope of 16", None, None),
    ("bufproto: as_char_buffer (Rust)", "bufproto_peers.peers", "as_char_buffer", None, None),
    ("bufproto: as_read_buffer (Rust)", "bufproto_peers.peers", "as_read_buffer", None, None),
    ("bufproto: as_write_buffer (Rust)", "bufproto_peers.peers", "as_write_buffer", None, None),
    ("bufproto: view in a slot (Rust)", "bufproto_peers.peers", "view", None, None),
    (HOLD_RUST, "bufproto_peers.peers", "ReadBuffer", None, None),
    ("bufproto: CharBuffer (Rust)", "bufproto_peers.peers", "CharBuffer", None, None),
    ("bufproto: WriteBuffer (Rust)", "bufproto_peers.peers", "WriteBuffer", None, None),
    ("bufproto: ReadBuffer<T> (Rust)", "bufproto_peers.peers", "ReadBuffer<u8>", "ReadBuffer<f64>", None),
    ("CPython: AsCharBuffer", "peers_c.theirs", "char", None, CHAR),
    ("CPython: AsReadBuffer", "peers_c.theirs", "read", None, READS),
    ("CPython: AsWriteBuffer", "peers_c.theirs", "write", None, WRITES),
    ("CPython: CheckReadBuffer", "peers_c.theirs", "check", None, CHECKS),
    ("CPython: GetBuffer and Release", "peers_c.theirs", "GetBuffer", None, [ACQUIRE, HOLD_C]),
    ("CPython: 4 views", "peers_c.theirs", "4 views", None, "bufproto: scope of 4 (C)"),
    ("CPython: 16 views", "peers_c.theirs", "16 views", None, "bufproto: scope of 16 (C)"),
    ("CPython: ParseTuple y*", "peers_c.theirs", "y*", None, "bufproto: ParseTuple O& (C)"),
    ("Cython: const T[::1]", "peers_cython.peers", "memoryview u8", "memoryview f64", HOLD_C),
    ("pybind11: buffer.request()", "peers_pybind11.peers", "request()", None, HOLD_C),
    ("nanobind: ndarray", "peers_nanobind.peers", "ndarray", None, HOLD_C),
    ("PyO3: Py_buffer by hand", "bufproto_peers.peers", "Py_buffer", None, HOLD_RUST),
    ("PyO3: PyBuffer<T>", "bufproto_peers.peers", "PyBuffer<u8>", "PyBuffer<f64>", HOLD_RUST),
    ("PyO3: PyUntypedBuffer", "bufproto_peers.peers", "PyUntypedBuffer", None, HOLD_RUST),
    ("PyO3: &[u8]", "bufproto_peers.peers", "&[u8]", None, HOLD_RUST),
    ("PyO3: PyBackedBytes", "bufproto_peers.peers", "PyBackedBytes", None, HOLD_RUST),
    ("rust-numpy: PyReadonlyArray", "bufproto_peers.peers", "PyReadonlyArray u8", "PyReadonlyArray f64", HOLD_RUST),
]

# The same for whole calls, which have a frame to be subtracted: what a function of the same kind takes that takes the object
# and does nothing with it.
CALL_C = "bufproto: METH_O, AsReadBuffer (C)"
CALL_RUST = "bufproto: ReadBuffer (Rust)"

CALLS = [
    (CALL_C, "peers_c", "call_read", None, "frame_one", None),
    ("bufproto: ParseTuple O& (C)", "peers_c", "call_convert", None, "frame_tuple", None),
    (CALL_RUST, "bufproto_peers.calls", "read_buffer", None, "frame", None),
    ("bufproto: WriteBuffer (Rust)", "bufproto_peers.calls", "write_buffer", None, "frame", None),
    ("bufproto: ReadBuffer<T> (Rust)", "bufproto_peers.calls", "read_u8", "read_f64", "frame", None),
    ("CPython: METH_O, GetBuffer", "peers_c", "call_get_buffer", None, "frame_one", CALL_C),
    ("CPython: ParseTuple y*", "peers_c", "call_parse", None, "frame_tuple", "bufproto: ParseTuple O& (C)"),
    ("Cython: const T[::1]", "peers_cython", "call_u8", "call_f64", "frame", CALL_RUST),
    ("pybind11: buffer.request()", "peers_pybind11", "call", None, "frame", CALL_RUST),
    ("nanobind: ndarray", "peers_nanobind", "call", None, "frame", CALL_RUST),
    ("PyO3: PyBuffer<T>", "bufproto_peers.calls", "buffer_u8", "buffer_f64", "frame", CALL_RUST),
    ("PyO3: &[u8]", "bufproto_peers.calls", "slice", None, "frame", CALL_RUST),
    ("PyO3: PyBackedBytes", "bufproto_peers.calls", "backed", None, "frame", CALL_RUST),
    ("rust-numpy: PyReadonlyArray", "bufproto_peers.calls", "array_u8", "array_f64", "frame", CALL_RUST),
]

# Whose instructions must not depend on the length.
CONSTANT = [READ, "bufproto: AsReadBuffer (C, library)", HOLD_C, "bufproto: as_read_buffer (Rust)", HOLD_RUST]

# Who holds more and more buffers, and who copies more and more bytes.
SCOPES = [("bufproto: scope (C)", "peers_c.scopes", "scope of %d"), ("CPython: views", "peers_c.theirs", "%d views")]
HELD = [4, 16, 64, 256]
COPIERS = [("bufproto: copy out (C)", "peers_c.ours", "copy out"), ("CPython: ToContiguous", "peers_c.theirs", "ToContiguous")]

# Who ends the process where there is no numpy.
NEEDS_NUMPY = ["PyReadonlyArray u8", "PyReadonlyArray f64", "array_u8", "array_f64"]

# Who may answer with the address of a copy.
COPIES = ["PyO3: PyBackedBytes"]


def find(path, name):
    """A peer or a function, by its module, the dictionary in it if there is one, and its name; or MISSING."""
    module, _, side = path.partition(".")
    if numpy is None and name in NEEDS_NUMPY:
        return MISSING
    try:
        module = importlib.import_module(module)
    except ImportError:
        return MISSING
    if side:
        return getattr(module, side).get(name, MISSING)
    return getattr(module, name, MISSING)


def rows():
    """What is asked: the kind, the name, what is called, its frame, and what of ours it is compared with."""
    for name, path, peer, other, against in PEERS:
        against = [against] if isinstance(against, str) else against or []
        yield "peer", name, find(path, peer), find(path, other) if other else None, None, against
    for name, path, function, other, frame, against in CALLS:
        found = find(path, function)
        frame = path.partition(".")[0] + "." + frame
        yield "call", name, found, find(path, other) if other else None, frame, [against] if against else []


def chosen(name, found, other):
    return other if other is not None and "f64" in name else found


def memory(value):
    """The address and the length that the interpreter itself gives."""
    view = ctypes.create_string_buffer(256)
    get, release = ctypes.pythonapi.PyObject_GetBuffer, ctypes.pythonapi.PyBuffer_Release
    get.argtypes, get.restype = [ctypes.py_object, ctypes.c_void_p, ctypes.c_int], ctypes.c_int
    release.argtypes = [ctypes.c_void_p]
    get(value, view, 0)
    address = ctypes.c_void_p.from_buffer(view, 0).value
    length = ctypes.c_ssize_t.from_buffer(view, 2 * ctypes.sizeof(ctypes.c_void_p)).value
    release(view)
    return address, length


def judge(kind, name, asked, value):
    """What one of them does with an object: "answers", "refuses" or "copies". Whoever answers anything else ends the run."""
    try:
        expected = memory(value)
    except TypeError:
        expected = None
    if kind == "peer":
        got = harness.answer(asked, value)
        if got is not None and "CheckReadBuffer" in name:
            got = expected
    else:
        try:
            got = asked(value)
        except (TypeError, ValueError, BufferError):
            got = None
        if got is not None and expected is not None and got == expected[1]:
            got = expected
    if got is None:
        return "refuses"
    if got != expected and name in COPIES and expected is not None and got[1] == expected[1]:
        return "copies"
    if got != expected:
        sys.exit("%s answers %r, the interpreter %r" % (name, got, expected))
    return "answers"


def alone(function):
    """What a function says in a process of its own, or how that ended."""
    sys.stdout.flush()
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        child = os.fork()
    if child == 0:
        status = 1
        try:
            os.write(write, function().encode())
            status = 0
        except SystemExit as error:
            print(error, file=sys.stderr)
        finally:
            sys.stderr.flush()
            os._exit(status)
    os.close(write)
    with os.fdopen(read) as pipe:
        said = pipe.read()
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return "ends the process (%s)" % signal.Signals(os.WTERMSIG(status)).name
    if status != 0:
        sys.exit("an answer is wrong, or there is none")
    return said


def must_answer(name, label):
    """Whether a refusal would be a defect: all of ours and of CPython's take what exports the memory that they ask for."""
    if not name.startswith(("bufproto:", "CPython:")) or label == "int":
        return False
    return not ("write" in name.lower() and label == "bytes") and "<T>" not in name


def answers(file, wanted):
    cases, missing = [], []
    for kind, name, found, other, frame, against in rows():
        if found is MISSING:
            missing.append([kind, name])
            continue
        for label, value in objects():
            if wanted and label not in wanted:
                continue
            asked = chosen(label, found, other)
            outcome = alone(lambda: judge(kind, name, asked, value))
            if must_answer(name, label) and outcome != "answers":
                sys.exit("%s %s: %s" % (name, label, outcome))
            case = {"kind": kind, "name": name, "object": label, "outcome": outcome, "against": against}
            cases.append(dict(case, frame=frame))
    with open(file, "w") as out:
        json.dump({"facts": facts(), "cases": cases, "missing": missing}, out)


def facts():
    """The machine, the interpreter and what was installed; nothing that tells whose machine it is."""
    cpu = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as lines:
            cpu = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    system = platform.system()
    try:
        system = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (AttributeError, OSError, KeyError):
        pass
    versions = {}
    for name in ["numpy", "Cython", "pybind11", "nanobind"]:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            pass
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "cpu": cpu,
        "cores": os.cpu_count(),
        "os": "%s, %s" % (system, platform.machine()),
        "compiled_by": platform.python_compiler(),
        "versions": versions,
    }


def usable(file):
    """What did not end the process, to be counted and timed: its case, what is called, and the object."""
    with open(file) as text:
        cases = {(case["kind"], case["name"], case["object"]): case for case in json.load(text)["cases"]}
    values = dict(objects())
    for kind, name, found, other, _, _ in rows():
        for label, value in values.items():
            case = cases.get((kind, name, label))
            if case and case["outcome"] in ("answers", "refuses", "copies"):
                yield case, chosen(label, found, other), value


def stretch(count, label, turns=TURNS):
    count(turns)
    print(json.dumps(dict(label, turns=turns)))


def count(file, grows):
    # What is collected now and then would be counted where it happens.
    gc.disable()
    nothing = find("peers_c.theirs", "nothing")

    def peer(what, asked, value, kind="peer"):
        # Some look something up in their first call, which may take more than all others together; and the loader does.
        harness.answer(asked, value)
        harness.answer(asked, value)
        # A copy takes long, and says as much in a few turns.
        turns = TURNS // 10 if kind == "copied" else TURNS
        stretch(lambda turns: harness.count(asked, value, turns), dict(what, kind=kind), turns)

    peer({"name": "", "object": ""}, nothing, None)
    stretch(lambda turns: harness.count_call(None, None, turns), {"kind": "call", "name": "", "object": ""})
    frames = set()
    for case, asked, value in usable(file):
        what = {"name": case["name"], "object": case["object"]}
        if case["kind"] == "peer":
            peer(what, asked, value)
        else:
            for _ in range(2):
                try:
                    asked(value)
                except (TypeError, ValueError, BufferError):
                    pass
            stretch(lambda turns: harness.count_call(asked, value, turns), dict(what, kind="call"))
            frames.add(case["frame"])
    for frame in sorted(frames):
        module, _, name = frame.partition(".")
        function = find(module if hasattr(importlib.import_module(module), name) else module + ".calls", name)
        what = {"kind": "frame", "name": frame, "object": ""}
        stretch(lambda turns: harness.count_call(function, b"hello", turns), what)
    if not grows:
        return
    named = {name: find(path, asked) for name, path, asked, _, _ in PEERS}
    for length in LENGTHS:
        for label, value in big(length):
            for name in CONSTANT:
                what = {"name": name, "object": label, "size": length}
                peer(what, named[name], value, "length")
    for name, path, asked in SCOPES:
        for held in HELD:
            found = find(path, asked % held)
            for label in ["bytes", "bytearray"]:
                value = dict(objects())[label]
                what = {"name": name, "object": label, "size": held}
                peer(what, found, value, "held")
    for name, path, asked in COPIERS:
        for length in COPIED:
            value = memoryview(bytearray(2 * length))[::2]
            what = {"name": name, "object": "every second byte", "size": length}
            found = find(path, asked)
            if harness.answer(found, value)[1] != length:
                sys.exit("%s copies something else" % name)
            peer(what, found, value, "copied")


def timed(file, folder, patience):
    class Patience:
        warm_up, measurement, samples = {"quick": (0.01, 0.03, 10), "thorough": (0.03, 0.1, 20)}[patience]

    Patience.folder = folder
    # Criterion has much to say; what it found is in its files.
    out = os.fdopen(os.dup(1), "w")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    for number, (case, asked, value) in enumerate(usable(file)):
        name = "case%d" % number
        if case["kind"] == "peer":
            harness.time(asked, value, name, Patience)
        else:
            harness.time_call(asked, value, name, Patience)
        with open(os.path.join(folder, name, "new", "estimates.json")) as text:
            median = json.load(text)["median"]
        interval = median["confidence_interval"]
        what = {"kind": case["kind"], "name": case["name"], "object": case["object"]}
        what.update(low=interval["lower_bound"], median=median["point_estimate"], high=interval["upper_bound"])
        print(json.dumps(what), file=out)
    out.flush()


def threads():
    """The throughput of two threads over that of one: the best of several rounds, since others use the machine too."""
    for name, path, asked in [
        (READ, "peers_c.ours", "read"),
        (HOLD_RUST, "bufproto_peers.peers", "ReadBuffer"),
        ("CPython: AsReadBuffer", "peers_c.theirs", "read"),
        ("CPython: GetBuffer and Release", "peers_c.theirs", "GetBuffer"),
    ]:
        asked, value = find(path, asked), b"hello"
        turns = 1000
        while harness.threads(asked, value, turns, 1) < 0.001:
            turns *= 2
        one = two = float("inf")
        ratios = []
        for _ in range(ROUNDS):
            single, double = harness.threads(asked, value, turns, 1), harness.threads(asked, value, turns, 2)
            ratios.append(2 * single / double)
            one, two = min(one, single), min(two, double)
        ratios.sort()
        # Of the shortest times of each: what the machine can do when nobody else is there.
        what = {"name": name, "object": "bytes", "rounds": ROUNDS, "ratio": 2 * one / two}
        what.update(median=ratios[len(ratios) // 2], nanoseconds=one / turns * 1e9)
        print(json.dumps(what))


def main():
    task, arguments = sys.argv[1], sys.argv[2:]
    # A smoke test runs on a few objects.
    wanted = os.environ.get("BUFPROTO_PEERS_OBJECTS", "").split()
    if task == "answers":
        answers(arguments[0], wanted)
    elif task == "count":
        count(arguments[0], "grows" in arguments)
    elif task == "time":
        timed(*arguments)
    else:
        threads()


if __name__ == "__main__":
    main()

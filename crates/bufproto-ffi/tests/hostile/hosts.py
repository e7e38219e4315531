"""What a host may do while memory is held: end, fork, divide, collect, be interrupted. Each is a program of its own,
`hosts.py NAME`, that prints `done`.
"""

from __future__ import print_function

import gc
import os
import signal
import sys
import sysconfig
import threading
import time

NATIVE = sys.version_info[0] < 3
HOSTS = {}
NEEDS = {}


def scenario(*needs):
    def add(function):
        HOSTS[function.__name__] = function
        NEEDS[function.__name__] = needs
        return function

    return add


def in_rust():
    try:
        from bufproto._bufproto import arguments
    except ImportError:
        return None
    return arguments


def missing(name):
    """Why it cannot be done here, or None."""
    for need in NEEDS[name]:
        if need == "rust" and in_rust() is None:
            return "the package in Rust is not there"
        if need == "fork" and not hasattr(os, "fork"):
            return "the system does not fork"
        if isinstance(need, tuple) and sys.version_info < need:
            return "it needs Python %s" % ".".join(map(str, need))
    return None


def holding(memory, call):
    """Calls while memory is held, by a scope in C and, where there is one, an argument in Rust."""
    import hostile

    rust = in_rust()
    if rust is None:
        return hostile.held(memory, call)
    return hostile.held(memory, lambda: rust.while_reading(memory, call))


@scenario()
def the_exporter_collects_garbage():
    import hostile

    class Cycle(object):
        pass

    def collect():
        cycle = Cycle()
        cycle.itself = cycle
        del cycle
        assert gc.collect() > 0

    for trick in "calls", "release_calls":
        for way in hostile.WAYS:
            hostile.ask(way, [hostile.Hostile(trick, collect)])


@scenario()
def the_exporter_asks_itself():
    import hostile

    depth = []

    def again():
        if len(depth) < 20:
            depth.append(1)
            for way in "read", "read in a scope", "check", "copy out":
                hostile.ask(way, [value])

    for trick in "calls", "release_calls":
        del depth[:]
        value = hostile.Hostile(trick, again)
        for way in hostile.WAYS:
            hostile.ask(way, [value])
        granted, released = value.counts()
        assert granted == released, (granted, released)
        assert depth


@scenario()
def the_exporter_drops_the_last_reference_to_itself():
    import hostile

    for trick in "calls", "release_calls":
        for way in hostile.WAYS:
            owners = []
            # While it is asked, the list loses it, and so its last owner but the caller.
            owners.append(hostile.Hostile(trick, lambda: owners.__delitem__(slice(None))))
            hostile.ask(way, owners)
            if NATIVE and (trick == "release_calls" or way == "check"):
                # The old slots release nothing, and are not called to check.
                continue
            assert owners == [], (trick, way)


@scenario()
def the_exporter_frees_what_is_held():
    def free():
        try:
            del memory[:]
        except BufferError:
            refused.append(True)

    memory, refused = bytearray(b"x" * 1000), []
    holding(memory, free)
    assert refused and len(memory) == 1000
    free()
    assert len(memory) == 0


@scenario()
def the_interpreter_ends_while_memory_is_held():
    import hostile

    memory = bytearray(b"held for ever")
    hostile.keep(memory)
    hostile.keep(hostile.Hostile("honest"))
    rust = in_rust()
    if rust is not None:
        sys.kept = rust.Stored(memory)


@scenario()
def the_interpreter_ends_while_a_thread_holds_memory_in_c():
    import hostile

    started = threading.Event()

    def wait():
        started.set()
        time.sleep(60)

    thread = threading.Thread(target=hostile.held, args=(bytearray(b"memory"), wait))
    thread.daemon = True
    thread.start()
    started.wait()


@scenario("rust")
def the_interpreter_ends_while_a_thread_holds_memory_in_rust():
    started = threading.Event()

    def wait():
        started.set()
        time.sleep(60)

    thread = threading.Thread(target=in_rust().while_reading, args=(bytearray(b"memory"), wait), daemon=True)
    thread.start()
    started.wait()


@scenario("fork")
def the_process_forks_while_memory_is_held():
    def fork():
        child = os.fork()
        if child == 0:
            children.append(os.getpid())
            return
        _, status = os.waitpid(child, 0)
        assert status == 0, status

    memory, children = bytearray(b"memory"), []
    holding(memory, fork)
    # In both processes what was held has been given back once.
    memory.append(0)
    if children:
        sys.stdout.flush()
        os._exit(0)


def mind_interrupts():
    """Whoever started us in the background may have told us not to."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@scenario()
def it_is_interrupted_while_it_exports():
    import hostile

    mind_interrupts()

    def interrupt():
        os.kill(os.getpid(), signal.SIGINT)
        # Where the interpreter looks at its signals.
        for _ in range(100):
            time.sleep(0.01)

    for way in hostile.WAYS:
        value = hostile.Hostile("calls", interrupt)
        answer = hostile.ask(way, [value])
        masks = "write" in way or way == "check"
        if not masks or NATIVE:
            assert answer.endswith("KeyboardInterrupt") or way == "check", (way, answer)
        else:
            # As in the interpreter; strict functions let it through.
            assert answer in ("TypeError", "nothing"), (way, answer)
        granted, released = value.counts()
        assert granted == released


@scenario("rust", (3, 12))
def it_is_interrupted_in_python():
    class Slow(object):
        def __buffer__(self, flags):
            signal.raise_signal(signal.SIGINT)
            return memoryview(b"too late")

    mind_interrupts()
    rust = in_rust()
    for function in rust.read, rust.length, rust.read_any_layout, rust.Stored:
        try:
            function(Slow())
        except KeyboardInterrupt:
            continue
        raise AssertionError(function)
    try:
        rust.write(Slow(), b"")
    except TypeError as error:
        # As `w*`; what was raised is its cause.
        assert isinstance(error.__cause__, KeyboardInterrupt)


def in_another(program, own):
    import hostile

    failed = hostile.in_subinterpreter(program, own)
    assert failed == 0, "it raised"


FIND = "import sys; sys.path[:0] = %r\n"
USE = """
import hostile
memory = bytearray(b'memory')
def grow():
    try:
        memory.append(0)
    except BufferError:
        return
    raise AssertionError('it was not held')
hostile.held(memory, grow)
memory.append(0)
for way in hostile.WAYS:
    assert hostile.ask(way, [memory]) == 'ok', way
"""
REFUSED = """
try:
    import hostile
except ImportError as error:
    assert 'subinterpreters' in str(error), error
else:
    raise AssertionError('it was imported')
"""
PACKAGE = """
try:
    import bufproto._bufproto
except ImportError as error:
    # Up to 3.8 interpreters cannot be told apart, so a second import in the process is refused, in other words.
    words = ['subinterpreters', 'may only be initialized once per interpreter process']
    assert any(text in str(error) for text in words), error
else:
    raise AssertionError('it was imported')
"""


@scenario()
def a_subinterpreter_that_shares_the_lock():
    # Without a lock to share, the interpreter refuses an extension that says nothing of other interpreters.
    shares = not sysconfig.get_config_var("Py_GIL_DISABLED")
    for _ in range(2):
        in_another(FIND % sys.path + (USE if shares else REFUSED), 0)


@scenario((3, 12))
def a_subinterpreter_with_a_lock_of_its_own():
    # The extension says nothing of such interpreters, so they do not import it.
    in_another(FIND % sys.path + REFUSED, 1)


@scenario("rust")
def the_package_in_a_subinterpreter():
    # It belongs to the interpreter that imports it first.
    assert in_rust() is not None
    in_another(FIND % sys.path + PACKAGE, 0)


@scenario("rust", (3, 12))
def the_package_in_a_subinterpreter_with_a_lock_of_its_own():
    in_another(FIND % sys.path + PACKAGE, 1)


if __name__ == "__main__":
    HOSTS[sys.argv[1]]()
    print("done")

"""What must come of each trick of an exporter: the table, and a program that does it.

As a program: `cases.py TRICK` prints what each way of asking came to, in JSON.
"""

from __future__ import print_function

import json
import sys

NATIVE = sys.version_info[0] < 3
DEBUG = hasattr(sys, "gettotalrefcount")

# The ways of asking, as hostile.c calls them, by what they have in common.
READING = ["char", "read", "char in a scope", "read in a scope", "read in a scope that grows"]
WRITING = ["write", "write in a scope"]

OK, NOTHING, TYPE, BUFFER, SYSTEM = "ok", "nothing", "TypeError", "BufferError", "SystemError"
RAISED, ALSO = "ZeroDivisionError", "ok and ZeroDivisionError"

# What is no layout of memory is refused where somebody wants to know where the items are. The four functions look at the
# memory and its length only, as the interpreter's own do.
NO_LAYOUT = {"convert to read": TYPE, "convert to write": TYPE, "item": BUFFER, "copy out": BUFFER, "copy in": BUFFER,
             "rust": TYPE, "rust write": TYPE, "rust items": BUFFER}
NO_MEMORY = {"item": BUFFER, "copy out": BUFFER, "copy in": BUFFER, "rust": BUFFER, "rust write": BUFFER}
# Nobody but the exporter can know that it lies: who looks at the items does so at the places that it says.
ELSEWHERE = {"convert to read": TYPE, "convert to write": TYPE, "copy out": None, "copy in": None, "rust": TYPE,
             "rust write": TYPE}

# Where nothing is said, it is "ok"; None is not done at all, because it would follow what the exporter says.
EXPECTED = {
    "honest": {},
    "negative_length": dict(NO_MEMORY, **{"rust items": BUFFER}),
    "null_memory": NO_MEMORY,
    "untouched_view": {"item": BUFFER},
    "dimensions_65": NO_LAYOUT,
    "dimensions_negative": NO_LAYOUT,
    "dimensions_most": NO_LAYOUT,
    "shape_missing": {},
    "shape_negative": NO_LAYOUT,
    "shape_overflows": NO_LAYOUT,
    "length_lies": NO_LAYOUT,
    "strides_overflow": NO_LAYOUT,
    "strides_nowhere": ELSEWHERE,
    "suboffsets_nowhere": ELSEWHERE,
    "item_size_negative": NO_LAYOUT,
    "item_size_zero": NO_LAYOUT,
    "format_broken": {},
    "format_of_another_size": {},
    "read_only_when_asked_to_write": {"copy in": BUFFER, "rust write": TYPE},
    "owner_other": {},
    "owner_missing": {},
    "owner_named_on_failure": dict(
        {way: RAISED for way in READING + ["convert to read", "contiguous", "item", "copy out", "copy in", "rust",
                                           "rust items"]},
        **{"write": TYPE, "write in a scope": TYPE, "check": NOTHING, "convert to write": TYPE, "rust write": TYPE}),
    "succeeds_and_raises": dict(
        {way: ALSO for way in READING + WRITING + ["check", "convert to read", "convert to write", "contiguous", "item",
                                                   "copy out", "copy in"]},
        # The interpreter's own refusal of a function that returns like that.
        **{"rust": SYSTEM, "rust write": SYSTEM}),
    "fails_silently": dict(
        {way: NOTHING for way in READING + ["check", "convert to read", "contiguous", "item", "copy out", "copy in"]},
        **{"write": TYPE, "write in a scope": TYPE, "convert to write": TYPE, "rust": SYSTEM, "rust write": TYPE,
           "rust items": SYSTEM}),
    "returns_7": dict(
        {way: NOTHING for way in READING + ["convert to read", "contiguous", "item", "copy out", "copy in"]},
        **{"write": TYPE, "write in a scope": TYPE, "convert to write": TYPE, "rust": SYSTEM, "rust write": TYPE,
           "rust items": SYSTEM}),
    "calls": {},
    # What is raised when a scope ends is reported as unraisable, and so it is when an argument in Rust ends.
    "release_raises": {way: ALSO for way in ["char", "read", "write", "check", "convert to read", "convert to write",
                                             "contiguous", "item", "copy out", "copy in"]},
    "release_clears": {},
    "release_calls": {},
}

# On 2.7 the functions ask the old slots, and so do converters, where nothing can be said but bytes.
BY_SLOTS = {
    "negative_length": {way: NOTHING for way in READING + WRITING + ["convert to read", "convert to write"]},
    "succeeds_and_raises": {way: ALSO for way in READING + WRITING + ["convert to read", "convert to write"]},
    "fails_silently": {way: NOTHING for way in READING + WRITING + ["convert to read", "convert to write"]},
    "returns_7": dict({way: TYPE for way in READING + WRITING + ["convert to read", "convert to write"]},
                      **{"check": NOTHING}),
    "release_raises": {way: ALSO for way in ["convert to read", "convert to write"]},
}


def expected(trick, way):
    kind = "rust" if way.startswith("rust") and way not in ("rust write", "rust items") else way
    by_slots = READING + WRITING + ["check", "convert to read", "convert to write"]
    if NATIVE and way in by_slots:
        return BY_SLOTS.get(trick, {}).get(way, OK)
    if way == "rust items":
        # The items are bytes, and 32-bit integers are asked for, which is refused when all else is well.
        return EXPECTED[trick].get(way, TYPE)
    return EXPECTED[trick].get(kind, OK)


def in_rust():
    """The ways in Rust, where the package is installed and in Rust."""
    try:
        from bufproto._bufproto import arguments
    except ImportError:
        return {}
    return {
        "rust": arguments.read,
        "rust length": arguments.length,
        "rust any layout": arguments.read_any_layout,
        "rust detached": arguments.sum_detached,
        "rust stored": lambda value: arguments.Stored(value).drop_attached(),
        "rust stored, dropped on a thread": lambda value: arguments.Stored(value).drop_on_a_thread(),
        "rust write": lambda value: arguments.write(value, b"0123"),
        "rust items": arguments.items_i32,
    }


def outcome(function, value):
    try:
        function(value)
    except BaseException as error:
        return type(error).__name__
    return OK


def main(trick):
    import hostile

    from counted import references

    rust = in_rust()
    outcomes = {}
    for way in list(hostile.WAYS) + sorted(rust):
        wanted = expected(trick, way)
        # A debug build ends the process where a function returns with an exception set.
        leaves = DEBUG and way.startswith("rust") and trick == "succeeds_and_raises"
        if wanted is None or leaves:
            continue
        print(way, file=sys.stderr)
        value = hostile.Hostile(trick, list)
        before = references(value)
        outcomes[way] = [hostile.ask(way, [value]) if way in hostile.WAYS else outcome(rust[way], value)]
        granted, released = value.counts()
        # Who names no owner is not told.
        balanced = granted == released or trick == "untouched_view"
        outcomes[way] += [references(value) - before, balanced]
    print(json.dumps(outcomes))


if __name__ == "__main__":
    main(*sys.argv[1:])

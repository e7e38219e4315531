"""Random structures, and objects that have them. All of it works from Python 2.7 on.

A structure is where items are in memory: item size, shape, strides, suboffsets, and which of these the view states. Each is
made from a seed and its own number, so that one can be made again.
"""

import ctypes
import itertools
import random

import layouts

try:
    import numpy
except ImportError:
    numpy = None
try:
    import _testbuffer
except ImportError:
    _testbuffer = None

POINTER = ctypes.sizeof(ctypes.c_void_p)

# The most items that a structure has, so that all of them can be looked at.
ITEMS = 200


class Chance(object):
    """The same numbers on every version of Python."""

    def __init__(self, seed, number):
        self.random = random.Random(seed * 1000003 + number).random

    def below(self, end):
        return int(self.random() * end)

    def one_in(self, count):
        return self.below(count) == 0

    def choice(self, things):
        return things[self.below(len(things))]

    def shuffled(self, things):
        return [thing for _, thing in sorted((self.random(), thing) for thing in things)]


class Made(object):
    """An object, and what is known of it."""

    def __init__(self, kind, object, about, shape, item_size, blocks=(), keep=None):
        self.kind, self.object, self.about = kind, object, about
        self.shape, self.item_size = shape, item_size
        # All memory that copying might write to, if it is ours.
        self.blocks, self.keep = blocks, keep

    def indices(self):
        """Of all items, the last varying fastest."""
        return list(itertools.product(*[range(extent) for extent in self.shape]))


def shape_of(chance, most):
    """Up to `most` dimensions, and not too many items."""
    dimensions = chance.choice([0, 1, 1, 2, 2, 2, 3, 3, 3, 4, 5, 7, chance.below(most + 1), most])
    empty = chance.one_in(12)
    shape = []
    for _ in range(min(dimensions, most)):
        extent = chance.choice([1, 1, 2, 2, 3, 4, 5] if dimensions < 6 else [1, 1, 1, 1, 1, 2, 3])
        shape.append(extent if count(shape) * extent <= ITEMS else 1)
    if empty and shape:
        shape[chance.below(len(shape))] = 0
    return shape


def count(shape):
    items = 1
    for extent in shape:
        items *= extent
    return items


def strides_of(chance, shape, item_size, tidy):
    """In C order if tidy; else in any order, backwards, with gaps, in steps of 0, and rarely anything."""
    strides, reach = [0] * len(shape), item_size
    order = list(reversed(range(len(shape))))
    way = chance.below(10)
    if not tidy:
        if way == 0:
            return [chance.below(25) - 12 for _ in shape]
        if way < 3:
            order.reverse()
        elif way < 7:
            order = chance.shuffled(order)
    for dimension in order:
        strides[dimension] = reach
        if not tidy and chance.one_in(4):
            gap = chance.choice([item_size, 1, 3])
            strides[dimension] = chance.choice([-reach, 0, reach + gap, -reach - gap])
        # A dimension of one item may have any stride.
        if shape[dimension] <= 1 and chance.one_in(4):
            strides[dimension] = chance.below(41) - 20
        reach = max(reach, abs(strides[dimension]) * max(shape[dimension], 1))
    return strides


def bounds(shape, strides, item_size):
    """From the lowest byte of the items to past the highest, relative to the first item."""
    if 0 in shape:
        return 0, 0
    reaches = [(extent - 1) * stride for extent, stride in zip(shape, strides)]
    return sum(r for r in reaches if r < 0), sum(r for r in reaches if r > 0) + item_size


def block(chance, length):
    """Memory that stays where it is."""
    memory = (ctypes.c_ubyte * max(length, 1))()
    for place in range(length):
        memory[place] = chance.below(256)
    return memory


def plain(chance):
    """By an exporter of our own: any number of levels of pointers, and fields that are not stated."""
    item_size = chance.choice([1, 1, 2, 3, 4, 8, 16, 0])
    shape = shape_of(chance, 64)
    tidy = chance.one_in(3)
    indirect = chance.one_in(3)
    # Where pointers are followed, and what is added then. Few, because each level needs memory of its own.
    pointers = [d for d in range(len(shape)) if indirect and (chance.one_in(4) or len(shape) == 1)][:3]
    suboffsets = [chance.below(9) if d in pointers else -1 - chance.below(2) for d in range(len(shape))]
    keep, strides, steps, begin = [], [], [], 0
    for end in [d + 1 for d in pointers] + [len(shape)]:
        size = POINTER if end - 1 in pointers else item_size
        part = shape[begin:end]
        steps.append((part, strides_of(chance, part, size, tidy), size))
        strides += steps[-1][1]
        begin = end

    def build(level):
        part, distances, size = steps[level]
        low, high = bounds(part, distances, size)
        memory = block(chance, high - low)
        first = ctypes.addressof(memory) - low
        keep.append(memory)
        if level < len(pointers):
            targets = {}
            for indices in itertools.product(*[range(extent) for extent in part]):
                place = first + sum(i * d for i, d in zip(indices, distances))
                # Pointers that share bytes would destroy one another.
                if any(abs(place - other) < POINTER for other in targets):
                    if place not in targets:
                        raise Unsuitable()
                    continue
                targets[place] = build(level + 1) - suboffsets[pointers[level]]
            for place, target in targets.items():
                ctypes.c_void_p.from_address(place).value = target
        return first

    address = build(0)
    # In C order strides need not be stated.
    in_order = not pointers and tidy and is_c_order(shape, strides, item_size)
    stated = None if in_order and chance.one_in(2) else strides
    # Suboffsets may be stated where there are none.
    suboffsets = suboffsets if pointers or chance.one_in(6) else None
    flat = in_order and stated is None and suboffsets is None and chance.one_in(4)
    structure = layouts.Structure(
        address,
        item_size,
        count(shape) * item_size,
        None if flat and item_size else shape,
        stated,
        suboffsets,
    )
    about = "item size %s, shape %s, strides %s, suboffsets %s%s" % (
        item_size, shape, stated, suboffsets, ", no shape" if flat and item_size else ""
    )
    if flat and item_size:
        shape = [count(shape)]
    return Made("an exporter of our own", structure, about, shape, item_size, keep, keep)


def is_c_order(shape, strides, item_size):
    distance = item_size
    for extent, stride in zip(reversed(shape), reversed(strides)):
        if stride != distance:
            return False
        distance *= extent
    return True


class Unsuitable(Exception):
    """There is no memory for this structure."""


def with_testbuffer(chance):
    """By the interpreter's own test exporter; it takes strides in multiples of the item size, and cuts out parts of itself."""
    item_size = chance.choice([1, 1, 2, 3, 4, 8])
    form = {1: "B", 2: "H", 4: "I", 8: "Q"}.get(item_size, "3s")
    shape = shape_of(chance, 64)
    flags = _testbuffer.ND_WRITABLE
    item = (lambda: chance.below(200)) if form != "3s" else (lambda: b"%c%c%c" % (chance.below(200), 7, 9))
    about = "item size %s, shape %s" % (item_size, shape)
    if not shape:
        made = _testbuffer.ndarray(item(), shape=[], format=form, flags=flags)
    elif chance.one_in(3):
        indirect = chance.one_in(2) and 0 not in shape
        flags |= _testbuffer.ND_PIL if indirect else _testbuffer.ND_FORTRAN
        items = [item() for _ in range(max(count(shape), 1))]
        made = _testbuffer.ndarray(items, shape=shape, format=form, flags=flags)
        about += ", behind pointers" if indirect else ", in Fortran's order"
    else:
        strides = [s - s % item_size for s in strides_of(chance, shape, item_size, False)]
        low, high = bounds(shape, strides, item_size)
        items = [item() for _ in range(max((high - low) // item_size, 1))]
        made = _testbuffer.ndarray(items, shape=shape, strides=strides, offset=-low, format=form, flags=flags)
        about += ", strides %s" % strides
    # A part, which moves the suboffsets too. It shares the memory of the whole.
    if shape and 0 not in shape and chance.one_in(2):
        parts = tuple(
            chance.choice([slice(None), slice(None, None, -1), slice(None, None, 2), slice(extent // 2, None)])
            for extent in shape
        )
        made = made[parts if len(parts) > 1 else parts[0]]
        about += ", and of that %s" % (parts,)
        shape = list(made.shape)
    return Made("_testbuffer.ndarray", made, about, shape, item_size)


def with_numpy(chance):
    """By numpy, which shows any part of its memory in any way."""
    item_size = chance.choice([1, 1, 2, 3, 4, 8, 16])
    kind = {1: "u1", 2: "u2", 4: "u4", 8: "u8"}.get(item_size, "S%d" % item_size)
    shape = shape_of(chance, 32 if numpy.__version__ < "2" else 64)
    strides = strides_of(chance, shape, item_size, chance.one_in(4))
    low, high = bounds(shape, strides, item_size)
    memory = block(chance, high - low)
    whole = numpy.frombuffer(memory, "u1")
    array = numpy.ndarray(shape, kind, whole, -low, strides) if high > low else numpy.zeros(shape, kind)
    about = "numpy type %s, shape %s, strides %s" % (kind, shape, strides)
    return Made("numpy", array, about, shape, item_size, [memory] if high > low else [], [memory, whole])


def makers():
    yield plain
    if _testbuffer is not None:
        yield with_testbuffer
    if numpy is not None:
        yield with_numpy


MAKERS = list(makers())


def make(seed, number):
    """The structure of this number, or None if there is no memory for it."""
    chance = Chance(seed, number)
    try:
        return chance.choice(MAKERS)(chance)
    except Unsuitable:
        return None


def missing():
    """What is not installed, as reasons for skipping."""
    if _testbuffer is None:
        yield "no structures by _testbuffer, which this interpreter has not"
    if numpy is None:
        yield "no structures by numpy, which is not installed"

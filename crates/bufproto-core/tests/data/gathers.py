"""Records how CPython puts strided items side by side; prints the lines of gathers.txt.

    python3.12 gathers.py

Every byte of the memory is its own index. A line is: item size; shape; strides; index of the first item; the
bytes in C order; in Fortran order. Tabs between them, spaces between numbers, "-" for none.
"""

import random

from _testbuffer import ndarray

chance = random.Random(1)
for _ in range(250):
    item_size = chance.choice([1, 1, 2, 3, 4, 8])
    shape = [chance.choice([0, 1, 1, 2, 2, 3, 4]) for _ in range(chance.choice([0, 1, 1, 2, 2, 3, 3, 4]))]
    strides, reach = [0] * len(shape), item_size
    for dimension in chance.sample(range(len(shape)), len(shape)):
        strides[dimension] = reach * chance.choice([1, 1, -1]) * chance.choice([1, 1, 1, 2, 0])
        reach *= max(shape[dimension], 1)
    low = sum((n - 1) * s for n, s in zip(shape, strides) if s < 0 and n)
    high = sum((n - 1) * s for n, s in zip(shape, strides) if s > 0 and n) + item_size
    if high - low > 250 or (low and 0 in shape):
        continue
    memory = bytes(range(high - low))
    items = [memory[n : n + item_size] for n in range(0, len(memory), item_size)]
    if any(len(item) != item_size for item in items):
        continue
    form = "%ds" % item_size
    if shape:
        array = ndarray(items, shape=shape, strides=strides, offset=-low, format=form)
    else:
        array = ndarray(items[0], shape=[], format=form)
    view = memoryview(array)
    show = lambda numbers: " ".join(map(str, numbers)) or "-"
    answers = [view.tobytes(order=order) for order in "CF"]
    print(item_size, show(shape), show(strides), -low, *map(show, answers), sep="\t")

"""Writes to memory that a thread pool reads."""

from stable import Memory, Pool

memory = Memory(b"abracadabra")
pool = Pool()
counts = [pool.count(memory, ord(letter)) for letter in "abr"]


def write(at, byte):
    with memoryview(memory) as view:
        view[at] = byte


# The jobs wait in their queue, and the memory with them. It can be read.
assert bytes(memory) == b"abracadabra"
try:
    write(0, ord("b"))
except TypeError as error:
    # A view that is not asked to be writable is none.
    assert "read-only" in str(error), error
else:
    raise AssertionError("written to under its readers")

pool.start(threads=2)
assert [count.result() for count in counts] == [5, 2, 2]

# Now it can be written to.
write(0, ord("b"))
assert bytes(memory) == b"bbracadabra"

# And while somebody could write, it is not read by the pool.
with memoryview(memory):
    try:
        pool.count(memory, 0)
    except BufferError as error:
        assert "may be written to through another view" in str(error), error
    else:
        raise AssertionError("read while somebody could write")

# What never changes needs no such care, and what cannot promise it is refused.
assert pool.count(b"banana", ord("a")).result() == 3
try:
    pool.count(bytearray(b"banana"), ord("a"))
except TypeError as error:
    assert "offers no stable reads" in str(error), error
else:
    raise AssertionError("a bytearray can be written to by anybody")

"""Reads lines of a file out of memory."""

import mmap
import os
import platform
import tempfile

from lines import Lines

descriptor, name = tempfile.mkstemp()
try:
    with open(descriptor, "r+b") as file:
        file.write(b"".join(b"line %d\n" % number for number in range(10000)) + b"the end")
        file.flush()
        mapped = mmap.mmap(file.fileno(), 0)

        lines = Lines(mapped)
        assert len(lines) == 10001
        assert (lines[0], lines[9999], lines[10000]) == (b"line 0\n", b"line 9999\n", b"the end")
        assert sum(line.startswith(b"line") for line in lines) == 10000

        mapped[:4] = b"LINE"
        if platform.python_implementation() == "PyPy":
            # PyPy closes a map under its readers. So what is stored of one is a copy there.
            assert lines[0] == b"line 0\n"
            mapped.close()
            assert lines[9999] == b"line 9999\n"
        else:
            # It is the file, not a copy.
            assert lines[0] == b"LINE 0\n"

            # And it stays while somebody reads in it.
            try:
                mapped.close()
            except BufferError:
                pass
            else:
                raise AssertionError("closed under its reader")
            del lines
            mapped.close()
finally:
    os.remove(name)

# Nothing of this is about files.
assert list(Lines(b"a\n\nb")) == [b"a\n", b"\n", b"b"]
assert len(Lines(bytearray())) == 0

"""Records the bytes that Python writes for values in every format; prints the lines of elements.txt.

    python3.14 elements.py

A line is: the format; the bytes in hexadecimal digits; the value. Tabs between them. The machine was 64-bit
Linux on x86. The values are such that the wrong sign, size or byte order reads another one.
"""

import array
import ctypes
import struct

for order in ["", "@", "=", "<", ">", "!"]:
    for code in "bhilqnBHILQNfd?c":
        if code in "nN" and order not in ["", "@"]:
            continue
        size = struct.calcsize(order + code)
        number = int.from_bytes(bytes(range(0xF1, 0xF1 + size)), "big")
        value = number - (1 << 8 * size) if code in "bhilqn" else number
        value = {"f": -1.5, "d": 1e-300, "?": True, "c": b"\xf1"}.get(code, value)
        packed = struct.pack(order + code, value)
        print(order + code, packed.hex(), ord(value) if code == "c" else value, sep="\t")

for kind, value in [
    (ctypes.c_byte, -3), (ctypes.c_short, -300), (ctypes.c_int, -70000), (ctypes.c_long, -(1 << 40)),
    (ctypes.c_ubyte, 200), (ctypes.c_uint, 0xF0000001), (ctypes.c_size_t, (1 << 63) + 5), (ctypes.c_float, 0.25),
    (ctypes.c_double, -1e300), (ctypes.c_bool, True), (ctypes.c_int.__ctype_be__, -70000),
    (ctypes.c_double.__ctype_be__, 1e-300), (ctypes.c_wchar, "\N{GREEK SMALL LETTER LAMDA}"),
]:
    view = memoryview(kind(value))
    print(view.format, bytes(view).hex(), value, sep="\t")

view = memoryview(array.array("u", "\N{SNAKE}"))
print(view.format, bytes(view).hex(), "\N{SNAKE}", sep="\t")

"""Records what interpreters answer for item formats; prints the lines of formats.txt.

Run it three times and join what it prints:

    python3.15 formats.py struct      # struct.calcsize
    python3.14 formats.py ctypes      # the formats that ctypes exports, sizes and offsets of the fields
    python3.11 formats.py numpy       # numpy's parser of PEP 3118 formats (numpy 2.4)

A line is: who answered; the format, with bytes that cannot be printed as \\xNN; the size in bytes or "refused";
and, of records, name@offset for each field. Tabs between them. The machine was 64-bit Linux on x86.
"""

import random
import sys

CODES = "xcb?BhHiIlLqQnNefdspPFD"
PIECES = list(CODES) + ["Zf", "Zd", " ", "\t", "\n", "\v", "\f", "\r", "k", "t", "3", "0", "12", "é", "-", "{", "}"]


def line(who, text, size, fields=()):
    shown = "".join(
        c if " " < c <= "~" and c != "\\" or c == " " else "".join("\\x%02x" % b for b in c.encode()) for c in text
    )
    print("\t".join([who, shown, str(size)] + ["%s@%d" % field for field in fields]))


def by_struct():
    import struct

    formats = ["", "@", "<", "=", ">", "!", "^i", "2", "i2", "<2", "3 i", "3", "i3", " i", "i ", "< i", " <i", "@ 3i"]
    formats += ["i\x00", "\x00", "i\x1ci", "\xa0i", "-1i", "+1i", "1.i", "i<i", "<>i", "ii>", "0", "00i", "007i"]
    formats += ["%s%s%s" % (o, n, c) for o in ["", "@", "=", "<", ">", "!"] for n in ["", "0", "1", "3"] for c in CODES]
    formats += ["%s%s" % (a, b) for a in "bhiqPdD" for b in ["b", "h", "i", "q", "P", "d", "e", "0q", "0i", "3s", "0D"]]
    top = sys.maxsize
    for n in [top - 7, top - 1, top, top + 1, 2 * top + 1, 2 * top + 2, 10**30, top // 8, top // 8 + 1, top // 2]:
        formats += ["%d%s" % (n, c) for c in "xsbhiqd"] + ["%dxh" % n, "<%dxb" % n, "b%dx0q" % n, "%d" % n, "%d " % n]
    chance = random.Random(3118)
    for _ in range(400):
        order = chance.choice(["", "", "", "@", "=", "<", ">", "!"])
        count = lambda: chance.choice(["", "", "", "0", "1", "2", "17"])
        body = [count() + chance.choice(CODES) + chance.choice(["", "", " "]) for _ in range(chance.randint(1, 7))]
        formats.append(order + "".join(body))
    for _ in range(250):
        formats.append("".join(chance.choice(PIECES) for _ in range(chance.randint(1, 5))))
    for text in dict.fromkeys(formats):
        try:
            size = struct.calcsize(text)
        except (struct.error, UnicodeEncodeError, OverflowError, ValueError):
            size = "refused"
        line("struct", text, size)


def by_ctypes():
    import ctypes as c

    simple = [c.c_byte, c.c_ubyte, c.c_char, c.c_bool, c.c_short, c.c_ushort, c.c_int, c.c_uint, c.c_long, c.c_ulong]
    simple += [c.c_longlong, c.c_ulonglong, c.c_float, c.c_double, c.c_longdouble, c.c_wchar, c.c_void_p, c.c_char_p]
    simple += [c.c_wchar_p, c.c_size_t, c.c_ssize_t, c.py_object, c.CFUNCTYPE(c.c_int), c.POINTER(c.c_int)]
    simple += [c.POINTER(c.c_int * 3), c.POINTER(c.POINTER(c.c_double)), c.c_float_complex, c.c_double_complex]
    simple += [c.c_longdouble_complex]
    chance = random.Random(3118)
    types = list(simple)

    def structure(members):
        fields = [("f%d" % n, member) for n, member in enumerate(members)]
        return type("S", (c.Structure,), {"_fields_": fields})

    types.append(structure([]))
    for _ in range(120):
        members = []
        for _ in range(chance.randint(1, 5)):
            member = chance.choice(types)
            for _ in range(chance.choice([0, 0, 0, 1, 2])):
                member = member * chance.randint(1, 3)
            members.append(chance.choice([member, member, member, c.POINTER(member)]))
        types.append(structure(members))
    seen = set()
    for kind in types:
        view = memoryview(kind())
        if view.format in seen or len(view.format) > 400:
            continue
        seen.add(view.format)
        fields = [(name, getattr(kind, name).offset) for name, _ in getattr(kind, "_fields_", [])]
        line("ctypes", view.format, c.sizeof(kind), fields)


def by_numpy():
    import warnings

    from numpy._core._internal import _dtype_from_pep3118 as read

    warnings.simplefilter("ignore")
    chance = random.Random(3118)

    # Only single items: numpy pads several of them at the end, which `struct` does not do.
    formats = ["w", "3w", "Zf", "Zd", "Zg", "<Zd", "g", "O", "T{b:a:g:b:i:c:}", "T{b:a:Zg:b:}", "(2,3)i", "(2,3)<i", "( 2, 3 )h", "(0)i", "(2,0)q"]
    formats += ["(2,3)3s", "(2)3w", "2T{b:a:i:b:}", "(2)T{b:a:i:b:}", "T{i:a:d:b:}", "T{b:a:xxxi:b:}", "T{i:a:b:b:}"]
    formats += ["T{=b:a:i:b:}", "T{>b:a:>i:b:}", "T{T{b:x:i:y:}:p:b:q:}", "^T{b:a:i:b:}", "T{^b:a:i:b:}", "T{q:a:0d:b:}"]
    formats += ["T{i:a:<b:b:}", "T{<i:a:@b:b:}", "T{<i:a:@h:b:b:c:}", "T{b:a:<i:b:@h:c:}", "T{i:a:}:c:", "i:x:", "T{}"]
    formats += ["T{b:a:T{<h:b:i:c:}:d:i:e:}", "T{b:a:T{<h:b:@i:c:}:d:i:e:}", "T{<b:a:@T{h:b:^i:c:}:d:i:e:}", "3x", "3s"]
    formats += ["t", "k", "(2,)i", "()i", "(2", "(a)i", "(-1)i", "2<i", "<>i", "i:a", "T", "T i", "2(3)i", "(2)(3)i"]
    formats += ["Zi", "Zq", "i :a:", "(2,3)", "(2,,3)i", "(2 3)i", "Z3f", "T{k}", "T{<k}", "T{3 i}"]

    # Without `g`: numpy has none in standard order, where ctypes has.
    def items(depth):
        text = ""
        for name in "abcd"[: chance.randint(1, 4)]:
            shape = chance.choice(["", "", "", "(2)", "(2,3)", "(1)", "(3,0)"])
            text += shape
            text += chance.choice(["", "", "", "@", "<", ">", "=", "^", "!"])
            # Nor no items at all in each place of a sub-array, which numpy cannot express.
            text += chance.choice(["", "", "", "1", "3", "1" if shape else "0"])
            if depth < 3 and chance.random() < 0.25:
                text += "T{%s}" % items(depth + 1)
            else:
                text += chance.choice("? b B h H i I l L q Q e f d Zf Zd s w O".split())
            text += ":%s:" % name + "x" * chance.choice([0, 0, 0, 1, 5])
        return text

    formats += ["T{%s}" % items(0) for _ in range(400)]
    for text in dict.fromkeys(formats):
        try:
            dtype = read(text)
        except NotImplementedError:
            continue
        except Exception:
            line("numpy", text, "refused")
        else:
            fields = [(name, dtype.fields[name][1]) for name in dtype.names or ()]
            line("numpy", text, dtype.itemsize, fields)


{"struct": by_struct, "ctypes": by_ctypes, "numpy": by_numpy}[sys.argv[1]]()

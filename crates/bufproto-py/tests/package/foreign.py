"""The least that is an extension module on Windows and on macOS: what it imports, and one text."""

import struct

MARKS = {"inline": b"bufproto: inline\0", "linked in": b"bufproto: linked in\0", "capsule": b"bufproto._C_API\0"}
"""What a file has in it that has our functions this way."""


def portable_executable(imports, text=b"text\0"):
    """A library in the format of Windows, for x86-64."""
    begin, address = 0x200, 0x1000  # of the one section, in the file and in memory
    at = address + 40 + 16 * (len(imports) + 1)
    thunks, names = b"", b""
    for name in imports:
        thunks += struct.pack("<Q", at + len(names))
        names += struct.pack("<H", 0) + name.encode() + b"\0"
    library = at + len(names)
    table = address + 40
    content = struct.pack("<5I", table, 0, 0, library, table + len(thunks) + 8) + bytes(20)
    content += (thunks + bytes(8)) * 2 + names + b"python3.dll\0" + text
    directories = struct.pack("<4I", 0, 0, address, 40) + bytes(14 * 8)
    optional = struct.pack("<HBB5IQIIHHHHHHIIIIHHQQQQII", *[
        0x20B, 0, 0, 0, len(content), 0, 0, 0, 0x180000000, 0x1000, 0x200, 6, 0, 0, 0, 6, 0, 0, 0x2000, begin, 0, 2, 0,
        0x100000, 0x1000, 0x100000, 0x1000, 0, 16,
    ]) + directories
    headers = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0"
    headers += struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, len(optional), 0x2022) + optional
    headers += b".rdata\0\0" + struct.pack("<6IHHI", len(content), address, len(content), begin, 0, 0, 0, 0, 0x40000040)
    return headers.ljust(begin, b"\0") + content


def mach_o(imports, text=b"text\0"):
    """A bundle in the format of macOS, for x86-64."""
    names, symbols = b"\0", b""
    for name in imports:
        # An undefined, external symbol, of whatever library has it; the compiler puts an underscore before each.
        symbols += struct.pack("<IBBHQ", len(names), 1, 0, 0xFE << 8, 0)
        names += b"_" + name.encode() + b"\0"
    size = 32 + 72 + 80 + 24 + 80
    text_at, symbols_at, names_at = size, size + len(text), size + len(text) + len(symbols)
    commands = struct.pack("<II16s4Q4I", 0x19, 72 + 80, b"__TEXT", 0, 0x1000, 0, size + len(text), 5, 5, 1, 0)
    commands += struct.pack("<16s16sQQ8I", b"__cstring", b"__TEXT", text_at, len(text), text_at, 0, 0, 0, 2, 0, 0, 0)
    commands += struct.pack("<6I", 2, 24, symbols_at, len(imports), names_at, len(names))
    commands += struct.pack("<20I", 0xB, 80, 0, 0, 0, 0, 0, len(imports), *[0] * 12)
    header = struct.pack("<8I", 0xFEEDFACF, 0x01000007, 3, 8, 3, len(commands), 0x80, 0)
    return header + commands + text + symbols + names


def universal(imports, text=b"text\0"):
    """The same for two architectures, of which only the second imports anything."""
    first, second = mach_o([]), mach_o(imports, text)
    header = struct.pack(">II", 0xCAFEBABE, 2)
    at = 4096
    header += struct.pack(">5I", 0x0100000C, 0, at, len(first), 12)
    header += struct.pack(">5I", 0x01000007, 3, at * 2, len(second), 12)
    return (header.ljust(at, b"\0") + first).ljust(at * 2, b"\0") + second

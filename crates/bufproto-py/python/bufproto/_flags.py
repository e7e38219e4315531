"""What compilers are told: read from the files that pkg-config reads, so that both say the same."""

import io
import os
import re

from . import _folders


def cflags(force=False):
    """The options for compiling, in a list. With ``force`` the compiler includes the header by itself."""
    return _field("bufproto", "Cflags") + (forced() if force else [])


def forced():
    """The options that bring the header into every file, without a change to the files."""
    return _field("bufproto-forced", "Cflags")


def ldflags():
    """The options for linking, in a list. They may stand before the objects or after them."""
    return _field("bufproto", "Libs")


def _field(package, name):
    path = os.path.join(_folders.get_pkgconfig_dir(), package + ".pc")
    variables, fields = {}, {}
    with io.open(path, encoding="utf-8") as lines:
        for line in lines:
            variable = re.match(r"(\w+)=(.*)", line)
            field = re.match(r"(\w+): (.*)", line)
            if variable:
                variables[variable.group(1)] = variable.group(2)
            elif field:
                fields[field.group(1)] = field.group(2)
    # The file says it relative to itself; without the way up and down again it is easier to read.
    variables["prefix"] = _folders.HERE
    # A folder with a blank in its name is in one option.
    return [_expand(option, variables) for option in fields[name].split()]


def _expand(text, variables):
    while "${" in text:
        text = re.sub(r"\$\{(\w+)\}", lambda place: variables[place.group(1)], text)
    return text

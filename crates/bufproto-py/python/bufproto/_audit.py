"""``python -m bufproto audit``: which extension modules still take the four functions from the interpreter.

A build that passes proves nothing: CPython exports the functions for ever, declared or not, and a compiler that only warns
about a call of what it does not know binds them. So the files themselves are read, whatever they were built for.
"""

import argparse
import json
import os
import re
import site
import sys
import sysconfig
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

from . import _inspect
from ._bufproto import read_library

LIBRARY = re.compile(r"\.(so(\.[0-9.]+)?|pyd|dll|dylib)$", re.IGNORECASE)
"""What the names of shared libraries end with. Extension modules bring others along, which may call Python as well."""

OLD, OURS, CLEAN, UNREADABLE = "imports", "bufproto", "clean", "unreadable"

VERDICTS = {
    CLEAN: "import none of the four functions",
    OURS: "use bufproto",
    UNREADABLE: "could not be read",
    OLD: "import the old functions from the interpreter",
}
"""What can be said of a file, in the order of the report: what matters most is nearest to the prompt."""

SEEN = """\
What a file imports is in its tables, whether symbols were stripped or not. A lookup by name while the program runs (dlsym,
ctypes) is not seen. That a file uses bufproto is seen by what it imports, by marks that the headers and the library
leave, or by the name of the package's capsule; a file that calls nothing but PyObject_CheckReadBuffer has no mark. The exit
status is 1 if a file imports one of the four functions, else 2 if a file could not be read or none was found."""


class File(NamedTuple):
    """What was found out about one file."""

    path: str
    verdict: str
    format: Optional[str]
    imports: List[str]
    bufproto: List[str]
    error: Optional[str]


def audit(paths: List[str]) -> List[File]:
    """Reads the files, and the shared libraries below the folders, each once."""
    seen = set()
    files = []
    for path in paths:
        for file in _files(path):
            real = os.path.realpath(file.path)
            if real not in seen:
                seen.add(real)
                files.append(file if file.error else _read(file.path))
    return files


def environment() -> List[str]:
    """The folders where this interpreter's packages are."""
    paths = sysconfig.get_paths()
    folders = [paths["purelib"], paths["platlib"]]
    # What Debian installs is elsewhere; and a virtual environment of old has no such function.
    folders.extend(getattr(site, "getsitepackages", list)())
    if site.ENABLE_USER_SITE:
        folders.append(site.getusersitepackages())
    return [folder for folder in dict.fromkeys(folders) if os.path.isdir(folder)]


def _files(path: str) -> Iterator[File]:
    if not os.path.isdir(path):
        yield File(path, CLEAN, None, [], [], None)
        return
    unreadable: List[OSError] = []
    for folder, folders, names in os.walk(path, onerror=unreadable.append):
        folders.sort()
        for name in sorted(names):
            if LIBRARY.search(name):
                yield File(os.path.join(folder, name), CLEAN, None, [], [], None)
    for error in unreadable:
        yield _unreadable(str(error.filename), error)


def _read(path: str) -> File:
    try:
        found = read_library(path)
    except (OSError, ValueError) as error:
        return _unreadable(path, error)
    verdict = OLD if found["imports"] else OURS if found["bufproto"] else CLEAN
    return File(path, verdict, found["format"], found["imports"], found["bufproto"], None)


def _unreadable(path: str, error: Exception) -> File:
    return File(path, UNREADABLE, None, [], [], str(error))


def add_to(commands: Any) -> None:
    """Adds the command to those of ``python -m bufproto``."""
    command = commands.add_parser(
        "audit",
        help="list the extension modules that still import the old functions",
        description="Reads shared libraries, of whatever system, and lists those that import one of the four functions of "
        "the old buffer protocol from the interpreter, those that use bufproto, and the others.",
        epilog=SEEN,
    )
    command.add_argument("--json", action="store_true", help="print one JSON object, and nothing else")
    command.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        help="a file, or a folder to look for shared libraries in [default: where this interpreter's packages are]",
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Runs the command, and returns the exit status."""
    paths = options.paths or environment()
    files = audit(paths)
    counts = {verdict: sum(file.verdict == verdict for file in files) for verdict in VERDICTS}
    if options.json:
        report = {
            "python": _inspect.interpreter(),
            "paths": paths,
            "counts": counts,
            "files": [file._asdict() for file in files],
        }
        print(json.dumps(report))
    else:
        sys.stdout.writelines(_escaped(line) + "\n" for line in _lines(paths, files, counts))
    if counts[OLD]:
        return 1
    return 2 if counts[UNREADABLE] or not files else 0


def _lines(paths: List[str], files: List[File], counts: Dict[str, int]) -> Iterator[str]:
    yield "shared libraries in %s" % (", ".join(paths) or "no folder")
    for verdict, words in VERDICTS.items():
        those = [file for file in files if file.verdict == verdict]
        if those:
            yield ""
            yield "%d %s:" % (len(those), words)
            for file in those:
                details = file.error or ", ".join(file.imports + file.bufproto)
                yield "  %s%s" % (file.path, ": " + details if details else "")
    yield ""
    yield ", ".join("%d %s" % (counts[verdict], words) for verdict, words in VERDICTS.items())


def _escaped(line: str) -> str:
    """The names of files may be in no encoding at all."""
    encoding = sys.stdout.encoding or "ascii"
    return line.encode(encoding, "backslashreplace").decode(encoding)

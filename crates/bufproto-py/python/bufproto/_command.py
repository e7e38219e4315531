"""The command line of ``python -m bufproto``."""

from __future__ import unicode_literals

import argparse
import shlex
import sys

from . import __version__, _flags, _inspect


def parser():
    """What the arguments may be."""
    parser = argparse.ArgumentParser(
        prog="python -m bufproto",
        description="Python's old buffer protocol: what it answers for live objects, who still calls it, and what compilers "
        "are to be told to build with bufproto.",
    )
    parser.add_argument("--version", action="version", version=str(__version__))
    parser.add_argument("--cflags", action="store_true", help="print the options for compiling with the C library")
    parser.add_argument("--ldflags", action="store_true", help="print the options for linking with it")
    parser.add_argument(
        "--force",
        action="store_true",
        help="with --cflags: bring the header into every file, without a change to the files",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _inspect.add_to(commands)
    if sys.version_info >= (3, 8):
        # Older interpreters have another native module, which reads no files. Theirs can be read from here.
        from . import _audit

        _audit.add_to(commands)
    return parser


def main(argv):
    """Runs what the arguments ask for, and returns the exit status."""
    understood = parser()
    options = understood.parse_args(argv)
    wants_flags = options.cflags or options.ldflags
    if options.command:
        if wants_flags or options.force:
            understood.error("options for compilers and a command do not go together")
        return options.run(options)
    if not wants_flags or options.force and not options.cflags:
        understood.error("a command, --cflags or --ldflags is needed")
    try:
        flags = _flags.cflags(options.force) if options.cflags else []
        flags += _flags.ldflags() if options.ldflags else []
    except RuntimeError as error:
        understood.error(error)
    print(" ".join(shlex.quote(flag) for flag in flags))
    return 0

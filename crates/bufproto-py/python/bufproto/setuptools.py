"""For projects that build with setuptools.

    from setuptools import Extension, setup
    import bufproto.setuptools

    setup(ext_modules=[bufproto.setuptools.add_to(Extension("old", ["old.c"]))])

The project names ``bufproto`` in ``build-system.requires`` of its ``pyproject.toml``. Nothing of it is needed when the
extension runs.
"""

import os
import typing
from typing import List, TypeVar

from . import _flags, _folders


class Extension(typing.Protocol):
    """What is used of an extension of setuptools or distutils.

        >>> import bufproto.setuptools, types
        >>> names = ["include_dirs", "extra_compile_args", "extra_link_args", "depends"]
        >>> mine = types.SimpleNamespace(**{name: [] for name in names})
        >>> bufproto.setuptools.add_to(mine) is mine
        True
    """

    include_dirs: List[str]
    extra_compile_args: List[str]
    extra_link_args: List[str]
    depends: List[str]


AnyExtension = TypeVar("AnyExtension", bound=Extension)


def add_to(extension: AnyExtension, force: bool = False) -> AnyExtension:
    """Lets an extension use bufproto: its headers, its library, and the options to link with it. Returns the extension.

    With ``force`` every file of the extension gets the header, without a change to the files.

        >>> import bufproto.setuptools
        >>> from setuptools import Extension
        >>> extension = bufproto.setuptools.add_to(Extension("old", ["old.c"]))
        >>> bufproto.get_include() in extension.include_dirs
        True
    """
    extension.include_dirs.append(_folders.get_include())
    if force:
        extension.extra_compile_args.extend(_flags.forced())
    extension.extra_link_args.extend(_flags.ldflags())
    # Another version of the library is a reason to build anew.
    extension.depends.append(os.path.join(_folders.get_library_dir(), "libbufproto.a"))
    return extension

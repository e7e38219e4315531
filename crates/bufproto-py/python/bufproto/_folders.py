"""Where the C library is. A wheel brings it along; a copy of the package that was put together otherwise may be without."""

import os

HERE = os.path.dirname(os.path.abspath(__file__))


def get_include():
    """The folder of the headers: ``bufproto/python.h`` and the others are found from there.

        >>> import os
        >>> from bufproto import get_include
        >>> os.path.isfile(os.path.join(get_include(), "bufproto", "python.h"))
        True
    """
    return _folder("include")


def get_library_dir():
    """The folder of the static library, ``libbufproto.a``.

        >>> import os
        >>> from bufproto import get_library_dir
        >>> os.path.isfile(os.path.join(get_library_dir(), "libbufproto.a"))
        True
    """
    return _folder("lib")


def get_cmake_dir():
    """The folder of the CMake package: what ``bufproto_DIR`` is to be for ``find_package(bufproto)``.

        >>> import os
        >>> from bufproto import get_cmake_dir
        >>> os.path.isfile(os.path.join(get_cmake_dir(), "bufproto-config.cmake"))
        True
    """
    return _folder("lib", "cmake", "bufproto")


def get_pkgconfig_dir():
    """The folder of ``bufproto.pc``: what ``PKG_CONFIG_PATH`` is to name.

        >>> import os
        >>> from bufproto import get_pkgconfig_dir
        >>> os.path.isfile(os.path.join(get_pkgconfig_dir(), "bufproto.pc"))
        True
    """
    return _folder("lib", "pkgconfig")


def _folder(*names):
    folder = os.path.join(HERE, *names)
    if not os.path.isdir(folder):
        raise RuntimeError("this copy of bufproto came without the C library: there is no %s" % folder)
    return folder

# Runs on every Python from 2.7 on. Says what the build needs to know, one `name=value` a line; imports little, because
# a minimal installation has little.
import sys

sys.path[:] = [entry for entry in sys.path if entry]  # nothing of the current directory shadows the library

import os
import sysconfig

try:
    from importlib.machinery import EXTENSION_SUFFIXES
except ImportError:
    suffix = sysconfig.get_config_var("SO") or ".so"
else:
    suffix = EXTENSION_SUFFIXES[0]

if hasattr(sys, "implementation"):
    implementation = sys.implementation.name
elif hasattr(sys, "pypy_version_info"):
    implementation = "pypy"
else:
    implementation = "cpython"


def say(name, value):
    sys.stdout.write("%s=%s\n" % (name, value))


say("executable", os.path.realpath(sys.executable or ""))
say("version", "%d.%d.%d" % sys.version_info[:3])
say("implementation", implementation)
say("free_threaded", int(bool(sysconfig.get_config_var("Py_GIL_DISABLED"))))
say("debug", int(hasattr(sys, "gettotalrefcount")))
say("pointer_bits", 64 if sys.maxsize > 2**32 else 32)
say("extension_suffix", suffix)
folder, library = sysconfig.get_config_var("LIBDIR"), sysconfig.get_config_var("LDLIBRARY")
if sysconfig.get_config_var("Py_ENABLE_SHARED") and os.path.exists(os.path.join(folder or "", library or "")):
    say("library_folder", folder)

"""The installed package, by its command line and by what is built with it. Runs in the environment where it is installed;
the argument is the version that is expected.

The last line of the output counts the tests, in JSON.
"""

import importlib.metadata
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import unittest

import bufproto

import foreign

HERE = pathlib.Path(__file__).resolve().parent
# The examples in docstrings; here there is all that they need.
sys.path.append(str(HERE.parent / "live"))
from test_examples import Examples  # noqa: E402, F401

HEADERS = HERE.parents[2] / "bufproto-ffi" / "include"
VERSION = sys.argv[1]
COMPILER = os.environ.get("CC") or "cc"

OLD = ["PyObject_AsReadBuffer", "PyObject_AsWriteBuffer"]
"""What ``module.c`` calls, and CPython exports up to this day."""


def bufproto_command(*arguments):
    return subprocess.run([sys.executable, "-m", "bufproto", *arguments], stdout=subprocess.PIPE, encoding="utf-8")


def compile_module(folder, *options):
    """Compiles ``module.c`` as an extension module, and returns the file."""
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    include = sysconfig.get_paths()["include"]
    file = folder / ("module" + suffix)
    folder.mkdir()
    command = shlex.split(COMPILER) + ["-shared", "-fPIC", "-isystem", include, str(HERE / "module.c"), *options]
    if sys.platform == "darwin":
        command += ["-undefined", "dynamic_lookup"]
    # What the compiler only warns about is the case that the audit is for.
    subprocess.run(command + ["-w", "-Wno-error=implicit-function-declaration", "-o", str(file)], check=True)
    return file


def answers(file):
    """What the module says of three bytes, asked in an interpreter of its own."""
    script = "import module; data = bytearray(b'abc'); print(module.length(data), module.fill(data), bytes(data))"
    path = os.pathsep.join([str(file.parent), os.environ.get("PYTHONPATH", "")])
    return subprocess.check_output(
        [sys.executable, "-c", script], env=dict(os.environ, PYTHONPATH=path), encoding="utf-8"
    ).strip()


ANSWERS = "3 3 b'AAA'"


def audit(*paths):
    """The exit status, and the files by the folder that they are in, or their name."""
    process = bufproto_command("audit", "--json", *map(str, paths))
    report = json.loads(process.stdout)
    assert set(report) == {"python", "paths", "counts", "files"}, report
    for file in report["files"]:
        assert set(file) == {"path", "verdict", "format", "imports", "bufproto", "error"}, file
    assert sum(report["counts"].values()) == len(report["files"]), report
    named = {pathlib.Path(file["path"]): file for file in report["files"]}
    return process.returncode, {
        path.parent.name if path.name.startswith("module.") else path.name: file for path, file in named.items()
    }


class Installed(unittest.TestCase):
    def test_the_version_is_that_of_the_crates(self):
        self.assertEqual(bufproto.__version__, VERSION)
        self.assertEqual(importlib.metadata.version("bufproto"), VERSION)
        self.assertEqual(bufproto_command("--version").stdout.strip(), VERSION)

    def test_headers_and_library_are_in_the_folders(self):
        def headers(folder):
            files = pathlib.Path(folder).rglob("*.h")
            return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}

        self.assertEqual(headers(bufproto.get_include()), headers(HEADERS))
        self.assertIn("bufproto/python.h", headers(HEADERS))
        for folder, name in [
            (bufproto.get_library_dir(), "libbufproto.a"),
            (bufproto.get_cmake_dir(), "bufproto-config.cmake"),
            (bufproto.get_cmake_dir(), "bufproto-config-version.cmake"),
            (bufproto.get_pkgconfig_dir(), "bufproto.pc"),
            (bufproto.get_pkgconfig_dir(), "bufproto-forced.pc"),
        ]:
            self.assertTrue(os.path.isfile(os.path.join(folder, name)), name)
            self.assertTrue(folder.startswith(sys.prefix), folder)

    def test_everything_is_listed_for_pip(self):
        listed = {str(file) for file in importlib.metadata.files("bufproto")}
        self.assertLessEqual({"bufproto/include/bufproto.h", "bufproto/lib/libbufproto.a", "bufproto/py.typed"}, listed)
        self.assertTrue(any(name.endswith("licenses/LICENSE-MIT") for name in listed), listed)

    def test_pkg_config_says_what_we_say(self):
        if shutil.which("pkg-config") is None:
            self.skipTest("pkg-config is not installed")
        for package, arguments in [("bufproto", []), ("bufproto-forced", ["--force"])]:
            ours = bufproto_command("--cflags", "--ldflags", *arguments).stdout
            theirs = subprocess.check_output(
                ["pkg-config", "--cflags", "--libs", package],
                env=dict(os.environ, PKG_CONFIG_PATH=bufproto.get_pkgconfig_dir()),
                encoding="utf-8",
            )
            up = os.path.join(bufproto.get_pkgconfig_dir(), "..", "..")
            theirs = shlex.split(theirs.replace(up, os.path.dirname(bufproto.get_include())))
            # The order of options that have nothing to do with each other is pkg-config's affair.
            self.assertEqual(sorted(theirs), sorted(shlex.split(ours)))

    def test_cmake_finds_the_package(self):
        if shutil.which("cmake") is None or shutil.which("make") is None:
            self.skipTest("cmake or make is not installed")
        with tempfile.TemporaryDirectory() as folder:
            lines = [
                "cmake_minimum_required(VERSION 3.15)",
                "project(find C)",
                "find_package(bufproto %s REQUIRED)" % VERSION,
                "if(TARGET bufproto::shared)",
                '  message(FATAL_ERROR "the package has no shared library")',
                "endif()",
                "get_target_property(file bufproto::bufproto IMPORTED_LOCATION)",
                "if(NOT EXISTS ${file})",
                '  message(FATAL_ERROR "there is no ${file}")',
                "endif()",
            ]
            pathlib.Path(folder, "CMakeLists.txt").write_text("\n".join(lines))
            where = "-Dbufproto_DIR=" + bufproto.get_cmake_dir()
            subprocess.run(["cmake", "-S", folder, "-B", folder, where], check=True, stdout=subprocess.DEVNULL)

    def test_a_report_is_typed_and_prints_well(self):
        report = bufproto.inspect(b"hello")
        self.assertEqual(report.as_read_buffer, bufproto.Answer(True, 5, None, None))
        self.assertEqual(report.as_write_buffer.exception, "TypeError")
        self.assertIsInstance(report.view, bufproto.View)
        self.assertEqual(report.view.shape, (5,))
        self.assertIsInstance(bufproto.inspect(42).view, bufproto.Failure)
        self.assertEqual(
            repr(report).splitlines(),
            [
                "bytes: char 5 bytes, read 5 bytes, write TypeError, check yes",
                "  write: TypeError: expected a writable bytes-like object",
                "  view: 5 bytes, itemsize 1, format 'B', ndim 1, shape (5,), strides (1,), read-only, "
                "C and Fortran contiguous",
                "  lifetime: frozen",
            ],
        )
        shown = json.loads(bufproto_command("inspect", "--json", "b'hello'").stdout)["objects"][0]
        del shown["expr"]
        self.assertEqual(shown, report.as_dict())

    def test_arguments_that_ask_for_nothing_are_refused(self):
        for arguments in [[], ["--force"], ["--force", "--ldflags"], ["--cflags", "inspect"]]:
            process = subprocess.run([sys.executable, "-m", "bufproto", *arguments], stderr=subprocess.DEVNULL)
            self.assertEqual(process.returncode, 2, arguments)


class Building(unittest.TestCase):
    """What is built with the package, and what the audit says of it."""

    def setUp(self):
        headers = sysconfig.get_paths()["include"]
        if not os.path.isfile(os.path.join(headers, "Python.h")):
            self.skipTest("the interpreter's headers are not installed")
        if shutil.which(shlex.split(COMPILER)[0]) is None:
            self.skipTest("there is no C compiler: %s does not start" % COMPILER)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def flags(self, *arguments):
        return shlex.split(bufproto_command("--cflags", "--ldflags", *arguments).stdout)

    def test_the_compiler_alone(self):
        file = compile_module(self.folder / "ours", "-DINCLUDED", *self.flags())
        self.assertEqual(answers(file), ANSWERS)
        status, files = audit(file)
        self.assertEqual((status, files["ours"]["verdict"]), (0, "bufproto"))
        # Without optimization what is not called is in it too, and the library with it.
        self.assertIn("inline", files["ours"]["bufproto"])

    def test_functions_taken_from_the_package(self):
        cflags = shlex.split(bufproto_command("--cflags").stdout)
        limited = "-DPy_LIMITED_API=0x03080000"
        file = compile_module(self.folder / "taken", "-DINCLUDED", "-DBUFPROTO_IMPORT", limited, *cflags)
        self.assertEqual(answers(file), ANSWERS)
        self.assertEqual(audit(file)[1]["taken"]["bufproto"], ["capsule"])

    def test_the_library_under_a_limited_api(self):
        file = compile_module(self.folder / "limited", "-DINCLUDED", "-DPy_LIMITED_API=0x03080000", *self.flags())
        self.assertEqual(answers(file), ANSWERS)
        self.assertEqual(audit(file)[1]["limited"]["bufproto"], ["linked in"])

    def test_the_header_forced_on_a_file_that_does_not_include_it(self):
        file = compile_module(self.folder / "forced", *self.flags("--force"))
        self.assertEqual(answers(file), ANSWERS)
        # Up to then the interpreter's own are left alone.
        expected = "bufproto" if sys.version_info >= (3, 13) else "imports"
        self.assertEqual(audit(file)[1]["forced"]["verdict"], expected)

    def test_setuptools(self):
        try:
            import setuptools  # noqa: F401
        except ImportError:
            self.skipTest("setuptools cannot be had")
        setup = [
            "from setuptools import Extension, setup",
            "from bufproto.setuptools import add_to",
            "extension = Extension('module', ['module.c'], define_macros=[('INCLUDED', None)])",
            "setup(name='module', version='1', ext_modules=[add_to(extension)])",
        ]
        (self.folder / "setup.py").write_text("\n".join(setup))
        shutil.copy(HERE / "module.c", self.folder)
        command = [sys.executable, "setup.py", "--quiet", "build_ext", "--build-lib", "made"]
        subprocess.run(command, cwd=self.folder, check=True, stdout=subprocess.DEVNULL)
        (file,) = (self.folder / "made").glob("module*")
        self.assertEqual(answers(file), ANSWERS)
        self.assertEqual(audit(file)[1]["made"]["verdict"], "bufproto")

    def test_audit_of_a_folder(self):
        compile_module(self.folder / "old")
        ours = compile_module(self.folder / "ours", "-DINCLUDED", *self.flags())
        compile_module(self.folder / "clean", "-DCLEAN")
        (self.folder / "text.so").write_text("INPUT(other.so)")
        (self.folder / "text.txt").write_text("this is none of its business")
        stripped = ours.parent.parent / "stripped"
        stripped.mkdir()
        shutil.copy(ours, stripped)
        if shutil.which("strip"):
            subprocess.run(["strip", str(stripped / ours.name)], check=True)
        status, files = audit(self.folder)
        self.assertEqual(status, 1)
        verdicts = {name: file["verdict"] for name, file in files.items()}
        self.assertEqual(
            verdicts,
            {"old": "imports", "ours": "bufproto", "stripped": "bufproto", "clean": "clean", "text.so": "unreadable"},
        )
        self.assertEqual(files["old"]["imports"], OLD)
        self.assertIsNotNone(files["text.so"]["error"])

        words = bufproto_command("audit", str(self.folder))
        self.assertEqual(words.returncode, 1)
        self.assertIn("1 import the old functions from the interpreter", words.stdout)
        self.assertIn(", ".join(OLD), words.stdout)

    def test_audit_without_a_finding(self):
        clean = compile_module(self.folder / "clean", "-DCLEAN")
        self.assertEqual(audit(clean)[0], 0)
        self.assertEqual(audit(clean, self.folder / "missing.so")[0], 2)
        (self.folder / "empty").mkdir()
        self.assertEqual(audit(self.folder / "empty"), (2, {}))

    def test_audit_of_this_environment(self):
        status, files = audit()
        own = [file for name, file in files.items() if name.startswith("_bufproto")]
        self.assertEqual([file["verdict"] for file in own], ["bufproto"])
        self.assertEqual(status, 0)


class Transports(unittest.TestCase):
    """Buffers go from process to process."""

    def test_distributed(self):
        folder = os.environ.get("BUFPROTO_TEST_DISTRIBUTED")
        if not folder:
            self.skipTest(os.environ.get("BUFPROTO_TEST_NO_DISTRIBUTED", "distributed is not installed"))
        path = os.pathsep.join([folder, os.environ.get("PYTHONPATH", "")])
        with tempfile.TemporaryDirectory() as here:
            process = subprocess.run(
                [sys.executable, str(HERE / "cluster.py")],
                cwd=here,
                env=dict(os.environ, PYTHONPATH=path),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                timeout=120,
            )
        self.assertEqual(process.returncode, 0, process.stdout)
        self.assertEqual(process.stdout.splitlines()[-1], "moved")


class OtherSystems(unittest.TestCase):
    """The audit reads files that this system cannot load."""

    def audit(self, name, content):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, name).write_bytes(content)
            return audit(folder)[1][name]

    def test_windows_and_macos(self):
        for name, format, make in [
            ("old.pyd", "PE", foreign.portable_executable),
            ("old.so", "Mach-O", foreign.mach_o),
            ("old.dylib", "Mach-O", foreign.universal),
        ]:
            with self.subTest(name):
                file = self.audit(name, make(["PyLong_FromLong", "PyObject_AsReadBuffer"]))
                self.assertIsNone(file["error"])
                self.assertEqual((file["verdict"], file["format"]), ("imports", format))
                self.assertEqual(file["imports"], ["PyObject_AsReadBuffer"])
                self.assertEqual(self.audit(name, make(["PyLong_FromLong"]))["verdict"], "clean")
                ours = self.audit(name, make(["bufproto_fail"]))
                self.assertEqual((ours["verdict"], ours["bufproto"]), ("bufproto", ["shared library"]))
                for how, mark in foreign.MARKS.items():
                    marked = self.audit(name, make(["PyLong_FromLong"], mark))
                    self.assertEqual((marked["verdict"], marked["bufproto"]), ("bufproto", [how]))

    def test_damage_is_reported(self):
        for make in [foreign.portable_executable, foreign.mach_o, foreign.universal]:
            whole = make(["PyObject_AsReadBuffer"])
            for length in range(0, len(whole), 41):
                with self.subTest(make.__name__, length=length):
                    self.assertNotEqual(self.read(whole[:length]), "clean")

    def read(self, content):
        from bufproto import _audit

        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "damaged.so")
            file.write_bytes(content)
            return _audit.audit([str(file)])[0].verdict


class Types(unittest.TestCase):
    def setUp(self):
        try:
            import mypy.stubtest  # noqa: F401
        except ImportError:
            self.skipTest("mypy cannot be had")

    def passes(self, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", *arguments]
            process = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, encoding="utf-8")
        self.assertEqual(process.returncode, 0, process.stdout)

    def test_the_stubs_are_as_the_modules(self):
        allowances = [
            # On 3.8 it takes what a module without a stub imports from `typing` for the module's own.
            "bufproto\\._audit\\.(Iterator|NamedTuple).*",
            # The protocol of types says so of every version; interpreters do from 3.12 on.
            "bufproto(\\._bufproto)?\\.Buffer\\.__(release_)?buffer__",
            # That no class can be derived from it and `bytearray` both: newer versions of mypy have a word for that.
            "bufproto(\\._bufproto)?\\.Buffer",
        ]
        with tempfile.TemporaryDirectory() as folder:
            allowed = pathlib.Path(folder, "allowed")
            allowed.write_text("\n".join(allowances) + "\n")
            self.passes("mypy.stubtest", "--allowlist", str(allowed), "--ignore-unused-allowlist", "bufproto")

    def test_users_are_checked(self):
        self.passes("mypy", "--strict", str(HERE / "typed.py"))

    def test_the_package_itself(self):
        self.passes("mypy", "-p", "bufproto")


class Pyright(unittest.TestCase):
    """The other checker of types, as the package index has it together with what it runs on."""

    def setUp(self):
        try:
            import basedpyright  # noqa: F401
        except ImportError:
            self.skipTest("basedpyright cannot be had")

    def run_in(self, folder, *arguments):
        # It looks for packages where the first interpreter on the path looks.
        path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
        command = [sys.executable, "-m", "basedpyright", *arguments]
        environment = dict(os.environ, PATH=path)
        return subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, encoding="utf-8")

    def test_every_type_is_known(self):
        with tempfile.TemporaryDirectory() as folder:
            process = self.run_in(folder, "--verifytypes", "bufproto", "--ignoreexternal", "--outputjson")
        report = json.loads(process.stdout)["typeCompleteness"]
        unknown = [symbol for symbol in report["symbols"] if symbol["isExported"] and not symbol["isTypeKnown"]]
        self.assertEqual(unknown, [])
        self.assertIn("bufproto", [module["name"] for module in report["modules"]])
        self.assertEqual(report["completenessScore"], 1)

    def test_users_are_checked(self):
        with tempfile.TemporaryDirectory() as folder:
            options = {"typeCheckingMode": "strict", "reportUnnecessaryTypeIgnoreComment": "error"}
            pathlib.Path(folder, "pyrightconfig.json").write_text(json.dumps(options))
            shutil.copy(HERE / "typed.py", folder)
            process = self.run_in(folder)
        self.assertEqual(process.returncode, 0, process.stdout)


def main():
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    result = unittest.TextTestRunner(stream=sys.stderr).run(suite)
    failed = len(result.failures) + len(result.errors)
    skipped = [why for _, why in result.skipped]
    passed = result.testsRun - failed - len(skipped)
    print(json.dumps({"passed": passed, "failed": failed, "skipped": skipped}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

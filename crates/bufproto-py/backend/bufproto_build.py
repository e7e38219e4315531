"""Builds the Python package: what maturin builds, and the C library with its headers, which maturin knows nothing of.

The wheel has them inside the package, in the folders that ``cargo xtask install`` makes below its prefix:

    bufproto/include/                 the headers of bufproto-ffi
    bufproto/lib/libbufproto.a        its static library
    bufproto/lib/{pkgconfig,cmake}/   what its folder ``install`` has templates of

pip calls this, as ``pyproject.toml`` says (PEP 517), and so does ``cargo xtask wheel``.
"""

import base64
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

import maturin

get_requires_for_build_wheel = maturin.get_requires_for_build_wheel
get_requires_for_build_editable = maturin.get_requires_for_build_editable
get_requires_for_build_sdist = maturin.get_requires_for_build_sdist
prepare_metadata_for_build_wheel = maturin.prepare_metadata_for_build_wheel
prepare_metadata_for_build_editable = maturin.prepare_metadata_for_build_editable
build_sdist = maturin.build_sdist

CRATE = "bufproto-ffi"
"""The crate with the C face."""

TEMPLATES = [
    "pkgconfig/bufproto.pc",
    "pkgconfig/bufproto-forced.pc",
    "cmake/bufproto/bufproto-config.cmake",
    "cmake/bufproto/bufproto-config-version.cmake",
]
"""Of what is below the crate's folder ``install``: what speaks of the static library."""


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """maturin's wheel, with the C library added."""
    with tempfile.TemporaryDirectory() as folder:
        stage(pathlib.Path(folder))
        name = maturin.build_wheel(wheel_directory, config_settings, metadata_directory)
        add(pathlib.Path(wheel_directory, name), pathlib.Path(folder))
    return name


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    """maturin's, which names the source tree as the place of the package: so the C library is put there, too."""
    stage(pathlib.Path("python").resolve())
    return maturin.build_editable(wheel_directory, config_settings, metadata_directory)


def stage(folder):
    """Builds the C library and puts it and what belongs to it below a folder, as a wheel has it."""
    crate, version = find()
    package = folder / "bufproto"
    for header in (crate / "include").rglob("*.h"):
        write(package / header.relative_to(crate), header.read_bytes())
    write(package / "lib/libbufproto.a", library(crate).read_bytes())
    for name in TEMPLATES:
        template = (crate / "install" / (name + ".in")).read_text(encoding="utf-8")
        write(package / "lib" / name, template.replace("@VERSION@", version).encode("utf-8"))


def find():
    """The crate's folder and version: cargo knows, here and in a source distribution."""
    command = [cargo(), "metadata", "--no-deps", "--format-version", "1"]
    packages = json.loads(subprocess.check_output(command))["packages"]
    crate = next(package for package in packages if package["name"] == CRATE)
    return pathlib.Path(crate["manifest_path"]).parent, crate["version"]


def library(crate):
    """Lets cargo build the static library, and returns it."""
    command = [cargo(), "rustc", "--profile", "library", "--lib", "--features", "library", "--crate-type", "staticlib"]
    command += ["--manifest-path", str(crate / "Cargo.toml"), "--message-format", "json-render-diagnostics"]
    messages = [json.loads(line) for line in subprocess.check_output(command).splitlines()]
    files = [file for message in messages if message["reason"] == "compiler-artifact" for file in message["filenames"]]
    libraries = [file for file in files if os.path.basename(file) == "libbufproto_ffi.a"]
    if not libraries:
        raise SystemExit("cargo built no libbufproto_ffi.a: the C library is for systems whose static libraries have such names")
    return without_unwinding(pathlib.Path(libraries[-1]))


def without_unwinding(archive):
    """The library without what debuggers unwind its functions by, which nothing else needs: none of them unwinds. Where there is
    no objcopy, it stays as it is."""
    copy = archive.with_suffix(".small.a")
    command = ["objcopy", "--remove-section=.eh_frame", "--remove-section=.rela.eh_frame", str(archive), str(copy)]
    if shutil.which(command[0]) is None or sys.platform != "linux":
        return archive
    subprocess.check_call(command)
    return copy


def cargo():
    name = os.environ.get("CARGO", "cargo")
    if shutil.which(name) is None:
        raise SystemExit("building bufproto needs Rust, of which there is no cargo on PATH; installing a wheel of it does not")
    return name


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def add(wheel, folder):
    """Adds the files below a folder to a wheel, which lists all that it has."""
    draft = wheel.with_suffix(".draft")
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as new:
        record = next(entry for entry in old.infolist() if entry.filename.endswith(".dist-info/RECORD"))
        lines = old.read(record)
        for entry in old.infolist():
            if entry is not record:
                new.writestr(entry, old.read(entry))
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            content = path.read_bytes()
            # Nothing of the day and the machine, as in the entries of maturin.
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), record.date_time)
            entry.external_attr, entry.compress_type = record.external_attr, zipfile.ZIP_DEFLATED
            new.writestr(entry, content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode("ascii")
            lines += "{},sha256={},{}\n".format(entry.filename, digest, len(content)).encode("utf-8")
        new.writestr(record, lines)
    draft.replace(wheel)

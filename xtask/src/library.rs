//! The libraries that C links with: built once for all interpreters, since they know none of them.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::ensure;

use crate::command::{finish, succeeds};
use crate::compiler;
use crate::draft;
use crate::workspace::{Workspace, cargo};

/// The crate with the C face.
pub(crate) const CRATE: &str = "bufproto-ffi";

/// The profile that it is built with for C.
const PROFILE: &str = "library";

/// The shared library's name in its users' files. It changes with every version that they must be rebuilt for.
pub(crate) const SONAME: &str = "libbufproto.so.0";

/// `libbufproto_ffi.a`, as cargo names it, without what debuggers unwind its functions by. Nothing else needs that: none of them
/// unwinds. Where there is no objcopy, it stays as it is.
pub(crate) fn build_static(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let archive = build(workspace, "staticlib", "libbufproto_ffi.a")?;
    if !cfg!(target_os = "linux") || !succeeds(Command::new("objcopy").arg("--version")) {
        return Ok(archive);
    }
    let folder = workspace.target.join("c").join("static");
    let small = folder.join("libbufproto_ffi.a");
    let mut objcopy = Command::new("objcopy");
    objcopy.args(["--remove-section=.eh_frame", "--remove-section=.rela.eh_frame"]).arg(archive);
    draft::put(&small, |draft| finish(objcopy.arg(draft)))?;
    Ok(small)
}

/// The symbols of the shared library, and the version that they belong to: users of it say which one they need.
const SYMBOLS: &str = "BUFPROTO_0.1 {\n  global: bufproto_*;\n  local: *;\n};\n";

/// The shared library, by its [`SONAME`].
pub(crate) fn build_shared(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    // Elsewhere, cargo's own is all there is: without a soname, and without versions.
    if !cfg!(target_os = "linux") {
        return build(workspace, "cdylib", &format!("{DLL_PREFIX}bufproto_ffi{DLL_SUFFIX}"));
    }
    let archive = build_static(workspace)?;
    let folder = workspace.target.join("c").join("shared");
    let (script, library) = (folder.join("symbols.map"), folder.join(SONAME));
    draft::put(&script, |draft| Ok(fs::write(draft, SYMBOLS)?))?;
    let mut linker = Command::new(compiler::program());
    linker.args(["-shared", "-s", &format!("-Wl,-soname,{SONAME}"), "-Wl,--gc-sections", "-Wl,-z,defs"]);
    linker.arg(format!("-Wl,--version-script,{}", script.display()));
    linker.arg("-Wl,--whole-archive").arg(archive).args(["-Wl,--no-whole-archive", "-lc", "-o"]);
    draft::put(&library, |draft| finish(linker.arg(draft)))?;
    Ok(library)
}

fn build(workspace: &Workspace, kind: &str, file: &str) -> anyhow::Result<PathBuf> {
    let mut command = Command::new(cargo());
    command.current_dir(&workspace.root).args([
        "rustc",
        "--quiet",
        "--profile",
        PROFILE,
        "--lib",
        "--package",
        CRATE,
    ]);
    command.args(["--features", "library", "--crate-type", kind, "--target-dir"]).arg(&workspace.target);
    finish(&mut command)?;
    let library = workspace.target.join(PROFILE).join(file);
    ensure!(library.is_file(), "cargo built no {}", library.display());
    Ok(library)
}

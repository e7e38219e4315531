//! The libraries that C links with: built once for all interpreters, since they know none of them.

use std::path::PathBuf;
use std::process::Command;

use anyhow::ensure;

use crate::command::finish;
use crate::workspace::{Workspace, cargo};

/// The crate with the C face.
pub(crate) const CRATE: &str = "bufproto-ffi";

/// The shared library's name in its users' files. It changes with every version that they must be rebuilt for.
pub(crate) const SONAME: &str = "libbufproto.so.0";

/// `libbufproto_ffi.a`, as cargo names it.
pub(crate) fn build_static(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    build(workspace, "staticlib", "libbufproto_ffi.a", &[])
}

/// `libbufproto_ffi.so`, as cargo names it.
pub(crate) fn build_shared(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let soname = format!("link-arg=-Wl,-soname,{SONAME}");
    build(workspace, "cdylib", "libbufproto_ffi.so", &["-C", &soname, "-C", "link-arg=-lc"])
}

fn build(workspace: &Workspace, kind: &str, file: &str, options: &[&str]) -> anyhow::Result<PathBuf> {
    let mut command = Command::new(cargo());
    command.current_dir(&workspace.root).args(["rustc", "--quiet", "--release", "--lib", "--package", CRATE]);
    command.args(["--features", "library", "--crate-type", kind, "--target-dir"]).arg(&workspace.target);
    finish(command.arg("--").args(options))?;
    let library = workspace.target.join("release").join(file);
    ensure!(library.is_file(), "cargo built no {}", library.display());
    Ok(library)
}

//! Tries what is installed with an interpreter: an extension is built with it, and run.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::command::finish;
use crate::compiler::Compiler;
use crate::interpreter::Interpreter;
use crate::library::CRATE;
use crate::workspace::Workspace;

/// Fails if an extension cannot be built with what is installed below the folder, or does not do what it should.
pub(crate) fn try_out(workspace: &Workspace, prefix: &Path, interpreter: &Interpreter) -> anyhow::Result<()> {
    const SCRIPT: &str = "import tried; print(tried.length(b'hello') + tried.length(bytearray(3)))";
    let compiler = Compiler::find(workspace, interpreter).map_err(anyhow::Error::msg)?;
    let folder = tempfile::tempdir().context("there is no place for temporary files")?;
    let suffix = interpreter.extension_suffix()?;
    let mut command = Command::new(compiler.program());
    command.args(["-shared", "-fPIC", "-O2"]).args(compiler.their_headers());
    command.arg("-I").arg(prefix.join("include"));
    command.arg(workspace.root.join("crates").join(CRATE).join("install/try.c"));
    command.arg(prefix.join("lib/libbufproto.a"));
    finish(command.arg("-o").arg(folder.path().join(format!("tried{suffix}"))))?;
    let mut python = Command::new(&interpreter.program);
    let said = finish(python.args(["-c", SCRIPT]).env("PYTHONPATH", folder.path()))?;
    ensure!(said.trim() == "8", "an extension built for {interpreter} says {said}");
    Ok(())
}

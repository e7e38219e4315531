//! The C compiler, and what it needs to know of an interpreter.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::interpreter::Interpreter;

/// The C compiler: `CC`, else `cc`.
pub(crate) fn compiler() -> OsString {
    std::env::var_os("CC").filter(|name| !name.is_empty()).unwrap_or("cc".into())
}

/// Where `Python.h` is, for this interpreter.
pub(crate) fn include_folder(interpreter: &Interpreter) -> Result<PathBuf, String> {
    const QUESTION: &str = "import sysconfig; print(sysconfig.get_paths()['include'])";
    let output = Command::new(&interpreter.program)
        .args(["-c", QUESTION])
        .output()
        .map_err(|error| format!("it does not start: {error}"))?;
    let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    if folder.join("Python.h").is_file() {
        return Ok(folder);
    }
    Err(format!("its headers are not installed ({} has no Python.h)", folder.display()))
}

/// Lets a compiler find the interpreter's headers, which are not ours to warn about.
pub(crate) fn add_headers(command: &mut Command, include: &Path) {
    command.arg("-isystem").arg(include);
    // Debian keeps a part of them in a folder for the machine, beside the others.
    if let Some(beside) = include.parent() {
        command.arg("-idirafter").arg(beside);
    }
}

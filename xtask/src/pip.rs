//! Packages from the package index, for the tests only: below `target`, never into an interpreter.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::command::finish;
use crate::interpreter::Interpreter;

/// Installs a package to a folder that is not there yet, or says why it cannot be had.
pub(super) fn install(interpreter: &Interpreter, requirement: &str, folder: &Path) -> Result<(), String> {
    let cannot = |error: &dyn std::fmt::Display| format!("pip cannot install {requirement}: {error}");
    // What is interrupted is not taken for the whole.
    let parent = folder.parent().unwrap_or(folder);
    let temporary = fs::create_dir_all(parent)
        .and_then(|()| tempfile::tempdir_in(parent))
        .map_err(|error| cannot(&error))?;
    let installed = temporary.path().join("installed");
    // No questions, no sources to compile, and a network that is not there is given up soon.
    let mut pip = Command::new(&interpreter.program);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"])
        .args(["--only-binary", ":all:", "--retries", "1", "--timeout", "10", "--target"])
        .arg(&installed)
        .arg(requirement);
    finish(&mut pip).map_err(|error| {
        let text = format!("{error:#}");
        // The last line has the reason.
        cannot(&text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default())
    })?;
    // Another process may have been faster: what it installed is as good.
    fs::rename(installed, folder).or_else(|error| if folder.is_dir() { Ok(()) } else { Err(cannot(&error)) })
}

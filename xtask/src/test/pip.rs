//! Packages from the package index, for the tests only: below `target`, never into an interpreter.

use std::path::Path;
use std::process::Command;

use crate::command::finish;
use crate::interpreter::Interpreter;

/// Installs a package to a folder, or says why it cannot be had.
pub(super) fn install(interpreter: &Interpreter, requirement: &str, folder: &Path) -> Result<(), String> {
    // No questions, no sources to compile, and a network that is not there is given up soon.
    let mut pip = Command::new(&interpreter.program);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"])
        .args(["--only-binary", ":all:", "--retries", "1", "--timeout", "10", "--target"])
        .arg(folder)
        .arg(requirement);
    let said = |error: anyhow::Error| {
        let text = format!("{error:#}");
        let last = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        format!("pip cannot install {requirement}: {last}")
    };
    finish(&mut pip).map(drop).map_err(said)
}

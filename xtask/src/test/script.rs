//! Tests in Python, run inside an interpreter. Their last line on standard output counts them, in JSON.

use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use serde::Deserialize;

use super::outcome::Counts;

/// What the last line holds.
#[derive(Deserialize)]
struct Report {
    passed: u64,
    failed: u64,
    /// The reason of each test that was skipped.
    skipped: Vec<String>,
}

/// Runs the script that the command names, and returns what it counted, and each reason for skipping once.
pub(super) fn run(command: &mut Command) -> anyhow::Result<(Counts, Vec<String>)> {
    let output = command
        // Nothing is written to the source tree.
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("{} does not start", command.get_program().display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let (told, last) = text.trim_end().rsplit_once('\n').unwrap_or(("", text.trim_end()));
    if !told.is_empty() {
        anstream::println!("{told}");
    }
    let Report { passed, failed, mut skipped } = serde_json::from_str(last)
        .with_context(|| format!("the tests ended early ({}): {last}", output.status))?;
    // A runner that fails after it has counted, as when the interpreter crashes at its end, has not passed.
    if !output.status.success() && failed == 0 {
        bail!("the tests ended badly: {}", output.status);
    }
    let counts = Counts { passed, failed, skipped: skipped.len() as u64 };
    skipped.sort();
    skipped.dedup();
    Ok((counts, skipped))
}

//! Live objects of one interpreter: the extension module is built for it, and the tests run inside it.

use std::process::Stdio;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use super::Context;
use super::outcome::{Counts, Verdict};
use crate::interpreter::{Interpreter, Version};
use crate::package::Package;

/// The cargo feature that brings the tests' own entry points.
const FEATURE: &str = "kit";

/// The runner, in the workspace. Its last line on standard output counts the tests.
const RUNNER: &str = "crates/bufproto-py/tests/live/run.py";

/// What the runner's last line holds.
#[derive(Deserialize)]
struct Report {
    passed: u64,
    failed: u64,
    /// The reason of each test that was skipped.
    skipped: Vec<String>,
}

pub(super) fn run(context: &Context, interpreter: &Interpreter) -> Verdict {
    if interpreter.version < (Version { major: 3, minor: 0, patch: 0 }) {
        return Verdict::Skipped("no backend for live objects of the 2.x dialect yet".to_owned());
    }
    if let Err(why) = interpreter.supports_extension() {
        return Verdict::Skipped(why);
    }
    match report(context, interpreter) {
        Ok(Report { passed, failed, skipped }) => {
            let counts = Counts { passed, failed, skipped: skipped.len() as u64 };
            Verdict::Ran(counts, reasons(skipped))
        }
        Err(error) => Verdict::Failed(format!("{error:#}")),
    }
}

fn report(context: &Context, interpreter: &Interpreter) -> anyhow::Result<Report> {
    let package = Package::build(&context.workspace, interpreter, FEATURE)?;
    let output = package
        .python(interpreter)?
        .arg(context.workspace.root.join(RUNNER))
        // Nothing is written to the source tree.
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("{} does not start", interpreter.program.display()))?;
    let output_text = String::from_utf8_lossy(&output.stdout);
    let (told, last) = output_text.trim_end().rsplit_once('\n').unwrap_or(("", output_text.trim_end()));
    if !told.is_empty() {
        anstream::println!("{told}");
    }
    let report: Report = serde_json::from_str(last)
        .with_context(|| format!("the tests ended early ({}): {last}", output.status))?;
    // A runner that fails after it has counted, as when the interpreter crashes at its end, has not passed.
    if !output.status.success() && report.failed == 0 {
        bail!("the tests ended badly: {}", output.status);
    }
    Ok(report)
}

/// Each reason once.
fn reasons(mut skipped: Vec<String>) -> String {
    skipped.sort();
    skipped.dedup();
    skipped.join("; ")
}

//! Runs other programs to their end.

use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

/// Runs a command to its end and returns what it printed; what it said is shown only if it fails.
pub(crate) fn finish(command: &mut Command) -> anyhow::Result<String> {
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("{command:?} does not start"))?;
    let printed = String::from_utf8_lossy(&output.stdout);
    // Some complain on their standard output.
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed:\n{printed}{said}");
    Ok(printed.into_owned())
}

/// Runs a command without a word, and says whether it started and succeeded.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

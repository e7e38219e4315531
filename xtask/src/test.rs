//! `cargo xtask test`: the one test command.

use xshell::{Shell, cmd};

/// Runs the Rust tests (by nextest where it is installed) and the documentation's examples.
pub(crate) fn run() -> anyhow::Result<()> {
    let shell = Shell::new()?;
    if cmd!(shell, "cargo nextest --version").quiet().ignore_stderr().read().is_ok() {
        cmd!(shell, "cargo nextest run --workspace").run()?;
    } else {
        cmd!(shell, "cargo test --workspace --all-targets").run()?;
    }
    cmd!(shell, "cargo test --workspace --doc").run()?;
    Ok(())
}

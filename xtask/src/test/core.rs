//! What core must do without: Python, `std` and an allocator.

use xshell::{Shell, cmd};

use crate::package;

use super::Row;

/// A target that has no `std`: whatever builds for it uses none.
const TARGET: &str = "thumbv7em-none-eabi";

/// Core depends on `cfg-if` and `thiserror`, and on nothing else at run time.
pub(crate) fn dependencies() -> anyhow::Result<Row> {
    let shell = shell()?;
    let tree = cmd!(shell, "cargo tree --package bufproto-core --edges no-dev,no-proc-macro --prefix none")
        .read()?;
    let strangers: Vec<&str> = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| !["bufproto-core", "cfg-if", "thiserror"].contains(name))
        .collect();
    if !strangers.is_empty() {
        eprintln!("error: bufproto-core depends on {}", strangers.join(", "));
    }
    Ok(Row::whole("core's dependencies", strangers.is_empty()))
}

/// Core builds for a target without `std`.
pub(crate) fn without_std() -> anyhow::Result<Row> {
    const NAME: &str = "core without std";
    let shell = shell()?;
    let installed = |shell: &Shell| {
        cmd!(shell, "rustup target list --installed")
            .quiet()
            .ignore_stderr()
            .read()
            .is_ok_and(|targets| targets.lines().any(|target| target == TARGET))
    };
    if !installed(&shell) {
        // It can be had where there is a rustup and a network.
        let _ = cmd!(shell, "rustup target add {TARGET}").quiet().ignore_stdout().ignore_stderr().run();
    }
    if !installed(&shell) {
        return Ok(Row::skipped(NAME, format!("the target {TARGET} is not installed and cannot be had")));
    }
    let passed = cmd!(shell, "cargo build --package bufproto-core --target {TARGET}").run().is_ok();
    Ok(Row::whole(NAME, passed))
}

fn shell() -> anyhow::Result<Shell> {
    let shell = Shell::new()?;
    shell.change_dir(package::project_root());
    Ok(shell)
}

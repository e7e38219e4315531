//! Compiling for machines that are not this one.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output};

use super::Context;
use super::outcome::{Outcome, Verdict};
use crate::workspace::cargo;

/// Machines on which nothing is run here: another system, another sign of `char`, the bytes the other way round, 32 bits.
const MACHINES: &[&str] = &[
    "x86_64-pc-windows-msvc",
    "aarch64-apple-darwin",
    "aarch64-unknown-linux-gnu",
    "s390x-unknown-linux-gnu",
    "i686-unknown-linux-gnu",
];

/// What compiles for them. Programs and libraries are not linked: that takes the machine's own tools.
const PACKAGES: &[&str] = &[
    "--package=bufproto-core",
    "--package=bufproto-mock",
    "--package=bufproto-ffi",
    "--package=bufproto-py",
];
const FEATURES: &str = "--features=bufproto-core/parallel,bufproto-py/kit,bufproto-py/extension-module";

/// Every machine.
pub(super) fn run(context: &Context) -> Vec<Outcome> {
    let outcome = |machine: &&'static str| Outcome {
        step: "other machines",
        on: format!("{machine} (compiled only)"),
        verdict: compiled(context, machine),
    };
    MACHINES.iter().map(outcome).collect()
}

fn compiled(context: &Context, machine: &'static str) -> Verdict {
    if let Err(why) = any(context, &[machine]) {
        return Verdict::Skipped(why);
    }
    let mut command = Command::new(cargo());
    command.args(["check", "--quiet", "--target", machine, FEATURES]).args(PACKAGES);
    // There is no Python of that machine to be asked; which one it would be makes no difference here.
    command.env("PYO3_CROSS", "1").env("PYO3_CROSS_PYTHON_VERSION", "3.12");
    finish(context, command).map_or_else(Verdict::Failed, |_| Verdict::of(Ok(())))
}

/// The first of the targets whose libraries are installed. Where none is, rustup is asked to install the first.
pub(super) fn any(context: &Context, targets: &[&'static str]) -> Result<&'static str, String> {
    let sysroot = run_in(context, "rustc".as_ref(), &["--print", "sysroot"])?;
    let libraries = Path::new(sysroot.trim()).join("lib/rustlib");
    let installed = |target: &&str| libraries.join(target).join("lib").is_dir();
    if let Some(target) = targets.iter().copied().find(installed) {
        return Ok(target);
    }
    run_in(context, "rustup".as_ref(), &["target", "add", targets[0]])
        .map_err(|why| format!("{} is not installed, and rustup cannot add it: {why}", targets[0]))?;
    Ok(targets[0])
}

/// Standard output of a command, or its complaint.
pub(super) fn run_in(context: &Context, program: &OsStr, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(program);
    command.args(arguments);
    finish(context, command)
}

fn finish(context: &Context, mut command: Command) -> Result<String, String> {
    let program = command.get_program().to_owned();
    let Output { status, stdout, stderr } = command
        .current_dir(&context.workspace.root)
        .output()
        .map_err(|error| format!("{} does not start: {error}", program.display()))?;
    if status.success() {
        Ok(String::from_utf8_lossy(&stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&stderr).trim().to_owned())
    }
}

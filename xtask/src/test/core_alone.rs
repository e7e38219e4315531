//! The core crate stands alone: it names no Python crate and builds for a target that has no standard library.

use std::process::{Command, Output};

use super::Context;
use super::outcome::{Outcome, Verdict};
use crate::workspace::cargo;

const CORE: &str = "bufproto-core";

/// Targets without a standard library, of which any will do; the first is installed where none is.
const TARGETS: &[&str] = &[
    "thumbv7em-none-eabi",
    "thumbv7em-none-eabihf",
    "thumbv7m-none-eabi",
    "thumbv6m-none-eabi",
    "riscv32imac-unknown-none-elf",
    "riscv64gc-unknown-none-elf",
    "aarch64-unknown-none",
    "x86_64-unknown-none",
];

pub(super) fn run(context: &Context) -> Vec<Outcome> {
    let outcome = |on: String, verdict| Outcome { step: "core alone", on, verdict };
    let dependencies = outcome("dependencies".to_owned(), dependencies(context));
    let (target, verdict) = without_std(context);
    vec![dependencies, outcome(target, verdict)]
}

/// What core may depend on at run time; nothing of Python is among it.
const DEPENDENCIES: &[&str] = &[CORE, "cfg-if"];

/// No other crate is below core.
fn dependencies(context: &Context) -> Verdict {
    let edges = ["--edges", "no-dev,no-proc-macro", "--prefix", "none"];
    let tree = run_in(context, &cargo(), &[&["tree", "--package", CORE], &edges[..]].concat());
    match tree {
        Ok(tree) => match strangers(&tree).as_slice() {
            [] => Verdict::of(Ok(())),
            named => Verdict::Failed(format!("{CORE} depends on {}", named.join(", "))),
        },
        Err(why) => Verdict::Failed(why),
    }
}

/// What core must not depend on, in a dependency list with a crate in each line and its name first.
fn strangers(tree: &str) -> Vec<&str> {
    let names = tree.lines().filter_map(|line| line.split_whitespace().next());
    names.filter(|name| !DEPENDENCIES.contains(name)).collect()
}

/// Builds core for a target that has no standard library, and says which.
fn without_std(context: &Context) -> (String, Verdict) {
    let missing = || format!("{} (no std)", TARGETS[0]);
    let target = match target(context) {
        Ok(target) => target,
        Err(why) => return (missing(), Verdict::Skipped(why)),
    };
    let built = run_in(context, &cargo(), &["build", "--quiet", "--package", CORE, "--target", target]);
    (format!("{target} (no std)"), built.map_or_else(Verdict::Failed, |_| Verdict::of(Ok(()))))
}

/// A target whose libraries are installed. Where there is none, rustup is asked to install one.
fn target(context: &Context) -> Result<&'static str, String> {
    let sysroot = run_in(context, "rustc".as_ref(), &["--print", "sysroot"])?;
    let libraries = std::path::Path::new(sysroot.trim()).join("lib/rustlib");
    let installed = |target: &&str| libraries.join(target).join("lib").is_dir();
    if let Some(target) = TARGETS.iter().copied().find(installed) {
        return Ok(target);
    }
    run_in(context, "rustup".as_ref(), &["target", "add", TARGETS[0]])
        .map_err(|why| format!("no such target is installed, and rustup cannot add one: {why}"))?;
    Ok(TARGETS[0])
}

/// Standard output of a command, or its complaint.
fn run_in(context: &Context, program: &std::ffi::OsStr, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program).current_dir(&context.workspace.root).args(arguments).output();
    let Output { status, stdout, stderr } =
        output.map_err(|error| format!("{} does not start: {error}", program.display()))?;
    if status.success() {
        Ok(String::from_utf8_lossy(&stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&stderr).trim().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sees_a_python_crate() {
        assert_eq!(strangers("bufproto-core v0.1.0 (/x)\ncfg-if v1.0\npyo3-ffi v0.29.3\n"), ["pyo3-ffi"]);
        assert!(strangers("bufproto-core v0.1.0 (/home/py)\ncfg-if v1.0\n").is_empty());
    }
}

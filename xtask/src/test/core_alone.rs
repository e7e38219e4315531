//! The core crate stands alone: it names no Python crate and builds for a target that has no standard library.

use super::Context;
use super::outcome::{Outcome, Verdict};
use super::targets::{self, run_in};
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
    let target = match targets::any(context, TARGETS) {
        Ok(target) => target,
        Err(why) => return (missing(), Verdict::Skipped(why)),
    };
    let built = run_in(context, &cargo(), &["build", "--quiet", "--package", CORE, "--target", target]);
    (format!("{target} (no std)"), built.map_or_else(Verdict::Failed, |_| Verdict::of(Ok(()))))
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

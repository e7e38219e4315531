//! Each fuzz target on its seeds and for a few seconds more: `cargo xtask fuzz` runs them for long.

use anyhow::ensure;

use super::Context;
use super::outcome::{Outcome, Verdict};
use crate::fuzz::Fuzzer;
use crate::nightly::Missing;

/// How long each target runs.
const SECONDS: u32 = 5;

pub(super) fn run(context: &Context) -> Vec<Outcome> {
    let outcome = |on: &str, verdict| Outcome { step: "fuzz", on: on.to_owned(), verdict };
    let fuzzer = match Fuzzer::find(&context.workspace) {
        Ok(fuzzer) => fuzzer,
        Err(Missing(why)) => return vec![outcome("targets", Verdict::Skipped(why))],
    };
    let targets = match fuzzer.targets() {
        Ok(targets) => targets,
        Err(error) => return vec![outcome("targets", Verdict::Failed(format!("{error:#}")))],
    };
    let verdict = |target: &String| {
        Verdict::of(fuzzer.run(target, SECONDS).and_then(|clean| {
            ensure!(clean, "it found something; its output is above");
            Ok(())
        }))
    };
    targets.iter().map(|target| outcome(target, verdict(target))).collect()
}

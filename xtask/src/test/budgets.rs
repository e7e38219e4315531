//! The budgets: no count of the C face has risen, the headers are what the sources generate, and the README says what was
//! recorded.

use super::Context;
use super::outcome::{Counts, Outcome, Verdict};
use crate::{bench, budget, header};

pub(super) fn run(context: &Context) -> Vec<Outcome> {
    let outcome = |on: &str, verdict| Outcome { step: "budgets", on: on.to_owned(), verdict };
    let passed = || Verdict::Ran(Counts { passed: 1, ..Counts::default() }, String::new());
    let headers = match header::check(&context.workspace) {
        Ok(()) => passed(),
        Err(error) => Verdict::Failed(format!("{error:#}")),
    };
    let counts = match budget::check(&context.workspace) {
        Ok(rises) if rises.is_empty() => passed(),
        Ok(rises) => Verdict::Failed(rises.join("\n")),
        Err(why) => Verdict::Skipped(why),
    };
    let readme = match bench::check_readme(&context.workspace.root) {
        Ok(()) => passed(),
        Err(error) => Verdict::Failed(format!("{error:#}")),
    };
    vec![
        outcome("generated headers", headers),
        outcome("instructions and bytes", counts),
        outcome("README and recordings", readme),
    ]
}

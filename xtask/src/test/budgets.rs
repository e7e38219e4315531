//! The budgets: no count of the C face has risen, the headers are what the sources generate, and the README says what was
//! recorded.

use super::Context;
use super::outcome::{Outcome, Verdict};
use crate::{bench, budget, header};

pub(super) fn run(context: &Context) -> Vec<Outcome> {
    let outcome = |on: &str, verdict| Outcome { step: "budgets", on: on.to_owned(), verdict };
    let headers = Verdict::of(header::check(&context.workspace));
    let counts = match budget::check(&context.workspace) {
        Ok(rises) if rises.is_empty() => Verdict::of(Ok(())),
        Ok(rises) => Verdict::Failed(rises.join("\n")),
        Err(why) => Verdict::Skipped(why),
    };
    let readme = Verdict::of(bench::check_readme(&context.workspace.root));
    vec![
        outcome("generated headers", headers),
        outcome("instructions and bytes", counts),
        outcome("README and recordings", readme),
    ]
}

//! The table at the end, and whether the whole passed.

use std::process::ExitCode;

use tabled::settings::{Style, Width, peaker::Priority};
use tabled::{Table, Tabled};

use super::outcome::{Counts, Outcome, Verdict};
use super::{Run, Step};

/// How wide the table may become; reasons are wrapped beyond it.
const WIDTH: usize = 118;

#[derive(Tabled)]
struct Row {
    step: &'static str,
    on: String,
    result: &'static str,
    passed: String,
    failed: String,
    skipped: String,
    why: String,
}

/// Prints the table and what is to be complained about. Whether that is nothing.
pub(super) fn report(outcomes: &[Outcome], steps: &[&Step], quick: bool) -> bool {
    anstream::println!("\n{}", table(outcomes));
    let complaints = complaints(outcomes, steps, quick);
    for complaint in &complaints {
        anstream::eprintln!("error: {complaint}");
    }
    complaints.is_empty()
}

/// The same for a task that is not the tests. Where all was skipped, nothing is known, and that is no success.
pub(super) fn conclude(outcomes: &[Outcome]) -> ExitCode {
    let ran = outcomes.iter().any(|outcome| !outcome.verdict.is_skipped());
    if report(outcomes, &[], true) && ran { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One row for each outcome.
fn table(outcomes: &[Outcome]) -> String {
    let mut table = Table::new(outcomes.iter().map(row));
    table.with(Style::sharp()).with(Width::wrap(WIDTH).keep_words(true).priority(Priority::max(true)));
    table.to_string()
}

fn row(Outcome { step, on, verdict }: &Outcome) -> Row {
    let empty = || "-".to_owned();
    let (passed, failed, skipped, why) = match verdict {
        Verdict::Ran(Counts { passed: 0, failed: 0, skipped }, _) => {
            (empty(), empty(), skipped.to_string(), "nothing was tested".to_owned())
        }
        Verdict::Ran(counts, why) => {
            (counts.passed.to_string(), counts.failed.to_string(), counts.skipped.to_string(), why.clone())
        }
        // The first line is enough here: all of it was printed when it happened.
        Verdict::Failed(why) | Verdict::Skipped(why) => {
            (empty(), empty(), empty(), why.lines().next().unwrap_or_default().to_owned())
        }
    };
    let result = match verdict {
        _ if verdict.is_failure() => "FAILED",
        Verdict::Skipped(_) => "skipped",
        Verdict::Ran(..) | Verdict::Failed(_) => "passed",
    };
    Row { step, on: on.clone(), result, passed, failed, skipped, why }
}

/// Why the whole did not pass; empty if it did.
fn complaints(outcomes: &[Outcome], steps: &[&Step], quick: bool) -> Vec<String> {
    let failed = outcomes.iter().filter(|outcome| outcome.verdict.is_failure());
    let mut complaints =
        failed.map(|Outcome { step, on, .. }| format!("{step}: failed on {on}")).collect::<Vec<_>>();
    for Step { name, run } in steps {
        let tested = outcomes.iter().any(|outcome| outcome.step == *name && !outcome.verdict.is_skipped());
        if matches!(run, Run::Each(_)) && !quick && !tested {
            complaints.push(format!(
                "{name}: no interpreter was tested; install Python 3, or name interpreters in BUFPROTO_PYTHONS"
            ));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    const EACH: &[&Step] = &[&Step { name: "kit", run: Run::Each(|_, _| Verdict::Skipped(String::new())) }];

    fn outcome(verdict: Verdict) -> Outcome {
        Outcome { step: "kit", on: "CPython 2.7.18".to_owned(), verdict }
    }

    fn ran(passed: u64, failed: u64, skipped: u64) -> Outcome {
        outcome(Verdict::Ran(Counts { passed, failed, skipped }, String::new()))
    }

    #[test]
    fn skipped_interpreter_is_not_passed() {
        let skipped = outcome(Verdict::Skipped("no backend yet".to_owned()));
        let table = table(std::slice::from_ref(&skipped));
        assert!(table.contains("skipped") && table.contains("no backend yet"), "{table}");
        assert!(!row(&skipped).result.contains("passed"));
        assert_eq!(row(&skipped).passed, "-");
    }

    #[test]
    fn every_interpreter_skipped_is_a_failure() {
        let skipped = outcome(Verdict::Skipped("no backend yet".to_owned()));
        let complaints = complaints(&[skipped], EACH, false);
        assert_eq!(complaints.len(), 1);
        assert!(complaints[0].contains("no interpreter was tested"), "{complaints:?}");
    }

    #[test]
    fn no_interpreter_is_a_failure_unless_none_was_wanted() {
        assert_eq!(complaints(&[], EACH, false).len(), 1);
        assert!(complaints(&[], EACH, true).is_empty());
    }

    #[test]
    fn one_failed_case_fails_the_whole() {
        assert!(complaints(&[ran(10, 0, 2)], EACH, false).is_empty());
        assert_eq!(
            complaints(&[ran(10, 0, 0), ran(9, 1, 0)], EACH, false),
            ["kit: failed on CPython 2.7.18"]
        );
        assert_eq!(row(&ran(9, 1, 0)).result, "FAILED");
    }

    #[test]
    fn run_that_tested_nothing_is_a_failure() {
        assert_eq!(complaints(&[ran(0, 0, 7)], EACH, false).len(), 1);
        assert_eq!(row(&ran(0, 0, 7)).result, "FAILED");
    }

    #[test]
    fn unreadable_result_is_a_failure() {
        let broken = outcome(Verdict::Failed("crashed\nwith details".to_owned()));
        assert_eq!(complaints(std::slice::from_ref(&broken), EACH, false).len(), 1);
        assert_eq!(row(&broken).why, "crashed");
    }
}

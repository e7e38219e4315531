//! What a step came to.

use serde::{Deserialize, Serialize};

/// The result of one step on one subject.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    /// The step's name.
    pub(super) step: &'static str,
    /// What it ran on: an interpreter, a crate, a target.
    pub(super) on: String,
    pub(super) verdict: Verdict,
}

/// How it ended. There is no way to be skipped and to have passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Verdict {
    /// It ran to its end, with these counts, and left some cases out for these reasons. Passed only if none failed and
    /// some passed.
    Ran(Counts, String),
    /// It could not run to its end, or its result could not be read.
    Failed(String),
    /// It was not run, and why.
    Skipped(String),
}

/// How many cases passed, failed, and were left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts {
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) skipped: u64,
}

impl Verdict {
    /// That of a single case.
    pub(super) fn of(case: anyhow::Result<()>) -> Self {
        match case {
            Ok(()) => Self::Ran(Counts { passed: 1, ..Counts::default() }, String::new()),
            Err(error) => Self::Failed(format!("{error:#}")),
        }
    }

    /// That of a run that counted its cases, with the reasons for what it left out.
    pub(super) fn counted(run: anyhow::Result<(Counts, Vec<String>)>) -> Self {
        match run {
            Ok((counts, reasons)) => Self::Ran(counts, reasons.join("; ")),
            Err(error) => Self::Failed(format!("{error:#}")),
        }
    }

    pub(super) fn is_failure(&self) -> bool {
        match self {
            // A run that tested nothing proves nothing.
            Self::Ran(Counts { passed, failed, .. }, _) => *failed > 0 || *passed == 0,
            Self::Failed(_) => true,
            Self::Skipped(_) => false,
        }
    }

    pub(super) fn is_skipped(&self) -> bool {
        matches!(self, Self::Skipped(_))
    }
}

impl Counts {
    /// Both together.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

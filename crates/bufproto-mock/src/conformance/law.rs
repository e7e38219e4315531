//! What a rule of the kit is, and what checking one can come to.

use std::fmt;

use super::call::{Aspect, Case, Functions};
use super::rig::{Declined, Rig};

/// A rule, as the kit checks it on backends of the type `R`.
///
/// Numbers below 1000 are those of [`bufproto_core::rules::Rule`]: when a call is refused, and in which words.
/// Those from 1000 on are the kit's own, about procedure; the hundreds mean the same in both.
pub struct Law<R: Rig> {
    /// The number, stable for ever.
    pub number: u16,
    /// The name of the test that [`suite!`](crate::suite) makes of it.
    pub name: &'static str,
    /// What has to be so.
    pub statement: &'static str,
    /// Where that is known from.
    pub source: &'static str,
    /// How it is checked.
    pub check: Check<R>,
}

/// How a rule is checked.
pub enum Check<R: Rig> {
    /// By calling the old functions.
    Calls {
        /// Those of which dialect.
        functions: Functions<R>,
        /// What is looked at.
        aspects: &'static [Aspect],
        /// The calls.
        cases: fn() -> Vec<Case>,
    },
    /// By a procedure of its own.
    Procedure(fn(&R, &mut Trial)),
}

impl<R: Rig> Law<R> {
    /// Checks the rule.
    pub fn check(&self, rig: &R) -> Verdict {
        let mut trial = Trial::default();
        match &self.check {
            Check::Calls { functions, aspects, cases } => {
                for case in cases() {
                    trial.case(&case.name, || case.check(rig, functions, aspects));
                }
            }
            Check::Procedure(procedure) => procedure(rig, &mut trial),
        }
        // What a case left behind is not the next rule's business.
        drop(rig.take_raised());
        drop(rig.take_transcript());
        trial.verdict()
    }
}

/// The cases of one rule, as they are checked.
#[derive(Debug, Default)]
pub struct Trial {
    passed: usize,
    declined: Vec<String>,
    failed: Vec<String>,
}

/// Why a case did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The backend could not be asked.
    Declined(Declined),
    /// What was expected, and what happened instead.
    Broken(String),
}

impl From<Declined> for Fault {
    fn from(declined: Declined) -> Self {
        Self::Declined(declined)
    }
}

impl Trial {
    /// Checks one case.
    pub fn case(&mut self, name: &str, check: impl FnOnce() -> Result<(), Fault>) {
        match check() {
            Ok(()) => self.passed += 1,
            Err(Fault::Declined(Declined(reason))) => self.declined.push(format!("{name}: {reason}")),
            Err(Fault::Broken(what)) => self.failed.push(format!("{name}: {what}")),
        }
    }

    fn verdict(self) -> Verdict {
        match self {
            Self { failed, .. } if !failed.is_empty() => Verdict::Failed(failed),
            Self { passed: 0, declined, .. } => Verdict::Declined(declined),
            Self { passed, declined, .. } => Verdict::Passed { cases: passed, declined },
        }
    }
}

/// Compares, and says what was expected if that is not what there is.
pub(crate) fn expect<T: PartialEq + fmt::Debug>(what: &str, found: &T, expected: &T) -> Result<(), Fault> {
    if found == expected {
        return Ok(());
    }
    Err(Fault::Broken(format!("{what}: expected {expected:?}, found {found:?}")))
}

/// What checking a rule came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The backend keeps the rule.
    Passed {
        /// In how many cases.
        cases: usize,
        /// The cases that it declined, with the reasons.
        declined: Vec<String>,
    },
    /// The backend could be asked in no case, for these reasons.
    Declined(Vec<String>),
    /// The backend breaks the rule, in these cases.
    Failed(Vec<String>),
}

//! What the kit found.

use std::fmt;

use crate::conformance::Verdict;

/// A rule of the kit, to be checked against a rig `R`.
pub struct Rule<R: ?Sized> {
    /// The number. Numbers are stable; those of withdrawn rules are not used again.
    pub number: u16,
    /// The name of its test.
    pub name: &'static str,
    /// What it says.
    pub statement: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// Checks it.
    pub check: fn(&R) -> Result<(), Verdict>,
}

impl<R: ?Sized> fmt::Debug for Rule<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Rule {} {}", self.number, self.name)
    }
}

/// How a backend did on each rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// One entry for each rule, in the order of the numbers.
    pub entries: Vec<Entry>,
}

/// How a backend did on a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The rule's number.
    pub number: u16,
    /// The rule's name.
    pub name: &'static str,
    /// What the rule says.
    pub statement: &'static str,
    /// How the backend did.
    pub outcome: Outcome,
}

/// How a backend did on a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It keeps the rule.
    Passed,
    /// It has not what the rule is about.
    Declined(String),
    /// It breaks the rule.
    Failed(String),
}

impl Report {
    pub(crate) fn of<R>(rig: &R, rules: &[Rule<R>]) -> Self {
        let entries = rules
            .iter()
            .map(|rule| Entry {
                number: rule.number,
                name: rule.name,
                statement: rule.statement,
                outcome: match (rule.check)(rig) {
                    Ok(()) => Outcome::Passed,
                    Err(Verdict::Declined(why)) => Outcome::Declined(why),
                    Err(Verdict::Failed(how)) => Outcome::Failed(how),
                },
            })
            .collect();
        Self { entries }
    }

    /// The rules that the backend breaks.
    pub fn failed(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| matches!(entry.outcome, Outcome::Failed(_)))
    }

    /// The rules that the backend keeps.
    pub fn passed(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.outcome == Outcome::Passed)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.entries {
            let (mark, detail) = match &entry.outcome {
                Outcome::Passed => ("passed", None),
                Outcome::Declined(why) => ("declined", Some(why)),
                Outcome::Failed(how) => ("FAILED", Some(how)),
            };
            writeln!(formatter, "{:>4}  {mark:8}  {}", entry.number, entry.statement)?;
            if let Some(detail) = detail {
                writeln!(formatter, "                {detail}")?;
            }
        }
        Ok(())
    }
}

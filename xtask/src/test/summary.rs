//! What ran, what failed and what did not run, as a table.

use tabled::builder::Builder;
use tabled::settings::Style;

/// One step, or one interpreter.
pub(crate) struct Row {
    name: String,
    outcome: Outcome,
}

enum Outcome {
    /// The step says only whether it went well; its own output has the counts.
    Whole {
        passed: bool,
    },
    /// The step counts. What is skipped has a reason each.
    Counted {
        passed: usize,
        failed: usize,
        skipped: Vec<String>,
    },
    Skipped {
        why: String,
    },
}

impl Row {
    /// A step that went well or not.
    pub(crate) fn whole(name: impl Into<String>, passed: bool) -> Self {
        Self { name: name.into(), outcome: Outcome::Whole { passed } }
    }

    /// A step that counts. If nothing passed and nothing failed, nothing was tested, which is a failure.
    pub(crate) fn counted(
        name: impl Into<String>,
        passed: usize,
        failed: usize,
        skipped: Vec<String>,
    ) -> Self {
        Self { name: name.into(), outcome: Outcome::Counted { passed, failed, skipped } }
    }

    /// A step that did not run.
    pub(crate) fn skipped(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self { name: name.into(), outcome: Outcome::Skipped { why: why.into() } }
    }

    /// What ran.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it ran, and not well.
    pub(crate) fn has_failed(&self) -> bool {
        match self.outcome {
            Outcome::Whole { passed } => !passed,
            Outcome::Counted { passed, failed, .. } => failed != 0 || passed == 0,
            Outcome::Skipped { .. } => false,
        }
    }

    /// Whether it ran at all.
    pub(crate) fn has_run(&self) -> bool {
        !matches!(self.outcome, Outcome::Skipped { .. })
    }

    fn cells(&self) -> [String; 4] {
        let (passed, failed, skipped) = match &self.outcome {
            Outcome::Whole { passed: true } => ("yes".to_owned(), String::new(), String::new()),
            Outcome::Whole { passed: false } => (String::new(), "yes".to_owned(), String::new()),
            Outcome::Counted { passed, failed, skipped } => {
                let mut reasons: Vec<String> = Vec::new();
                for why in skipped {
                    if !reasons.contains(why) {
                        reasons.push(why.clone());
                    }
                }
                let count = skipped.len();
                let skipped = match count {
                    0 => String::new(),
                    _ => format!("{count}: {}", reasons.join("; ")),
                };
                (passed.to_string(), failed.to_string(), skipped)
            }
            Outcome::Skipped { why } => (String::new(), String::new(), format!("all: {why}")),
        };
        [self.name.clone(), passed, failed, skipped]
    }
}

/// The table.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut builder = Builder::new();
    builder.push_record(["", "passed", "failed", "skipped, and why"]);
    for row in rows {
        builder.push_record(row.cells());
    }
    builder.build().with(Style::sharp()).to_string()
}

#[cfg(test)]
mod tests {
    use super::{Row, table};

    #[test]
    fn what_is_skipped_has_neither_passed_nor_failed() {
        let row = Row::skipped("CPython 3.6.15", "PyO3 supports CPython from 3.8 on");
        assert!(!row.has_run() && !row.has_failed());
        assert_eq!(row.cells()[1..3], ["", ""]);
        assert!(table(&[row]).contains("all: PyO3 supports CPython from 3.8 on"));
    }

    #[test]
    fn a_step_that_tested_nothing_has_failed() {
        assert!(Row::counted("CPython 3.12.1", 0, 0, vec![]).has_failed());
        assert!(Row::counted("CPython 3.12.1", 9, 1, vec![]).has_failed());
        assert!(!Row::counted("CPython 3.12.1", 9, 0, vec!["no numpy".to_owned()]).has_failed());
    }

    #[test]
    fn equal_reasons_are_told_once() {
        let row = Row::counted("x", 1, 0, vec!["no numpy".to_owned(), "no numpy".to_owned()]);
        assert_eq!(row.cells()[3], "2: no numpy");
    }
}

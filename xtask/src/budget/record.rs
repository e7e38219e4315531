//! The recorded budget: what was counted when it was recorded, and what has risen since.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::CoreBuild;
use super::count::Count;

/// What is recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    /// The interpreter that was counted.
    pub(super) interpreter: String,
    /// The compilers that built what was counted.
    pub(super) tools: Vec<String>,
    /// By how many bytes an extension grew with each [part](super::footprint::PARTS).
    pub(super) bytes: BTreeMap<String, u64>,
    /// Instructions per call, by the case's name.
    pub(super) instructions: BTreeMap<String, Count>,
    /// What a clean build of core took; older budgets do not say.
    #[serde(default)]
    pub(super) core: Option<CoreBuild>,
}

/// Something that takes more than the budget gives it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rise {
    what: String,
    unit: &'static str,
    expected: f64,
    now: f64,
}

impl fmt::Display for Rise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, unit, expected, now } = self;
        write!(f, "{what}: rose to {now:.1} {unit}; the budget gives {expected:.1}")
    }
}

/// What may be exceeded: a part of the whole, and at least so much.
const TOLERANCE: f64 = 0.03;
const INSTRUCTIONS: f64 = 2.0;
const BYTES: f64 = 16.0;

/// What ours should take here by what it took when it was recorded: our own instructions as they were, and the
/// interpreter's part by what its own function takes here.
pub(super) fn expected(recorded: &Count, theirs: f64) -> f64 {
    recorded.own + (recorded.ours - recorded.own) * theirs / recorded.theirs
}

impl Record {
    /// Whether arguments of functions in Rust are in it.
    pub(super) fn has_arguments(&self) -> bool {
        self.instructions.keys().any(|case| case.starts_with("ReadBuffer"))
    }

    pub(super) fn read(file: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is no budget", file.display()))
    }

    pub(super) fn write(&self, file: &Path) -> anyhow::Result<()> {
        fs::write(file, self.text()?).with_context(|| format!("cannot write {}", file.display()))
    }

    /// JSON with one line for each case, so that a difference of two budgets can be read.
    fn text(&self) -> anyhow::Result<String> {
        let Self { interpreter, tools, bytes, instructions, core } = self;
        let mut text = String::from("{\n");
        writeln!(text, "  \"interpreter\": {},", serde_json::to_string(interpreter)?)?;
        writeln!(text, "  \"tools\": {},", serde_json::to_string(tools)?)?;
        writeln!(text, "  \"bytes\": {},\n  \"instructions\": {{", serde_json::to_string(bytes)?)?;
        let mut lines = Vec::new();
        for (case, count) in instructions {
            lines.push(format!("    {}: {}", serde_json::to_string(case)?, serde_json::to_string(count)?));
        }
        writeln!(text, "{}\n  }},", lines.join(",\n"))?;
        writeln!(text, "  \"core\": {}\n}}", serde_json::to_string(core)?)?;
        Ok(text)
    }

    /// What takes more now, beyond the tolerance.
    pub(super) fn rises(&self, now: &Self) -> Vec<Rise> {
        let mut rises = Vec::new();
        let mut compare = |what: &str, unit, expected: f64, now: f64, least: f64| {
            if now - expected > (expected * TOLERANCE).max(least) {
                rises.push(Rise { what: what.to_owned(), unit, expected, now });
            }
        };
        for (case, count) in &now.instructions {
            if let Some(recorded) = self.instructions.get(case) {
                let expected = expected(recorded, count.theirs);
                compare(case, "instructions", expected, count.ours, INSTRUCTIONS);
            }
        }
        for (part, bytes) in &now.bytes {
            if let Some(recorded) = self.bytes.get(part) {
                let what = format!("an extension's growth by {part}");
                compare(&what, "bytes", *recorded as f64, *bytes as f64, BYTES);
            }
        }
        rises
    }

    /// What only one of the two has, so that it cannot be compared.
    pub(super) fn missing(&self, now: &Self) -> Vec<String> {
        fn absent<'a, V, W>(
            these: &'a BTreeMap<String, V>,
            from: &'a BTreeMap<String, W>,
        ) -> impl Iterator<Item = &'a String> {
            these.keys().filter(|name| !from.contains_key(*name))
        }
        let gone = absent(&self.instructions, &now.instructions).chain(absent(&self.bytes, &now.bytes));
        let new = absent(&now.instructions, &self.instructions).chain(absent(&now.bytes, &self.bytes));
        gone.map(|case| format!("{case}: is in the budget, but was not counted here"))
            .chain(new.map(|case| format!("{case}: was counted, but is not in the budget")))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(bytes: u64, cases: &[(&str, f64, f64, f64)]) -> Record {
        Record {
            interpreter: "CPython 3.12.1".to_owned(),
            tools: vec!["cc (a \"quoted\" name) 12".to_owned()],
            bytes: BTreeMap::from([("functions".to_owned(), bytes)]),
            instructions: cases
                .iter()
                .map(|&(case, own, ours, theirs)| (case.to_owned(), Count { own, ours, theirs }))
                .collect(),
            core: Some(CoreBuild { crates: ["core".to_owned()].into(), processor: 4.5, elapsed: None }),
        }
    }

    fn rises(before: &Record, now: &Record) -> Vec<String> {
        before.rises(now).iter().map(Rise::to_string).collect()
    }

    #[test]
    fn reads_what_it_writes() {
        let written =
            record(900, &[("read of array", 60.0, 120.5, 130.0), ("read of bytes", 8.0, 8.0, 131.0)]);
        let text = written.text().expect("text");
        assert_eq!(serde_json::from_str::<Record>(&text).expect("JSON"), written);
        assert!(
            text.contains("\n    \"read of bytes\": {\"own\":8.0,\"ours\":8.0,\"theirs\":131.0}\n"),
            "{text}"
        );
    }

    #[test]
    fn small_counts_may_rise_by_two_and_large_ones_by_a_part() {
        let before =
            record(900, &[("read of bytes", 8.0, 8.0, 131.0), ("read of int", 100.0, 1600.0, 3000.0)]);
        let within =
            record(900, &[("read of bytes", 10.0, 10.0, 131.0), ("read of int", 148.0, 1648.0, 3000.0)]);
        assert!(before.rises(&within).is_empty());
        let beyond =
            record(900, &[("read of bytes", 10.1, 10.1, 131.0), ("read of int", 149.0, 1649.0, 3000.0)]);
        assert_eq!(
            rises(&before, &beyond),
            [
                "read of bytes: rose to 10.1 instructions; the budget gives 8.0",
                "read of int: rose to 1649.0 instructions; the budget gives 1600.0"
            ]
        );
    }

    #[test]
    fn another_build_of_the_interpreter_is_no_rise() {
        let before =
            record(900, &[("read of bytes", 8.0, 8.0, 131.0), ("read of array", 60.0, 120.0, 120.0)]);
        // Half as fast and twice as fast, in the interpreter's part only.
        let slower =
            record(900, &[("read of bytes", 8.0, 8.0, 262.0), ("read of array", 60.0, 180.0, 240.0)]);
        assert!(before.rises(&slower).is_empty());
        let faster = record(900, &[("read of bytes", 8.0, 8.0, 65.5), ("read of array", 60.0, 90.0, 60.0)]);
        assert!(before.rises(&faster).is_empty());
        // But our own part is seen, however slow the interpreter is.
        let risen = record(900, &[("read of bytes", 16.0, 16.0, 262.0)]);
        assert_eq!(before.rises(&risen).len(), 1);
    }

    #[test]
    fn bytes_rise_too() {
        let before = record(900, &[]);
        assert!(before.rises(&record(927, &[])).is_empty());
        assert_eq!(
            rises(&before, &record(928, &[])),
            ["an extension's growth by functions: rose to 928.0 bytes; the budget gives 900.0"]
        );
        assert!(before.rises(&record(10, &[])).is_empty());
    }

    #[test]
    fn what_cannot_be_compared_is_told() {
        let before = record(900, &[("read of numpy u8", 60.0, 400.0, 480.0)]);
        let now = record(900, &[("read of bytes", 8.0, 8.0, 131.0)]);
        assert_eq!(
            before.missing(&now),
            [
                "read of numpy u8: is in the budget, but was not counted here",
                "read of bytes: was counted, but is not in the budget"
            ]
        );
        assert!(before.missing(&before).is_empty());
    }
}

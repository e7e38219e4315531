//! What a run has measured, as it is written down.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

/// The version of this format. A file of another one is refused.
pub(super) const SCHEMA: u32 = 1;

/// All that one run has measured on one interpreter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Recording {
    pub(super) schema: u32,
    /// In UTC, as `2026-01-31`.
    pub(super) date: String,
    /// Whether times were taken shortly.
    pub(super) quick: bool,
    pub(super) machine: Machine,
    /// The interpreter, as `CPython 3.13.0`, and what compiled it.
    pub(super) interpreter: String,
    pub(super) compiled_by: String,
    /// What compiled and counted, as they name themselves.
    pub(super) tools: Vec<String>,
    /// The versions of all that took part.
    pub(super) versions: BTreeMap<String, String>,
    /// What took no part, and why.
    pub(super) skipped: Vec<Skipped>,
    /// Pointer and length from an object, as a function in C, C++, Cython or Rust gets them.
    pub(super) extraction: Vec<Row>,
    /// The same, as the argument of a function that is called from Python, without what the call itself takes.
    pub(super) calls: Vec<Row>,
    /// Instructions for larger objects, or for more of them.
    pub(super) growth: Vec<Growth>,
    /// Threads that ask at the same time, where the interpreter has no lock.
    pub(super) threads: Vec<Threads>,
}

/// What was measured on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Machine {
    pub(super) cpu: String,
    pub(super) cores: u32,
    pub(super) os: String,
}

/// Something that took no part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Skipped {
    pub(super) what: String,
    pub(super) why: String,
}

/// One way, asked for one object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) object: String,
    /// What it did: `answers`, `refuses`, `copies`, or how it ended the process.
    pub(super) outcome: String,
    /// Instructions for each time.
    pub(super) instructions: Option<f64>,
    /// What the call around it takes, of a whole call; not among the instructions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) frame: Option<f64>,
    /// For each time, with the loop and the call around it.
    pub(super) nanoseconds: Option<Time>,
    /// What of ours does the same, and how many times as many instructions this way takes. Less than 1 is a loss of ours.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) ratios: BTreeMap<String, f64>,
}

impl Row {
    /// Whether it came back to its caller.
    pub(super) fn is_measurable(&self) -> bool {
        ["answers", "refuses", "copies"].contains(&self.outcome.as_str())
    }

    /// Whether it gave the object's own memory.
    pub(super) fn answers(&self) -> bool {
        self.outcome == "answers"
    }
}

/// A median and the bounds of its interval of confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Time {
    pub(super) low: f64,
    pub(super) median: f64,
    pub(super) high: f64,
}

/// Instructions at one size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Growth {
    /// What grows: `length` in bytes, `held` in buffers, `copied` in bytes.
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) object: String,
    pub(super) size: u64,
    pub(super) instructions: f64,
}

/// What two threads do in the time of one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Threads {
    pub(super) name: String,
    pub(super) object: String,
    /// The throughput of two over that of one, by the shortest time of each.
    pub(super) ratio: f64,
    /// The same, round by round, and of these the median.
    pub(super) median: f64,
    pub(super) rounds: u32,
    /// What one thread takes.
    pub(super) nanoseconds: f64,
}

impl Recording {
    pub(super) fn read(file: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        Self::parse(&text).with_context(|| format!("{} is no recording", file.display()))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        #[derive(Deserialize)]
        struct Versioned {
            schema: u32,
        }
        let Versioned { schema } = serde_json::from_str(text)?;
        ensure!(schema == SCHEMA, "it is of schema {schema}, and this reads {SCHEMA}");
        Ok(serde_json::from_str(text)?)
    }

    pub(super) fn write(&self, file: &Path) -> anyhow::Result<()> {
        fs::write(file, self.text()?).with_context(|| format!("cannot write {}", file.display()))
    }

    /// JSON with a line for each row, so that a difference can be read.
    fn text(&self) -> anyhow::Result<String> {
        fn field(name: &str, value: &impl Serialize) -> anyhow::Result<String> {
            Ok(format!("  \"{name}\": {}", serde_json::to_string(value)?))
        }
        fn rows(name: &str, rows: &[impl Serialize]) -> anyhow::Result<String> {
            if rows.is_empty() {
                return Ok(format!("  \"{name}\": []"));
            }
            let lines = rows.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
            Ok(format!("  \"{name}\": [\n    {}\n  ]", lines.join(",\n    ")))
        }
        let parts = [
            field("schema", &self.schema)?,
            field("date", &self.date)?,
            field("quick", &self.quick)?,
            field("machine", &self.machine)?,
            field("interpreter", &self.interpreter)?,
            field("compiled_by", &self.compiled_by)?,
            field("tools", &self.tools)?,
            field("versions", &self.versions)?,
            rows("skipped", &self.skipped)?,
            rows("extraction", &self.extraction)?,
            rows("calls", &self.calls)?,
            rows("growth", &self.growth)?,
            rows("threads", &self.threads)?,
        ];
        Ok(format!("{{\n{}\n}}\n", parts.join(",\n")))
    }

    /// The interpreter without its name's spaces, for file names: `cpython-3.13.0`.
    pub(super) fn key(&self) -> String {
        self.interpreter.to_lowercase().replace(' ', "-")
    }

    pub(super) fn file_name(&self) -> String {
        format!("{}-{}.json", self.date, self.key())
    }

    /// Adds how each row compares with ours, for the same object. Only where both do the same: both answer, or both refuse.
    pub(super) fn compare(rows: &mut [Row], against: &BTreeMap<String, Vec<String>>) {
        let counted = rows
            .iter()
            .filter_map(|row| {
                let key = (row.name.clone(), row.object.clone());
                Some((key, (row.outcome.clone(), row.instructions?)))
            })
            .collect::<BTreeMap<_, _>>();
        for row in rows {
            let (Some(names), Some(theirs)) = (against.get(&row.name), row.instructions) else { continue };
            for name in names {
                if let Some((outcome, ours)) = counted.get(&(name.clone(), row.object.clone()))
                    && *outcome == row.outcome
                    && *ours > 0.0
                {
                    row.ratios.insert(name.clone(), hundredths(theirs / ours));
                }
            }
        }
    }
}

fn hundredths(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn row(name: &str, object: &str, outcome: &str, instructions: f64) -> Row {
        Row {
            name: name.to_owned(),
            object: object.to_owned(),
            outcome: outcome.to_owned(),
            instructions: Some(instructions),
            frame: None,
            nanoseconds: Some(Time { low: 1.0, median: 2.0, high: 3.0 }),
            ratios: BTreeMap::new(),
        }
    }

    pub(crate) fn recording(interpreter: &str, mut extraction: Vec<Row>) -> Recording {
        let against =
            BTreeMap::from([("CPython: AsReadBuffer".to_owned(), vec!["bufproto: read".to_owned()])]);
        Recording::compare(&mut extraction, &against);
        Recording {
            schema: SCHEMA,
            date: "2026-01-31".to_owned(),
            quick: false,
            machine: Machine { cpu: "a processor".to_owned(), cores: 2, os: "an OS".to_owned() },
            interpreter: interpreter.to_owned(),
            compiled_by: "GCC 12".to_owned(),
            tools: vec!["cc 12".to_owned()],
            versions: BTreeMap::from([("PyO3".to_owned(), "0.28.3".to_owned())]),
            skipped: vec![Skipped { what: "nanobind".to_owned(), why: "there is no network".to_owned() }],
            extraction,
            calls: Vec::new(),
            growth: Vec::new(),
            threads: Vec::new(),
        }
    }

    fn rows() -> Vec<Row> {
        vec![
            row("bufproto: read", "bytes", "answers", 10.0),
            row("CPython: AsReadBuffer", "bytes", "answers", 131.0),
            row("bufproto: read", "int", "refuses", 1600.0),
            row("CPython: AsReadBuffer", "int", "refuses", 800.0),
            row("CPython: AsReadBuffer", "ctypes", "ends the process (SIGSEGV)", 1.0),
            row("bufproto: read", "ctypes", "answers", 10.0),
        ]
    }

    #[test]
    fn reads_what_it_writes_and_nothing_of_another_schema() {
        let written = recording("CPython 3.13.0", rows());
        let text = written.text().expect("JSON");
        assert_eq!(Recording::parse(&text).expect("it is one"), written);
        assert_eq!(written.file_name(), "2026-01-31-cpython-3.13.0.json");
        let row = r#"    {"name":"CPython: AsReadBuffer","object":"bytes","outcome":"answers","instructions":131.0,"#;
        assert!(text.lines().any(|line| line.starts_with(row)), "{text}");
        let other = text.replace("\"schema\": 1", "\"schema\": 2");
        assert!(format!("{:#}", Recording::parse(&other).expect_err("another")).contains("of schema 2"));
    }

    #[test]
    fn compares_only_what_does_the_same() {
        let written = recording("CPython 3.13.0", rows());
        let ratios: Vec<_> = written
            .extraction
            .iter()
            .flat_map(|row| row.ratios.values().map(|ratio| (&*row.object, *ratio)))
            .collect();
        assert_eq!(ratios, [("bytes", 13.1), ("int", 0.5)]);
    }
}

//! Runs the harness: its answers first, then under callgrind, then with criterion.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use anyhow::Context as _;
use serde::Deserialize;

use super::build::Build;
use super::count::{by_case, each, tenths};
use super::recording::{Growth, Machine, Recording, Row, SCHEMA, Skipped, Threads, Time};
use crate::callgrind::{callgrind, stretches};
use crate::command::finish;
use crate::interpreter::Interpreter;
use crate::progress::Progress;

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    /// Whether it works: two objects, and what needs no package.
    Smoke,
    Quick,
    Thorough,
}

/// What `run.py answers` writes down.
#[derive(Deserialize)]
struct Answers {
    facts: Facts,
    cases: Vec<Case>,
    missing: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Facts {
    date: String,
    cpu: String,
    cores: u32,
    os: String,
    compiled_by: String,
    versions: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Case {
    kind: String,
    name: String,
    object: String,
    outcome: String,
    against: Vec<String>,
    frame: Option<String>,
}

#[derive(Deserialize)]
struct Timed {
    kind: String,
    name: String,
    object: String,
    #[serde(flatten)]
    time: Time,
}

pub(super) fn measure(
    build: &Build<'_>,
    interpreter: &Interpreter,
    effort: Effort,
) -> anyhow::Result<Recording> {
    let mut progress = Progress::new(format!("measuring on {interpreter}"));
    let script = Script { build, interpreter, effort };
    let file = build.folder.join("answers.json");

    progress.step("what each answers");
    finish(script.python().arg("answers").arg(&file))?;
    let text = fs::read_to_string(&file).with_context(|| format!("no {}", file.display()))?;
    let Answers { facts, cases, missing } =
        serde_json::from_str(&text).context("the script wrote something else")?;

    progress.step("counting instructions");
    let output = build.folder.join("callgrind.out");
    // The executable itself: a shim would be what is counted.
    let mut counting = script.with_environment(callgrind(&interpreter.resolved, &output));
    counting.arg(build.sources.join("run.py")).arg("count").arg(&file);
    if effort == Effort::Thorough {
        counting.arg("grows");
    }
    let labels = finish(&mut counting)?;
    let text = fs::read(&output).with_context(|| format!("callgrind wrote no {}", output.display()))?;
    let counted = each(&labels, &stretches(&String::from_utf8_lossy(&text), "peers_c.so")?)?;

    progress.step("timing");
    let folder = build.folder.join("criterion");
    let patience = if effort == Effort::Thorough { "thorough" } else { "quick" };
    let lines = finish(script.python().arg("time").arg(&file).arg(folder).arg(patience))?;
    let times = parse::<Timed>(&lines)?;
    let times = times
        .into_iter()
        .map(|Timed { kind, name, object, time }| ((kind, name, object), round(time)))
        .collect::<BTreeMap<_, _>>();

    let threads = if interpreter.free_threaded && effort == Effort::Thorough {
        progress.step("threads");
        parse::<Threads>(&finish(script.python().arg("threads"))?)?
    } else {
        Vec::new()
    };

    let frames = by_case(&counted, "frame");
    let frame_of = |case: &Case| frames.get(&(case.frame.clone()?, String::new())).copied();
    let rows = |kind: &str| {
        let counts = by_case(&counted, kind);
        let mut against = BTreeMap::new();
        let mut rows = Vec::new();
        for case in cases.iter().filter(|case| case.kind == kind) {
            let frame = frame_of(case);
            let count = counts.get(&(case.name.clone(), case.object.clone()));
            let time = times.get(&(kind.to_owned(), case.name.clone(), case.object.clone()));
            against.insert(case.name.clone(), case.against.clone());
            rows.push(Row {
                name: case.name.clone(),
                object: case.object.clone(),
                outcome: case.outcome.clone(),
                instructions: count.map(|count| tenths(count - frame.unwrap_or(0.0))),
                frame,
                nanoseconds: time.copied(),
                ratios: BTreeMap::new(),
            });
        }
        Recording::compare(&mut rows, &against);
        rows
    };
    let growing = counted.iter().filter(|(of, _)| of.size > 0).map(|(of, instructions)| Growth {
        kind: of.kind.clone(),
        name: of.name.clone(),
        object: of.object.clone(),
        size: of.size,
        instructions: *instructions,
    });
    let Facts { date, cpu, cores, os, compiled_by, mut versions } = facts;
    versions.extend(build.crates.iter().cloned());
    versions.insert("bufproto".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
    let mut skipped = build.skipped.clone();
    if effort != Effort::Smoke {
        let unexplained =
            missing.into_iter().filter(|(_, name)| !skipped.iter().any(|one| is_of(name, &one.what)));
        let unexplained: Vec<_> = unexplained
            .map(|(kind, name)| Skipped {
                what: format!("{name} ({kind})"),
                why: "the module or the function is not there".to_owned(),
            })
            .collect();
        skipped.extend(unexplained);
    }
    Ok(Recording {
        schema: SCHEMA,
        date,
        quick: effort != Effort::Thorough,
        machine: Machine { cpu, cores, os },
        interpreter: interpreter.to_string(),
        compiled_by,
        tools: build.tools.clone(),
        versions,
        skipped,
        extraction: rows("peer"),
        calls: rows("call"),
        growth: growing.collect(),
        threads,
    })
}

/// Whether a row is missing since a package is.
fn is_of(name: &str, package: &str) -> bool {
    let name = name.to_lowercase();
    name.starts_with(package) || package == "numpy" && name.contains("numpy")
}

fn parse<T: for<'a> Deserialize<'a>>(lines: &str) -> anyhow::Result<Vec<T>> {
    let one =
        |line| serde_json::from_str(line).with_context(|| format!("the script says something else: {line}"));
    lines.lines().map(one).collect()
}

fn round(Time { low, median, high }: Time) -> Time {
    let round = |number: f64| (number * 100.0).round() / 100.0;
    Time { low: round(low), median: round(median), high: round(high) }
}

/// The script, and what it runs in.
struct Script<'a> {
    build: &'a Build<'a>,
    interpreter: &'a Interpreter,
    effort: Effort,
}

impl Script<'_> {
    fn python(&self) -> Command {
        let mut command = self.with_environment(Command::new(&self.interpreter.program));
        command.arg(self.build.sources.join("run.py"));
        command
    }

    fn with_environment(&self, mut command: Command) -> Command {
        let folders = std::iter::once(&self.build.folder).chain(&self.build.packages);
        if let Ok(path) = std::env::join_paths(folders) {
            command.env("PYTHONPATH", path);
        }
        command
            .env("PYTHONHASHSEED", "0")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            // numpy starts a thread for each core, which nothing here needs.
            .env("OPENBLAS_NUM_THREADS", "1");
        if self.interpreter.free_threaded {
            // A module that does not know of free threads turns the lock on for all.
            command.env("PYTHON_GIL", "0");
        }
        if self.effort == Effort::Smoke {
            command.env("BUFPROTO_PEERS_OBJECTS", "bytes bytearray int");
        }
        command
    }
}

//! `cargo xtask mutants`: changes core in one place after the other, and looks whether a test of core or of the mock notices.
//! What no test needs to notice is listed with the reason, in `crates/bufproto-core/mutants.md`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, ensure};

use crate::command::succeeds;
use crate::workspace::{Workspace, cargo};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Change only these files of core, as in `view.rs` or `format/scan.rs` [default: all of them]
    #[arg(value_name = "FILE")]
    files: Vec<String>,
    /// Change only one part of several of the places, as in `0/8`
    #[arg(long, value_name = "K/N")]
    shard: Option<String>,
    /// Change only what was not noticed the last time, or not changed then
    #[arg(long)]
    again: bool,
    /// How many places are changed at once, each in a copy of the sources
    #[arg(long, value_name = "N", default_value_t = 1)]
    jobs: usize,
}

/// What takes longer than all other tests together, and so far noticed nothing by itself: what it tries is the order of
/// accesses to memory, which the tool does not change.
const LEFT_OUT: &str = "not binary(interleavings)";

/// The list of what may survive, in the workspace.
const JUSTIFIED: &str = "crates/bufproto-core/mutants.md";

/// How the tool is installed.
const INSTALL: &str = "there is no cargo mutants: cargo install cargo-mutants";

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    match survivors(arguments) {
        Ok(found) => {
            anstream::println!("{} caught, {} justified", found.caught, found.justified);
            for survivor in &found.unexpected {
                anstream::eprintln!("error: no test notices: {survivor}");
            }
            for gone in &found.gone {
                anstream::eprintln!("error: {JUSTIFIED} lists what is caught: {gone}");
            }
            if found.unexpected.is_empty() && found.gone.is_empty() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// What came of the changes.
pub(crate) struct Found {
    /// How many were noticed, by a test that failed or did not end.
    pub(crate) caught: usize,
    /// How many were not, and need not be.
    pub(crate) justified: usize,
    /// What was not noticed, and should have been.
    pub(crate) unexpected: Vec<String>,
    /// What was noticed, though the list says that it is not.
    pub(crate) gone: Vec<String>,
}

/// Whether the tool is there; else how it is installed.
pub(crate) fn missing() -> Option<&'static str> {
    (!succeeds(Command::new(cargo()).args(["mutants", "--version"]))).then_some(INSTALL)
}

/// Runs the tool to its end, which takes hours, and compares what survives with the list.
pub(crate) fn survivors(arguments: &Arguments) -> anyhow::Result<Found> {
    if let Some(how) = missing() {
        anyhow::bail!(how);
    }
    let workspace = Workspace::find()?;
    let output = workspace.target.join("mutants");
    fs::create_dir_all(&output).with_context(|| format!("cannot make {}", output.display()))?;
    let mut command = Command::new(cargo());
    command
        .current_dir(&workspace.root)
        .args(["mutants", "--package", "bufproto-core", "--jobs", &arguments.jobs.to_string(), "--output"])
        .arg(&output);
    if arguments.again {
        command.arg("--iterate");
    }
    for file in &arguments.files {
        command.arg("--file").arg(format!("crates/bufproto-core/src/{file}"));
    }
    if let Some(shard) = &arguments.shard {
        command.args(["--shard", shard]);
    }
    if succeeds(Command::new(cargo()).args(["nextest", "--version"])) {
        command.args(["--test-tool", "nextest", "--", "-E", LEFT_OUT]);
    }
    // Each change is built in a copy of the sources, in a folder of its own.
    command.env_remove("CARGO_TARGET_DIR");
    let status = command.status().context("cargo mutants does not start")?;
    // 2 for survivors, 3 for tests that did not end; others mean that nothing was found out.
    ensure!(matches!(status.code(), Some(0 | 2 | 3)), "cargo mutants ended with {status}");
    let list = |name: &str| -> anyhow::Result<Vec<String>> {
        let file: PathBuf = output.join("mutants.out").join(name);
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        Ok(text.lines().map(without_place).collect())
    };
    let text = fs::read_to_string(workspace.root.join(JUSTIFIED)).context("the list cannot be read")?;
    let caught = [list("caught.txt")?, list("timeout.txt")?].concat();
    Ok(compare(&list("missed.txt")?, &caught, &justified(&text)))
}

/// A change as the list has it: the file and what is changed, without the line, which moves.
fn without_place(line: &str) -> String {
    let mut parts = line.splitn(4, ':');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(file), Some(_), Some(_), Some(change)) => {
            format!("{}:{change}", file.strip_prefix("crates/bufproto-core/src/").unwrap_or(file))
        }
        _ => line.to_owned(),
    }
}

/// The changes that the list justifies: the items that begin with code. One that stands there with a number before it, as in
/// `2 x`, may survive in as many places.
fn justified(text: &str) -> BTreeMap<String, usize> {
    let mut changes = BTreeMap::new();
    for line in text.lines() {
        let Some((times, code)) = line.strip_prefix("- ").and_then(|item| item.split_once('`')) else {
            continue;
        };
        let Some((change, _)) = code.split_once('`') else { continue };
        let times = times.trim().trim_end_matches('x').trim().parse().unwrap_or(1);
        *changes.entry(change.to_owned()).or_default() += times;
    }
    changes
}

fn compare(missed: &[String], caught: &[String], justified: &BTreeMap<String, usize>) -> Found {
    let mut left = justified.clone();
    let mut unexpected = Vec::new();
    for survivor in missed {
        match left.get_mut(survivor) {
            Some(times) if *times > 0 => *times -= 1,
            _ => unexpected.push(survivor.clone()),
        }
    }
    // Of the same text there may be several changes, of which some are caught.
    let gone = left.iter().filter(|(change, times)| {
        **times > 0 && caught.contains(change) && justified.get(*change) == Some(*times)
    });
    let gone = gone.map(|(change, _)| change.clone()).collect();
    Found { caught: caught.len(), justified: missed.len() - unexpected.len(), unexpected, gone }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survivors_are_compared_with_the_list() {
        let list = "text `code`\n- `scope.rs: a -> b`: the same.\n- 2 x `view.rs: c`: two of them.\n- `span.rs: d`: old\n";
        let justified = justified(list);
        assert_eq!(justified.len(), 3);
        let missed =
            ["scope.rs: a -> b", "view.rs: c", "view.rs: c", "view.rs: c", "new.rs: e"].map(str::to_owned);
        let found = compare(&missed, &["span.rs: d".to_owned()], &justified);
        assert_eq!((found.caught, found.justified), (1, 3));
        assert_eq!(found.unexpected, ["view.rs: c", "new.rs: e"]);
        assert_eq!(found.gone, ["span.rs: d"]);
    }

    #[test]
    fn lines_are_left_out() {
        let line = "crates/bufproto-core/src/legacy/views.rs:104:5: replace f -> A::B with C";
        assert_eq!(without_place(line), "legacy/views.rs: replace f -> A::B with C");
    }
}

//! What a buffer costs as an argument of a `#[pyfunction]`, beside PyO3's own, counted in the bench `arguments`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use super::count::{Case, Count, difference, tenths};
use crate::callgrind::{Stretch, callgrind, stretches};
use crate::command::finish;
use crate::interpreter::Interpreter;
use crate::numpy;
use crate::workspace::{Workspace, cargo};

/// The function that takes the object and nothing of it: what a call costs anyway.
const FRAME: &str = "object";

/// Ours, and PyO3's that does as much. Extraction alone leaves out what PyO3 does to an error to name the argument.
const PAIRS: [(&str, &str); 4] = [
    ("ReadBuffer", "PyO3 PyBuffer<u8>"),
    ("WriteBuffer", "PyO3 PyBuffer<u8>"),
    ("ReadBuffer<u8>", "PyO3 PyBuffer<u8>"),
    ("extract ReadBuffer", "extract PyO3 PyBuffer<u8>"),
];

/// Builds the bench for the interpreter, and counts the instructions of every case net of the [frame](FRAME).
pub(super) fn count(
    workspace: &Workspace,
    interpreter: &Interpreter,
) -> anyhow::Result<BTreeMap<Case, Count>> {
    let home = workspace.target.join("python").join(interpreter.key()).join("benches");
    let program = build(workspace, interpreter, &home)?;
    let file = home.join("callgrind.out");
    let mut command = callgrind(&program, &file);
    command.arg("--count").env("PYTHONHASHSEED", "0").env("OPENBLAS_NUM_THREADS", "1");
    if let Some(folder) = numpy::provide(workspace, interpreter) {
        command.env("PYTHONPATH", folder);
    }
    let labels = finish(&mut command)?;
    let text = std::fs::read(&file).with_context(|| format!("callgrind wrote no {}", file.display()))?;
    let name = program.file_name().context("the bench has no name")?.to_string_lossy();
    per_call(&labels, &stretches(&String::from_utf8_lossy(&text), &name)?)
}

/// The bench, built as a release.
fn build(workspace: &Workspace, interpreter: &Interpreter, home: &PathBuf) -> anyhow::Result<PathBuf> {
    #[derive(Deserialize)]
    struct Message {
        executable: Option<PathBuf>,
    }
    let mut command = Command::new(cargo());
    command
        .current_dir(&workspace.root)
        .args(["bench", "--package", "bufproto-benches", "--bench", "arguments", "--no-run"])
        .args(["--message-format=json", "--quiet", "--target-dir"])
        .arg(home)
        .env("PYO3_PYTHON", &interpreter.program);
    let said = finish(&mut command)?;
    let mut programs = said.lines().filter_map(|line| serde_json::from_str::<Message>(line).ok()?.executable);
    programs.next_back().context("cargo built no bench")
}

/// Instructions for each case. A line of the program names the object, the function, and how often it was called.
fn per_call(labels: &str, stretches: &[Stretch]) -> anyhow::Result<BTreeMap<Case, Count>> {
    let labels = labels.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>();
    ensure!(
        labels.len() == stretches.len(),
        "the bench ran {} stretches, and callgrind counted {}",
        labels.len(),
        stretches.len()
    );
    let mut taken = BTreeMap::<(&str, &str), Vec<(u64, Stretch)>>::new();
    for (label, stretch) in labels.iter().zip(stretches) {
        let (object, rest) = label.split_once('\t').with_context(|| format!("no case: {label}"))?;
        let (function, turns) = rest.split_once('\t').with_context(|| format!("no case: {label}"))?;
        let turns = turns.parse().with_context(|| format!("no number: {label}"))?;
        taken.entry((object, function)).or_default().push((turns, *stretch));
    }
    let each = taken
        .iter()
        .map(|(case, taken)| Ok((*case, difference(taken).with_context(|| format!("{case:?}"))?)))
        .collect::<anyhow::Result<BTreeMap<_, _>>>()?;

    let mut counts = BTreeMap::new();
    for (object, function) in each.keys() {
        let Some((ours, theirs)) = PAIRS.iter().find(|(ours, _)| ours == function) else { continue };
        let (frame, own_frame) =
            each.get(&(*object, FRAME)).with_context(|| format!("{object}: no frame was counted"))?;
        let (all, own) = each[&(*object, *ours)];
        // What PyO3's type does not take cannot be compared.
        let Some((theirs, _)) = each.get(&(*object, *theirs)) else { continue };
        let count =
            Count { own: tenths(own - own_frame), ours: tenths(all - frame), theirs: tenths(theirs - frame) };
        ensure!(count.own > 0.0 && count.theirs > 0.0, "{function} of {object}: counted {count:?}");
        counts.insert(Case { function: (*function).to_owned(), object: (*object).to_owned() }, count);
    }
    ensure!(!counts.is_empty(), "no argument was counted");
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABELS: &str = "bytes\tobject\t100\nbytes\tobject\t1100\nbytes\tReadBuffer\t100\nbytes\tReadBuffer\t1100\n\
        bytes\tPyO3 PyBuffer<u8>\t100\nbytes\tPyO3 PyBuffer<u8>\t1100\n";

    fn stretch(all: u64, own: u64) -> Stretch {
        Stretch { all, own }
    }

    #[test]
    fn what_a_call_costs_anyway_is_left_out() {
        let stretches = [
            stretch(40_000, 10_000),
            stretch(370_000, 110_000),
            stretch(41_000, 11_000),
            stretch(386_000, 126_000),
            stretch(70_000, 20_000),
            stretch(700_000, 300_000),
        ];
        let counts = per_call(LABELS, &stretches).expect("all was counted");
        let case = Case { function: "ReadBuffer".to_owned(), object: "bytes".to_owned() };
        assert_eq!(counts[&case], Count { own: 15.0, ours: 15.0, theirs: 300.0 });
        assert_eq!(counts.len(), 1);
    }

    #[test]
    fn what_is_not_whole_is_refused() {
        let complaint = |labels: &str, stretches: &[Stretch]| {
            format!("{:#}", per_call(labels, stretches).expect_err("not whole"))
        };
        assert!(complaint(LABELS, &[]).contains("ran 6 stretches, and callgrind counted 0"));
        assert!(complaint("", &[]).contains("no argument was counted"));
        assert!(complaint("bytes", &[stretch(1, 1)]).contains("no case: bytes"));
        let without_frame = LABELS.lines().skip(2).collect::<Vec<_>>().join("\n");
        let stretches = [stretch(1, 1), stretch(9, 9), stretch(1, 1), stretch(9, 9)];
        assert!(complaint(&without_frame, &stretches).contains("bytes: no frame was counted"));
    }
}

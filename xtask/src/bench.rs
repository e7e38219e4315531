//! `cargo xtask bench`: what a pointer and a length cost, ours beside every other way to them, in one run.
//!
//! All that is measured goes through one harness (`benches/peers`): a peer is a function that takes one object, extracts
//! pointer and length, and gives back what it took; the same loop calls each for every object. Every answer is compared with
//! the interpreter's before anything is measured. Then callgrind counts instructions, which decide, since they repeat on a
//! busy machine; criterion gives the times.
//!
//! What cannot be had (a package, a compiler) is left out and named, with the reason. Only a missing callgrind or C compiler
//! ends the run, and an answer that is wrong.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

use crate::interpreter::{self, Interpreter};
use crate::workspace::Workspace;

mod build;
mod count;
mod measure;
mod plot;
mod readme;
mod recording;
mod report;

use build::Build;
use measure::Effort;
use recording::Recording;

pub(crate) use readme::check as check_readme;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Time shortly, and leave out how costs grow
    #[arg(long)]
    quick: bool,
    /// Write all that was measured to a file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// The interpreter: a path, or a name on PATH [default: the first on PATH]
    #[arg(long, value_name = "EXE")]
    python: Option<OsString>,
    /// Keep what was measured in benches/record, and write the README's section and its plot from what is there
    #[arg(long, conflicts_with = "quick")]
    record: bool,
    /// Write the README's section and its plot from what is in benches/record, and measure nothing
    #[arg(long, conflicts_with_all = ["quick", "json", "python", "record"])]
    readme: bool,
}

/// Where recordings are kept, below the workspace's root.
const RECORDINGS: &str = "benches/record";

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    match bench(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn bench(arguments: &Arguments) -> anyhow::Result<()> {
    let workspace = Workspace::find()?;
    if arguments.readme {
        return readme::write(&workspace.root);
    }
    let interpreter = interpreter::chosen(arguments.python.as_deref())?;
    let effort = if arguments.quick { Effort::Quick } else { Effort::Thorough };
    let recording = measured(&workspace, &interpreter, effort)?;
    anstream::println!("{}", report::text(&recording));
    if let Some(path) = &arguments.json {
        recording.write(path)?;
    }
    if arguments.record {
        let folder = workspace.root.join(RECORDINGS);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        recording.write(&folder.join(recording.file_name()))?;
        readme::write(&workspace.root)?;
        anstream::eprintln!("recorded as {RECORDINGS}/{}", recording.file_name());
    }
    Ok(())
}

/// For the tests: whether the harness and our own peers and those of the interpreter work, on a few objects. Nothing is said
/// of how fast they are. Returns how many cases were measured.
pub(crate) fn smoke(workspace: &Workspace, interpreter: &Interpreter) -> anyhow::Result<u64> {
    let recording = measured(workspace, interpreter, Effort::Smoke)?;
    let text = report::text(&recording);
    plot::svg(&recording)?;
    for row in recording.extraction.iter().filter(|row| row.is_measurable()) {
        let case = format!("{} of {}", row.name, row.object);
        anyhow::ensure!(row.instructions.is_some_and(|count| count > 0.0), "{case}: nothing was counted");
        anyhow::ensure!(row.nanoseconds.is_some(), "{case}: was not timed");
        anyhow::ensure!(text.contains(&row.name), "{case}: is not shown");
    }
    Ok(recording.extraction.len() as u64 + recording.calls.len() as u64)
}

fn measured(workspace: &Workspace, interpreter: &Interpreter, effort: Effort) -> anyhow::Result<Recording> {
    let build = Build::new(workspace, interpreter, effort)?;
    measure::measure(&build, interpreter, effort)
}

/// The recordings that are kept, by their file names.
fn recordings(root: &Path) -> anyhow::Result<Vec<(String, Recording)>> {
    let folder = root.join(RECORDINGS);
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut recordings = Vec::new();
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".json") {
            recordings.push((name.clone(), Recording::read(&folder.join(name))?));
        }
    }
    recordings.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(recordings)
}

//! `cargo xtask budget`: how many instructions the C face takes, beside the interpreter's own functions in the same run,
//! by how many bytes an extension grows with each part of the library, and what a clean build of core takes. With `--check`,
//! a rise over the recorded budget fails.
//!
//! Arguments of functions in Rust are counted beside PyO3's own, in the bench `arguments`.
//!
//! Instructions are counted and not time taken, because counts repeat on a busy machine. What is counted is what a user
//! gets: the installed headers and the static library, with pkg-config's flags and `-O2`.
//!
//! Four things are compared, each by what is robust:
//!
//! - **Targets** are ratios of ours to the interpreter's own in the same run, so they hold on every interpreter. One that is
//!   missed is shown, and fails nothing: what has been reached is held by the budget.
//! - **Rises**, on the version that the budget is recorded for, are looked for in two parts of a count. The instructions in
//!   the extension itself, header and library, are the same whatever the interpreter's build, and are compared as they are.
//!   Those that the interpreter spends inside our call depend on how it was built, and are scaled by what its own function
//!   takes here and took when the budget was recorded. A ratio alone would not do: most of a count of 8 is our own, and
//!   a faster build of the interpreter would make it look risen. A rise is more than 3 % and more than 2 instructions.
//! - **Bytes** are compared as they are. They depend on the compilers, and so do our own instructions: the budget names
//!   those it was recorded with, and a complaint says so where they differ.
//!
//! - **A clean build of core** is held by the crates that it compiles, and, since time depends on the machine, by three times
//!   the processor's time that it took when it was recorded.
//!
//! The exit status is 0 if all is well, 1 if a count has risen, and 2 if something that was to be counted or compared could
//! not be. `BUFPROTO_RECORD_BUDGET` in the environment makes a check record instead.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};

use crate::interpreter::{self, Interpreter, Unusable};
use crate::workspace::Workspace;

mod arguments;
mod build;
mod core_build;
mod count;
mod footprint;
mod record;
mod report;
mod target;

use build::Build;
use core_build::CoreBuild;
use footprint::Footprints;
use record::{Record, Rise};
use report::Report;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Fail if a count rose over the recorded budget
    #[arg(long)]
    check: bool,
    /// Write what is counted to the budget
    #[arg(long, conflicts_with = "check")]
    record: bool,
    /// The interpreter: a path, or a name on PATH [default: a CPython of the version that the budget is for]
    #[arg(long, value_name = "EXE")]
    python: Option<OsString>,
    /// Also write what is counted to a file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// The version that the budget is recorded for.
const RECORDED: (u16, u16) = (3, 12);

/// The budget, below the workspace's root.
const FILE: &str = "benches/budget.json";

/// Exit status when something could not be counted or compared.
const INCOMPLETE: u8 = 2;

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let judged = Workspace::find().and_then(|workspace| judge(&workspace, arguments));
    let (failures, missing) = judged.unwrap_or_else(|error| (Vec::new(), vec![format!("{error:#}")]));
    for complaint in failures.iter().chain(&missing) {
        anstream::eprintln!("error: {complaint}");
    }
    match (failures.is_empty(), missing.is_empty()) {
        (true, true) => ExitCode::SUCCESS,
        (false, _) => ExitCode::FAILURE,
        (true, false) => ExitCode::from(INCOMPLETE),
    }
}

/// For the tests: what rose over the budget; or why nothing could be said.
pub(crate) fn check(workspace: &Workspace) -> Result<Vec<String>, String> {
    let arguments = Arguments { check: true, record: false, python: None, json: None };
    let (failures, missing) = judge(workspace, &arguments).map_err(|error| format!("{error:#}"))?;
    if missing.is_empty() || !failures.is_empty() { Ok(failures) } else { Err(missing.join("; ")) }
}

/// Counts, prints the table, and does what was asked. Returns what failed, and what could not be compared.
fn judge(workspace: &Workspace, arguments: &Arguments) -> anyhow::Result<(Vec<String>, Vec<String>)> {
    let interpreter = choose(arguments)?;
    let is_recorded = is_recorded(&interpreter);
    ensure!(
        is_recorded || !arguments.record,
        "the budget is recorded for CPython {}.{}, and this is {interpreter}",
        RECORDED.0,
        RECORDED.1
    );
    let file = workspace.root.join(FILE);
    let recorded = if is_recorded && file.is_file() { Some(Record::read(&file)?) } else { None };

    let build = Build::new(workspace, &interpreter)?;
    let mut counts = build.count(workspace)?;
    // They take a build of several minutes. A check counts them once they are in the budget.
    let checked = recorded.as_ref().is_some_and(Record::has_arguments);
    if checked || !arguments.check {
        counts.extend(arguments::count(workspace, &interpreter)?);
    }
    if !counts.keys().any(|case| case.object.starts_with("numpy")) {
        anstream::eprintln!("numpy cannot be imported: its arrays were not counted");
    }
    let footprint = build.footprints()?;
    let core = CoreBuild::measure(workspace)?;
    let report = Report::new(&interpreter, build.tools, counts, footprint, core);
    anstream::println!("{}", report.table(recorded.as_ref()));
    if let Some(path) = &arguments.json {
        let text = serde_json::to_string_pretty(&report)?;
        fs::write(path, text + "\n").with_context(|| format!("cannot write {}", path.display()))?;
    }
    if arguments.record || arguments.check && std::env::var_os("BUFPROTO_RECORD_BUDGET").is_some() {
        report.record().write(&file)?;
        anstream::eprintln!("recorded in {FILE}");
    }
    if !arguments.check {
        return Ok((Vec::new(), Vec::new()));
    }

    for sentence in report.missed() {
        anstream::eprintln!("missed: {sentence}");
    }
    let mut failures = Vec::new();
    let mut missing = Vec::new();
    match recorded {
        Some(recorded) => {
            let now = report.record();
            failures.extend(recorded.rises(&now).iter().map(Rise::to_string));
            if !failures.is_empty() && recorded.tools != now.tools {
                failures.push(format!(
                    "the budget was recorded with other compilers: {} then, {} now",
                    recorded.tools.join(", "),
                    now.tools.join(", ")
                ));
            }
            match &recorded.core {
                // Another compiler is no reason for more crates.
                Some(before) => failures.extend(report.core().rises(before)),
                None => missing.push(format!("{FILE} does not say what a clean build of core takes")),
            }
            missing.extend(recorded.missing(&now));
        }
        None if is_recorded => {
            missing.push(format!("no budget is recorded in {FILE}; cargo xtask budget --record does"))
        }
        None => missing.push(format!("no budget is recorded for {interpreter}")),
    }
    Ok((failures, missing))
}

fn is_recorded(interpreter: &Interpreter) -> bool {
    (interpreter.version.major, interpreter.version.minor) == RECORDED && !interpreter.free_threaded
}

/// The interpreter that was named, or any of the recorded version.
fn choose(arguments: &Arguments) -> anyhow::Result<Interpreter> {
    if let Some(python) = &arguments.python {
        let interpreter = interpreter::named(python)
            .map_err(|Unusable { program, why }| anyhow::anyhow!("--python {}: {why}", program.display()))?;
        return match countable(&interpreter) {
            Ok(()) => Ok(interpreter),
            Err(why) => bail!("--python {}: is {interpreter}, {why}", PathBuf::from(python).display()),
        };
    }
    let mut found = interpreter::find().interpreters.into_iter();
    found.find(|one| countable(one).is_ok() && is_recorded(one)).with_context(|| {
        format!(
            "nothing was counted: no CPython {}.{} was found; name an interpreter: cargo xtask budget --python EXE",
            RECORDED.0, RECORDED.1
        )
    })
}

/// Whether its counts say something, or why not.
fn countable(interpreter: &Interpreter) -> Result<(), &'static str> {
    match interpreter {
        Interpreter { implementation, .. } if implementation != "cpython" => {
            Err("whose functions are others")
        }
        Interpreter { version, .. } if version.major < 3 => Err("for which there are no targets"),
        Interpreter { debug: true, .. } => Err("and a debug build's checks would be counted"),
        _ => Ok(()),
    }
}

//! `cargo xtask exporters`: which rules for exporters real ones keep, as a table for each interpreter.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, ensure};

use crate::interpreter::{self, Interpreter};
use crate::workspace::Workspace;
use crate::{oracle, pip};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Write the tables to the file that is checked in
    #[arg(long, conflicts_with = "python")]
    record: bool,
    /// The interpreter: a path, or a name on PATH [default: every one that is found]
    #[arg(long, value_name = "EXE")]
    python: Option<OsString>,
    /// Python expressions for exporters of your own, as in `yourmodule.Thing(10)`, to be judged in place of the known ones;
    /// modules are found as `PYTHONPATH` says. Ends with 1 if one of them breaks a rule
    #[arg(value_name = "EXPR", conflicts_with = "record")]
    expressions: Vec<String>,
}

/// What exports views and is not the interpreter's own; taken where there are wheels.
const PACKAGES: [&str; 3] = ["numpy", "pyarrow", "Pillow"];

/// The tables.
const FILE: &str = "crates/bufproto-mock/tests/data/exporters.md";

const HEAD: &str = "\
# Which rules real exporters keep

Written by `cargo xtask exporters --record`. Every exporter is asked every combination of `WRITABLE`, `FORMAT` and a layout, and
is held to what it says to the fullest request, by the rules of `bufproto_core::grant`.

| column | it is kept where |
|---|---|
| 401 | writable memory is not granted where it is read-only |
| 404, 405, 406 | memory in the order of C, of Fortran, in either, is granted only where it lies so |
| 407 | memory behind pointers is granted only to who follows them |
| 408 | a format is not granted without a shape. `PyBuffer_FillInfo` does grant it, and so do most; `memoryview` does not |
| fields | what was granted has the fields that were asked for, no others, and says the same in each view |
| BufferError | a refusal is a `BufferError` |
| generous | nothing is refused that could be granted |

`kept`; `-` where no request puts it to the test; else how many requests break it, and the first of them.
";

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    match judge_all(arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether the exporters that were given keep the rules.
fn judge_all(arguments: &Arguments) -> anyhow::Result<bool> {
    let workspace = Workspace::find()?;
    let interpreters = match &arguments.python {
        Some(python) => vec![interpreter::chosen(Some(python))?],
        None => interpreter::find().interpreters,
    };
    let mut tables = Vec::new();
    let mut kept = true;
    for interpreter in &interpreters {
        match judge(&workspace, interpreter, &arguments.expressions) {
            Ok((table, keeps)) => {
                anstream::println!("{table}");
                tables.push(table);
                kept &= keeps;
            }
            Err(why) => anstream::eprintln!("{interpreter} is skipped: {why:#}"),
        }
    }
    ensure!(!tables.is_empty(), "no interpreter could be asked; name one with --python");
    if arguments.record {
        let file = workspace.root.join(FILE);
        let text = format!("{HEAD}\n{}", tables.join("\n"));
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(kept)
}

/// The table of one interpreter, and whether what was given keeps the rules.
fn judge(
    workspace: &Workspace,
    interpreter: &Interpreter,
    expressions: &[String],
) -> anyhow::Result<(String, bool)> {
    let compiler = oracle::compiler(workspace, interpreter).map_err(anyhow::Error::msg)?;
    let (sources, folder) = (oracle::sources(workspace), oracle::folder(workspace, interpreter));
    oracle::build(&sources, &compiler, &folder)?;
    let mut folders = vec![folder];
    for package in PACKAGES.iter().filter(|_| expressions.is_empty()) {
        let folder = workspace.target.join("python").join(interpreter.key()).join(package.to_lowercase());
        let installed = if folder.exists() { Ok(()) } else { pip::install(interpreter, package, &folder) };
        match installed {
            Ok(()) => folders.push(folder),
            Err(why) => anstream::eprintln!("{interpreter}: {why}"),
        }
    }
    if let Some(users) =
        env::var_os("PYTHONPATH").filter(|users| !users.is_empty() && !expressions.is_empty())
    {
        folders.extend(env::split_paths(&users));
    }
    let mut python = Command::new(&interpreter.program);
    python.arg(sources.join("exporters.py")).arg(interpreter.to_string()).args(expressions);
    python.env("PYTHONPATH", env::join_paths(folders)?).env("PYTHONDONTWRITEBYTECODE", "1");
    let output = python.output().with_context(|| format!("{python:?} does not start"))?;
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    // With 1 and a table, an exporter breaks a rule; without one, an expression failed.
    let judged = output.status.success() || (output.status.code() == Some(1) && output.stderr.is_empty());
    ensure!(judged, "{}", String::from_utf8_lossy(&output.stderr));
    Ok((table, output.status.success()))
}

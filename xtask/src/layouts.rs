//! `cargo xtask layouts`: random structures on one interpreter, where the library and the interpreter must say the same of
//! each: contiguity, addresses, sizes, copies. The tests do the same with fewer structures, on every interpreter.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, ensure};

use crate::command::finish;
use crate::compiler::Compiler;
use crate::interpreter::{self, Interpreter};
use crate::library::{self, CRATE};
use crate::numpy;
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The interpreter: a path, or a name on PATH
    #[arg(long, value_name = "EXE")]
    python: Option<OsString>,
    /// How many structures to compare
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    structures: u32,
    /// Where the structures begin [default: any, and printed]
    #[arg(long, value_name = "S")]
    seed: Option<u32>,
    /// Compare only the structure of this number
    #[arg(long, value_name = "K")]
    number: Option<u32>,
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    match compare(arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether nothing differs but what is meant to.
fn compare(arguments: &Arguments) -> anyhow::Result<bool> {
    let interpreter = interpreter::chosen(arguments.python.as_deref())?;
    let workspace = Workspace::find()?;
    let compiler =
        compiler(&workspace, &interpreter).map_err(|why| anyhow::anyhow!("{interpreter}: {why}"))?;
    let mut python = command(&workspace, &interpreter, &compiler)?;
    python.arg("--structures").arg(arguments.structures.to_string());
    for (option, value) in [("--seed", arguments.seed), ("--number", arguments.number)] {
        if let Some(value) = value {
            python.arg(option).arg(value.to_string());
        }
    }
    anstream::eprintln!("{interpreter}");
    let status = python.status().with_context(|| format!("{python:?} does not start"))?;
    ensure!(status.code().is_some(), "the interpreter ended with {status}");
    Ok(status.success())
}

/// The compiler for the extension, or why the interpreter cannot be compared.
pub(crate) fn compiler(workspace: &Workspace, interpreter: &Interpreter) -> Result<Compiler, String> {
    if interpreter.implementation != "cpython" {
        return Err("other implementations lack some of the functions to compare with".to_owned());
    }
    Compiler::find(workspace, interpreter)
}

/// The interpreter with the script that compares, and the extension that it imports, which is built now.
pub(crate) fn command(
    workspace: &Workspace,
    interpreter: &Interpreter,
    compiler: &Compiler,
) -> anyhow::Result<Command> {
    let archive = library::build_static(workspace)?;
    let sources = workspace.root.join("crates").join(CRATE).join("tests/layouts");
    let folder = workspace.target.join("c").join(interpreter.key()).join("layouts");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut build = compiler.extension();
    build.args(["-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers"]);
    build.arg(sources.join("layouts.c")).arg(&archive).arg("-o").arg(folder.join("layouts.so"));
    finish(&mut build)?;
    let mut folders = vec![folder];
    folders.extend(numpy::provide(workspace, interpreter));
    let mut python = Command::new(&interpreter.program);
    python.arg(sources.join("run.py")).env("PYTHONPATH", env::join_paths(folders)?);
    python.env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(python)
}

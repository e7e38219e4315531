//! `cargo xtask oracle`: what each interpreter answers, recorded, and compared with core and with what was recorded before.
//!
//! Recipes and questions are data, `crates/bufproto-mock/tests/oracle/recipes.json`; answers are in the format of
//! `crates/bufproto-mock/tests/data/recorded`, which the test `recorded` replays. What was recorded before is compared answer
//! by answer, and no file of it is changed.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, ensure};

use crate::command::{finish, succeeds};
use crate::compiler::Compiler;
use crate::interpreter::{self, Interpreter};
use crate::workspace::{Workspace, cargo};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Add what was recorded to the recordings, where there is none of this interpreter yet
    #[arg(long)]
    record: bool,
    /// The interpreter: a path, or a name on PATH [default: every one that is found]
    #[arg(long, value_name = "EXE")]
    python: Option<OsString>,
}

/// The crate with the recordings.
const CRATE: &str = "crates/bufproto-mock";

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    match compare_all(arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether core answers as every interpreter does, and each of them as it did when it was recorded.
fn compare_all(arguments: &Arguments) -> anyhow::Result<bool> {
    let workspace = Workspace::find()?;
    let interpreters = match &arguments.python {
        Some(python) => vec![interpreter::chosen(Some(python))?],
        None => interpreter::find().interpreters,
    };
    ensure!(!interpreters.is_empty(), "no interpreter was found; name one with --python");
    let mut asked = 0;
    let mut same = true;
    for interpreter in &interpreters {
        anstream::println!("== {interpreter}");
        match compiler(&workspace, interpreter) {
            Err(why) => anstream::println!("skipped: {why}"),
            Ok(compiler) => {
                asked += 1;
                same &= Oracle::new(&workspace, interpreter).compare(&compiler, arguments.record)?;
            }
        }
    }
    ensure!(asked > 0, "no interpreter could be asked");
    Ok(same)
}

/// Builds the extensions that ask an interpreter, in a folder.
pub(crate) fn build(sources: &Path, compiler: &Compiler, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for (module, options) in [("oracle", &[][..]), ("oracle_int", &["-DWITH_INT"][..])] {
        let mut build = compiler.extension();
        build.args(options).args(["-Wall", "-Wextra", "-Werror"]);
        build.args(["-Wno-missing-field-initializers", "-Wno-deprecated-declarations"]);
        build.arg(sources.join("oracle.c"));
        finish(build.arg("-o").arg(folder.join(format!("{module}.so"))))?;
    }
    Ok(())
}

/// Where the recorder is, and what asks exporters.
pub(crate) fn sources(workspace: &Workspace) -> PathBuf {
    workspace.root.join(CRATE).join("tests/oracle")
}

/// Where an interpreter's extension and answers go.
pub(crate) fn folder(workspace: &Workspace, interpreter: &Interpreter) -> PathBuf {
    workspace.target.join("oracle").join(interpreter.key())
}

/// The compiler to ask an interpreter with, or why it cannot be asked.
pub(crate) fn compiler(workspace: &Workspace, interpreter: &Interpreter) -> Result<Compiler, String> {
    if interpreter.implementation != "cpython" {
        return Err("only CPython has all that is asked".to_owned());
    }
    Compiler::find(workspace, interpreter)
}

/// One interpreter, to be asked.
struct Oracle<'a> {
    workspace: &'a Workspace,
    interpreter: &'a Interpreter,
    /// Where the extension and the answers go.
    folder: PathBuf,
    /// The recorder and its recipes.
    sources: PathBuf,
    /// What a recording of this interpreter is called.
    name: String,
}

impl<'a> Oracle<'a> {
    fn new(workspace: &'a Workspace, interpreter: &'a Interpreter) -> Self {
        let (folder, sources) = (folder(workspace, interpreter), sources(workspace));
        Self { workspace, interpreter, folder, sources, name: name(interpreter) }
    }

    fn compare(&self, compiler: &Compiler, record: bool) -> anyhow::Result<bool> {
        let new = self.folder.join(format!("{}.json", self.name));
        self.ask(compiler, &new)?;
        let recordings = self.workspace.root.join(CRATE).join("tests/data/recorded");
        let recorded = recordings.join(new.file_name().unwrap_or_default());
        let mut same = true;
        if recorded.is_file() {
            same = self.differ(&recorded, &new)?;
        } else {
            anstream::println!("no {} is recorded", self.name);
            if record {
                fs::copy(&new, &recorded).with_context(|| format!("cannot write {}", recorded.display()))?;
                anstream::println!("recorded it; add it to the list in {CRATE}/tests/recorded/main.rs");
            }
        }
        Ok(self.replay(&new)? && same)
    }

    /// Has the interpreter answer every question.
    fn ask(&self, compiler: &Compiler, output: &Path) -> anyhow::Result<()> {
        build(&self.sources, compiler, &self.folder)?;
        let mut python = Command::new(&self.interpreter.program);
        python.arg(self.sources.join("record.py")).arg(self.sources.join("recipes.json")).arg(output);
        python.env("PYTHONPATH", &self.folder).env("PYTHONDONTWRITEBYTECODE", "1");
        // A folder that is written to is not one that the user has modules in.
        finish(python.current_dir(env::temp_dir()))?;
        Ok(())
    }

    /// Whether the answers are those that were recorded; prints what is not.
    fn differ(&self, recorded: &Path, new: &Path) -> anyhow::Result<bool> {
        let script = self.sources.join("compare.py");
        let mut python = Command::new(&self.interpreter.program);
        let status =
            python.arg(script).args([recorded, new]).status().context("the comparison does not start")?;
        Ok(status.success())
    }

    /// Whether core answers the same, as the test of the recordings sees it.
    fn replay(&self, new: &Path) -> anyhow::Result<bool> {
        let mut test = Command::new(cargo());
        test.current_dir(&self.workspace.root);
        test.args([
            "test",
            "--quiet",
            "--package",
            "bufproto-mock",
            "--test",
            "recorded",
            "a_given_recording",
        ]);
        test.env("BUFPROTO_RECORDING", new);
        if succeeds(&mut test) {
            anstream::println!("core answers the same, call by call");
            return Ok(true);
        }
        // Once more, to be seen.
        test.status().context("cargo does not start")?;
        Ok(false)
    }
}

/// As the files are called: `cpython-3.13.0`, with `t` and `d` as CPython writes them, but `-debug` for `d` alone.
fn name(interpreter: &Interpreter) -> String {
    let Interpreter { implementation, version, .. } = interpreter;
    let kind = match (interpreter.free_threaded, interpreter.debug) {
        (false, false) => "",
        (true, false) => "t",
        (false, true) => "-debug",
        (true, true) => "td",
    };
    format!("{implementation}-{version}{kind}")
}

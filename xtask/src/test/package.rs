//! The Python package as its users have it: built, installed with pip in an environment of its own, and used there, with
//! nothing of the workspace in sight.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use super::Context;
use super::outcome::{Outcome, Verdict};
use super::{script, tools};
use crate::command::{finish, succeeds};
use crate::interpreter::{self, Interpreter, Version};
use crate::pip;
use crate::wheel::{self, Builder, Product};

const STEP: &str = "package";

/// The tests, beside the wheel's own sources. The last line on standard output counts them.
const RUNNER: &str = "tests/package/run.py";

/// What a wheel is built from.
#[derive(Clone, Copy)]
enum Origin {
    Tree,
    SourceDistribution,
}

/// Builds are slow, so two are enough: for the interpreter that a user gets without naming one, and, out of a source
/// distribution, for the oldest.
pub(super) fn run(context: &Context) -> Vec<Outcome> {
    let usable = |one: &&Interpreter| one.supports_extension().is_ok() && one.implementation == "cpython";
    let mut usable = context.found.interpreters.iter().filter(usable);
    let Some(oldest) = usable.next() else {
        let why = "the extension module in Rust builds for no interpreter here".to_owned();
        return vec![Outcome { step: STEP, on: "no interpreter".to_owned(), verdict: Verdict::Skipped(why) }];
    };
    let usual = interpreter::default().ok().and_then(|usual| usable.find(|one| one.is_same(&usual)));
    let outcome = |interpreter: &Interpreter, origin, from: &str| Outcome {
        step: STEP,
        on: format!("{interpreter}, {from}"),
        verdict: verdict(context, interpreter, origin),
    };
    vec![
        outcome(usual.unwrap_or(oldest), Origin::Tree, "wheel"),
        outcome(oldest, Origin::SourceDistribution, "source distribution"),
    ]
}

fn verdict(context: &Context, interpreter: &Interpreter, origin: Origin) -> Verdict {
    let home = context.workspace.target.join("python").join(interpreter.key()).join("installed");
    let prepared = Builder::new(&context.workspace, interpreter).and_then(|builder| {
        let python = environment(interpreter, &home.join("environment"))?;
        Ok((builder, python))
    });
    match prepared {
        Ok((builder, python)) => match tests(context, interpreter, origin, &builder, &python, &home) {
            Ok(verdict) => verdict,
            Err(error) => Verdict::Failed(format!("{error:#}")),
        },
        Err(why) => Verdict::Skipped(why),
    }
}

/// A new virtual environment, and its Python; or why there is none.
fn environment(interpreter: &Interpreter, folder: &Path) -> Result<PathBuf, String> {
    let mut command = Command::new(&interpreter.program);
    finish(command.args(["-m", "venv", "--clear"]).arg(folder))
        .map_err(|_| "it has no venv, or no pip to put in one".to_owned())?;
    Ok(folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" }))
}

fn tests(
    context: &Context,
    interpreter: &Interpreter,
    origin: Origin,
    builder: &Builder<'_>,
    python: &Path,
    home: &Path,
) -> anyhow::Result<Verdict> {
    let tree = wheel::sources(&context.workspace);
    let sources = match origin {
        Origin::Tree => tree.clone(),
        Origin::SourceDistribution => {
            let file = builder.build(Product::Sources, &tree, home)?;
            unpacked(python, &file, &home.join("sources"))?
        }
    };
    let wheel = builder.build(Product::Wheel, &sources, home)?;
    // Neither a package index nor anything to build with is asked for.
    let mut install = Command::new(python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]);
    finish(install.arg(&wheel))?;

    // Whatever of these is missing, the tests that need it skip, and say why.
    let (mut path, mut programs) = (Vec::new(), Vec::new());
    if interpreter.version >= (Version { major: 3, minor: 12, patch: 0 }) {
        path.extend(tools::package(context, "setuptools").ok());
    }
    path.extend(mypy(context, interpreter));
    // It brings along what it runs on.
    path.extend(tools::package(context, "basedpyright").ok());
    if !succeeds(Command::new("cmake").arg("--version"))
        && let Ok(cmake) = tools::package(context, "cmake")
    {
        programs.push(cmake.join("bin"));
        path.push(cmake);
    }
    programs.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let mut command = Command::new(python);
    command.arg(tree.join(RUNNER)).arg(env!("CARGO_PKG_VERSION"));
    command.env("PYTHONPATH", std::env::join_paths(path)?).env("PATH", std::env::join_paths(programs)?);
    match distributed(context, interpreter) {
        Ok(folder) => command.env("BUFPROTO_TEST_DISTRIBUTED", folder),
        Err(why) => command.env("BUFPROTO_TEST_NO_DISTRIBUTED", why),
    };
    let (counts, reasons) = script::run(&mut command)?;
    Ok(Verdict::Ran(counts, reasons.join("; ")))
}

/// All files in a source distribution are of the same day, by which cargo would not see that they have changed since the last
/// one was unpacked here.
const UNPACK: &str = "\
import pathlib, shutil, sys
shutil.unpack_archive(sys.argv[1], sys.argv[2])
for path in pathlib.Path(sys.argv[2]).rglob('*'):
    path.touch()
";

/// Unpacks a source distribution, which has one folder in it, and returns that.
fn unpacked(python: &Path, file: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    finish(Command::new(python).args(["-c", UNPACK]).arg(file).arg(folder))?;
    let inside = fs::read_dir(folder)?.next().context("the source distribution is empty")??;
    Ok(inside.path())
}

/// A folder to import distributed from, which moves a `Buffer` between processes; or why there is none.
fn distributed(context: &Context, interpreter: &Interpreter) -> Result<PathBuf, String> {
    let folder = context.workspace.target.join("python").join(interpreter.key()).join("distributed");
    if !folder.exists() {
        pip::install(interpreter, "distributed", &folder)?;
    }
    let mut python = Command::new(&interpreter.program);
    if succeeds(python.env("PYTHONPATH", &folder).args(["-c", "import distributed"])) {
        Ok(folder)
    } else {
        Err("distributed is installed, but cannot be imported".to_owned())
    }
}

/// Where mypy is: it reads what it checks in the interpreter that it runs in.
fn mypy(context: &Context, interpreter: &Interpreter) -> Option<PathBuf> {
    let folder = context.workspace.target.join("python").join(interpreter.key()).join("mypy");
    if !folder.exists() {
        pip::install(interpreter, "mypy", &folder).ok()?;
    }
    let mut python = Command::new(&interpreter.program);
    succeeds(python.env("PYTHONPATH", &folder).args(["-c", "import mypy.stubtest"])).then_some(folder)
}

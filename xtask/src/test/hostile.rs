//! Exporters that break the protocol in every way we know, and hosts that end, fork and divide while memory is held: through
//! the C face, and through arguments in Rust where the interpreter can have the package in Rust. Nothing may crash.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use anyhow::Context as _;

use super::outcome::{Counts, Verdict};
use super::{Context, live, script};
use crate::command::finish;
use crate::compiler::Compiler;
use crate::interpreter::{Extension, Interpreter};
use crate::library::{self, CRATE};
use crate::package::Package;

pub(super) fn run(context: &Context, interpreter: &Interpreter) -> Verdict {
    if interpreter.implementation != "cpython" {
        return Verdict::Skipped("what comes of each exporter is known of CPython only".to_owned());
    }
    match Compiler::find(&context.workspace, interpreter) {
        Ok(compiler) => Verdict::counted(tests(context, interpreter, &compiler)),
        Err(why) => Verdict::Skipped(why),
    }
}

fn tests(
    context: &Context,
    interpreter: &Interpreter,
    compiler: &Compiler,
) -> anyhow::Result<(Counts, Vec<String>)> {
    script::run(&mut python(context, interpreter, compiler, "hostile/run_hostile.py")?)
}

/// The interpreter with a script of the C face's tests, that may import the exporters, and the package if there is one in
/// Rust for this interpreter.
pub(super) fn python(
    context: &Context,
    interpreter: &Interpreter,
    compiler: &Compiler,
    file: &str,
) -> anyhow::Result<Command> {
    let tests = context.workspace.root.join("crates").join(CRATE).join("tests");
    let mut folders: Vec<PathBuf> =
        vec![build(context, interpreter, compiler)?, tests.join("c"), tests.join("hostile")];
    if matches!(interpreter.extension(), Ok(Extension::Rust)) {
        folders.extend(Package::build(&context.workspace, interpreter, live::FEATURE)?.folders);
    }
    let mut python = Command::new(&interpreter.program);
    python.arg(tests.join(file)).env("PYTHONPATH", env::join_paths(folders)?);
    Ok(python)
}

/// Builds the exporters and what asks them; returns their folder.
fn build(context: &Context, interpreter: &Interpreter, compiler: &Compiler) -> anyhow::Result<PathBuf> {
    let archive = library::build_static(&context.workspace)?;
    let source = context.workspace.root.join("crates").join(CRATE).join("tests/hostile/hostile.c");
    let folder = context.workspace.target.join("c").join(interpreter.key()).join("hostile");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut command = compiler.extension();
    command.args(["-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers"]);
    command.arg("-Wno-deprecated-declarations").arg(source).arg(&archive);
    finish(command.arg("-o").arg(folder.join("hostile.so")))?;
    Ok(folder)
}

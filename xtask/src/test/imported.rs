//! The C face without a library: an extension takes the functions from the Python package.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, ensure};

use super::c_face::imports;
use super::outcome::{Counts, Verdict};
use super::{Context, live, script};
use crate::command::finish;
use crate::compiler::Compiler;
use crate::interpreter::Interpreter;
use crate::library::CRATE;
use crate::package::Package;

pub(super) fn run(context: &Context, interpreter: &Interpreter) -> Verdict {
    let compiler = match Compiler::find(&context.workspace, interpreter) {
        Ok(compiler) => compiler,
        Err(why) => return Verdict::Skipped(why),
    };
    if let Err(why) = interpreter.extension() {
        return Verdict::Skipped(why);
    }
    match tests(context, interpreter, &compiler) {
        Ok((counts, reasons)) => Verdict::Ran(counts, reasons.join("; ")),
        Err(error) => Verdict::Failed(format!("{error:#}")),
    }
}

fn tests(
    context: &Context,
    interpreter: &Interpreter,
    compiler: &Compiler,
) -> anyhow::Result<(Counts, Vec<String>)> {
    let sources = context.workspace.root.join("crates").join(CRATE).join("tests/c");
    let folder = context.workspace.target.join("c").join(interpreter.key());
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let extension = folder.join("imported.so");
    let mut command = compiler.extension();
    command.args(["-Wall", "-Wextra", "-Wpedantic", "-Werror"]);
    finish(command.arg(sources.join("imported.c")).arg("-o").arg(&extension))?;
    let ours: Vec<String> =
        imports(&extension, Some("-D"))?.into_iter().filter(|name| name.starts_with("bufproto")).collect();
    ensure!(ours.is_empty(), "the extension should need no library, but does for {}", ours.join(", "));

    let mut package = Package::build(&context.workspace, interpreter, live::FEATURE)?;
    package.folders.push(folder);
    let mut total = (Counts::default(), Vec::new());
    for (file, argument) in [("run_imported.py", None), ("run.py", Some("imported"))] {
        let mut python: Command = package.python(interpreter)?;
        python.arg(sources.join(file)).args(argument).env("BUFPROTO_VERSION", env!("CARGO_PKG_VERSION"));
        let (counts, reasons) = script::run(&mut python)?;
        total = (total.0.and(counts), [total.1, reasons].concat());
    }
    Ok(total)
}

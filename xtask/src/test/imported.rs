//! The C face without a library: an extension takes the functions from the Python package.

use std::process::Command;

use anyhow::ensure;

use super::c_face::{Build, imports, limited_apis};
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
    Verdict::counted(tests(context, interpreter, &compiler))
}

fn tests(
    context: &Context,
    interpreter: &Interpreter,
    compiler: &Compiler,
) -> anyhow::Result<(Counts, Vec<String>)> {
    let sources = context.workspace.root.join("crates").join(CRATE).join("tests/c");
    let folder = Build::new(context, interpreter, compiler)?.probe()?.to_owned();
    let suffix = interpreter.extension_suffix()?;
    let build = |name: &str, source: &str, options: &[&str]| {
        let extension = folder.join(format!("{name}{suffix}"));
        let mut command = compiler.extension();
        command.args(["-Wall", "-Wextra", "-Wpedantic", "-Werror"]).args(options);
        finish(command.arg(sources.join(source)).arg("-o").arg(&extension))?;
        let ours = imports(&extension, Some("-D"))?;
        let ours: Vec<String> = ours.into_iter().filter(|name| name.starts_with("bufproto")).collect();
        ensure!(ours.is_empty(), "{name} should need no library, but does for {}", ours.join(", "));
        Ok(())
    };
    build("imported", "imported.c", &[])?;
    let strict = "imported_strict";
    let limited = limited_apis(interpreter).first().map(|level| format!("-DPy_LIMITED_API={level}"));
    if let Some(limited) = &limited {
        build(strict, "strict.c", &["-DBUFPROTO_IMPORT", &format!("-DMODULE={strict}"), limited])?;
    }

    let mut package = Package::build(&context.workspace, interpreter, live::FEATURE)?;
    package.folders.push(folder.clone());
    let mut total = (Counts::default(), Vec::new());
    let strict = limited.map(|_| strict);
    for (file, argument) in [("run_imported.py", strict), ("run.py", Some("imported"))] {
        let mut python: Command = package.python(interpreter)?;
        python.arg(sources.join(file)).args(argument).env("BUFPROTO_VERSION", env!("CARGO_PKG_VERSION"));
        let (counts, reasons) = script::run(&mut python)?;
        total = (total.0.and(counts), [total.1, reasons].concat());
    }
    Ok(total)
}

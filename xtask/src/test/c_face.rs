//! The C face on one interpreter: an extension in C is compiled against its headers, linked with the static library, and
//! run inside it, where each of our functions is compared with the interpreter's own.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};

use super::Context;
use super::outcome::{Counts, Verdict};
use super::script;
use crate::command::finish;
use crate::compiler::Compiler;
use crate::interpreter::{Interpreter, Version};
use crate::library::{self, CRATE};

/// Every standard that the header must compile in, and how the compiler names it.
const STANDARDS: [(&str, &[&str]); 2] =
    [("c", &["c99", "c11", "c17"]), ("c++", &["c++11", "c++14", "c++17", "c++20"])];

/// The functions that must not be taken from the interpreter.
pub(super) const NAMES: [&str; 4] =
    ["PyObject_AsCharBuffer", "PyObject_AsReadBuffer", "PyObject_AsWriteBuffer", "PyObject_CheckReadBuffer"];

/// The same, and what the library would be asked for memory to write to.
const NAMES_AND_WRITING: [&str; 6] =
    [NAMES[0], NAMES[1], NAMES[2], NAMES[3], "bufproto_as_write_buffer", "bufproto_scope_as_write_buffer"];

pub(super) fn run(context: &Context, interpreter: &Interpreter) -> Verdict {
    let compiler = match Compiler::find(&context.workspace, interpreter) {
        Ok(compiler) => compiler,
        Err(why) => return Verdict::Skipped(why),
    };
    match compare(context, interpreter, &compiler) {
        Ok((counts, reasons)) => Verdict::Ran(counts, reasons),
        Err(error) => Verdict::Failed(format!("{error:#}")),
    }
}

fn compare(
    context: &Context,
    interpreter: &Interpreter,
    compiler: &Compiler,
) -> anyhow::Result<(Counts, String)> {
    let archive = library::build_static(&context.workspace)?;
    let sources = context.workspace.root.join("crates").join(CRATE);
    let folder = context.workspace.target.join("c").join(interpreter.key());
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let source = |name: &str| sources.join("tests/c").join(name);

    let headers = |command: &mut Command| {
        compiler.headers(command);
    };
    let compiler = compiler.program();
    let mut checked = 0;
    for (language, standards) in STANDARDS {
        for standard in standards {
            let mut command = Command::new(compiler);
            command.args(["-x", language, "-fsyntax-only"]).arg(format!("-std={standard}"));
            command.args(["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]);
            headers(&mut command);
            finish(command.arg(source("include.c")))?;
            // Forced on every file, before Python's headers, and on one that has none of them.
            command.args(["-include", "bufproto/python.h"]);
            finish(command.arg(source("host.c")))?;
            checked += 2;
        }
    }

    let object = folder.join("probe.o");
    for (name, object, foreign) in [
        ("probe.c", &object, &NAMES[..]),
        // The user has taken one of the names, so nobody is asked for memory to write to.
        ("scoped_names.c", &folder.join("scoped_names.o"), &NAMES_AND_WRITING[..]),
    ] {
        let mut command = Command::new(compiler);
        command.args([
            "-c",
            "-fPIC",
            "-O2",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-Wno-missing-field-initializers",
        ]);
        headers(&mut command);
        finish(command.arg(source(name)).arg("-o").arg(object))?;
        let imports = imports(object, None)?;
        let taken: Vec<&str> =
            foreign.iter().copied().filter(|name| imports.iter().any(|other| other == name)).collect();
        ensure!(taken.is_empty(), "{name} should not import {}", taken.join(", "));
    }

    let mut command = Command::new(compiler);
    command.args(["-shared", "-fPIC", "-O2", "-Wno-deprecated-declarations"]);
    headers(&mut command);
    command.arg(&object).arg(source("theirs.c")).arg(&archive).arg("-o").arg(folder.join("probe.so"));
    finish(&mut command)?;

    for (language, module, option) in [
        ("c", "scoped", None),
        ("c", "scoped_full", Some("-DBUFPROTO_FULL_IS_ERROR")),
        ("c++", "scopedxx", Some("-lstdc++")),
    ] {
        let mut command = Command::new(compiler);
        command.args(["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Wshadow", "-Wpedantic", "-Werror"]);
        headers(&mut command);
        command.args(["-x", language]).arg(source("scoped.c")).args(["-x", "none"]).arg(&archive);
        command.arg(format!("-DMODULE={module}")).args(option);
        finish(command.arg("-o").arg(folder.join(format!("{module}.so"))))?;
    }

    let mut scripts = vec![("run.py", None), ("run_scoped.py", None)];
    if has_limited_api(interpreter) {
        let mut command = Command::new(compiler);
        command.args(["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror"]);
        headers(&mut command);
        finish(command.arg(source("limited.c")).arg(&archive).arg("-o").arg(folder.join("limited.so")))?;
        scripts.push(("run.py", Some("limited")));
    }

    let mut counts = Counts { passed: checked, ..Counts::default() };
    let mut reasons = Vec::new();
    for (file, module) in scripts {
        let mut python = Command::new(&interpreter.program);
        python.arg(source(file)).args(module).env("PYTHONPATH", &folder);
        python.env("BUFPROTO_VERSION", env!("CARGO_PKG_VERSION"));
        let (counted, skipped) = script::run(&mut python)?;
        counts = counts.and(counted);
        reasons.extend(skipped);
    }
    Ok((counts, reasons.join("; ")))
}

/// Whether there is a limited API with views in it, and this interpreter has it.
fn has_limited_api(interpreter: &Interpreter) -> bool {
    // A free-threaded interpreter has none before 3.15, and a debug build's objects may differ.
    let oldest = Version { major: 3, minor: 11, patch: 0 };
    interpreter.implementation == "cpython"
        && interpreter.version >= oldest
        && !interpreter.free_threaded
        && !interpreter.debug
}

/// The undefined symbols of a file: those of an object, or, with `-D`, what a module asks of the process that loads it.
pub(super) fn imports(file: &Path, table: Option<&str>) -> anyhow::Result<Vec<String>> {
    let text = finish(Command::new("nm").arg("-u").args(table).arg(file))?;
    Ok(text.lines().filter_map(|line| line.split_whitespace().last()).map(str::to_owned).collect())
}

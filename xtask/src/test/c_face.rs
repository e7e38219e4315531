//! The C face on one interpreter: an extension in C is compiled against its headers, linked with the static library, and
//! run inside it, where each of our functions is compared with the interpreter's own.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use super::Context;
use super::outcome::{Counts, Verdict};
use super::script;
use crate::command::finish;
use crate::compiler::Compiler;
use crate::interpreter::{Interpreter, Version};
use crate::library::{self, CRATE};
use crate::numpy;

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
    Verdict::counted(compare(context, interpreter, &compiler))
}

fn compare(
    context: &Context,
    interpreter: &Interpreter,
    compiler: &Compiler,
) -> anyhow::Result<(Counts, Vec<String>)> {
    let build = Build::new(context, interpreter, compiler)?;
    let mut counts = Counts { passed: build.syntax()?, ..Counts::default() };
    build.own_names("probe.c", &NAMES)?;
    if interpreter.implementation == "cpython" {
        // The user has taken one of the names, so nobody is asked for memory to write to. PyPy takes all of them.
        build.own_names("scoped_names.c", &NAMES_AND_WRITING)?;
    }

    let mut folders = vec![build.folder.clone()];
    folders.extend(numpy::provide(&context.workspace, interpreter));
    // One version of it is large enough.
    if (interpreter.version.major, interpreter.version.minor) == (3, 12) {
        folders.extend(numpy::provide_arrow(&context.workspace, interpreter));
    }
    folders.push(build.sources.clone());
    let mut reasons = Vec::new();
    if interpreter.implementation != "cpython" {
        reasons
            .push("what a view keeps in place is its exporters' business, and here it is nothing".to_owned());
    }
    let mut scripts = build.modules(interpreter)?;
    scripts.extend(build.arrays(interpreter, &std::env::join_paths(&folders)?)?);
    for (file, modules) in scripts {
        let mut python = Command::new(&interpreter.program);
        // The manual's module has one name, in two folders.
        let own = modules.first().map(|name| build.folder.join(name)).filter(|folder| folder.is_dir());
        let path = std::env::join_paths(own.into_iter().chain(folders.iter().cloned()))?;
        python.arg(build.sources.join(file)).args(modules).env("PYTHONPATH", &path);
        python.env("BUFPROTO_VERSION", env!("CARGO_PKG_VERSION"));
        let (counted, skipped) = script::run(&mut python)?;
        counts = counts.and(counted);
        reasons.extend(skipped);
    }
    reasons.sort();
    reasons.dedup();
    Ok((counts, reasons))
}

/// Compiles the tests' sources for one interpreter.
pub(super) struct Build<'a> {
    compiler: &'a Compiler,
    archive: PathBuf,
    /// Where the sources are.
    sources: PathBuf,
    /// Where the modules go.
    folder: PathBuf,
    /// What their files' names end with.
    suffix: String,
}

impl<'a> Build<'a> {
    pub(super) fn new(
        context: &Context,
        interpreter: &Interpreter,
        compiler: &'a Compiler,
    ) -> anyhow::Result<Self> {
        let folder = context.workspace.target.join("c").join(interpreter.key());
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self {
            compiler,
            archive: library::build_static(&context.workspace)?,
            sources: context.workspace.root.join("crates").join(CRATE).join("tests/c"),
            folder,
            suffix: interpreter.extension_suffix()?,
        })
    }

    /// Makes the module with the interpreter's own functions, which all comparisons need; returns the folder of the modules.
    pub(super) fn probe(&self) -> anyhow::Result<&Path> {
        let theirs = self.sources.join("theirs.c");
        self.module("probe", ("probe.c", "c"), &[theirs.as_os_str()])?;
        Ok(&self.folder)
    }

    /// Compiles the headers in every standard, under the strictest warnings, and returns how often.
    fn syntax(&self) -> anyhow::Result<u64> {
        let mut checked = 0;
        for (language, standards) in STANDARDS {
            for standard in standards {
                let mut command = Command::new(self.compiler.program());
                command.args(["-x", language, "-fsyntax-only"]).arg(format!("-std={standard}"));
                command.args(["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]);
                self.compiler.headers(&mut command);
                finish(command.arg(self.sources.join("include.c")))?;
                // Forced on every file, before Python's headers, and on one that has none of them.
                command.args(["-include", "bufproto/python.h"]);
                finish(command.arg(self.sources.join("host.c")))?;
                checked += 2;
            }
        }
        Ok(checked)
    }

    /// Fails if the file refers to names that are not to be the interpreter's.
    fn own_names(&self, source: &str, foreign: &[&str]) -> anyhow::Result<()> {
        let object = self.folder.join(source).with_extension("o");
        let mut command = Command::new(self.compiler.program());
        command.args([
            "-c",
            "-fPIC",
            "-O2",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-Wno-missing-field-initializers",
        ]);
        self.compiler.headers(&mut command);
        finish(command.arg(self.sources.join(source)).arg("-o").arg(&object))?;
        let imports = imports(&object, None)?;
        let taken: Vec<&str> =
            foreign.iter().copied().filter(|name| imports.iter().any(|other| other == name)).collect();
        ensure!(taken.is_empty(), "{source} should not import {}", taken.join(", "));
        Ok(())
    }

    /// Makes a module of a file, compiled in a language and with options, and of objects; returns its name.
    fn module(
        &self,
        name: &str,
        (source, language): (&str, &str),
        more: &[&OsStr],
    ) -> anyhow::Result<String> {
        let mut command = Command::new(self.compiler.program());
        command.args(["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Wshadow", "-Wpedantic", "-Werror"]);
        // Objects that misbehave and calls of what is deprecated are what is tested.
        command.args(["-Wno-missing-field-initializers", "-Wno-deprecated-declarations"]);
        self.compiler.headers(&mut command);
        command.arg(format!("-DMODULE={name}")).args(["-x", language]).arg(self.sources.join(source));
        command.args(["-x", "none"]).args(more).arg(&self.archive);
        if language == "c++" {
            command.arg("-lstdc++");
        }
        finish(command.arg("-o").arg(self.folder.join(format!("{name}{}", self.suffix))))?;
        Ok(name.to_owned())
    }

    /// Makes all modules; returns the scripts that test them, each with the modules that it is to be told of.
    fn modules(&self, interpreter: &Interpreter) -> anyhow::Result<Vec<(&'static str, Vec<String>)>> {
        self.probe()?;
        let helper = self.sources.join("helper.c");
        // The helper is a file in C for all of them: its scope is the extension's.
        let more: [&OsStr; 4] = ["-x".as_ref(), "c".as_ref(), helper.as_os_str(), "-xnone".as_ref()];
        let mut scoped = vec![
            self.module("scoped", ("scoped.c", "c"), &[])?,
            self.module("scopedxx", ("scoped.c", "c++"), &[])?,
        ];
        self.module("scoped_full", ("scoped.c", "c"), &["-DBUFPROTO_FULL_IS_ERROR".as_ref()])?;
        let mut views = vec![
            self.module("more", ("more.c", "c"), &more)?,
            self.module("morexx", ("more.c", "c++"), &more)?,
        ];
        let mut strict = vec![self.module("strict", ("strict.c", "c"), &[])?];
        let mut scripts = vec![("run.py", vec!["probe".to_owned()])];
        for level in limited_apis(interpreter) {
            let option = format!("-DPy_LIMITED_API={level}");
            let limited = |name: &str| format!("{name}_limited_{level}");
            let option = OsStr::new(&option);
            let name = self.module(&limited("only"), ("limited.c", "c"), &[option])?;
            scripts.push(("run.py", vec![name]));
            scoped.push(self.module(&limited("scoped"), ("scoped.c", "c"), &[option])?);
            let more = [&[option], &more[..]].concat();
            views.push(self.module(&limited("more"), ("more.c", "c"), &more)?);
            strict.push(self.module(&limited("strict"), ("strict.c", "c"), &[option])?);
        }
        if interpreter.implementation != "cpython" {
            return Ok(scripts);
        }
        scripts.push(("run_scoped.py", scoped));
        if interpreter.version >= (Version { major: 3, minor: 0, patch: 0 }) {
            let held = [
                self.module("held", ("held.c", "c"), &[])?,
                self.module("heldxx", ("held.c", "c++"), &[])?,
                self.module("held_strict", ("held.c", "c"), &["-DBUFPROTO_STRICT".as_ref()])?,
            ];
            scripts.push(("run_held.py", held.to_vec()));
        }
        scripts.extend(self.manual(interpreter)?);
        scripts.push(("run_more.py", [views, vec!["--strict".to_owned()], strict].concat()));
        Ok(scripts)
    }

    /// The functions that know numpy's arrays, where there is a numpy to compile for.
    fn arrays(
        &self,
        interpreter: &Interpreter,
        path: &OsStr,
    ) -> anyhow::Result<Option<(&'static str, Vec<String>)>> {
        const QUESTION: &str = "import numpy; print(numpy.get_include())";
        if interpreter.version < (Version { major: 3, minor: 0, patch: 0 }) {
            return Ok(None);
        }
        let mut python = Command::new(&interpreter.program);
        python.args(["-c", QUESTION]).env("PYTHONPATH", path);
        let Ok(include) = finish(&mut python) else { return Ok(None) };
        let options = ["-isystem".as_ref(), OsStr::new(include.trim())];
        let name = self.module("arrays", ("arrays.c", "c"), &options)?;
        Ok(Some(("run.py", vec![name])))
    }

    /// The manual's examples: in the README as they are here, and the one that includes nothing of ours with the header
    /// forced.
    fn manual(&self, interpreter: &Interpreter) -> anyhow::Result<Vec<(&'static str, Vec<String>)>> {
        let readme = fs::read_to_string(self.sources.join("../../README.md"))?;
        let lines: Vec<&str> = readme.lines().map(str::trim).collect();
        let mut scripts = Vec::new();
        for (name, option) in [("before", &["-include", "bufproto/python.h"][..]), ("after", &[])] {
            let source = format!("../manual/{name}.c");
            let text = fs::read_to_string(self.sources.join(&source))?;
            ensure!(
                lines
                    .windows(text.lines().count())
                    .any(|part| part.iter().copied().eq(text.lines().map(str::trim))),
                "the README does not show {source} as it is"
            );
            if interpreter.version < (Version { major: 3, minor: 0, patch: 0 }) {
                continue;
            }
            let folder = self.folder.join(name);
            fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
            let mut command = self.compiler.extension();
            command.args(["-Wall", "-Werror", "-Wno-deprecated-declarations"]).args(option);
            command.arg(self.sources.join(source)).arg(&self.archive);
            finish(command.arg("-o").arg(folder.join("manual.so")))?;
            scripts.push(("../manual/run.py", vec![name.to_owned()]));
        }
        Ok(scripts)
    }
}

/// The limited APIs that this interpreter has: one for each way in which the headers find their way.
pub(super) fn limited_apis(interpreter: &Interpreter) -> Vec<&'static str> {
    // A free-threaded interpreter has none before 3.15, and a debug build's objects may differ.
    if interpreter.implementation != "cpython" || interpreter.free_threaded || interpreter.debug {
        return Vec::new();
    }
    let levels = [(0, "0x03020000"), (9, "0x03090000"), (11, "0x030b0000"), (13, "0x030d0000")];
    let has = |&(minor, _): &(u16, &str)| interpreter.version >= (Version { major: 3, minor, patch: 0 });
    levels.iter().filter(|level| has(level)).map(|(_, level)| *level).collect()
}

/// The undefined symbols of a file: those of an object, or, with `-D`, what a module asks of the process that loads it.
pub(super) fn imports(file: &Path, table: Option<&str>) -> anyhow::Result<Vec<String>> {
    let text = finish(Command::new("nm").arg("-u").args(table).arg(file))?;
    Ok(text.lines().filter_map(|line| line.split_whitespace().last()).map(str::to_owned).collect())
}

//! Old code on one interpreter: extensions as they were written in the 2.x era are built by the tools that their authors
//! use, without a change to them, and run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use super::Context;
use super::c_face::{NAMES, imports};
use super::outcome::{Counts, Outcome, Verdict};
use super::script;
use super::tools::{self, Missing};
use crate::command::{finish, succeeds};
use crate::compiler::Compiler;
use crate::install::install;
use crate::interpreter::{Interpreter, Version};
use crate::library::CRATE;

/// The same where the interpreter's headers declare the functions, which are to be replaced: after those headers, with the
/// macro that the files would define before them. Without optimization ours would leave something in every file, and the
/// programs by which build tools try the compiler out would not link without Python.
const FORCED_AFTER: &str =
    "-DBUFPROTO_REPLACE -DPY_SSIZE_T_CLEAN= -include Python.h -include bufproto/python.h";

/// A call of a function that no header declares is an error in C++ anyway.
const STRICT: &str = "-Werror=implicit-function-declaration";

/// The first version without the functions, in its headers.
const REMOVED: Version = Version { major: 3, minor: 13, patch: 0 };

/// One way to build one extension.
struct Way {
    name: &'static str,
    module: &'static str,
    /// Returns the folder with the module in it.
    build: fn(&Job<'_>) -> Result<PathBuf, Stopped>,
    /// Whether it is of use without the library.
    without_library: bool,
}

const WAYS: &[Way] = &[
    Way { name: "C, by setup.py", module: "old_plain", build: plain_by_setup, without_library: true },
    Way { name: "C, by the compiler", module: "old_plain", build: plain_by_compiler, without_library: true },
    Way { name: "C, by meson", module: "old_plain", build: plain_by_meson, without_library: false },
    Way { name: "C, by CMake", module: "old_plain", build: plain_by_cmake, without_library: false },
    Way { name: "C++", module: "old_cxx", build: cxx, without_library: true },
    Way { name: "Cython", module: "old_cython", build: cython, without_library: true },
    Way { name: "SWIG", module: "old_swig", build: swig, without_library: true },
];

/// Why there is no module.
enum Stopped {
    Missing(String),
    Failed(anyhow::Error),
}

impl From<Missing> for Stopped {
    fn from(Missing(why): Missing) -> Self {
        Self::Missing(why)
    }
}

impl From<anyhow::Error> for Stopped {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// What a build may look at.
struct Job<'a> {
    context: &'a Context,
    interpreter: &'a Interpreter,
    compiler: &'a Compiler,
    /// Where the library is installed.
    prefix: &'a Path,
    /// Empty, for the build alone.
    folder: PathBuf,
    /// Whether the interpreter's own functions are to be replaced where it has them.
    replaces: bool,
}

pub(super) fn run(context: &Context, interpreter: &Interpreter) -> Verdict {
    if interpreter.implementation != "cpython" {
        return Verdict::Skipped("its headers give the functions other symbols".to_owned());
    }
    let compiler = match Compiler::find(&context.workspace, interpreter) {
        Ok(compiler) => compiler,
        Err(why) => return Verdict::Skipped(why),
    };
    for program in ["pkg-config", "nm"] {
        if !succeeds(Command::new(program).arg("--version")) {
            return Verdict::Skipped(format!("{program} is not installed"));
        }
    }
    match every_way(context, interpreter, &compiler) {
        Ok(verdict) => verdict,
        Err(error) => Verdict::Failed(format!("{error:#}")),
    }
}

fn every_way(context: &Context, interpreter: &Interpreter, compiler: &Compiler) -> anyhow::Result<Verdict> {
    let (mut counts, mut reasons) = (Counts::default(), Vec::new());
    let (mut failed, mut errors) = (Vec::new(), Vec::new());
    let folder = folder(context).join(interpreter.key());
    // What an earlier run has built is not to be tested.
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    let prefix = installed(context, &folder)?;
    if interpreter.version >= REMOVED {
        needs_us(context, compiler)?;
        counts.passed += 1;
    }
    for way in WAYS {
        for replaces in [false, true] {
            let removed = interpreter.version >= REMOVED;
            if removed && replaces || !removed && !replaces && !way.without_library {
                continue;
            }
            let name = if replaces { format!("{}, replaced", way.name) } else { way.name.to_owned() };
            let folder = folder.join(name.replace([' ', ','], "-"));
            fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
            let job = Job { context, interpreter, compiler, prefix: &prefix, folder, replaces };
            match try_out(&job, way) {
                Ok((counted, skipped)) => {
                    counts = counts.and(counted);
                    reasons.extend(skipped);
                }
                Err(Stopped::Missing(why)) => {
                    counts.skipped += 1;
                    reasons.push(format!("{name}: {why}"));
                }
                Err(Stopped::Failed(error)) => {
                    failed.push(name.clone());
                    errors.push(format!("{name}: {error:#}"));
                }
            }
        }
    }
    Ok(if errors.is_empty() {
        Verdict::Ran(counts, reasons.join("; "))
    } else {
        Verdict::Failed(format!("{}\n{}", failed.join("; "), errors.join("\n")))
    })
}

/// Without us the code does not build: it is nobody else who declares the functions.
fn needs_us(context: &Context, compiler: &Compiler) -> anyhow::Result<()> {
    let mut command = Command::new(compiler.program());
    command.args(["-fsyntax-only", STRICT]).args(compiler.their_headers());
    let built = finish(command.arg(source(context, "plain/old_plain.c")));
    let complaint =
        built.err().context("the old code builds without the library: the test proves nothing")?;
    let complaint = format!("{complaint:#}");
    ensure!(
        NAMES.iter().all(|name| complaint.contains(name)),
        "the old code should only lack the functions:\n{complaint}"
    );
    Ok(())
}

/// Builds an extension, looks at whose functions it calls, and calls it.
fn try_out(job: &Job<'_>, way: &Way) -> Result<(Counts, Vec<String>), Stopped> {
    let folder = (way.build)(job)?;
    let imports = imports(&file(&folder, way.module)?, Some("-D"))?;
    let (theirs, missing): (Vec<&str>, Vec<&str>) =
        NAMES.iter().partition(|name| imports.iter().any(|import| import == *name));
    let calls_ours = job.replaces || job.interpreter.version >= REMOVED;
    let wrong = if calls_ours { &theirs } else { &missing };
    if !wrong.is_empty() {
        let whose = if calls_ours { "the interpreter's" } else { "others than the interpreter's" };
        return Err(anyhow::anyhow!("it calls {whose} {}", wrong.join(", ")).into());
    }
    let mut python = Command::new(&job.interpreter.program);
    // A free-threaded interpreter would say of each that it turns the lock on for it.
    python.arg("-Wignore::RuntimeWarning");
    python.arg(job.source("run.py")).arg(way.module).env("PYTHONPATH", &folder);
    let (mut counts, skipped) = script::run(&mut python)?;
    counts.passed += 1;
    Ok((counts, skipped))
}

/// The file that is the module.
fn file(folder: &Path, module: &str) -> anyhow::Result<PathBuf> {
    // SWIG's module is in Python, and the file's name has an underscore before it.
    let is_module = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.trim_start_matches('_').starts_with(module) && name.ends_with(".so")
    };
    let mut paths = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path()));
    paths.find(is_module).with_context(|| format!("there is no {module} in {}", folder.display()))
}

impl Job<'_> {
    fn source(&self, name: &str) -> PathBuf {
        source(self.context, name)
    }

    /// What pkg-config says about the library, or about the library and the header that is forced.
    fn pkg_config(&self, kind: &str, package: &str) -> anyhow::Result<String> {
        let mut command = Command::new("pkg-config");
        Ok(finish(self.with_path(&mut command).args([kind, package]))?.trim().to_owned())
    }

    fn with_path<'command>(&self, command: &'command mut Command) -> &'command mut Command {
        command.env("PKG_CONFIG_PATH", self.prefix.join("lib/pkgconfig"))
    }

    /// The flags for C++; those for C are stricter.
    fn compile_flags(&self) -> anyhow::Result<String> {
        let theirs = self.compiler.their_headers().join(" ".as_ref());
        let (package, more) =
            if self.replaces { ("bufproto", FORCED_AFTER) } else { ("bufproto-forced", "") };
        Ok(format!("{} {} {more}", self.pkg_config("--cflags", package)?, theirs.display()))
    }

    /// A command with the flags in its environment, where build tools look for them.
    fn with_flags<'command>(&self, command: &'command mut Command) -> anyhow::Result<&'command mut Command> {
        let flags = self.compile_flags()?;
        Ok(command.env("CFLAGS", format!("{flags} {STRICT}")).env("CXXFLAGS", flags))
    }

    /// Compiles and links at once, with the libraries before the sources.
    fn compile(&self, sources: &[PathBuf], module: &str) -> anyhow::Result<PathBuf> {
        let mut command = Command::new(self.compiler.program());
        command.args(["-shared", "-fPIC", STRICT]);
        command.args(self.compile_flags()?.split_whitespace());
        command.args(self.pkg_config("--libs", "bufproto")?.split_whitespace());
        finish(command.args(sources).arg("-o").arg(self.folder.join(module).with_extension("so")))?;
        Ok(self.folder.clone())
    }

    fn setup(&self, name: &str) -> Result<PathBuf, Stopped> {
        let lib = self.folder.join("lib");
        let mut python = Command::new(&self.interpreter.program);
        // Until 3.12 an interpreter may have its own, by another name.
        const EITHER: &str = "try:\n import setuptools\nexcept ImportError:\n import distutils.core";
        if !succeeds(Command::new(&self.interpreter.program).args(["-c", EITHER])) {
            python.env("PYTHONPATH", tools::package(self.context, "setuptools")?);
        }
        self.with_flags(&mut python)?.env("LDFLAGS", self.pkg_config("--libs", "bufproto")?);
        python.env("PYTHONDONTWRITEBYTECODE", "1").current_dir(self.source(name));
        python.args(["setup.py", "--quiet", "build_ext", "--build-lib"]).arg(&lib);
        finish(python.arg("--build-temp").arg(self.folder.join("temp")))?;
        Ok(lib)
    }
}

fn plain_by_setup(job: &Job<'_>) -> Result<PathBuf, Stopped> {
    job.setup("plain")
}

fn plain_by_compiler(job: &Job<'_>) -> Result<PathBuf, Stopped> {
    Ok(job.compile(&[job.source("plain/old_plain.c"), job.source("plain/sum.c")], "old_plain")?)
}

fn plain_by_meson(job: &Job<'_>) -> Result<PathBuf, Stopped> {
    let (mut meson, mut ninja) = (tools::any(job.context, "meson")?, tools::any(job.context, "ninja")?);
    meson.env("NINJA", ninja.get_program());
    meson.arg("setup").arg(format!("-Dpython={}", job.interpreter.program.display()));
    finish(job.with_path(job.with_flags(&mut meson)?).arg(&job.folder).arg(job.source("plain")))?;
    finish(ninja.arg("-C").arg(&job.folder))?;
    Ok(job.folder.clone())
}

fn plain_by_cmake(job: &Job<'_>) -> Result<PathBuf, Stopped> {
    let (mut cmake, mut ninja) = (tools::any(job.context, "cmake")?, tools::any(job.context, "ninja")?);
    configure(&mut cmake, &ninja, job.prefix);
    cmake.arg(format!("-DPython_EXECUTABLE={}", job.interpreter.program.display()));
    cmake.arg(format!("-DPython_INCLUDE_DIR={}", job.compiler.include().display()));
    if job.interpreter.free_threaded {
        cmake.arg("-DPython_FIND_ABI=ANY;ANY;ANY;ON");
    }
    finish(job.with_flags(&mut cmake)?.arg("-S").arg(job.source("plain")).arg("-B").arg(&job.folder))?;
    finish(ninja.arg("-C").arg(&job.folder))?;
    Ok(job.folder.clone())
}

fn configure(cmake: &mut Command, ninja: &Command, prefix: &Path) {
    cmake.args(["-G", "Ninja"]);
    cmake.arg(format!("-DCMAKE_MAKE_PROGRAM={}", ninja.get_program().display()));
    cmake.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.display()));
}

fn cxx(job: &Job<'_>) -> Result<PathBuf, Stopped> {
    job.setup("cxx")
}

fn cython(job: &Job<'_>) -> Result<PathBuf, Stopped> {
    // What today's Cython writes needs Python 3.9.
    let is_old = job.interpreter.version < (Version { major: 3, minor: 9, patch: 0 });
    let requirement = if is_old { "cython<3.1" } else { "cython" };
    let mut cython = tools::of_version(job.context, "cython", requirement)?;
    let written = job.folder.join("old_cython.c");
    finish(cython.arg(job.source("cython/old_cython.pyx")).arg("-o").arg(&written))?;
    Ok(job.compile(&[written], "old_cython")?)
}

fn swig(job: &Job<'_>) -> Result<PathBuf, Stopped> {
    // The last whose typemaps for memory call the functions.
    let mut swig = tools::of_version(job.context, "swig", "swig<4")?;
    let written = job.folder.join("old_swig.c");
    swig.arg("-python").arg("-outdir").arg(&job.folder).arg("-o").arg(&written);
    finish(swig.arg(job.source("swig/old_swig.i")))?;
    Ok(job.compile(&[written], "_old_swig")?)
}

/// What projects ask of a compiler before they build anything, with the header forced on each question.
pub(super) fn checks(context: &Context) -> Vec<Outcome> {
    let verdict = match check(context) {
        Ok(()) => Verdict::Ran(Counts { passed: 1, ..Counts::default() }, String::new()),
        Err(Stopped::Missing(why)) => Verdict::Skipped(why),
        Err(Stopped::Failed(error)) => Verdict::Failed(format!("{error:#}")),
    };
    vec![Outcome { step: "compiler checks", on: "CMake, without Python".to_owned(), verdict }]
}

fn check(context: &Context) -> Result<(), Stopped> {
    let (mut cmake, ninja) = (tools::any(context, "cmake")?, tools::any(context, "ninja")?);
    configure(&mut cmake, &ninja, &installed(context, &folder(context))?);
    let build = folder(context).join("checks");
    // `--fresh` is newer than what we ask of CMake: answers are remembered in the folder.
    if build.exists() {
        fs::remove_dir_all(&build).map_err(anyhow::Error::from)?;
    }
    finish(cmake.arg("-S").arg(source(context, "checks")).arg("-B").arg(build))?;
    Ok(())
}

/// The library, installed for these tests below a folder that no other process uses.
fn installed(context: &Context, folder: &Path) -> anyhow::Result<PathBuf> {
    let prefix = folder.join("installed");
    install(&context.workspace, &prefix)?;
    Ok(prefix)
}

/// One of the old sources, or a folder of them.
fn source(context: &Context, name: &str) -> PathBuf {
    context.workspace.root.join("crates").join(CRATE).join("tests/old").join(name)
}

/// Where all this is built.
fn folder(context: &Context) -> PathBuf {
    context.workspace.target.join("c").join("old")
}

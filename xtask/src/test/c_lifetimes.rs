//! What the pointers of the C face are worth: by the old idiom freed memory is read, by a scope it is not, and nothing is
//! left behind. An extension in C shows it inside the interpreter, by itself and under tools that see wrong accesses.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::Context as _;

use super::outcome::{Counts, Outcome, Verdict};
use super::{Context, script};
use crate::command::{finish, succeeds};
use crate::compiler::Compiler;
use crate::interpreter::{Interpreter, Version};
use crate::library::{self, CRATE};
use crate::numpy;

/// How the extension is compiled to run by itself.
const PLAIN: &[&str] = &["-O2", "-g"];

/// The same, so that wrong accesses of the extension stop the program.
const SANITIZED: &[&str] = &["-O1", "-g", "-fsanitize=address", "-fno-omit-frame-pointer"];

/// What one script counted, and why it left something out.
type Report = (Counts, Vec<String>);

/// On each interpreter: the cases of lifetime, the search for leaks, and the cases under AddressSanitizer.
pub(super) fn run(context: &Context, interpreter: &Interpreter) -> Verdict {
    verdict(Extension::new(context, interpreter), |extension| {
        let plain = extension.build("plain", PLAIN)?;
        let cases = script::run(&mut extension.python("run_cases.py", &plain)?)?;
        let leaks = script::run(&mut extension.python("run_leaks.py", &plain)?)?;
        Ok(vec![cases, leaks, extension.under_sanitizer()?])
    })
}

/// On one interpreter, since it takes long and looks at what all have in common.
pub(super) fn under_valgrind(context: &Context) -> Vec<Outcome> {
    let outcome = |on, verdict| vec![Outcome { step: "C under valgrind", on, verdict }];
    if !succeeds(Command::new("valgrind").arg("--version")) {
        return outcome(
            "no interpreter".to_owned(),
            Verdict::Skipped("valgrind is not installed".to_owned()),
        );
    }
    let Some(interpreter) = for_valgrind(context) else {
        let why = "no interpreter that has headers, is no script and can take its memory from the C library";
        return outcome("no interpreter".to_owned(), Verdict::Skipped(why.to_owned()));
    };
    let verdict = verdict(Extension::new(context, interpreter), |extension| {
        let plain = extension.build("plain", PLAIN)?;
        Ok(vec![script::run(&mut extension.python("run_valgrind.py", &plain)?)?])
    });
    outcome(interpreter.to_string(), verdict)
}

/// Python 3.12, which valgrind is known to be quiet about, else the newest.
fn for_valgrind(context: &Context) -> Option<&Interpreter> {
    // Before 3.6 an interpreter takes its memory from blocks of its own, and a free-threaded one always does.
    let oldest = Version { major: 3, minor: 6, patch: 0 };
    let usable = context.found.interpreters.iter().filter(|interpreter| {
        interpreter.implementation == "cpython"
            && interpreter.version >= oldest
            && !interpreter.free_threaded
            && !is_script(&interpreter.resolved)
            && Compiler::find(&context.workspace, interpreter).is_ok()
    });
    usable.max_by_key(|Interpreter { version, .. }| ((version.major, version.minor) == (3, 12), *version))
}

/// Whether what starts the interpreter is a script, which valgrind would look at instead.
fn is_script(program: &Path) -> bool {
    let mut start = [0; 2];
    fs::File::open(program).and_then(|mut file| file.read_exact(&mut start)).is_ok() && &start == b"#!"
}

/// What all scripts together come to; skipped if the extension cannot be built for the interpreter.
fn verdict(
    extension: Result<Extension<'_>, String>,
    scripts: impl FnOnce(&Extension<'_>) -> anyhow::Result<Vec<Report>>,
) -> Verdict {
    let extension = match extension {
        Ok(extension) => extension,
        Err(why) => return Verdict::Skipped(why),
    };
    Verdict::counted(scripts(&extension).map(|reports| {
        let counts = reports.iter().fold(Counts::default(), |sum, (counts, _)| sum.and(*counts));
        let mut reasons: Vec<String> = reports.into_iter().flat_map(|(_, reasons)| reasons).collect();
        reasons.sort();
        reasons.dedup();
        (counts, reasons)
    }))
}

/// The extension for one interpreter, to be compiled in one way or another.
struct Extension<'a> {
    context: &'a Context,
    interpreter: &'a Interpreter,
    compiler: Compiler,
    /// The crate with the C face.
    sources: PathBuf,
}

impl<'a> Extension<'a> {
    /// What is needed to build it, or what is missing.
    fn new(context: &'a Context, interpreter: &'a Interpreter) -> Result<Self, String> {
        if interpreter.implementation != "cpython" {
            return Err("other implementations free their memory at a time of their own".to_owned());
        }
        let compiler = Compiler::find(&context.workspace, interpreter)?;
        let sources = context.workspace.root.join("crates").join(CRATE);
        Ok(Self { context, interpreter, compiler, sources })
    }

    /// Builds it, and the objects that misbehave; returns the folder with both.
    fn build(&self, name: &str, options: &[&str]) -> anyhow::Result<PathBuf> {
        let archive = library::build_static(&self.context.workspace)?;
        let folder =
            self.context.workspace.target.join("c").join(self.interpreter.key()).join("lifetime").join(name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let tests = self.sources.join("tests");
        let probe = [tests.join("c/probe.c"), tests.join("c/theirs.c")];
        for (module, files) in
            [("lifetime.so", &[tests.join("lifetime/lifetime.c")][..]), ("probe.so", &probe[..])]
        {
            let mut command = Command::new(self.compiler.program());
            command.args(["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror"]);
            command.args(["-Wno-missing-field-initializers", "-Wno-deprecated-declarations"]).args(options);
            self.compiler.headers(&mut command);
            finish(command.args(files).arg(&archive).arg("-o").arg(folder.join(module)))?;
        }
        Ok(folder)
    }

    /// The interpreter with one of the scripts, and what they import.
    fn python(&self, file: &str, folder: &Path) -> anyhow::Result<Command> {
        let tests = self.sources.join("tests");
        let mut folders = vec![folder.to_owned(), tests.join("c")];
        folders.extend(numpy::provide(&self.context.workspace, self.interpreter));
        let mut python = Command::new(&self.interpreter.program);
        python.arg(tests.join("lifetime").join(file)).env("PYTHONPATH", env::join_paths(folders)?);
        Ok(python)
    }

    fn under_sanitizer(&self) -> anyhow::Result<Report> {
        let Some(sanitizer) = self.sanitizer() else {
            let why = format!(
                "{} has no AddressSanitizer to load into a program",
                self.compiler.program().display()
            );
            return Ok((Counts { skipped: 1, ..Counts::default() }, vec![why]));
        };
        let folder = self.build("sanitized", SANITIZED)?;
        script::run(self.python("run_sanitized.py", &folder)?.env("BUFPROTO_SANITIZER", sanitizer))
    }

    /// The compiler's library for what it sanitizes: a program that was built without must load it before all else.
    fn sanitizer(&self) -> Option<PathBuf> {
        let answer = finish(Command::new(self.compiler.program()).arg("-print-file-name=libasan.so")).ok()?;
        // A name without a folder means that there is none.
        let library = PathBuf::from(answer.trim());
        (library.is_absolute() && library.is_file()).then_some(library)
    }
}

//! The C compiler, and what it takes to compile for an interpreter.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::succeeds;
use crate::interpreter::Interpreter;
use crate::library;
use crate::workspace::Workspace;

/// A C compiler, for extensions of one interpreter.
pub(crate) struct Compiler {
    /// What to run: what `CC` names, else `cc`.
    program: OsString,
    /// Where the interpreter's `Python.h` is.
    theirs: PathBuf,
    /// Where our headers are.
    ours: PathBuf,
    /// Whether the interpreter is a debug build.
    debug: bool,
}

impl Compiler {
    /// The compiler, if it and the interpreter's headers are installed; else which of them is missing.
    pub(crate) fn find(workspace: &Workspace, interpreter: &Interpreter) -> Result<Self, String> {
        let theirs = include_folder(interpreter)?;
        let program = program();
        if !succeeds(Command::new(&program).arg("--version")) {
            return Err(format!("there is no C compiler: {} does not start", program.display()));
        }
        let ours = workspace.root.join("crates").join(library::CRATE).join("include");
        Ok(Self { program, theirs, ours, debug: interpreter.debug })
    }

    /// What to run.
    pub(crate) fn program(&self) -> &OsStr {
        &self.program
    }

    /// Where the interpreter's `Python.h` is.
    pub(crate) fn include(&self) -> &Path {
        &self.theirs
    }

    /// Names the folders of headers: the interpreter's and ours.
    pub(crate) fn headers(&self, command: &mut Command) {
        command.args(self.their_headers()).arg("-I").arg(&self.ours);
    }

    /// The options that name the interpreter's headers alone.
    pub(crate) fn their_headers(&self) -> Vec<OsString> {
        // They are not ours to warn about.
        let mut options = vec!["-isystem".into(), self.theirs.clone().into()];
        // Debian keeps a part of them in a folder for the machine, beside the others.
        if let Some(beside) = self.theirs.parent() {
            options.extend(["-idirafter".into(), beside.into()]);
        }
        // Its debug build has links to the other build's headers, beside its own configuration, which gcc would not look
        // for at the links' end.
        if self.debug {
            options.push("-fno-canonical-system-headers".into());
        }
        options
    }

    /// The command that makes an extension module, which takes Python's symbols from the process that loads it.
    pub(crate) fn extension(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["-shared", "-fPIC", "-O2"]);
        if cfg!(target_os = "macos") {
            command.args(["-undefined", "dynamic_lookup"]);
        }
        self.headers(&mut command);
        command
    }
}

/// The C compiler: what `CC` names, else `cc`.
pub(crate) fn program() -> OsString {
    std::env::var_os("CC").filter(|name| !name.is_empty()).unwrap_or("cc".into())
}

/// Where `Python.h` is, for this interpreter.
fn include_folder(interpreter: &Interpreter) -> Result<PathBuf, String> {
    const QUESTION: &str = "import sysconfig; print(sysconfig.get_paths()['include'])";
    let output = Command::new(&interpreter.program)
        .args(["-c", QUESTION])
        .output()
        .map_err(|error| format!("it does not start: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    // Lines of others (a `sitecustomize` that prints) come before.
    let folder = Path::new(text.trim_end().lines().next_back().unwrap_or_default());
    if folder.join("Python.h").is_file() {
        return Ok(folder.to_owned());
    }
    Err(format!("its headers are not installed ({} has no Python.h)", folder.display()))
}

//! Builds what is counted, as a user would, and has it counted.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

use super::count::{Case, Count, per_call};
use super::footprint::{Footprint, Footprints, PARTS, loaded_bytes};
use crate::callgrind::{callgrind, stretches};
use crate::command::{finish, succeeds};
use crate::compiler::Compiler;
use crate::install::install;
use crate::interpreter::Interpreter;
use crate::numpy;
use crate::workspace::Workspace;

/// What the counting extension is made of, below `benches/c`.
const SOURCES: [&str; 8] =
    ["counting.c", "empty.c", "ours.c", "address.c", "library.c", "theirs.c", "scopes.c", "held.c"];

/// The counting extension's file.
const EXTENSION: &str = "counting.so";

/// All that is needed to compile for one interpreter.
pub(super) struct Build<'a> {
    interpreter: &'a Interpreter,
    /// The compilers, as they name themselves.
    pub(super) tools: Vec<String>,
    sources: PathBuf,
    folder: PathBuf,
    compiler: Compiler,
    compile: Vec<String>,
    link: Vec<String>,
}

impl<'a> Build<'a> {
    /// Installs bufproto to a folder of its own. Fails if something is missing that counting needs.
    pub(super) fn new(workspace: &Workspace, interpreter: &'a Interpreter) -> anyhow::Result<Self> {
        for program in ["valgrind", "pkg-config", "size"] {
            ensure!(
                succeeds(Command::new(program).arg("--version")),
                "nothing was counted: {program} is not installed"
            );
        }
        let compiler = Compiler::find(workspace, interpreter)
            .map_err(|why| anyhow::anyhow!("nothing was counted: {interpreter}: {why}"))?;
        let home = workspace.target.join("c").join("budget");
        let installed = home.join("installed");
        install(workspace, &installed)?;
        let folder = home.join(interpreter.key());
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let rustc = std::env::var_os("RUSTC").unwrap_or("rustc".into());
        Ok(Self {
            interpreter,
            tools: vec![name_of(&mut Command::new(compiler.program()))?, name_of(&mut Command::new(rustc))?],
            sources: workspace.root.join("benches/c"),
            folder,
            compiler,
            compile: flags(&installed, "--cflags")?,
            link: flags(&installed, "--libs")?,
        })
    }

    /// Instructions per call, for every case.
    pub(super) fn count(&self, workspace: &Workspace) -> anyhow::Result<BTreeMap<Case, Count>> {
        let mut command = self.compiler();
        command.args(&self.compile).args(SOURCES.map(|source| self.sources.join(source)));
        finish(command.args(&self.link).arg("-o").arg(self.folder.join(EXTENSION)))?;

        let numpy = numpy::provide(workspace, self.interpreter);
        let folders = std::iter::once(self.folder.clone()).chain(numpy);
        let file = self.folder.join("callgrind.out");
        // The executable itself: a shim would be what is counted.
        let mut python = callgrind(&self.interpreter.resolved, &file);
        python
            .arg(self.sources.join("count.py"))
            .env("PYTHONPATH", std::env::join_paths(folders)?)
            .env("PYTHONHASHSEED", "0")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            // numpy starts a thread for each core, which nothing here needs.
            .env("OPENBLAS_NUM_THREADS", "1");
        let labels = finish(&mut python)?;
        let text = fs::read(&file).with_context(|| format!("callgrind wrote no {}", file.display()))?;
        per_call(&labels, &stretches(&String::from_utf8_lossy(&text), EXTENSION)?)
    }

    /// The bytes of a small extension, with each part of ours, and with the interpreter's own functions.
    pub(super) fn footprints(&self) -> anyhow::Result<Footprints> {
        let library = self.folder.join("footprint.so");
        let bytes = |part: Option<&str>| {
            let mut command = self.compiler();
            command.arg("-s").arg(self.sources.join("footprint.c"));
            if let Some(part) = part {
                command.args(["-DFOOTPRINT_OURS", &format!("-DFOOTPRINT_{part}")]);
                command.args(&self.compile).args(&self.link);
            }
            finish(command.arg("-o").arg(&library))?;
            loaded_bytes(&library)
        };
        let theirs = bytes(None)?;
        PARTS
            .iter()
            .map(|(name, part, _)| Ok(((*name).to_owned(), Footprint { ours: bytes(Some(part))?, theirs })))
            .collect()
    }

    /// The compiler, told to make an extension for the interpreter.
    fn compiler(&self) -> Command {
        let mut command = Command::new(self.compiler.program());
        // As the interpreters say that extensions of a release are compiled.
        command.args(["-shared", "-fPIC", "-O2", "-DNDEBUG"]);
        command.args(self.compiler.their_headers());
        command
    }
}

fn flags(installed: &Path, kind: &str) -> anyhow::Result<Vec<String>> {
    let mut command = Command::new("pkg-config");
    command.env("PKG_CONFIG_PATH", installed.join("lib/pkgconfig")).args([kind, "bufproto"]);
    Ok(finish(&mut command)?.split_whitespace().map(str::to_owned).collect())
}

/// The first line of what a program says about its version.
fn name_of(program: &mut Command) -> anyhow::Result<String> {
    let said = finish(program.arg("--version"))?;
    match said.lines().next() {
        Some(line) => Ok(line.to_owned()),
        None => bail!("{program:?} says nothing"),
    }
}

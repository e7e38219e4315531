//! The Python package, built for one interpreter and assembled where that interpreter can import it.
//!
//! Each interpreter has a folder of its own under `target/python`, with cargo's build and the package, so that going
//! from one interpreter to the next builds nothing again: PyO3 is configured for one interpreter at a time, and in a
//! shared folder every change of it would build PyO3 anew.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::interpreter::Interpreter;
use crate::progress::Progress;
use crate::workspace::{Workspace, cargo};

/// The crate with the extension module and the package's Python sources.
const CRATE: &str = "bufproto-py";

/// The extension module inside the package.
const MODULE: &str = "_bufproto";

/// A package that one interpreter can import.
pub(crate) struct Package {
    /// The folder to put on `PYTHONPATH`.
    pub(crate) folder: PathBuf,
}

impl Package {
    /// Builds the extension module with one of the crate's features and assembles the package.
    pub(crate) fn build(
        workspace: &Workspace,
        interpreter: &Interpreter,
        feature: &str,
    ) -> anyhow::Result<Self> {
        interpreter.supports_extension().map_err(anyhow::Error::msg)?;
        let home = workspace.target.join("python").join(interpreter.key());
        let library = build_extension(workspace, interpreter, &home, feature)?;
        let folder = home.join(feature);
        assemble(
            &workspace.root.join("crates").join(CRATE).join("python"),
            &folder,
            |package| package.join(format!("{MODULE}{}", interpreter.extension_suffix)),
            &library,
        )
        .with_context(|| format!("cannot assemble the package in {}", folder.display()))?;
        Ok(Self { folder })
    }

    /// `python ARGUMENTS` with the package on its path, ahead of what the user has there.
    pub(crate) fn python(&self, interpreter: &Interpreter) -> anyhow::Result<Command> {
        let mut path = vec![self.folder.clone()];
        if let Some(users) = std::env::var_os("PYTHONPATH").filter(|users| !users.is_empty()) {
            path.extend(std::env::split_paths(&users));
        }
        let mut command = Command::new(&interpreter.program);
        command.env(
            "PYTHONPATH",
            std::env::join_paths(path).context("PYTHONPATH cannot hold the package's folder")?,
        );
        Ok(command)
    }
}

/// Lets cargo build the extension module and returns the shared library. Cargo's own output is shown only when it fails.
fn build_extension(
    workspace: &Workspace,
    interpreter: &Interpreter,
    home: &Path,
    feature: &str,
) -> anyhow::Result<PathBuf> {
    let mut progress = Progress::new(format!("building bufproto for {interpreter}"));
    let mut child = Command::new(cargo())
        .current_dir(&workspace.root)
        .args(["build", "--lib", "--package", CRATE, "--message-format=json-render-diagnostics"])
        // A debugger is not what this build is for, and debug information is most of its size.
        .args(["--config", "profile.dev.debug=false"])
        .args(["--features", feature])
        .arg("--target-dir")
        .arg(home.join("build"))
        .env("PYO3_PYTHON", &interpreter.program)
        // The module finds Python's symbols in the process that loads it: no library of Python's is needed to link.
        .env("PYO3_BUILD_EXTENSION_MODULE", "1")
        .env("CARGO_TERM_COLOR", "never")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cargo does not start")?;
    let messages = child.stdout.take().context("cargo has no standard output")?;
    let complaints = child.stderr.take().context("cargo has no standard error")?;

    let reader = std::thread::spawn(move || extension_of(BufReader::new(messages)));
    let mut said = Vec::new();
    for line in BufReader::new(complaints).lines().map_while(Result::ok) {
        let step = line.trim();
        if ["Compiling", "Downloading", "Blocking", "Updating"].iter().any(|verb| step.starts_with(verb)) {
            progress.step(step);
        }
        said.push(line);
    }
    let status = child.wait().context("cargo was lost")?;
    let library = reader.join().ok().flatten();
    drop(progress);
    match library {
        Some(library) if status.success() => Ok(library),
        Some(_) | None => bail!("cannot build {CRATE} for {interpreter}; cargo says:\n{}", said.join("\n")),
    }
}

/// The shared library among cargo's messages.
fn extension_of(messages: impl std::io::BufRead) -> Option<PathBuf> {
    #[derive(Deserialize)]
    struct Message {
        reason: String,
        #[serde(default)]
        package_id: String,
        target: Option<Target>,
        #[serde(default)]
        filenames: Vec<PathBuf>,
    }
    #[derive(Deserialize)]
    struct Target {
        kind: Vec<String>,
    }
    let mut library = None;
    // Every line is read, or cargo would wait for us.
    for line in messages.lines().map_while(Result::ok) {
        let Ok(message) = serde_json::from_str::<Message>(&line) else { continue };
        let of_ours = message.package_id.contains(CRATE)
            && message.target.is_some_and(|target| target.kind.iter().any(|kind| kind == "cdylib"));
        if message.reason == "compiler-artifact" && of_ours {
            let is_library =
                |file: &PathBuf| file.extension().is_some_and(|end| end == std::env::consts::DLL_EXTENSION);
            library = message.filenames.into_iter().find(is_library).or(library);
        }
    }
    library
}

/// Copies the package's Python sources and the extension module to `folder`, and removes what an earlier build left there.
fn assemble(
    sources: &Path,
    folder: &Path,
    extension: impl Fn(&Path) -> PathBuf,
    library: &Path,
) -> anyhow::Result<()> {
    let mut files = Vec::new();
    list(sources, Path::new(""), &mut files)?;
    let mut kept = BTreeSet::new();
    for file in files {
        let copy = folder.join(&file);
        replace(&sources.join(&file), &copy)?;
        kept.insert(copy);
    }
    let module = extension(&folder.join("bufproto"));
    replace(library, &module)?;
    kept.insert(module);

    let mut present = Vec::new();
    list(folder, Path::new(""), &mut present)?;
    for file in present.into_iter().map(|file| folder.join(file)).filter(|file| !kept.contains(file)) {
        fs::remove_file(file)?;
    }
    Ok(())
}

/// The files below `folder`, relative to it. What Python compiled and what an editor's build left is passed over.
fn list(folder: &Path, inside: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let here = folder.join(inside);
    for entry in fs::read_dir(&here).with_context(|| format!("cannot read {}", here.display()))? {
        let entry = entry?;
        let relative = inside.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            if entry.file_name() != "__pycache__" {
                list(folder, &relative, files)?;
            }
        } else if relative.extension().is_none_or(|end| end != "pyc") {
            files.push(relative);
        }
    }
    Ok(())
}

/// Puts a copy of `from` at `to` in one step, so that another process never sees half of it and a library that is in use
/// stays whole. Does nothing where the copy is newer.
fn replace(from: &Path, to: &Path) -> anyhow::Result<()> {
    let source = fs::metadata(from)?;
    if let Ok(copy) = fs::metadata(to)
        && copy.len() == source.len()
        && copy.modified()? >= source.modified()?
    {
        return Ok(());
    }
    let folder = to.parent().context("a file at the root")?;
    fs::create_dir_all(folder)?;
    let draft = tempfile::NamedTempFile::new_in(folder)?;
    fs::copy(from, draft.path())?;
    draft.persist(to)?;
    Ok(())
}

//! The Python package, built for one interpreter and assembled where that interpreter can import it.
//!
//! Each interpreter has a folder of its own under `target/python`, with cargo's build and the package, so that going
//! from one interpreter to the next builds nothing again: PyO3 is configured for one interpreter at a time, and in a
//! shared folder every change of it would build PyO3 anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::draft;
use crate::interpreter::{Extension, Interpreter};
use crate::workspace::Workspace;

mod in_c;
mod in_rust;

pub(crate) use in_rust::build_limited;

/// The crate with the extension modules and the package's Python sources.
pub(crate) const CRATE: &str = "bufproto-py";

/// Modules that one interpreter can import.
pub(crate) struct Package {
    /// The folders to put on `PYTHONPATH`: the package's, and those of what its tests use.
    pub(crate) folders: Vec<PathBuf>,
}

impl Package {
    /// Builds the extension module with one of the crate's features, which the one in C does not have, and assembles the
    /// package.
    pub(crate) fn build(
        workspace: &Workspace,
        interpreter: &Interpreter,
        feature: &str,
    ) -> anyhow::Result<Self> {
        let home = workspace.target.join("python").join(interpreter.key());
        let native = match interpreter.extension().map_err(anyhow::Error::msg)? {
            Extension::Rust => in_rust::build(workspace, interpreter, &home, feature)?,
            Extension::C => in_c::build(workspace, interpreter, &home)?,
        };
        let folder = home.join(feature);
        assemble(&workspace.root.join("crates").join(CRATE).join("python"), &folder, &native)
            .with_context(|| format!("cannot assemble the package in {}", folder.display()))?;
        Ok(Self { folders: vec![folder] })
    }

    /// Builds the crate's examples, each of which is a module of its own, in Rust.
    pub(crate) fn examples(workspace: &Workspace, interpreter: &Interpreter) -> anyhow::Result<Self> {
        let home = workspace.target.join("python").join(interpreter.key());
        let folder = home.join("examples");
        for (library, name) in in_rust::build_examples(workspace, interpreter, &home)? {
            replace(&library, &folder.join(name))?;
        }
        Ok(Self { folders: vec![folder] })
    }

    /// `python ARGUMENTS` with the package on its path, ahead of what the user has there.
    pub(crate) fn python(&self, interpreter: &Interpreter) -> anyhow::Result<Command> {
        let mut path = self.folders.clone();
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

/// Copies the package's Python sources and its native part to `folder`, and removes what an earlier build left there. The
/// native part is a list of files, and what each is called in the package.
fn assemble(sources: &Path, folder: &Path, native: &[(PathBuf, String)]) -> anyhow::Result<()> {
    let mut files = Vec::new();
    list(sources, Path::new(""), &mut files)?;
    let ours = files.iter().map(|file| (sources.join(file), folder.join(file)));
    let package = folder.join("bufproto");
    let theirs = native.iter().map(|(file, name)| (file.clone(), package.join(name)));
    let mut kept = BTreeSet::new();
    for (file, copy) in ours.chain(theirs) {
        replace(&file, &copy)?;
        kept.insert(copy);
    }

    let mut present = Vec::new();
    list(folder, Path::new(""), &mut present)?;
    for file in present.into_iter().map(|file| folder.join(file)).filter(|file| !kept.contains(file)) {
        fs::remove_file(file)?;
    }
    Ok(())
}

/// The files below `folder`, relative to it. What Python compiled and what another process is writing is passed over.
fn list(folder: &Path, inside: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let here = folder.join(inside);
    for entry in fs::read_dir(&here).with_context(|| format!("cannot read {}", here.display()))? {
        let entry = entry?;
        let relative = inside.join(entry.file_name());
        if entry.file_name().to_string_lossy().starts_with(draft::PREFIX) {
            continue;
        }
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
    draft::put(to, |draft| Ok(fs::copy(from, draft)?))
}

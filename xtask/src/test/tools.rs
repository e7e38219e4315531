//! Programs that build extensions: the machine's own, or one installed below `target`, once for all interpreters.

use std::path::PathBuf;
use std::process::Command;

use super::Context;
use crate::command::succeeds;
use crate::interpreter::{self, Interpreter, Version};
use crate::pip;

/// Why a tool cannot be had.
pub(super) struct Missing(pub(super) String);

/// The oldest interpreter that today's tools start with.
const OLDEST: Version = Version { major: 3, minor: 9, patch: 0 };

/// A tool of which any version will do.
pub(super) fn any(context: &Context, name: &str) -> Result<Command, Missing> {
    if succeeds(Command::new(name).arg("--version")) {
        return Ok(Command::new(name));
    }
    of_version(context, name, name)
}

/// A tool out of a package whose version matters, so that the machine's own is not asked.
pub(super) fn of_version(context: &Context, name: &str, requirement: &str) -> Result<Command, Missing> {
    let folder = package(context, requirement)?;
    let mut command = Command::new(folder.join("bin").join(name));
    command.env("PYTHONPATH", folder);
    Ok(command)
}

/// The folder that a package is installed in.
pub(super) fn package(context: &Context, requirement: &str) -> Result<PathBuf, Missing> {
    let folder =
        context.workspace.target.join("python").join("tools").join(requirement.replace('<', "-before-"));
    if !folder.exists() {
        let installer = installer(context)
            .ok_or_else(|| Missing(format!("no interpreter has pip, to install {requirement}")))?;
        pip::install(&installer, requirement, &folder).map_err(Missing)?;
    }
    Ok(folder)
}

/// The newest interpreter that has pip and that tools start with.
fn installer(context: &Context) -> Option<Interpreter> {
    // What is tested may be one alone, without pip.
    let others = || interpreter::find().interpreters.into_iter().rev();
    let tested = context.found.interpreters.iter().rev().cloned();
    tested.chain(std::iter::once_with(others).flatten()).find(|interpreter| {
        interpreter.implementation == "cpython"
            && interpreter.version >= OLDEST
            && !interpreter.free_threaded
            && succeeds(Command::new(&interpreter.program).args(["-m", "pip", "--version"]))
    })
}

//! The extension module in C, for the interpreters that PyO3 does not support: what Python code cannot ask by itself, and the
//! Python code that makes of it what the module in Rust offers.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::CRATE;
use crate::command::finish;
use crate::compiler::Compiler;
use crate::interpreter::Interpreter;
use crate::library;
use crate::progress::Progress;
use crate::workspace::Workspace;

/// Compiles the module, and returns it and the Python files that belong to it, with what they are called in the package.
pub(super) fn build(
    workspace: &Workspace,
    interpreter: &Interpreter,
    home: &Path,
) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let compiler = Compiler::find(workspace, interpreter)
        .map_err(|why| anyhow::anyhow!("{interpreter} needs an extension module in C, but {why}"))?;
    let sources = workspace.root.join("crates").join(CRATE).join("c");
    let folder = home.join("c");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;

    let mut progress = Progress::new(format!("building bufproto for {interpreter}"));
    let name = format!("_native{}", interpreter.extension_suffix);
    let module = folder.join(&name);
    if !module.exists() {
        progress.step("the library");
    }
    let library = library::build_static(workspace)?;
    // Whole at once, so that another process never loads half of it.
    let draft = tempfile::NamedTempFile::new_in(&folder)?.into_temp_path();
    let mut command = compiler.extension();
    command.args(["-Wall", "-Wextra"]).arg(sources.join("_native.c")).arg(&library);
    finish(command.arg("-o").arg(&draft))
        .with_context(|| format!("cannot build the extension module for {interpreter}"))?;
    draft.persist(&module)?;

    let mut native = vec![(module, name)];
    for file in ["_bufproto.py", "_lifetime.py"] {
        native.push((sources.join(file), file.to_owned()));
    }
    Ok(native)
}

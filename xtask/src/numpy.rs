//! numpy and its like for one interpreter, so that tests and counts meet their arrays: the interpreter's own, or installed
//! below `target`.

use std::path::PathBuf;
use std::process::Command;

use crate::command::succeeds;
use crate::interpreter::Interpreter;
use crate::pip;
use crate::workspace::Workspace;

/// A folder to import numpy from, if the interpreter has none of its own and one can be had. Without a network or
/// without a wheel there is none, and the tests that need numpy say that they skip.
pub(crate) fn provide(workspace: &Workspace, interpreter: &Interpreter) -> Option<PathBuf> {
    package(workspace, interpreter, "numpy", "import numpy; numpy.zeros(1)")
}

/// The same for pyarrow.
pub(crate) fn provide_arrow(workspace: &Workspace, interpreter: &Interpreter) -> Option<PathBuf> {
    package(workspace, interpreter, "pyarrow", "import pyarrow; pyarrow.py_buffer(b'')")
}

fn package(workspace: &Workspace, interpreter: &Interpreter, name: &str, works: &str) -> Option<PathBuf> {
    let imports = |folder: Option<&PathBuf>| {
        let mut python = Command::new(&interpreter.program);
        if let Some(folder) = folder {
            python.env("PYTHONPATH", folder);
        }
        succeeds(python.args(["-c", works]))
    };
    if imports(None) {
        return None;
    }
    let folder = workspace.target.join("python").join(interpreter.key()).join(name);
    if !folder.exists() {
        // The tests that skip for want of it say so.
        let _ = pip::install(interpreter, name, &folder);
    }
    imports(Some(&folder)).then_some(folder)
}

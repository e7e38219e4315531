//! Arguments in an extension of the limited API: built once, for the oldest interpreter that has one, and loaded in each.

use std::process::Command;

use super::Context;
use super::outcome::{Counts, Verdict};
use super::script;
use crate::interpreter::{Interpreter, Version};
use crate::package::build_limited;

/// The extension, an example of the crate.
const EXTENSION: &str = "bufproto_limited";

/// The cargo feature that it is built with.
const FEATURE: &str = "abi3-py38";

/// The oldest interpreter that the feature names.
const OLDEST: Version = Version { major: 3, minor: 8, patch: 0 };

/// The runner, in the workspace. Its last line on standard output counts the tests.
const RUNNER: &str = "crates/bufproto-py/tests/limited/run.py";

pub(super) fn run(context: &Context, interpreter: &Interpreter) -> Verdict {
    let why = match interpreter {
        Interpreter { implementation, .. } if implementation != "cpython" => {
            "only CPython has the limited API"
        }
        Interpreter { version, .. } if *version < OLDEST => "PyO3 supports CPython from 3.8 on",
        Interpreter { free_threaded: true, .. } => {
            "without the lock there is no limited API that PyO3 supports"
        }
        _ => return Verdict::counted(tests(context, interpreter)),
    };
    Verdict::Skipped(why.to_owned())
}

fn tests(context: &Context, interpreter: &Interpreter) -> anyhow::Result<(Counts, Vec<String>)> {
    // Cargo does nothing for all but the first.
    let library = build_limited(&context.workspace, EXTENSION, FEATURE)?;
    let mut command = Command::new(&interpreter.program);
    command.arg(context.workspace.root.join(RUNNER)).arg(library);
    if let Some(folder) = crate::numpy::provide(&context.workspace, interpreter) {
        command.env("PYTHONPATH", folder);
    }
    script::run(&mut command)
}

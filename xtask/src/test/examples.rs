//! The extension modules among the examples, each used from Python as its users would.

use super::Context;
use super::outcome::{Counts, Verdict};
use super::script;
use crate::interpreter::Interpreter;
use crate::package::Package;

/// The runner, in the workspace. Its last line on standard output counts the examples.
const RUNNER: &str = "crates/bufproto-py/tests/examples/run.py";

pub(super) fn run(context: &Context, interpreter: &Interpreter) -> Verdict {
    if let Err(why) = interpreter.supports_extension() {
        return Verdict::Skipped(why);
    }
    match examples(context, interpreter) {
        Ok((counts, reasons)) => Verdict::Ran(counts, reasons.join("; ")),
        Err(error) => Verdict::Failed(format!("{error:#}")),
    }
}

fn examples(context: &Context, interpreter: &Interpreter) -> anyhow::Result<(Counts, Vec<String>)> {
    let mut modules = Package::examples(&context.workspace, interpreter)?;
    modules.folders.extend(crate::numpy::provide(&context.workspace, interpreter));
    script::run(modules.python(interpreter)?.arg(context.workspace.root.join(RUNNER)))
}

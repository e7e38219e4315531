//! Live objects of one interpreter: the extension module is built for it, and the tests run inside it.

use super::Context;
use super::outcome::{Counts, Verdict};
use super::script;
use crate::interpreter::{Interpreter, Version};
use crate::numpy;
use crate::package::Package;

/// The cargo feature that brings the tests' own entry points.
const FEATURE: &str = "kit";

/// The runner, in the workspace. Its last line on standard output counts the tests.
const RUNNER: &str = "crates/bufproto-py/tests/live/run.py";

pub(super) fn run(context: &Context, interpreter: &Interpreter) -> Verdict {
    if interpreter.version < (Version { major: 3, minor: 0, patch: 0 }) {
        return Verdict::Skipped("no backend for live objects of the 2.x dialect yet".to_owned());
    }
    if let Err(why) = interpreter.supports_extension() {
        return Verdict::Skipped(why);
    }
    match tests(context, interpreter) {
        Ok((counts, reasons)) => Verdict::Ran(counts, reasons.join("; ")),
        Err(error) => Verdict::Failed(format!("{error:#}")),
    }
}

fn tests(context: &Context, interpreter: &Interpreter) -> anyhow::Result<(Counts, Vec<String>)> {
    let mut package = Package::build(&context.workspace, interpreter, FEATURE)?;
    package.folders.extend(numpy::provide(&context.workspace, interpreter));
    script::run(package.python(interpreter)?.arg(context.workspace.root.join(RUNNER)))
}

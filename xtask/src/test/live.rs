//! Live objects of one interpreter: the extension module is built for it, and the tests run inside it.

use super::Context;
use super::outcome::{Counts, Verdict};
use super::script;
use crate::compiler::Compiler;
use crate::interpreter::{Extension, Interpreter};
use crate::package::Package;

/// The cargo feature that brings the tests' own entry points.
pub(super) const FEATURE: &str = "kit";

/// The runner, in the workspace. Its last line on standard output counts the tests.
const RUNNER: &str = "crates/bufproto-py/tests/live/run.py";

pub(super) fn run(context: &Context, interpreter: &Interpreter) -> Verdict {
    let usable = interpreter.extension().and_then(|extension| match extension {
        Extension::Rust => Ok(()),
        Extension::C => Compiler::find(&context.workspace, interpreter).map(|_| ()),
    });
    if let Err(why) = usable {
        return Verdict::Skipped(why);
    }
    Verdict::counted(tests(context, interpreter))
}

fn tests(context: &Context, interpreter: &Interpreter) -> anyhow::Result<(Counts, Vec<String>)> {
    let mut package = Package::build(&context.workspace, interpreter, FEATURE)?;
    package.folders.extend(crate::numpy::provide(&context.workspace, interpreter));
    let mut python = package.python(interpreter)?;
    // Some tests panic on purpose. Where that was is known, and finding it out takes long.
    python.env("RUST_BACKTRACE", "0").arg(context.workspace.root.join(RUNNER));
    script::run(&mut python)
}

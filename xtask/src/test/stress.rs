//! Threads that share objects: `cargo xtask test` lets them run for seconds, `cargo xtask ci` for minutes. Where an interpreter
//! has no lock of its own, they run at the same time.

use super::outcome::Verdict;
use super::{Context, hostile, script};
use crate::compiler::Compiler;
use crate::interpreter::{Interpreter, Version};

/// How long they run, in seconds.
const SHORT: u32 = 2;

pub(super) fn run(context: &Context, interpreter: &Interpreter) -> Verdict {
    run_for(context, interpreter, SHORT)
}

/// For so many seconds.
pub(super) fn run_for(context: &Context, interpreter: &Interpreter, seconds: u32) -> Verdict {
    if interpreter.implementation != "cpython" {
        return Verdict::Skipped("references are counted by CPython only".to_owned());
    }
    if interpreter.version < (Version { major: 3, minor: 6, patch: 0 }) {
        return Verdict::Skipped("the threads need Python 3".to_owned());
    }
    let compiler = match Compiler::find(&context.workspace, interpreter) {
        Ok(compiler) => compiler,
        Err(why) => return Verdict::Skipped(why),
    };
    let counted = hostile::python(context, interpreter, &compiler, "stress/run_stress.py")
        .and_then(|mut python| script::run(python.arg(seconds.to_string())));
    Verdict::counted(counted)
}

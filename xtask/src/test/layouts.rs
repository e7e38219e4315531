//! Random structures on each interpreter: the library says of them what the interpreter says. `cargo xtask layouts` looks at
//! more of them.

use super::outcome::Verdict;
use super::{Context, script};
use crate::interpreter::Interpreter;
use crate::layouts;

/// How many structures are looked at, on each interpreter.
const STRUCTURES: &str = "5000";

pub(super) fn run(context: &Context, interpreter: &Interpreter) -> Verdict {
    let compiler = match layouts::compiler(&context.workspace, interpreter) {
        Ok(compiler) => compiler,
        Err(why) => return Verdict::Skipped(why),
    };
    let counted = layouts::command(&context.workspace, interpreter, &compiler)
        .and_then(|mut python| script::run(python.args(["--structures", STRUCTURES])));
    Verdict::counted(counted)
}

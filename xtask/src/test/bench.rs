//! The harness that compares ways to a pointer and a length: that it builds, answers, counts and times. Not how fast they are.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::Context;
use super::outcome::{Counts, Outcome, Verdict};
use crate::bench;
use crate::interpreter::Interpreter;

pub(super) fn run(context: &Context) -> Vec<Outcome> {
    let outcome = |on: String, verdict| vec![Outcome { step: "bench", on, verdict }];
    let usable = |one: &&Interpreter| {
        one.implementation == "cpython"
            && !one.debug
            && !one.free_threaded
            && one.supports_extension().is_ok()
            && !is_script(&one.program)
    };
    // The newest ones come last.
    let Some(interpreter) = context.found.interpreters.iter().rev().find(usable) else {
        let why = "no CPython that PyO3 supports was found".to_owned();
        return outcome("no interpreter".to_owned(), Verdict::Skipped(why));
    };
    let verdict = match bench::smoke(&context.workspace, interpreter) {
        Ok(passed) => Verdict::Ran(Counts { passed, ..Counts::default() }, String::new()),
        Err(error) => {
            let why = format!("{error:#}");
            // A tool that is not installed is no failure.
            if why.starts_with("nothing was measured") { Verdict::Skipped(why) } else { Verdict::Failed(why) }
        }
    };
    outcome(interpreter.to_string(), verdict)
}

/// Whether a program is started by another: what is counted is the process that is started here.
fn is_script(program: &Path) -> bool {
    let mut begin = [0; 2];
    File::open(program).and_then(|mut file| file.read_exact(&mut begin)).is_ok() && begin == *b"#!"
}

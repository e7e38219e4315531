//! The Rust tests of the workspace, by nextest where it is installed, and the examples in the documentation.

use std::ffi::OsString;
use std::io::{BufReader, IsTerminal as _};
use std::process::{Command, Stdio};

use super::Context;
use super::outcome::{Counts, Outcome, Verdict};
use crate::command::succeeds;
use crate::interpreter::{self, Interpreter};
use crate::workspace::cargo;

/// The crate for live objects. Its build asks an interpreter, and its examples link with one.
const LIVE: &str = "bufproto-py";

/// Every test that needs no interpreter while it runs, and every such example.
pub(super) fn run(context: &Context) -> Vec<Outcome> {
    let runner = Runner::find();
    let tests: &[&str] = match runner {
        Runner::Nextest => &["nextest", "run"],
        Runner::Cargo => &["test", "--lib", "--bins", "--tests"],
    };
    let outcome = |on: &str, verdict| Outcome { step: "rust", on: on.to_owned(), verdict };
    let mut command = workspace(context, tests);
    let mut on = "tests".to_owned();
    // PyO3 takes the first Python on PATH, which may be a broken shim or too old: name one that works.
    match interpreter::default()
        .ok()
        .or_else(|| linkable(context).map(|(interpreter, _)| interpreter.clone()))
    {
        Some(interpreter) => {
            command.env("PYO3_PYTHON", interpreter.program).env("PYO3_BUILD_EXTENSION_MODULE", "1");
        }
        None => {
            command.args(["--exclude", LIVE]);
            on.push_str(&format!(" (without {LIVE}: no Python)"));
        }
    }
    let mut examples = workspace(context, &["test", "--doc"]);
    examples.args(["--exclude", LIVE]);
    vec![outcome(&on, watch(&mut command, runner)), outcome("examples", watch(&mut examples, Runner::Cargo))]
}

/// The features whose items have examples of their own.
const WITH_EXAMPLES: &str = "bytes,memmap2,ndarray";

/// The examples with live objects. They link with an interpreter, so one that has a shared library is needed.
pub(super) fn live_examples(context: &Context) -> Vec<Outcome> {
    let outcome = |on, verdict| vec![Outcome { step: "live examples", on, verdict }];
    let Some((interpreter, libraries)) = linkable(context) else {
        let why = "no interpreter has a shared library to link with".to_owned();
        return outcome("no interpreter".to_owned(), Verdict::Skipped(why));
    };
    let mut command = Command::new(cargo());
    command
        .current_dir(&context.workspace.root)
        .args([
            "test",
            "--package",
            LIVE,
            "--features",
            WITH_EXAMPLES,
            "--doc",
            "--no-fail-fast",
            "--target-dir",
        ])
        .arg(context.workspace.target.join("python").join("examples"))
        .env("PYO3_PYTHON", &interpreter.program)
        .env_remove("PYO3_BUILD_EXTENSION_MODULE")
        .env("LD_LIBRARY_PATH", with_first(libraries.into(), "LD_LIBRARY_PATH"))
        .env("DYLD_LIBRARY_PATH", with_first(libraries.into(), "DYLD_LIBRARY_PATH"));
    outcome(interpreter.to_string(), watch(&mut command, Runner::Cargo))
}

/// The newest interpreter that a program can link with, and where its library is.
fn linkable(context: &Context) -> Option<(&Interpreter, &std::path::Path)> {
    context.found.interpreters.iter().rev().find_map(|interpreter| {
        interpreter.supports_extension().ok()?;
        Some((interpreter, interpreter.library_folder.as_deref()?))
    })
}

/// A list of folders: this one, and then those that the variable has already.
fn with_first(folder: OsString, variable: &str) -> OsString {
    let users = std::env::var_os(variable).unwrap_or_default();
    let folders = std::iter::once(folder.clone().into()).chain(std::env::split_paths(&users));
    std::env::join_paths(folders).unwrap_or(folder)
}

fn workspace(context: &Context, arguments: &[&str]) -> Command {
    let mut command = Command::new(cargo());
    command.current_dir(&context.workspace.root).args(arguments).args(["--workspace", "--no-fail-fast"]);
    command
}

/// Runs the command, passes its output on as it comes, and reads the counts out of it.
pub(super) fn watch(command: &mut Command, runner: Runner) -> Verdict {
    if std::io::stderr().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    // One pipe for each output, or a test that writes much to the one that is not read would block.
    let mut child = match command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(error) => return Verdict::Failed(format!("cargo does not start: {error}")),
    };
    let (output, complaints) = (child.stdout.take(), child.stderr.take());
    let counts = std::thread::scope(|scope| {
        let errors = scope.spawn(|| {
            complaints.map_or_else(Counts::default, |pipe| {
                pass_on(BufReader::new(pipe), runner, |line| anstream::eprintln!("{line}"))
            })
        });
        let output = output.map_or_else(Counts::default, |pipe| {
            pass_on(BufReader::new(pipe), runner, |line| anstream::println!("{line}"))
        });
        errors.join().unwrap_or_default().and(output)
    });
    match child.wait() {
        Ok(status) if status.success() || counts.failed > 0 => Verdict::Ran(counts, String::new()),
        Ok(status) => Verdict::Failed(format!("ended with {status}; its output is above")),
        Err(error) => Verdict::Failed(format!("cargo was lost: {error}")),
    }
}

fn pass_on(output: impl std::io::BufRead, runner: Runner, print: impl Fn(&str)) -> Counts {
    let mut counts = Counts::default();
    for line in output.split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        print(&line);
        counts =
            counts.and(runner.counted(&anstream::adapter::strip_str(&line).to_string()).unwrap_or_default());
    }
    counts
}

/// Whose summary lines count. Nextest repeats the output of a test that failed, and with it the summary line of the
/// harness inside, which must not count again.
#[derive(Clone, Copy)]
pub(super) enum Runner {
    /// `Summary [ 1.2s] 9 tests run: 7 passed, 1 failed, 1 timed out, 2 skipped`
    Nextest,
    /// `test result: ok. 7 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out`
    Cargo,
}

impl Runner {
    /// Nextest, where it is installed.
    pub(super) fn find() -> Self {
        if succeeds(Command::new(cargo()).args(["nextest", "--version"])) {
            Self::Nextest
        } else {
            Self::Cargo
        }
    }

    /// The counts of a summary line; `None` for any other line.
    fn counted(self, line: &str) -> Option<Counts> {
        let list = match self {
            Self::Nextest => line.trim_start().strip_prefix("Summary [")?.split_once("run: ")?.1,
            Self::Cargo => line.strip_prefix("test result: ")?.split_once(". ")?.1,
        };
        Some(sum(list))
    }
}

/// The counts of a list as both runners write it.
fn sum(list: &str) -> Counts {
    let mut counts = Counts::default();
    for item in list.split([',', ';']) {
        let Some((number, what)) = item.trim().split_once(' ') else { continue };
        let Ok(number) = number.parse::<u64>() else { continue };
        match what.split_once(' ').map_or(what, |(word, _)| word) {
            "passed" => counts.passed += number,
            "failed" | "timed" | "exec" => counts.failed += number,
            "skipped" | "ignored" => counts.skipped += number,
            _ => {}
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_nextest_summary() {
        let line =
            "     Summary [   0.012s] 12 tests run: 9 passed (1 slow), 2 failed, 1 timed out, 3 skipped";
        assert_eq!(Runner::Nextest.counted(line), Some(Counts { passed: 9, failed: 3, skipped: 3 }));
        let stopped = "     Summary [   0.012s] 2/12 tests run: 1 passed, 1 failed, 0 skipped";
        assert_eq!(Runner::Nextest.counted(stopped), Some(Counts { passed: 1, failed: 1, skipped: 0 }));
        let single = "     Summary [   0.004s] 1 test run: 1 passed, 0 skipped";
        assert_eq!(Runner::Nextest.counted(single), Some(Counts { passed: 1, failed: 0, skipped: 0 }));
    }

    #[test]
    fn reads_test_harness_summary() {
        let line = "test result: FAILED. 7 passed; 1 failed; 2 ignored; 0 measured; 5 filtered out; finished in 0.01s";
        assert_eq!(Runner::Cargo.counted(line), Some(Counts { passed: 7, failed: 1, skipped: 2 }));
    }

    #[test]
    fn reads_nothing_into_other_lines() {
        assert_eq!(Runner::Cargo.counted("test layout::strides ... ok"), None);
        assert_eq!(Runner::Nextest.counted("7 passed, 1 failed"), None);
        // A failed test's own output, repeated.
        assert_eq!(Runner::Nextest.counted("    test result: FAILED. 0 passed; 1 failed; 0 ignored"), None);
    }
}

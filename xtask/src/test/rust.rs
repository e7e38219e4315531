//! The Rust tests of the workspace, by nextest where it is installed, and the examples in the documentation.

use std::io::{BufReader, IsTerminal as _};
use std::process::{Command, Stdio};

use super::Context;
use super::outcome::{Counts, Outcome, Verdict};
use crate::interpreter;
use crate::workspace::cargo;

/// The crate that cannot be built without an interpreter: PyO3's build asks one.
const NEEDS_INTERPRETER: &str = "bufproto-py";

pub(super) fn run(context: &Context) -> Vec<Outcome> {
    let nextest = Command::new(cargo()).args(["nextest", "--version"]).output();
    let tests: &[&str] = if nextest.is_ok_and(|output| output.status.success()) {
        &["nextest", "run"]
    } else {
        &["test", "--all-targets"]
    };
    vec![outcome(context, "tests", tests), outcome(context, "documentation", &["test", "--doc"])]
}

fn outcome(context: &Context, on: &str, arguments: &[&str]) -> Outcome {
    let mut command = Command::new(cargo());
    command.current_dir(&context.workspace.root).args(arguments).args(["--workspace", "--no-fail-fast"]);
    // PyO3 takes the first Python on PATH, which may be a broken shim or too old: name the one that works.
    let mut on = on.to_owned();
    match interpreter::default().ok().or_else(|| context.found.interpreters.last().cloned()) {
        Some(interpreter) => {
            command.env("PYO3_PYTHON", interpreter.program);
        }
        None => {
            command.args(["--exclude", NEEDS_INTERPRETER]);
            on.push_str(&format!(" (without {NEEDS_INTERPRETER}: no Python)"));
        }
    }
    Outcome { step: "rust", on, verdict: watch(command) }
}

/// Runs the command, passes its output on as it comes, and reads the counts out of it.
fn watch(mut command: Command) -> Verdict {
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
                pass_on(BufReader::new(pipe), |line| anstream::eprintln!("{line}"))
            })
        });
        let output = output.map_or_else(Counts::default, |pipe| {
            pass_on(BufReader::new(pipe), |line| anstream::println!("{line}"))
        });
        errors.join().unwrap_or_default().and(output)
    });
    match child.wait() {
        Ok(status) if status.success() || counts.failed > 0 => Verdict::Ran(counts),
        Ok(status) => Verdict::Failed(format!("ended with {status}; its output is above")),
        Err(error) => Verdict::Failed(format!("cargo was lost: {error}")),
    }
}

fn pass_on(output: impl std::io::BufRead, print: impl Fn(&str)) -> Counts {
    let mut counts = Counts::default();
    for line in output.split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        print(&line);
        counts = counts.and(counted(&anstream::adapter::strip_str(&line).to_string()).unwrap_or_default());
    }
    counts
}

/// The counts of a summary line: nextest's `Summary [ 1.2s] 9 tests run: 7 passed, 1 failed, 1 timed out, 2 skipped`, or
/// the test harness's `test result: ok. 7 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out`.
fn counted(line: &str) -> Option<Counts> {
    let line = line.trim();
    let list = match line.strip_prefix("test result: ") {
        Some(rest) => rest.split_once(". ")?.1,
        None => line.strip_prefix("Summary [")?.split_once("run: ")?.1,
    };
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
    Some(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_nextest_summary() {
        let line =
            "     Summary [   0.012s] 12 tests run: 9 passed (1 slow), 2 failed, 1 timed out, 3 skipped";
        assert_eq!(counted(line), Some(Counts { passed: 9, failed: 3, skipped: 3 }));
        let stopped = "     Summary [   0.012s] 2/12 tests run: 1 passed, 1 failed, 0 skipped";
        assert_eq!(counted(stopped), Some(Counts { passed: 1, failed: 1, skipped: 0 }));
        let single = "     Summary [   0.004s] 1 test run: 1 passed, 0 skipped";
        assert_eq!(counted(single), Some(Counts { passed: 1, failed: 0, skipped: 0 }));
    }

    #[test]
    fn reads_test_harness_summary() {
        let line = "test result: FAILED. 7 passed; 1 failed; 2 ignored; 0 measured; 5 filtered out; finished in 0.01s";
        assert_eq!(counted(line), Some(Counts { passed: 7, failed: 1, skipped: 2 }));
    }

    #[test]
    fn reads_nothing_into_other_lines() {
        assert_eq!(counted("test layout::strides ... ok"), None);
        assert_eq!(counted("7 passed, 1 failed"), None);
    }
}

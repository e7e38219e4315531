//! A step on every interpreter. Several run at once, each in a process of its own, so that what one says stays together.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::Context as _;

use super::outcome::{Outcome, Verdict};
use super::{Context, Run, STEPS, Step, tell, title};
use crate::interpreter::Interpreter;

/// The most that run at once. Each has compilers of its own at work, which take memory.
const MOST: usize = 4;

/// Runs a step on each interpreter that was found.
pub(super) fn run(
    context: &Context,
    step: &'static str,
    run: fn(&Context, &Interpreter) -> Verdict,
) -> Vec<Outcome> {
    let interpreters = context.found.interpreters.as_slice();
    let at_once = thread::available_parallelism().map_or(1, usize::from).min(MOST);
    let verdicts = if let [one] = interpreters {
        // One alone says what it does while it does it.
        title(&format!("{step} on {one}"));
        let verdict = run(context, one);
        tell(&verdict);
        vec![verdict]
    } else {
        several(&context.program, step, interpreters, at_once)
    };
    let outcome =
        |(interpreter, verdict): (&Interpreter, _)| Outcome { step, on: interpreter.to_string(), verdict };
    interpreters.iter().zip(verdicts).map(outcome).collect()
}

/// The verdict on each interpreter, in their order. What each said is shown when it has ended.
fn several(program: &Path, step: &str, interpreters: &[Interpreter], at_once: usize) -> Vec<Verdict> {
    let next = AtomicUsize::new(0);
    let verdicts = Mutex::new(vec![None; interpreters.len()]);
    let work = || {
        while let Some((index, interpreter)) = taken(&next, interpreters) {
            let (said, verdict) = apart(program, step, &interpreter.program)
                .unwrap_or_else(|error| (String::new(), Verdict::Failed(format!("{error:#}"))));
            // Whoever holds the verdicts may speak.
            let mut verdicts = verdicts.lock().expect("no worker panics while it speaks");
            title(&format!("{step} on {interpreter}"));
            anstream::eprint!("{said}");
            tell(&verdict);
            verdicts[index] = Some(verdict);
        }
    };
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(work);
        }
    });
    let verdicts = verdicts.into_inner().expect("no worker panicked");
    verdicts.into_iter().map(|verdict| verdict.expect("a worker took it")).collect()
}

/// The next that nobody has taken.
fn taken<'a>(next: &AtomicUsize, interpreters: &'a [Interpreter]) -> Option<(usize, &'a Interpreter)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    Some((index, interpreters.get(index)?))
}

/// Runs a step on an interpreter in a process of its own; returns what it said, and its verdict.
fn apart(program: &Path, step: &str, python: &Path) -> anyhow::Result<(String, Verdict)> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let (said, verdict) = (folder.path().join("said"), folder.path().join("verdict"));
    let output = File::create(&said).with_context(|| format!("cannot write {}", said.display()))?;
    let mut command = Command::new(program);
    command.args(["test", "--python"]).arg(python).arg("--verdict").arg(step).arg(&verdict);
    let errors = output.try_clone().context("no second descriptor")?;
    let status = command.stdin(Stdio::null()).stdout(output).stderr(errors).status();
    let status = status.with_context(|| format!("{command:?} does not start"))?;
    let said = String::from_utf8_lossy(&fs::read(said).unwrap_or_default()).into_owned();
    let verdict = match fs::read(verdict) {
        Ok(bytes) => serde_json::from_slice(&bytes).context("the verdict cannot be read")?,
        Err(_) => Verdict::Failed(format!("it ended without a verdict: {status}")),
    };
    Ok((said, verdict))
}

/// The other side of [`apart`].
pub(super) fn answer(context: &Context, step: &OsStr, file: &Path) -> ExitCode {
    let named = STEPS.iter().find(|known| OsStr::new(known.name) == step);
    let (Some(&Step { run: Run::Each(run), .. }), [interpreter]) =
        (named, context.found.interpreters.as_slice())
    else {
        anstream::eprintln!("error: {} is no step that runs on each interpreter", step.display());
        return ExitCode::from(2);
    };
    let verdict = run(context, interpreter);
    match serde_json::to_vec(&verdict).map_err(std::io::Error::from).and_then(|bytes| fs::write(file, bytes))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("error: cannot write {}: {error}", file.display());
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_ends_without_a_verdict_has_failed() {
        let (said, verdict) = apart("echo".as_ref(), "live", "python".as_ref()).unwrap();
        assert!(said.starts_with("test --python python --verdict live "), "{said}");
        assert!(verdict.is_failure(), "{verdict:?}");
    }

    #[test]
    fn no_two_steps_have_one_name() {
        let mut names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), STEPS.len());
    }
}

//! `cargo xtask ci`: everything, for as long as it takes: the tests, and then whatever takes minutes and hours. What is left
//! out is in the table, with the reason. `cargo xtask test` is the quick form.

use std::process::{Command, ExitCode};

use anyhow::{Context as _, ensure};

use super::outcome::{Outcome, Verdict};
use super::{Context, context, sanitize, stress, tally, tell, title};
use crate::fuzz::Fuzzer;
use crate::interpreter::Interpreter;
use crate::nightly::Missing;
use crate::{layouts, mutants, oracle};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How long each fuzz target runs, in minutes
    #[arg(long, value_name = "N", default_value_t = 10)]
    fuzz_minutes: u32,
    /// How long threads share objects, in seconds on each interpreter
    #[arg(long, value_name = "N", default_value_t = 120)]
    stress_seconds: u32,
    /// Run only the parts whose name has this in it
    #[arg(long, value_name = "PART")]
    only: Option<String>,
}

/// One part of the whole, and what runs it.
struct Part {
    name: &'static str,
    run: fn(&Context, &Arguments) -> Vec<Outcome>,
}

/// Every part, in order: what finds most comes first.
const PARTS: &[Part] = &[
    Part { name: "tests", run: |context, _| vec![ours("tests", "all", context, &["test"])] },
    Part { name: "sanitizers", run: |context, _| sanitizers(context) },
    Part {
        name: "stress",
        run: |context, arguments| {
            each("stress", context, |interpreter| {
                stress::run_for(context, interpreter, arguments.stress_seconds)
            })
        },
    },
    Part {
        name: "layouts",
        run: |context, _| {
            each("layouts", context, |interpreter| match layouts::compiler(&context.workspace, interpreter) {
                Ok(_) => on(context, interpreter, "layouts"),
                Err(why) => Verdict::Skipped(why),
            })
        },
    },
    Part {
        name: "oracle",
        run: |context, _| {
            each("oracle", context, |interpreter| match oracle::compiler(&context.workspace, interpreter) {
                Ok(_) => on(context, interpreter, "oracle"),
                Err(why) => Verdict::Skipped(why),
            })
        },
    },
    Part { name: "fuzz", run: |context, arguments| vec![fuzz(context, arguments.fuzz_minutes)] },
    Part { name: "mutants", run: |context, _| vec![mutants(context)] },
];

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let context = match context(&super::Arguments::default()) {
        Ok(context) => context,
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            return ExitCode::from(2);
        }
    };
    let mut outcomes = Vec::new();
    let chosen = |part: &&Part| arguments.only.as_ref().is_none_or(|only| part.name.contains(only.as_str()));
    for part in PARTS.iter().filter(chosen) {
        title(part.name);
        let ran = (part.run)(&context, arguments);
        ran.iter().for_each(|outcome| tell(&outcome.verdict));
        outcomes.extend(ran);
    }
    tally::conclude(&outcomes)
}

/// One of our own tasks, in a process of its own, which says itself what it skips.
fn ours(step: &'static str, on: &str, context: &Context, arguments: &[&str]) -> Outcome {
    Outcome { step, on: on.to_owned(), verdict: Verdict::of(task(context, arguments)) }
}

fn task(context: &Context, arguments: &[&str]) -> anyhow::Result<()> {
    let mut command = Command::new(&context.program);
    let status = command.args(arguments).current_dir(&context.workspace.root).status();
    let status = status.context("this program does not start")?;
    ensure!(status.success(), "cargo xtask {} ended with {status}; its output is above", arguments.join(" "));
    Ok(())
}

/// A task on one interpreter.
fn on(context: &Context, interpreter: &Interpreter, name: &str) -> Verdict {
    let Some(program) = interpreter.program.to_str() else {
        return Verdict::Skipped("its name is no text".to_owned());
    };
    Verdict::of(task(context, &[name, "--python", program]))
}

fn each(step: &'static str, context: &Context, run: impl Fn(&Interpreter) -> Verdict) -> Vec<Outcome> {
    let outcome = |interpreter: &Interpreter| {
        title(&format!("{step} on {interpreter}"));
        Outcome { step, on: interpreter.to_string(), verdict: run(interpreter) }
    };
    context.found.interpreters.iter().map(outcome).collect()
}

fn sanitizers(context: &Context) -> Vec<Outcome> {
    sanitize::all(&context.workspace, None).unwrap_or_else(|Missing(why)| {
        vec![Outcome { step: "sanitizers", on: "all".to_owned(), verdict: Verdict::Skipped(why) }]
    })
}

fn fuzz(context: &Context, minutes: u32) -> Outcome {
    match Fuzzer::find(&context.workspace) {
        Ok(_) => ours("fuzz", "all targets", context, &["fuzz", "--minutes", &minutes.to_string()]),
        Err(Missing(why)) => {
            Outcome { step: "fuzz", on: "all targets".to_owned(), verdict: Verdict::Skipped(why) }
        }
    }
}

fn mutants(context: &Context) -> Outcome {
    match mutants::missing() {
        None => ours("mutants", "bufproto-core", context, &["mutants"]),
        Some(how) => Outcome {
            step: "mutants",
            on: "bufproto-core".to_owned(),
            verdict: Verdict::Skipped(how.to_owned()),
        },
    }
}

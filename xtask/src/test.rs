//! `cargo xtask test`: the one test command. Each step is one file below `test/`; all of them run, whatever fails, and a
//! table at the end says what passed, what failed, and what was skipped and why.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::interpreter::{self, Found, Interpreter, Unusable};
use crate::workspace::Workspace;

mod core_alone;
mod kit;
mod outcome;
mod rust;
mod tally;

use outcome::{Outcome, Verdict};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Run only what needs no interpreter
    #[arg(long, conflicts_with = "python")]
    quick: bool,
    /// Test on this interpreter only: a path, or a name on PATH
    #[arg(long, value_name = "EXE")]
    python: Option<OsString>,
}

/// What every step may look at.
struct Context {
    workspace: Workspace,
    found: Found,
}

/// One part of the whole: a name for the table and what runs it.
struct Step {
    name: &'static str,
    run: Run,
}

/// What a step is run on.
enum Run {
    /// Once; no interpreter is tested.
    Once(fn(&Context) -> Vec<Outcome>),
    /// On every interpreter.
    Each(fn(&Context, &Interpreter) -> Verdict),
}

/// Every step, in order: the quick ones and those that find most come first.
const STEPS: &[Step] = &[
    Step { name: "core alone", run: Run::Once(core_alone::run) },
    Step { name: "rust", run: Run::Once(rust::run) },
    Step { name: "kit", run: Run::Each(kit::run) },
];

/// Runs every step and prints the table. Success only if nothing failed and, unless `--quick`, some interpreter was
/// tested.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let context = match context(arguments) {
        Ok(context) => context,
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            return ExitCode::from(2);
        }
    };
    let mut outcomes = Vec::new();
    for step in STEPS {
        match step.run {
            Run::Once(run) => {
                title(step.name);
                outcomes.extend(run(&context));
            }
            Run::Each(_) if arguments.quick => {}
            Run::Each(run) => {
                for interpreter in &context.found.interpreters {
                    title(&format!("{} on {interpreter}", step.name));
                    let verdict = run(&context, interpreter);
                    if let Verdict::Failed(why) | Verdict::Skipped(why) = &verdict {
                        anstream::eprintln!("{why}");
                    }
                    outcomes.push(Outcome { step: step.name, on: interpreter.to_string(), verdict });
                }
            }
        }
    }
    if !arguments.quick {
        outcomes.extend(context.found.unusable.iter().map(|Unusable { program, why }| Outcome {
            step: "find",
            on: program.display().to_string(),
            verdict: Verdict::Skipped(why.clone()),
        }));
    }
    anstream::println!("\n{}", tally::table(&outcomes));
    let complaints = tally::complaints(&outcomes, STEPS, arguments.quick);
    for complaint in &complaints {
        anstream::eprintln!("error: {complaint}");
    }
    if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn context(arguments: &Arguments) -> anyhow::Result<Context> {
    let found = match &arguments.python {
        _ if arguments.quick => Found::default(),
        None => interpreter::find(),
        Some(python) => {
            let interpreter = interpreter::named(python).map_err(|Unusable { program, why }| {
                anyhow::anyhow!("--python {}: {why}", program.display())
            })?;
            Found { interpreters: vec![interpreter], unusable: Vec::new() }
        }
    };
    Ok(Context { workspace: Workspace::find()?, found })
}

/// Announces what runs next.
fn title(text: &str) {
    anstream::eprintln!("\n== {text}");
}

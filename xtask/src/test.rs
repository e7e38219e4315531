//! `cargo xtask test`: the one test command. Each step is one file below `test/`; all of them run, whatever fails, and a
//! table at the end says what passed, what failed, and what was skipped and why.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::interpreter::{self, Found, Interpreter, Unusable};
use crate::workspace::Workspace;

mod bench;
mod budgets;
mod c_face;
mod c_lifetimes;
pub(crate) mod ci;
mod core_alone;
mod each;
mod examples;
mod first_extension;
mod fuzz;
mod hostile;
mod imported;
mod installed;
mod layouts;
mod limited;
mod live;
mod old_code;
mod outcome;
mod package;
mod release;
mod rust;
pub(crate) mod sanitize;
mod script;
mod stress;
mod tally;
mod targets;
mod tools;

use outcome::{Outcome, Verdict};

#[derive(clap::Args, Default)]
pub(crate) struct Arguments {
    /// Run only what needs no interpreter
    #[arg(long, conflicts_with = "python")]
    quick: bool,
    /// Test on this interpreter only: a path, or a name on PATH
    #[arg(long, value_name = "EXE")]
    python: Option<OsString>,
    /// Run only the steps whose name has this in it
    #[arg(long, value_name = "STEP")]
    only: Option<String>,
    /// Run one step on the interpreter, and write its verdict to a file: for the steps that run on several at once
    #[arg(long, hide = true, requires = "python", num_args = 2, value_names = ["STEP", "FILE"])]
    verdict: Option<Vec<OsString>>,
}

/// What every step may look at.
struct Context {
    workspace: Workspace,
    found: Found,
    /// This program. A step may build it anew, after which it would not find itself.
    program: PathBuf,
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
    /// Once, on an interpreter that it chooses itself.
    OnOne(fn(&Context) -> Vec<Outcome>),
    /// On every interpreter.
    Each(fn(&Context, &Interpreter) -> Verdict),
}

/// Every step, in order: the quick ones and those that find most come first.
const STEPS: &[Step] = &[
    Step { name: "core alone", run: Run::Once(core_alone::run) },
    Step { name: "rust", run: Run::Once(rust::run) },
    Step { name: "other machines", run: Run::Once(targets::run) },
    Step { name: "budgets", run: Run::Once(budgets::run) },
    Step { name: "installed", run: Run::Once(installed::run) },
    Step { name: "compiler checks", run: Run::Once(old_code::checks) },
    Step { name: "live", run: Run::Each(live::run) },
    Step { name: "example modules", run: Run::Each(examples::run) },
    Step { name: "limited API", run: Run::Each(limited::run) },
    Step { name: "C face", run: Run::Each(c_face::run) },
    Step { name: "layouts", run: Run::Each(layouts::run) },
    Step { name: "C imports", run: Run::Each(imported::run) },
    Step { name: "C lifetimes", run: Run::Each(c_lifetimes::run) },
    Step { name: "hostile", run: Run::Each(hostile::run) },
    Step { name: "stress", run: Run::Each(stress::run) },
    Step { name: "C under valgrind", run: Run::OnOne(c_lifetimes::under_valgrind) },
    Step { name: "old code", run: Run::Each(old_code::run) },
    Step { name: "package", run: Run::OnOne(package::run) },
    Step { name: "bench", run: Run::OnOne(bench::run) },
    Step { name: "release", run: Run::Once(release::run) },
    Step { name: "first extension", run: Run::OnOne(first_extension::run) },
    Step { name: "sanitizers", run: Run::Once(sanitize::quick) },
    Step { name: "fuzz", run: Run::Once(fuzz::run) },
    Step { name: "live examples", run: Run::OnOne(rust::live_examples) },
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
    if let Some([step, file]) = arguments.verdict.as_deref() {
        return each::answer(&context, step, file.as_ref());
    }
    let mut outcomes = Vec::new();
    let chosen = |step: &&Step| arguments.only.as_ref().is_none_or(|part| step.name.contains(part.as_str()));
    let steps: Vec<&Step> = STEPS.iter().filter(chosen).collect();
    for step in &steps {
        match step.run {
            Run::OnOne(_) | Run::Each(_) if arguments.quick => {}
            Run::Once(run) | Run::OnOne(run) => {
                title(step.name);
                let ran = run(&context);
                ran.iter().for_each(|outcome| tell(&outcome.verdict));
                outcomes.extend(ran);
            }
            Run::Each(run) => outcomes.extend(each::run(&context, step.name, run)),
        }
    }
    outcomes.extend(unusable(&context.found.unusable));
    if tally::report(&outcomes, &steps, arguments.quick) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
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
    let program = std::env::current_exe().context("this program does not find itself")?;
    Ok(Context { workspace: Workspace::find()?, found, program })
}

/// A row for what looked like an interpreter and was none. A version manager has a shim for every command of every
/// version and most do not answer: those of one folder that say the same, but for their own names, share a row.
fn unusable(unusable: &[Unusable]) -> Vec<Outcome> {
    let mut rows = BTreeMap::<(PathBuf, String), Vec<String>>::new();
    for Unusable { program, why } in unusable {
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let folder = program.parent().unwrap_or(program).to_owned();
        rows.entry((folder, why.replace(&name, "NAME"))).or_default().push(name);
    }
    let outcome = |((folder, why), names): ((PathBuf, String), Vec<String>)| match names.as_slice() {
        [name] => Outcome {
            step: "find",
            on: folder.join(name).display().to_string(),
            verdict: Verdict::Skipped(why.replace("NAME", name)),
        },
        _ => Outcome {
            step: "find",
            on: format!("{} in {}", names.join(", "), folder.display()),
            verdict: Verdict::Skipped(why),
        },
    };
    rows.into_iter().map(outcome).collect()
}

/// Says why something did not run to its end, of which the table has but the first line.
fn tell(verdict: &Verdict) {
    if let Verdict::Failed(why) | Verdict::Skipped(why) = verdict {
        anstream::eprintln!("{why}");
    }
}

/// Announces what runs next.
fn title(text: &str) {
    anstream::eprintln!("\n== {text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shims_that_say_the_same_share_a_row() {
        let broken = |program: &str, why: &str| Unusable { program: program.into(), why: why.to_owned() };
        let rows = unusable(&[
            broken("/shims/python2", "pyenv: python2: command not found"),
            broken("/shims/python3.9", "pyenv: python3.9: command not found"),
            broken("/usr/bin/python3", "gave no answer within 15 seconds"),
        ]);
        let [shims, other] = rows.as_slice() else { panic!("two rows: {rows:?}") };
        assert_eq!(shims.on, "python2, python3.9 in /shims");
        assert_eq!(shims.verdict, Verdict::Skipped("pyenv: NAME: command not found".to_owned()));
        assert_eq!(other.on, "/usr/bin/python3");
        assert_eq!(other.verdict, Verdict::Skipped("gave no answer within 15 seconds".to_owned()));
    }
}

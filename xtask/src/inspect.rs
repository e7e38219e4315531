//! `cargo xtask inspect`: what the four functions answer for real objects of a real interpreter.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::Context as _;
use clap::Args;

use crate::interpreter::{self, Interpreter};
use crate::package;

/// What to inspect, and where.
#[derive(Args)]
pub(crate) struct Inspect {
    /// The interpreter, as a path or a name on PATH [default: the first python3 on PATH]
    #[arg(long, value_name = "EXE")]
    python: Option<PathBuf>,
    /// Print one JSON object, and nothing else, on standard output
    #[arg(long)]
    json: bool,
    /// Python expressions to inspect [default: one of each kind of object]
    #[arg(value_name = "EXPR")]
    expressions: Vec<String>,
}

/// No interpreter could be used.
const NO_PYTHON: u8 = 2;

/// Builds the package for the interpreter, and has it inspect the expressions.
pub(crate) fn run(options: &Inspect) -> anyhow::Result<ExitCode> {
    let interpreter = match choose(options) {
        Ok(interpreter) => interpreter,
        Err(why) => {
            eprintln!("error: {why}");
            return Ok(ExitCode::from(NO_PYTHON));
        }
    };
    eprintln!("building bufproto for {interpreter} ({})", interpreter.executable.display());
    let modules = package::build(&interpreter, "module")?;
    let mut python = Command::new(&interpreter.executable);
    python.args(["-m", "bufproto", "inspect"]).env("PYTHONPATH", modules);
    if options.json {
        python.arg("--json");
    }
    let status = python
        .arg("--")
        .args(&options.expressions)
        .status()
        .with_context(|| format!("{} cannot be started any more", interpreter.executable.display()))?;
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}

fn choose(options: &Inspect) -> Result<Interpreter, String> {
    let Some(python) = &options.python else {
        return interpreter::first_on_path((3, 8)).ok_or_else(|| {
            "no Python 3.8 or later was found on PATH; name one with --python EXE".to_owned()
        });
    };
    let interpreter = Interpreter::ask(python)
        .map_err(|why| format!("--python {}: {why}; name a Python 3.8 or later", python.display()))?;
    package::check_supported(&interpreter)
        .map_err(|why| format!("--python {}: this is {interpreter}, and {why}", python.display()))?;
    Ok(interpreter)
}

//! `cargo xtask inspect`: what the four functions answer for real objects of a real interpreter.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::interpreter::{self, Interpreter, OLDEST_WITH_EXTENSION, Unusable, Version};
use crate::package::Package;
use crate::workspace::Workspace;

/// Exit status when nothing could be inspected at all; 1 is left to "an expression failed".
const NOTHING_INSPECTED: u8 = 2;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The interpreter: a path, or a name on PATH [default: the first python3 or python on PATH of 3.8 or later]
    #[arg(long, value_name = "EXE")]
    python: Option<OsString>,
    /// Print one JSON object and nothing else on standard output
    #[arg(long)]
    json: bool,
    /// Python expressions to evaluate [default: a choice of exporters]; after `--` they may begin with a dash
    #[arg(value_name = "EXPR")]
    expressions: Vec<OsString>,
}

/// Builds what is needed and hands over to `python -m bufproto inspect`, whose exit status becomes ours.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    match inspect(arguments) {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            ExitCode::from(NOTHING_INSPECTED)
        }
    }
}

fn inspect(arguments: &Arguments) -> anyhow::Result<u8> {
    let interpreter = choose(arguments)?;
    let package = Package::build(&Workspace::find()?, &interpreter, "module")?;
    let mut python = package.python(&interpreter)?;
    python.args(["-m", "bufproto", "inspect"]);
    if arguments.json {
        python.arg("--json");
    }
    python.arg("--").args(&arguments.expressions);
    let status =
        python.status().with_context(|| format!("{} does not start", interpreter.program.display()))?;
    // Ended by a signal: there is no code, and nothing that was printed can be relied on.
    let code = status.code().with_context(|| format!("{interpreter} was ended: {status}"))?;
    Ok(u8::try_from(code).unwrap_or(NOTHING_INSPECTED))
}

fn choose(arguments: &Arguments) -> anyhow::Result<Interpreter> {
    let Some(python) = &arguments.python else {
        return interpreter::default().map_err(|refused| anyhow::Error::msg(none_found(&refused)));
    };
    let interpreter = interpreter::named(python).map_err(|Unusable { program, why }| {
        anyhow::anyhow!("--python {}: {why}; name a Python 2.7, or 3.6 or later", program.display())
    })?;
    interpreter.extension().map_err(|why| {
        anyhow::anyhow!("--python {}: is {interpreter}, {why}", std::path::Path::new(python).display())
    })?;
    Ok(interpreter)
}

fn none_found(refused: &[Unusable]) -> String {
    let Version { major, minor, .. } = OLDEST_WITH_EXTENSION;
    let mut message = format!(
        "no Python {major}.{minor} or later on PATH; install one, or name one: cargo xtask inspect --python EXE"
    );
    for Unusable { program, why } in refused {
        // Writing to a string cannot fail.
        let _ = write!(message, "\n  {}: {why}", program.display());
    }
    message
}

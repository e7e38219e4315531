//! Live objects, on every interpreter found.

use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::interpreter::{self, Interpreter};
use crate::package;

use super::{Row, rust};

/// What the test runner of an interpreter prints in its last line.
#[derive(Deserialize)]
struct Counts {
    passed: usize,
    failed: usize,
    skipped: Vec<String>,
}

/// A row for each interpreter, and for whatever only looked like one.
pub(crate) fn all() -> anyhow::Result<Vec<Row>> {
    let (interpreters, unusable) = interpreter::find_all();
    let mut rows = vec![rust::live_documentation(&interpreters)?];
    for interpreter in &interpreters {
        rows.push(test(interpreter));
    }
    rows.extend(
        unusable.iter().map(|unusable| Row::skipped(unusable.path.display().to_string(), &unusable.why)),
    );
    if !rows.iter().skip(1).any(Row::has_run) {
        let variable = interpreter::VARIABLE;
        eprintln!(
            "error: no interpreter was tested; put a Python 3.8 or later on PATH, or name one in {variable}"
        );
        rows.push(Row::whole("an interpreter to test on", false));
    }
    Ok(rows)
}

fn test(interpreter: &Interpreter) -> Row {
    let name = interpreter.to_string();
    if let Err(why) = package::check_supported(interpreter) {
        return Row::skipped(name, why);
    }
    println!("\nlive objects of {interpreter} ({})", interpreter.executable.display());
    match run(interpreter) {
        Ok(counts) => Row::counted(name, counts.passed, counts.failed, counts.skipped),
        Err(error) => {
            eprintln!("error: {error:#}");
            Row::whole(name, false)
        }
    }
}

fn run(interpreter: &Interpreter) -> anyhow::Result<Counts> {
    let modules = package::build(interpreter, "kit")?;
    let tests = package::project_root().join("crates/bufproto-py/tests/live");
    let output = Command::new(&interpreter.executable)
        .arg(tests.join("run.py"))
        .env("PYTHONPATH", modules)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stderr(Stdio::inherit())
        .output()?;
    let output_text = String::from_utf8_lossy(&output.stdout);
    let (told, last) = output_text.trim_end().rsplit_once('\n').unwrap_or(("", output_text.trim_end()));
    println!("{told}");
    let counts: Counts = serde_json::from_str(last)
        .map_err(|_| anyhow::anyhow!("the tests ended early ({}): {last}", output.status))?;
    // A runner that fails after it has counted, as when the interpreter crashes at its end, has not passed.
    anyhow::ensure!(
        output.status.success() || counts.failed != 0,
        "the tests ended badly: {}",
        output.status
    );
    Ok(counts)
}

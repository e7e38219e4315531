//! The README's way to a first extension, word for word: in an empty folder beside the workspace, as its readers go it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use super::Context;
use super::outcome::{Counts, Outcome, Verdict};
use crate::interpreter::{self, Interpreter};
use crate::package::CRATE;

const STEP: &str = "first extension";

/// The section of the README.
const SECTION: &str = "## Your first extension\n";

/// How the script ends where something cannot be downloaded.
const OFFLINE: i32 = 77;

/// Once is enough: on the interpreter that a user gets without naming one.
pub(super) fn run(context: &Context) -> Vec<Outcome> {
    let found = &context.found.interpreters;
    let usable = |one: &&Interpreter| one.supports_extension().is_ok() && one.implementation == "cpython";
    let usual = interpreter::default().ok().and_then(|usual| found.iter().find(|one| one.is_same(&usual)));
    let Some(interpreter) = usual.filter(usable).or_else(|| found.iter().rfind(usable)) else {
        let why = "the extension module in Rust builds for no interpreter here".to_owned();
        return vec![Outcome { step: STEP, on: "no interpreter".to_owned(), verdict: Verdict::Skipped(why) }];
    };
    let verdict = if cfg!(unix) {
        follow(context, interpreter).unwrap_or_else(|error| Verdict::Failed(format!("{error:#}")))
    } else {
        Verdict::Skipped("its commands are for a Unix shell".to_owned())
    };
    vec![Outcome { step: STEP, on: interpreter.to_string(), verdict }]
}

fn follow(context: &Context, interpreter: &Interpreter) -> anyhow::Result<Verdict> {
    let readme = context.workspace.root.join("crates").join(CRATE).join("README.md");
    let text = fs::read_to_string(&readme).with_context(|| format!("cannot read {}", readme.display()))?;
    let script = script(&text)?.replace("python3 -m venv", "\"$PYTHON\" -m venv");
    // Not below the workspace, which cargo would make it a part of.
    let folder = tempfile::tempdir()?;
    link(&context.workspace.root, &folder.path().join("bufproto"))?;
    let target = context.workspace.target.join("python").join(interpreter.key()).join("first");
    let output = Command::new("sh")
        .args(["-e", "-c", &script])
        .current_dir(folder.path())
        .env("PYTHON", &interpreter.program)
        // What is built once need not be built again.
        .env("CARGO_TARGET_DIR", target)
        .env_remove("PYO3_PYTHON")
        .env_remove("VIRTUAL_ENV")
        .stdin(Stdio::null())
        .output()
        .context("sh does not start")?;
    let said =
        [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    Ok(match output.status.code() {
        Some(0) => Verdict::Ran(Counts { passed: 1, ..Counts::default() }, String::new()),
        Some(OFFLINE) => Verdict::Skipped("maturin or crates cannot be downloaded".to_owned()),
        _ => Verdict::Failed(format!("following {} failed:\n{said}", readme.display())),
    })
}

#[cfg(unix)]
fn link(workspace: &Path, name: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(workspace, name)
}

#[cfg(not(unix))]
fn link(_workspace: &Path, _name: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// The section as a script: its commands, and its other blocks as files that they meet. The session at its end is compared
/// with what the interpreter answers.
fn script(readme: &str) -> anyhow::Result<String> {
    let (_, section) = readme.split_once(SECTION).context("the README has no such section")?;
    let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
    let mut script = String::new();
    let mut session = false;
    for block in section.split("\n```").skip(1).step_by(2) {
        let (language, block) = block.split_once('\n').context("a block is empty")?;
        match language {
            "sh" => {
                for line in block.lines().filter(|line| *line != ".venv/bin/python") {
                    let download = if line.contains("pip install") { " || exit 77" } else { "" };
                    script += &format!("{line}{download}\n");
                }
            }
            "toml" => script += &format!("cat > Cargo.toml <<'END'\n{block}\nEND\ncargo fetch || exit 77\n"),
            "rust" => script += &format!("cat > src/lib.rs <<'END'\n{block}\nEND\n"),
            "pycon" => {
                session = true;
                script += &format!(
                    "cat > session.txt <<'END'\n{block}\nEND\n.venv/bin/python -m doctest session.txt\n"
                );
            }
            other => anyhow::bail!("nobody knows what to do with a block of {other:?}"),
        }
    }
    ensure!(
        session && script.contains("maturin develop"),
        "the section has lost its commands, or its session"
    );
    Ok(script)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_becomes_a_script() {
        let block = |language: &str, text: &str| format!("\n```{language}\n{text}\n```\n");
        let text = block("sh", "maturin develop\n.venv/bin/python") + &block("pycon", ">>> 1");
        let made = script(&format!("# Title\n\n{SECTION}\nWords.\n{text}\n## Other\n")).unwrap();
        let session = "cat > session.txt <<'END'\n>>> 1\nEND\n.venv/bin/python -m doctest session.txt\n";
        assert_eq!(made, format!("maturin develop\n{session}"));
        assert!(script("# Title\n").is_err());
        assert!(script(&format!("{SECTION}{}", block("sh", "true"))).is_err());
    }
}

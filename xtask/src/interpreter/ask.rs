//! Asks one executable which Python it is.

use std::ffi::OsStr;
use std::io::{Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use wait_timeout::ChildExt as _;

use super::{Interpreter, Version};

/// The script that an interpreter is asked to run; it works from Python 2.7 on.
const FACTS: &str = include_str!("facts.py");

/// How long an interpreter may take to answer. A version manager's shim takes a tenth of a second.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// How much of what a program complains is told, in characters.
const LONGEST_REASON: usize = 120;

/// Runs `program` and returns what it says about itself, or why it is not a usable Python.
pub(super) fn ask(program: &Path, patience: Duration) -> Result<Interpreter, String> {
    let answer = run(program, patience)?;
    parse(program, &answer).ok_or_else(|| "is not a Python: it does not run a Python script".to_owned())
}

/// Runs the script and returns its standard output. Both outputs go to files, so that neither a talkative program nor
/// a grandchild that keeps a pipe open can hold us up.
fn run(program: &Path, patience: Duration) -> Result<String, String> {
    let file =
        || tempfile::tempfile().map_err(|error| format!("could not be asked: no temporary file: {error}"));
    let (mut output, mut complaint) = (file()?, file()?);
    let cannot_start = |error: std::io::Error| format!("does not start: {error}");
    let mut child = Command::new(program)
        .args([OsStr::new("-c"), OsStr::new(FACTS)])
        .env_remove("PYTHONPATH")
        .env_remove("PYTHONSTARTUP")
        .stdin(Stdio::null())
        .stdout(output.try_clone().map_err(cannot_start)?)
        .stderr(complaint.try_clone().map_err(cannot_start)?)
        .spawn()
        .map_err(cannot_start)?;
    let waited = child.wait_timeout(patience).map_err(|error| format!("cannot be waited for: {error}"))?;
    let Some(status) = waited else {
        // The child may have ended meanwhile; then there is nothing to kill, and waiting returns at once.
        let _ = child.kill();
        let _ = child.wait();
        return Err(format!("gave no answer within {} seconds", patience.as_secs_f32()));
    };
    if !status.success() {
        let complaint = text_of(&mut complaint);
        let reason = complaint.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned);
        // A program that is no Python may quote the whole script.
        let short = |reason: String| match reason.char_indices().nth(LONGEST_REASON) {
            Some((end, _)) => format!("{}...", &reason[..end]),
            None => reason,
        };
        return Err(reason.map_or_else(|| format!("failed without a message ({status})"), short));
    }
    Ok(text_of(&mut output))
}

/// All that the program wrote; nothing where it cannot be read, which `parse` then refuses.
fn text_of(file: &mut std::fs::File) -> String {
    let mut bytes = Vec::new();
    match file.rewind().and_then(|()| file.read_to_end(&mut bytes)) {
        Ok(_) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => String::new(),
    }
}

/// Reads the script's answer. Lines of others (a `sitecustomize` that prints) are passed over.
fn parse(program: &Path, answer: &str) -> Option<Interpreter> {
    let fact = |name: &str| {
        answer
            .lines()
            .find_map(|line| line.trim_end().strip_prefix(name)?.strip_prefix('='))
            .map(str::to_owned)
    };
    let resolved = fact("executable")?;
    Some(Interpreter {
        program: program.to_owned(),
        resolved: if resolved.is_empty() { program.to_owned() } else { PathBuf::from(resolved) },
        version: Version::parse(&fact("version")?)?,
        implementation: fact("implementation")?,
        free_threaded: fact("free_threaded")? == "1",
        debug: fact("debug")? == "1",
        pointer_bits: fact("pointer_bits")?.parse().ok()?,
        extension_suffix: fact("extension_suffix")?,
        library_folder: fact("library_folder").filter(|folder| !folder.is_empty()).map(PathBuf::from),
    })
}

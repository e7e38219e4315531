//! Where interpreters are looked for: `BUFPROTO_PYTHONS`, `PATH`, pyenv.
//!
//! `BUFPROTO_PYTHONS` is a list, separated as in `PATH` or by line ends, of executables, names to be found on `PATH`,
//! and directories whose interpreters all count. An entry that does not exist as it stands is read again as several,
//! separated by blanks: a path may contain a blank, and a list written by a shell script often does.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::ask::{PATIENCE, ask};
use super::{Interpreter, OLDEST_WITH_EXTENSION, Version};

/// What a search came upon.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Each interpreter once, by implementation and version.
    pub(crate) interpreters: Vec<Interpreter>,
    /// What looked like an interpreter and was none.
    pub(crate) unusable: Vec<Unusable>,
}

/// Something that looked like an interpreter, and why it is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unusable {
    pub(crate) program: PathBuf,
    pub(crate) why: String,
}

/// Where a search looks. Taken from the environment once, so that the search itself can be tested.
#[derive(Clone, Debug, Default)]
struct Places {
    /// The value of `BUFPROTO_PYTHONS`.
    named: OsString,
    /// The directories of `PATH`.
    path: Vec<PathBuf>,
    /// pyenv's root.
    pyenv: Option<PathBuf>,
}

/// Every interpreter of this machine.
pub(crate) fn find() -> Found {
    everywhere(&Places::of_environment(), PATIENCE)
}

/// The interpreter to use where the user names none: the first `python3` or `python` on `PATH` for which the extension
/// module builds, else the first of another name on `PATH`.
pub(crate) fn default() -> Result<Interpreter, Vec<Unusable>> {
    first_on_path(&Places::of_environment().path, PATIENCE)
}

/// The interpreter that the user named, by path or by a name on `PATH`.
pub(crate) fn named(program: &OsStr) -> Result<Interpreter, Unusable> {
    let unusable = |why: String| Unusable { program: program.into(), why };
    let path = which::which(program).map_err(|_| unusable("no such executable".to_owned()))?;
    ask(&path, PATIENCE).map_err(unusable)
}

impl Places {
    fn of_environment() -> Self {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let home = || Some(std::env::home_dir()?.join(".pyenv"));
        Self {
            named: variable("BUFPROTO_PYTHONS").unwrap_or_default(),
            path: variable("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default(),
            pyenv: variable("PYENV_ROOT").map(PathBuf::from).or_else(home),
        }
    }
}

fn everywhere(places: &Places, patience: Duration) -> Found {
    let mut found = Found::default();
    let mut candidates = Vec::new();
    for entry in entries(&places.named) {
        if entry.is_dir() {
            let inside = [entry.clone(), entry.join("bin")]
                .iter()
                .flat_map(|dir| in_directory(dir))
                .collect::<Vec<_>>();
            if inside.is_empty() {
                let why = "named by BUFPROTO_PYTHONS, but no interpreter is in this directory".to_owned();
                found.unusable.push(Unusable { program: entry, why });
            }
            candidates.extend(inside);
        } else {
            match which::which_in(&entry, std::env::join_paths(&places.path).ok(), ".") {
                Ok(program) => candidates.push(program),
                Err(_) => {
                    let why = "named by BUFPROTO_PYTHONS, but no such executable".to_owned();
                    found.unusable.push(Unusable { program: entry, why });
                }
            }
        }
    }
    candidates.extend(places.path.iter().flat_map(|dir| in_directory(dir)));
    if let Some(root) = &places.pyenv {
        candidates.extend(
            directory(&root.join("versions")).iter().flat_map(|version| in_directory(&version.join("bin"))),
        );
    }

    // Several names of one file are one question. The first name stays: the user's own order.
    let mut files = BTreeSet::new();
    candidates.retain(|program| files.insert(program.canonicalize().unwrap_or_else(|_| program.clone())));

    for (program, answer) in ask_all(&candidates, patience) {
        match answer {
            Ok(interpreter) => {
                if !found.interpreters.iter().any(|known| known.is_same(&interpreter)) {
                    found.interpreters.push(interpreter);
                }
            }
            Err(why) => found.unusable.push(Unusable { program, why }),
        }
    }
    found
        .interpreters
        .sort_by_key(|one| (one.implementation.clone(), one.version, one.free_threaded, one.debug));
    found
}

/// Asks all of them, several at a time: most of the time goes into waiting for them to start.
fn ask_all(candidates: &[PathBuf], patience: Duration) -> Vec<(PathBuf, Result<Interpreter, String>)> {
    let at_a_time = std::thread::available_parallelism().map_or(2, |cores| 2 * cores.get());
    let mut answers = Vec::new();
    for group in candidates.chunks(at_a_time) {
        std::thread::scope(|scope| {
            let asked =
                group.iter().map(|program| scope.spawn(|| ask(program, patience))).collect::<Vec<_>>();
            for (program, thread) in group.iter().zip(asked) {
                let answer = thread.join().unwrap_or_else(|_| Err("could not be asked".to_owned()));
                answers.push((program.clone(), answer));
            }
        });
    }
    answers
}

fn first_on_path(path: &[PathBuf], patience: Duration) -> Result<Interpreter, Vec<Unusable>> {
    let usual = path.iter().flat_map(|dir| ["python3", "python"].map(|name| dir.join(executable(name))));
    let usual = usual.filter(|program| program.is_file()).collect::<Vec<_>>();
    let others = path.iter().flat_map(|dir| in_directory(dir)).filter(|program| !usual.contains(program));
    let mut refused = Vec::new();
    for program in usual.iter().cloned().chain(others) {
        match ask(&program, patience) {
            Ok(interpreter) => match interpreter.supports_extension() {
                Ok(()) => return Ok(interpreter),
                // One that asks for headers and a compiler is for its user to choose.
                Err(_) if interpreter.extension().is_ok() => {
                    let Version { major, minor, .. } = OLDEST_WITH_EXTENSION;
                    let why = format!(
                        "is {interpreter}, older than {major}.{minor}: it is used only if it is named"
                    );
                    refused.push(Unusable { program, why });
                }
                Err(why) => refused.push(Unusable { program, why: format!("is {interpreter}, {why}") }),
            },
            Err(why) => refused.push(Unusable { program, why }),
        }
    }
    Err(refused)
}

/// The entries of `BUFPROTO_PYTHONS`, as the module's documentation says.
fn entries(value: &OsStr) -> Vec<PathBuf> {
    let Some(text) = value.to_str() else {
        // Not text, so nothing to look into for line ends and blanks.
        return std::env::split_paths(value).filter(|entry| !entry.as_os_str().is_empty()).collect();
    };
    let mut entries = Vec::new();
    for line in text.lines() {
        for entry in std::env::split_paths(line) {
            match entry.to_str() {
                Some(several) if !entry.exists() => {
                    entries.extend(several.split_whitespace().map(PathBuf::from))
                }
                _ => entries.push(entry),
            }
        }
    }
    entries.retain(|entry| !entry.as_os_str().is_empty());
    entries
}

/// The files of `dir` that are called like an interpreter, in a stable order.
fn in_directory(dir: &Path) -> Vec<PathBuf> {
    let is_interpreter = |path: &PathBuf| {
        path.file_name().and_then(OsStr::to_str).is_some_and(is_interpreter_name) && path.is_file()
    };
    directory(dir).into_iter().filter(is_interpreter).collect()
}

/// What is in a directory, sorted; nothing where it is none.
fn directory(dir: &Path) -> Vec<PathBuf> {
    let Ok(listing) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut paths = listing.filter_map(|entry| Some(entry.ok()?.path())).collect::<Vec<_>>();
    paths.sort();
    paths
}

/// `python`, `python3`, `python3.13t`, `python3.11-dbg`, `pypy3`, `graalpy`; not `python3-config`.
fn is_interpreter_name(name: &str) -> bool {
    let name = name.strip_suffix(std::env::consts::EXE_SUFFIX).unwrap_or(name);
    let Some(rest) = ["python", "pypy", "graalpy"].iter().find_map(|stem| name.strip_prefix(stem)) else {
        return false;
    };
    let suffix = rest.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
    matches!(suffix, "" | "t" | "d" | "td" | "m" | "dm" | "-dbg" | "t-dbg")
}

fn executable(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}

#[cfg(all(test, unix))]
mod tests;

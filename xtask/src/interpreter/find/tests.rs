//! Searches among fake interpreters: shell scripts that answer, fail or hang.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::*;

/// Long enough for a script on a busy machine.
const SOON: Duration = Duration::from_secs(20);

/// A folder of fake interpreters. One at a time: a script that is being written while another thread starts a process
/// is still open in that process for a moment, and a file that is open for writing does not start.
struct Machine(TempDir, #[expect(dead_code, reason = "held, not read")] MutexGuard<'static, ()>);

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

impl Machine {
    fn new() -> Self {
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        Self(tempfile::tempdir().expect("a temporary folder"), turn)
    }

    fn path(&self, inside: &str) -> PathBuf {
        self.0.path().join(inside)
    }

    fn script(&self, inside: &str, body: &str) -> PathBuf {
        let path = self.path(inside);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).expect("a script");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("an executable");
        path
    }

    /// An interpreter that answers as the real script would have it answer.
    fn python(&self, inside: &str, version: &str) -> PathBuf {
        // As `sys.executable`: where it was started from.
        self.answering(inside, version, Path::new("$0"), "")
    }

    fn answering(&self, inside: &str, version: &str, resolved: &Path, more: &str) -> PathBuf {
        let resolved = resolved.display();
        self.script(
            inside,
            &format!(
                "cat <<END\nexecutable={resolved}\nversion={version}\nimplementation=cpython\n{more}\n\
                 free_threaded=0\ndebug=0\npointer_bits=64\nextension_suffix=.so\nEND"
            ),
        )
    }

    fn places(&self, named: impl Into<OsString>, path: &[&str]) -> Places {
        Places { named: named.into(), path: path.iter().map(|dir| self.path(dir)).collect(), pyenv: None }
    }
}

fn versions(found: &Found) -> Vec<String> {
    found.interpreters.iter().map(|one| one.version.to_string()).collect()
}

#[test]
fn finds_every_name_on_every_path_entry() {
    let machine = Machine::new();
    machine.python("a/python3", "3.11.2");
    machine.python("b/python3", "3.9.1");
    machine.python("b/python2.7", "2.7.18");
    machine.python("b/python3.13t", "3.13.1");
    machine.python("b/python3-config", "3.1.0");
    machine.python("b/pythonic", "3.2.0");
    let found = everywhere(&machine.places("", &["a", "b", "absent"]), SOON);
    assert_eq!(versions(&found), ["2.7.18", "3.9.1", "3.11.2", "3.13.1"]);
    assert_eq!(found.unusable, []);
}

#[test]
fn finds_versions_of_pyenv() {
    let machine = Machine::new();
    machine.python("pyenv/versions/3.8.18/bin/python", "3.8.18");
    machine.python("pyenv/versions/3.12.1/bin/python", "3.12.1");
    let places = Places { pyenv: Some(machine.path("pyenv")), ..machine.places("", &[]) };
    assert_eq!(versions(&everywhere(&places, SOON)), ["3.8.18", "3.12.1"]);
}

#[test]
fn one_interpreter_of_many_names_counts_once() {
    let machine = Machine::new();
    let real = machine.python("real/python3.11", "3.11.2");
    fs::create_dir_all(machine.path("links")).expect("a folder");
    symlink(&real, machine.path("links/python3")).expect("a link");
    fs::hard_link(&real, machine.path("real/python3.11m")).expect("a hard link");
    // A shim is another file; only the interpreter's own answer tells.
    machine.answering("shims/python3", "3.11.2", &real, "");
    let found = everywhere(&machine.places("", &["links", "shims", "real"]), SOON);
    assert_eq!(versions(&found), ["3.11.2"]);
    assert_eq!(found.interpreters[0].program, machine.path("links/python3"));
}

#[test]
fn same_executable_with_other_flags_counts_again() {
    let machine = Machine::new();
    let real = machine.path("real");
    machine.answering("a/python3", "3.13.0", &real, "");
    machine.answering("b/python3", "3.13.0", &real, "free_threaded=1");
    let found = everywhere(&machine.places("", &["a", "b"]), SOON);
    assert_eq!(found.interpreters.iter().map(|one| one.free_threaded).collect::<Vec<_>>(), [false, true]);
    assert_ne!(found.interpreters[0].key(), found.interpreters[1].key());
    assert!(found.interpreters[1].key().starts_with("cpython-3.13t-"));
}

#[test]
fn broken_ones_are_named_with_the_reason() {
    let machine = Machine::new();
    let shim = machine.script("a/python3", "echo 'pyenv: python3: command not found' >&2; exit 127");
    let other = machine.script("a/python", "echo hello");
    let silent = machine.script("b/python3", "exit 3");
    let found = everywhere(&machine.places("", &["a", "b"]), SOON);
    assert_eq!(found.interpreters, []);
    let why = |program: &Path| {
        let unusable = found.unusable.iter().find(|one| one.program == program).expect("named");
        unusable.why.clone()
    };
    assert_eq!(why(&shim), "pyenv: python3: command not found");
    assert_eq!(why(&other), "is not a Python: it does not run a Python script");
    assert!(why(&silent).contains("exit status: 3"), "{}", why(&silent));
}

#[test]
fn hanging_one_is_given_up() {
    let machine = Machine::new();
    // The sleep is the script's child: it outlives the kill and keeps the outputs open.
    machine.script("a/python3", "sleep 60; true");
    let started = Instant::now();
    let found = everywhere(&machine.places("", &["a"]), Duration::from_millis(200));
    assert!(started.elapsed() < Duration::from_secs(30));
    assert!(found.unusable[0].why.starts_with("gave no answer within"), "{:?}", found.unusable);
}

#[test]
fn variable_takes_executables_directories_and_names() {
    let machine = Machine::new();
    let one = machine.python("one/my python", "3.9.0");
    machine.python("two/bin/python3.10", "3.10.0");
    machine.python("three/python3.11", "3.11.0");
    machine.python("path/python3.12", "3.12.0");
    let list = [one, machine.path("two"), machine.path("three"), "python3.12".into(), machine.path("absent")];
    let named = std::env::join_paths(list).expect("no separator inside");
    // The names on PATH count anyway, so look at the ones that come from the variable by their order.
    let found = everywhere(&machine.places(named, &["path"]), SOON);
    assert_eq!(versions(&found), ["3.9.0", "3.10.0", "3.11.0", "3.12.0"]);
    assert_eq!(found.unusable.len(), 1);
    assert!(found.unusable[0].why.contains("BUFPROTO_PYTHONS"));
    assert_eq!(found.unusable[0].program, machine.path("absent"));
}

#[test]
fn variable_may_be_separated_by_lines_or_blanks() {
    let machine = Machine::new();
    let one = machine.python("one", "3.9.0");
    let two = machine.python("two", "3.10.0");
    for separator in ["\n", " ", "\n\n  "] {
        let named = format!("{}{separator}{}", one.display(), two.display());
        assert_eq!(
            versions(&everywhere(&machine.places(named, &[]), SOON)),
            ["3.9.0", "3.10.0"],
            "{separator:?}"
        );
    }
}

#[test]
fn empty_directory_of_the_variable_is_reported() {
    let machine = Machine::new();
    let found = everywhere(&machine.places(machine.path(""), &[]), SOON);
    assert!(found.unusable[0].why.contains("no interpreter is in this directory"), "{:?}", found.unusable);
}

#[test]
fn default_is_the_first_that_will_do_not_the_newest() {
    let machine = Machine::new();
    machine.script("a/python3", "exit 127");
    machine.python("a/python", "2.7.18");
    machine.python("b/python3", "3.7.9");
    machine.python("c/python3", "3.9.2");
    machine.python("a/python3.13", "3.13.0");
    machine.python("d/python3", "3.13.0");
    let path = ["a", "b", "c", "d"].map(|dir| machine.path(dir));
    let chosen = first_on_path(&path, SOON).expect("one will do");
    assert_eq!(chosen.program, machine.path("c/python3"));
    // No usual name will do: any other name serves.
    let chosen = first_on_path(&path[..2], SOON).expect("one will do");
    assert_eq!(chosen.program, machine.path("a/python3.13"));
}

#[test]
fn default_says_what_was_refused() {
    let machine = Machine::new();
    machine.python("a/python3", "3.7.9");
    let refused = first_on_path(&[machine.path("a")], SOON).expect_err("too old");
    assert_eq!(refused.len(), 1);
    assert!(refused[0].why.contains("CPython 3.7.9") && refused[0].why.contains("3.8"), "{refused:?}");
}

#[test]
fn real_interpreter_answers() {
    // Every machine that tests this project has one; where it has none, the command says so and fails anyway.
    let Ok(interpreter) = default() else { return };
    assert!(interpreter.version >= Version { major: 3, minor: 8, patch: 0 });
    assert!(interpreter.extension_suffix.contains('.'));
    assert!(interpreter.resolved.is_file(), "{interpreter:?}");
}

#[test]
fn interpreter_names() {
    for name in [
        "python",
        "python3",
        "python2.7",
        "python3.6m",
        "python3.13t",
        "python3.11-dbg",
        "pypy3.10",
        "graalpy",
    ] {
        assert!(is_interpreter_name(name), "{name}");
    }
    for name in
        ["python3-config", "pythonw", "python3.11-gdb.py", "pydoc", "ipython", "python-build", "pypy3.so"]
    {
        assert!(!is_interpreter_name(name), "{name}");
    }
}

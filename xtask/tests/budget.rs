//! `cargo xtask budget` from outside, where something is missing: it says what, and does not claim success.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

/// Runs the task where nothing but the content of the folder can be found.
fn budget(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("budget")
        .args(arguments)
        .env("PATH", folder)
        .env("PYENV_ROOT", folder)
        .env_remove("BUFPROTO_PYTHONS")
        .output()
        .expect("the task starts")
}

/// A folder with a fake interpreter.
fn python(version: &str, implementation: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' executable=/fake version={version} implementation={implementation} \
         free_threaded=0 debug=0 pointer_bits=64 extension_suffix=.so\n"
    );
    let path = folder.path().join("python3");
    fs::write(&path, script).expect("a script");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("an executable");
    folder
}

/// Exit status 2, nothing on standard output, and the words on standard error.
#[track_caller]
fn incomplete(output: &Output, words: &str) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(error.contains(words), "no {words:?} in {error:?}");
}

#[test]
fn without_an_interpreter_of_the_recorded_version() {
    let empty = tempfile::tempdir().expect("a temporary folder");
    incomplete(&budget(empty.path(), &["--check"]), "nothing was counted: no CPython 3.12 was found");
    let other = python("3.11.7", "cpython");
    incomplete(&budget(other.path(), &[]), "nothing was counted: no CPython 3.12 was found");
}

#[test]
fn without_valgrind() {
    let folder = python("3.12.1", "cpython");
    incomplete(&budget(folder.path(), &["--check"]), "nothing was counted: valgrind is not installed");
}

#[test]
fn interpreters_that_say_nothing() {
    for (version, implementation, why) in [
        ("2.7.18", "cpython", "is CPython 2.7.18, for which there are no targets"),
        ("3.11.0", "pypy", "is PyPy 3.11.0, whose functions are others"),
    ] {
        let folder = python(version, implementation);
        incomplete(&budget(folder.path(), &["--python", "python3"]), why);
    }
}

#[test]
fn records_the_one_version_only() {
    let folder = python("3.11.7", "cpython");
    let output = budget(folder.path(), &["--record", "--python", "python3"]);
    incomplete(&output, "the budget is recorded for CPython 3.12, and this is CPython 3.11.7");
}

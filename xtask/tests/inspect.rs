//! `cargo xtask inspect` from outside: exit status, standard output, standard error.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

/// Runs the task with a `PATH` of the given folders only.
fn inspect(path: &[&Path], arguments: &[&str]) -> Output {
    let path = std::env::join_paths(path).expect("folders without a separator");
    command(arguments).env("PATH", path).output().expect("the task starts")
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.arg("inspect").args(arguments);
    command
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// A fake interpreter.
fn script(folder: &Path, name: &str, body: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{body}\n")).expect("a script");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("an executable");
    path.into_os_string().into_string().expect("a path that is text")
}

fn answering(version: &str) -> String {
    format!(
        "printf '%s\\n' executable=/fake version={version} implementation=cpython free_threaded=0 debug=0 \
         pointer_bits=64 extension_suffix=.so"
    )
}

/// Exit status 2, nothing on standard output, and every one of `words` on standard error.
#[track_caller]
fn refused(output: &Output, words: &[&str]) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    for word in words {
        assert!(error.contains(word), "no {word:?} in {error:?}");
    }
}

#[test]
fn no_python_says_how_to_name_one() {
    let empty = folder();
    refused(&inspect(&[empty.path()], &[]), &["no Python 3.8 or later on PATH", "--python EXE"]);
    refused(&inspect(&[empty.path()], &["--json", "b''"]), &["no Python 3.8 or later on PATH"]);
}

#[test]
fn only_unusable_pythons_are_listed_with_the_reason() {
    let folder = folder();
    let shim = script(folder.path(), "python3", "echo 'shim: python3: command not found' >&2; exit 127");
    let old = script(folder.path(), "python", &answering("2.7.18"));
    let output = inspect(&[folder.path()], &[]);
    refused(&output, &["--python EXE", &shim, "shim: python3: command not found", &old, "CPython 2.7.18"]);
}

#[test]
fn named_python_that_is_absent() {
    let empty = folder();
    refused(
        &inspect(&[empty.path()], &["--python", "/no/such/python", "b''"]),
        &["/no/such/python", "no such executable"],
    );
    refused(&inspect(&[empty.path()], &["--python", "python9.9"]), &["python9.9", "no such executable"]);
}

#[test]
fn named_python_that_is_none() {
    let folder = folder();
    let other = script(folder.path(), "other", "echo hello");
    refused(&inspect(&[folder.path()], &["--python", &other]), &[&other, "is not a Python"]);
}

#[test]
fn named_python_that_is_too_old() {
    let folder = folder();
    for version in ["2.6.9", "3.5.10"] {
        let old = script(folder.path(), version, &answering(version));
        refused(&inspect(&[folder.path()], &["--python", &old]), &[&old, version, "2.7, or 3.6 or later"]);
    }
}

#[test]
fn old_python_without_headers_says_what_is_missing() {
    let folder = folder();
    for version in ["2.7.18", "3.6.15"] {
        let old = script(folder.path(), version, &answering(version));
        let output = command(&["--python", &old, "1"]).output().expect("the task starts");
        refused(&output, &[version, "its headers are not installed"]);
    }
}

#[test]
fn unknown_option_is_refused() {
    refused(&inspect(&[folder().path()], &["--jsno"]), &["--jsno"]);
}

/// The real thing, on the default interpreter. Skipped where no interpreter will do: `cargo xtask test` then fails by
/// itself, because no interpreter was tested.
fn real(arguments: &[&str]) -> Option<Output> {
    let output = command(arguments).output().expect("the task starts");
    let none = String::from_utf8_lossy(&output.stderr).contains("no Python 3.8 or later on PATH");
    (!none).then_some(output)
}

#[test]
fn json_is_all_there_is_on_standard_output() {
    let Some(output) = real(&["--json", "b'four'", "bytearray(3)"]) else { return };
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON value");
    let objects = report["objects"].as_array().expect("a list");
    assert_eq!(objects.len(), 2);
    assert_eq!(objects[0]["expr"], "b'four'");
    assert_eq!(objects[0]["as_read_buffer"], serde_json::json!({"ok": true, "len": 4}));
    assert_eq!(objects[0]["as_write_buffer"]["ok"], false);
    assert_eq!(objects[1]["as_write_buffer"], serde_json::json!({"ok": true, "len": 3}));
}

#[test]
fn bad_expression_is_status_1_and_the_others_are_answered() {
    let Some(output) = real(&["--json", "b'a'", "no_such_name", "b'bc'"]) else { return };
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON value");
    let text = report.to_string();
    assert!(text.contains("NameError"), "{text}");
    assert_eq!(report["objects"].as_array().map(Vec::len), Some(3), "{text}");
}

#[test]
fn expression_may_begin_with_a_dash() {
    let Some(output) = real(&["--json", "--", "-1"]) else { return };
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON value");
    assert_eq!(report["objects"][0]["type"], "int");
    assert_eq!(report["objects"][0]["check_read_buffer"], false);
}

#[test]
fn table_has_no_colours_off_a_terminal() {
    let Some(output) = real(&["b'four'", "17"]) else { return };
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!output.stdout.contains(&0x1b), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("b'four'"));
}

#[test]
fn failing_build_shows_what_cargo_says() {
    let output =
        command(&["--json", "b''"]).env("RUSTC", "/no/such/rustc").output().expect("the task starts");
    if String::from_utf8_lossy(&output.stderr).contains("no Python 3.8 or later on PATH") {
        return;
    }
    refused(&output, &["cannot build bufproto-py for", "could not execute process `/no/such/rustc"]);
}

#[test]
fn works_outside_the_workspace() {
    let elsewhere = folder();
    let output = command(&["--json", "b''"]).current_dir(elsewhere.path()).output().expect("the task starts");
    if String::from_utf8_lossy(&output.stderr).contains("no Python 3.8 or later on PATH") {
        return;
    }
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fs::read_dir(elsewhere.path()).expect("the folder").count(), 0);
}

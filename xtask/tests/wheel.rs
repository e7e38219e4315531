//! `cargo xtask wheel` from outside, where it ends before anything is built.

use std::process::Command;

#[track_caller]
fn refused(arguments: &[&str], words: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let output = command.arg("wheel").args(arguments).output().expect("the task starts");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{error}");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    for word in words {
        assert!(error.contains(word), "no {word:?} in {error:?}");
    }
}

#[test]
fn named_python_that_is_absent() {
    refused(&["--python", "/no/such/python"], &["--python /no/such/python", "no such executable"]);
}

#[test]
fn unknown_option_is_refused() {
    refused(&["--pyhton", "python3"], &["--pyhton"]);
}

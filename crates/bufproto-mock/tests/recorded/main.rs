//! The recorded answers of real interpreters, replayed: core, through the mock, must answer the same.
// They were recorded with 64 bits; and Miri would take hours over them, and sees all that they call in other tests.
#![cfg(all(target_pointer_width = "64", not(miri)))]

mod calls;
mod deviations;
mod fill_info;
mod layouts;
mod schema;

use std::path::Path;

use bufproto_core::rules::Family;

use deviations::Deviations;
use schema::Recording;

macro_rules! recordings {
    ($($name:ident $file:literal;)*) => {
        $(#[test]
        fn $name() {
            replay($file);
        })*

        const FILES: &[&str] = &[$($file),*];
    };
}

recordings! {
    cpython_2_7_18 "cpython-2.7.18";
    cpython_2_7_18_debug "cpython-2.7.18-debug";
    cpython_2_7_18_ucs2 "cpython-2.7.18-ucs2";
    cpython_3_6_15 "cpython-3.6.15";
    cpython_3_7_16 "cpython-3.7.16";
    cpython_3_8_18 "cpython-3.8.18";
    cpython_3_9_18 "cpython-3.9.18";
    cpython_3_10_13 "cpython-3.10.13";
    cpython_3_11_2_debug "cpython-3.11.2-debug";
    cpython_3_11_7 "cpython-3.11.7";
    cpython_3_12_1 "cpython-3.12.1";
    cpython_3_13_0 "cpython-3.13.0";
    cpython_3_13_15t "cpython-3.13.15t";
    cpython_3_13_15td "cpython-3.13.15td";
    cpython_3_14_10 "cpython-3.14.10";
    cpython_3_14_10_debug "cpython-3.14.10-debug";
    cpython_3_15_2 "cpython-3.15.2";
    pypy_2_7 "pypy2.7-7.3.3";
    pypy_3_9 "pypy3.9-7.3.11";
    pypy_3_11 "pypy3.11-8.0.1";
}

#[test]
fn every_file_is_replayed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/recorded");
    let mut found: Vec<String> = folder
        .read_dir()
        .unwrap()
        .filter_map(|entry| Some(entry.unwrap().file_name().to_str()?.strip_suffix(".json")?.to_owned()))
        .collect();
    found.sort();
    let mut replayed = FILES.to_vec();
    replayed.sort_unstable();
    assert_eq!(found, replayed);
}

/// What `cargo xtask oracle` has just recorded, if it has.
#[test]
fn a_given_recording() {
    if let Some(path) = std::env::var_os("BUFPROTO_RECORDING") {
        let path = Path::new(&path);
        replay_from(path, path.file_stem().unwrap().to_str().unwrap());
    }
}

fn replay(file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/recorded/{file}.json"));
    replay_from(&path, file);
}

fn replay_from(path: &Path, file: &str) {
    let recording: Recording = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(recording.schema, 1);
    assert_eq!(recording.interpreter.pointer_bytes, size_of::<usize>(), "recorded on machines of 64 bits");
    let mut report = Report { deviations: Deviations::of(file), ..Report::default() };
    layouts::check(&recording, &mut report);
    calls::functions(&recording, &mut report);
    calls::null_arguments(&recording, &mut report);
    calls::odd_requests(&recording, &mut report);
    fill_info::check(&recording, &mut report);
    report.finish(file);
}

fn family(recording: &Recording) -> Family {
    let version: Vec<u32> =
        recording.interpreter.version.split('.').filter_map(|part| part.parse().ok()).collect();
    match (recording.interpreter.implementation.as_str(), version.as_slice()) {
        ("CPython", [2, ..]) => Family::CPython2,
        ("CPython", [3, minor, ..]) if *minor < 13 => Family::CPython3,
        ("CPython", [3, ..]) => Family::CPython313,
        ("PyPy", [2, ..]) => Family::PyPy2,
        ("PyPy", [3, ..]) => Family::PyPy3,
        other => panic!("unknown interpreter {other:?}"),
    }
}

/// Collects what differs, so that one run shows all of it.
#[derive(Default)]
struct Report {
    compared: usize,
    different: Vec<String>,
    deviations: Deviations,
}

impl Report {
    /// Compares one answer with the recorded one.
    fn compare<T: PartialEq + std::fmt::Debug>(&mut self, question: &str, recorded: &T, ours: &T) {
        self.compared += 1;
        if recorded != ours && !self.deviations.allow(question, &format!("{recorded:?}")) {
            self.different.push(format!("{question}\n    recorded {recorded:?}\n    ours     {ours:?}"));
        }
    }

    fn finish(self, file: &str) {
        println!("{file}: {} answers compared, {}", self.compared, self.deviations);
        assert!(self.compared > 500, "only {} answers were compared", self.compared);
        let different = &self.different;
        assert!(different.is_empty(), "{} answers differ:\n{}", different.len(), different.join("\n"));
        self.deviations.assert_all_used();
    }
}

//! What each case must reach: the largest ratio of our instructions to the interpreter's own.

use serde::Serialize;

use super::count::{Case, Count};
use crate::interpreter::{Interpreter, Version};

/// The largest ratio, and a smaller one that is aimed at.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Target {
    pub(super) ratio: f64,
    pub(super) goal: Option<f64>,
}

/// How many instructions more are none: an exporter in Python takes not exactly the same each time.
const NOISE: f64 = 0.5;

/// What holds one buffer.
const HELD: [&str; 2] = ["acquire", "O&"];

/// Whether ours takes more than the ratio allows.
pub(super) fn exceeds(count: &Count, ratio: f64) -> bool {
    count.ours > ratio * count.theirs + NOISE
}

/// The target of a case. Scopes, views and arguments are compared with the same by hand: none may take more.
pub(super) fn target(case: &Case, interpreter: &Interpreter) -> Option<Target> {
    // From 3.12 on raising an exception takes twice as much, on both sides, so less can be saved.
    let is_new = interpreter.version >= Version { major: 3, minor: 12, patch: 0 };
    let failing = |new: f64, old: f64| if is_new { new } else { old };
    // By whatever way they are called, they are to be as fast.
    let function = case.function.as_str();
    let function =
        ["address ", "library "].iter().find_map(|form| function.strip_prefix(form)).unwrap_or(function);
    let ratio = match (function, case.object.as_str()) {
        ("ReadBuffer" | "WriteBuffer" | "extract ReadBuffer", object) => {
            return argument(object, interpreter);
        }
        // Both look at the format; what refuses is asked again, for the words.
        ("ReadBuffer<u8>", "int") => 1.0,
        ("ReadBuffer<u8>", _) => 0.80,
        (function, _) if function.starts_with("scope") || HELD.contains(&function) => 1.0,
        // The original raises twice.
        ("write", "bytes") => failing(0.40, 0.15),
        // The original formats a text. AsWriteBuffer has its text ready, and CheckReadBuffer raises nothing.
        ("char" | "read", "int") => failing(0.55, 0.33),
        (_, "bytes") => return Some(Target { ratio: 0.20, goal: Some(0.08) }),
        // Without the interpreter's lock another thread may resize it, so there is no short way.
        (_, "bytearray") if !interpreter.free_threaded => 0.23,
        ("char" | "read" | "check", "memoryview of bytes") | (_, "memoryview of bytearray") => 0.30,
        (_, "array" | "mmap" | "ctypes array") => 0.93,
        // Nothing may be slower than the original.
        _ => 1.0,
    };
    Some(Target { ratio, goal: None })
}

/// The target of an argument, against PyO3's `PyBuffer<u8>`.
fn argument(object: &str, interpreter: &Interpreter) -> Option<Target> {
    let ratio = match object {
        "bytes" => 0.05,
        "bytearray" | "memoryview" if !interpreter.free_threaded => 0.25,
        "array" | "mmap" => 0.33,
        // From its fields, where there is a lock; else it is asked.
        "numpy u8" if !interpreter.free_threaded => 0.12,
        "numpy u8" | "numpy derived" => 0.47,
        "int" => 0.55,
        _ => 1.0,
    };
    Some(Target { ratio, goal: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(function: &str, object: &str, minor: u16, free_threaded: bool) -> Option<f64> {
        let interpreter = Interpreter {
            program: "python".into(),
            resolved: "python".into(),
            version: Version { major: 3, minor, patch: 1 },
            implementation: "cpython".to_owned(),
            free_threaded,
            debug: false,
            pointer_bits: 64,
            extension_suffix: ".so".to_owned(),
            library_folder: None,
        };
        let case = Case { function: function.to_owned(), object: object.to_owned() };
        Some(target(&case, &interpreter)?.ratio)
    }

    #[test]
    fn noise_exceeds_nothing_and_an_instruction_does() {
        let count = |ours| Count { own: 8.0, ours, theirs: 100.0 };
        assert!(!exceeds(&count(20.0), 0.20) && !exceeds(&count(100.1), 1.0));
        assert!(exceeds(&count(21.0), 0.20) && exceeds(&count(101.0), 1.0));
    }

    #[test]
    fn failing_calls_have_targets_of_their_own() {
        assert_eq!(ratio("write", "bytes", 12, false), Some(0.40));
        assert_eq!(ratio("write", "bytes", 11, false), Some(0.15));
        assert_eq!(ratio("read", "int", 13, false), Some(0.55));
        assert_eq!(ratio("char", "int", 8, false), Some(0.33));
        assert_eq!(ratio("write", "memoryview of bytes", 12, false), Some(1.0));
        assert_eq!(ratio("check", "int", 12, false), Some(1.0));
    }

    #[test]
    fn the_way_of_a_call_changes_no_target() {
        assert_eq!(ratio("library read", "bytes", 12, false), Some(0.20));
        assert_eq!(ratio("address write", "bytes", 12, false), Some(0.40));
    }

    #[test]
    fn short_ways_only_where_they_are_legal() {
        assert_eq!(ratio("write", "bytearray", 13, false), Some(0.23));
        assert_eq!(ratio("write", "bytearray", 13, true), Some(1.0));
        assert_eq!(ratio("read", "bytes", 13, true), Some(0.20));
    }

    #[test]
    fn arguments_have_targets_of_their_own() {
        assert_eq!(ratio("ReadBuffer", "bytes", 12, false), Some(0.05));
        assert_eq!(ratio("WriteBuffer", "memoryview", 12, false), Some(0.25));
        assert_eq!(ratio("WriteBuffer", "memoryview", 13, true), Some(1.0));
        assert_eq!(ratio("extract ReadBuffer", "int", 13, true), Some(0.55));
        assert_eq!(ratio("ReadBuffer<u8>", "bytes", 12, false), Some(0.80));
        assert_eq!(ratio("ReadBuffer", "numpy u8", 12, false), Some(0.12));
    }

    #[test]
    fn nothing_is_slower() {
        assert_eq!(ratio("read", "numpy u8", 12, false), Some(1.0));
        for function in ["scope 4", "acquire", "O&"] {
            assert_eq!(ratio(function, "bytes", 12, false), Some(1.0));
            assert_eq!(ratio(function, "array", 13, true), Some(1.0));
        }
    }
}

//! Where we answer otherwise, on purpose. The list is short, each entry has a reason, and one that is not needed
//! fails the test.

use std::fmt;

/// A deviation: which interpreters (the file's name begins with one of these), which questions, and why.
struct Deviation {
    name: &'static str,
    files: &'static [&'static str],
    applies: fn(question: &str, recorded: &str) -> bool,
    reason: &'static str,
}

const CPYTHON_DEBUG: &[&str] = &["cpython-3.11.2-debug", "cpython-3.13.15td", "cpython-3.14.10-debug"];

const DEVIATIONS: &[Deviation] = &[
    Deviation {
        name: "CheckReadBuffer of NULL",
        files: &["cpython", "pypy"],
        applies: |question, recorded| question.starts_with("check_read NULL") && recorded.contains("SIGSEGV"),
        reason: "crashes there; here a missing object cannot be asked at all",
    },
    Deviation {
        name: "debug builds abort on a pending exception",
        files: CPYTHON_DEBUG,
        applies: |question, recorded| question.ends_with("exception pending") && recorded.contains("SIGABRT"),
        reason: "an assertion of the interpreter's, not of the protocol's",
    },
    Deviation {
        name: "memory that was freed when it was recorded",
        files: &["cpython-2.7.18-debug"],
        applies: |question, _| question.starts_with("buffer/from-readwrite-memory"),
        reason: "the debug allocator had already overwritten what the slot's pointer led to",
    },
    Deviation {
        name: "the place in CPython's sources",
        files: &["cpython-3.13", "cpython-3.14", "cpython-3.15"],
        applies: |question, recorded| {
            question.contains(" with 0x") && recorded.contains("Objects/abstract.c:")
                || question.starts_with("FillInfo") && recorded.contains("Objects/abstract.c:")
        },
        reason: "the text begins with a file and a line of the interpreter's sources, which change",
    },
    Deviation {
        name: "PyPy crashes",
        files: &["pypy"],
        applies: |question, recorded| {
            !question.starts_with("check_read NULL") && recorded.contains("SIGSEGV")
        },
        reason: "NULL arguments and views, released and 64-dimensional memoryviews, text as characters; here each \
                 is refused as CPython refuses it",
    },
    Deviation {
        name: "PyPy's AsCharBuffer looks at the object before it looks at NULL arguments",
        files: &["pypy"],
        applies: |question, recorded| question.starts_with("as_char NULL") && recorded.contains("TypeError"),
        reason: "where CPython's does not crash either, PyPy's is about to; NULL is refused first here",
    },
    Deviation {
        name: "PyPy 2.7 answers for objects without old slots",
        files: &["pypy2.7"],
        applies: |question, recorded| {
            !question.contains("NULL") && (recorded.contains("rc: 0") || recorded.contains("rc: 1"))
        },
        reason: "its functions ask the object itself where the type fills no slots (ctypes)",
    },
    Deviation {
        name: "PyPy's own objects always fill shape and strides",
        files: &["pypy"],
        applies: |question, _| question.contains("hello') with ") || question.contains("b'hello' with "),
        reason: "its bytes and bytearray do not look at the request, and refuse in words of their own",
    },
    Deviation {
        name: "PyPy 3.9 refuses as Python 2.7 does",
        files: &["pypy3.9"],
        applies: |question, recorded| {
            question.starts_with("5 with ") && recorded.contains("does not have the buffer interface")
        },
        reason: "the text of PyObject_GetBuffer for other objects changed with PyPy 3.11, which core follows",
    },
    Deviation {
        name: "PyPy 3.9 lends 64 dimensions as characters",
        files: &["pypy3.9"],
        applies: |question, _| question.starts_with("memoryview/cast-64d: as_char"),
        reason: "it does so once; asked for a view, the same object crashes it",
    },
];

/// The deviations that one interpreter may use.
#[derive(Default)]
pub(crate) struct Deviations(Vec<(&'static Deviation, usize)>);

impl Deviations {
    pub(crate) fn of(file: &str) -> Self {
        let applies = |deviation: &&Deviation| deviation.files.iter().any(|begin| file.starts_with(begin));
        Self(DEVIATIONS.iter().filter(applies).map(|deviation| (deviation, 0)).collect())
    }

    /// Whether a different answer is a deviation that is listed.
    pub(crate) fn allow(&mut self, question: &str, recorded: &str) -> bool {
        let found = self.0.iter_mut().find(|(deviation, _)| (deviation.applies)(question, recorded));
        found.map(|(_, used)| *used += 1).is_some()
    }

    pub(crate) fn assert_all_used(&self) {
        for (deviation, used) in &self.0 {
            assert_ne!(*used, 0, "nothing deviates as in \"{}\" any more; it can go", deviation.name);
        }
    }
}

impl fmt::Display for Deviations {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return formatter.write_str("none deviates");
        }
        formatter.write_str("these deviate:")?;
        for (deviation, used) in &self.0 {
            write!(formatter, "\n  {used} x {}: {}", deviation.name, deviation.reason)?;
        }
        Ok(())
    }
}

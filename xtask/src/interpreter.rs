//! The Python interpreters of this machine: where they are and what they are.

use std::collections::hash_map::DefaultHasher;
use std::ffi::OsStr;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use std::process::Command;

use crate::command::finish;

mod ask;
mod find;

pub(crate) use find::{Found, Unusable, default, find, named};

/// The oldest Python for which the extension module in Rust builds.
pub(crate) const OLDEST_WITH_EXTENSION: Version = Version { major: 3, minor: 8, patch: 0 };

/// One interpreter that answered, and what it said about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Interpreter {
    /// What to run. It may be a link or a shim.
    pub(crate) program: PathBuf,
    /// The executable behind every link and shim, as the interpreter knows itself.
    pub(crate) resolved: PathBuf,
    pub(crate) version: Version,
    /// `sys.implementation.name`: `cpython`, `pypy`, `graalpy`.
    pub(crate) implementation: String,
    /// Built without the global interpreter lock.
    pub(crate) free_threaded: bool,
    /// Built with `Py_DEBUG`.
    pub(crate) debug: bool,
    /// The width of a pointer, in bits.
    pub(crate) pointer_bits: u8,
    /// What the file name of an extension module ends with.
    pub(crate) extension_suffix: String,
    /// Where its library is, if it is built as a shared one that a program can link with.
    pub(crate) library_folder: Option<PathBuf>,
}

/// Which of the two extension modules serves an interpreter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extension {
    /// The one in Rust, through PyO3.
    Rust,
    /// The one in C, for older interpreters: it needs their headers and a C compiler.
    C,
}

/// A Python version. Ordered; displays as `3.13.0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Version {
    pub(crate) major: u16,
    pub(crate) minor: u16,
    pub(crate) patch: u16,
}

/// The interpreter that a task's `--python` names, else the first on `PATH` that works.
pub(crate) fn chosen(python: Option<&OsStr>) -> anyhow::Result<Interpreter> {
    let Some(python) = python else {
        return default().map_err(|_| anyhow::anyhow!("no Python on PATH works; name one with --python"));
    };
    named(python)
        .map_err(|Unusable { program, why }| anyhow::anyhow!("--python {}: {why}", program.display()))
}

impl Interpreter {
    /// Whether both are one interpreter under two names: links, shims, virtual environments.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        // Comparing the files sees hard links too. Where they cannot be opened, their names must do.
        let same_file = same_file::is_same_file(&self.resolved, &other.resolved);
        self.kind() == other.kind() && same_file.unwrap_or(self.resolved == other.resolved)
    }

    /// All but where it is. One executable may behave as several interpreters, by a variable or a wrapper.
    fn kind(&self) -> (Version, &str, bool, bool, u8) {
        let Self { version, implementation, free_threaded, debug, pointer_bits, .. } = self;
        (*version, implementation, *free_threaded, *debug, *pointer_bits)
    }

    /// A name for a folder that belongs to this interpreter alone: `cpython-3.13t-1f0c93aa`.
    pub(crate) fn key(&self) -> String {
        let mut hasher = DefaultHasher::new();
        (&self.resolved, self.kind()).hash(&mut hasher);
        let digest = hasher.finish() >> 32;
        let Version { major, minor, .. } = self.version;
        format!("{}-{major}.{minor}{}-{digest:08x}", self.implementation, self.flags())
    }

    /// What the file name of an extension module ends with.
    pub(crate) fn extension_suffix(&self) -> anyhow::Result<String> {
        const QUESTION: &str = "import sysconfig; print(sysconfig.get_config_var('EXT_SUFFIX'))";
        // Every CPython takes this one.
        if self.implementation == "cpython" {
            return Ok(".so".to_owned());
        }
        Ok(finish(Command::new(&self.program).args(["-c", QUESTION]))?.trim().to_owned())
    }

    /// Which extension module serves it, or why none does.
    pub(crate) fn extension(&self) -> Result<Extension, String> {
        if self.supports_extension().is_ok() {
            return Ok(Extension::Rust);
        }
        match (self.implementation.as_str(), self.version.major, self.version.minor) {
            ("cpython", 2, 7) | ("cpython", 3, 6..) if !self.free_threaded => Ok(Extension::C),
            ("cpython", ..) if !self.free_threaded => {
                Err("too old: it must be Python 2.7, or 3.6 or later".to_owned())
            }
            _ => self.supports_extension().map(|()| Extension::Rust),
        }
    }

    /// Whether the extension module in Rust builds for it, or why not. The limits are PyO3's own.
    pub(crate) fn supports_extension(&self) -> Result<(), String> {
        let oldest = match self.implementation.as_str() {
            "cpython" if self.free_threaded => Version { major: 3, minor: 13, patch: 0 },
            "cpython" => OLDEST_WITH_EXTENSION,
            "pypy" => Version { major: 3, minor: 11, patch: 0 },
            "graalpy" => Version { major: 3, minor: 10, patch: 0 },
            other => return Err(format!("the extension module does not build for {other}")),
        };
        if self.version < oldest {
            let Version { major, minor, .. } = oldest;
            let kind = if self.free_threaded { "a free-threaded Python" } else { "Python" };
            return Err(format!("too old: the extension module needs {kind} {major}.{minor} or later"));
        }
        Ok(())
    }

    /// The letters that CPython itself appends to a version: `t` free-threaded, `d` debug.
    fn flags(&self) -> &'static str {
        match (self.free_threaded, self.debug) {
            (false, false) => "",
            (true, false) => "t",
            (false, true) => "d",
            (true, true) => "td",
        }
    }
}

impl fmt::Display for Interpreter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.implementation.as_str() {
            "cpython" => "CPython",
            "pypy" => "PyPy",
            "graalpy" => "GraalPy",
            other => other,
        };
        write!(f, "{name} {}{}", self.version, self.flags())?;
        if self.pointer_bits != 64 {
            write!(f, " ({} bits)", self.pointer_bits)?;
        }
        Ok(())
    }
}

impl Version {
    /// Reads `3.13.0`; the third number may be missing.
    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('.').map(|part| part.parse::<u16>().ok());
        Some(Self {
            major: numbers.next()??,
            minor: numbers.next()??,
            patch: numbers.next().unwrap_or(Some(0))?,
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

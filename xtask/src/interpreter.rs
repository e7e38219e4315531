//! Finds the Python interpreters of this machine, and asks each what it is.

use std::collections::HashSet;
use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::Deserialize;
use wait_timeout::ChildExt as _;

/// The environment variable that names interpreters besides those found on `PATH` and under pyenv.
pub(crate) const VARIABLE: &str = "BUFPROTO_PYTHONS";

/// An interpreter that answers.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Interpreter {
    /// What `sys.executable` says, or the path that it was started by. In a virtual environment that is the
    /// environment's own.
    pub(crate) executable: PathBuf,
    /// The executable with links resolved: the same for all virtual environments of an interpreter.
    identity: PathBuf,
    /// Major, minor and micro version.
    pub(crate) version: (u8, u8, u8),
    /// `CPython`, `PyPy`, ...
    pub(crate) implementation: String,
    /// Built to run without the interpreter's lock.
    pub(crate) free_threaded: bool,
    /// Built for debugging.
    pub(crate) debug: bool,
    /// Where its library is, if it is built as a shared one.
    pub(crate) library_folder: Option<PathBuf>,
}

impl Interpreter {
    /// Asks the interpreter at `path` what it is.
    ///
    /// # Errors
    ///
    /// Why it did not answer, for people.
    pub(crate) fn ask(path: &Path) -> Result<Self, String> {
        const LIMIT: Duration = Duration::from_secs(20);
        let mut child = Command::new(path)
            .args(["-c", QUESTION])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot be started: {error}"))?;
        let status = match child.wait_timeout(LIMIT) {
            Ok(Some(status)) => status,
            Ok(None) => {
                // Nothing is owed to a process that hangs.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("did not answer within {} seconds", LIMIT.as_secs()));
            }
            Err(error) => return Err(format!("cannot be waited for: {error}")),
        };
        let mut answer = String::new();
        let mut complaint = String::new();
        if let (Some(mut stdout), Some(mut stderr)) = (child.stdout.take(), child.stderr.take()) {
            let read = stdout.read_to_string(&mut answer).and(stderr.read_to_string(&mut complaint));
            read.map_err(|error| format!("its answer cannot be read: {error}"))?;
        }
        if !status.success() {
            let complaint = complaint.lines().next().unwrap_or("without a word").trim().to_owned();
            return Err(format!("does not run Python code ({status}): {complaint}"));
        }
        let mut interpreter: Self = serde_json::from_str(answer.trim())
            .map_err(|_| "does not answer as a Python interpreter does".to_owned())?;
        if interpreter.executable.as_os_str().is_empty() {
            interpreter.executable = path.to_owned();
        }
        Ok(interpreter)
    }

    /// The version without the micro version.
    pub(crate) fn minor_version(&self) -> (u8, u8) {
        (self.version.0, self.version.1)
    }

    /// A name for a folder: the same interpreter has always the same.
    pub(crate) fn folder_name(&self) -> String {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        self.identity.hash(&mut hasher);
        let name = self.to_string().replace([' ', ','], "-").replace("--", "-").to_lowercase();
        format!("{name}-{:08x}", hasher.finish() as u32)
    }
}

impl fmt::Display for Interpreter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor, micro) = self.version;
        write!(formatter, "{} {major}.{minor}.{micro}", self.implementation)?;
        if self.free_threaded {
            formatter.write_str(", free-threaded")?;
        }
        if self.debug {
            formatter.write_str(", debug")?;
        }
        Ok(())
    }
}

/// Runs in every Python there is.
const QUESTION: &str = r"
import json, os, platform, sys
try:
    from sysconfig import get_config_var
except ImportError:
    from distutils.sysconfig import get_config_var
print(json.dumps({
    'executable': sys.executable or '',
    'identity': os.path.realpath(sys.executable or ''),
    'version': list(sys.version_info[:3]),
    'implementation': platform.python_implementation(),
    'free_threaded': bool(get_config_var('Py_GIL_DISABLED')),
    'debug': hasattr(sys, 'gettotalrefcount'),
    'library_folder': get_config_var('LIBDIR') if get_config_var('Py_ENABLE_SHARED') else None,
}))
";

/// Something that looks like an interpreter, but is not to be used.
#[derive(Debug)]
pub(crate) struct Unusable {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What is wrong with it.
    pub(crate) why: String,
}

/// The interpreters of this machine, each once, the oldest version first; and what only looked like one.
pub(crate) fn find_all() -> (Vec<Interpreter>, Vec<Unusable>) {
    let (mut found, mut unusable, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    let mut asked = HashSet::new();
    for (path, named) in candidates() {
        if !path.canonicalize().map_or(true, |real| asked.insert(real)) && !is_shim(&path) {
            continue;
        }
        match Interpreter::ask(&path) {
            Ok(interpreter) => {
                if seen.insert(interpreter.identity.clone()) {
                    found.push(interpreter);
                }
            }
            // A version manager puts a script for every version that it could start on `PATH`.
            Err(_) if !named && is_shim(&path) => {}
            Err(why) => unusable.push(Unusable { path, why }),
        }
    }
    found.sort_by_key(|interpreter: &Interpreter| {
        (
            interpreter.implementation.clone(),
            interpreter.version,
            interpreter.free_threaded,
            interpreter.debug,
        )
    });
    (found, unusable)
}

/// The first interpreter on `PATH` that is at least of version `least`: of the names that people type, `python3`
/// goes before `python`.
pub(crate) fn first_on_path(least: (u8, u8)) -> Option<Interpreter> {
    ["python3", "python"].into_iter().find_map(|name| {
        path_folders().find_map(|folder| {
            let path = folder.join(format!("{name}{}", env::consts::EXE_SUFFIX));
            let interpreter = path.is_file().then(|| Interpreter::ask(&path).ok())??;
            (interpreter.minor_version() >= least).then_some(interpreter)
        })
    })
}

/// What could be an interpreter, and whether the user named it.
fn candidates() -> Vec<(PathBuf, bool)> {
    let mut candidates = Vec::new();
    if let Some(value) = env::var_os(VARIABLE) {
        for path in env::split_paths(&value).filter(|path| !path.as_os_str().is_empty()) {
            if path.is_dir() {
                candidates.extend(interpreters_in(&path).map(|path| (path, true)));
            } else {
                candidates.push((path, true));
            }
        }
    }
    candidates.extend(path_folders().flat_map(|folder| interpreters_in(&folder)).map(|path| (path, false)));
    candidates.extend(pyenv_interpreters().map(|path| (path, false)));
    candidates
}

fn path_folders() -> impl Iterator<Item = PathBuf> {
    env::var_os("PATH")
        .map(|path| env::split_paths(&path).collect::<Vec<_>>())
        .unwrap_or_default()
        .into_iter()
}

fn pyenv_interpreters() -> impl Iterator<Item = PathBuf> {
    let root = env::var_os("PYENV_ROOT")
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".pyenv")));
    root.and_then(|root| root.join("versions").read_dir().ok())
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .map(|version| version.path().join("bin").join("python"))
        .filter(|path| path.is_file())
}

fn interpreters_in(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let mut paths: Vec<PathBuf> = folder
        .read_dir()
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.file_name().and_then(OsStr::to_str).is_some_and(is_interpreter_name))
        .collect();
    paths.sort();
    paths.into_iter()
}

/// `python`, `python3`, `python3.13t`, `pypy3.11`, `python2.7-dbg`, but not `python3-config`.
fn is_interpreter_name(name: &str) -> bool {
    let name = name.strip_suffix(env::consts::EXE_SUFFIX).unwrap_or(name);
    let Some(version) = name.strip_prefix("python").or_else(|| name.strip_prefix("pypy")) else {
        return false;
    };
    let version = version.strip_suffix("-dbg").unwrap_or(version);
    let version = version.trim_end_matches(['t', 'd', 'm', 'u']);
    version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// Whether this is a version manager's script that starts one interpreter or another.
fn is_shim(path: &Path) -> bool {
    path.parent().and_then(Path::file_name).is_some_and(|folder| folder == "shims")
}

#[cfg(test)]
mod tests {
    use super::is_interpreter_name;

    #[test]
    fn interpreters_are_told_from_their_tools_by_name() {
        for name in
            ["python", "python3", "python3.13", "python3.13t", "python3.11d", "pypy3", "python3.11-dbg"]
        {
            assert!(is_interpreter_name(name), "{name}");
        }
        for name in ["python3-config", "python3.11-gdb.py", "pythonw3x", "cpython", "pip3", "pypykatz"] {
            assert!(!is_interpreter_name(name), "{name}");
        }
    }
}

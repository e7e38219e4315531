//! Builds the Python package for one interpreter, below `target`, without installing anything.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::interpreter::Interpreter;

/// What the binding library that live objects go through can be built for.
///
/// # Errors
///
/// Why this interpreter is not among them.
pub(crate) fn check_supported(interpreter: &Interpreter) -> Result<(), String> {
    let least = match interpreter.implementation.as_str() {
        "CPython" if interpreter.free_threaded => (3, 14),
        "CPython" => (3, 8),
        "PyPy" => (3, 11),
        other => return Err(format!("PyO3 is not known to support {other}")),
    };
    if interpreter.minor_version() < least {
        let kind = if interpreter.free_threaded { ", free-threaded," } else { "" };
        return Err(format!(
            "PyO3 supports {}{kind} from {}.{} on",
            interpreter.implementation, least.0, least.1
        ));
    }
    Ok(())
}

/// Builds the package, with these cargo features, and returns the folder to put on the module path.
///
/// Each interpreter has a target folder of its own, so that going from one to another builds nothing twice.
///
/// # Errors
///
/// If cargo fails; it has said why.
pub(crate) fn build(interpreter: &Interpreter, features: &str) -> anyhow::Result<PathBuf> {
    let root = project_root();
    let home = target_folder().join("python").join(interpreter.folder_name());
    let target = home.join("build");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(&root)
        .args(["build", "--package", "bufproto-py", "--lib", "--features", features, "--target-dir"])
        .arg(&target)
        .env("PYO3_PYTHON", &interpreter.executable)
        .env("PYO3_BUILD_EXTENSION_MODULE", "1")
        .env("CARGO_PROFILE_DEV_DEBUG", "0");
    // On a terminal cargo shows how far it is; in a log that is noise.
    if !std::io::stderr().is_terminal() {
        cargo.arg("--quiet");
    }
    let status = cargo.status().context("cargo cannot be started")?;
    if !status.success() {
        bail!("bufproto cannot be built for {interpreter} ({})", interpreter.executable.display());
    }
    let modules = home.join("modules");
    assemble(
        &root.join("crates/bufproto-py/python/bufproto"),
        &target.join("debug").join(format!("{DLL_PREFIX}bufproto_py{DLL_SUFFIX}")),
        &modules.join("bufproto"),
    )
    .with_context(|| format!("the package cannot be put together in {}", modules.display()))?;
    Ok(modules)
}

/// Puts the package's Python files and the library side by side.
fn assemble(sources: &Path, library: &Path, package: &Path) -> std::io::Result<()> {
    fs::create_dir_all(package)?;
    for entry in sources.read_dir()? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), package.join(entry.file_name()))?;
        }
    }
    let module = package.join(if cfg!(windows) { "_bufproto.pyd" } else { "_bufproto.so" });
    // Written beside and moved: another process may have the old one loaded.
    let new = module.with_extension("new");
    fs::copy(library, &new)?;
    fs::rename(new, module)
}

/// The folder that the workspace's `Cargo.toml` is in.
pub(crate) fn project_root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| project_root().join("target"), PathBuf::from)
}

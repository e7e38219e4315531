//! The nightly compiler, which fuzzing and the sanitizers need, and what is installed with it.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use crate::command::{finish, succeeds};

/// A tool that is not there, and how it is installed.
pub(crate) struct Missing(pub(crate) String);

/// The nightly toolchain's cargo, with what was asked for installed. Its name is looked up each time, because the cargo that
/// runs us names another one in the environment.
pub(crate) struct Nightly(());

impl Nightly {
    /// The toolchain, if it is installed.
    pub(crate) fn find() -> Result<Self, Missing> {
        let nightly = Self(());
        if succeeds(nightly.cargo().arg("--version")) {
            return Ok(nightly);
        }
        Err(Missing("there is no nightly compiler: rustup toolchain install nightly".to_owned()))
    }

    /// The command that begins with `cargo +nightly`.
    pub(crate) fn cargo(&self) -> Command {
        self.program("cargo")
    }

    fn program(&self, name: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("rustup");
        command.args(["run", "nightly"]).arg(name);
        // What the cargo that runs us tells its children is about itself.
        for variable in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN", "CARGO_MANIFEST_DIR"] {
            command.env_remove(variable);
        }
        command
    }

    /// Whether a subcommand of cargo is installed, as `fuzz` or `miri`; else how it is installed.
    pub(crate) fn needs(&self, subcommand: &str, how: &str) -> Result<(), Missing> {
        if succeeds(self.cargo().args([subcommand, "--version"])) {
            return Ok(());
        }
        Err(Missing(format!("there is no cargo {subcommand}: {how}")))
    }

    /// Whether the standard library's sources are there, to build it with other options.
    pub(crate) fn needs_sources(&self) -> Result<(), Missing> {
        let root = finish(self.program("rustc").args(["--print", "sysroot"])).unwrap_or_default();
        if Path::new(root.trim()).join("lib/rustlib/src/rust/library/std").is_dir() {
            return Ok(());
        }
        let how = "rustup component add --toolchain nightly rust-src";
        Err(Missing(format!("the standard library's sources are not there: {how}")))
    }

    /// The target that the compiler makes programs for, unless it is told otherwise.
    pub(crate) fn host(&self) -> Result<String, Missing> {
        let told = finish(self.program("rustc").arg("-vV")).unwrap_or_default();
        let host = told.lines().find_map(|line| line.strip_prefix("host: "));
        host.map(str::to_owned)
            .ok_or_else(|| Missing("the nightly compiler does not say its host".to_owned()))
    }
}

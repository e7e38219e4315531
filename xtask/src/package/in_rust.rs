//! The extension module in Rust, which cargo builds.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use serde::Deserialize;

use super::CRATE;
use crate::interpreter::Interpreter;
use crate::progress::Progress;
use crate::workspace::{Workspace, cargo};

/// Lets cargo build the extension module and returns the shared library, and what it is called in the package. Cargo's own
/// output is shown only when it fails.
pub(super) fn build(
    workspace: &Workspace,
    interpreter: &Interpreter,
    home: &Path,
    feature: &str,
) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let mut command = Command::new(cargo());
    command.args(["build", "--lib", "--features", feature]).env("PYO3_PYTHON", &interpreter.program);
    let library = shared_library(workspace, command, &home.join("build"), &interpreter.to_string())?;
    Ok(vec![(library, format!("_bufproto{}", interpreter.extension_suffix))])
}

/// Lets cargo build an extension for all interpreters at once, and returns the shared library.
pub(crate) fn build_limited(workspace: &Workspace, example: &str, feature: &str) -> anyhow::Result<PathBuf> {
    let mut command = Command::new(cargo());
    command.args(["build", "--example", example, "--features", feature]);
    command.env("PYO3_NO_PYTHON", "1").env_remove("PYO3_PYTHON");
    let folder = workspace.target.join("python").join("limited");
    shared_library(workspace, command, &folder, &format!("every interpreter, by {feature}"))
}

/// Runs a build of this crate by cargo, and returns the shared library that it makes.
fn shared_library(
    workspace: &Workspace,
    mut command: Command,
    folder: &Path,
    for_whom: &str,
) -> anyhow::Result<PathBuf> {
    let mut progress = Progress::new(format!("building bufproto for {for_whom}"));
    let mut child = command
        .current_dir(&workspace.root)
        .args(["--package", CRATE, "--message-format=json-render-diagnostics"])
        // A debugger is not what this build is for, and debug information is most of its size.
        .args(["--config", "profile.dev.debug=false"])
        .arg("--target-dir")
        .arg(folder)
        // The module finds Python's symbols in the process that loads it: no library of Python's is needed to link.
        .env("PYO3_BUILD_EXTENSION_MODULE", "1")
        .env("CARGO_TERM_COLOR", "never")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cargo does not start")?;
    let messages = child.stdout.take().context("cargo has no standard output")?;
    let complaints = child.stderr.take().context("cargo has no standard error")?;

    let reader = std::thread::spawn(move || extension_of(BufReader::new(messages)));
    let mut said = Vec::new();
    for line in BufReader::new(complaints).lines().map_while(Result::ok) {
        let step = line.trim();
        if ["Compiling", "Downloading", "Blocking", "Updating"].iter().any(|verb| step.starts_with(verb)) {
            progress.step(step);
        }
        said.push(line);
    }
    let status = child.wait().context("cargo was lost")?;
    let library = reader.join().ok().flatten();
    drop(progress);
    match library {
        Some(library) if status.success() => Ok(library),
        Some(_) | None => bail!("cannot build {CRATE} for {for_whom}; cargo says:\n{}", said.join("\n")),
    }
}

/// The shared library among cargo's messages.
fn extension_of(messages: impl std::io::BufRead) -> Option<PathBuf> {
    #[derive(Deserialize)]
    struct Message {
        reason: String,
        #[serde(default)]
        package_id: String,
        target: Option<Target>,
        #[serde(default)]
        filenames: Vec<PathBuf>,
    }
    #[derive(Deserialize)]
    struct Target {
        crate_types: Vec<String>,
    }
    impl Target {
        fn is_library(&self) -> bool {
            self.crate_types.iter().any(|kind| kind == "cdylib")
        }
    }
    let mut library = None;
    // Every line is read, or cargo would wait for us.
    for line in messages.lines().map_while(Result::ok) {
        let Ok(message) = serde_json::from_str::<Message>(&line) else { continue };
        let of_ours =
            message.package_id.contains(CRATE) && message.target.as_ref().is_some_and(Target::is_library);
        if message.reason == "compiler-artifact" && of_ours {
            let is_library =
                |file: &PathBuf| file.extension().is_some_and(|end| end == std::env::consts::DLL_EXTENSION);
            library = message.filenames.into_iter().find(is_library).or(library);
        }
    }
    library
}

//! The extension module in Rust, which cargo builds.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
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
    let (folder, on) = (home.join("build"), interpreter.to_string());
    let (_, library) = one(shared_libraries(workspace, command, &folder, &on, "cdylib")?)?;
    Ok(vec![(library, format!("_bufproto{}", interpreter.extension_suffix))])
}

/// The crate's examples, each by the name under which it is imported.
pub(super) fn build_examples(
    workspace: &Workspace,
    interpreter: &Interpreter,
    home: &Path,
) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let mut command = Command::new(cargo());
    command.args(["build", "--examples"]).env("PYO3_PYTHON", &interpreter.program);
    let (folder, on) = (home.join("build"), interpreter.to_string());
    let built = shared_libraries(workspace, command, &folder, &on, "example")?;
    let file = |name: &str| format!("{name}{}", interpreter.extension_suffix);
    Ok(built.into_iter().map(|(name, library)| (library, file(&name))).collect())
}

/// Lets cargo build an extension for all interpreters at once, and returns the shared library.
pub(crate) fn build_limited(workspace: &Workspace, example: &str, feature: &str) -> anyhow::Result<PathBuf> {
    let mut command = Command::new(cargo());
    command.args(["build", "--example", example, "--features", feature]);
    command.env("PYO3_NO_PYTHON", "1").env_remove("PYO3_PYTHON");
    let folder = workspace.target.join("python").join("limited");
    let for_whom = format!("every interpreter, by {feature}");
    Ok(one(shared_libraries(workspace, command, &folder, &for_whom, "example")?)?.1)
}

/// What was built, where it is one library.
fn one(mut libraries: Vec<(String, PathBuf)>) -> anyhow::Result<(String, PathBuf)> {
    libraries.pop().context("cargo built nothing")
}

/// Runs a build of this crate by cargo, and returns the name and the shared library of each target of one kind. Cargo's own
/// output is shown only when it fails.
fn shared_libraries(
    workspace: &Workspace,
    mut command: Command,
    folder: &Path,
    for_whom: &str,
    kind: &'static str,
) -> anyhow::Result<Vec<(String, PathBuf)>> {
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

    let reader = std::thread::spawn(move || libraries_of(BufReader::new(messages), kind));
    let mut said = Vec::new();
    for line in BufReader::new(complaints).lines().map_while(Result::ok) {
        let step = line.trim();
        if ["Compiling", "Downloading", "Blocking", "Updating"].iter().any(|verb| step.starts_with(verb)) {
            progress.step(step);
        }
        said.push(line);
    }
    let status = child.wait().context("cargo was lost")?;
    let libraries = reader.join().unwrap_or_default();
    drop(progress);
    ensure!(status.success(), "cannot build {CRATE} for {for_whom}; cargo says:\n{}", said.join("\n"));
    Ok(libraries)
}

/// The shared libraries of such targets among cargo's messages, with the targets' names.
fn libraries_of(messages: impl std::io::BufRead, kind: &str) -> Vec<(String, PathBuf)> {
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
        name: String,
        kind: Vec<String>,
    }
    let mut libraries = Vec::new();
    // Every line is read, or cargo would wait for us.
    for line in messages.lines().map_while(Result::ok) {
        let Ok(message) = serde_json::from_str::<Message>(&line) else { continue };
        let Some(target) = message.target.filter(|_| message.package_id.contains(CRATE)) else { continue };
        if message.reason == "compiler-artifact" && target.kind.iter().any(|one| one == kind) {
            let is_library =
                |file: &PathBuf| file.extension().is_some_and(|end| end == std::env::consts::DLL_EXTENSION);
            libraries.extend(message.filenames.into_iter().find(is_library).map(|file| (target.name, file)));
        }
    }
    libraries
}

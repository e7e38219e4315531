//! What `cargo xtask install` makes: it is installed, moved, and used as a project would use it, by a program that has no
//! Python in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::ensure;

use super::Context;
use super::outcome::{Outcome, Verdict};
use super::tools::{self, Missing};
use crate::command::{finish, succeeds};
use crate::compiler::Compiler;
use crate::install::install;
use crate::library::{self, CRATE};
use crate::try_out::try_out;

pub(super) fn run(context: &Context) -> Vec<Outcome> {
    let outcome = |on: &str, verdict| Outcome { step: "installed", on: on.to_owned(), verdict };
    let folder = context.workspace.target.join("c").join("installed");
    let (first, moved) = (folder.join("first"), folder.join("moved"));
    let installed = fs::remove_dir_all(&folder).or_else(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    });
    let installed = installed
        .map_err(anyhow::Error::from)
        .and_then(|()| install(&context.workspace, &first))
        .and_then(|()| Ok(fs::rename(&first, &moved)?));
    if let Err(error) = installed {
        return vec![outcome("install", Verdict::Failed(format!("{error:#}")))];
    }
    let source = context.workspace.root.join("crates").join(CRATE).join("tests/c/host.c");
    vec![
        outcome("header and library", with(&["nm"], || same_names(&moved))),
        outcome("pkg-config", with(&["pkg-config", "cc"], || pkg_config(&source, &moved, "bufproto"))),
        outcome(
            "pkg-config, shared",
            with(&["pkg-config", "cc"], || pkg_config(&source, &moved, "bufproto-shared")),
        ),
        outcome("an interpreter", tried(context, &moved)),
        outcome("CMake", cmake_if_there(context, &source, &moved)),
    ]
}

/// Builds an extension with what is installed, for the first interpreter that has headers.
fn tried(context: &Context, prefix: &Path) -> Verdict {
    let mut interpreters = context.found.interpreters.iter();
    let Some(interpreter) =
        interpreters.find(|interpreter| Compiler::find(&context.workspace, interpreter).is_ok())
    else {
        return Verdict::Skipped("no interpreter with headers and a C compiler was found".to_owned());
    };
    Verdict::of(try_out(&context.workspace, prefix, interpreter))
}

/// Runs a test if the programs that it needs are there.
fn with(programs: &[&str], test: impl FnOnce() -> anyhow::Result<()>) -> Verdict {
    let missing = programs.iter().find(|program| !succeeds(Command::new(program).arg("--version")));
    if let Some(program) = missing {
        return Verdict::Skipped(format!("{program} is not installed"));
    }
    Verdict::of(test())
}

/// The header declares what the library exports, and the library exports nothing else.
fn same_names(prefix: &Path) -> anyhow::Result<()> {
    let header = fs::read_to_string(prefix.join("include/bufproto.h"))?;
    let symbols = finish(
        Command::new("nm").args(["-D", "--defined-only"]).arg(prefix.join("lib").join(library::SONAME)),
    )?;
    let declared: BTreeSet<&str> = header
        .split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_' || letter == '('))
        .filter_map(|word| word.strip_suffix('(').or_else(|| Some(word.split_once('(')?.0)))
        .filter(|name| name.starts_with("bufproto_"))
        .collect();
    let names = symbols.lines().filter_map(|line| line.split_whitespace().last());
    // The version of the interface is a symbol too.
    let names = names.filter(|name| !name.starts_with("BUFPROTO_"));
    let exported: BTreeSet<&str> = if cfg!(target_os = "linux") {
        names.filter_map(|name| name.strip_suffix("@@BUFPROTO_0.1")).collect()
    } else {
        names.collect()
    };
    let differing: Vec<&&str> = declared.symmetric_difference(&exported).collect();
    ensure!(differing.is_empty(), "declared or exported, but not both: {differing:?}");
    ensure!(!declared.is_empty(), "the header declares nothing");
    Ok(())
}

/// Links a program with the libraries before its object, as setuptools does, and looks at what it exports.
fn pkg_config(source: &Path, prefix: &Path, package: &str) -> anyhow::Result<()> {
    let flags = |kind: &str| -> anyhow::Result<Vec<String>> {
        let mut command = Command::new("pkg-config");
        command.env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig")).args([kind, package]);
        Ok(finish(&mut command)?.split_whitespace().map(str::to_owned).collect())
    };
    let (object, program) = (prefix.join("host.o"), prefix.join(format!("host-{package}")));
    let mut compile = Command::new("cc");
    compile.args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fPIC", "-c"]);
    finish(compile.args(flags("--cflags")?).arg(source).arg("-o").arg(&object))?;
    finish(Command::new("cc").args(flags("--libs")?).arg(&object).arg("-o").arg(&program))?;
    answers(&program, prefix)?;

    let extension = prefix.join(format!("host-{package}.so"));
    finish(Command::new("cc").arg("-shared").args(flags("--libs")?).arg(&object).arg("-o").arg(&extension))?;
    let exported = finish(Command::new("nm").args(["-D", "--defined-only"]).arg(&extension))?;
    let ours = exported.lines().find(|line| line.contains("bufproto"));
    ensure!(
        ours.is_none(),
        "an extension exports what it took from the library: {}",
        ours.unwrap_or_default()
    );
    Ok(())
}

fn cmake_if_there(context: &Context, source: &Path, prefix: &Path) -> Verdict {
    match (tools::any(context, "cmake"), tools::any(context, "cmake")) {
        (Ok(configure), Ok(build)) => with(&["make", "cc"], || cmake(configure, build, source, prefix)),
        (Err(Missing(why)), _) | (_, Err(Missing(why))) => Verdict::Skipped(why),
    }
}

fn cmake(mut configure: Command, mut build: Command, source: &Path, prefix: &Path) -> anyhow::Result<()> {
    let project = prefix.join("project");
    fs::create_dir_all(&project)?;
    let lists = format!(
        "cmake_minimum_required(VERSION 3.15)\nproject(host C)\nfind_package(bufproto {} REQUIRED)\n\
         add_executable(host {source:?})\ntarget_link_libraries(host bufproto::bufproto)\n\
         add_executable(host-shared {source:?})\ntarget_link_libraries(host-shared bufproto::shared)\n",
        env!("CARGO_PKG_VERSION")
    );
    fs::write(project.join("CMakeLists.txt"), lists)?;
    let folder = project.join("build");
    configure.args(["-G", "Unix Makefiles", "-S"]).arg(&project).arg("-B").arg(&folder);
    configure.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.display()));
    finish(&mut configure)?;
    finish(build.arg("--build").arg(&folder))?;
    answers(&folder.join("host"), prefix)?;
    answers(&folder.join("host-shared"), prefix)
}

/// Runs the program, which checks what it gets and prints the library's version.
fn answers(program: &Path, prefix: &Path) -> anyhow::Result<()> {
    let version = finish(Command::new(program).env("LD_LIBRARY_PATH", prefix.join("lib")))?;
    ensure!(version.trim() == env!("CARGO_PKG_VERSION"), "the library says that it is version {version}");
    Ok(())
}

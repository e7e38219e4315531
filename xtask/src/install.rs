//! `cargo xtask install --prefix DIR [--python EXE]`: headers, libraries, and what build systems need to find them. The
//! folder may be moved afterwards. What is installed is the same for all interpreters; one that is named tries it out.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

use crate::interpreter::{self, Unusable};
use crate::library::{self, SONAME};
use crate::try_out::try_out;
use crate::workspace::Workspace;

/// Where to install.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The folder to install to; `include` and `lib` are made in it
    #[arg(long, value_name = "DIR")]
    prefix: PathBuf,
    /// Also try it out: build an extension for this interpreter with what is installed, and run it
    #[arg(long, value_name = "EXE")]
    python: Option<OsString>,
}

/// Installs, and says where.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    match install_and_try(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn install_and_try(arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { prefix, python } = arguments;
    // Nothing is installed for an interpreter that is none.
    let interpreter = python
        .as_deref()
        .map(interpreter::named)
        .transpose()
        .map_err(|Unusable { program, why }| anyhow::anyhow!("--python {}: {why}", program.display()))?;
    let workspace = Workspace::find()?;
    install(&workspace, prefix)?;
    anstream::eprintln!("installed bufproto in {}", prefix.display());
    if let Some(interpreter) = interpreter {
        try_out(&workspace, prefix, &interpreter)?;
        anstream::eprintln!("an extension for {interpreter} works with it");
    }
    Ok(())
}

/// Installs to a folder, over whatever was installed there before.
pub(crate) fn install(workspace: &Workspace, prefix: &Path) -> anyhow::Result<()> {
    let sources = workspace.root.join("crates").join(library::CRATE);
    let include = sources.join("include");
    for folder in ["", "bufproto"] {
        copy_headers(&include.join(folder), &prefix.join("include").join(folder))?;
    }
    let lib = prefix.join("lib");
    copy(&library::build_static(workspace)?, &lib.join("libbufproto.a"))?;
    copy(&library::build_shared(workspace)?, &lib.join(SONAME))?;
    link(SONAME, &lib.join("libbufproto.so"))?;
    let version = &workspace.version;
    for file in FILES {
        let (template, path) = (sources.join("install").join(format!("{file}.in")), lib.join(file));
        let template =
            fs::read_to_string(&template).with_context(|| format!("cannot read {}", template.display()))?;
        make_parent(&path)?;
        fs::write(&path, template.replace("@VERSION@", version))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Copies the headers of one folder.
fn copy_headers(from: &Path, to: &Path) -> anyhow::Result<()> {
    let entries = fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "h") {
            copy(&path, &to.join(path.file_name().unwrap_or_default()))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    make_parent(to)?;
    fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    Ok(())
}

fn make_parent(path: &Path) -> anyhow::Result<()> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))
}

/// The name without a version, which linkers look for.
fn link(target: &str, path: &Path) -> anyhow::Result<()> {
    let _ = fs::remove_file(path);
    #[cfg(unix)]
    std::os::unix::fs::symlink(target, path)
        .with_context(|| format!("cannot make the link {}", path.display()))?;
    #[cfg(not(unix))]
    copy(&path.with_file_name(target), path)?;
    Ok(())
}

/// Files below `lib`, made of those below `install` of the crate with the C face, which the Python package has as well.
const FILES: [&str; 5] = [
    "pkgconfig/bufproto.pc",
    "pkgconfig/bufproto-shared.pc",
    "pkgconfig/bufproto-forced.pc",
    "cmake/bufproto/bufproto-config.cmake",
    "cmake/bufproto/bufproto-config-version.cmake",
];

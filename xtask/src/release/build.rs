//! `cargo xtask release build`: the files of the version that the tree has, in one folder.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use semver::Version;

use super::{changelog, checksums};
use crate::command::finish;
use crate::header;
use crate::install::install;
use crate::interpreter::Interpreter;
use crate::wheel::{Builder, Product, choose, sources};
use crate::workspace::{Workspace, cargo};

/// For whom, and where to.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// An interpreter to build a wheel for; may be repeated [default: the first python3 or python on PATH]
    #[arg(long, value_name = "EXE")]
    python: Vec<OsString>,
    /// The folder for the files, which is emptied first [default: target/publish]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Also from a tree with changes that are not committed
    #[arg(long)]
    allow_dirty: bool,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let workspace = Workspace::find()?;
    let interpreters = interpreters(&arguments.python)?;
    let version = Version::parse(&workspace.version)?;
    let log = workspace.root.join("CHANGELOG.md");
    let log = fs::read_to_string(&log).with_context(|| format!("cannot read {}", log.display()))?;
    let notes = changelog::section(&log, &version)?;
    header::check(&workspace)?;
    if !arguments.allow_dirty {
        committed(&workspace)?;
    }

    let out = arguments.out.clone().unwrap_or_else(|| workspace.target.join("publish"));
    if out.exists() {
        fs::remove_dir_all(&out).with_context(|| format!("cannot empty {}", out.display()))?;
    }
    fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    crates(&workspace, &out, Verify::Build)?;
    packages(&workspace, &interpreters, &out)?;
    library(&workspace, &out)?;
    fs::write(out.join("SHA256SUMS"), checksums::of(&out)?)?;
    fs::write(out.join("NOTES.md"), format!("{notes}\n"))?;

    let names: Vec<&str> = workspace.published.iter().map(String::as_str).collect();
    anstream::println!(
        "{} has what belongs to {version}. To publish it:\n  git tag v{version}\n  cargo publish --package {}\n  \
         and the wheels and sources by twine",
        out.display(),
        names.join(" --package ")
    );
    Ok(())
}

fn interpreters(named: &[OsString]) -> anyhow::Result<Vec<Interpreter>> {
    if named.is_empty() { Ok(vec![choose(None)?]) } else { named.iter().map(Some).map(choose).collect() }
}

/// Fails if the tree is not what was committed.
fn committed(workspace: &Workspace) -> anyhow::Result<()> {
    let status = finish(Command::new("git").current_dir(&workspace.root).args(["status", "--porcelain"]))?;
    ensure!(status.is_empty(), "there are changes that are not committed (or --allow-dirty):\n{status}");
    Ok(())
}

/// Whether a packed crate is built once more, out of what was packed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verify {
    Build,
    No,
}

/// The crates, as they are published.
pub(crate) fn crates(workspace: &Workspace, out: &Path, verify: Verify) -> anyhow::Result<()> {
    let mut command = Command::new(cargo());
    command.current_dir(&workspace.root).args(["package", "--quiet", "--allow-dirty", "--target-dir"]);
    command.arg(&workspace.target);
    if verify == Verify::No {
        command.arg("--no-verify");
    }
    for name in &workspace.published {
        command.args(["--package", name]);
    }
    finish(&mut command)?;
    for name in &workspace.published {
        let file = format!("{name}-{}.crate", workspace.version);
        let packed = workspace.target.join("package").join(&file);
        fs::copy(&packed, out.join(&file)).with_context(|| format!("cannot copy {}", packed.display()))?;
    }
    Ok(())
}

/// The Python package: a wheel for each interpreter, and the sources.
fn packages(workspace: &Workspace, interpreters: &[Interpreter], out: &Path) -> anyhow::Result<()> {
    for (index, interpreter) in interpreters.iter().enumerate() {
        let builder = Builder::new(workspace, interpreter).map_err(anyhow::Error::msg)?;
        builder.build(Product::Wheel, &sources(workspace), out)?;
        if index == 0 {
            builder.build(Product::Sources, &sources(workspace), out)?;
        }
    }
    Ok(())
}

/// What `cargo xtask install` installs, for this machine's kind of processor and system.
fn library(workspace: &Workspace, out: &Path) -> anyhow::Result<()> {
    let about = finish(Command::new("rustc").arg("-vV"))?;
    let host =
        about.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc -vV names no host")?;
    let name = format!("bufproto-{}-{host}", workspace.version);
    let prefix = tempfile::tempdir()?;
    install(workspace, prefix.path())?;
    let file = File::create(out.join(format!("{name}.tar.gz")))?;
    let mut archive = tar::Builder::new(GzEncoder::new(file, Compression::best()));
    archive.follow_symlinks(false);
    archive.append_dir_all(&name, prefix.path())?;
    archive.into_inner()?.finish()?;
    Ok(())
}

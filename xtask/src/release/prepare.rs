//! `cargo xtask release prepare VERSION`: writes the version wherever it stands.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use semver::Version;
use time::OffsetDateTime;

use super::{changelog, manifest};
use crate::command::finish;
use crate::header;
use crate::workspace::{Workspace, cargo};

/// Which version.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The new version, not lower than the present one
    version: Version,
}

pub(super) fn run(Arguments { version }: &Arguments) -> anyhow::Result<()> {
    let workspace = Workspace::find()?;
    prepare(&workspace, version)?;
    anstream::println!(
        "the tree has version {version} now. Look at `git diff`, run `cargo xtask test`, commit, and then:\n  \
         cargo xtask release build"
    );
    Ok(())
}

/// Edits the tree. Nothing is written if anything is wrong with the version or the changelog.
pub(crate) fn prepare(workspace: &Workspace, version: &Version) -> anyhow::Result<()> {
    let present = Version::parse(&workspace.version)?;
    ensure!(*version >= present, "the present version is {present}, and {version} is lower");
    let (log, cargo_toml) = (workspace.root.join("CHANGELOG.md"), workspace.root.join("Cargo.toml"));
    let today = OffsetDateTime::now_utc().date().to_string();
    let released = changelog::release(&read(&log)?, version, &today)?;
    let edited = manifest::with_version(&read(&cargo_toml)?, version)?;
    write(&log, &released)?;
    write(&cargo_toml, &edited)?;
    for folder in ["", "fuzz"] {
        let mut update = Command::new(cargo());
        update.args(["update", "--quiet", "--workspace", "--offline", "--manifest-path"]);
        finish(update.arg(workspace.root.join(folder).join("Cargo.toml")))?;
    }
    header::write(&Workspace { version: version.to_string(), ..workspace.clone() })
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

//! Where the project's sources are and where cargo builds.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde::Deserialize;

/// The workspace that this program belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Workspace {
    /// The folder of the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Where cargo builds: `target`, unless the user says otherwise.
    pub(crate) target: PathBuf,
    /// The version of every crate.
    pub(crate) version: String,
    /// The crates that are published.
    pub(crate) published: Vec<String>,
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn find() -> anyhow::Result<Self> {
        // Cargo sets the variable when it runs us; the constant serves whoever starts the program by hand.
        let folder = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or(env!("CARGO_MANIFEST_DIR").into());
        Self::at(Path::new(&folder))
    }

    /// Asks cargo for the workspace that a folder with a `Cargo.toml` belongs to.
    pub(crate) fn at(folder: &Path) -> anyhow::Result<Self> {
        #[derive(Deserialize)]
        struct Metadata {
            workspace_root: PathBuf,
            target_directory: PathBuf,
            packages: Vec<Package>,
        }
        #[derive(Deserialize)]
        struct Package {
            name: String,
            version: String,
            /// The registries that it may go to; none for "nowhere", and nothing for all.
            publish: Option<Vec<String>>,
        }
        let output = Command::new(cargo())
            .args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"])
            .arg(folder.join("Cargo.toml"))
            .output()
            .context("cargo does not start")?;
        ensure!(
            output.status.success(),
            "cargo metadata failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let Metadata { workspace_root, target_directory, packages } =
            serde_json::from_slice(&output.stdout).context("cargo metadata answers something else")?;
        let version = packages.first().context("the workspace has no package")?.version.clone();
        let published = packages.into_iter().filter(|package| package.publish.is_none());
        let published = published.map(|package| package.name).collect();
        Ok(Self { root: workspace_root, target: target_directory, version, published })
    }
}

/// The cargo that runs us, else the one on `PATH`.
pub(crate) fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or("cargo".into())
}

//! What `cargo xtask release` does, in a copy of the tree: the next version is prepared, and the crates are packed.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use semver::Version;

use super::Context;
use super::outcome::{Outcome, Verdict};
use crate::command::{finish, succeeds};
use crate::header;
use crate::release::build::{Verify, crates};
use crate::release::prepare::prepare;
use crate::workspace::Workspace;

pub(super) fn run(context: &Context) -> Vec<Outcome> {
    let root = &context.workspace.root;
    let verdict = if succeeds(Command::new("git").current_dir(root).args(["rev-parse", "--git-dir"])) {
        Verdict::of(released(root))
    } else {
        Verdict::Skipped("the tree is not a clone, so that its files are not known".to_owned())
    };
    vec![Outcome { step: "release", on: "a copy of the tree".to_owned(), verdict }]
}

fn released(root: &Path) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    copy_tree(root, folder.path())?;
    let copy = Workspace::at(folder.path())?;
    let mut version = Version::parse(&copy.version)?;
    version.minor += 1;
    prepare(&copy, &version)?;

    let mut prepared = Workspace::at(folder.path())?;
    prepared.target = folder.path().join("target");
    ensure!(prepared.version == version.to_string(), "the crates have version {}", prepared.version);
    header::check(&prepared)?;
    let text = fs::read_to_string(folder.path().join("crates/bufproto-ffi/include/bufproto.h"))?;
    ensure!(
        text.contains(&format!("#define BUFPROTO_VERSION \"{version}\"")),
        "the header has another version"
    );
    let out = folder.path().join("publish");
    fs::create_dir(&out)?;
    crates(&prepared, &out, Verify::No)?;
    let packed = fs::read_dir(&out)?.count();
    ensure!(packed == prepared.published.len() && packed > 0, "{packed} crates were packed");
    Ok(())
}

/// Copies the files that git knows, as they are now.
fn copy_tree(from: &Path, to: &Path) -> anyhow::Result<()> {
    let files = finish(Command::new("git").current_dir(from).args(["ls-files", "-z"]))?;
    for file in files.split_terminator('\0') {
        let copy = to.join(file);
        fs::create_dir_all(copy.parent().context("a file is in no folder")?)?;
        fs::copy(from.join(file), &copy).with_context(|| format!("cannot copy {file}"))?;
    }
    Ok(())
}

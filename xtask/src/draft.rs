//! Files that are put in their places when they are whole: another process may be reading those that were there.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

/// What the name of a folder begins with in which a file is written first, beside its place.
pub(crate) const PREFIX: &str = ".draft-";

/// Has a file written elsewhere, and then puts it in its place in one step.
pub(crate) fn put<T>(file: &Path, write: impl FnOnce(&Path) -> anyhow::Result<T>) -> anyhow::Result<()> {
    let place = || format!("cannot write {}", file.display());
    let beside = file.parent().context("a file at the root")?;
    fs::create_dir_all(beside).with_context(place)?;
    let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(beside).with_context(place)?;
    let draft = folder.path().join("draft");
    write(&draft).with_context(place)?;
    fs::rename(draft, file).with_context(place)
}

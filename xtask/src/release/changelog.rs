//! The changelog, in the format of Keep a Changelog: a section for each version, the newest first.

use anyhow::{Context as _, ensure};
use semver::Version;

/// What the section of the next version is called.
const UNRELEASED: &str = "## Unreleased";

/// Gives what is unreleased to a version, and begins an empty section above it. `date` is as in 2026-12-31.
pub(super) fn release(text: &str, version: &Version, date: &str) -> anyhow::Result<String> {
    ensure!(section(text, version).is_err(), "the changelog has a section for {version} already");
    let (before, unreleased) =
        split(text, UNRELEASED).context("the changelog has no section \"Unreleased\"")?;
    ensure!(!body(unreleased).is_empty(), "nothing in the changelog is unreleased");
    Ok(format!("{before}{UNRELEASED}\n\n## {version} - {date}\n{unreleased}"))
}

/// What the changelog says of a version.
pub(super) fn section<'a>(text: &'a str, version: &Version) -> anyhow::Result<&'a str> {
    let (_, after) = split(text, &format!("## {version} -")).with_context(|| {
        format!("the changelog has no section for {version}: run `cargo xtask release prepare`")
    })?;
    Ok(body(after))
}

/// What stands before a heading, and after its line.
fn split<'a>(text: &'a str, heading: &str) -> Option<(&'a str, &'a str)> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with(heading) {
            return Some((&text[..start], &text[start + line.len()..]));
        }
        start += line.len();
    }
    None
}

/// A section's text, up to the next one.
fn body(after: &str) -> &str {
    after.split("\n## ").next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "# Changelog\n\n## Unreleased\n\n### Added\n- b\n\n## 0.1.0 - 2026-11-01\n\n- a\n";

    #[test]
    fn what_is_unreleased_becomes_the_version() {
        let after = release(BEFORE, &Version::new(0, 2, 0), "2026-12-31").unwrap();
        assert_eq!(
            after,
            "# Changelog\n\n## Unreleased\n\n## 0.2.0 - 2026-12-31\n\n### Added\n- b\n\n## 0.1.0 - 2026-11-01\n\n- a\n"
        );
        assert_eq!(section(&after, &Version::new(0, 2, 0)).unwrap(), "### Added\n- b");
        assert_eq!(section(&after, &Version::new(0, 1, 0)).unwrap(), "- a");
        let again = release(&after, &Version::new(0, 3, 0), "2026-12-31").unwrap_err();
        assert_eq!(again.to_string(), "nothing in the changelog is unreleased");
    }

    #[test]
    fn a_version_is_released_once() {
        let again = release(BEFORE, &Version::new(0, 1, 0), "2026-12-31").unwrap_err();
        assert_eq!(again.to_string(), "the changelog has a section for 0.1.0 already");
        assert!(section(BEFORE, &Version::new(0, 1, 1)).is_err());
    }
}

//! The workspace's manifest: one version for all crates, which they also ask for of each other.

use anyhow::Context as _;
use semver::Version;
use toml_edit::{DocumentMut, value};

/// The manifest with another version in it. Everything else stays as it is, comments too.
pub(super) fn with_version(text: &str, version: &Version) -> anyhow::Result<String> {
    let mut manifest: DocumentMut = text.parse().context("the workspace's manifest cannot be read")?;
    let workspace = manifest.get_mut("workspace").context("the manifest is not a workspace's")?;
    workspace["package"]["version"] = value(version.to_string());
    let dependencies =
        workspace["dependencies"].as_table_like_mut().context("the workspace has no dependencies")?;
    for (_, dependency) in dependencies.iter_mut() {
        if let Some(dependency) = dependency.as_table_like_mut().filter(|table| table.contains_key("path")) {
            dependency.insert("version", value(version.to_string()));
        }
    }
    Ok(manifest.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_ask_for_each_other_in_the_same_version() {
        let text = "[workspace.package]\nversion = \"0.1.0\"\n\n# Ours.\n[workspace.dependencies]\n\
                    ours = { path = \"x\", version = \"0.1.0\" }\ntheirs = { version = \"0.1.0\" }\n";
        let expected = "[workspace.package]\nversion = \"0.2.0\"\n\n# Ours.\n[workspace.dependencies]\n\
                        ours = { path = \"x\", version = \"0.2.0\" }\ntheirs = { version = \"0.1.0\" }\n";
        assert_eq!(with_version(text, &Version::new(0, 2, 0)).unwrap(), expected);
    }
}

//! `cargo xtask header`: writes `bufproto.h`, the part of the C face that needs no Python, from the sources of
//! `bufproto-ffi` and the rules of `bufproto-core`. With `--check` it only says whether the file is as the sources say.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use bufproto_core::rules::Rule;

use crate::library::CRATE;
use crate::workspace::Workspace;

/// What to do with the header.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Write nothing; fail if the file differs from what would be written
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let done = Workspace::find()
        .and_then(|workspace| if arguments.check { check(&workspace) } else { write(&workspace) });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn write(workspace: &Workspace) -> anyhow::Result<()> {
    let path = path(workspace);
    fs::write(&path, generate(workspace)?).with_context(|| format!("cannot write {}", path.display()))
}

/// Fails if the header in the tree is not what the sources generate.
pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<()> {
    let path = path(workspace);
    let there = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    if there != generate(workspace)? {
        bail!("{} is not what the sources generate; run `cargo xtask header`", path.display());
    }
    Ok(())
}

fn path(workspace: &Workspace) -> PathBuf {
    workspace.root.join("crates").join(CRATE).join("include/bufproto.h")
}

fn generate(workspace: &Workspace) -> anyhow::Result<String> {
    let folder = workspace.root.join("crates").join(CRATE);
    let config = cbindgen::Config::from_file(folder.join("cbindgen.toml")).map_err(anyhow::Error::msg)?;
    let bindings = cbindgen::Builder::new()
        .with_config(config)
        .with_src(folder.join("src/lib.rs"))
        .with_after_include(constants()?)
        .generate()
        .context("cbindgen cannot read the sources")?;
    let mut bytes = Vec::new();
    bindings.write(&mut bytes);
    Ok(for_c(&String::from_utf8(bytes)?))
}

/// The version, and the numbers of the rules.
fn constants() -> anyhow::Result<String> {
    let version = env!("CARGO_PKG_VERSION");
    let mut text =
        "\n/* The version of this header; bufproto_version() tells that of the library. */\n".to_owned();
    writeln!(text, "#define BUFPROTO_VERSION \"{version}\"")?;
    for (name, number) in ["MAJOR", "MINOR", "PATCH"].iter().zip(version.split('.')) {
        writeln!(text, "#define BUFPROTO_VERSION_{name} {number}")?;
    }
    text.push_str("\n/* The rules by number: stable for ever. What they say is in the documentation of bufproto-core. */\n");
    for rule in Rule::ALL {
        writeln!(text, "#define BUFPROTO_RULE_{} {}", screaming(&format!("{rule:?}")), rule.number())?;
    }
    text.push_str("\n/* A Python object, as the interpreter's headers name it. */\nstruct _object;\n\n");
    for name in ["interpreter", "memory", "scope"] {
        writeln!(text, "typedef struct bufproto_{name} bufproto_{name};")?;
    }
    Ok(text)
}

/// `NullArgument` as `NULL_ARGUMENT`.
fn screaming(name: &str) -> String {
    let mut text = String::new();
    for (index, letter) in name.char_indices() {
        // `C` and `F` before `Contiguous` are words of their own.
        if index != 0 && letter.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(letter.to_ascii_uppercase());
    }
    text
}

/// The comments of Rust, for readers of C.
fn for_c(header: &str) -> String {
    let mut text = String::new();
    for line in header.lines() {
        let line = line.replace("# Safety", "The caller sees to it:");
        // Before C99 this was no comment.
        let line = line.split_once("//").map_or(line.as_str(), |(code, _)| code);
        text.push_str(line.replace("[`", "").replace("`]", "").replace('`', "").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{for_c, screaming};

    #[test]
    fn rules_are_named_as_constants_of_c_are() {
        assert_eq!(screaming("NullArgument"), "NULL_ARGUMENT");
        assert_eq!(screaming("GrantCContiguous"), "GRANT_C_CONTIGUOUS");
    }

    #[test]
    fn comments_lose_their_markup() {
        assert_eq!(for_c(" * # Safety\n * As [`a`], `b`.  \n"), " * The caller sees to it:\n * As a, b.\n");
    }
}

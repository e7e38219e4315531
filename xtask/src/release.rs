//! `cargo xtask release`: a version, from the changelog to the files that are published. It commits, tags and publishes
//! nothing: `prepare` edits the tree, to be looked at; `build` makes the files of what was committed.

use std::process::ExitCode;

pub(crate) mod build;
mod changelog;
mod checksums;
mod manifest;
pub(crate) mod prepare;

/// Which half.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    part: Part,
}

#[derive(clap::Subcommand)]
enum Part {
    /// Give all crates, the C header and the changelog a new version
    Prepare(prepare::Arguments),
    /// Make the files to publish: crates, wheels, the package's sources, the C library, checksums, notes
    Build(build::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let done = match &arguments.part {
        Part::Prepare(arguments) => prepare::run(arguments),
        Part::Build(arguments) => build::run(arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

//! `cargo xtask test`: the one test command.

use std::process::ExitCode;

use clap::Args;

mod core;
mod live;
mod rust;
mod summary;

use summary::Row;

/// What to test.
#[derive(Args)]
pub(crate) struct Test {
    /// Only what needs no interpreter
    #[arg(long)]
    quick: bool,
}

/// Runs every step, also after one has failed, and ends with a table of what ran and what did not.
pub(crate) fn run(options: &Test) -> anyhow::Result<ExitCode> {
    let mut rows = vec![rust::tests()?, rust::documentation()?, core::dependencies()?, core::without_std()?];
    if options.quick {
        rows.push(Row::skipped("live objects", "--quick was given"));
    } else {
        rows.extend(live::all()?);
    }
    println!("\n{}", summary::table(&rows));
    for row in rows.iter().filter(|row| row.has_failed()) {
        eprintln!("error: {} failed", row.name());
    }
    Ok(if rows.iter().any(Row::has_failed) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

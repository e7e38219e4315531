//! `cargo xtask TASK`: everything a developer or CI runs, one file per task.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod inspect;
mod interpreter;
mod package;
mod test;

/// The project's tasks.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Show what the four functions answer for objects of a Python interpreter
    Inspect(inspect::Inspect),
    /// Run every test, on every interpreter found
    Test(test::Test),
}

fn main() -> anyhow::Result<ExitCode> {
    match Arguments::parse().task {
        Task::Inspect(options) => inspect::run(&options),
        Task::Test(options) => test::run(&options),
    }
}

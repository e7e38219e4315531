//! `cargo xtask TASK`: everything a developer or CI runs, one file per task.

use clap::{Parser, Subcommand};

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
    /// Run every test.
    Test,
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().task {
        Task::Test => test::run(),
    }
}

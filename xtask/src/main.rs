//! `cargo xtask TASK`: everything a developer or CI runs, one file per task.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod budget;
mod callgrind;
mod command;
mod compiler;
mod draft;
mod exporters;
mod fuzz;
mod header;
mod inspect;
mod install;
mod interpreter;
mod layouts;
mod library;
mod mutants;
mod nightly;
mod numpy;
mod oracle;
mod package;
mod pip;
mod progress;
mod release;
mod test;
mod try_out;
mod wheel;
mod workspace;

/// The project's tasks.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Measure what a pointer and a length cost, beside other ways to them.
    Bench(bench::Arguments),
    /// Count the instructions of the C face beside the interpreter's own.
    Budget(budget::Arguments),
    /// Run everything, for as long as it takes.
    Ci(test::ci::Arguments),
    /// Show which rules for exporters real ones keep.
    Exporters(exporters::Arguments),
    /// Run the fuzz targets.
    Fuzz(fuzz::Arguments),
    /// Show what the four functions answer for Python objects.
    Inspect(inspect::Arguments),
    /// Write the header of the C library from its sources.
    Header(header::Arguments),
    /// Install headers and libraries for C.
    Install(install::Arguments),
    /// Compare what is said of random layouts with what an interpreter says.
    Layouts(layouts::Arguments),
    /// Change core in one place after the other, and see whether a test notices.
    Mutants(mutants::Arguments),
    /// Record what interpreters answer, and compare it with core.
    Oracle(oracle::Arguments),
    /// Prepare a version, and make the files to publish.
    Release(release::Arguments),
    /// Run the tests of core and the mock under Miri and the sanitizers.
    Sanitize(test::sanitize::Arguments),
    /// Run every test, on every interpreter found.
    Test(test::Arguments),
    /// Build the Python package for one interpreter.
    Wheel(wheel::Arguments),
}

fn main() -> ExitCode {
    match Arguments::parse().task {
        Task::Bench(arguments) => bench::run(&arguments),
        Task::Budget(arguments) => budget::run(&arguments),
        Task::Ci(arguments) => test::ci::run(&arguments),
        Task::Exporters(arguments) => exporters::run(&arguments),
        Task::Fuzz(arguments) => fuzz::run(&arguments),
        Task::Inspect(arguments) => inspect::run(&arguments),
        Task::Header(arguments) => header::run(&arguments),
        Task::Install(arguments) => install::run(&arguments),
        Task::Layouts(arguments) => layouts::run(&arguments),
        Task::Mutants(arguments) => mutants::run(&arguments),
        Task::Oracle(arguments) => oracle::run(&arguments),
        Task::Release(arguments) => release::run(&arguments),
        Task::Sanitize(arguments) => test::sanitize::run(&arguments),
        Task::Test(arguments) => test::run(&arguments),
        Task::Wheel(arguments) => wheel::run(&arguments),
    }
}

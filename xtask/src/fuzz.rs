//! `cargo xtask fuzz`: each fuzz target for a while, from its seeds and from what earlier runs have found worth keeping.

use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use crate::command::finish;
use crate::nightly::{Missing, Nightly};
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How long each target runs
    #[arg(long, value_name = "N", default_value_t = 10, conflicts_with = "seconds")]
    minutes: u32,
    /// The same in seconds; 20 are enough to see that nothing is broken outright
    #[arg(long, value_name = "N")]
    seconds: Option<u32>,
    /// The targets [default: all of them]
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    match fuzz(arguments) {
        Ok(findings) if findings.is_empty() => ExitCode::SUCCESS,
        Ok(findings) => {
            anstream::eprintln!(
                "error: {} failed; what they failed on is below fuzz/artifacts",
                findings.join(", ")
            );
            ExitCode::FAILURE
        }
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// The targets that failed.
fn fuzz(arguments: &Arguments) -> anyhow::Result<Vec<String>> {
    let fuzzer = Fuzzer::find(&Workspace::find()?).map_err(|Missing(why)| anyhow::anyhow!(why))?;
    let all = fuzzer.targets()?;
    for target in &arguments.targets {
        ensure!(all.contains(target), "there is no target {target}; there are {}", all.join(", "));
    }
    let chosen = if arguments.targets.is_empty() { &all } else { &arguments.targets };
    let seconds = arguments.seconds.unwrap_or(60 * arguments.minutes);
    let mut findings = Vec::new();
    for target in chosen {
        anstream::eprintln!("\n== {target} for {seconds} s");
        if !fuzzer.run(target, seconds)? {
            findings.push(target.clone());
        }
    }
    Ok(findings)
}

/// What it takes to fuzz.
pub(crate) struct Fuzzer {
    nightly: Nightly,
    workspace: Workspace,
}

impl Fuzzer {
    /// The fuzzer, or what is not installed.
    pub(crate) fn find(workspace: &Workspace) -> Result<Self, Missing> {
        let nightly = Nightly::find()?;
        nightly.needs("fuzz", "cargo install cargo-fuzz")?;
        Ok(Self { nightly, workspace: workspace.clone() })
    }

    /// The names of the targets, as their manifest has them.
    pub(crate) fn targets(&self) -> anyhow::Result<Vec<String>> {
        #[derive(Deserialize)]
        struct Metadata {
            packages: Vec<Package>,
        }
        #[derive(Deserialize)]
        struct Package {
            targets: Vec<Target>,
        }
        #[derive(Deserialize)]
        struct Target {
            name: String,
        }
        let mut command = self.nightly.cargo();
        command.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]);
        let text = finish(command.arg(self.workspace.root.join("fuzz/Cargo.toml")))?;
        let Metadata { packages } =
            serde_json::from_str(&text).context("cargo metadata answers something else")?;
        let mut names: Vec<String> =
            packages.into_iter().flat_map(|package| package.targets).map(|target| target.name).collect();
        names.sort();
        Ok(names)
    }

    /// Runs a target; whether nothing was found. What it says is passed on.
    pub(crate) fn run(&self, target: &str, seconds: u32) -> anyhow::Result<bool> {
        let mut command = self.nightly.cargo();
        command.current_dir(&self.workspace.root).args(["fuzz", "run", target]);
        for folder in ["corpus", "seeds"] {
            let folder = self.workspace.root.join("fuzz").join(folder).join(target);
            std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
            command.arg(folder);
        }
        command.arg("--").arg(format!("-max_total_time={seconds}")).arg("-print_final_stats=1");
        let status = command.status().with_context(|| format!("{command:?} does not start"))?;
        Ok(status.success())
    }
}

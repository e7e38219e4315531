//! What a clean build of core takes. How long it takes depends on the machine and on who else uses it; what it depends on in
//! the project is which crates are compiled, and that is exact.

use std::collections::BTreeSet;
use std::fmt;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use crate::command::finish;
use crate::workspace::{Workspace, cargo};

/// The crate that is built, in the profile that a developer waits for.
const CRATE: &str = "bufproto-core";

/// How long the target allows, in seconds.
const TARGET: f64 = 2.0;

/// By how much the processor's time may exceed what was recorded, on whatever machine.
const FACTOR: f64 = 3.0;

/// A clean build.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct CoreBuild {
    /// All crates that are compiled: what core uses, and what the macros that it uses need.
    pub(super) crates: BTreeSet<String>,
    /// Seconds of the processor's time, of all processes together.
    pub(super) processor: f64,
    /// Seconds until it was done, with as many cores as there are. A budget does not keep it: it says more of what else the
    /// machine does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) elapsed: Option<f64>,
}

impl CoreBuild {
    /// Builds core in a folder of its own, which is removed afterwards.
    pub(super) fn measure(workspace: &Workspace) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("there is no place for a clean build")?;
        let mut tree = Command::new(cargo());
        tree.current_dir(&workspace.root);
        tree.args(["tree", "--package", CRATE, "--edges", "normal,build", "--prefix", "none"]);
        let crates = crates(&finish(&mut tree)?);
        // The shell tells what its children took.
        let mut build = Command::new("sh");
        build.current_dir(&workspace.root).args(["-c", r#""$@" && times"#, "sh"]).arg(cargo());
        build.args(["build", "--quiet", "--package", CRATE, "--target-dir"]).arg(folder.path());
        let begin = Instant::now();
        let said = finish(&mut build)?;
        let elapsed = begin.elapsed().as_secs_f64();
        Ok(Self { crates, processor: round(processor(&said)?), elapsed: Some(round(elapsed)) })
    }

    /// What a budget keeps.
    pub(super) fn kept(&self) -> Self {
        Self { elapsed: None, ..self.clone() }
    }

    /// What is more than was recorded.
    pub(super) fn rises(&self, recorded: &Self) -> Vec<String> {
        let mut rises: Vec<_> = self
            .crates
            .difference(&recorded.crates)
            .map(|name| format!("{CRATE}: is built with {name}, which is not in the budget"))
            .collect();
        if self.processor > FACTOR * recorded.processor {
            rises.push(format!(
                "{CRATE}: a clean build takes {:.1} seconds of the processor's; the budget gives {:.1}, and no more than {FACTOR} \
                 times as many",
                self.processor, recorded.processor
            ));
        }
        rises
    }
}

impl fmt::Display for CoreBuild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { crates, processor, elapsed } = self;
        write!(
            f,
            "a clean build of {CRATE}: {} crates, {processor:.1} seconds of the processor's",
            crates.len()
        )?;
        if let Some(elapsed) = elapsed {
            write!(f, ", {elapsed:.1} until it was done; the target is {TARGET}, where nothing else runs")?;
        }
        Ok(())
    }
}

/// The crates' names in a dependency list with one in each line.
fn crates(tree: &str) -> BTreeSet<String> {
    tree.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// The sum of what the children took, of what the shell prints: a line for itself, and one for them, with what the programs
/// and what the system took, as `1m2.5s`.
fn processor(said: &str) -> anyhow::Result<f64> {
    let line = said.lines().next_back().unwrap_or_default();
    let mut sum = 0.0;
    for time in line.split_whitespace() {
        let (minutes, seconds) = time.split_once('m').with_context(|| format!("no time: {said}"))?;
        // Some write a comma, by their language.
        let seconds = seconds.trim_end_matches('s').replace(',', ".");
        sum += 60.0 * minutes.parse::<f64>()? + seconds.parse::<f64>()?;
    }
    ensure!(sum > 0.0, "the shell tells no time: {said}");
    Ok(sum)
}

fn round(seconds: f64) -> f64 {
    (seconds * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_shell_tells() {
        assert!((processor("0m0.00s 0m0.01s\n1m2.50s 0m0,25s\n").expect("times") - 62.75).abs() < 1e-9);
        assert!(processor("").is_err());
        assert!(processor("0m0.0s 0m0.0s\n0m0.0s 0m0.0s\n").is_err());
        assert!(processor("nothing").is_err());
    }

    #[test]
    fn a_crate_more_is_a_rise_and_a_slow_machine_is_none() {
        let tree = "bufproto-core v0.1.0 (/here)\nthiserror v2.0.21\nthiserror v2.0.21 (*)\n";
        let recorded = CoreBuild { crates: crates(tree), processor: 4.0, elapsed: Some(2.0) };
        assert_eq!(recorded.crates.len(), 2);
        let slower = CoreBuild { processor: 11.9, elapsed: Some(60.0), ..recorded.clone() };
        assert!(slower.rises(&recorded).is_empty());
        let larger = CoreBuild { crates: crates(&format!("{tree}libm v0.2\n")), ..recorded.clone() };
        assert_eq!(
            larger.rises(&recorded),
            ["bufproto-core: is built with libm, which is not in the budget"]
        );
        let much_slower = CoreBuild { processor: 12.1, ..recorded.clone() };
        assert_eq!(much_slower.rises(&recorded).len(), 1);
    }
}

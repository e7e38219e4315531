//! `cargo xtask sanitize`: the tests of core and of the mock where every access is looked at: by Miri on this machine, on one
//! with its bytes the other way round and on one of 32 bits, and by AddressSanitizer and ThreadSanitizer. The step "sanitizers" of
//! the tests is the quick form: on this machine, those that are about memory and threads.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use super::outcome::{Outcome, Verdict};
use super::rust::{Runner, watch};
use super::{Context, tally, tell, title};
use crate::nightly::{Missing, Nightly};
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Run only the checks whose name has this in it, as in `Miri on s390x`
    #[arg(long, value_name = "CHECK")]
    only: Option<String>,
}

const MIRI: &str = "Miri";

/// The targets of Miri that are not this machine: their bytes are the other way round, their pointers have 32 bits.
const FOREIGN: [&str; 2] = ["s390x-unknown-linux-gnu", "i686-unknown-linux-gnu"];

/// The sanitizers, as the compiler names them.
const SANITIZERS: [(&str, &str); 2] = [("AddressSanitizer", "address"), ("ThreadSanitizer", "thread")];

/// How often the laws are tried under Miri, which takes a thousand times as long as the machine.
const CASES: &str = "4";

/// The same under AddressSanitizer, in the quick form.
const CASES_IN_SHORT: &str = "32";

/// Each check with the target that it is for.
type Check<'a> = (&'static str, String, Box<dyn Fn() -> Result<Verdict, Missing> + 'a>);

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let outcomes = Workspace::find().and_then(|workspace| {
        all(&workspace, arguments.only.as_deref()).map_err(|Missing(why)| anyhow::anyhow!(why))
    });
    let outcomes = match outcomes {
        Ok(outcomes) => outcomes,
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            return ExitCode::from(2);
        }
    };
    tally::conclude(&outcomes)
}

/// What is looked at.
#[derive(Clone, Copy)]
enum Tests {
    All,
    /// What is about memory and threads, and does not take long.
    Quick,
}

impl Tests {
    /// What chooses them among those of a package.
    fn of(self, package: &str) -> Vec<String> {
        let names: &[&str] = match (self, package) {
            (Self::All, _) => return vec!["--tests".to_owned()],
            (Self::Quick, "bufproto-core") => &["domain", "grant", "shared"],
            (Self::Quick, _) => &["arguments", "lifetimes", "stable", "strict"],
        };
        names.iter().map(|name| format!("--test={name}")).collect()
    }
}

/// The step of the tests. ThreadSanitizer is left to the full form: it needs a standard library of its own, which takes minutes.
pub(super) fn quick(context: &Context) -> Vec<Outcome> {
    let workspace = &context.workspace;
    let outcome = |name: &str, check: &dyn Fn(&Nightly, &str) -> Result<Verdict, Missing>| {
        let checked = Nightly::find().and_then(|nightly| {
            let host = nightly.host()?;
            check(&nightly, &host)
        });
        let verdict = checked.unwrap_or_else(|Missing(why)| Verdict::Skipped(why));
        Outcome { step: "sanitizers", on: format!("{name}, core and mock"), verdict }
    };
    let (name, option) = SANITIZERS[0];
    vec![
        outcome(MIRI, &|nightly, host| miri(workspace, nightly, host, Tests::Quick)),
        outcome(name, &|nightly, host| sanitizer(workspace, nightly, host, option, Tests::Quick)),
    ]
}

/// Runs the checks whose name has this in it, or all.
pub(super) fn all(workspace: &Workspace, only: Option<&str>) -> Result<Vec<Outcome>, Missing> {
    let nightly = Nightly::find()?;
    let host = nightly.host()?;
    let mut outcomes = Vec::new();
    for (step, on, check) in checks(workspace, &nightly, &host) {
        let name = format!("{step} on {on}");
        if only.is_none_or(|part| name.contains(part)) {
            title(&name);
            let verdict = check().unwrap_or_else(|Missing(why)| Verdict::Skipped(why));
            tell(&verdict);
            outcomes.push(Outcome { step, on, verdict });
        }
    }
    Ok(outcomes)
}

fn checks<'a>(workspace: &'a Workspace, nightly: &'a Nightly, host: &str) -> Vec<Check<'a>> {
    let mut checks: Vec<Check<'a>> = Vec::new();
    for target in std::iter::once(host).chain(FOREIGN) {
        let owned = target.to_owned();
        let check = move || miri(workspace, nightly, &owned, Tests::All);
        checks.push((MIRI, target.to_owned(), Box::new(check)));
    }
    for (name, option) in SANITIZERS {
        let owned = host.to_owned();
        let check = move || sanitizer(workspace, nightly, &owned, option, Tests::All);
        checks.push((name, host.to_owned(), Box::new(check)));
    }
    checks
}

/// Copies by several threads, which are what there is to see most.
const PARALLEL: &str = "bufproto-core/parallel";

/// Whether nothing that is not allowed is done to memory, pointers keep to what they were made of, and nothing leaks.
fn miri(workspace: &Workspace, nightly: &Nightly, target: &str, tests: Tests) -> Result<Verdict, Missing> {
    nightly.needs("miri", "rustup component add --toolchain nightly miri")?;
    nightly.needs_sources()?;
    // Nextest runs as many tests at once as there are processors.
    let runner = Runner::find();
    let run: &[&str] = match runner {
        Runner::Nextest => &["nextest", "run"],
        Runner::Cargo => &["test"],
    };
    let under = |package, leaks| {
        let mut command = nightly.cargo();
        command
            .arg("miri")
            .args(run)
            .args(["--package", package, "--features", PARALLEL])
            .args(tests.of(package))
            .env("PROPTEST_CASES", CASES);
        // Isolated, a program sees no files: those of the tests that failed before, and the recordings.
        let flags = ["-Zmiri-strict-provenance", "-Zmiri-disable-isolation", leaks].join(" ");
        command.env("MIRIFLAGS", flags).args(["--no-fail-fast", "--target", target]).arg("--target-dir");
        watch(command.arg(folder(workspace, "miri")).current_dir(&workspace.root), runner)
    };
    let core = under("bufproto-core", "");
    // The mock's tests leak on purpose, which AddressSanitizer can be told apart.
    Ok(both(core, under("bufproto-mock", "-Zmiri-ignore-leaks")))
}

/// Whether the sanitizer sees nothing. For all tests the standard library is built with it, too.
fn sanitizer(
    workspace: &Workspace,
    nightly: &Nightly,
    target: &str,
    option: &str,
    tests: Tests,
) -> Result<Verdict, Missing> {
    let mut command = nightly.cargo();
    command.args(["test", "--features", PARALLEL]);
    match tests {
        Tests::All => {
            nightly.needs_sources()?;
            command.arg("-Zbuild-std");
        }
        Tests::Quick => _ = command.env("PROPTEST_CASES", CASES_IN_SHORT),
    }
    let packages = ["bufproto-core", "bufproto-mock"];
    let names: BTreeSet<_> = packages.iter().flat_map(|package| tests.of(package)).collect();
    command.args(packages.map(|package| format!("--package={package}"))).args(names);
    // Sanitizers do not look into instructions that are written out. With bytes one by one they see copies of shared memory.
    command.env("RUSTFLAGS", format!("-Zsanitizer={option} --cfg bufproto_bytewise"));
    let meant = workspace.root.join("crates/bufproto-mock/tests/leaks.txt");
    command.env("LSAN_OPTIONS", format!("suppressions={}:print_suppressions=0", meant.display()));
    let folder = folder(workspace, option);
    command.args(["--no-fail-fast", "--target", target, "--target-dir"]).arg(folder);
    // Those that try every order change stacks, which sanitizers do not follow.
    command.args(["--", "--skip", "every_order"]).current_dir(&workspace.root);
    Ok(watch(&mut command, Runner::Cargo))
}

/// What two runs come to.
fn both(one: Verdict, other: Verdict) -> Verdict {
    match (one, other) {
        (Verdict::Ran(one, _), Verdict::Ran(other, _)) => Verdict::Ran(one.and(other), String::new()),
        (Verdict::Ran(..), other) => other,
        (one, _) => one,
    }
}

/// Where the programs of a check are built.
fn folder(workspace: &Workspace, check: &str) -> PathBuf {
    workspace.target.join("sanitize").join(check)
}

//! `cargo xtask wheel`: the Python package as a file that pip installs where there is no Rust.
//!
//! What is in it is the matter of the package's own build backend, which pip calls as well. Here it gets what pip would
//! give it: maturin, in a folder below `target`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, anyhow};

use crate::command::finish;
use crate::interpreter::{self, Interpreter, Unusable};
use crate::package::CRATE;
use crate::pip;
use crate::progress::Progress;
use crate::workspace::{Workspace, cargo};

/// For which interpreter, and where to.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The interpreter: a path, or a name on PATH [default: the first python3 or python on PATH of 3.8 or later]
    #[arg(long, value_name = "EXE")]
    python: Option<OsString>,
    /// The folder to put the wheel in [default: target/wheels]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Builds the wheel, and prints where it is.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    match wheel(arguments) {
        Ok(path) => {
            anstream::println!("{}", path.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn wheel(arguments: &Arguments) -> anyhow::Result<PathBuf> {
    let interpreter = choose(arguments.python.as_ref())?;
    let workspace = Workspace::find()?;
    let out = arguments.out.clone().unwrap_or_else(|| workspace.target.join("wheels"));
    Builder::new(&workspace, &interpreter).map_err(anyhow::Error::msg)?.build(
        Product::Wheel,
        &sources(&workspace),
        &out,
    )
}

/// The interpreter that is named, or else the first that can have the package.
pub(crate) fn choose(python: Option<&OsString>) -> anyhow::Result<Interpreter> {
    let Some(python) = python else {
        return interpreter::default()
            .map_err(|_| anyhow!("no Python 3.8 or later on PATH; install one, or name one: --python EXE"));
    };
    let refused = |why: &str| anyhow!("--python {}: {why}", Path::new(python).display());
    let interpreter = interpreter::named(python).map_err(|Unusable { why, .. }| refused(&why))?;
    interpreter.supports_extension().map_err(|why| refused(&format!("is {interpreter}, {why}")))?;
    Ok(interpreter)
}

/// The folder of `pyproject.toml`.
pub(crate) fn sources(workspace: &Workspace) -> PathBuf {
    workspace.root.join("crates").join(CRATE)
}

/// What can be made of the package.
#[derive(Clone, Copy)]
pub(crate) enum Product {
    Wheel,
    /// The sources, in a file from which pip builds a wheel.
    Sources,
}

/// The package's build backend, in one interpreter.
pub(crate) struct Builder<'a> {
    interpreter: &'a Interpreter,
    /// Where maturin is installed.
    maturin: PathBuf,
    /// Where cargo builds.
    target: PathBuf,
}

impl<'a> Builder<'a> {
    /// Installs maturin where that was not done before, or says why it cannot be had.
    pub(crate) fn new(workspace: &Workspace, interpreter: &'a Interpreter) -> Result<Self, String> {
        let home = workspace.target.join("python").join(interpreter.key());
        let maturin = home.join("maturin");
        if !maturin.exists() {
            let requirement = requirement(&sources(workspace)).map_err(|error| format!("{error:#}"))?;
            pip::install(interpreter, &requirement, &maturin)?;
        }
        Ok(Self { interpreter, maturin, target: home.join("build") })
    }

    /// Builds, out of the folder with `pyproject.toml`, and returns the file.
    pub(crate) fn build(&self, product: Product, sources: &Path, out: &Path) -> anyhow::Result<PathBuf> {
        let (hook, what) = match product {
            Product::Wheel => ("build_wheel", "a wheel"),
            Product::Sources => ("build_sdist", "a source distribution"),
        };
        let mut progress = Progress::new(format!("building {what} of bufproto for {}", self.interpreter));
        progress.step("maturin");
        fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
        let out = out.canonicalize()?;
        // The last line is what the hook returns.
        let script = format!("import bufproto_build, sys; print(bufproto_build.{hook}(sys.argv[1]))");
        let printed = finish(
            Command::new(&self.interpreter.program)
                .args(["-c", &script])
                .arg(&out)
                .current_dir(sources)
                .env("PYTHONPATH", std::env::join_paths([&sources.join("backend"), &self.maturin])?)
                .env("PYTHONDONTWRITEBYTECODE", "1")
                // maturin's hooks start the program of that name.
                .env("PATH", self.path()?)
                .env("CARGO", cargo())
                // PyO3 is built for one interpreter at a time: each has its own folder.
                .env("CARGO_TARGET_DIR", &self.target),
        )?;
        Ok(out.join(printed.trim_end().lines().next_back().unwrap_or_default()))
    }

    fn path(&self) -> anyhow::Result<OsString> {
        let users = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.maturin.join("bin")).chain(std::env::split_paths(&users));
        Ok(std::env::join_paths(folders)?)
    }
}

/// Which maturin: what `pyproject.toml` tells pip.
fn requirement(sources: &Path) -> anyhow::Result<String> {
    let path = sources.join("pyproject.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let line = text.lines().find_map(|line| line.strip_prefix("requires = [\"")?.strip_suffix("\"]"));
    Ok(line.with_context(|| format!("{} does not say which maturin", path.display()))?.to_owned())
}

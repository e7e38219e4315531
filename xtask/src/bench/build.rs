//! Builds the harness and the peers for one interpreter, with the packages that they need.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use super::measure::Effort;
use super::recording::Skipped;
use crate::command::{finish, succeeds};
use crate::compiler::Compiler;
use crate::install::install;
use crate::interpreter::Interpreter;
use crate::pip;
use crate::progress::Progress;
use crate::workspace::{Workspace, cargo};

/// The crate with the harness, and its folder below the workspace's root.
const CRATE: &str = "bufproto-peers";
const FOLDER: &str = "benches/peers";

/// What is built, and what it was built with.
pub(super) struct Build<'a> {
    /// Where the sources and the script are.
    pub(super) sources: PathBuf,
    /// Where the modules are, and what else is built.
    pub(super) folder: PathBuf,
    /// The folders that the packages were installed in.
    pub(super) packages: Vec<PathBuf>,
    /// The compilers and callgrind, as they name themselves.
    pub(super) tools: Vec<String>,
    /// PyO3 and rust-numpy, and their versions.
    pub(super) crates: Vec<(String, String)>,
    /// What could not be built, and why.
    pub(super) skipped: Vec<Skipped>,
    workspace: &'a Workspace,
    interpreter: &'a Interpreter,
    compiler: Compiler,
}

impl<'a> Build<'a> {
    /// Builds everything that can be built.
    pub(super) fn new(
        workspace: &'a Workspace,
        interpreter: &'a Interpreter,
        effort: Effort,
    ) -> anyhow::Result<Self> {
        for program in ["valgrind", "pkg-config"] {
            ensure!(
                succeeds(Command::new(program).arg("--version")),
                "nothing was measured: {program} is not installed"
            );
        }
        interpreter
            .supports_extension()
            .map_err(|why| anyhow::anyhow!("nothing was measured: {interpreter}: {why}"))?;
        ensure!(
            interpreter.implementation == "cpython",
            "nothing was measured: {interpreter} has no machine code to count for its functions"
        );
        let compiler = Compiler::find(workspace, interpreter)
            .map_err(|why| anyhow::anyhow!("nothing was measured: {interpreter}: {why}"))?;
        let smoke = if effort == Effort::Smoke { "smoke" } else { "peers" };
        let folder = workspace.target.join("python").join(interpreter.key()).join(smoke);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let rustc = std::env::var_os("RUSTC").unwrap_or("rustc".into());
        let mut tools = Vec::new();
        for program in [compiler.program(), &rustc, "valgrind".as_ref()] {
            tools.push(name_of(Command::new(program))?);
        }
        let mut build = Self {
            sources: workspace.root.join(FOLDER),
            folder,
            packages: Vec::new(),
            tools,
            crates: Vec::new(),
            skipped: Vec::new(),
            workspace,
            interpreter,
            compiler,
        };
        build.rust(effort)?;
        let numpy = if effort == Effort::Smoke { None } else { build.package("numpy") };
        build.c(numpy.as_deref())?;
        if effort != Effort::Smoke {
            for (what, make) in OTHERS {
                if let Some(package) = build.package(what)
                    && let Err(error) = make(&build, &package)
                {
                    build.skip(what, format!("it cannot be built: {error:#}"));
                }
            }
        }
        Ok(build)
    }

    fn skip(&mut self, what: &str, why: String) {
        self.skipped.push(Skipped { what: what.to_owned(), why });
    }

    /// A package out of the index, below `target`.
    fn package(&mut self, name: &str) -> Option<PathBuf> {
        let folder = self.folder.join(format!("package-{name}"));
        if !folder.exists()
            && let Err(why) = pip::install(self.interpreter, name, &folder)
        {
            self.skip(name, why);
            return None;
        }
        self.packages.push(folder.clone());
        Some(folder)
    }

    /// The harness, and the peers in Rust.
    fn rust(&mut self, effort: Effort) -> anyhow::Result<()> {
        let (profile, output) =
            if effort == Effort::Smoke { ("dev", "debug") } else { ("release", "release") };
        let target = self.folder.join("build");
        let mut progress = Progress::new(format!("building the peers for {}", self.interpreter));
        let library = format!(
            "{}{}{}",
            std::env::consts::DLL_PREFIX,
            CRATE.replace('-', "_"),
            std::env::consts::DLL_SUFFIX
        );
        let library = target.join(output).join(library);
        if !library.is_file() {
            progress.step("in Rust");
        }
        let mut command = Command::new(cargo());
        command
            .current_dir(&self.workspace.root)
            .args(["build", "--quiet", "--package", CRATE, "--profile", profile, "--target-dir"])
            .arg(target)
            .args(["--config", "profile.dev.debug=false"])
            .env("PYO3_PYTHON", &self.interpreter.program)
            .env("PYO3_BUILD_EXTENSION_MODULE", "1");
        finish(&mut command)?;
        fs::copy(&library, self.folder.join("bufproto_peers.so"))
            .with_context(|| format!("cargo built no {}", library.display()))?;
        let mut tree = Command::new(cargo());
        tree.current_dir(&self.workspace.root);
        tree.args(["tree", "--package", CRATE, "--depth", "1", "--prefix", "none", "--edges", "normal"]);
        self.crates = versions(&finish(&mut tree)?);
        Ok(())
    }

    /// The interpreter's ways and ours, in C: built anew each time, since it takes no time.
    fn c(&self, numpy: Option<&Path>) -> anyhow::Result<()> {
        let installed = self.workspace.target.join("c").join("peers");
        install(self.workspace, &installed)?;
        let flags = |kind: &str| {
            let mut command = Command::new("pkg-config");
            command.env("PKG_CONFIG_PATH", installed.join("lib/pkgconfig")).args([kind, "bufproto"]);
            anyhow::Ok(finish(&mut command)?.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        };
        // Before numpy 2 they were elsewhere.
        let headers = numpy.and_then(|folder| {
            let candidates = ["numpy/_core/include", "numpy/core/include"].map(|inner| folder.join(inner));
            candidates.into_iter().find(|folder| folder.is_dir())
        });
        let mut command = self.compile(self.compiler.program());
        command.args(flags("--cflags")?);
        for name in ["module.c", "theirs.c", "ours.c", "address.c", "library.c", "scopes.c"] {
            command.arg(self.sources.join("c").join(name));
        }
        match headers {
            Some(headers) => {
                command.arg("-isystem").arg(headers).arg(self.sources.join("c/with_numpy.c"));
            }
            None => {
                command.arg(self.sources.join("c/without_numpy.c"));
            }
        }
        finish(command.args(flags("--libs")?).arg("-o").arg(self.folder.join("peers_c.so")))?;
        Ok(())
    }

    /// A compiler, told to make an extension as the interpreters say that those of a release are made.
    fn compile(&self, program: &std::ffi::OsStr) -> Command {
        let mut command = Command::new(program);
        // The interpreter's headers call the old functions deprecated.
        command.args(["-shared", "-fPIC", "-O2", "-DNDEBUG", "-Wno-deprecated-declarations"]);
        command.args(self.compiler.their_headers());
        command
    }

    /// The C++ compiler: what `CXX` names, else `c++`.
    fn cxx(&self) -> anyhow::Result<Command> {
        let program = std::env::var_os("CXX").filter(|name| !name.is_empty()).unwrap_or("c++".into());
        ensure!(
            succeeds(Command::new(&program).arg("--version")),
            "there is no C++ compiler: {} does not start",
            program.display()
        );
        let mut command = self.compile(&program);
        command.args(["-std=c++17", "-fvisibility=hidden"]);
        Ok(command)
    }

    /// Runs a compiler, unless it has made the same out of the same sources before.
    fn make(&self, mut command: Command, sources: &[PathBuf], module: &str) -> anyhow::Result<()> {
        let output = self.folder.join(module).with_extension("so");
        let stamp = self.folder.join(module).with_extension("stamp");
        command.args(sources).arg("-o").arg(&output);
        let mut hasher = DefaultHasher::new();
        for source in sources.iter().chain([&self.sources.join("c/peer.h")]) {
            fs::read(source).with_context(|| format!("cannot read {}", source.display()))?.hash(&mut hasher);
        }
        let made = format!("{command:?}\n{:016x}", hasher.finish());
        if output.is_file() && fs::read_to_string(&stamp).is_ok_and(|text| text == made) {
            return Ok(());
        }
        let mut progress = Progress::new(format!("building {module} for {}", self.interpreter));
        progress.step("with the system's compiler");
        finish(&mut command)?;
        fs::write(&stamp, made).with_context(|| format!("cannot write {}", stamp.display()))
    }
}

/// Builds a module with a package.
type Make = fn(&Build<'_>, &Path) -> anyhow::Result<()>;

/// The packages, and what is built with each.
const OTHERS: [(&str, Make); 3] = [("cython", cython), ("pybind11", pybind11), ("nanobind", nanobind)];

fn cython(build: &Build<'_>, package: &Path) -> anyhow::Result<()> {
    let written = build.folder.join("peers_cython.c");
    let mut cython = Command::new(&build.interpreter.program);
    cython.env("PYTHONPATH", package).args(["-m", "cython", "-3", "-o"]).arg(&written);
    finish(cython.arg(build.sources.join("peers_cython.pyx")))?;
    build.make(build.compile(build.compiler.program()), &[written], "peers_cython")
}

fn pybind11(build: &Build<'_>, package: &Path) -> anyhow::Result<()> {
    let mut command = build.cxx()?;
    command.arg("-isystem").arg(package.join("pybind11/include"));
    build.make(command, &[build.sources.join("peers_pybind11.cpp")], "peers_pybind11")
}

/// nanobind is built out of its own sources, by the flags that its CMake files give them for a release.
fn nanobind(build: &Build<'_>, package: &Path) -> anyhow::Result<()> {
    let package = package.join("nanobind");
    let mut command = build.cxx()?;
    command.args([
        "-fno-strict-aliasing",
        "-ffunction-sections",
        "-fdata-sections",
        "-DNB_COMPACT_ASSERTIONS",
    ]);
    if build.interpreter.free_threaded {
        command.arg("-DNB_FREE_THREADED");
    }
    for inner in ["include", "ext/robin_map/include"] {
        command.arg("-isystem").arg(package.join(inner));
    }
    let sources = [package.join("src/nb_combined.cpp"), build.sources.join("peers_nanobind.cpp")];
    build.make(command, &sources, "peers_nanobind")
}

/// The first line of what a program says about its version.
fn name_of(mut program: Command) -> anyhow::Result<String> {
    let said = finish(program.arg("--version"))?;
    said.lines().next().map(str::to_owned).with_context(|| format!("{program:?} says nothing"))
}

/// The peers' versions, out of a list of dependencies with one in each line.
fn versions(tree: &str) -> Vec<(String, String)> {
    let known = [("pyo3 ", "PyO3"), ("numpy ", "rust-numpy"), ("criterion ", "criterion")];
    let mut versions = Vec::new();
    for line in tree.lines() {
        for (start, name) in known {
            if let Some(rest) = line.strip_prefix(start) {
                let version = rest.split_whitespace().next().unwrap_or_default();
                versions.push((name.to_owned(), version.trim_start_matches('v').to_owned()));
            }
        }
    }
    versions
}

#[cfg(test)]
mod tests {
    use super::versions;

    #[test]
    fn reads_versions() {
        let tree = "bufproto-peers v0.1.0 (/here/numpy v1)\npyo3 v0.28.3\nnumpy v0.28.0\npyo3-ffi v0.28.3\n";
        let expected = [("PyO3", "0.28.3"), ("rust-numpy", "0.28.0")];
        assert_eq!(versions(tree), expected.map(|(name, version)| (name.to_owned(), version.to_owned())));
    }
}

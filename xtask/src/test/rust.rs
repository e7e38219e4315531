//! The Rust tests, and the examples in the documentation.

use xshell::{Shell, cmd};

use crate::interpreter;
use crate::package;

use super::Row;

/// Every test of the workspace that needs no interpreter, by nextest where it is installed.
pub(crate) fn tests() -> anyhow::Result<Row> {
    let shell = shell()?;
    let passed = if cmd!(shell, "cargo nextest --version").quiet().ignore_stderr().read().is_ok() {
        cmd!(shell, "cargo nextest run --workspace").run().is_ok()
    } else {
        cmd!(shell, "cargo test --workspace --lib --bins --tests").run().is_ok()
    };
    Ok(Row::whole("Rust tests", passed))
}

/// The examples of every crate but the one for live objects, which need an interpreter.
pub(crate) fn documentation() -> anyhow::Result<Row> {
    let shell = shell()?;
    let passed = cmd!(shell, "cargo test --workspace --doc --exclude bufproto-py").run().is_ok();
    Ok(Row::whole("documentation examples", passed))
}

/// The examples with live objects: they link with an interpreter, so its library must be a shared one.
pub(crate) fn live_documentation(interpreters: &[interpreter::Interpreter]) -> anyhow::Result<Row> {
    const NAME: &str = "documentation examples with live objects";
    let usable = interpreters.iter().rev().find_map(|interpreter| {
        package::check_supported(interpreter).ok()?;
        Some((interpreter, interpreter.library_folder.as_ref()?))
    });
    let Some((interpreter, library)) = usable else {
        return Ok(Row::skipped(NAME, "no interpreter has a shared library to link with"));
    };
    let shell = shell()?;
    let python = &interpreter.executable;
    let passed =
        cmd!(shell, "cargo test --package bufproto-py --doc --target-dir target/python/documentation")
            .env("PYO3_PYTHON", python)
            .env_remove("PYO3_BUILD_EXTENSION_MODULE")
            .env("LD_LIBRARY_PATH", library)
            .env("DYLD_LIBRARY_PATH", library)
            .run()
            .is_ok();
    Ok(Row::whole(format!("{NAME} ({interpreter})"), passed))
}

/// Nothing that is built in it links with an interpreter.
fn shell() -> anyhow::Result<Shell> {
    let shell = Shell::new()?;
    shell.change_dir(package::project_root());
    shell.set_var("PYO3_BUILD_EXTENSION_MODULE", "1");
    Ok(shell)
}

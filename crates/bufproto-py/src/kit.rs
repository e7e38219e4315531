//! The conformance kit on live objects. It runs inside an interpreter, so the interpreter need not be a library.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bufproto_mock::conformance::{Verdict, views};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

mod exporter;
mod rig;

use rig::{Objects, PyRig};

/// Checks every rule of the kit: `(number, name, outcome, detail)` for each. The outcome is `"passed"`,
/// `"declined"` or `"failed"`; a rule that panics has failed.
///
/// `objects` says whose objects the rules are about: `"built-in"` for the interpreter's own types, `"counted"`
/// for an exporter that counts its views and tells in which order they end.
#[pyfunction]
pub(crate) fn conformance<'py>(
    py: Python<'py>,
    objects: &str,
) -> PyResult<Vec<(u16, &'static str, &'static str, String)>> {
    let objects = match objects {
        "built-in" => Objects::BuiltIn,
        "counted" => Objects::Counted,
        other => {
            return Err(PyValueError::new_err(format!(
                "there are \"built-in\" and \"counted\" objects, not {other:?}"
            )));
        }
    };
    let rig = PyRig::new(py, objects);
    let entries = views::rules::<PyRig<'py>>().into_iter().map(|rule| {
        // The rig is used on after a panic: what it holds is valid at any time.
        let (outcome, detail) = match catch_unwind(AssertUnwindSafe(|| (rule.check)(&rig))) {
            Ok(Ok(())) => ("passed", String::new()),
            Ok(Err(Verdict::Declined(why))) => ("declined", why),
            Ok(Err(Verdict::Failed(how))) => ("failed", how),
            Err(panic) => ("failed", format!("the rule panicked: {}", told(panic.as_ref()))),
        };
        // What a failed rule left pending is not the next rule's.
        drop(PyErr::take(py));
        (rule.number, rule.name, outcome, detail)
    });
    Ok(entries.collect())
}

fn told(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a text")
}

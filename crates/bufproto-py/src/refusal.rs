//! The exceptions of arguments: CPython's types, and words that say what to do.

use bufproto_core::argument::{self, Why};
use bufproto_core::error::Error;
use bufproto_core::rules::Rule;
use bufproto_core::runtime::Object as _;
use pyo3::exceptions::{PyBufferError, PyValueError};
use pyo3::prelude::*;

use crate::error::into_py_err;
use crate::object::{Object, Raised};

/// The exception for a broken rule.
#[cold]
pub(crate) fn of(rule: Rule, object: Object<'_, '_>) -> PyErr {
    into_py_err(rule.into(), object)
}

/// What `y*` raises: the exporter's own exception. If that is a `BufferError`, or numpy's `ValueError`, and the memory is
/// not contiguous, the words are replaced, and the exporter's exception is the cause.
#[cold]
pub(crate) fn to_read(error: Error<Raised<'_>>, object: Object<'_, '_>) -> PyErr {
    let py = object.runtime().py();
    let ours = matches!(error, Error::Refused(_));
    let raised = into_py_err(error, object);
    if ours {
        return raised;
    }
    let kind = raised.get_type(py);
    let value = kind.is(py.get_type::<PyValueError>());
    let tells = value || kind.is(py.get_type::<PyBufferError>());
    if !tells || argument::why_refused(object) != Some(Why::Order) {
        return raised;
    }
    let error = of(Rule::ArgumentRefused, object);
    let error = if value { complete(PyValueError::new_err(error.value(py).to_string()), py) } else { error };
    because(error, raised, py)
}

/// The same exception, made at once: PyO3 gives up the interpreter's lock when it makes one later.
pub(crate) fn complete(error: PyErr, py: Python<'_>) -> PyErr {
    error.restore(py);
    PyErr::fetch(py)
}

/// What `w*` raises: `TypeError`, whatever the exporter raised, which is its cause.
#[cold]
pub(crate) fn to_write(error: Error<Raised<'_>>, object: Object<'_, '_>) -> PyErr {
    let py = object.runtime().py();
    match error {
        Error::Refused(Rule::ViewExporter) => of(Rule::ArgumentReadOnly, object),
        Error::Refused(rule) => of(rule, object),
        raised @ Error::Raised(_) => {
            let raised = into_py_err(raised, object);
            let rule = match argument::why_refused(object) {
                Some(Why::Order) => Rule::ArgumentOrder,
                Some(Why::ReadOnly) | None => Rule::ArgumentReadOnly,
            };
            because(of(rule, object), raised, py)
        }
    }
}

/// Both exceptions are complete, so that nothing here gives up the interpreter's lock.
fn because(error: PyErr, cause: PyErr, py: Python<'_>) -> PyErr {
    error.set_cause(py, Some(cause));
    error
}

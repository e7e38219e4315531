//! Core's errors as PyO3's.

use bufproto_core::error::Error;
use bufproto_core::runtime::{Object as _, Runtime as _};
use pyo3::exceptions::PySystemError;
use pyo3::prelude::*;

use crate::object::{FAMILY, Object, Raised};

/// The exception that a call on `object` failed with, taken out of the interpreter's error indicator.
///
/// An exporter that fails without raising anything becomes a `SystemError`, as everywhere in Python.
pub fn into_py_err(error: Error<Raised<'_>>, object: Object<'_, '_>) -> PyErr {
    if let Error::Refused(rule) = error
        && let Some(exception) = object.exception(&rule.refusal(FAMILY))
    {
        return exception;
    }
    error.restore(object);
    let py = object.runtime().py();
    if !object.runtime().is_raised() {
        PySystemError::new_err("a buffer's exporter failed without raising an exception").restore(py);
    }
    PyErr::fetch(py)
}

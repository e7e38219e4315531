//! Core's errors as PyO3's.

use bufproto_core::error::Error;
use bufproto_core::runtime::{Object as _, Runtime as _};
use pyo3::exceptions::PySystemError;
use pyo3::prelude::*;

use crate::object::{FAMILY, Object, Raised};

/// The exception that a call on `object` failed with, taken out of the interpreter's error indicator.
///
/// An exporter that fails without raising anything becomes a `SystemError`, as everywhere in Python.
///
/// ```
/// use bufproto_py::{Object, Slot, into_py_err};
/// use bufproto_core::request::Request;
/// # use pyo3::prelude::*;
///
/// # Python::initialize();
/// # Python::attach(|py| {
/// let (mut slot, object) = (Slot::new(), py.eval(c"1", None, None)?);
/// let object = Object::from(&object);
/// let error = slot.fill(object, Request::SIMPLE).unwrap_err();
/// assert_eq!(
///     into_py_err(error, object).to_string(),
///     "TypeError: a bytes-like object is required, not 'int'"
/// );
/// # PyResult::Ok(())
/// # }).unwrap();
/// ```
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

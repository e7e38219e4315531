//! Core's errors as PyO3's.

use bufproto_core::error::Error;
use bufproto_core::runtime::Object as _;
use pyo3::prelude::*;

use crate::object::{Object, Raised};

/// The exception that a call on `object` failed with, taken out of the interpreter's error indicator.
///
/// An exporter that fails without raising anything becomes a `SystemError`, as everywhere in Python.
pub fn into_py_err(error: Error<Raised<'_>>, object: Object<'_, '_>) -> PyErr {
    error.restore(object);
    PyErr::fetch(object.runtime().py())
}

//! Bytes to read as text.

use core::ops::Deref;
use std::borrow::Cow;

use pyo3::exceptions::PyUnicodeDecodeError;
use pyo3::prelude::*;

use super::ReadBuffer;

/// An argument to read as characters: a [`ReadBuffer`] whose bytes are asked for as text. As with
/// `PyObject_AsCharBuffer` and `y*`, a `str` is not accepted.
///
/// ```
/// use bufproto_py::CharBuffer;
/// use pyo3::prelude::*;
///
/// #[pyfunction]
/// fn words(text: CharBuffer<'_, '_>) -> PyResult<usize> {
///     Ok(text.to_str()?.split_whitespace().count())
/// }
///
/// Python::initialize();
/// Python::attach(|py| {
///     let words = wrap_pyfunction!(words, py)?;
///     assert_eq!(words.call1((b"two words",))?.extract::<usize>()?, 2);
///     assert!(words.call1((b"\xff",)).unwrap_err().to_string().starts_with("UnicodeDecodeError: "));
///     PyResult::Ok(())
/// }).unwrap();
/// ```
#[derive(Debug)]
pub struct CharBuffer<'a, 'py>(ReadBuffer<'a, 'py>);

impl CharBuffer<'_, '_> {
    /// The text: the memory itself if it is [frozen](ReadBuffer::is_frozen), else a copy of it.
    ///
    /// ```
    /// use bufproto_py::CharBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let object = py.eval(c"bytearray('Zoë'.encode())", None, None)?;
    /// let text: CharBuffer<'_, '_> = object.extract()?;
    /// assert_eq!(text.to_str()?, "Zoë");
    /// assert_eq!(text.len(), 4, "bytes");
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// `UnicodeDecodeError` if it is not UTF-8.
    pub fn to_str(&self) -> PyResult<Cow<'_, str>> {
        let refuse = |bytes: &[u8], error| {
            PyUnicodeDecodeError::new_utf8(self.0.attached.py(), bytes, error)
                .map_or_else(|error| error, PyErr::from)
        };
        match self.0.snapshot() {
            Cow::Borrowed(bytes) => {
                str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| refuse(bytes, error))
            }
            Cow::Owned(bytes) => String::from_utf8(bytes)
                .map(Cow::Owned)
                .map_err(|error| refuse(error.as_bytes(), error.utf8_error())),
        }
    }
}

impl<'a, 'py> Deref for CharBuffer<'a, 'py> {
    type Target = ReadBuffer<'a, 'py>;

    fn deref(&self) -> &ReadBuffer<'a, 'py> {
        &self.0
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for CharBuffer<'a, 'py> {
    type Error = PyErr;

    #[inline]
    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        ReadBuffer::acquire(object).map(Self)
    }
}

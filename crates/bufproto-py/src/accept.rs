//! What an argument may be.

use bufproto_core::rules::Rule;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::argument::{ReadBuffer, WriteBuffer};
use crate::object::Object;
use crate::{copies, refusal};

/// What an argument may be: of which layout, how long, and how aligned.
///
/// [`ReadBuffer`] and [`WriteBuffer`] as they are take [`CONTIGUOUS`](Self::CONTIGUOUS) memory of any length. For
/// anything else, name a function by `from_py_with`:
///
/// ```
/// use bufproto_py::{Accept, ReadBuffer};
/// use pyo3::prelude::*;
///
/// fn small<'a, 'py>(object: &'a Bound<'py, PyAny>) -> PyResult<ReadBuffer<'a, 'py>> {
///     Accept::CONTIGUOUS.at_most(4).read(object)
/// }
///
/// #[pyfunction]
/// fn sum(#[pyo3(from_py_with = small)] data: ReadBuffer<'_, '_>) -> u32 {
///     data.shared().iter().map(u32::from).sum()
/// }
///
/// Python::initialize();
/// Python::attach(|py| {
///     let sum = wrap_pyfunction!(sum, py)?;
///     assert_eq!(sum.call1((b"abc",))?.extract::<u32>()?, 294);
///     assert_eq!(
///         sum.call1((b"abcde",)).unwrap_err().to_string(),
///         "ValueError: 'bytes' object is longer than is accepted: pass it in parts"
///     );
///     PyResult::Ok(())
/// }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accept {
    what: What,
    most: usize,
    alignment: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Bytes,
    Contiguous,
    AnyLayout,
}

impl Accept {
    /// Any exporter of memory whose items lie side by side in C order, which is used in place.
    pub const CONTIGUOUS: Self = Self::new(What::Contiguous);

    /// `bytes`, and what derives from it, and nothing else: what is read is always
    /// [frozen](ReadBuffer::as_frozen). There is nothing to write to.
    ///
    /// ```
    /// use bufproto_py::Accept;
    /// use pyo3::types::{PyByteArray, PyBytes};
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let bytes = PyBytes::new(py, b"abc").into_any();
    /// assert_eq!(Accept::BYTES.read(&bytes)?.as_frozen(), Some(&b"abc"[..]));
    /// let array = PyByteArray::new(py, b"abc").into_any();
    /// assert_eq!(
    ///     Accept::BYTES.read(&array).unwrap_err().to_string(),
    ///     "TypeError: a bytes object is required, not 'bytearray': pass its bytes(...)"
    /// );
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    pub const BYTES: Self = Self::new(What::Bytes);

    /// Any exporter. Items that do not lie side by side are copied, in C order, into memory of the argument's own; all
    /// else is used in place. What is written to cannot be a copy, so for writing this is
    /// [`CONTIGUOUS`](Self::CONTIGUOUS).
    ///
    /// ```
    /// use bufproto_py::Accept;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let reversed = py.eval(c"memoryview(b'abc')[::-1]", None, None)?;
    /// assert!(Accept::CONTIGUOUS.read(&reversed).is_err());
    /// assert_eq!(Accept::ANY_LAYOUT.read(&reversed)?.to_vec(), b"cba");
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    pub const ANY_LAYOUT: Self = Self::new(What::AnyLayout);

    const fn new(what: What) -> Self {
        Self { what, most: usize::MAX, alignment: 1 }
    }

    /// No more than so many bytes.
    ///
    /// ```
    /// use bufproto_py::Accept;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let object = py.eval(c"b'abcde'", None, None)?;
    /// assert_eq!(Accept::CONTIGUOUS.at_most(5).read(&object)?.len(), 5);
    /// assert!(Accept::CONTIGUOUS.at_most(4).read(&object).is_err());
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub const fn at_most(self, bytes: usize) -> Self {
        Self { most: bytes, ..self }
    }

    /// Memory whose address is a multiple of so many bytes. Memory without a byte is aligned.
    ///
    /// ```
    /// use bufproto_py::Accept;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let doubles = py.eval(c"memoryview(__import__('array').array('d', [1.0, 2.0])).cast('B')", None, None)?;
    /// let aligned = Accept::CONTIGUOUS.aligned_to(8);
    /// assert_eq!(aligned.read(&doubles)?.len(), 16);
    /// let from_the_second = doubles.get_item(pyo3::types::PySlice::new(py, 1, 16, 1))?;
    /// assert!(aligned.read(&from_the_second).unwrap_err().to_string().starts_with("ValueError: "));
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Panics
    ///
    /// If that is not a power of two.
    #[must_use]
    pub const fn aligned_to(self, bytes: usize) -> Self {
        assert!(bytes.is_power_of_two(), "an alignment is a power of two");
        Self { alignment: bytes, ..self }
    }

    /// Acquires an object's memory to read.
    ///
    /// ```
    /// use bufproto_py::Accept;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let object = py.eval(c"bytearray(b'abc')", None, None)?;
    /// let data = Accept::CONTIGUOUS.read(&object)?;
    /// assert_eq!(data.to_vec(), b"abc");
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As a [`ReadBuffer`] that is an argument; `TypeError` for what is not [`BYTES`](Self::BYTES), and `ValueError` for
    /// what is too long or not aligned.
    pub fn read<'a, 'py>(self, object: &'a Bound<'py, PyAny>) -> PyResult<ReadBuffer<'a, 'py>> {
        let buffer = match self.what {
            What::Contiguous => ReadBuffer::acquire(object.as_borrowed())?,
            What::Bytes => ReadBuffer::of_bytes(
                object
                    .as_borrowed()
                    .cast::<PyBytes>()
                    .map_err(|_| refusal::of(Rule::ArgumentBytes, Object::from(object)))?,
            ),
            What::AnyLayout => any_layout(object)?,
        };
        self.check(buffer.len(), buffer.shared().as_ptr(), object)?;
        Ok(buffer)
    }

    /// Acquires an object's memory to read and write.
    ///
    /// ```
    /// use bufproto_py::Accept;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let array = pyo3::types::PyByteArray::new(py, b"abc");
    /// Accept::CONTIGUOUS.at_most(4).write(array.as_any())?.shared().fill(b'x');
    /// assert_eq!(array.to_vec(), b"xxx");
    /// let bytes = py.eval(c"b'abc'", None, None)?;
    /// assert!(Accept::CONTIGUOUS.write(&bytes).is_err(), "nobody writes to a bytes");
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As a [`WriteBuffer`] that is an argument, and `ValueError` for what is too long or not aligned.
    pub fn write<'a, 'py>(self, object: &'a Bound<'py, PyAny>) -> PyResult<WriteBuffer<'a, 'py>> {
        if self.what == What::Bytes {
            return Err(refusal::of(Rule::ArgumentReadOnly, Object::from(object)));
        }
        let buffer: WriteBuffer<'_, '_> = WriteBuffer::acquire(object.as_borrowed())?;
        self.check(buffer.len(), buffer.shared().as_mut_ptr(), object)?;
        Ok(buffer)
    }

    fn check(self, length: usize, memory: *const u8, object: &Bound<'_, PyAny>) -> PyResult<()> {
        let broken = if length > self.most {
            Rule::ArgumentLimit
        } else if length != 0 && !memory.addr().is_multiple_of(self.alignment) {
            Rule::ArgumentAlignment
        } else {
            return Ok(());
        };
        Err(refusal::of(broken, Object::from(object)))
    }
}

/// The memory itself if its items lie side by side, else a copy of them.
fn any_layout<'a, 'py>(object: &'a Bound<'py, PyAny>) -> PyResult<ReadBuffer<'a, 'py>> {
    Ok(match copies::in_place_or_copied(object)? {
        Ok(buffer) => buffer,
        Err((bytes, item_size)) => ReadBuffer::of_copy(bytes, item_size, object.py().into()),
    })
}

//! Memory that others could write to, as an ordinary slice, because nobody does until it is released.
//!
//! | the function takes | it is given |
//! |---|---|
//! | [`StableBuffer`] | an exact `bytes`, or an object whose exporter offers [stable reads](bufproto_core::stable): any of this crate's ([`Exported`](crate::Exported)), whichever extension module it is of, and `bufproto.Buffer` |
//! | [`OwnedStable`] | the same, to be stored and sent to other threads |
//! | an object, of which it takes a [view](fill) itself | the same, as items of a type in any layout |
//! | [`ReadBuffer`] | any exporter of memory; a [snapshot](ReadBuffer::snapshot) of it is a copy unless it is `bytes` |
//!
//! ```
//! use bufproto_py::{Export, Exported, StableBuffer, exporter};
//! use pyo3::prelude::*;
//!
//! #[pyclass(frozen)]
//! struct Message(Exported<Vec<u8>>);
//!
//! impl Export for Message {
//!     type Storage = Vec<u8>;
//!     fn exported(&self) -> &Exported<Vec<u8>> {
//!         &self.0
//!     }
//! }
//!
//! exporter!(Message);
//!
//! /// Sums with the interpreter detached, without a copy.
//! #[pyfunction]
//! fn sum(py: Python<'_>, data: StableBuffer<'_, '_>) -> u64 {
//!     let bytes = data.as_slice();
//!     py.detach(|| bytes.iter().copied().map(u64::from).sum())
//! }
//!
//! Python::initialize();
//! Python::attach(|py| {
//!     let (sum, message) = (wrap_pyfunction!(sum, py)?, Bound::new(py, Message(Exported::new(b"abc".to_vec())))?);
//!     assert_eq!(sum.call1((&message,))?.extract::<u64>()?, 294);
//!     assert_eq!(sum.call1((b"abc",))?.extract::<u64>()?, 294);
//!
//!     // Somebody could write to it.
//!     let view = py.import("builtins")?.getattr("memoryview")?.call1((&message,))?;
//!     let refused = sum.call1((&message,)).unwrap_err().to_string();
//!     assert_eq!(refused, "BufferError: 'builtins.Message' object may be written to through another view: \
//!         release that, or pass a copy");
//!     view.call_method0("release")?;
//!     sum.call1((&message,))?;
//!
//!     // Others cannot keep anybody from writing.
//!     let refused = sum.call1((pyo3::types::PyByteArray::new(py, b"abc"),)).unwrap_err().to_string();
//!     assert_eq!(refused, "TypeError: argument 'data': 'bytearray' object offers no stable reads: \
//!         pass its bytes(...), or a bufproto.Buffer");
//!     PyResult::Ok(())
//! }).unwrap();
//! ```
//!
//! # Errors
//!
//! - `TypeError` for objects that export no memory, and for those that offer no stable reads. Whoever passes one can pass
//!   `bytes`; whoever writes the function can take a [`ReadBuffer`] instead, and its [`snapshot`](ReadBuffer::snapshot).
//! - `BufferError` if somebody else holds a view that may be written to, or is writing just now.
//!
//! # While it is held
//!
//! whatever would change the memory raises `BufferError`: views that are asked to be writable, assignments to items, a resize.
//! Views that are not asked to be writable are read-only, such as a new `memoryview`.
//!
//! # Other libraries
//!
//! The exporter's type says by an attribute, `__bufproto_stable_read__`, what it offers, in a form that does not depend on the
//! compiler, the version of PyO3 or of this crate: [`bufproto_core::stable`] has the details, and what becomes of it when
//! interpreters have a request flag of their own.

use core::fmt;
use core::ops::Deref;
use core::ptr::NonNull;

use bufproto_core::element::Element;
use bufproto_core::request::Request;
use bufproto_core::stable::{ATTRIBUTE, CAPSULE, Table};
use bufproto_core::typed::TypedView;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

use crate::argument::{ReadBuffer, typed_error};
use crate::error::into_py_err;
use crate::object::{Attached, Object};
use crate::owned::OwnedBuffer;
use crate::view::Slot;

/// What the object's type offers, if anything.
///
/// # Errors
///
/// What looking it up raises, except for `AttributeError`.
pub(crate) fn table<'py>(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Option<&'static Table>> {
    static NAME: PyOnceLock<Py<PyString>> = PyOnceLock::new();
    let py = object.py();
    let name = NAME.get_or_init(py, || PyString::intern(py, &ATTRIBUTE.to_string_lossy()).unbind());
    let Some(offered) = object.get_type().getattr_opt(name)? else { return Ok(None) };
    // SAFETY: the object is alive, the thread attached, and the name a constant. Nothing is raised for what is no capsule.
    if unsafe { ffi::PyCapsule_IsValid(offered.as_ptr(), CAPSULE.as_ptr()) } == 0 {
        return Ok(None);
    }
    // SAFETY: as above, and it is such a capsule, so this does not fail.
    let pointer = unsafe { ffi::PyCapsule_GetPointer(offered.as_ptr(), CAPSULE.as_ptr()) };
    let Some(table) = NonNull::new(pointer.cast::<Table>()) else { return Ok(None) };
    // SAFETY: by the capsule's name there is a table in it, which lives as long as the process.
    let table = unsafe { table.as_ref() };
    Ok((table.size >= size_of::<Table>()).then_some(table))
}

/// A stable read of a live object, released when it is dropped.
///
/// ```
/// use bufproto_py::{Request, Slot, stable};
/// # use pyo3::prelude::*;
///
/// # Python::initialize();
/// # Python::attach(|py| {
/// fn sum(view: &stable::StableView<'_, '_>) -> u64 {
///     view.as_slice().map_or(0, |bytes| bytes.iter().copied().map(u64::from).sum())
/// }
///
/// let mut slot = Slot::new();
/// let view = stable::fill(&mut slot, &py.eval(c"b'abc'", None, None)?, Request::SIMPLE)?;
/// assert_eq!(sum(&view), 294);
/// # PyResult::Ok(())
/// # }).unwrap();
/// ```
pub type StableView<'slot, 'py> = bufproto_core::stable::StableView<'slot, Attached<'py>>;

/// Asks an object for a view of memory that nobody writes to or moves until it is released: in any layout, where a
/// [`StableBuffer`] has bytes.
///
/// ```
/// use bufproto_py::{Export, Exported, Order, Request, Slot, exporter, stable};
/// use pyo3::prelude::*;
///
/// #[pyclass(frozen)]
/// struct Table(Exported<Vec<f64>>);
///
/// impl Export for Table {
///     type Storage = Vec<f64>;
///     fn exported(&self) -> &Exported<Vec<f64>> {
///         &self.0
///     }
/// }
///
/// exporter!(Table);
///
/// Python::initialize();
/// Python::attach(|py| {
///     let table = Exported::shaped(vec![1.0, 2.0, 3.0, 4.0], &[2, 2], Order::Fortran)?;
///     let table = Bound::new(py, Table(table))?;
///     let mut slot = Slot::new();
///     let view = stable::fill(&mut slot, &table, Request::FULL_RO)?;
///     let items = stable::typed::<f64>(&view)?;
///     assert!(items.is_frozen());
///     assert_eq!(items.get(&[0, 1]), Ok(3.0));
///     assert!(stable::field::<f64>(&view, "x").is_err(), "these are no records");
///     PyResult::Ok(())
/// }).unwrap();
/// ```
///
/// # Errors
///
/// See the [module](self).
pub fn fill<'slot, 'py>(
    slot: &'slot mut Slot,
    object: &Bound<'py, impl Sized>,
    request: Request,
) -> PyResult<StableView<'slot, 'py>> {
    let object = Object::from(object);
    slot.fill_stable(object, request).map_err(|error| into_py_err(error, object))
}

/// The items of a stable read, as [`typed`](crate::typed) gives those of a view. They [stay as they
/// are](TypedView::is_frozen).
///
/// ```
/// use bufproto_py::{Request, Slot, stable};
/// # use pyo3::prelude::*;
///
/// # Python::initialize();
/// # Python::attach(|py| {
/// let mut slot = Slot::new();
/// let view = stable::fill(&mut slot, &py.eval(c"b'abc'", None, None)?, Request::FULL_RO)?;
/// let items = stable::typed::<u8>(&view)?;
/// assert!(items.is_frozen() && items.iter().eq(*b"abc"));
/// assert!(stable::typed::<f64>(&view).is_err(), "they are bytes");
/// # PyResult::Ok(())
/// # }).unwrap();
/// ```
///
/// # Errors
///
/// As [`typed`](crate::typed).
pub fn typed<'v, T: Element>(view: &'v StableView<'_, '_>) -> PyResult<TypedView<'v, T>> {
    view.typed().map_err(typed_error)
}

/// One field of items that are records, as [`field`](crate::field) gives that of a view. They [stay as they
/// are](TypedView::is_frozen).
///
/// ```
/// use bufproto_core::element::Element;
/// use bufproto_core::format::{ByteOrder, Kind};
/// use bufproto_py::{Export, Exported, Request, Slot, exporter, stable};
/// use pyo3::prelude::*;
///
/// #[derive(Clone, Copy)]
/// #[repr(C)]
/// struct Point {
///     x: f64,
///     kind: u64,
/// }
///
/// // SAFETY: there are sixteen bytes without a gap, and any bytes are two numbers.
/// unsafe impl Element for Point {
///     const KIND: Kind<'static> = Kind::Padding;
///     const ORDER: ByteOrder = ByteOrder::NATIVE;
///     const FORMAT: &'static str = "T{d:x:Q:kind:}";
///     const EXPORTED: &'static std::ffi::CStr = c"T{d:x:Q:kind:}";
/// }
///
/// #[pyclass(frozen)]
/// struct Path(Exported<Vec<Point>>);
///
/// impl Export for Path {
///     type Storage = Vec<Point>;
///     fn exported(&self) -> &Exported<Vec<Point>> {
///         &self.0
///     }
/// }
///
/// exporter!(Path);
///
/// Python::initialize();
/// Python::attach(|py| {
///     let path = Exported::new(vec![Point { x: 0.5, kind: 1 }, Point { x: 1.5, kind: 2 }]);
///     let path = Bound::new(py, Path(path))?;
///     let mut slot = Slot::new();
///     let view = stable::fill(&mut slot, &path, Request::FULL_RO)?;
///     assert_eq!(stable::field::<f64>(&view, "x")?.iter().sum::<f64>(), 2.0);
///     assert_eq!(stable::field::<u64>(&view, "kind")?.get(&[1]), Ok(2));
///     PyResult::Ok(())
/// }).unwrap();
/// ```
///
/// # Errors
///
/// As [`field`](crate::field).
pub fn field<'v, T: Element>(view: &'v StableView<'_, '_>, name: &str) -> PyResult<TypedView<'v, T>> {
    view.field(name.as_bytes()).map_err(typed_error)
}

/// An argument to read in place, as it is: memory that nobody writes to until this is dropped.
///
/// See the [module](self) for which objects there are, and for what others raise. The slice lives as long as the buffer:
///
/// ```compile_fail,E0505
/// # use bufproto_py::StableBuffer;
/// fn f(data: StableBuffer<'_, '_>) {
///     let bytes = data.as_slice();
///     drop(data);
///     println!("{bytes:?}");
/// }
/// ```
///
/// It goes where the interpreter is detached, and the buffer itself, which gives the memory back attached, does not:
///
/// ```compile_fail,E0277
/// # use bufproto_py::StableBuffer;
/// # use pyo3::prelude::*;
/// fn f(py: Python<'_>, data: StableBuffer<'_, '_>) {
///     py.detach(|| drop(data));
/// }
/// ```
///
/// Invariant: the memory is frozen for as long as this lives.
pub struct StableBuffer<'a, 'py>(ReadBuffer<'a, 'py>);

impl StableBuffer<'_, '_> {
    /// The bytes. They may be used with the interpreter detached, and on other threads.
    ///
    /// ```
    /// use bufproto_py::StableBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let bytes = py.eval(c"b'abc'", None, None)?;
    /// let data: StableBuffer<'_, '_> = bytes.extract()?;
    /// let slice = data.as_slice();
    /// assert_eq!(py.detach(|| slice.to_ascii_uppercase()), b"ABC");
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[inline]
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        // SAFETY: the invariant.
        unsafe { self.0.as_slice() }
    }

    /// The same memory in a value that can be stored and sent to other threads. Nobody writes to it until that is dropped.
    ///
    /// ```
    /// use bufproto_py::StableBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let bytes = py.eval(c"b'abc'", None, None)?;
    /// let owned = bytes.extract::<StableBuffer<'_, '_>>()?.into_owned();
    /// let thread = std::thread::spawn(move || owned.last().copied());
    /// assert_eq!(py.detach(|| thread.join()).unwrap(), Some(b'c'));
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn into_owned(self) -> OwnedStable {
        OwnedStable(self.0.into_owned())
    }
}

impl Deref for StableBuffer<'_, '_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl AsRef<[u8]> for StableBuffer<'_, '_> {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for StableBuffer<'a, 'py> {
    type Error = PyErr;

    #[inline]
    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        ReadBuffer::acquire_stable(object).map(Self)
    }
}

impl fmt::Debug for StableBuffer<'_, '_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("StableBuffer").field("len", &self.len()).finish()
    }
}

/// Memory that nobody writes to until this is dropped. It can be stored and sent to other threads.
///
/// It may be dropped on any thread, attached or detached; the stable read is given back attached, as an
/// [`OwnedBuffer`] is.
///
/// ```
/// use bufproto_py::OwnedStable;
/// use pyo3::prelude::*;
/// use pyo3::types::PyBytes;
///
/// Python::initialize();
/// let data: OwnedStable = Python::attach(|py| PyBytes::new(py, b"abc").extract())?;
/// let sum = std::thread::spawn(move || data.iter().copied().map(u32::from).sum::<u32>());
/// assert_eq!(sum.join().unwrap(), 294);
/// # PyResult::Ok(())
/// ```
///
/// Invariant: the memory is frozen for as long as this lives.
pub struct OwnedStable(OwnedBuffer);

impl OwnedStable {
    /// The bytes.
    ///
    /// ```
    /// use bufproto_py::OwnedStable;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let data: OwnedStable = py.eval(c"b'abc'", None, None)?.extract()?;
    /// assert_eq!(data.as_slice(), b"abc");
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[inline]
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        // SAFETY: the invariant.
        unsafe { self.0.as_slice() }
    }
}

impl Deref for OwnedStable {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl AsRef<[u8]> for OwnedStable {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for OwnedStable {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        object.extract().map(StableBuffer::into_owned)
    }
}

impl fmt::Debug for OwnedStable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OwnedStable").field("len", &self.len()).finish()
    }
}

//! Buffers as arguments of functions.
//!
//! | the function takes | it is given | as in C |
//! |---|---|---|
//! | [`ReadBuffer`] | any object whose bytes lie side by side, to read | `y*` |
//! | [`WriteBuffer`] | one that is writable too, to write | `w*` |
//! | [`CharBuffer`] | as [`ReadBuffer`], to read as text | `y*` |
//! | [`ReadBuffer<T>`](ReadBuffer), [`WriteBuffer<T>`](WriteBuffer) | one whose items are `T`s | |
//!
//! They are as large as a few words, are kept on the stack, and allocate nothing. Of an exact `bytes` no view is taken
//! at all: the argument's borrow keeps it alive, and nobody can change it. Of an exact `bytearray` or `memoryview` the export
//! is counted and no view taken, on interpreters with a lock. Other objects are asked for a view, once, for as long
//! as the argument lives; with the feature `numpy` arrays of numpy are not asked, but kept. (An exporter that answers with more than it was asked for and is told when the view ends, and on
//! PyPy any, takes an allocation: see the source of `lease.rs`.)
//!
//! **On PyPy** a few exporters move or free their memory although there are views of it: an `array` that grows, an `mmap` that is
//! closed, a `memoryview` that is released, a `PickleBuffer` of one of these. An [`OwnedBuffer`] has a copy of theirs; other
//! arguments do not keep it in place: between taking one and reading it, run no Python code there, and do not detach.
//!
//! # Errors
//!
//! The exceptions have the types of `y*` and `w*`: `TypeError` for what exports no memory, for what is not writable where
//! it must be, and for an exporter that answers with what is not contiguous; where the exporter itself refuses to read,
//! its own exception, which is a `BufferError` for what is not contiguous. PyO3 puts the argument's name before a
//! `TypeError`. Acquiring never gives up the interpreter's lock, not even if it fails; PyO3 0.28 itself does, when it
//! adds the name.
//!
//! # Memory that changes
//!
//! Whoever holds another view may write while a function reads. So the bytes are [`Shared`], not `&[u8]`, unless they
//! are [frozen](ReadBuffer::as_frozen); and neither a buffer nor its [`Shared`] bytes go where the interpreter is
//! detached, only a slice or a copy does:
//!
//! ```
//! use bufproto_py::ReadBuffer;
//! use pyo3::prelude::*;
//!
//! #[pyfunction]
//! fn sum(py: Python<'_>, data: ReadBuffer<'_, '_>) -> u64 {
//!     let bytes = data.snapshot();
//!     py.detach(|| bytes.iter().copied().map(u64::from).sum())
//! }
//!
//! Python::initialize();
//! Python::attach(|py| {
//!     let sum = wrap_pyfunction!(sum, py)?;
//!     assert_eq!(sum.call1((b"abc",))?.extract::<u64>()?, 294);
//!     let refused = sum.call1(("abc",)).unwrap_err();
//!     assert_eq!(
//!         refused.to_string(),
//!         "TypeError: argument 'data': a bytes-like object is required, not 'str'"
//!     );
//!     PyResult::Ok(())
//! }).unwrap();
//! ```
//!
//! ```compile_fail,E0277
//! # use bufproto_py::ReadBuffer;
//! # use pyo3::prelude::*;
//! fn sum(py: Python<'_>, data: ReadBuffer<'_, '_>) -> u64 {
//!     // `Shared` memory may be written to by whoever is attached meanwhile.
//!     let bytes = data.shared();
//!     py.detach(|| bytes.iter().map(u64::from).sum())
//! }
//! ```
//!
//! Source: `Python/getargs.c` of CPython, and what its functions that use `y*` and `w*` raise.

use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr::{self, NonNull};
use std::borrow::Cow;

use bufproto_core::shared::Shared;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::copies::copy_of;
use crate::interpreter;
use crate::lease::Lease;
use crate::object::Attached;
use crate::owned::OwnedBuffer;
use crate::stream::Reader;

mod chars;
mod items;
mod write;

pub use chars::CharBuffer;
pub(crate) use items::typed_error;
pub use items::{field, field_mut, typed, typed_mut};
pub use write::WriteBuffer;

/// What a [`ReadBuffer`] or [`WriteBuffer`] is looked at as: bytes, whatever the items are.
///
/// ```
/// use bufproto_py::ReadBuffer;
/// use bufproto_py::argument::Bytes;
/// # use pyo3::prelude::*;
///
/// # Python::initialize();
/// # Python::attach(|py| {
/// let object = py.eval(c"__import__('array').array('i', [1, 2])", None, None)?;
/// let bytes: ReadBuffer<'_, '_, Bytes> = object.extract()?;
/// let items: ReadBuffer<'_, '_, i32> = object.extract()?;
/// assert_eq!((bytes.len(), items.len()), (8, 2));
/// # PyResult::Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Bytes {}

/// An argument to read: the memory of any object that exports it, as bytes, or as items of type `T`
/// ([`Element`](bufproto_core::element::Element)).
///
/// See the [module](self) for what it costs and raises.
///
/// ```
/// use bufproto_py::ReadBuffer;
/// use pyo3::prelude::*;
///
/// /// The bytes that occur, in order.
/// #[pyfunction]
/// fn alphabet(data: ReadBuffer<'_, '_>) -> Vec<u8> {
///     let occurs = data.shared().iter().collect::<std::collections::BTreeSet<_>>();
///     occurs.into_iter().collect()
/// }
///
/// Python::initialize();
/// Python::attach(|py| {
///     let alphabet = wrap_pyfunction!(alphabet, py)?;
///     assert_eq!(alphabet.call1((b"hello",))?.extract::<Vec<u8>>()?, b"ehlo");
///     let reversed = py.eval(c"memoryview(b'hello')[::-1]", None, None)?;
///     assert_eq!(
///         alphabet.call1((reversed,)).unwrap_err().to_string(),
///         "BufferError: 'memoryview' object is not C-contiguous: pass a copy"
///     );
///     PyResult::Ok(())
/// }).unwrap();
/// ```
pub struct ReadBuffer<'a, 'py, T = Bytes> {
    /// Invariant: it keeps memory that can be read.
    lease: Lease,
    attached: Attached<'py>,
    /// The argument is borrowed, though the lease may do without.
    object: PhantomData<Borrowed<'a, 'py, PyAny>>,
    items: PhantomData<T>,
}

impl<'a, 'py, T> ReadBuffer<'a, 'py, T> {
    #[inline]
    const fn new(lease: Lease, attached: Attached<'py>) -> Self {
        Self { lease, attached, object: PhantomData, items: PhantomData }
    }

    /// The memory of an exact `bytes` without a view.
    #[inline(always)]
    fn try_bytes(object: Borrowed<'a, 'py, PyAny>) -> Option<Self> {
        // SAFETY: the object is alive, and the thread is attached.
        let exact = unsafe { ffi::PyBytes_CheckExact(object.as_ptr()) } != 0;
        // SAFETY: an exact `bytes` is one.
        exact.then(|| Self::of_bytes(unsafe { object.cast_unchecked() }))
    }

    /// The content of a `bytes`, which lives as long as the object and is never written to.
    #[inline(always)]
    pub(crate) fn of_bytes(object: Borrowed<'a, 'py, PyBytes>) -> Self {
        let (object, attached) = (object.as_ptr(), Attached::from(object.py()));
        // SAFETY: the object is a `bytes`, and alive.
        let (memory, length) = unsafe { interpreter::content_of_bytes(object) };
        // SAFETY: a `bytes` has an address.
        let memory = unsafe { NonNull::new_unchecked(memory) };
        Self::new(Lease::bytes(object, memory, length), attached)
    }

    /// The memory of any exporter, as bytes; for other items, callers look at the format too.
    #[inline(always)]
    pub(crate) fn acquire(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Some(buffer) = Self::try_bytes(object) {
            return Ok(buffer);
        }
        Lease::acquire::<false>(object).map(|lease| Self::new(lease, object.py().into()))
    }

    /// The memory of an exact `bytes`, or of an exporter that has nobody write to it until the buffer is dropped.
    pub(crate) fn acquire_stable(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Some(buffer) = Self::try_bytes(object) {
            return Ok(buffer);
        }
        Lease::acquire_stable(object).map(|lease| Self::new(lease, object.py().into()))
    }

    /// Bytes that belong to the buffer.
    pub(crate) fn of_copy(copy: Vec<u8>, item_size: isize, attached: Attached<'py>) -> Self {
        Self::new(Lease::copy(copy.into_boxed_slice(), item_size), attached)
    }

    /// The bytes of the memory, whatever its items are. Others may write to them meanwhile.
    ///
    /// ```
    /// use bufproto_py::ReadBuffer;
    /// use pyo3::types::PyByteArray;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let array = PyByteArray::new(py, b"abc");
    /// let data: ReadBuffer<'_, '_> = array.extract()?;
    /// assert_eq!(data.shared().get(0), Some(b'a'));
    /// array.set_item(0, b'x')?;
    /// assert_eq!(data.shared().get(0), Some(b'x'), "it is the array's memory");
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[inline]
    #[must_use]
    pub fn shared(&self) -> Shared<'_> {
        // SAFETY: the lease is released when the buffer is dropped; until then its object is borrowed.
        unsafe { self.lease.memory() }
    }

    /// The size of the exporter's items, in bytes: 1 for `bytes`, 8 for an array of `double`. Where numbers of several
    /// bytes are not to be taken for bytes, it tells them apart, without a look at their format:
    ///
    /// ```
    /// use bufproto_py::ReadBuffer;
    /// use pyo3::exceptions::PyValueError;
    /// use pyo3::prelude::*;
    ///
    /// #[pyfunction]
    /// fn parity(data: ReadBuffer<'_, '_>) -> PyResult<u8> {
    ///     if data.item_size() != 1 {
    ///         return Err(PyValueError::new_err("pass bytes: the order of a number's bytes is the machine's"));
    ///     }
    ///     Ok(data.shared().iter().fold(0, |parity, byte| parity ^ byte))
    /// }
    ///
    /// Python::initialize();
    /// Python::attach(|py| {
    ///     let parity = wrap_pyfunction!(parity, py)?;
    ///     let array = |code| py.import("array")?.getattr("array")?.call1((code, [1, 2]));
    ///     assert_eq!(parity.call1((array("b")?,))?.extract::<u8>()?, 3);
    ///     assert!(parity.call1((array("d")?,)).unwrap_err().is_instance_of::<PyValueError>(py));
    ///     PyResult::Ok(())
    /// }).unwrap();
    /// ```
    #[must_use]
    pub fn item_size(&self) -> usize {
        self.lease.item_size(self.attached)
    }

    /// Whether nobody can write to the memory while the buffer lives.
    ///
    /// ```
    /// use bufproto_py::ReadBuffer;
    /// use pyo3::types::{PyByteArray, PyBytes};
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let (bytes, array) = (PyBytes::new(py, b"abc"), PyByteArray::new(py, b"abc"));
    /// assert!(bytes.extract::<ReadBuffer<'_, '_>>()?.is_frozen());
    /// assert!(!array.extract::<ReadBuffer<'_, '_>>()?.is_frozen());
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.lease.is_frozen(self.attached)
    }

    /// The bytes as an ordinary slice, if they are [frozen](Self::is_frozen): the content of a `bytes`, or a copy that
    /// [`Accept::ANY_LAYOUT`](crate::Accept::ANY_LAYOUT) made. This slice may be used with the interpreter detached.
    ///
    /// ```compile_fail,E0505
    /// # use bufproto_py::ReadBuffer;
    /// fn f(data: ReadBuffer<'_, '_>) {
    ///     let bytes = data.as_frozen().unwrap();
    ///     drop(data);
    ///     println!("{bytes:?}");
    /// }
    /// ```
    ///
    /// ```
    /// use bufproto_py::ReadBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let object = py.eval(c"b'abc'", None, None)?;
    /// let data: ReadBuffer<'_, '_> = object.extract()?;
    /// let bytes = data.as_frozen().unwrap();
    /// assert_eq!(py.detach(|| bytes.to_ascii_uppercase()), b"ABC");
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[inline]
    #[must_use]
    pub fn as_frozen(&self) -> Option<&[u8]> {
        // SAFETY: the type's invariants.
        self.is_frozen().then(|| unsafe { self.shared().as_slice() })
    }

    /// The bytes, which stay as they are from now on: the memory itself if it is [frozen](Self::is_frozen), else a copy.
    ///
    /// ```
    /// use std::borrow::Cow;
    /// use bufproto_py::ReadBuffer;
    /// use pyo3::types::{PyByteArray, PyBytes};
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let (bytes, array) = (PyBytes::new(py, b"abc"), PyByteArray::new(py, b"abc"));
    /// assert!(matches!(bytes.extract::<ReadBuffer<'_, '_>>()?.snapshot(), Cow::Borrowed(b"abc")));
    /// assert!(matches!(array.extract::<ReadBuffer<'_, '_>>()?.snapshot(), Cow::Owned(_)));
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn snapshot(&self) -> Cow<'_, [u8]> {
        match self.as_frozen() {
            Some(bytes) => Cow::Borrowed(bytes),
            None => Cow::Owned(copy_of(self.shared())),
        }
    }

    /// Where the bytes can be read from one after the other, and sought in.
    ///
    /// ```
    /// use std::io::BufRead as _;
    /// use bufproto_py::ReadBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let object = py.eval(c"bytearray(b'one\\ntwo\\n')", None, None)?;
    /// let data: ReadBuffer<'_, '_> = object.extract()?;
    /// let lines = std::io::BufReader::new(data.reader()).lines().collect::<Result<Vec<_>, _>>()?;
    /// assert_eq!(lines, ["one", "two"]);
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn reader(&self) -> Reader<'_> {
        Reader::new(self.shared())
    }

    /// The bytes as an ordinary slice.
    ///
    /// ```
    /// use bufproto_py::ReadBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let object = py.eval(c"bytearray(b'abc')", None, None)?;
    /// let data: ReadBuffer<'_, '_> = object.extract()?;
    /// // SAFETY: nobody else knows of this array.
    /// assert_eq!(unsafe { data.as_slice() }, b"abc");
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Safety
    ///
    /// Nobody writes to the memory while the slice lives: not another thread, and not Python code that this thread calls.
    /// On an interpreter with a lock, a thread that neither calls the interpreter nor detaches from it keeps others from
    /// writing through the interpreter, and only through it.
    #[must_use]
    pub unsafe fn as_slice(&self) -> &[u8] {
        // SAFETY: the caller's word, and the type's invariant.
        unsafe { self.shared().as_slice() }
    }

    /// The same memory, held for as long as it takes, in a value that can be stored and sent to other threads.
    ///
    /// ```
    /// use bufproto_py::ReadBuffer;
    /// use pyo3::types::PyByteArray;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let array = PyByteArray::new(py, b"abc");
    /// let owned = array.extract::<ReadBuffer<'_, '_>>()?.into_owned();
    /// assert!(array.resize(10).is_err(), "it is still held");
    /// drop(owned);
    /// array.resize(10)?;
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn into_owned(self) -> OwnedBuffer {
        let buffer = ManuallyDrop::new(self);
        // SAFETY: the original is not used or dropped any more; an object that is borrowed is alive, and the thread is
        // attached.
        unsafe { OwnedBuffer::new(ptr::read(&buffer.lease).into_owned(buffer.attached)) }
    }
}

impl<'a, 'py> ReadBuffer<'a, 'py> {
    /// The number of bytes.
    ///
    /// ```
    /// use bufproto_py::ReadBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let object = py.eval(c"__import__('array').array('i', [1, 2])", None, None)?;
    /// assert_eq!(object.extract::<ReadBuffer<'_, '_>>()?.len(), 8, "bytes, not items");
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.lease.len()
    }

    /// Whether there are no bytes.
    ///
    /// ```
    /// use bufproto_py::ReadBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// assert!(py.eval(c"b''", None, None)?.extract::<ReadBuffer<'_, '_>>()?.is_empty());
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies as many bytes as fit, from the first on, and returns how many.
    ///
    /// ```
    /// use bufproto_py::ReadBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let object = py.eval(c"bytearray(b'abcde')", None, None)?;
    /// let mut head = [0; 3];
    /// assert_eq!(object.extract::<ReadBuffer<'_, '_>>()?.copy_to_slice(&mut head), 3);
    /// assert_eq!(head, *b"abc");
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn copy_to_slice(&self, into: &mut [u8]) -> usize {
        match self.as_frozen() {
            Some(bytes) => {
                let count = bytes.len().min(into.len());
                into[..count].copy_from_slice(&bytes[..count]);
                count
            }
            None => self.shared().copy_to_slice(into),
        }
    }

    /// A copy of the bytes.
    ///
    /// ```
    /// use bufproto_py::ReadBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let object = py.eval(c"memoryview(b'abcde')[1:3]", None, None)?;
    /// assert_eq!(object.extract::<ReadBuffer<'_, '_>>()?.to_vec(), b"bc");
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        self.snapshot().into_owned()
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for ReadBuffer<'a, 'py> {
    type Error = PyErr;

    #[inline]
    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        Self::acquire(object)
    }
}

impl<T> Drop for ReadBuffer<'_, '_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: the buffer's own lease, which it releases once, and the memory is not handed out for longer.
        unsafe { self.lease.release(self.attached) };
    }
}

impl<T> fmt::Debug for ReadBuffer<'_, '_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (length, frozen) = (self.lease.len(), self.is_frozen());
        formatter.debug_struct("ReadBuffer").field("len", &length).field("frozen", &frozen).finish()
    }
}

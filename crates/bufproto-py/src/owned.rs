//! Memory that is held for as long as it takes.

use core::fmt;
#[cfg(feature = "module")]
use core::ptr::NonNull;
use std::borrow::Cow;

use bufproto_core::shared::Shared;
use pyo3::prelude::*;

use crate::argument::ReadBuffer;
use crate::copies::copy_of;
use crate::lease::Lease;
use crate::object::Attached;

/// The memory of an object to read, which can be stored and sent to other threads.
///
/// It may be dropped on any thread, attached or detached; the view is given back attached. If there is no interpreter
/// any more to give it back to, or it is shutting down, nothing is given back, which does no harm then.
///
/// ```
/// use bufproto_py::OwnedBuffer;
/// use pyo3::prelude::*;
/// use pyo3::types::PyByteArray;
///
/// Python::initialize();
/// Python::attach(|py| {
///     let array = PyByteArray::new(py, b"hello");
///     let buffer: OwnedBuffer = array.extract()?;
///     assert_eq!(array.resize(10).unwrap_err().to_string(),
///         "BufferError: Existing exports of data: object cannot be re-sized");
///     py.detach(|| std::thread::spawn(move || {
///         let first = Python::attach(|py| buffer.shared(py).get(0));
///         assert_eq!(first, Some(b'h'));
///         // Here the view is given back.
///     }).join()).unwrap();
///     array.resize(10)
/// }).unwrap();
/// ```
///
/// On PyPy some exporters let their memory go although there are views of it: an `array` may grow, an `mmap` be closed, a
/// `memoryview` be released, and a `PickleBuffer` may be of one of these. Of them this keeps a copy, made when it is
/// acquired.
///
/// What is read may be written to by others, so it is read attached, unless it is [frozen](Self::as_frozen):
///
/// ```compile_fail
/// # use bufproto_py::OwnedBuffer;
/// # use pyo3::prelude::*;
/// fn f(buffer: &OwnedBuffer) {
///     let bytes = Python::attach(|py| buffer.shared(py));
///     println!("{:?}", bytes.get(0));
/// }
/// ```
pub struct OwnedBuffer {
    /// Invariant: it keeps memory that can be read, without a borrow.
    lease: Lease,
}

// SAFETY: the memory is read attached, or is frozen, when any thread may read it. What holds it is used by `drop` only,
// which attaches; views are released on any attached thread.
unsafe impl Send for OwnedBuffer {}
// SAFETY: as above: a shared reference gives no access to what holds the memory.
unsafe impl Sync for OwnedBuffer {}

impl OwnedBuffer {
    /// # Safety
    ///
    /// `lease` keeps memory that can be read, without a borrow.
    pub(crate) unsafe fn new(lease: Lease) -> Self {
        Self { lease }
    }

    /// Where the bytes are.
    #[cfg(feature = "module")]
    pub(crate) fn place(&self) -> NonNull<[u8]> {
        self.lease.place()
    }

    /// The bytes as an ordinary slice.
    ///
    /// # Safety
    ///
    /// Nobody writes to them while the slice lives.
    pub(crate) unsafe fn as_slice(&self) -> &[u8] {
        // SAFETY: what holds the memory lives as long as this borrow, and the caller's word.
        unsafe { self.lease.memory().as_slice() }
    }

    /// The number of bytes.
    ///
    /// ```
    /// use bufproto_py::OwnedBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// assert_eq!(py.eval(c"b'abc'", None, None)?.extract::<OwnedBuffer>()?.len(), 3);
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.lease.len()
    }

    /// Whether there are no bytes.
    ///
    /// ```
    /// use bufproto_py::OwnedBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// assert!(py.eval(c"b''", None, None)?.extract::<OwnedBuffer>()?.is_empty());
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes, for as long as the thread is attached. Others may write to them meanwhile.
    ///
    /// ```
    /// use bufproto_py::OwnedBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let buffer: OwnedBuffer = py.eval(c"bytearray(b'abc')", None, None)?.extract()?;
    /// assert!(buffer.shared(py).iter().eq(*b"abc"), "it keeps the array, too");
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn shared<'b>(&'b self, _attached: Python<'b>) -> Shared<'b> {
        // SAFETY: what holds the memory lives as long as this borrow, at least.
        unsafe { self.lease.memory() }
    }

    /// The bytes as an ordinary slice, if nobody can write to them: the content of a `bytes`, or a copy. It may be used
    /// on any thread, attached or not.
    ///
    /// ```
    /// use bufproto_py::OwnedBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let buffer: OwnedBuffer = py.eval(c"b'abc'", None, None)?.extract()?;
    /// assert_eq!(py.detach(|| buffer.as_frozen().map(<[u8]>::len)), Some(3));
    /// let buffer: OwnedBuffer = py.eval(c"bytearray(b'abc')", None, None)?.extract()?;
    /// assert_eq!(buffer.as_frozen(), None);
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn as_frozen(&self) -> Option<&[u8]> {
        // SAFETY: as in `shared`; frozen memory is not written to.
        self.lease.is_known_to_be_frozen().then(|| unsafe { self.as_slice() })
    }

    /// The bytes, which stay as they are from now on: the memory itself if it is frozen, else a copy.
    ///
    /// ```
    /// use bufproto_py::OwnedBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let array = pyo3::types::PyByteArray::new(py, b"abc");
    /// let buffer: OwnedBuffer = array.extract()?;
    /// let before = buffer.snapshot(py);
    /// array.set_item(0, b'x')?;
    /// assert_eq!(*before, *b"abc");
    /// assert_eq!(*buffer.snapshot(py), *b"xbc");
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn snapshot<'b>(&'b self, attached: Python<'_>) -> Cow<'b, [u8]> {
        match self.as_frozen() {
            Some(bytes) => Cow::Borrowed(bytes),
            None => Cow::Owned(copy_of(self.shared(attached))),
        }
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for OwnedBuffer {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        ReadBuffer::acquire(object).map(|buffer: ReadBuffer<'_, '_>| buffer.into_owned())
    }
}

impl Drop for OwnedBuffer {
    fn drop(&mut self) {
        if self.lease.needs_interpreter() {
            // Where there is nothing to attach to, the view is forgotten.
            let _ = Python::try_attach(|py| {
                // SAFETY: the buffer's own lease, which it releases once; nobody uses the memory any more.
                unsafe { self.lease.release(Attached::from(py)) };
            });
        } else {
            // SAFETY: as above, and the interpreter is not needed.
            unsafe { self.lease.release_detached() };
        }
    }
}

impl fmt::Debug for OwnedBuffer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (length, frozen) = (self.len(), self.lease.is_known_to_be_frozen());
        formatter.debug_struct("OwnedBuffer").field("len", &length).field("frozen", &frozen).finish()
    }
}

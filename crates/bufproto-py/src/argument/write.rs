//! Memory to write to.

use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr;

use bufproto_core::shared::SharedMut;
use pyo3::prelude::*;

use super::Bytes;
use crate::copies::copy_of;
use crate::lease::Lease;
use crate::object::Attached;
use crate::owned::OwnedBuffer;
use crate::stream::Writer;

/// An argument to read and write: the memory of any object that exports it for writing, as bytes, or as items of type `T`
/// ([`Element`](bufproto_core::element::Element)).
///
/// See the [module](super) for what it costs and raises.
///
/// ```
/// use bufproto_py::WriteBuffer;
/// use pyo3::prelude::*;
///
/// #[pyfunction]
/// fn clear(data: WriteBuffer<'_, '_>) {
///     data.shared().fill(0);
/// }
///
/// Python::initialize();
/// Python::attach(|py| {
///     let clear = wrap_pyfunction!(clear, py)?;
///     let array = pyo3::types::PyByteArray::new(py, b"secret");
///     clear.call1((&array,))?;
///     assert_eq!(array.to_vec(), [0; 6]);
///     assert!(clear.call1((b"secret",)).unwrap_err().to_string().starts_with(
///         "TypeError: argument 'data': a read-write bytes-like object is required, not 'bytes'"
///     ));
///     PyResult::Ok(())
/// }).unwrap();
/// ```
pub struct WriteBuffer<'a, 'py, T = Bytes> {
    /// Invariant: it keeps memory that can be read and written to.
    pub(super) lease: Lease,
    attached: Attached<'py>,
    /// The argument is borrowed, though the lease may do without.
    object: PhantomData<Borrowed<'a, 'py, PyAny>>,
    items: PhantomData<T>,
}

impl<'a, 'py, T> WriteBuffer<'a, 'py, T> {
    /// The memory of any exporter, as bytes; for other items, callers look at the format too.
    #[inline(always)]
    pub(crate) fn acquire(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        Lease::acquire::<true>(object).map(|lease| Self::new(lease, object.py().into()))
    }

    #[inline]
    pub(super) const fn new(lease: Lease, attached: Attached<'py>) -> Self {
        Self { lease, attached, object: PhantomData, items: PhantomData }
    }

    /// The bytes of the memory, whatever its items are, to read and write. Others may do both meanwhile.
    ///
    /// ```
    /// use bufproto_py::WriteBuffer;
    /// use pyo3::types::PyByteArray;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let array = PyByteArray::new(py, b"abc");
    /// let data: WriteBuffer<'_, '_> = array.extract()?;
    /// assert!(data.shared().set(0, b'x'));
    /// assert_eq!(array.to_vec(), b"xbc");
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[inline]
    #[must_use]
    pub fn shared(&self) -> SharedMut<'_> {
        // SAFETY: the lease is released when the buffer is dropped; until then its object is borrowed. The memory was
        // acquired to be written to.
        unsafe { self.lease.memory_mut() }
    }

    /// The same memory, held for as long as it takes, in a value that can be stored and sent to other threads, to be read.
    ///
    /// ```
    /// use bufproto_py::{OwnedBuffer, WriteBuffer};
    /// use pyo3::prelude::*;
    /// use pyo3::types::PyByteArray;
    ///
    /// Python::initialize();
    /// Python::attach(|py| {
    ///     let array = PyByteArray::new(py, b"hello");
    ///     let memory: WriteBuffer<'_, '_> = array.extract()?;
    ///     memory.copy_from_slice(b"j");
    ///     let kept: OwnedBuffer = memory.into_owned();
    ///     assert_eq!(kept.snapshot(py), &b"jello"[..]);
    ///     assert!(array.resize(10).is_err());
    ///     drop(kept);
    ///     array.resize(10)
    /// }).unwrap();
    /// ```
    #[must_use]
    pub fn into_owned(self) -> OwnedBuffer {
        let buffer = ManuallyDrop::new(self);
        // SAFETY: the original is not used or dropped any more; an object that is borrowed is alive, and the thread is
        // attached.
        unsafe { OwnedBuffer::new(ptr::read(&buffer.lease).into_owned(buffer.attached)) }
    }
}

impl WriteBuffer<'_, '_> {
    /// The number of bytes.
    ///
    /// ```
    /// use bufproto_py::WriteBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let object = py.eval(c"__import__('array').array('i', [1, 2])", None, None)?;
    /// assert_eq!(object.extract::<WriteBuffer<'_, '_>>()?.len(), 8, "bytes, not items");
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
    /// use bufproto_py::WriteBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// assert!(py.eval(c"bytearray()", None, None)?.extract::<WriteBuffer<'_, '_>>()?.is_empty());
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
    /// use bufproto_py::WriteBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let object = py.eval(c"bytearray(b'abcde')", None, None)?;
    /// let mut head = [0; 3];
    /// assert_eq!(object.extract::<WriteBuffer<'_, '_>>()?.copy_to_slice(&mut head), 3);
    /// assert_eq!(head, *b"abc");
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn copy_to_slice(&self, into: &mut [u8]) -> usize {
        self.shared().as_shared().copy_to_slice(into)
    }

    /// Writes as many bytes as fit, from the first on, and returns how many.
    ///
    /// ```
    /// use bufproto_py::WriteBuffer;
    /// use pyo3::types::PyByteArray;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let array = PyByteArray::new(py, b"hello");
    /// assert_eq!(array.extract::<WriteBuffer<'_, '_>>()?.copy_from_slice(b"j"), 1);
    /// assert_eq!(array.to_vec(), b"jello");
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn copy_from_slice(&self, from: &[u8]) -> usize {
        self.shared().copy_from_slice(from)
    }

    /// A copy of the bytes.
    ///
    /// ```
    /// use bufproto_py::WriteBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let object = py.eval(c"memoryview(bytearray(b'abcde'))[1:3]", None, None)?;
    /// assert_eq!(object.extract::<WriteBuffer<'_, '_>>()?.to_vec(), b"bc");
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        copy_of(self.shared().as_shared())
    }

    /// Where bytes can be read from and written to one after the other, and sought in. The memory does not grow.
    ///
    /// ```
    /// use std::io::Write as _;
    /// use bufproto_py::WriteBuffer;
    /// use pyo3::types::PyByteArray;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let array = PyByteArray::new(py, &[0; 4]);
    /// write!(array.extract::<WriteBuffer<'_, '_>>()?.writer(), "{}", 1234)?;
    /// assert_eq!(array.to_vec(), b"1234");
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn writer(&self) -> Writer<'_> {
        Writer::new(self.shared())
    }

    /// The bytes as an ordinary slice to write to.
    ///
    /// ```
    /// use bufproto_py::WriteBuffer;
    /// use pyo3::types::PyByteArray;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let array = PyByteArray::new(py, b"cab");
    /// let mut data: WriteBuffer<'_, '_> = array.extract()?;
    /// // SAFETY: nobody else knows of this array.
    /// unsafe { data.as_mut_slice() }.sort();
    /// assert_eq!(array.to_vec(), b"abc");
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Safety
    ///
    /// Nobody else reads or writes the memory while the slice lives: not another thread, not Python code that this thread
    /// calls, and not another argument of the same object, which Python is free to pass twice.
    #[must_use]
    pub unsafe fn as_mut_slice(&mut self) -> &mut [u8] {
        // SAFETY: the caller's word, and the type's invariant.
        unsafe { self.shared().as_mut_slice() }
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for WriteBuffer<'a, 'py> {
    type Error = PyErr;

    #[inline]
    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        Self::acquire(object)
    }
}

impl<T> Drop for WriteBuffer<'_, '_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: the buffer's own lease, which it releases once, and the memory is not handed out for longer.
        unsafe { self.lease.release(self.attached) };
    }
}

impl<T> fmt::Debug for WriteBuffer<'_, '_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("WriteBuffer").field("len", &self.lease.len()).finish()
    }
}

//! The Python type `bufproto.Buffer`: bytes that grow, are exported, and can be read while nobody writes to them.

#![expect(unsafe_op_in_unsafe_fn, reason = "PyO3 calls the methods of a macro of this crate like this")]

use std::borrow::Cow;
use std::collections::TryReserveError;

use bufproto_core::layout::{Layout, Order};
use bufproto_core::request::Request;
use pyo3::exceptions::{PyIndexError, PyMemoryError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pyclass::CompareOp;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple, PyType};

use crate::argument::ReadBuffer;
use crate::copies::{self, copy_of};
use crate::export::{Export, ExportError, Exported, StableRead};
use crate::object::Object;
use crate::{exporter, refusal};

mod index;
mod memory;

use index::Index;
use memory::Memory;

/// Bytes that can be changed, grow, and are exported as a bytearray's are; and that can be read while nobody writes.
///
/// Buffer()                          no bytes
/// Buffer(size)                      that many zeros
/// Buffer(bytes_like)                a copy
/// Buffer(iterable_of_ints)          those bytes
/// Buffer(text, encoding[, errors])  the encoded text
///
///     >>> from bufproto import Buffer
///     >>> buffer = Buffer(b"hello")
///     >>> buffer[0] = ord("j")
///     >>> buffer += b" world"
///     >>> buffer
///     Buffer(b'jello world')
///     >>> with memoryview(buffer) as view:
///     ...     buffer.append(0)
///     Traceback (most recent call last):
///         ...
///     BufferError: Existing exports of data: object cannot be re-sized
///
/// It is pickled out of band by protocol 5: see over().
#[pyclass(module = "bufproto", frozen, subclass, weakref)]
pub(crate) struct Buffer(Exported<Memory>);

impl Export for Buffer {
    type Storage = Memory;

    fn exported(&self) -> &Exported<Memory> {
        &self.0
    }

    /// What is another object's memory is copied before it is written to, if it is read-only, and before a stable read.
    fn prepare(&self, attached: Python<'_>, request: Request, stable: bool) {
        let write = request.contains(Request::WRITABLE) && self.0.is_read_only();
        if write || (stable && self.0.is_shared()) {
            // Where there are views of it, the request is refused.
            drop(self.own(attached));
        }
    }
}

impl Buffer {
    fn of(bytes: Vec<u8>) -> Self {
        Self(Exported::bytes(Memory::Own(bytes)))
    }

    /// Takes other memory. What was there before is dropped once that is done.
    fn replace(&self, memory: Memory) -> Result<(), ExportError> {
        self.0.resize(|held| std::mem::replace(held, memory)).map(drop)
    }

    /// Copies what is another object's.
    fn own(&self, attached: Python<'_>) -> Result<Result<(), TryReserveError>, ExportError> {
        self.try_change(attached, 0, |_| ())
    }

    /// Changes the bytes, which may become some more, while nobody has a view of them.
    fn try_change<R>(
        &self,
        attached: Python<'_>,
        more: usize,
        change: impl FnOnce(&mut Vec<u8>) -> R,
    ) -> Result<Result<R, TryReserveError>, ExportError> {
        let changed = self.0.resize(|memory| {
            let (bytes, before) = memory.own(attached, more)?;
            Ok((change(bytes), before))
        })?;
        // Whose memory it was is told now that the change is over.
        Ok(changed.map(|(result, before)| {
            drop(before);
            result
        }))
    }

    fn change<R>(slf: &Bound<'_, Self>, more: usize, change: impl FnOnce(&mut Vec<u8>) -> R) -> PyResult<R> {
        let changed = slf.get().try_change(slf.py(), more, change);
        changed.map_err(|error| named(slf, error))?.map_err(|_| PyMemoryError::new_err(()))
    }

    /// The bytes in place, if nobody can write to them just now.
    fn stable(&self) -> Option<StableRead<Memory>> {
        // On PyPy, garbage is collected before this is refused, and a copy costs less.
        let tried = !cfg!(PyPy) || self.0.exports() == 0;
        tried.then(|| self.0.stable_read().ok()).flatten()
    }

    /// Does something with the bytes, without a copy if nobody can write to them.
    fn with_bytes<R>(slf: &Bound<'_, Self>, read: impl FnOnce(Cow<'_, [u8]>) -> R) -> PyResult<R> {
        let exported = &slf.get().0;
        if let Some(stable) = slf.get().stable() {
            return Ok(read(Cow::Borrowed(&stable)));
        }
        let read = exported.read(slf.py(), |bytes| read(Cow::Owned(copy_of(bytes))));
        read.map_err(|error| named(slf, error))
    }

    /// Writes to bytes that are there, so far apart.
    fn write(slf: &Bound<'_, Self>, bytes: &[u8], start: usize, step: isize) -> PyResult<()> {
        if slf.get().0.is_read_only() {
            Self::change(slf, 0, |_| ())?;
        }
        let written = slf.get().0.write(slf.py(), |memory| {
            let (shape, strides) = ([bytes.len().cast_signed()], [step]);
            let layout = Layout::new(1, &shape, Some(&strides), None).ok()?;
            memory.view(start, layout)?.copy_from_slice(Order::C, bytes).ok()
        });
        written.map_err(|error| named(slf, error))?.ok_or_else(gone)
    }
}

/// Does something with a buffer while no other thread does.
fn locked<R>(slf: &Bound<'_, Buffer>, act: impl FnOnce() -> PyResult<R>) -> PyResult<R> {
    with_critical_section(slf.as_any(), act)
}

exporter! {
    #[pymethods]
    impl Buffer {
        #[new]
        #[pyo3(
            signature = (source=Source::Absent, encoding=None, errors=None),
            text_signature = "(source=b'', encoding=None, errors=None)"
        )]
        fn new(
            source: Source<'_>,
            encoding: Option<&Bound<'_, PyString>>,
            errors: Option<&Bound<'_, PyString>>,
        ) -> PyResult<Self> {
            let text = match &source {
                Source::Given(source) => source.cast::<PyString>().ok(),
                Source::Absent => None,
            };
            let bytes = match (text, encoding, errors, &source) {
                (Some(text), Some(encoding), None, _) => encoded(text, (encoding,)),
                (Some(text), Some(encoding), Some(errors), _) => encoded(text, (encoding, errors)),
                (Some(_), None, _, _) => Err(PyTypeError::new_err("string argument without an encoding")),
                (None, None, None, Source::Absent) => Ok(Vec::new()),
                (None, None, None, Source::Given(source)) => contents(source),
                (None, ..) => Err(PyTypeError::new_err("encoding or errors without a string argument")),
            };
            bytes.map(Self::of)
        }

        /// A Buffer over the memory of another object, not over a copy of it.
        ///
        ///     >>> from bufproto import Buffer
        ///     >>> array = bytearray(b"hello")
        ///     >>> buffer = Buffer.over(array)
        ///     >>> buffer[0] = ord("j")
        ///     >>> array
        ///     bytearray(b'jello')
        ///
        /// The object is kept, and cannot be resized meanwhile. The memory is copied, and the object left alone, as soon as the
        /// Buffer is resized; or written to, if the memory is read-only; or read by stable_read(), if others may write to it.
        ///
        /// This is how a Buffer is made of what protocol 5 of pickle transports out of band.
        #[classmethod]
        fn over<'py>(kind: &Bound<'py, PyType>, exporter: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
            let memory = Memory::of(exporter)?;
            let made = kind.call_method1("__new__", (kind,))?;
            made.cast::<Self>()?.get().replace(memory)?;
            Ok(made)
        }

        fn __len__(&self) -> usize {
            self.0.len()
        }

        fn __getitem__<'py>(slf: &Bound<'py, Self>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
            // A key may run code, so the length is looked at again.
            let index = Index::of(key, slf.get().0.len())?;
            match index {
                Index::One(place) => locked(slf, || {
                    let byte = slf.get().0.read(slf.py(), |bytes| bytes.get(place))?.ok_or_else(gone)?;
                    Ok(byte.into_pyobject(slf.py())?.into_any())
                }),
                Index::Slice { start, step, count } => locked(slf, || {
                    let copy = slf.get().0.read(slf.py(), |bytes| {
                        let (shape, strides) = ([count.cast_signed()], [step]);
                        let layout = Layout::new(1, &shape, Some(&strides), None).ok()?;
                        bytes.view(start, layout).map(|view| copies::items(view, Order::C))
                    });
                    let copy = copy.map_err(|error| named(slf, error))?;
                    Ok(Bound::new(slf.py(), Self::of(copy.ok_or_else(gone)?))?.into_any())
                }),
            }
        }

        fn __setitem__(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
            let is_slice = key.is_instance_of::<pyo3::types::PySlice>();
            let bytes = if is_slice { assignable(value)? } else { vec![index::byte(value)?] };
            let key = Index::of(key, slf.get().0.len())?;
            locked(slf, || match key {
                Index::One(place) => Self::write(slf, &bytes, place, 1),
                Index::Slice { start, step, count } if bytes.len() == count => {
                    Self::write(slf, &bytes, start, step)
                }
                Index::Slice { start, step: 1, count } => Self::change(slf, bytes.len(), |held| {
                    let start = start.min(held.len());
                    let end = start.saturating_add(count).min(held.len());
                    drop(held.splice(start..end, bytes));
                }),
                // As of a bytearray, unlike of a list.
                Index::Slice { start, step, count } if bytes.is_empty() => {
                    Self::change(slf, 0, |held| index::remove(held, start, step, count))
                }
                Index::Slice { count, .. } => Err(PyValueError::new_err(format!(
                    "attempt to assign bytes of size {} to extended slice of size {count}",
                    bytes.len()
                ))),
            })
        }

        fn __delitem__(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>) -> PyResult<()> {
            let (start, step, count) = match Index::of(key, slf.get().0.len())? {
                Index::One(place) => (place, 1, 1),
                Index::Slice { start, step, count } => (start, step, count),
            };
            if count == 0 {
                return Ok(());
            }
            locked(slf, || Self::change(slf, 0, |held| index::remove(held, start, step, count)))
        }

        fn __iter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
            // SAFETY: the object is alive, and the thread attached; a new reference or null with an exception.
            unsafe { Bound::from_owned_ptr_or_err(slf.py(), pyo3::ffi::PySeqIter_New(slf.as_ptr())) }
        }

        fn __contains__(slf: &Bound<'_, Self>, item: &Bound<'_, PyAny>) -> PyResult<bool> {
            let wanted = match item.extract::<ReadBuffer<'_, '_>>() {
                Ok(buffer) => buffer.to_vec(),
                Err(_) => vec![index::byte(item)?],
            };
            locked(slf, || {
                Self::with_bytes(slf, |bytes| memchr::memmem::find(&bytes, &wanted).is_some())
            })
        }

        fn __richcmp__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>, operator: CompareOp) -> PyResult<Py<PyAny>> {
            let py = slf.py();
            let equal = match operator {
                CompareOp::Eq => true,
                CompareOp::Ne => false,
                _ => return Ok(py.NotImplemented()),
            };
            let Ok(other) = other.extract::<ReadBuffer<'_, '_>>() else {
                return Ok(py.NotImplemented());
            };
            let same = locked(slf, || {
                if slf.get().0.len() != other.len() {
                    return Ok(false);
                }
                Self::with_bytes(slf, |bytes| match other.as_frozen() {
                    Some(frozen) => *bytes == *frozen,
                    None => bytes.iter().copied().eq(other.shared().iter()),
                })
            })?;
            Ok((same == equal).into_pyobject(py)?.to_owned().into_any().unbind())
        }

        fn __iadd__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
            // What is its own view must not stand in the way, so it is gone by then.
            let Ok(bytes) = copies::bytes_of(other) else {
                let kind = other.get_type().name()?;
                return Err(PyTypeError::new_err(format!("can't concat {kind} to Buffer")));
            };
            locked(slf, || Self::change(slf, bytes.len(), |held| held.extend_from_slice(&bytes)))
        }

        /// Adds one byte, a number, at the end.
        ///
        ///     >>> from bufproto import Buffer
        ///     >>> buffer = Buffer(b"hell")
        ///     >>> buffer.append(ord("o"))
        ///     >>> buffer
        ///     Buffer(b'hello')
        fn append(slf: &Bound<'_, Self>, item: &Bound<'_, PyAny>) -> PyResult<()> {
            let byte = index::byte(item)?;
            locked(slf, || Self::change(slf, 1, |held| held.push(byte)))
        }

        /// Adds the bytes of a bytes-like object, or numbers, at the end.
        ///
        ///     >>> from bufproto import Buffer
        ///     >>> buffer = Buffer(b"a")
        ///     >>> buffer.extend(bytearray(b"bc"))
        ///     >>> buffer.extend([100, 101])
        ///     >>> buffer
        ///     Buffer(b'abcde')
        fn extend(slf: &Bound<'_, Self>, items: &Bound<'_, PyAny>) -> PyResult<()> {
            let bytes = index::bytes(items)?;
            locked(slf, || Self::change(slf, bytes.len(), |held| held.extend_from_slice(&bytes)))
        }

        /// Puts one byte, a number, before the one at the index.
        ///
        ///     >>> from bufproto import Buffer
        ///     >>> buffer = Buffer(b"ello")
        ///     >>> buffer.insert(0, ord("h"))
        ///     >>> buffer
        ///     Buffer(b'hello')
        fn insert(slf: &Bound<'_, Self>, index: isize, item: &Bound<'_, PyAny>) -> PyResult<()> {
            let byte = index::byte(item)?;
            locked(slf, || {
                Self::change(slf, 1, |held| {
                    let place = index::wrapped(index, held.len()).unwrap_or(0).min(held.len());
                    held.insert(place, byte);
                })
            })
        }

        /// Takes out one byte, by default the last, and returns it.
        ///
        ///     >>> from bufproto import Buffer
        ///     >>> buffer = Buffer(b"hello!")
        ///     >>> chr(buffer.pop())
        ///     '!'
        ///     >>> chr(buffer.pop(0))
        ///     'h'
        ///     >>> buffer
        ///     Buffer(b'ello')
        #[pyo3(signature = (index=None))]
        fn pop(slf: &Bound<'_, Self>, index: Option<&Bound<'_, PyAny>>) -> PyResult<u8> {
            let length = slf.get().0.len();
            let place = match index {
                _ if length == 0 => return Err(PyIndexError::new_err("pop from empty Buffer")),
                Some(index) => Index::one(index, length)?,
                None => length - 1,
            };
            locked(slf, || {
                Self::change(slf, 0, |held| (place < held.len()).then(|| held.remove(place)))?
                    .ok_or_else(|| PyIndexError::new_err("Buffer index out of range"))
            })
        }

        /// Makes it so many bytes long: cuts bytes off, or adds zeros.
        ///
        ///     >>> from bufproto import Buffer
        ///     >>> buffer = Buffer(b"hello")
        ///     >>> buffer.resize(4)
        ///     >>> buffer
        ///     Buffer(b'hell')
        ///     >>> buffer.resize(5)
        ///     >>> buffer[4]
        ///     0
        fn resize(slf: &Bound<'_, Self>, size: isize) -> PyResult<()> {
            let size = usize::try_from(size)
                .map_err(|_| PyValueError::new_err(format!("cannot resize to {size} bytes: a size is not negative")))?;
            locked(slf, || {
                let more = size.saturating_sub(slf.get().0.len());
                Self::change(slf, more, |held| held.resize(size, 0))
            })
        }

        /// Takes all bytes out.
        ///
        ///     >>> from bufproto import Buffer
        ///     >>> buffer = Buffer(b"hello")
        ///     >>> buffer.clear()
        ///     >>> len(buffer)
        ///     0
        fn clear(slf: &Bound<'_, Self>) -> PyResult<()> {
            locked(slf, || slf.get().replace(Memory::default()).map_err(|error| named(slf, error)))
        }

        /// A copy of the bytes.
        ///
        ///     >>> from bufproto import Buffer
        ///     >>> buffer = Buffer(b"hello")
        ///     >>> copy = buffer.tobytes()
        ///     >>> buffer.clear()
        ///     >>> copy
        ///     b'hello'
        fn tobytes<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyBytes>> {
            locked(slf, || {
                if let Some(stable) = slf.get().stable() {
                    return PyBytes::new_with(slf.py(), stable.len(), |into| {
                        into.copy_from_slice(&stable);
                        Ok(())
                    });
                }
                slf.get().0.read(slf.py(), |bytes| {
                    PyBytes::new_with(slf.py(), bytes.len(), |into| {
                        bytes.copy_to_slice(into);
                        Ok(())
                    })
                })?
            })
        }

        fn __bytes__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyBytes>> {
            Self::tobytes(slf)
        }

        /// The bytes as hexadecimal digits; the arguments are those of bytes.hex.
        ///
        ///     >>> from bufproto import Buffer
        ///     >>> Buffer(b"hello").hex()
        ///     '68656c6c6f'
        ///     >>> Buffer(b"hello").hex("-")
        ///     '68-65-6c-6c-6f'
        #[pyo3(signature = (*arguments))]
        fn hex<'py>(slf: &Bound<'py, Self>, arguments: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
            Self::tobytes(slf)?.call_method1("hex", arguments)
        }

        /// A view to read, as memoryview.toreadonly gives it; but others may still begin to read in peace, by stable_read.
        ///
        ///     >>> from bufproto import Buffer
        ///     >>> buffer = Buffer(b"hello")
        ///     >>> with buffer.toreadonly() as view, buffer.stable_read() as stable:
        ///     ...     view.readonly, bytes(stable)
        ///     (True, b'hello')
        fn toreadonly<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
            view(Bound::new(slf.py(), ReadOnly(slf.get().0.to_read_only()))?.as_any())
        }

        /// A view to read, whose bytes nobody changes until it is released: a context manager, as all views are.
        ///
        ///     >>> from bufproto import Buffer
        ///     >>> buffer = Buffer(b"hello")
        ///     >>> with buffer.stable_read() as view:
        ///     ...     buffer[0] = ord("j")
        ///     Traceback (most recent call last):
        ///         ...
        ///     BufferError: 'bufproto.Buffer' object is being read: change it once it is released, or change a copy
        ///     >>> buffer[0] = ord("j")
        ///     >>> buffer.tobytes()
        ///     b'jello'
        ///
        /// Meanwhile there are no writable views, and other views are read-only. If there is a view that may be written to,
        /// this raises BufferError.
        fn stable_read<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
            let stable = locked(slf, || {
                if slf.get().0.is_shared() {
                    Self::change(slf, 0, |_| ())?;
                }
                slf.get().0.stable_read().map_err(|error| named(slf, error))
            })?;
            view(Bound::new(slf.py(), Stable(Exported::bytes(stable)))?.as_any())
        }

        /// How many views of the memory there are, just now.
        ///
        ///     >>> from bufproto import Buffer
        ///     >>> buffer = Buffer(b"hello")
        ///     >>> with memoryview(buffer):
        ///     ...     buffer.exports
        ///     1
        ///     >>> buffer.exports
        ///     0
        #[getter]
        fn exports(&self) -> usize {
            self.0.exports()
        }

        fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
            const SHOWN: usize = 32;
            let name = slf.get_type().name()?;
            let (length, shown) = locked(slf, || {
                slf.get().0
                    .read(slf.py(), |bytes| {
                        let shown = bytes.iter().take(SHOWN).collect::<Vec<_>>();
                        (bytes.len(), PyBytes::new(slf.py(), &shown))
                    })
                    .map_err(|error| named(slf, error))
            })?;
            let shown = shown.repr()?;
            Ok(if length <= SHOWN {
                format!("{name}({shown})")
            } else {
                format!("<{name} of {length} bytes: {shown}...>")
            })
        }

        /// By protocol 5 and later, with the memory as a PickleBuffer, which goes out of band where that is wanted.
        fn __reduce_ex__<'py>(
            slf: &Bound<'py, Self>,
            protocol: i64,
        ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>, Bound<'py, PyAny>)> {
            let py = slf.py();
            let kind = slf.get_type();
            // What a derived class has in its objects.
            let state = match slf.getattr("__dict__") {
                Ok(attributes) if attributes.cast::<PyDict>().is_ok_and(|some| !some.is_empty()) => attributes,
                _ => py.None().into_bound(py),
            };
            if protocol < 5 {
                let made = kind.getattr("over")?;
                return Ok((made, PyTuple::new(py, [Self::tobytes(slf)?])?, state));
            }
            let memory = py.import("pickle")?.getattr("PickleBuffer")?.call1((slf,))?;
            Ok((kind.getattr("over")?, PyTuple::new(py, [memory])?, state))
        }
    }
}

/// Exports a buffer's memory to be read only.
#[pyclass(frozen, name = "_ReadOnly", module = "bufproto._bufproto")]
struct ReadOnly(Exported<Memory>);

impl Export for ReadOnly {
    type Storage = Memory;

    fn exported(&self) -> &Exported<Memory> {
        &self.0
    }
}

exporter!(ReadOnly);

/// Exports a stable read of a buffer's memory.
#[pyclass(frozen, name = "_StableRead", module = "bufproto._bufproto")]
struct Stable(Exported<StableRead<Memory>>);

impl Export for Stable {
    type Storage = StableRead<Memory>;

    fn exported(&self) -> &Exported<StableRead<Memory>> {
        &self.0
    }
}

exporter!(Stable);

/// The exception for bytes that are not there, or not any more.
fn gone() -> PyErr {
    PyIndexError::new_err("Buffer index out of range")
}

/// The exception, which names the object where it is for a broken rule.
fn named(slf: &Bound<'_, Buffer>, error: ExportError) -> PyErr {
    match error {
        ExportError::Refused(rule) => refusal::of(rule, Object::from(slf)),
        error => error.into(),
    }
}

/// A `memoryview` of an object.
fn view<'py>(exporter: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    Ok(pyo3::types::PyMemoryView::from(exporter)?.into_any())
}

/// What a buffer is made of, if it was said.
enum Source<'py> {
    Absent,
    Given(Bound<'py, PyAny>),
}

impl<'py> FromPyObject<'_, 'py> for Source<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self::Given(object.to_owned()))
    }
}

/// So many zeros as a number says, or the bytes of anything else.
fn contents(source: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    if !source.hasattr("__index__")? {
        return index::bytes(source);
    }
    match index::number(source) {
        // Arrays of numpy have the method, and are no numbers.
        Err(error) if error.is_instance_of::<PyTypeError>(source.py()) => index::bytes(source),
        number => zeros(number?),
    }
}

/// So many zeros.
fn zeros(count: isize) -> PyResult<Vec<u8>> {
    let count = usize::try_from(count).map_err(|_| PyValueError::new_err("negative count"))?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(count).map_err(|_| PyMemoryError::new_err(()))?;
    bytes.resize(count, 0);
    Ok(bytes)
}

/// The bytes of text.
fn encoded<'py>(
    text: &Bound<'py, PyString>,
    arguments: impl pyo3::call::PyCallArgs<'py>,
) -> PyResult<Vec<u8>> {
    index::bytes(&text.call_method1("encode", arguments)?)
}

/// What can be assigned to a slice.
fn assignable(value: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    index::bytes(value).map_err(|error| {
        if error.is_instance_of::<PyTypeError>(value.py()) {
            PyTypeError::new_err("can assign only bytes, buffers, or iterables of ints in range(0, 256)")
        } else {
            error
        }
    })
}

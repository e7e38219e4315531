//! The peers in Rust: PyO3's ways, rust-numpy's, and ours.

use std::ffi::{CStr, c_int, c_void};
use std::hint::black_box;

use bufproto_py::{CharBuffer, ReadBuffer, Request, Slot, WriteBuffer, fill};
use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::Borrowed;
use pyo3::buffer::{PyBuffer, PyUntypedBuffer};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyDict;

/// A function that extracts a pointer and a length, as `peer.h` describes it.
pub(crate) type Peer = unsafe extern "C" fn(*mut ffi::PyObject, *mut *const c_void, *mut isize) -> c_int;

/// The name of the capsules.
pub(crate) const PEER: &CStr = c"bufproto.peer";

/// A pointer and a length in bytes.
type Found = (*const c_void, usize);

/// The memory is used while it is held.
fn used<T>(pointer: *const T, length: usize) -> Found {
    black_box((pointer.cast(), length))
}

/// What every peer in Rust does around its own way. An error is dropped, as whoever ignores it does.
///
/// # Safety
///
/// The thread is attached, the object is alive for the call, and the outputs can be written to.
#[inline(always)]
unsafe fn extract(
    object: *mut ffi::PyObject,
    pointer: *mut *const c_void,
    length: *mut isize,
    way: impl FnOnce(Borrowed<'_, '_, PyAny>) -> PyResult<Found>,
) -> c_int {
    // SAFETY: the caller is attached, and keeps the object alive.
    let object = unsafe { Borrowed::from_ptr(Python::assume_attached(), object) };
    match way(object) {
        Ok((found, bytes)) => {
            // SAFETY: the caller's promise.
            unsafe {
                *pointer = found;
                *length = bytes.cast_signed();
            }
            0
        }
        Err(_) => -1,
    }
}

/// Makes a peer of a way, and a capsule of the peer.
macro_rules! peers {
    ($py:ident, $($name:literal => |$object:ident| $way:expr;)*) => {{
        let peers = PyDict::new($py);
        $({
            /// # Safety
            ///
            /// As for [`extract`].
            unsafe extern "C" fn peer(
                object: *mut ffi::PyObject,
                pointer: *mut *const c_void,
                length: *mut isize,
            ) -> c_int {
                let way = |$object: Borrowed<'_, '_, PyAny>| $way;
                // SAFETY: the caller's promise.
                unsafe { extract(object, pointer, length, way) }
            }
            peers.set_item($name, capsule($py, peer)?)?;
        })*
        peers
    }};
}

fn capsule(py: Python<'_>, peer: Peer) -> PyResult<Bound<'_, PyAny>> {
    // SAFETY: the thread is attached; a capsule keeps the function's address and the name, both of which stay.
    unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyCapsule_New(peer as *mut c_void, PEER.as_ptr(), None)) }
}

/// All peers in Rust, by their names.
pub(crate) fn capsules(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    Ok(peers! { py,
        "as_char_buffer" => |object| span(bufproto_py::as_char_buffer(&object));
        "as_read_buffer" => |object| span(bufproto_py::as_read_buffer(&object));
        "as_write_buffer" => |object| span(bufproto_py::as_write_buffer(&object));
        "view" => |object| {
            let mut slot = Slot::new();
            let view = fill(&mut slot, &object, Request::SIMPLE)?;
            let span = view.span();
            Ok(used(span.pointer, span.length.unsigned_abs()))
        };
        "ReadBuffer" => |object| {
            let buffer = object.extract::<ReadBuffer<'_, '_>>()?;
            Ok(used(buffer.shared().as_ptr(), buffer.len()))
        };
        "CharBuffer" => |object| {
            let buffer = object.extract::<CharBuffer<'_, '_>>()?;
            Ok(used(buffer.shared().as_ptr(), buffer.len()))
        };
        "WriteBuffer" => |object| {
            let buffer = object.extract::<WriteBuffer<'_, '_>>()?;
            Ok(used(buffer.shared().as_mut_ptr(), buffer.len()))
        };
        "ReadBuffer<u8>" => |object| {
            let buffer = object.extract::<ReadBuffer<'_, '_, u8>>()?;
            Ok(used(buffer.shared().as_ptr(), buffer.shared().len()))
        };
        "ReadBuffer<f64>" => |object| {
            let buffer = object.extract::<ReadBuffer<'_, '_, f64>>()?;
            Ok(used(buffer.shared().as_ptr(), buffer.shared().len()))
        };
        "PyBuffer<u8>" => |object| {
            let buffer = PyBuffer::<u8>::get(&object)?;
            Ok(used(buffer.buf_ptr(), buffer.len_bytes()))
        };
        "PyBuffer<f64>" => |object| {
            let buffer = PyBuffer::<f64>::get(&object)?;
            Ok(used(buffer.buf_ptr(), buffer.len_bytes()))
        };
        "PyUntypedBuffer" => |object| {
            let buffer = PyUntypedBuffer::get(&object)?;
            Ok(used(buffer.buf_ptr(), buffer.len_bytes()))
        };
        "&[u8]" => |object| {
            let slice = object.extract::<&[u8]>()?;
            Ok(used(slice.as_ptr(), slice.len()))
        };
        "PyBackedBytes" => |object| {
            let bytes = object.extract::<PyBackedBytes>()?;
            Ok(used(bytes.as_ptr(), bytes.len()))
        };
        "Py_buffer" => |object| {
            let mut view = ffi::Py_buffer::new();
            // SAFETY: the thread is attached, the object alive, and the view stays in place until it is released.
            unsafe {
                if ffi::PyObject_GetBuffer(object.as_ptr(), &raw mut view, ffi::PyBUF_SIMPLE) != 0 {
                    return Err(PyErr::fetch(object.py()));
                }
                let found = used(view.buf, view.len.unsigned_abs());
                ffi::PyBuffer_Release(&raw mut view);
                Ok(found)
            }
        };
        "PyReadonlyArray u8" => |object| {
            let array = object.extract::<PyReadonlyArray1<'_, u8>>()?;
            let slice = array.as_slice().map_err(PyErr::from)?;
            Ok(used(slice.as_ptr(), slice.len()))
        };
        "PyReadonlyArray f64" => |object| {
            let array = object.extract::<PyReadonlyArray2<'_, f64>>()?;
            let slice = array.as_slice().map_err(PyErr::from)?;
            Ok(used(slice.as_ptr(), size_of_val(slice)))
        };
    })
}

fn span(found: PyResult<bufproto_py::Span>) -> PyResult<Found> {
    found.map(|span| (span.pointer.cast_const().cast(), span.length.unsigned_abs()))
}

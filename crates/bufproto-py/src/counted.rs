//! Exports that are counted by hand, as their exporter counts them.
//!
//! An export of an exact `bytearray` or `memoryview` is a number that goes up and down again; the view that comes with it
//! says nothing that their fields do not. Where the interpreter's lock guards the number, and the fields are known, an
//! argument counts itself, and takes no view. The type refuses to resize or to release just as if it had been asked, since
//! that is the number that it looks at.
//!
//! Source: `Objects/bytearrayobject.c` and `Objects/memoryobject.c` of CPython 3.8 to 3.15, and the headers
//! `bytearrayobject.h` and `memoryobject.h`, whose structures are the same in all of them.

use pyo3::ffi;
use pyo3::prelude::*;

/// An object whose exports are counted, and its memory.
pub(crate) struct Counted {
    /// The number of exports, a field of the object.
    pub(crate) counter: *mut isize,
    /// Null only if there are no bytes.
    pub(crate) memory: *mut u8,
    /// In bytes, not negative.
    pub(crate) length: isize,
}

impl Counted {
    /// Counts an export.
    ///
    /// # Safety
    ///
    /// It has just been [found](find).
    #[inline]
    pub(crate) unsafe fn count(&self) {
        // SAFETY: a field of the object, which is alive, and which only who holds the lock looks at.
        unsafe { *self.counter += 1 };
    }
}

/// Finds the memory of an object of one of the exact types, as it is now. Whatever is out of the ordinary is left to the
/// exporter: what is released, read-only, not contiguous.
#[inline]
pub(crate) fn find<const WRITE: bool>(object: Borrowed<'_, '_, PyAny>) -> Option<Counted> {
    cfg_if::cfg_if! {
        if #[cfg(any(Py_GIL_DISABLED, PyPy, GraalPy, Py_LIMITED_API))] {
            // Other threads may count at the same time, or the fields are not known.
            let _ = object;
            None
        } else {
            byte_array(object).or_else(|| memory_view::find::<WRITE>(object))
        }
    }
}

/// The format of the items, and the size of one in bytes.
///
/// # Safety
///
/// The object is one that has been [found](find), and is alive for `'a`; the thread is attached.
#[inline]
pub(crate) unsafe fn items<'a>(object: *mut ffi::PyObject) -> (&'a [u8], usize) {
    const BYTES: (&[u8], usize) = (b"B", 1);
    cfg_if::cfg_if! {
        if #[cfg(any(Py_GIL_DISABLED, PyPy, GraalPy, Py_LIMITED_API))] {
            let _ = object;
            BYTES
        } else {
            // SAFETY: the caller's word.
            unsafe { memory_view::items(object) }.unwrap_or(BYTES)
        }
    }
}

#[cfg(not(any(Py_GIL_DISABLED, PyPy, GraalPy, Py_LIMITED_API)))]
#[inline]
fn byte_array(object: Borrowed<'_, '_, PyAny>) -> Option<Counted> {
    // Before 3.9 the number is an `int`.
    #[cfg(Py_3_9)]
    // SAFETY: a borrowed object is alive; these are the fields of an exact `bytearray`, which only who holds the lock looks
    // at.
    unsafe {
        let object = object.as_ptr();
        if ffi::PyByteArray_CheckExact(object) != 0 {
            let array: *mut ffi::PyByteArrayObject = object.cast();
            return Some(Counted {
                counter: &raw mut (*array).ob_exports,
                memory: (*array).ob_start.cast(),
                length: ffi::Py_SIZE(object),
            });
        }
    }
    let _ = object;
    None
}

#[cfg(not(any(Py_GIL_DISABLED, PyPy, GraalPy, Py_LIMITED_API)))]
mod memory_view {
    use core::ffi::{CStr, c_int};

    use super::*;

    /// The beginning of `_PyManagedBufferObject`.
    #[repr(C)]
    struct ManagedBuffer {
        head: ffi::PyObject,
        flags: c_int,
    }

    /// The beginning of `PyMemoryViewObject`.
    #[repr(C)]
    struct MemoryView {
        head: ffi::PyVarObject,
        managed: *const ManagedBuffer,
        hash: ffi::Py_hash_t,
        flags: c_int,
        exports: isize,
        view: ffi::Py_buffer,
    }

    /// `_Py_MANAGED_BUFFER_RELEASED`.
    const MANAGED_RELEASED: c_int = 0x001;
    /// `_Py_MEMORYVIEW_RELEASED`.
    const RELEASED: c_int = 0x001;
    /// `_Py_MEMORYVIEW_C`.
    const CONTIGUOUS: c_int = 0x002;
    /// `_Py_MEMORYVIEW_RESTRICTED`, since 3.12.
    const RESTRICTED: c_int = 0x020;

    /// What `memory_getbuf` answers to a simple request, in the cases in which it does not refuse.
    #[inline]
    pub(super) fn find<const WRITE: bool>(object: Borrowed<'_, '_, PyAny>) -> Option<Counted> {
        let object = object.as_ptr();
        // SAFETY: a borrowed object is alive; `memoryview` cannot be derived from, so these are its fields, which only who
        // holds the lock looks at. The managed buffer is alive for as long as the `memoryview`.
        unsafe {
            if ffi::PyMemoryView_Check(object) == 0 {
                return None;
            }
            let memory: *mut MemoryView = object.cast();
            let view = &raw const (*memory).view;
            let ordinary = (*memory).flags & (RELEASED | RESTRICTED | CONTIGUOUS) == CONTIGUOUS
                && (*(*memory).managed).flags & MANAGED_RELEASED == 0
                && !(*view).buf.is_null()
                && (*view).len >= 0
                && (!WRITE || (*view).readonly == 0);
            ordinary.then(|| Counted {
                counter: &raw mut (*memory).exports,
                memory: (*view).buf.cast(),
                length: (*view).len,
            })
        }
    }

    /// As [`items`](super::items); `None` of another object, and of items that are bytes.
    ///
    /// # Safety
    ///
    /// The object is alive for `'a`, and the thread attached.
    #[inline]
    pub(super) unsafe fn items<'a>(object: *mut ffi::PyObject) -> Option<(&'a [u8], usize)> {
        // SAFETY: the caller's word; these are the fields of a `memoryview`, and a format is a C string, which stays for as
        // long as the `memoryview`.
        unsafe {
            if ffi::PyMemoryView_Check(object) == 0 {
                return None;
            }
            let view = &raw const (*object.cast::<MemoryView>()).view;
            let format = (*view).format;
            (!format.is_null()).then(|| (CStr::from_ptr(format).to_bytes(), (*view).itemsize.cast_unsigned()))
        }
    }
}

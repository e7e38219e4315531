//! An exporter whose views refer to themselves, whatever they are asked for.

use core::ffi::c_int;
use core::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use pyo3::ffi;
use pyo3::prelude::*;

/// Fills in everything that a view has, asked for or not, with pointers into the view where it can. When a view ends it
/// looks whether the view is as it was, and refers to itself.
#[pyclass(frozen)]
#[derive(Default)]
pub(crate) struct Selfish {
    held: AtomicUsize,
    right: AtomicUsize,
    wrong: AtomicUsize,
}

/// What it exports. Only its address is shown.
static MEMORY: [u8; 8] = *b"selfish!";

#[pymethods]
impl Selfish {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// How many views are held, how many ended rightly, and how many did not.
    fn counts(&self) -> (usize, usize, usize) {
        (self.held.load(Relaxed), self.right.load(Relaxed), self.wrong.load(Relaxed))
    }

    unsafe fn __getbuffer__(slf: Bound<'_, Self>, view: *mut ffi::Py_buffer, _flags: c_int) {
        slf.get().held.fetch_add(1, Relaxed);
        // SAFETY: the interpreter hands over a place for a view, which stays until the view ends.
        unsafe {
            (*view).buf = ptr::from_ref(&MEMORY).cast_mut().cast();
            (*view).len = MEMORY.len().cast_signed();
            (*view).itemsize = 1;
            (*view).readonly = 1;
            (*view).ndim = 1;
            (*view).format = c"B".as_ptr().cast_mut();
            (*view).shape = &raw mut (*view).len;
            (*view).strides = &raw mut (*view).itemsize;
            (*view).suboffsets = ptr::null_mut();
            (*view).internal = slf.as_ptr().cast();
            (*view).obj = slf.into_any().into_ptr();
        }
    }

    unsafe fn __releasebuffer__(slf: Bound<'_, Self>, view: *mut ffi::Py_buffer) {
        // SAFETY: the interpreter hands over a view that this exporter filled, or a copy of one.
        let right = unsafe {
            (*view).shape == &raw mut (*view).len
                && (*view).strides == &raw mut (*view).itemsize
                && (*view).len == MEMORY.len().cast_signed()
                && (*view).internal == slf.as_ptr().cast()
                && (*view).buf == ptr::from_ref(&MEMORY).cast_mut().cast()
        };
        slf.get().held.fetch_sub(1, Relaxed);
        if right { &slf.get().right } else { &slf.get().wrong }.fetch_add(1, Relaxed);
    }
}

//! What the interpreter calls.

use core::ffi::c_int;
use core::ptr::{self, NonNull};
use std::sync::Arc;

use bufproto_core::abi::Header;
use bufproto_core::grant;
use bufproto_core::request::Request;
use bufproto_core::rules::Rule;
use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;

use super::held::Held;
use super::storage::Storage;
use super::{Export, Exported};
use crate::object::Object;
use crate::refusal;
use crate::view::NativeView;

/// `bf_getbuffer` of a class: see [`exporter!`](crate::exporter).
///
/// # Errors
///
/// `BufferError` if the class's memory is not to be had, or not as it is asked for. The view has no owner then.
///
/// # Safety
///
/// As the interpreter calls it: `view` is null, or a place for a view, which stays until it is released.
pub unsafe fn get_buffer<C: Export>(
    slf: &Bound<'_, C>,
    view: *mut ffi::Py_buffer,
    flags: c_int,
) -> PyResult<()> {
    let object = Object::from(slf);
    let Some(view) = NonNull::new(view.cast::<NativeView>()) else {
        return Err(refusal::of(Rule::NullView, object));
    };
    // SAFETY: the caller's word; a view begins with a header. What is not filled is not to be released.
    unsafe { (*view.cast::<Header>().as_ptr()).obj = ptr::null_mut() };
    let class = slf.try_borrow().map_err(|_| {
        PyBufferError::new_err("the object is being changed: ask for its memory when that is done")
    })?;
    let exported = class.exported();
    // SAFETY: the caller's word. The reference to the object is taken below; the memory is kept by the one in `internal`.
    let export = unsafe {
        exported.held.fill(view, slf.as_ptr().cast(), exported.read_only, Request::from_bits(flags))
    }
    .map_err(|rule| refusal::of(rule, object))?;
    // SAFETY: the view has been filled.
    unsafe {
        ffi::Py_INCREF(slf.as_ptr());
        (*view.as_ptr()).internal = Kept::new(exported, export).into_raw().cast();
    }
    Ok(())
}

/// `bf_releasebuffer` of a class: see [`exporter!`](crate::exporter).
///
/// # Safety
///
/// As the interpreter calls it: `view` is one that [`get_buffer`] of the same class has filled, or a copy of it, and is
/// released once.
pub unsafe fn release_buffer<C: Export>(_slf: &Bound<'_, C>, view: *mut ffi::Py_buffer) {
    let Some(view) = NonNull::new(view.cast::<NativeView>()) else { return };
    // SAFETY: the caller's word.
    let internal = unsafe { core::mem::replace(&mut (*view.as_ptr()).internal, ptr::null_mut()) };
    // SAFETY: the caller's word; this is what `get_buffer` has put there.
    drop(unsafe { Kept::<C::Storage>::from_raw(internal.cast()) });
}

/// What a view keeps: the memory, and that it is exported.
struct Kept<S: Storage> {
    /// Invariant: such an export has begun, and has not ended.
    held: Arc<Held<S>>,
    export: grant::Export,
}

impl<S: Storage> Kept<S> {
    /// In a pointer to what is held, which is aligned for more than bytes, the lowest bit says that the view is writable.
    const WRITE: usize = 1;

    fn new(exported: &Exported<S>, export: grant::Export) -> Self {
        Self { held: Arc::clone(&exported.held), export }
    }

    fn into_raw(self) -> *mut () {
        const { assert!(align_of::<Held<S>>() > Self::WRITE) };
        let this = core::mem::ManuallyDrop::new(self);
        // SAFETY: the original is not used any more.
        let held = Arc::into_raw(unsafe { ptr::read(&this.held) });
        let write = usize::from(this.export == grant::Export::Write) * Self::WRITE;
        held.map_addr(|address| address | write).cast_mut().cast()
    }

    /// # Safety
    ///
    /// The pointer is null, or comes from [`into_raw`](Self::into_raw), and is given back once.
    unsafe fn from_raw(raw: *mut ()) -> Option<Self> {
        let write = raw.addr() & Self::WRITE != 0;
        let export = if write { grant::Export::Write } else { grant::Export::Read };
        let held: *const Held<S> = raw.map_addr(|address| address & !Self::WRITE).cast();
        // SAFETY: the caller's word.
        (!held.is_null()).then(|| Self { held: unsafe { Arc::from_raw(held) }, export })
    }
}

impl<S: Storage> Drop for Kept<S> {
    fn drop(&mut self) {
        // SAFETY: the invariant; the view is not used any more.
        unsafe { self.held.domain().end(self.export) };
    }
}

//! What the interpreter calls.

use core::ffi::{c_int, c_void};
use core::marker::PhantomData;
use core::ptr::{self, NonNull};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use bufproto_core::abi::Header;
use bufproto_core::grant;
use bufproto_core::request::Request;
use bufproto_core::rules::Rule;
use bufproto_core::stable::{CAPSULE, Table};
use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::panic::PanicException;
use pyo3::prelude::*;

#[cfg(PyPy)]
use super::given;
use super::held::{Held, Keeper};
use super::storage::Storage;
use super::{Export, Exported};
use crate::interpreter;
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
    // SAFETY: the caller's word.
    unsafe { answer(slf, view, (Request::from_bits(flags), false)) }
}

/// Answers a request, for a stable read if it is to be one.
///
/// # Errors
///
/// As [`get_buffer`].
///
/// # Safety
///
/// As [`get_buffer`].
unsafe fn answer<C: Export>(
    slf: &Bound<'_, C>,
    view: *mut ffi::Py_buffer,
    request: (Request, bool),
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
    class.prepare(slf.py(), request.0, request.1);
    let exported = class.exported();
    // SAFETY: the caller's word. The reference to the object is taken below; the memory is kept by the one in `internal`.
    let export = unsafe { exported.held.fill(view, slf.as_ptr().cast(), exported.read_only, request) }
        .map_err(|rule| refusal::of(rule, object))?;
    // SAFETY: the view has been filled.
    unsafe {
        ffi::Py_INCREF(slf.as_ptr());
        let kept = keep(exported, export);
        (*view.as_ptr()).internal = kept.cast();
        #[cfg(PyPy)]
        given::note(slf.as_ptr(), &*view.as_ptr(), kept);
    }
    Ok(())
}

/// `bf_releasebuffer` of a class: see [`exporter!`](crate::exporter).
///
/// # Safety
///
/// As the interpreter calls it: `view` is one that [`get_buffer`] of the same class has filled, or a copy of it, and is
/// released once.
pub unsafe fn release_buffer<C: Export>(slf: &Bound<'_, C>, view: *mut ffi::Py_buffer) {
    let Some(view) = NonNull::new(view.cast::<NativeView>()) else { return };
    // SAFETY: the caller's word.
    let internal = unsafe { core::mem::replace(&mut (*view.as_ptr()).internal, ptr::null_mut()) };
    let kept: *mut Keeper = internal.cast();
    cfg_if::cfg_if! {
        if #[cfg(PyPy)] {
            // SAFETY: the caller's word; nobody else has the view.
            let kept = given::take(slf.as_ptr(), unsafe { view.as_ref() }, kept);
        } else {
            let _ = slf;
        }
    }
    // SAFETY: the caller's word; this is what `get_buffer` has put there.
    unsafe { end(kept) };
}

/// The attribute of a class by which consumers of other libraries find its stable reads: see [`exporter!`](crate::exporter).
///
/// # Errors
///
/// `MemoryError`.
pub fn stable_reads<C: Export>(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let table = ptr::from_ref(Offered::<C>::TABLE).cast_mut().cast();
    // SAFETY: the thread is attached; the table and the name are constants.
    let capsule = unsafe { ffi::PyCapsule_New(table, CAPSULE.as_ptr(), None) };
    // SAFETY: a new reference, or null with an exception set.
    unsafe { Bound::from_owned_ptr_or_err(py, capsule) }
}

/// What a class offers.
struct Offered<C>(PhantomData<C>);

impl<C: Export> Offered<C> {
    const TABLE: &'static Table = &Table::new(begin_stable::<C>);
}

/// [`Table::begin`] of a class.
///
/// # Safety
///
/// As documented there.
unsafe extern "C" fn begin_stable<C: Export>(
    object: *mut c_void,
    view: *mut c_void,
    request: c_int,
) -> c_int {
    let begin = || {
        // SAFETY: the caller's word: the thread is attached, and the object alive.
        let object = unsafe { Borrowed::from_ptr(Python::assume_attached(), object.cast()) };
        let Ok(slf) = object.cast::<C>() else { return Ok(Table::FOREIGN) };
        if !exports_as::<C>(&slf) {
            return Ok(Table::FOREIGN);
        }
        // SAFETY: the caller's word.
        unsafe { answer(&slf, view.cast(), (Request::from_bits(request), true)) }.map(|()| Table::GRANTED)
    };
    let done = panic::catch_unwind(AssertUnwindSafe(begin)).unwrap_or_else(|payload| {
        // As PyO3 has it where Python calls a class.
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref().copied()).unwrap_or("panic from Rust code");
        Err(PanicException::new_err(text.to_owned()))
    });
    done.unwrap_or_else(|error| {
        // SAFETY: the caller's word: the thread is attached.
        error.restore(unsafe { Python::assume_attached() });
        Table::REFUSED
    })
}

/// Whether views of an object are those of the class: a class that is derived from it may export something else.
fn exports_as<C: Export>(slf: &Bound<'_, C>) -> bool {
    // SAFETY: both classes are alive, and the thread is attached.
    unsafe {
        interpreter::exporter_of(C::type_object_raw(slf.py()))
            == interpreter::exporter_of(ffi::Py_TYPE(slf.as_ptr()))
    }
}

/// In a pointer to what is held, which is aligned for words, the lowest bits say which export it is.
pub(super) const EXPORT: usize = 3;

/// What a view keeps: the memory, and which export of it has begun.
fn keep<S: Storage>(exported: &Exported<S>, export: grant::Export) -> *mut Keeper {
    const { assert!(align_of::<Held<S>>() > EXPORT) };
    let held: *const Keeper = Arc::into_raw(Arc::clone(&exported.held)).cast();
    held.map_addr(|address| address | export as usize).cast_mut()
}

/// Lets go of it.
///
/// # Safety
///
/// The pointer is null, or comes from [`keep`], and is given back once; the view is not used any more.
unsafe fn end(kept: *mut Keeper) {
    let export = match kept.addr() & EXPORT {
        0 => grant::Export::Read,
        1 => grant::Export::Write,
        _ => grant::Export::Stable,
    };
    let held = kept.map_addr(|address| address & !EXPORT);
    // Of a view that has ended before there is nothing left.
    if !held.is_null() {
        // SAFETY: the caller's word; `keep` was given the export that had begun.
        unsafe { Keeper::end(held, export) };
    }
}

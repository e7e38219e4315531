//! An exporter that does what a script says: a class whose buffer slots are written by hand.

use core::cell::{Cell, RefCell};
use core::ffi::{c_int, c_void};
use core::ptr::{self, NonNull};

use bufproto_core::abi::Header;
use bufproto_core::grant::fill_info;
use bufproto_core::request::Request;
use bufproto_core::runtime::Runtime as _;
use bufproto_core::span::Span;
use bufproto_core::view::Slot;
use bufproto_mock::conformance::Rig as _;
use bufproto_mock::conformance::recipe::{Claim, Release, Script};
use bufproto_mock::conformance::rig::{Call, Declined, Event};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use super::LiveRig;
use crate::object::{Attached, Object};
use crate::view::NativeView;

/// The class. Its slots read the fields, so they never change.
#[pyclass(frozen)]
struct Scripted {
    label: String,
    script: Script,
}

thread_local! {
    static TRANSCRIPT: RefCell<Vec<Event>> = const { RefCell::new(Vec::new()) };
    /// What exporting this object calls first.
    static CALLBACK: Cell<Option<Callback>> = const { Cell::new(None) };
    /// Whether an exporter is asking itself.
    static REENTERED: Cell<bool> = const { Cell::new(false) };
}

#[derive(Clone, Copy)]
struct Callback {
    object: *mut ffi::PyObject,
    call: *const dyn Fn(),
}

/// An object that does what the script says.
pub(super) fn make<'py>(py: Python<'py>, label: &str, script: Script) -> PyResult<Bound<'py, PyAny>> {
    static SLOTS: PyOnceLock<()> = PyOnceLock::new();
    SLOTS.get_or_init(py, || {
        let kind = py.get_type::<Scripted>();
        // SAFETY: the type is a heap type, which has buffer slots of its own; it is alive, and nobody looks at
        // its slots while they are written, since it has no objects yet.
        unsafe {
            let slots = (*kind.as_type_ptr()).tp_as_buffer;
            (*slots).bf_getbuffer = Some(get_buffer);
            (*slots).bf_releasebuffer = Some(release_buffer);
        }
    });
    Ok(Bound::new(py, Scripted { label: label.to_owned(), script })?.into_any())
}

pub(super) fn is_scripted(object: &Bound<'_, PyAny>) -> bool {
    object.is_instance_of::<Scripted>()
}

pub(super) fn take_transcript() -> Vec<Event> {
    TRANSCRIPT.take()
}

/// Runs `body`; while it runs, exporting the object first calls `callback`.
pub(super) fn while_exporting(
    object: &Bound<'_, PyAny>,
    callback: &dyn Fn(),
    body: &mut dyn FnMut(),
) -> Result<(), Declined> {
    /// Forgets the callback, also when the body panics.
    struct Forget;
    impl Drop for Forget {
        fn drop(&mut self) {
            CALLBACK.set(None);
        }
    }
    if !is_scripted(object) {
        return Err(Declined::because("only a scripted exporter calls back"));
    }
    let callback: *const (dyn Fn() + '_) = callback;
    // SAFETY: only the lifetime changes; the pointer is forgotten before this function returns.
    let callback =
        unsafe { core::mem::transmute::<*const (dyn Fn() + '_), *const (dyn Fn() + 'static)>(callback) };
    CALLBACK.set(Some(Callback { object: object.as_ptr(), call: callback }));
    let forget = Forget;
    body();
    drop(forget);
    Ok(())
}

fn record(exporter: &Scripted, call: Call) {
    TRANSCRIPT.with_borrow_mut(|events| events.push(Event { object: exporter.label.clone(), call }));
}

unsafe extern "C" fn get_buffer(
    object: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    flags: c_int,
) -> c_int {
    // SAFETY: slots are called by attached threads only.
    let py = unsafe { Python::assume_attached() };
    // SAFETY: and with a live object of the type that the slot is of.
    let object = unsafe { Borrowed::from_ptr(py, object) };
    let (Ok(exporter), Some(view)) = (object.cast::<Scripted>(), NonNull::new(view.cast::<NativeView>()))
    else {
        return -1;
    };
    record(exporter.get(), Call::Export(flags));
    if let Some(callback) = CALLBACK.get().filter(|callback| ptr::eq(callback.object, object.as_ptr())) {
        CALLBACK.set(None);
        // SAFETY: `while_exporting` has not returned, so the callback is alive.
        unsafe { (*callback.call)() };
    }
    let script = &exporter.get().script;
    if script.answer.reenters {
        let nested = REENTERED.replace(true);
        if !nested {
            // The inner view is given back at once.
            drop(Slot::new().fill(Object::from(object), Request::from_bits(flags)));
        }
        REENTERED.set(nested);
    }
    answer(py, exporter.get(), object.as_ptr().cast(), view)
}

fn answer(py: Python<'_>, exporter: &Scripted, owner: *mut c_void, view: NonNull<NativeView>) -> c_int {
    let answer = &exporter.script.answer;
    if let Some(fill) = &answer.fills {
        let (pointer, length): (*mut c_void, isize) = match &fill.memory {
            Claim::Bytes(bytes) => (bytes.as_ptr().cast_mut().cast(), bytes.len().cast_signed()),
            Claim::Negative(bytes, length) => (bytes.as_ptr().cast_mut().cast(), *length),
            Claim::Null(length) => (ptr::null_mut(), *length),
        };
        let owner = if fill.owned { owner } else { ptr::null_mut() };
        let span = Span { pointer, length };
        // SAFETY: the consumer's view may be written to and stays in place; it takes over the new reference,
        // and nobody releases a view after a refusal. No request is refused here, since the memory is said to
        // be writable, and then corrected.
        unsafe {
            if answer.returns != -1 {
                ffi::Py_IncRef(owner.cast());
            }
            let family = Attached::from(py).family();
            let _ = fill_info(family, Some(view), owner, span, 0, Request::SIMPLE);
            (*view.cast::<Header>().as_ptr()).readonly = fill.read_only;
        }
    }
    if let Some(raised) = &answer.raises {
        LiveRig(py).raise(raised);
    }
    answer.returns
}

unsafe extern "C" fn release_buffer(object: *mut ffi::PyObject, _view: *mut ffi::Py_buffer) {
    // SAFETY: slots are called by attached threads only.
    let py = unsafe { Python::assume_attached() };
    // SAFETY: and with a live object of the type that the slot is of.
    let object = unsafe { Borrowed::from_ptr(py, object) };
    let Ok(exporter) = object.cast::<Scripted>() else { return };
    record(exporter.get(), Call::Release);
    match &exporter.get().script.release {
        Release::Quiet => {}
        Release::Raises(raised) => LiveRig(py).raise(raised),
        // SAFETY: the thread is attached.
        Release::Clears => unsafe { ffi::PyErr_Clear() },
    }
}

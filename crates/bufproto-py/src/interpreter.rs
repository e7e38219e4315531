//! The interpreter's functions and structures, as far as they differ between what this can be built for: everything of one
//! version of CPython, a limited API of it, and PyPy.
//!
//! Before 3.11 the headers of a limited API hide the functions for views, and PyO3 hides them with it. They are in every
//! CPython 3 nevertheless, and `Py_buffer` is the same in all of them (the recordings that core's layouts are checked with
//! say so), so they are declared here. On Windows the library that extensions of a limited API link with has them since 3.11
//! only.

#[cfg(not(any(PyPy, GraalPy, Py_LIMITED_API)))]
use core::ffi::CStr;
use core::ffi::c_int;
#[cfg(Py_LIMITED_API)]
use core::ffi::c_void;
use core::ptr;

#[cfg(all(Py_LIMITED_API, not(any(PyPy, GraalPy))))]
use bufproto_core::abi;
use pyo3::ffi;
#[cfg(not(any(PyPy, GraalPy, Py_LIMITED_API)))]
use pyo3::prelude::*;

use crate::view::NativeView;

#[cfg(all(windows, Py_LIMITED_API, not(Py_3_11)))]
compile_error!(
    "on Windows, `python3.dll` has the functions for views since CPython 3.11: use the feature `abi3-py311`, or a later one"
);

cfg_if::cfg_if! {
    if #[cfg(Py_LIMITED_API)] {
        unsafe extern "C" {
            fn PyObject_GetBuffer(object: *mut ffi::PyObject, view: *mut c_void, request: c_int) -> c_int;
            fn PyBuffer_Release(view: *mut c_void);
            #[cfg(Py_3_9)]
            fn PyObject_CheckBuffer(object: *mut ffi::PyObject) -> c_int;
        }

        /// The two buffer slots of a type. Before 3.10 no function tells those of every type, so the place of
        /// `tp_as_buffer` has to be known: it is the same in every release build of CPython 3, and only those load an
        /// extension of such a limited API.
        ///
        /// # Safety
        ///
        /// The object is alive.
        #[cfg(not(Py_3_10))]
        unsafe fn slots<'a>(object: *mut ffi::PyObject) -> Option<&'a [*const c_void; 2]> {
            const TP_AS_BUFFER: usize = 20;
            // SAFETY: the caller's word, and the layout of a type.
            unsafe { (*ffi::Py_TYPE(object).cast::<*const [*const c_void; 2]>().add(TP_AS_BUFFER)).as_ref() }
        }

        /// Whether the type fills `bf_getbuffer`.
        ///
        /// # Safety
        ///
        /// The object is alive.
        #[inline]
        pub(crate) unsafe fn exports(object: *mut ffi::PyObject) -> bool {
            #[cfg(Py_3_9)]
            // SAFETY: the caller's word.
            unsafe {
                PyObject_CheckBuffer(object) != 0
            }
            #[cfg(not(Py_3_9))]
            // SAFETY: the caller's word.
            unsafe {
                slots(object).is_some_and(|slots| !slots[0].is_null())
            }
        }

        /// Whether the type fills `bf_releasebuffer`.
        ///
        /// # Safety
        ///
        /// The object is alive.
        pub(crate) unsafe fn needs_release(object: *mut ffi::PyObject) -> bool {
            #[cfg(Py_3_10)]
            // SAFETY: the caller's word; from 3.10 on every type can be asked.
            unsafe {
                /// `Py_bf_releasebuffer`.
                const RELEASE: c_int = 2;
                !ffi::PyType_GetSlot(ffi::Py_TYPE(object), RELEASE).is_null()
            }
            #[cfg(not(Py_3_10))]
            // SAFETY: the caller's word.
            unsafe {
                slots(object).is_some_and(|slots| !slots[1].is_null())
            }
        }

        /// A type's `bf_getbuffer`, or null.
        ///
        /// # Safety
        ///
        /// The type is alive, and the thread attached.
        #[cfg(Py_3_11)]
        pub(crate) unsafe fn exporter_of(kind: *mut ffi::PyTypeObject) -> *const c_void {
            /// `Py_bf_getbuffer`.
            const EXPORT: c_int = 1;
            // SAFETY: the caller's word.
            unsafe { ffi::PyType_GetSlot(kind, EXPORT) }
        }

        /// Asks the type's `bf_getbuffer`, and answers what it answers.
        ///
        /// # Safety
        ///
        /// The object is alive and [exports](exports), and `view` is the place of an empty view.
        #[inline]
        pub(crate) unsafe fn get_buffer(object: *mut ffi::PyObject, view: *mut NativeView, request: c_int) -> c_int {
            // SAFETY: the caller's word.
            unsafe { PyObject_GetBuffer(object, view.cast(), request) }
        }

        /// `PyBuffer_Release`.
        ///
        /// # Safety
        ///
        /// The view is empty, or filled and not released since.
        #[inline]
        pub(crate) unsafe fn release(view: *mut NativeView) {
            // SAFETY: the caller's word.
            unsafe { PyBuffer_Release(view.cast()) };
        }
    } else {
        /// The buffer slots of the object's type, as they are now.
        ///
        /// # Safety
        ///
        /// The object is alive. Slots change only together with the class that they belong to, by code that does not run
        /// while they are looked at.
        #[inline]
        unsafe fn slots<'a>(object: *mut ffi::PyObject) -> Option<&'a ffi::PyBufferProcs> {
            // SAFETY: the caller's word.
            unsafe { (*ffi::Py_TYPE(object)).tp_as_buffer.as_ref() }
        }

        /// Whether the type fills `bf_getbuffer`.
        ///
        /// # Safety
        ///
        /// The object is alive.
        #[inline]
        pub(crate) unsafe fn exports(object: *mut ffi::PyObject) -> bool {
            // SAFETY: the caller's word.
            unsafe { slots(object) }.is_some_and(|slots| slots.bf_getbuffer.is_some())
        }

        /// Whether the type fills `bf_releasebuffer`.
        ///
        /// # Safety
        ///
        /// The object is alive.
        #[inline]
        pub(crate) unsafe fn needs_release(object: *mut ffi::PyObject) -> bool {
            // SAFETY: the caller's word.
            unsafe { slots(object) }.is_some_and(|slots| slots.bf_releasebuffer.is_some())
        }

        /// A type's `bf_getbuffer`, or null.
        ///
        /// # Safety
        ///
        /// The type is alive, and the thread attached.
        pub(crate) unsafe fn exporter_of(kind: *mut ffi::PyTypeObject) -> *const () {
            // SAFETY: the caller's word.
            let exporter = unsafe { (*kind).tp_as_buffer.as_ref() }.and_then(|slots| slots.bf_getbuffer);
            exporter.map_or(ptr::null(), |exporter| exporter as *const ())
        }

        /// Asks the type's `bf_getbuffer`, and answers what it answers.
        ///
        /// # Safety
        ///
        /// The object is alive and [exports](exports), and `view` is the place of an empty view.
        #[inline]
        pub(crate) unsafe fn get_buffer(object: *mut ffi::PyObject, view: *mut NativeView, request: c_int) -> c_int {
            // SAFETY: the caller's word; no code has run since it was seen that the type exports.
            unsafe {
                let get_buffer = slots(object).and_then(|slots| slots.bf_getbuffer).unwrap_unchecked();
                get_buffer(object, view.cast(), request)
            }
        }

        /// As `PyBuffer_Release`, which it is on PyPy.
        ///
        /// # Safety
        ///
        /// The view is empty, or filled and not released since.
        #[inline]
        pub(crate) unsafe fn release(view: *mut NativeView) {
            #[cfg(any(PyPy, GraalPy))]
            // SAFETY: the caller's word.
            unsafe {
                ffi::PyBuffer_Release(view.cast());
            }
            #[cfg(not(any(PyPy, GraalPy)))]
            // SAFETY: the caller's word; the view holds a reference to its owner, so that is alive, and so is its type.
            unsafe {
                let owner: *mut ffi::PyObject = (*view).header.obj.cast();
                if owner.is_null() {
                    return;
                }
                if let Some(release) = slots(owner).and_then(|slots| slots.bf_releasebuffer) {
                    release(owner, view.cast());
                }
                (*view).header.obj = ptr::null_mut();
                ffi::Py_DECREF(owner);
            }
        }

        /// A new exception, which is raised nowhere: what a type makes of a text, without the detour over the error indicator.
        /// `None` if an exception is being handled, which would have to become its context, or if it cannot be made.
        #[cfg(not(any(PyPy, GraalPy)))]
        pub(crate) fn exception<'py>(
            py: Python<'py>,
            kind: *mut ffi::PyObject,
            text: &CStr,
        ) -> Option<Bound<'py, PyAny>> {
            // SAFETY: the thread is attached, and the type is one of the interpreter's exceptions. It keeps the arguments that
            // it is made of, so that its `tp_init` would do no more.
            unsafe {
                if is_handling() {
                    return None;
                }
                let text = ffi::PyUnicode_FromStringAndSize(text.as_ptr(), text.count_bytes().cast_signed());
                let text = Bound::from_owned_ptr_or_opt(py, text);
                let arguments = Bound::from_owned_ptr_or_opt(py, ffi::PyTuple_New(1));
                let made = text.zip(arguments).and_then(|(text, arguments)| {
                    ffi::PyTuple_SET_ITEM(arguments.as_ptr(), 0, text.into_ptr());
                    let make = (*kind.cast::<ffi::PyTypeObject>()).tp_new?;
                    Bound::from_owned_ptr_or_opt(py, make(kind.cast(), arguments.as_ptr(), ptr::null_mut()))
                });
                if made.is_none() {
                    ffi::PyErr_Clear();
                }
                made
            }
        }

        /// Whether an exception is being handled.
        ///
        /// # Safety
        ///
        /// The thread is attached.
        #[cfg(not(any(PyPy, GraalPy)))]
        unsafe fn is_handling() -> bool {
            cfg_if::cfg_if! {
                if #[cfg(Py_3_11)] {
                    unsafe extern "C" {
                        fn PyErr_GetHandledException() -> *mut ffi::PyObject;
                    }
                    // SAFETY: the caller's word; the reference is new, if there is one.
                    unsafe {
                        let handled = PyErr_GetHandledException();
                        ffi::Py_XDECREF(handled);
                        !handled.is_null()
                    }
                } else {
                    let [mut kind, mut handled, mut traceback] = [ptr::null_mut(); 3];
                    // SAFETY: as above.
                    unsafe {
                        ffi::PyErr_GetExcInfo(&mut kind, &mut handled, &mut traceback);
                        ffi::Py_XDECREF(kind);
                        ffi::Py_XDECREF(handled);
                        ffi::Py_XDECREF(traceback);
                        !handled.is_null() && handled != ffi::Py_None()
                    }
                }
            }
        }
    }
}

/// Has an exporter told of a release where there is nobody to raise anything to: what it raises, as it must not, is reported,
/// and what was pending before stays.
///
/// # Safety
///
/// The thread is attached.
#[inline]
pub(crate) unsafe fn quietly(release: impl FnOnce()) {
    // SAFETY: the caller's word.
    let pending = unsafe { !ffi::PyErr_Occurred().is_null() }.then(Pending::fetch);
    release();
    // SAFETY: the caller's word.
    unsafe {
        if !ffi::PyErr_Occurred().is_null() {
            ffi::PyErr_WriteUnraisable(ptr::null_mut());
        }
    }
    if let Some(pending) = pending {
        pending.restore();
    }
}

/// An exception that was pending.
struct Pending([*mut ffi::PyObject; 3]);

#[allow(deprecated, reason = "what replaces the functions is missing before 3.12")]
impl Pending {
    #[cold]
    fn fetch() -> Self {
        let [mut exception, mut value, mut traceback] = [ptr::null_mut(); 3];
        // SAFETY: only `quietly` calls this, attached. The interpreter hands the exception over.
        unsafe { ffi::PyErr_Fetch(&mut exception, &mut value, &mut traceback) };
        Self([exception, value, traceback])
    }

    #[cold]
    fn restore(self) {
        let Self([exception, value, traceback]) = self;
        // SAFETY: as above; the interpreter takes it back.
        unsafe { ffi::PyErr_Restore(exception, value, traceback) };
    }
}

/// Gives a view back that is not looked at any more, as `PyBuffer_Release` does: in place where the type's slots are known,
/// and made only for a type that is told.
///
/// # Safety
///
/// `owner` is the view's, and not null; the view is equal to one that was filled, and that nobody else releases. The thread
/// is attached.
#[inline]
pub(crate) unsafe fn give_back(owner: *mut ffi::PyObject, view: impl FnOnce() -> NativeView) {
    cfg_if::cfg_if! {
        if #[cfg(any(PyPy, GraalPy, Py_LIMITED_API))] {
            let _ = owner;
            let mut view = view();
            // SAFETY: the caller's word.
            unsafe { quietly(|| release(&raw mut view)) };
        } else {
            // SAFETY: the view holds a reference to its owner, so that is alive, and so is its type.
            unsafe {
                if let Some(release) = slots(owner).and_then(|slots| slots.bf_releasebuffer) {
                    let mut view = view();
                    quietly(|| release(owner, (&raw mut view).cast()));
                }
                ffi::Py_DECREF(owner);
            }
        }
    }
}

/// Tells an exporter of a [known](crate::known) type that a view has ended, and gives the view's reference to it back.
///
/// # Safety
///
/// The object is of a known type, or a `bytearray` or `memoryview` under a limited API. There is a view that is not looked at
/// any more and that nobody else releases. The thread is attached.
#[cfg(not(any(PyPy, GraalPy)))]
#[inline]
pub(crate) unsafe fn tell(owner: *mut ffi::PyObject) {
    cfg_if::cfg_if! {
        if #[cfg(Py_LIMITED_API)] {
            let mut view = <NativeView as abi::View>::EMPTY;
            view.header.obj = owner.cast();
            // SAFETY: the caller's word; the exporter looks at the view's owner only.
            unsafe { release(&raw mut view) };
        } else {
            // SAFETY: the caller's word; a known type is told, and does not look at the view.
            unsafe {
                let slots = (*ffi::Py_TYPE(owner)).tp_as_buffer;
                let release = (*slots).bf_releasebuffer.unwrap_unchecked();
                release(owner, ptr::null_mut());
                ffi::Py_DECREF(owner);
            }
        }
    }
}

/// Collects garbage, if the thread is attached: only then does PyPy tell exporters of the end of a `memoryview`.
#[cfg(PyPy)]
pub(crate) fn collect_garbage() {
    unsafe extern "C" {
        #[link_name = "PyPyGILState_Check"]
        fn is_attached() -> c_int;
        #[link_name = "PyPyGC_Collect"]
        fn collect() -> isize;
    }
    // SAFETY: the first may be called by any thread, the second by one that is attached.
    unsafe {
        if is_attached() != 0 {
            collect();
        }
    }
}

/// The content of a `bytes`, and its length.
///
/// # Safety
///
/// The object is a `bytes`, and alive.
#[inline]
pub(crate) unsafe fn content_of_bytes(object: *mut ffi::PyObject) -> (*mut u8, isize) {
    cfg_if::cfg_if! {
        if #[cfg(any(PyPy, GraalPy, Py_LIMITED_API))] {
            // SAFETY: the caller's word; of a `bytes` neither function fails.
            unsafe { (ffi::PyBytes_AsString(object).cast(), ffi::PyBytes_Size(object)) }
        } else {
            // SAFETY: the caller's word; these read two of its fields.
            unsafe { (ffi::PyBytes_AS_STRING(object).cast_mut().cast(), ffi::Py_SIZE(object)) }
        }
    }
}

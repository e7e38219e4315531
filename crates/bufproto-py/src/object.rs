//! The handle of a live object, and the four functions on it.

#[cfg(not(any(PyPy, Py_LIMITED_API)))]
use core::ffi::CStr;
use core::ffi::c_int;
use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;

use bufproto_core::abi::Header;
use bufproto_core::legacy::{Dialect, Python3};
use bufproto_core::request::{Access, Request};
use bufproto_core::rules::{Exception, Family, Message, Refusal};
use bufproto_core::runtime::{self, Exporter, Failure, Runtime, StableFailure};
use bufproto_core::span::Span;
use bufproto_core::stable::Table;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::counted::{self, Counted};
use crate::error::into_py_err;
use crate::interpreter;
use crate::stable;
use crate::view::{self, NativeView};

/// The family of the interpreter that this was built for.
pub(crate) const FAMILY: Family = if cfg!(PyPy) {
    Family::PyPy3
} else if cfg!(Py_3_13) {
    Family::CPython313
} else {
    Family::CPython3
};

/// The interpreter that the calling thread is attached to.
#[derive(Clone, Copy)]
pub struct Attached<'py>(Python<'py>);

impl<'py> Attached<'py> {
    /// The token that the thread is attached.
    #[must_use]
    pub fn py(self) -> Python<'py> {
        self.0
    }
}

impl fmt::Debug for Attached<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Attached")
    }
}

impl<'py> From<Python<'py>> for Attached<'py> {
    fn from(py: Python<'py>) -> Self {
        Self(py)
    }
}

/// A pending exception: dropping the token discards it.
#[must_use]
pub struct Raised<'py>(PhantomData<Python<'py>>);

impl fmt::Debug for Raised<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Raised")
    }
}

impl Drop for Raised<'_> {
    fn drop(&mut self) {
        // SAFETY: the token lives only while the thread is attached.
        unsafe { ffi::PyErr_Clear() };
    }
}

// SAFETY: `NativeView` is the interpreter's layout; the value holds the token that the thread is attached; only
// what is known to be immutable is vouched for.
unsafe impl<'py> Runtime for Attached<'py> {
    type View = NativeView;
    type Raised = Raised<'py>;

    fn family(self) -> Family {
        FAMILY
    }

    fn is_raised(self) -> bool {
        // SAFETY: the thread is attached.
        !unsafe { ffi::PyErr_Occurred() }.is_null()
    }

    fn raise(self, refusal: &Refusal) {
        // SAFETY: the thread is attached; type and text are valid, and the text is copied.
        unsafe {
            ffi::PyErr_SetString(exception_type(refusal.exception), refusal.message.as_c_str().as_ptr())
        };
    }

    #[inline]
    unsafe fn release(self, view: NonNull<NativeView>) {
        let header = view.cast::<Header>().as_ptr();
        // SAFETY: a view begins with a header.
        if unsafe { (*header).is_reference() } {
            // SAFETY: as above; the reference was taken by `refer`, and the thread is attached.
            unsafe { ffi::Py_DECREF(std::mem::replace(&mut *header, Header::EMPTY).obj.cast()) };
        } else {
            // SAFETY: the caller's word that the view is one to release; the thread is attached.
            unsafe { interpreter::release(view.as_ptr()) };
        }
    }

    fn is_frozen(self, view: &NativeView) -> bool {
        view::is_frozen(self, view)
    }
}

/// A live object, borrowed: the handle that core works on.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a, 'py>(Borrowed<'a, 'py, PyAny>);

impl<'a, 'py, T> From<&'a Bound<'py, T>> for Object<'a, 'py> {
    fn from(object: &'a Bound<'py, T>) -> Self {
        Self(object.as_any().as_borrowed())
    }
}

impl<'a, 'py> From<Borrowed<'a, 'py, PyAny>> for Object<'a, 'py> {
    fn from(object: Borrowed<'a, 'py, PyAny>) -> Self {
        Self(object)
    }
}

// SAFETY: a borrowed object is alive.
unsafe impl<'py> runtime::Object for Object<'_, 'py> {
    type Runtime = Attached<'py>;

    #[inline]
    fn runtime(self) -> Attached<'py> {
        Attached(self.0.py())
    }

    fn needs_release(self) -> bool {
        // SAFETY: the object is alive.
        unsafe { interpreter::needs_release(self.0.as_ptr()) }
    }

    unsafe fn refer(self, into: NonNull<NativeView>) -> bool {
        let object = self.0.to_owned().into_ptr();
        // SAFETY: the caller's word; a view begins with a header.
        unsafe { into.cast().write(Header::reference(object.cast())) };
        true
    }

    fn raise(self, refusal: &Refusal) {
        if !refusal.message.names_type() {
            return self.runtime().raise(refusal);
        }
        let exception = exception_type(refusal.exception);
        #[cfg(not(any(PyPy, Py_LIMITED_API)))]
        // SAFETY: the object is alive, and so is its type, whose name is a C string.
        let name = unsafe { CStr::from_ptr((*ffi::Py_TYPE(self.0.as_ptr())).tp_name) };
        // A limited API does not tell the name as errors show it, but the short one. So does PyPy, whose errors show that;
        // the type's own pointer to its name is no good there: what makes a type of a `PyType_Spec` keeps the
        // pointer, and not the name.
        #[cfg(any(PyPy, Py_LIMITED_API))]
        let name = &short_name(self.0);
        match refusal.message.write_with_type_name(name, &mut [0; Message::ROOM]) {
            // SAFETY: the thread is attached; type and text are valid, and the text is copied.
            Some(text) => unsafe { ffi::PyErr_SetString(exception, text.as_ptr()) },
            // SAFETY: as above; the text has one place, for a C string.
            None => unsafe {
                ffi::PyErr_Format(exception, refusal.message.as_c_str().as_ptr(), name.as_ptr());
            },
        }
    }
}

// SAFETY: what the type's own slot does is passed on unchanged.
unsafe impl<'py> Exporter for Object<'_, 'py> {
    #[inline]
    fn exports(self) -> bool {
        // SAFETY: the object is alive.
        unsafe { interpreter::exports(self.0.as_ptr()) }
    }

    #[inline]
    unsafe fn export(self, into: NonNull<NativeView>, request: Request) -> Result<(), Failure<Raised<'py>>> {
        const REFUSED: c_int = -1;
        // SAFETY: the object is alive, the view is empty and stays in place, and has the interpreter's layout; the caller has
        // seen that the type exports, and no code has run since.
        match unsafe { interpreter::get_buffer(self.0.as_ptr(), into.as_ptr(), request.bits()) } {
            0 => Ok(()),
            REFUSED => Err(Failure::Refused(Raised(PhantomData))),
            _ => Err(Failure::Irregular(Raised(PhantomData))),
        }
    }

    unsafe fn export_stable(
        self,
        into: NonNull<NativeView>,
        request: Request,
    ) -> Result<(), StableFailure<Raised<'py>>> {
        let Some(table) = stable::table(self.0).map_err(|error| {
            error.restore(self.0.py());
            StableFailure::Refused(Raised(PhantomData))
        })?
        else {
            return Err(StableFailure::Unsupported);
        };
        // SAFETY: the object is alive, the view is empty and stays in place, the thread is attached, and nothing is pending.
        match unsafe { (table.begin)(self.0.as_ptr().cast(), into.as_ptr().cast(), request.bits()) } {
            Table::GRANTED => Ok(()),
            Table::FOREIGN => Err(StableFailure::Unsupported),
            _ => Err(StableFailure::Refused(Raised(PhantomData))),
        }
    }
}

/// The name of an object's type, without its module.
#[cfg(any(PyPy, Py_LIMITED_API))]
fn short_name(object: Borrowed<'_, '_, PyAny>) -> std::ffi::CString {
    let name =
        object.get_type().name().and_then(|name| Ok(std::ffi::CString::new(name.to_cow()?.as_bytes())?));
    name.unwrap_or_else(|_| c"object".to_owned())
}

/// The interpreter's own exception type. It is never freed.
fn exception_type(exception: Exception) -> *mut ffi::PyObject {
    // SAFETY: the interpreter is initialised, since a token exists, and with it these statics.
    unsafe {
        match exception {
            Exception::TypeError => ffi::PyExc_TypeError,
            Exception::ValueError => ffi::PyExc_ValueError,
            Exception::BufferError => ffi::PyExc_BufferError,
            Exception::SystemError => ffi::PyExc_SystemError,
            Exception::OverflowError => ffi::PyExc_OverflowError,
            Exception::IndexError => ffi::PyExc_IndexError,
            Exception::MemoryError => ffi::PyExc_MemoryError,
        }
    }
}

/// `PyObject_AsCharBuffer`: memory to read as characters. It is released before this returns, so **nothing
/// keeps it alive**; [`fill`](crate::fill) or [`Scope`](crate::Scope) do.
///
/// # Errors
///
/// As the original: `TypeError` if the type exports no views, else the exporter's own exception.
pub fn as_char_buffer<'py>(object: &Bound<'py, impl Sized>) -> PyResult<Span> {
    locate(object, Access::Char)
}

/// `PyObject_AsReadBuffer`: memory to read, whatever it holds. As [`as_char_buffer`] in everything else.
///
/// # Errors
///
/// As [`as_char_buffer`].
pub fn as_read_buffer<'py>(object: &Bound<'py, impl Sized>) -> PyResult<Span> {
    locate(object, Access::Read)
}

/// `PyObject_AsWriteBuffer`: memory to write to. As [`as_char_buffer`] in everything else.
///
/// # Errors
///
/// As the original: always `TypeError`, whatever the exporter raised.
pub fn as_write_buffer<'py>(object: &Bound<'py, impl Sized>) -> PyResult<Span> {
    locate(object, Access::Write)
}

/// `PyObject_CheckReadBuffer`: whether the object has memory to read. Never fails, and like the original
/// discards any exception that is pending when the exporter refuses.
#[must_use]
pub fn check_read_buffer<'py>(object: &Bound<'py, impl Sized>) -> bool {
    seen(object.as_any().as_borrowed(), Access::Read).is_some()
        || Python3::check_read_buffer(Object::from(object))
}

#[inline]
fn locate<'py>(object: &Bound<'py, impl Sized>, access: Access) -> PyResult<Span> {
    match seen(object.as_any().as_borrowed(), access) {
        Some(span) => Ok(span),
        None => asked(Object::from(object), access),
    }
}

/// The memory of the exact types, without a view that would be given back at once.
#[inline]
fn seen(object: Borrowed<'_, '_, PyAny>, access: Access) -> Option<Span> {
    let write = access == Access::Write;
    // SAFETY: the object is alive, and the thread is attached.
    if !write && unsafe { ffi::PyBytes_CheckExact(object.as_ptr()) } != 0 {
        // SAFETY: an exact `bytes` is one.
        let (memory, length) = unsafe { interpreter::content_of_bytes(object.as_ptr()) };
        return Some(Span { pointer: memory.cast(), length });
    }
    let Counted { memory, length, .. } =
        if write { counted::find::<true>(object) } else { counted::find::<false>(object) }?;
    // Where a `bytearray` has no bytes is its exporter's to say.
    (length > 0).then(|| Span { pointer: memory.cast(), length })
}

#[inline(never)]
fn asked(object: Object<'_, '_>, access: Access) -> PyResult<Span> {
    Python3::locate(object, access).map_err(|error| into_py_err(error, object))
}

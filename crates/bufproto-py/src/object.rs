//! The handle of a live object, and the four functions on it.

use core::ffi::{CStr, c_int};
use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;

use bufproto_core::abi::Header;
use bufproto_core::legacy::{Dialect, Python3, views};
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
#[cfg(not(any(PyPy, GraalPy, Py_LIMITED_API)))]
use crate::known;
#[cfg(not(any(PyPy, GraalPy, Py_LIMITED_API)))]
use crate::lease::Lease;
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
///
/// ```
/// use bufproto_core::runtime::Runtime;
/// use bufproto_py::Attached;
/// # use pyo3::prelude::*;
///
/// # Python::initialize();
/// # Python::attach(|py| {
/// let attached = Attached::from(py);
/// assert!(!attached.is_raised());
/// PyErr::new::<pyo3::exceptions::PyValueError, _>("no").restore(py);
/// assert!(attached.is_raised());
/// assert!(PyErr::occurred(attached.py()));
/// # PyErr::take(py);
/// # PyResult::Ok(())
/// # }).unwrap();
/// ```
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
///
/// ```
/// use bufproto_core::error::Error;
/// use bufproto_core::request::Request;
/// use bufproto_py::{Object, Slot};
/// # use pyo3::prelude::*;
///
/// # Python::initialize();
/// # Python::attach(|py| {
/// let mut slot = Slot::new();
/// let released = py.eval(c"(view := memoryview(b'abc')).release() or view", None, None)?;
/// let error = slot.fill(Object::from(&released), Request::SIMPLE).unwrap_err();
/// assert!(PyErr::occurred(py), "what the exporter raised is where it was");
/// if let Error::Raised(token) = error {
///     drop(token);
/// }
/// assert!(!PyErr::occurred(py));
/// # PyResult::Ok(())
/// # }).unwrap();
/// ```
#[must_use]
pub struct Raised<'py>(PhantomData<Python<'py>>);

impl<'py> Raised<'py> {
    /// The token of a call that has just failed.
    #[cfg(not(any(PyPy, GraalPy, Py_LIMITED_API)))]
    pub(crate) fn new(_attached: Attached<'py>) -> Self {
        Self(PhantomData)
    }
}

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
///
/// ```
/// use bufproto_core::legacy::{Dialect, Python3};
/// use bufproto_core::runtime::Exporter;
/// use bufproto_py::Object;
/// # use pyo3::prelude::*;
///
/// # Python::initialize();
/// # Python::attach(|py| {
/// let bytes = py.eval(c"b'hello'", None, None)?;
/// let object = Object::from(&bytes);
/// assert!(object.exports());
/// assert_eq!(Python3::as_read_buffer(object).unwrap().length, 5);
/// # PyResult::Ok(())
/// # }).unwrap();
/// ```
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
        let name = self.name();
        let name = name.as_ref();
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

impl Object<'_, '_> {
    /// The name of the type, as errors show it.
    #[cfg(not(any(PyPy, Py_LIMITED_API)))]
    fn name(&self) -> impl AsRef<CStr> {
        // SAFETY: the object is alive, and so is its type, whose name is a C string.
        unsafe { CStr::from_ptr((*ffi::Py_TYPE(self.0.as_ptr())).tp_name) }
    }

    /// The name of the type. A limited API does not tell it as errors show it, but the short one, without its module. So does
    /// PyPy, whose errors show that; the type's own pointer to its name is no good there: what makes a type of a
    /// `PyType_Spec` keeps the pointer, and not the name.
    #[cfg(any(PyPy, Py_LIMITED_API))]
    fn name(&self) -> impl AsRef<CStr> {
        let name =
            self.0.get_type().name().and_then(|name| Ok(std::ffi::CString::new(name.to_cow()?.as_bytes())?));
        name.unwrap_or_else(|_| c"object".to_owned())
    }

    /// The exception of a refusal, if it can be had without raising it.
    pub(crate) fn exception(self, refusal: &Refusal) -> Option<PyErr> {
        cfg_if::cfg_if! {
            if #[cfg(any(PyPy, GraalPy, Py_LIMITED_API))] {
                let _ = refusal;
                None
            } else {
                if refusal.yields {
                    return None;
                }
                let mut room = [0; Message::ROOM];
                let text = if refusal.message.names_type() {
                    refusal.message.write_with_type_name(self.name().as_ref(), &mut room)?
                } else {
                    refusal.message.as_c_str()
                };
                interpreter::exception(self.0.py(), exception_type(refusal.exception), text).map(PyErr::from_value)
            }
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
/// ```
/// use bufproto_py::as_char_buffer;
/// # use pyo3::prelude::*;
///
/// # Python::initialize();
/// # Python::attach(|py| {
/// let bytes = py.eval(c"b'hello'", None, None)?;
/// let span = as_char_buffer(&bytes)?;
/// // SAFETY: `bytes` keeps its content, and nobody writes to it.
/// let text = unsafe { std::slice::from_raw_parts(span.pointer.cast::<u8>(), span.length as usize) };
/// assert_eq!(text, b"hello");
/// # PyResult::Ok(())
/// # }).unwrap();
/// ```
///
/// # Errors
///
/// As the original: `TypeError` if the type exports no views, else the exporter's own exception.
pub fn as_char_buffer<'py>(object: &Bound<'py, impl Sized>) -> PyResult<Span> {
    locate::<false>(object, Access::Char)
}

/// `PyObject_AsReadBuffer`: memory to read, whatever it holds. As [`as_char_buffer`] in everything else.
///
/// ```
/// use bufproto_py::as_read_buffer;
/// # use pyo3::prelude::*;
///
/// # Python::initialize();
/// # Python::attach(|py| {
/// let array = py.eval(c"__import__('array').array('d', [0.5, 1.5])", None, None)?;
/// assert_eq!(as_read_buffer(&array)?.length, 16);
/// let refused = as_read_buffer(&py.eval(c"'text'", None, None)?).unwrap_err();
/// assert!(refused.is_instance_of::<pyo3::exceptions::PyTypeError>(py));
/// # PyResult::Ok(())
/// # }).unwrap();
/// ```
///
/// # Errors
///
/// As [`as_char_buffer`].
pub fn as_read_buffer<'py>(object: &Bound<'py, impl Sized>) -> PyResult<Span> {
    locate::<false>(object, Access::Read)
}

/// `PyObject_AsWriteBuffer`: memory to write to. As [`as_char_buffer`] in everything else.
///
/// ```
/// use bufproto_py::as_write_buffer;
/// # use pyo3::prelude::*;
///
/// # Python::initialize();
/// # Python::attach(|py| {
/// let array = py.eval(c"bytearray(b'hello')", None, None)?;
/// let span = as_write_buffer(&array)?;
/// // SAFETY: `array` is neither resized nor used by others meanwhile.
/// unsafe { span.pointer.cast::<u8>().write(b'j') };
/// assert_eq!(array.extract::<Vec<u8>>()?, b"jello");
/// # PyResult::Ok(())
/// # }).unwrap();
/// ```
///
/// # Errors
///
/// As the original: always `TypeError`, whatever the exporter raised.
pub fn as_write_buffer<'py>(object: &Bound<'py, impl Sized>) -> PyResult<Span> {
    locate::<true>(object, Access::Write)
}

/// `PyObject_CheckReadBuffer`: whether the object has memory to read. Never fails, and like the original
/// discards any exception that is pending when the exporter refuses.
///
/// ```
/// use bufproto_py::check_read_buffer;
/// # use pyo3::prelude::*;
///
/// # Python::initialize();
/// # Python::attach(|py| {
/// assert!(check_read_buffer(&py.eval(c"b'hello'", None, None)?));
/// assert!(!check_read_buffer(&py.eval(c"'hello'", None, None)?));
/// # PyResult::Ok(())
/// # }).unwrap();
/// ```
#[must_use]
pub fn check_read_buffer<'py>(object: &Bound<'py, impl Sized>) -> bool {
    seen::<false>(object.as_any().as_borrowed()).is_some() || Python3::check_read_buffer(Object::from(object))
}

/// For write access, or one of the others.
#[inline]
fn locate<'py, const WRITE: bool>(object: &Bound<'py, impl Sized>, access: Access) -> PyResult<Span> {
    match seen::<WRITE>(object.as_any().as_borrowed()) {
        Some(span) => Ok(span),
        None => asked::<WRITE>(Object::from(object), access),
    }
}

/// The memory of the exact types, without a view that would be given back at once.
#[inline]
fn seen<const WRITE: bool>(object: Borrowed<'_, '_, PyAny>) -> Option<Span> {
    // SAFETY: the object is alive, and the thread is attached.
    if !WRITE && unsafe { ffi::PyBytes_CheckExact(object.as_ptr()) } != 0 {
        // SAFETY: an exact `bytes` is one.
        let (memory, length) = unsafe { interpreter::content_of_bytes(object.as_ptr()) };
        return Some(Span { pointer: memory.cast(), length });
    }
    let Counted { memory, length, .. } = counted::find::<WRITE>(object)?;
    // Where a `bytearray` has no bytes is its exporter's to say.
    (length > 0).then(|| Span { pointer: memory.cast(), length })
}

#[inline(never)]
fn asked<const WRITE: bool>(object: Object<'_, '_>, access: Access) -> PyResult<Span> {
    // SAFETY: the object is alive, and the thread is attached.
    if WRITE && unsafe { ffi::PyBytes_CheckExact(object.0.as_ptr()) } != 0 {
        // Its exporter would raise what is then replaced.
        return Err(into_py_err(views::missing(access).into(), object));
    }
    #[cfg(not(any(PyPy, GraalPy, Py_LIMITED_API)))]
    if runtime::Object::needs_release(object) {
        if known::is_known(object.0) {
            return asked_known(object, access);
        }
        known::learn(object.0);
    }
    // So the compiler knows of each of the two what is requested.
    let access = match access {
        _ if WRITE => Access::Write,
        Access::Char => Access::Char,
        Access::Read | Access::Write => Access::Read,
    };
    Python3::locate(object, access).map_err(|error| into_py_err(error, object))
}

/// The same of an object of a known type.
#[cfg(not(any(PyPy, GraalPy, Py_LIMITED_API)))]
#[inline]
fn asked_known(object: Object<'_, '_>, access: Access) -> PyResult<Span> {
    match Lease::ask_known(object.0, access.request()) {
        Some((lease, _)) => {
            let span = lease.span();
            // SAFETY: the lease's own view. What is handed out is kept by nobody, as in the original.
            unsafe { lease.release(object.0.py().into()) };
            Ok(span)
        }
        None => {
            let raised = Raised::new(object.0.py().into());
            Err(into_py_err(views::failed(Attached(object.0.py()), access, raised), object))
        }
    }
}

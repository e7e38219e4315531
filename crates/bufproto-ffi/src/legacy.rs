//! The four functions, as C calls them.

use core::ffi::{c_char, c_int, c_void};
use core::ptr::NonNull;

use bufproto_core::abi::{CPython3, Header, PyPy64};
use bufproto_core::error::Error;
use bufproto_core::legacy::{Dialect, Length, Python2, Python3, store_from_in, views};
use bufproto_core::request::Access;
use bufproto_core::rules::{Family, Rule};
use bufproto_core::span::Span;

use crate::interpreter::{GetBuffer, Interpreter, PyObject};
use crate::object::{Attached, Object, Raised};
use crate::words;

/// An access: to read memory as characters (`PyObject_AsCharBuffer`).
pub const BUFPROTO_CHAR: c_int = 0;
/// An access: to read memory, whatever it holds (`PyObject_AsReadBuffer`).
pub const BUFPROTO_READ: c_int = 1;
/// An access: to write to memory (`PyObject_AsWriteBuffer`).
pub const BUFPROTO_WRITE: c_int = 2;

/// For `bufproto_fail`: the object or an output is NULL.
pub const BUFPROTO_FAILED_NULL: c_int = 0;
/// For `bufproto_fail`: the object's type fills no `bf_getbuffer`.
pub const BUFPROTO_FAILED_EXPORTS_NOTHING: c_int = 1;
/// For `bufproto_fail`: `bf_getbuffer` failed.
pub const BUFPROTO_FAILED_EXPORTER: c_int = 2;
/// For `bufproto_fail`: the memory may move, which the strict policy refuses outside a scope.
pub const BUFPROTO_FAILED_UNHELD: c_int = 3;

#[inline]
pub(crate) fn access(number: c_int) -> Access {
    match number {
        BUFPROTO_CHAR => Access::Char,
        BUFPROTO_WRITE => Access::Write,
        _ => Access::Read,
    }
}

/// Where the memory is, by the procedure of the interpreter and with views of its layout.
///
/// # Safety
///
/// The table says the truth about the interpreter.
unsafe fn locate<'i>(
    interpreter: &'i Interpreter,
    object: Object<'i, Header>,
    access: Access,
) -> Result<Span, Error<Raised<'i>>> {
    match interpreter.family() {
        Family::CPython2 | Family::PyPy2 => Python2::locate(object, access),
        // SAFETY: the caller's word. The views of a newer PyPy are larger than those of an older one.
        Family::PyPy3 => Python3::locate(unsafe { object.with_views::<PyPy64>() }, access),
        Family::CPython3 | Family::CPython313 => {
            // SAFETY: the caller's word.
            Python3::locate(unsafe { object.with_views::<CPython3>() }, access)
        }
    }
}

/// Out of line, so that a call that is answered by another function costs a jump to it.
///
/// # Safety
///
/// As [`bufproto_as_char_buffer`].
#[inline(never)]
unsafe fn store<L: Length>(
    interpreter: &Interpreter,
    (object, get_buffer): (*mut PyObject, GetBuffer),
    access: Access,
    buffer: *mut *mut c_void,
    length: *mut L,
) -> c_int {
    // SAFETY: the caller's word.
    let attached = unsafe { Attached::<Header>::new(interpreter) };
    // SAFETY: the caller's word.
    let object = NonNull::new(object).map(|object| unsafe { Object::new(attached, object, get_buffer) });
    // SAFETY: the caller's word for the outputs, and for the table.
    unsafe {
        store_from_in(
            attached,
            object,
            buffer,
            length,
            |object| locate(interpreter, object, access),
            words::of_functions,
        )
    }
}

/// `PyObject_AsCharBuffer`: memory to read as characters. Nothing keeps it alive: where there are views, the view is
/// released before this returns.
///
/// `get_buffer` is the slot of the object's type, or NULL if it has none. Returns 0, or -1 with an exception set; the
/// outputs are written on success only. NULL for the object or an output is a `SystemError`, unless an exception is
/// pending.
///
/// # Safety
///
/// The thread is attached to the interpreter; the table is filled as its fields say; the object is NULL or alive, and
/// `get_buffer` its type's slot; the outputs are NULL or may be written to.
// `unsafe(no_mangle)` here and below: the names begin with the project's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_as_char_buffer(
    interpreter: &Interpreter,
    object: *mut PyObject,
    get_buffer: GetBuffer,
    buffer: *mut *const c_char,
    length: *mut isize,
) -> c_int {
    if let Some(as_read_buffer) = interpreter.as_read_buffer {
        // SAFETY: the caller's word; pointers have one representation.
        return unsafe { as_read_buffer(object, buffer.cast(), length) };
    }
    // SAFETY: the caller's word; pointers have one representation, whatever they point to.
    unsafe { store(interpreter, (object, get_buffer), Access::Char, buffer.cast(), length) }
}

/// `PyObject_AsReadBuffer`: memory to read, whatever it holds. The rest is as for `bufproto_as_char_buffer`.
///
/// # Safety
///
/// As [`bufproto_as_char_buffer`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_as_read_buffer(
    interpreter: &Interpreter,
    object: *mut PyObject,
    get_buffer: GetBuffer,
    buffer: *mut *const c_void,
    length: *mut isize,
) -> c_int {
    if let Some(as_read_buffer) = interpreter.as_read_buffer {
        // SAFETY: the caller's word.
        return unsafe { as_read_buffer(object, buffer, length) };
    }
    // SAFETY: the caller's word; pointers have one representation, whatever they point to.
    unsafe { store(interpreter, (object, get_buffer), Access::Read, buffer.cast(), length) }
}

/// `PyObject_AsWriteBuffer`: memory to write to. The rest is as for `bufproto_as_char_buffer`.
///
/// # Safety
///
/// As [`bufproto_as_char_buffer`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_as_write_buffer(
    interpreter: &Interpreter,
    object: *mut PyObject,
    get_buffer: GetBuffer,
    buffer: *mut *mut c_void,
    length: *mut isize,
) -> c_int {
    if let Some(as_write_buffer) = interpreter.as_write_buffer {
        // SAFETY: the caller's word.
        return unsafe { as_write_buffer(object, buffer, length) };
    }
    // SAFETY: the caller's word.
    unsafe { store(interpreter, (object, get_buffer), Access::Write, buffer, length) }
}

/// As `bufproto_as_char_buffer`, for code from before Python 2.5 (PEP 353): a length above `INT_MAX` is an
/// `OverflowError`.
///
/// # Safety
///
/// As [`bufproto_as_char_buffer`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_as_char_buffer_int(
    interpreter: &Interpreter,
    object: *mut PyObject,
    get_buffer: GetBuffer,
    buffer: *mut *const c_char,
    length: *mut c_int,
) -> c_int {
    // SAFETY: the caller's word; pointers have one representation, whatever they point to.
    unsafe { store(interpreter, (object, get_buffer), Access::Char, buffer.cast(), length) }
}

/// As `bufproto_as_read_buffer`, for code from before Python 2.5 (PEP 353): a length above `INT_MAX` is an
/// `OverflowError`.
///
/// # Safety
///
/// As [`bufproto_as_char_buffer`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_as_read_buffer_int(
    interpreter: &Interpreter,
    object: *mut PyObject,
    get_buffer: GetBuffer,
    buffer: *mut *const c_void,
    length: *mut c_int,
) -> c_int {
    // SAFETY: the caller's word; pointers have one representation, whatever they point to.
    unsafe { store(interpreter, (object, get_buffer), Access::Read, buffer.cast(), length) }
}

/// As `bufproto_as_write_buffer`, for code from before Python 2.5 (PEP 353): a length above `INT_MAX` is an
/// `OverflowError`.
///
/// # Safety
///
/// As [`bufproto_as_char_buffer`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_as_write_buffer_int(
    interpreter: &Interpreter,
    object: *mut PyObject,
    get_buffer: GetBuffer,
    buffer: *mut *mut c_void,
    length: *mut c_int,
) -> c_int {
    // SAFETY: the caller's word.
    unsafe { store(interpreter, (object, get_buffer), Access::Write, buffer, length) }
}

/// `PyObject_CheckReadBuffer`: 1 if the object seems to have memory to read, else 0. Never raises, and discards what
/// an exporter raises. For a NULL object, where the original crashes, the answer is 0.
///
/// # Safety
///
/// The thread is attached to the interpreter; the table is filled as its fields say; the object is NULL or alive, and
/// `get_buffer` its type's slot.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_check_read_buffer(
    interpreter: &Interpreter,
    object: *mut PyObject,
    get_buffer: GetBuffer,
) -> c_int {
    if let Some(check_read_buffer) = interpreter.check_read_buffer {
        // SAFETY: the caller's word.
        return unsafe { check_read_buffer(object) };
    }
    // SAFETY: the caller's word.
    c_int::from(NonNull::new(object).is_some_and(|object| unsafe { check(interpreter, object, get_buffer) }))
}

/// # Safety
///
/// As [`bufproto_check_read_buffer`].
#[inline(never)]
unsafe fn check(interpreter: &Interpreter, object: NonNull<PyObject>, get_buffer: GetBuffer) -> bool {
    // SAFETY: the caller's word.
    let attached = unsafe { Attached::<Header>::new(interpreter) };
    // SAFETY: the caller's word.
    let object = unsafe { Object::new(attached, object, get_buffer) };
    match interpreter.family() {
        Family::CPython2 | Family::PyPy2 => Python2::check_read_buffer(object),
        // SAFETY: the caller's word for the table, as in `locate`.
        Family::PyPy3 => Python3::check_read_buffer(unsafe { object.with_views::<PyPy64>() }),
        Family::CPython3 | Family::CPython313 => {
            // SAFETY: the caller's word for the table.
            Python3::check_read_buffer(unsafe { object.with_views::<CPython3>() })
        }
    }
}

/// Leaves the error of one of the three functions, for a caller that has asked the exporter itself and failed, as the
/// inline functions of `bufproto/functions.h` do where views are (Python 3).
///
/// `access` is that of the function, and `reason` one of `BUFPROTO_FAILED_...`. After `BUFPROTO_FAILED_EXPORTER` what
/// the exporter raised becomes the function's exception or is replaced by it. Returns -1.
///
/// # Safety
///
/// The thread is attached to the interpreter; the table is filled as its fields say; the object is alive, or NULL, which
/// it may be for `BUFPROTO_FAILED_NULL` and `BUFPROTO_FAILED_EXPORTER` only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_fail(
    interpreter: &Interpreter,
    object: *mut PyObject,
    access: c_int,
    reason: c_int,
) -> c_int {
    // SAFETY: the caller's word.
    let attached = unsafe { Attached::<Header>::new(interpreter) };
    let access = self::access(access);
    // SAFETY: the caller's word; the slot is not called.
    let object = NonNull::new(object).map(|object| unsafe { Object::new(attached, object, None) });
    match (reason, object) {
        (BUFPROTO_FAILED_EXPORTER, _) => {
            // Neither what was raised nor what replaces it names the object.
            views::failed(attached, access, Raised::pending(interpreter))
                .restore_without_object_in(attached, words::of_functions);
        }
        (BUFPROTO_FAILED_EXPORTS_NOTHING, Some(object)) => {
            Error::from(views::missing(access)).restore_in(object, words::of_functions);
        }
        (BUFPROTO_FAILED_UNHELD, Some(object)) => {
            Error::from(Rule::Unheld).restore_in(object, words::of_functions)
        }
        _ => Error::from(Rule::NullArgument).restore_without_object_in(attached, words::of_functions),
    }
    -1
}

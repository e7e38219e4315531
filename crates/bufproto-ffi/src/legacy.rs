//! The four functions, as C calls them.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr::NonNull;

use bufproto_core::abi::{CPython3, PyPy64};
use bufproto_core::legacy::{Dialect, Length, Python2, Python3, store};
use bufproto_core::request::Access;
use bufproto_core::rules::Family;

use crate::interpreter::{GetBuffer, Interpreter, PyObject};
use crate::object::{Attached, Object};

/// Calls a function in the dialect of the interpreter, with views of its layout.
///
/// # Safety
///
/// As [`bufproto_as_char_buffer`].
#[inline]
unsafe fn store_in_dialect<L: Length>(
    interpreter: &Interpreter,
    (object, get_buffer): (*mut PyObject, Option<GetBuffer>),
    access: Access,
    buffer: *mut *mut c_void,
    length: *mut L,
) -> c_int {
    /// # Safety
    ///
    /// As the outer function; the interpreter's views have the layout `V`, or its dialect needs none.
    #[inline]
    unsafe fn call<'i, D, V, L: Length>(
        interpreter: &'i Interpreter,
        (object, get_buffer): (*mut PyObject, Option<GetBuffer>),
        access: Access,
        outputs: (*mut *mut c_void, *mut L),
    ) -> c_int
    where
        V: bufproto_core::abi::View,
        D: Dialect<Object<'i, V>>,
    {
        // SAFETY: the caller's word.
        let attached = unsafe { Attached::<V>::new(interpreter) };
        // SAFETY: the caller's word.
        let object = NonNull::new(object).map(|object| unsafe { Object::new(attached, object, get_buffer) });
        // SAFETY: the caller's word.
        unsafe { store::<D, _, _>(attached, object, access, outputs.0, outputs.1) }
    }
    let (object, outputs) = ((object, get_buffer), (buffer, length));
    // SAFETY: the caller's word. The storage of a newer PyPy's view is longer than that of an older one.
    unsafe {
        match interpreter.family() {
            Family::CPython2 | Family::PyPy2 => {
                call::<Python2, CPython3, L>(interpreter, object, access, outputs)
            }
            Family::PyPy3 => call::<Python3, PyPy64, L>(interpreter, object, access, outputs),
            Family::CPython3 | Family::CPython313 => {
                call::<Python3, CPython3, L>(interpreter, object, access, outputs)
            }
        }
    }
}

macro_rules! functions {
    ($($(#[$documentation:meta])* $name:ident $access:ident $buffer:ty, $length:ty;)*) => {$(
        $(#[$documentation])*
        ///
        /// Returns 0, or −1 with an exception set; the outputs are written on success only. NULL for any of the
        /// last three arguments is a `SystemError`, unless an exception is pending.
        ///
        /// # Safety
        ///
        /// The thread is attached to the interpreter; the table is filled as its fields say; the object is null
        /// or alive, and `get_buffer` its type's `bf_getbuffer`; the outputs are null or may be written to.
        // `unsafe(no_mangle)`: the names begin with the project's.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(
            interpreter: &Interpreter,
            object: *mut PyObject,
            get_buffer: Option<GetBuffer>,
            buffer: *mut $buffer,
            length: *mut $length,
        ) -> c_int {
            // SAFETY: the caller's word; pointers have one representation, whatever they point to.
            unsafe { store_in_dialect(interpreter, (object, get_buffer), Access::$access, buffer.cast(), length) }
        }
    )*};
}

functions! {
    /// `PyObject_AsCharBuffer`: memory to read as characters, which nothing keeps alive.
    bufproto_as_char_buffer Char *const c_char, isize;
    /// `PyObject_AsReadBuffer`: memory to read, whatever it holds, which nothing keeps alive.
    bufproto_as_read_buffer Read *const c_void, isize;
    /// `PyObject_AsWriteBuffer`: memory to write to, which nothing keeps alive.
    bufproto_as_write_buffer Write *mut c_void, isize;
    /// As before Python 2.5: a length above `INT_MAX` is an `OverflowError`.
    bufproto_as_char_buffer_int Char *const c_char, c_int;
    /// As before Python 2.5: a length above `INT_MAX` is an `OverflowError`.
    bufproto_as_read_buffer_int Read *const c_void, c_int;
    /// As before Python 2.5: a length above `INT_MAX` is an `OverflowError`.
    bufproto_as_write_buffer_int Write *mut c_void, c_int;
}

/// `PyObject_CheckReadBuffer`: 1 if the object seems to have memory to read, else 0. Never raises, and discards
/// what an exporter raises.
///
/// # Safety
///
/// The thread is attached to the interpreter; the table is filled as its fields say; the object is alive, and
/// `get_buffer` its type's slot. For a
/// null object, where the original crashes, the answer is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_check_read_buffer(
    interpreter: &Interpreter,
    object: *mut PyObject,
    get_buffer: Option<GetBuffer>,
) -> c_int {
    let Some(object) = NonNull::new(object) else { return 0 };
    // SAFETY: the caller's word, as for the other functions.
    let answer = unsafe {
        match interpreter.family() {
            Family::CPython2 | Family::PyPy2 => {
                let attached = Attached::<CPython3>::new(interpreter);
                Python2::check_read_buffer(Object::new(attached, object, get_buffer))
            }
            Family::PyPy3 => {
                let attached = Attached::<PyPy64>::new(interpreter);
                Python3::check_read_buffer(Object::new(attached, object, get_buffer))
            }
            Family::CPython3 | Family::CPython313 => {
                let attached = Attached::<CPython3>::new(interpreter);
                Python3::check_read_buffer(Object::new(attached, object, get_buffer))
            }
        }
    };
    c_int::from(answer)
}

/// The library's version, as `major.minor.patch`.
#[unsafe(no_mangle)]
pub extern "C" fn bufproto_version() -> *const c_char {
    const VERSION: &CStr =
        match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
            Ok(version) => version,
            Err(_) => c"",
        };
    VERSION.as_ptr()
}

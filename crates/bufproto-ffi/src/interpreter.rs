//! The interpreter, as C hands it over.

use core::ffi::{c_char, c_int, c_void};
use core::marker::{PhantomData, PhantomPinned};

use bufproto_core::rules::{Exception, Family};

/// A Python object; only the interpreter knows what is in it.
#[repr(C)]
#[derive(Debug)]
pub struct PyObject {
    _opaque: [u8; 0],
    _not_send: PhantomData<(*mut u8, PhantomPinned)>,
}

/// A type's `bf_getbuffer`, which fills a view as a request asks.
pub type GetBuffer = unsafe extern "C" fn(object: *mut PyObject, view: *mut c_void, request: c_int) -> c_int;

/// The functions of an interpreter that the library calls. The header fills it; every field but those for old
/// slots is set.
///
/// All functions are called by the thread that called the library, attached to the interpreter.
#[repr(C)]
#[derive(Debug)]
pub struct Interpreter {
    /// `sizeof` of this structure, as the caller was compiled: later versions add fields at the end.
    pub size: usize,
    /// Which procedures and words apply: 1 CPython 2.7, 2 CPython 3.6 to 3.12, 3 CPython 3.13 and later, 4 PyPy
    /// for 2.7, 5 PyPy for 3.
    pub family: c_int,
    /// `sizeof(Py_buffer)`: which layout views have.
    pub view_size: usize,
    /// `Py_IncRef`.
    pub refer: Option<unsafe extern "C" fn(object: *mut PyObject)>,
    /// `PyBuffer_Release`.
    pub release: Option<unsafe extern "C" fn(view: *mut c_void)>,
    /// `PyErr_Occurred`.
    pub occurred: Option<unsafe extern "C" fn() -> *mut PyObject>,
    /// `PyErr_Clear`.
    pub clear: Option<unsafe extern "C" fn()>,
    /// `PyErr_SetString`.
    pub set_string: Option<unsafe extern "C" fn(exception: *mut PyObject, text: *const c_char)>,
    /// Raises an exception whose text has one place, `%.100s`, for the name of the object's type.
    pub set_with_type:
        Option<unsafe extern "C" fn(exception: *mut PyObject, text: *const c_char, object: *mut PyObject)>,
    /// Where the interpreter keeps its exception types, in the order of the numbers of
    /// [`Exception`](bufproto_core::rules::Exception): `TypeError`, `ValueError`, `BufferError`, `SystemError`,
    /// `OverflowError`, `IndexError`.
    pub exceptions: [*mut *mut PyObject; 6],
    /// Whether the type fills the segment counter and the slot for an access (0 characters, 1 reading, 2
    /// writing): 0 or 1. Null where types have no old slots.
    pub has_segments: Option<unsafe extern "C" fn(object: *mut PyObject, access: c_int) -> c_int>,
    /// `bf_getsegcount`. Null where types have no old slots.
    pub count_segments: Option<unsafe extern "C" fn(object: *mut PyObject, total: *mut isize) -> isize>,
    /// The slot for an access. Null where types have no old slots.
    pub get_segment:
        Option<unsafe extern "C" fn(*mut PyObject, c_int, index: isize, pointer: *mut *mut c_void) -> isize>,
}

// SAFETY: the table is constant, and its functions may be called by any thread that is attached.
unsafe impl Sync for Interpreter {}

impl Interpreter {
    pub(crate) fn family(&self) -> Family {
        match self.family {
            1 => Family::CPython2,
            2 => Family::CPython3,
            4 => Family::PyPy2,
            5 => Family::PyPy3,
            // A family that is newer than this library is most like the newest that it knows.
            _ => Family::CPython313,
        }
    }

    pub(crate) fn exception(&self, exception: Exception) -> *mut PyObject {
        let place = self.exceptions[exception as usize - 1];
        // SAFETY: the header sets every place to a variable of the interpreter's.
        unsafe { place.read() }
    }
}

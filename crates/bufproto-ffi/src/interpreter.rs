//! The interpreter, as C hands it over.

use core::ffi::{c_char, c_int, c_void};
use core::marker::{PhantomData, PhantomPinned};

use bufproto_core::rules::{Exception, Family};
use bufproto_core::runtime::Policy;

/// A Python object; only the interpreter knows what is in it.
#[repr(C)]
#[derive(Debug)]
pub struct PyObject {
    _opaque: [u8; 0],
    _not_send: PhantomData<(*mut u8, PhantomPinned)>,
}

/// A type's `bf_getbuffer`: fills a view as a request asks, and returns 0, or -1 with an exception set. NULL where the
/// type has none.
pub type GetBuffer =
    Option<unsafe extern "C" fn(object: *mut PyObject, view: *mut c_void, request: c_int) -> c_int>;

/// The functions of an interpreter that the library calls. Filled by `bufproto/interpreter.h` for a Python, and by a
/// host without Python for itself.
///
/// A function may be NULL where its field says so. All are called by the thread that called the library, attached to
/// the interpreter. The table is constant for as long as it is used.
#[repr(C)]
#[derive(Debug)]
pub struct Interpreter {
    /// `sizeof` of this structure, as the caller was compiled: later versions add fields at the end.
    pub size: usize,
    /// Which procedures and words apply: 1 CPython 2.7, 2 CPython 3.6 to 3.12, 3 CPython 3.13 and later, 4 PyPy for
    /// 2.7, 5 PyPy for 3.
    pub family: c_int,
    /// How the old functions are applied: 0 exactly as the interpreter does, 1 strictly. The strict policy refuses
    /// to hand out memory that may move unless it is held, and does not let `PyObject_AsWriteBuffer` mask
    /// `MemoryError` and `KeyboardInterrupt`.
    pub policy: c_int,
    /// `sizeof(Py_buffer)`: the room that a view needs. At least the ten fields that all of them begin with.
    pub view_size: usize,
    /// `Py_IncRef`.
    pub refer: Option<unsafe extern "C" fn(object: *mut PyObject)>,
    /// `Py_DecRef`.
    pub unrefer: Option<unsafe extern "C" fn(object: *mut PyObject)>,
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
    /// The name of the object's type as errors show it, or NULL. NULL where `set_with_type` is to be asked always.
    pub type_name: Option<unsafe extern "C" fn(object: *mut PyObject) -> *const c_char>,
    /// Whether the pending exception is one that the strict policy does not mask: `MemoryError` or
    /// `KeyboardInterrupt`. NULL where there is no strict policy.
    pub is_severe: Option<unsafe extern "C" fn() -> c_int>,
    /// Whether the object's type fills `bf_releasebuffer`. NULL where there is no strict policy.
    pub needs_release: Option<unsafe extern "C" fn(object: *mut PyObject) -> c_int>,
    /// Where the interpreter keeps its exception types: `TypeError`, `ValueError`, `BufferError`, `SystemError`,
    /// `OverflowError`, `IndexError`, `MemoryError`.
    pub exceptions: [*mut *mut PyObject; 7],
    /// Memory for more views in a scope that is full, or NULL if there is none; `PyMem_Malloc`. NULL where a scope that
    /// is full refuses.
    pub allocate: Option<unsafe extern "C" fn(size: usize) -> *mut c_void>,
    /// Gives such memory back; `PyMem_Free`. NULL where `allocate` is.
    pub deallocate: Option<unsafe extern "C" fn(memory: *mut c_void)>,
    /// Whether the type fills the segment counter and the slot for an access: 0 or 1. NULL where types have no old
    /// slots.
    pub has_segments: Option<unsafe extern "C" fn(object: *mut PyObject, access: c_int) -> c_int>,
    /// `bf_getsegcount`. NULL where types have no old slots.
    pub count_segments: Option<unsafe extern "C" fn(object: *mut PyObject, total: *mut isize) -> isize>,
    /// The old slot for an access. NULL where types have no old slots.
    pub get_segment: Option<
        unsafe extern "C" fn(
            object: *mut PyObject,
            access: c_int,
            index: isize,
            pointer: *mut *mut c_void,
        ) -> isize,
    >,
    /// `PyObject_AsReadBuffer` as a whole, by a caller that knows the interpreter's structures, where it is the same as
    /// `PyObject_AsCharBuffer`. NULL where the library is to ask the exporters; so are the other two.
    pub as_read_buffer: Option<
        unsafe extern "C" fn(object: *mut PyObject, buffer: *mut *const c_void, length: *mut isize) -> c_int,
    >,
    /// `PyObject_AsWriteBuffer` as a whole, or NULL.
    pub as_write_buffer: Option<
        unsafe extern "C" fn(object: *mut PyObject, buffer: *mut *mut c_void, length: *mut isize) -> c_int,
    >,
    /// `PyObject_CheckReadBuffer` as a whole, or NULL.
    pub check_read_buffer: Option<unsafe extern "C" fn(object: *mut PyObject) -> c_int>,
}

// SAFETY: the table is constant, and its functions may be called by any thread that is attached.
unsafe impl Sync for Interpreter {}

impl Interpreter {
    #[inline]
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

    #[inline]
    pub(crate) fn policy(&self) -> Policy {
        if self.policy == 0 { Policy::Compatible } else { Policy::Strict }
    }

    /// Whether the old functions go through old slots.
    #[inline]
    pub(crate) fn is_native(&self) -> bool {
        matches!(self.family(), Family::CPython2 | Family::PyPy2)
    }

    pub(crate) fn exception(&self, exception: Exception) -> *mut PyObject {
        let place = self.exceptions[exception as usize - 1];
        // SAFETY: the header sets every place to a variable of the interpreter's.
        unsafe { place.read() }
    }
}

//! Types of the interpreter's own whose answers are known: `array.array` and `mmap.mmap`, exactly, and `bytearray` where it
//! is not counted.
//!
//! They answer a request for bytes with all that is asked for and no more: memory that is there, and a length that is not
//! negative. When they are told that the view ends, they count, do not look at the view, and raise nothing. So nothing has
//! to be looked at but whether they answer, and nothing has to be kept for the release. They are asked and told all the same,
//! since their fields are nobody else's business.
//!
//! Their modules may not be there, so the types are learned from the first objects of theirs that come along. A type is
//! believed to be the interpreter's own if it cannot be changed, and its module has come from where the interpreter keeps its
//! own.
//!
//! Source: `bytearray_getbuffer` and `bytearray_releasebuffer` in `Objects/bytearrayobject.c`, `array_buffer_getbuf` and `array_buffer_relbuf` in `Modules/arraymodule.c`, `mmap_buffer_getbuf` and
//! `mmap_buffer_releasebuf` in `Modules/mmapmodule.c` of CPython 3.8 to 3.15. Of a later version nothing is known.

use core::ffi::CStr;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};
use std::path::Path;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

/// A type, by its module and its name in there.
struct Known {
    module: &'static str,
    name: &'static str,
    full_name: &'static CStr,
    /// Null until it is learned. From then on there is a reference to the type, so no other comes to be there.
    address: AtomicPtr<ffi::PyTypeObject>,
}

static ARRAY: Known = Known::new("array", "array", c"array.array");
static MMAP: Known = Known::new("mmap", "mmap", c"mmap.mmap");

/// The last version whose sources were read.
const LAST: (u8, u8) = (3, 15);

/// Whether the object's type is one of them, and has been learned.
#[inline]
pub(crate) fn is_known(object: Borrowed<'_, '_, PyAny>) -> bool {
    // SAFETY: a borrowed object is alive.
    let kind = unsafe { ffi::Py_TYPE(object.as_ptr()) };
    MMAP.is(kind) || ARRAY.is(kind) || is_uncounted(object)
}

/// Whether it is a `bytearray` where its exports [cannot be counted](crate::counted). It answers as the others do.
#[inline]
fn is_uncounted(object: Borrowed<'_, '_, PyAny>) -> bool {
    // SAFETY: a borrowed object is alive.
    cfg!(any(Py_GIL_DISABLED, not(Py_3_9))) && unsafe { ffi::PyByteArray_CheckExact(object.as_ptr()) } != 0
}

/// Learns an object's type, if it is one of them. Only a type that is told of releases can be.
#[inline]
pub(crate) fn learn(object: Borrowed<'_, '_, PyAny>) {
    // SAFETY: the type is alive, and its name is a C string.
    let name = unsafe { CStr::from_ptr((*ffi::Py_TYPE(object.as_ptr())).tp_name) };
    for known in [&ARRAY, &MMAP] {
        if name == known.full_name {
            known.learn(&object.get_type());
        }
    }
}

impl Known {
    const fn new(module: &'static str, name: &'static str, full_name: &'static CStr) -> Self {
        Self { module, name, full_name, address: AtomicPtr::new(ptr::null_mut()) }
    }

    #[inline]
    fn is(&self, kind: *mut ffi::PyTypeObject) -> bool {
        self.address.load(Ordering::Relaxed) == kind
    }

    #[cold]
    fn learn(&self, kind: &Bound<'_, PyType>) {
        if self.is_own(kind).unwrap_or(false) {
            self.address.store(kind.clone().into_ptr().cast(), Ordering::Relaxed);
        }
    }

    /// Whether a type is the interpreter's own of this name.
    fn is_own(&self, kind: &Bound<'_, PyType>) -> PyResult<bool> {
        /// `Py_TPFLAGS_HEAPTYPE`, and `Py_TPFLAGS_IMMUTABLETYPE` of types that are allocated since 3.10.
        const HEAP: u64 = 1 << 9;
        const IMMUTABLE: u64 = 1 << 8;
        let py = kind.py();
        let version = py.version_info();
        // SAFETY: the type is alive.
        #[allow(clippy::useless_conversion, reason = "a `c_ulong` has 32 bits on Windows")]
        let flags = u64::from(unsafe { ffi::PyType_GetFlags(kind.as_type_ptr()) });
        if (version.major, version.minor) > LAST || flags & (HEAP | IMMUTABLE) == HEAP {
            return Ok(false);
        }
        let module = py.import(self.module)?;
        if !module.getattr(self.name)?.is(kind) {
            return Ok(false);
        }
        let origin = module.getattr("__spec__")?.getattr("origin")?.extract::<String>()?;
        // Part of the interpreter, or a library in the folder of its own, as it is called elsewhere and on Windows.
        Ok(origin == "built-in"
            || Path::new(&origin)
                .parent()
                .is_some_and(|folder| folder.ends_with("lib-dynload") || folder.ends_with("DLLs")))
    }
}

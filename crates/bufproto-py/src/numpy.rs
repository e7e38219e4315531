//! Arrays of numpy, answered from their fields: a feature, `numpy`.
//!
//! numpy publishes the beginning of an array's and of a data type's structure, and which edition of them it has. What is
//! read there is what a view of the array would say. Only exact `numpy.ndarray`s are looked at, with items that are truth
//! values, numbers or complex numbers, side by side in C's order; everything else is asked, and so is what numpy warns of
//! writing to.
//!
//! numpy is not told when a view ends: a view of an array is a reference to it, which `ndarray.resize` counts, and so is what
//! an argument keeps.
//!
//! Source: `numpy/ndarraytypes.h` of numpy 1.17 to 2.4, and `array_getbuffer` in its `buffer.c`.

use core::ffi::{CStr, c_int, c_long, c_uint, c_void};
use core::ptr::{self, NonNull};
use core::slice;
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyType};

/// The beginning of `PyArrayObject_fields`.
#[repr(C)]
struct Array {
    head: ffi::PyObject,
    data: *mut u8,
    dimensions: c_int,
    shape: *const isize,
    strides: *const isize,
    base: *mut ffi::PyObject,
    descriptor: *const Descriptor,
    flags: c_int,
}

/// The beginning of `PyArray_Descr`, as far as it is the same in both editions.
#[repr(C)]
struct Descriptor {
    head: ffi::PyObject,
    scalar: *mut ffi::PyTypeObject,
    kind: u8,
    letter: u8,
    byte_order: u8,
    flags: u8,
    /// Which type it is.
    number: c_int,
}

/// `NPY_ARRAY_C_CONTIGUOUS`.
const CONTIGUOUS: c_int = 0x0001;
/// `NPY_ARRAY_ALIGNED`.
const ALIGNED: c_int = 0x0100;
/// `NPY_ARRAY_WRITEABLE`.
const WRITEABLE: c_int = 0x0400;
/// `NPY_ARRAY_WARN_ON_WRITE`, which the headers do not show.
const WARNS: c_int = c_int::MIN;

/// By the number of a type, from `NPY_BOOL` on: how numpy's views name its items in the machine's own order, and their size.
/// Those without a size, of `long double`s, are asked.
const TYPES: [(&[u8], usize); 16] = [
    (b"?", 1),
    (b"b", 1),
    (b"B", 1),
    (b"h", 2),
    (b"H", 2),
    (b"i", size_of::<c_int>()),
    (b"I", size_of::<c_int>()),
    (b"l", size_of::<c_long>()),
    (b"L", size_of::<c_long>()),
    (b"q", 8),
    (b"Q", 8),
    (b"f", 4),
    (b"d", 8),
    (b"g", 0),
    (b"Zf", 8),
    (b"Zd", 16),
];

/// `numpy.ndarray`, or null until it has been learned. It stays where it is, for a reference to it is never given back.
static ARRAY: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(ptr::null_mut());

/// Whether it has been tried to learn it.
static TRIED: AtomicBool = AtomicBool::new(false);

/// An array's memory, as it is now.
pub(crate) struct Found {
    pub(crate) memory: NonNull<u8>,
    /// In bytes, not negative.
    pub(crate) length: isize,
    /// In bytes.
    pub(crate) item_size: usize,
    /// What a view would name the items; `None` if numpy has to be asked.
    pub(crate) format: Option<&'static [u8]>,
}

/// Finds the memory of an array; `None` if its exporter has to be asked.
#[inline]
pub(crate) fn find<const WRITE: bool>(object: Borrowed<'_, '_, PyAny>) -> Option<Found> {
    // SAFETY: a borrowed object is alive.
    let kind = unsafe { ffi::Py_TYPE(object.as_ptr()) };
    if ARRAY.load(Ordering::Relaxed) != kind {
        if TRIED.load(Ordering::Relaxed) {
            return None;
        }
        learn(&object.get_type());
        return None;
    }
    // SAFETY: an exact array has these fields, which only who holds the lock looks at.
    let Array { data, dimensions, shape, descriptor, flags, .. } =
        unsafe { &*object.as_ptr().cast::<Array>() };
    let needed = if WRITE { CONTIGUOUS | WRITEABLE } else { CONTIGUOUS };
    if flags & needed != needed || (WRITE && flags & WARNS != 0) {
        return None;
    }
    // SAFETY: as above; an array has a type.
    let (number, byte_order) = unsafe { ((**descriptor).number, (**descriptor).byte_order) };
    let (format, item_size) = *TYPES.get(usize::try_from(number).ok()?)?;
    if item_size == 0 {
        return None;
    }
    let shape = match usize::try_from(*dimensions).ok()? {
        0 => &[][..],
        // SAFETY: an array has so many extents.
        dimensions => unsafe { slice::from_raw_parts(*shape, dimensions) },
    };
    let mut length = item_size.cast_signed();
    for extent in shape {
        length = length.checked_mul(*extent)?;
    }
    // Of one order for all machines, or `|` where there is none.
    let is_native = matches!(byte_order, b'=' | b'|') && flags & ALIGNED != 0;
    let format = is_native.then_some(format);
    Some(Found { memory: NonNull::new(*data)?, length, item_size, format })
}

/// Learns the type, if this is it.
#[cold]
#[inline(never)]
fn learn(kind: &Bound<'_, PyType>) {
    // SAFETY: the type is alive, and its name is a C string.
    let name = unsafe { CStr::from_ptr((*kind.as_type_ptr()).tp_name) };
    if name != c"numpy.ndarray" {
        return;
    }
    TRIED.store(true, Ordering::Relaxed);
    if is_array(kind).unwrap_or(false) {
        ARRAY.store(kind.clone().into_ptr().cast(), Ordering::Relaxed);
    }
}

/// Whether the type is the one of numpy's interface for C, in an edition whose structures are those above.
fn is_array(kind: &Bound<'_, PyType>) -> PyResult<bool> {
    /// `NPY_ABI_VERSION` of numpy 1 and 2.
    const EDITIONS: [c_uint; 2] = [0x0100_0009, 0x0200_0000];
    let py = kind.py();
    let module =
        py.import("numpy._core._multiarray_umath").or_else(|_| py.import("numpy.core._multiarray_umath"))?;
    let interface = module.getattr("_ARRAY_API")?.cast_into::<PyCapsule>()?;
    // SAFETY: the capsule of this name has numpy's table, which begins with the function that tells the edition; the third
    // entry is the type.
    unsafe {
        let table = ffi::PyCapsule_GetPointer(interface.as_ptr(), ptr::null());
        let Some(table) = NonNull::new(table.cast::<*mut c_void>()) else {
            return Err(PyErr::fetch(py));
        };
        let edition: extern "C" fn() -> c_uint = core::mem::transmute(table.read());
        Ok(EDITIONS.contains(&edition()) && table.add(2).read() == kind.as_ptr().cast())
    }
}

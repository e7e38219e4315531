//! The C layout of a view (`Py_buffer`) in the interpreters that exist.
//!
//! All of them begin with the same ten fields, [`Header`]; what follows differs. Source: the interpreters'
//! headers, checked on CPython 2.7.18, 3.6 to 3.15 and PyPy 7.3.3, 7.3.11 and 8.0.1, 64-bit.

use core::ffi::{c_char, c_int, c_void};
use core::ptr;

/// The fields that every interpreter's `Py_buffer` begins with.
///
/// A filled view refers to itself: `shape` may be the address of `len`, `strides` that of `itemsize`. **It
/// must not move.**
///
/// ```
/// use bufproto_core::request::Request;
/// use bufproto_core::view::Slot;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::bytearray(b"hello");
/// let mut slot = Slot::new();
/// let view = slot.fill(object.attach(&interpreter), Request::SIMPLE).unwrap();
/// let header = view.held().header();
/// assert_eq!((header.len, header.itemsize, header.readonly, header.ndim), (5, 1, 0, 1));
/// assert!(header.shape.is_null(), "it was not asked for");
/// ```
#[repr(C)]
#[derive(Debug)]
pub struct Header {
    /// The memory, or for layouts with negative strides the item with all indices zero.
    pub buf: *mut c_void,
    /// The object that must be told when the view ends, owned by the view; null when there is none to tell.
    pub obj: *mut c_void,
    /// The length in bytes: the product of the shape and the item size, not the extent in memory.
    pub len: isize,
    /// The size of an item in bytes.
    pub itemsize: isize,
    /// Non-zero when the memory must not be written to.
    pub readonly: c_int,
    /// The number of dimensions; 0 for a single item.
    pub ndim: c_int,
    /// The item format as a C string, null for unsigned bytes.
    pub format: *mut c_char,
    /// The number of items in each dimension, or null.
    pub shape: *mut isize,
    /// The distance in bytes from one item to the next in each dimension, or null for C order.
    pub strides: *mut isize,
    /// For each dimension the offset in bytes to add after following a pointer, negative for none; or null.
    pub suboffsets: *mut isize,
}

impl Header {
    /// A view of nothing: releasing it does nothing.
    ///
    /// ```
    /// use bufproto_core::abi::Header;
    ///
    /// assert!(Header::EMPTY.obj.is_null(), "there is nobody to tell of its end");
    /// ```
    pub const EMPTY: Self = Self {
        buf: ptr::null_mut(),
        obj: ptr::null_mut(),
        len: 0,
        itemsize: 0,
        readonly: 0,
        ndim: 0,
        format: ptr::null_mut(),
        shape: ptr::null_mut(),
        strides: ptr::null_mut(),
        suboffsets: ptr::null_mut(),
    };

    /// What a backend puts in the place of a view that is none: a reference to an object, in `obj`. Whoever releases it
    /// gives the reference back and tells no exporter.
    ///
    /// ```
    /// use bufproto_core::abi::Header;
    ///
    /// let mut object = 1;
    /// let header = Header::reference((&raw mut object).cast());
    /// assert!(header.is_reference() && !Header::EMPTY.is_reference());
    /// assert_eq!(header.obj, (&raw mut object).cast());
    /// ```
    #[must_use]
    pub const fn reference(object: *mut c_void) -> Self {
        Self { obj: object, itemsize: Self::REFERENCE, ..Self::EMPTY }
    }

    /// Whether this is [a reference](Self::reference) in the place of a view.
    ///
    /// ```
    /// use bufproto_core::abi::Header;
    ///
    /// assert!(!Header::EMPTY.is_reference());
    /// assert!(Header::reference(core::ptr::dangling_mut()).is_reference());
    /// ```
    #[inline]
    #[must_use]
    pub const fn is_reference(&self) -> bool {
        self.itemsize == Self::REFERENCE
    }

    /// Whether a view is nothing but a pointer and a length, as the answer to a request for bytes ought to be: without a
    /// format, a shape, strides and suboffsets, **it does not refer to itself**, and may be moved.
    ///
    /// An exporter may not depend on the address of the views that it filled: "this field (`internal`) is guaranteed to
    /// remain constant, while a consumer MAY pass a copy of the original buffer as the *view* argument" (the
    /// documentation of `bf_releasebuffer`).
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytearray(b"hello");
    /// let mut slot = Slot::new();
    /// let view = slot.fill(object.attach(&interpreter), Request::SIMPLE).unwrap();
    /// assert!(view.held().header().is_plain());
    /// drop(view);
    /// let view = slot.fill(object.attach(&interpreter), Request::ND).unwrap();
    /// assert!(!view.held().header().is_plain(), "its shape may be its own length");
    /// ```
    #[inline]
    #[must_use]
    pub fn is_plain(&self) -> bool {
        // One test of all of them, for it is on the way of every argument.
        let fields = self.format.addr() | self.shape.addr() | self.strides.addr() | self.suboffsets.addr();
        fields == 0
    }

    /// Whether the items lie side by side in C order because nothing says that they lie anywhere else: there are neither
    /// strides nor suboffsets.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let (bytes, rows) = (Object::bytes(b"hello"), Object::indirect(&[b"abc", b"xyz"]));
    /// let mut slot = Slot::new();
    /// let view = slot.fill(bytes.attach(&interpreter), Request::ND).unwrap();
    /// assert!(view.held().header().is_dense());
    /// drop(view);
    /// let view = slot.fill(rows.attach(&interpreter), Request::FULL_RO).unwrap();
    /// assert!(!view.held().header().is_dense());
    /// ```
    #[inline]
    #[must_use]
    pub fn is_dense(&self) -> bool {
        self.strides.addr() | self.suboffsets.addr() == 0
    }

    /// An item size that no view has.
    const REFERENCE: isize = isize::MIN;
}

/// The C layout of one interpreter's view.
///
/// ```
/// use bufproto_core::abi::{CPython3, PyPy64, View};
///
/// fn owner<V: View>(view: &V) -> usize {
///     view.header().obj.addr()
/// }
///
/// assert_eq!((owner(&CPython3::EMPTY), owner(&PyPy64::EMPTY)), (0, 0));
/// ```
///
/// # Safety
///
/// The type is `repr(C)`, begins with a [`Header`], and has the size of the interpreter's own `Py_buffer`; or is the
/// [`Header`] alone, which stands for a place of the right size.
pub unsafe trait View: Sized {
    /// A view of nothing: all zero, releasing it does nothing.
    const EMPTY: Self;

    /// The common fields.
    ///
    /// ```
    /// use bufproto_core::abi::{CPython2, View};
    ///
    /// assert_eq!(CPython2::EMPTY.header().len, 0);
    /// ```
    #[inline]
    fn header(&self) -> &Header {
        // SAFETY: the trait promises that a `Header` comes first.
        unsafe { &*ptr::from_ref(self).cast() }
    }

    /// Where this interpreter's `PyBuffer_FillInfo` points the shape and the strides of a one-dimensional
    /// view, in this order: into the view itself. The places need not hold their values yet.
    ///
    /// ```
    /// use bufproto_core::abi::{CPython3, PyPy64, View};
    ///
    /// // On CPython the only extent is the length; PyPy has places for it.
    /// let mut view = CPython3::EMPTY;
    /// // SAFETY: it is a view.
    /// let (shape, _strides) = unsafe { CPython3::own_dimension(&mut view) };
    /// assert_eq!(shape, &raw mut view.header.len);
    /// let mut view = PyPy64::EMPTY;
    /// // SAFETY: as above.
    /// let (shape, _strides) = unsafe { PyPy64::own_dimension(&mut view) };
    /// assert_eq!(shape, (&raw mut view.shape).cast());
    /// ```
    ///
    /// # Safety
    ///
    /// `view` points to a view.
    unsafe fn own_dimension(view: *mut Self) -> (*mut isize, *mut isize) {
        let header: *mut Header = view.cast();
        // SAFETY: the caller's view begins with a header.
        unsafe { (&raw mut (*header).len, &raw mut (*header).itemsize) }
    }
}

/// Where a view is reached by its address only, in a place that its maker knows to be as large as the interpreter's
/// views, the common fields are all that need be known of its layout.
// SAFETY: it is the header.
unsafe impl View for Header {
    const EMPTY: Self = Self::EMPTY;
}

/// `Py_buffer` of CPython 3, in every build and version.
///
/// ```
/// use bufproto_core::abi::{CPython3, Header};
/// use core::mem::{offset_of, size_of};
///
/// assert_eq!(offset_of!(CPython3, internal), size_of::<Header>());
/// ```
#[repr(C)]
#[derive(Debug)]
pub struct CPython3 {
    /// The common fields.
    pub header: Header,
    /// For the exporter's own use.
    pub internal: *mut c_void,
}

// SAFETY: `repr(C)`, header first; the size is asserted below.
unsafe impl View for CPython3 {
    const EMPTY: Self = Self { header: Header::EMPTY, internal: ptr::null_mut() };
}

/// `Py_buffer` of CPython 2.7.
///
/// ```
/// use bufproto_core::abi::{CPython2, CPython3};
/// use core::mem::size_of;
///
/// assert_eq!(size_of::<CPython2>(), size_of::<CPython3>() + 2 * size_of::<isize>());
/// ```
#[repr(C)]
#[derive(Debug)]
pub struct CPython2 {
    /// The common fields.
    pub header: Header,
    /// Storage that `shape` and `strides` of a one-dimensional view may point to.
    pub smalltable: [isize; 2],
    /// For the exporter's own use.
    pub internal: *mut c_void,
}

// SAFETY: `repr(C)`, header first; the size is asserted below.
unsafe impl View for CPython2 {
    const EMPTY: Self = Self { header: Header::EMPTY, smalltable: [0; 2], internal: ptr::null_mut() };
}

/// `Py_buffer` of PyPy, with storage for `DIMENSIONS` strides and shapes.
///
/// ```
/// use bufproto_core::abi::{PyPy, View};
///
/// assert_eq!(PyPy::<36>::EMPTY.shape.len(), 36);
/// ```
#[repr(C)]
#[derive(Debug)]
pub struct PyPy<const DIMENSIONS: usize> {
    /// The common fields.
    pub header: Header,
    /// For the exporter's own use.
    pub internal: *mut c_void,
    /// The request that the view answers.
    pub flags: c_int,
    /// Storage that `strides` points to.
    pub strides: [isize; DIMENSIONS],
    /// Storage that `shape` points to.
    pub shape: [isize; DIMENSIONS],
}

// SAFETY: `repr(C)`, header first; the sizes of the two that exist are asserted below.
unsafe impl<const DIMENSIONS: usize> View for PyPy<DIMENSIONS> {
    const EMPTY: Self = Self {
        header: Header::EMPTY,
        internal: ptr::null_mut(),
        flags: 0,
        strides: [0; DIMENSIONS],
        shape: [0; DIMENSIONS],
    };

    unsafe fn own_dimension(view: *mut Self) -> (*mut isize, *mut isize) {
        // SAFETY: the caller's pointer is to a view, which has these fields.
        unsafe { ((&raw mut (*view).shape).cast(), (&raw mut (*view).strides).cast()) }
    }
}

/// `Py_buffer` of PyPy 2.7 and 3.9.
///
/// ```
/// use bufproto_core::abi::{PyPy36, View};
///
/// assert_eq!(PyPy36::EMPTY.strides.len(), 36);
/// ```
pub type PyPy36 = PyPy<36>;
/// `Py_buffer` of PyPy 3.11.
///
/// ```
/// use bufproto_core::abi::{PyPy64, View};
///
/// assert_eq!(PyPy64::EMPTY.strides.len(), 64);
/// ```
pub type PyPy64 = PyPy<64>;

#[cfg(target_pointer_width = "64")]
const _: () = {
    use core::mem::{offset_of, size_of};
    assert!(offset_of!(Header, obj) == 8);
    assert!(offset_of!(Header, len) == 16);
    assert!(offset_of!(Header, itemsize) == 24);
    assert!(offset_of!(Header, readonly) == 32);
    assert!(offset_of!(Header, ndim) == 36);
    assert!(offset_of!(Header, format) == 40);
    assert!(offset_of!(Header, shape) == 48);
    assert!(offset_of!(Header, strides) == 56);
    assert!(offset_of!(Header, suboffsets) == 64);
    assert!(offset_of!(CPython3, internal) == 72 && size_of::<CPython3>() == 80);
    assert!(offset_of!(CPython2, smalltable) == 72);
    assert!(offset_of!(CPython2, internal) == 88 && size_of::<CPython2>() == 96);
    assert!(offset_of!(PyPy36, internal) == 72 && size_of::<PyPy36>() == 664);
    assert!(size_of::<PyPy64>() == 1112);
};

// Only pointers, sizes and `int`, and so four bytes each. No interpreter of 32 bits has been recorded.
#[cfg(target_pointer_width = "32")]
const _: () = {
    use core::mem::{offset_of, size_of};
    assert!(offset_of!(Header, suboffsets) == 36 && size_of::<Header>() == 40);
    assert!(offset_of!(CPython3, internal) == 40 && size_of::<CPython3>() == 44);
    assert!(offset_of!(CPython2, internal) == 48 && size_of::<CPython2>() == 52);
    assert!(offset_of!(PyPy36, strides) == 48 && size_of::<PyPy36>() == 336);
    assert!(size_of::<PyPy64>() == 560);
};

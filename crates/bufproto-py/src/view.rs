//! Views of live objects.

use bufproto_core::abi::{Header, View as _};
use bufproto_core::request::{Access, Request};
use bufproto_core::{legacy, scope, view};
use pyo3::ffi;
use pyo3::prelude::*;

use crate::error::into_py_err;
use crate::object::{Attached, Object};

cfg_if::cfg_if! {
    if #[cfg(PyPy)] {
        /// The C layout of a view in the interpreter that this was built for.
        ///
        /// ```
        /// use bufproto_core::abi::View as _;
        /// use bufproto_py::NativeView;
        ///
        /// assert!(NativeView::EMPTY.header().obj.is_null());
        /// ```
        pub type NativeView = bufproto_core::abi::PyPy64;
    } else {
        /// The C layout of a view in the interpreter that this was built for.
        ///
        /// ```
        /// use bufproto_core::abi::View as _;
        /// use bufproto_py::NativeView;
        ///
        /// assert_eq!(size_of::<NativeView>(), size_of::<pyo3::ffi::Py_buffer>());
        /// assert!(NativeView::EMPTY.header().obj.is_null());
        /// ```
        pub type NativeView = bufproto_core::abi::CPython3;
    }
}

// PyO3's declaration is read from the interpreter's headers, ours from recordings of it.
#[cfg(any(Py_3_11, not(Py_LIMITED_API)))]
const _: () = assert!(size_of::<NativeView>() == size_of::<ffi::Py_buffer>());

/// A place for a view of a live object.
///
/// ```
/// use bufproto_py::{Request, Slot, fill};
/// # use pyo3::prelude::*;
///
/// # Python::initialize();
/// # Python::attach(|py| {
/// let mut slot = Slot::new();
/// for code in [c"b'one'", c"bytearray(b'two')"] {
///     let view = fill(&mut slot, &py.eval(code, None, None)?, Request::SIMPLE)?;
///     assert_eq!(view.span().length, 3);
/// }
/// # PyResult::Ok(())
/// # }).unwrap();
/// ```
pub type Slot = view::Slot<NativeView>;

/// A view of a live object, released when it is dropped.
///
/// ```
/// use bufproto_py::{Request, Slot, View, fill};
/// # use pyo3::prelude::*;
///
/// # Python::initialize();
/// # Python::attach(|py| {
/// fn dimensions(view: &View<'_, '_>) -> i32 {
///     view.held().header().ndim
/// }
///
/// let mut slot = Slot::new();
/// let table = py.eval(c"memoryview(bytes(6)).cast('B', (2, 3))", None, None)?;
/// assert_eq!(dimensions(&fill(&mut slot, &table, Request::FULL_RO)?), 2);
/// # PyResult::Ok(())
/// # }).unwrap();
/// ```
pub type View<'slot, 'py> = view::View<'slot, Attached<'py>>;

/// Many views of live objects, released together, the last first.
///
/// ```
/// use bufproto_py::{Object, Scope, Slot};
/// use bufproto_core::request::Access;
/// use pyo3::types::PyByteArray;
/// # use pyo3::prelude::*;
///
/// # Python::initialize();
/// # Python::attach(|py| {
/// let arrays = [PyByteArray::new(py, b"one"), PyByteArray::new(py, b"two")];
/// let mut slots = [Slot::new(), Slot::new()];
/// let scope = Scope::new(py.into(), &mut slots);
/// for array in &arrays {
///     let held = scope.locate(Object::from(array), Access::Write).unwrap();
///     assert_eq!(held.span().length, 3);
///     assert!(array.resize(10).is_err());
/// }
/// drop(scope);
/// arrays[1].resize(10)?;
/// # PyResult::Ok(())
/// # }).unwrap();
/// ```
pub type Scope<'storage, 'py> = scope::Scope<'storage, Attached<'py>>;

/// Asks an object for a view, as `PyObject_GetBuffer` does.
///
/// ```
/// use bufproto_py::{Request, Slot, fill};
/// # use pyo3::prelude::*;
///
/// # Python::initialize();
/// # Python::attach(|py| {
/// let mut slot = Slot::new();
/// let array = py.eval(c"bytearray(b'hello')", None, None)?;
/// let view = fill(&mut slot, &array, Request::SIMPLE)?;
/// assert!(view.shared().unwrap().iter().eq(*b"hello"));
/// drop(view);
/// let refused = fill(&mut slot, &py.eval(c"1", None, None)?, Request::SIMPLE).unwrap_err();
/// assert_eq!(refused.to_string(), "TypeError: a bytes-like object is required, not 'int'");
/// # PyResult::Ok(())
/// # }).unwrap();
/// ```
///
/// # Errors
///
/// `TypeError` if the type exports no views, else the exporter's own exception.
pub fn fill<'slot, 'py>(
    slot: &'slot mut Slot,
    object: &Bound<'py, impl Sized>,
    request: Request,
) -> PyResult<View<'slot, 'py>> {
    let object = Object::from(object);
    slot.fill(object, request).map_err(|error| into_py_err(error, object))
}

/// Acquires a view as the old function for `access` does, and keeps it.
///
/// ```
/// use bufproto_core::request::Access;
/// use bufproto_py::{Slot, acquire};
/// # use pyo3::prelude::*;
///
/// # Python::initialize();
/// # Python::attach(|py| {
/// let mut slot = Slot::new();
/// let array = pyo3::types::PyByteArray::new(py, b"hello");
/// let view = acquire(&mut slot, &array, Access::Write)?;
/// view.shared_mut().unwrap().set(0, b'j');
/// assert_eq!(array.to_vec(), b"jello");
/// drop(view);
/// let refused = acquire(&mut slot, &py.eval(c"b'hello'", None, None)?, Access::Write);
/// assert!(refused.is_err());
/// # PyResult::Ok(())
/// # }).unwrap();
/// ```
///
/// # Errors
///
/// As the old function.
pub fn acquire<'slot, 'py>(
    slot: &'slot mut Slot,
    object: &Bound<'py, impl Sized>,
    access: Access,
) -> PyResult<View<'slot, 'py>> {
    let object = Object::from(object);
    legacy::views::acquire(object, access, slot).map_err(|error| into_py_err(error, object))
}

/// Whether the view is of an exact `bytes`, whose content is written once, before anybody sees it.
pub(crate) fn is_frozen(attached: Attached<'_>, view: &NativeView) -> bool {
    let Header { buf, obj, len, .. } = *view.header();
    let owner = obj.cast();
    // SAFETY: a view's owner is null or alive, since the view holds a reference.
    unsafe { is_content_of_bytes(attached, owner, buf.addr(), len) }
}

/// Whether `length` bytes at an address are some of those of an exact `bytes`.
///
/// # Safety
///
/// `owner` is null or an object that is alive.
pub(crate) unsafe fn is_content_of_bytes(
    _attached: Attached<'_>,
    owner: *mut ffi::PyObject,
    address: usize,
    length: isize,
) -> bool {
    if owner.is_null() {
        return false;
    }
    // SAFETY: the caller's word; the thread is attached.
    if unsafe { ffi::PyBytes_CheckExact(owner) } == 0 {
        return false;
    }
    // An exporter may name an owner whose memory it is not. (On PyPy the content of a `bytes` is copied to where C can see it,
    // once, and stays there for as long as C has a reference.) SAFETY: as above; for a `bytes` neither function fails.
    let (content, size) = unsafe { (ffi::PyBytes_AsString(owner), ffi::PyBytes_Size(owner)) };
    let (offset, size) = (address.wrapping_sub(content.addr()), size.unsigned_abs());
    offset <= size && length.unsigned_abs() <= size - offset
}

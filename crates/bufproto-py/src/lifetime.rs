//! How long a pointer into an object's memory stays good. `c/_lifetime.py` is the same rule for older interpreters.

use core::fmt;

use bufproto_core::abi::View as _;
use bufproto_core::runtime::{Object as _, Runtime as _};
use pyo3::ffi;
use pyo3::prelude::*;

use crate::object::{Attached, Object};
use crate::view::NativeView;

/// How long a pointer into an object's memory stays good, told by the view that it exports.
///
/// What counts is who owns the memory, which is the view's `obj` and not always the object that was asked: a
/// `PickleBuffer` over `bytes` answers with the `bytes`.
///
/// ```
/// use bufproto_py::{Lifetime, Request, Slot, fill};
/// # use pyo3::prelude::*;
///
/// # Python::initialize();
/// # Python::attach(|py| {
/// let lifetime = |code| {
///     let mut slot = Slot::new();
///     let view = fill(&mut slot, &py.eval(code, None, None)?, Request::SIMPLE)?;
///     PyResult::Ok(Lifetime::of_view(py.into(), view.held().raw()))
/// };
/// assert_eq!(lifetime(c"b'abc'")?, Lifetime::Frozen);
/// assert_eq!(lifetime(c"bytearray(b'abc')")?, Lifetime::PinnedWhileExported);
/// let moves = lifetime(c"__import__('ctypes').c_int(1)")?;
/// assert_eq!(moves.to_string(), "moves: ctypes.resize moves the memory even while it is exported");
/// # PyResult::Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lifetime {
    /// For as long as the owner lives: its memory neither moves nor changes. An exact `bytes`.
    Frozen,
    /// For as long as a view is held: the owner is told when a view ends (it fills `bf_releasebuffer`), so it
    /// can count its views and refuse to move meanwhile. `bytearray`, `array`, `mmap`, `memoryview`. The old
    /// functions give their view back before they return.
    PinnedWhileExported,
    /// Nobody knows: the owner is not told when a view ends, so it cannot refuse to move while one is held.
    Moves {
        /// What is known of the owner.
        why: String,
    },
}

impl Lifetime {
    /// The class of a view's memory.
    ///
    /// ```
    /// use bufproto_py::{Lifetime, Request, Slot, fill};
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let mut slot = Slot::new();
    /// let view = fill(&mut slot, &py.eval(c"memoryview(b'abc')", None, None)?, Request::SIMPLE)?;
    /// let lifetime = Lifetime::of_view(py.into(), view.held().raw());
    /// assert_eq!(lifetime.to_string(), "pinned while exported", "it belongs to the memoryview");
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn of_view(attached: Attached<'_>, view: &NativeView) -> Self {
        if attached.is_frozen(view) {
            return Self::Frozen;
        }
        let owner: *mut ffi::PyObject = view.header().obj.cast();
        // SAFETY: a view's owner is null or alive, since the view holds a reference.
        let Some(owner) = (unsafe { Borrowed::from_ptr_or_opt(attached.py(), owner) }) else {
            return Self::Moves { why: "the view has no owner, so nothing keeps its memory".to_owned() };
        };
        #[cfg(PyPy)]
        if lets_go(owner) {
            let name =
                owner.get_type().name().map_or_else(|_| "the owner".to_owned(), |name| name.to_string());
            return Self::Moves {
                why: format!("PyPy lets the memory of {name} go even while it is exported"),
            };
        }
        if Object::from(owner).needs_release() {
            return Self::PinnedWhileExported;
        }
        let kind = owner.get_type();
        let (module, name) = (
            kind.module().map(|name| name.to_string()).unwrap_or_default(),
            kind.name().map_or_else(|_| "the owner".to_owned(), |name| name.to_string()),
        );
        Self::Moves {
            why: match module.as_str() {
                "numpy" => {
                    "ndarray.resize(refcheck=False) moves the memory even while it is exported".to_owned()
                }
                _ if is_ctypes(&kind) => {
                    "ctypes.resize moves the memory even while it is exported".to_owned()
                }
                _ => format!("{name} is not told when a view ends, so it cannot refuse to move"),
            },
        }
    }
}

/// Whether an exporter of PyPy's own moves or frees its memory while there are views of it: an `array` that grows, an `mmap`
/// that is closed, a `memoryview` that is released, and a `PickleBuffer`, which hides whose memory it is. (Observed with PyPy 8.0.1: `tests/live/test_pypy.py`.)
#[cfg(PyPy)]
pub(crate) fn lets_go(owner: Borrowed<'_, '_, PyAny>) -> bool {
    // No code of others is run: the memory is not to be let go meanwhile.
    let derives = |module: &str, name: &str| {
        // SAFETY: the thread is attached; the dictionary is the interpreter's own.
        let modules = unsafe { Borrowed::from_ptr(owner.py(), ffi::PyImport_GetModuleDict()) };
        let modules = modules.cast::<pyo3::types::PyDict>().ok()?;
        let kind = modules.get_item(module).ok()??.getattr(name).ok()?;
        let kind = kind.cast_into::<pyo3::types::PyType>().ok()?;
        // SAFETY: both types are alive, and the thread is attached.
        let derives = unsafe { ffi::PyType_IsSubtype(ffi::Py_TYPE(owner.as_ptr()), kind.as_type_ptr()) };
        Some(derives != 0)
    };
    // SAFETY: the owner is alive, and the thread attached.
    let memory_view = unsafe { ffi::PyMemoryView_Check(owner.as_ptr()) } != 0;
    memory_view
        || [("array", "array"), ("mmap", "mmap"), ("pickle", "PickleBuffer")]
            .iter()
            .any(|(module, name)| derives(module, name) == Some(true))
}

/// Whether a type is one of `ctypes`' or derives from one.
fn is_ctypes(kind: &Bound<'_, pyo3::types::PyType>) -> bool {
    kind.mro().iter().any(|base| {
        base.getattr("__module__")
            .and_then(|module| module.extract::<String>())
            .is_ok_and(|module| module == "_ctypes")
    })
}

impl fmt::Display for Lifetime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frozen => formatter.write_str("frozen"),
            Self::PinnedWhileExported => formatter.write_str("pinned while exported"),
            Self::Moves { why } => write!(formatter, "moves: {why}"),
        }
    }
}

//! An exporter with hand-written slots, for answers that no well-behaved type gives.

use core::ffi::{CStr, c_int, c_void};
use std::ffi::CString;
use std::ptr;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bufproto_mock::Raised;
use pyo3::exceptions::PyException;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

/// The addresses of the exporters that were told that a view ended, in order.
pub(super) type Log = Arc<Mutex<Vec<usize>>>;

/// An exporter that follows a script.
#[pyclass(frozen, name = "Exporter")]
pub(super) struct Exporter {
    memory: Box<[AtomicU8]>,
    script: Script,
    exports: AtomicUsize,
    log: Log,
}

/// What the exporter answers to every request.
pub(super) enum Script {
    /// What `PyBuffer_FillInfo` answers.
    Honest { read_only: bool },
    /// This return value, and nothing else.
    Refuse(c_int, Option<Exception>),
    /// A view, whatever was asked.
    Grant { length: isize, no_memory: bool, read_only: bool, raising: Option<Exception> },
}

/// An exception, ready to be raised without running any Python.
pub(super) struct Exception {
    kind: Py<PyType>,
    text: CString,
}

impl Exception {
    /// The exception of a built-in type.
    pub(super) fn new(py: Python<'_>, raised: &Raised) -> PyResult<Self> {
        let kind = py.import("builtins")?.getattr(raised.exception.as_str())?.cast_into::<PyType>()?;
        // The text of a `KeyError` is the repr of its argument.
        let text = match raised.exception.as_str() {
            "KeyError" => raised.message.trim_matches('\''),
            _ => &raised.message,
        };
        let text = CString::new(text).map_err(|error| PyException::new_err(error.to_string()))?;
        Ok(Self { kind: kind.unbind(), text })
    }

    pub(super) fn raise(&self, _attached: Python<'_>) {
        let text: &CStr = &self.text;
        // SAFETY: the thread is attached; the type is alive; the text is copied.
        unsafe { ffi::PyErr_SetString(self.kind.as_ptr(), text.as_ptr()) };
    }
}

impl Exporter {
    /// An exporter of this content.
    pub(super) fn object<'py>(
        py: Python<'py>,
        content: &[u8],
        script: Script,
        log: &Log,
    ) -> PyResult<Bound<'py, PyAny>> {
        let memory = content.iter().map(|byte| AtomicU8::new(*byte)).collect();
        let exporter = Self { memory, script, exports: AtomicUsize::new(0), log: Arc::clone(log) };
        let object = Bound::new(py, exporter)?.into_any();
        let slots =
            ffi::PyBufferProcs { bf_getbuffer: Some(get_buffer), bf_releasebuffer: Some(release_buffer) };
        // PyO3's macro would turn irregular answers into regular ones.
        static SLOTS: PyOnceLock<()> = PyOnceLock::new();
        SLOTS.get_or_init(py, || {
            // SAFETY: the type is ours and was made at run time, so the slots are its own. They are written
            // once, before anybody is given the type's first object.
            unsafe { (*ffi::Py_TYPE(object.as_ptr())).tp_as_buffer.write(slots) };
        });
        Ok(object)
    }

    /// How many views are out.
    pub(super) fn exports(&self) -> usize {
        self.exports.load(Ordering::Relaxed)
    }

    /// Fills the view as the script says.
    ///
    /// # Safety
    ///
    /// `object` is this exporter, and `view` points to an empty view.
    unsafe fn answer(
        &self,
        py: Python<'_>,
        object: *mut ffi::PyObject,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> c_int {
        let memory: *mut c_void = self.memory.as_ptr().cast_mut().cast();
        let (length, memory, read_only, flags, raising) = match &self.script {
            Script::Refuse(number, raised) => {
                if let Some(raised) = raised {
                    raised.raise(py);
                }
                return *number;
            }
            Script::Honest { read_only } => {
                (self.memory.len().cast_signed(), memory, *read_only, flags, None)
            }
            Script::Grant { length, no_memory, read_only, raising } => {
                let memory = if *no_memory { ptr::null_mut() } else { memory };
                (*length, memory, *read_only, flags & !ffi::PyBUF_WRITABLE, raising.as_ref())
            }
        };
        // SAFETY: the caller's view and object; the memory is the object's, and is read only where the length
        // is true.
        let result =
            unsafe { ffi::PyBuffer_FillInfo(view, object, memory, length, c_int::from(read_only), flags) };
        if result == 0 {
            self.exports.fetch_add(1, Ordering::Relaxed);
            if let Some(raising) = raising {
                raising.raise(py);
            }
        }
        result
    }
}

/// The exporter behind an object that its own slots are called with.
///
/// # Safety
///
/// The object is an [`Exporter`] and alive for `'a`.
unsafe fn exporter<'a>(py: Python<'a>, object: *mut ffi::PyObject) -> &'a Exporter {
    // SAFETY: the caller's word. Nobody can make a subclass of the type.
    let object = unsafe { Borrowed::<PyAny>::from_ptr(py, object) };
    // SAFETY: as above.
    let exporter = unsafe { object.cast_unchecked::<Exporter>() };
    let exporter: *const Exporter = exporter.get();
    // SAFETY: the object is alive for `'a`, and its content with it.
    unsafe { &*exporter }
}

unsafe extern "C" fn get_buffer(
    object: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    flags: c_int,
) -> c_int {
    // SAFETY: a slot is called by an attached thread, with a living object of the slot's type and a view.
    unsafe {
        let py = Python::assume_attached();
        exporter(py, object).answer(py, object, view, flags)
    }
}

unsafe extern "C" fn release_buffer(object: *mut ffi::PyObject, _view: *mut ffi::Py_buffer) {
    // SAFETY: as in `get_buffer`.
    let exporter = unsafe { exporter(Python::assume_attached(), object) };
    exporter.exports.fetch_sub(1, Ordering::Relaxed);
    exporter.log.lock().unwrap_or_else(PoisonError::into_inner).push(object.addr());
}

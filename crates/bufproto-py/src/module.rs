//! The Python module `bufproto._bufproto`.

use pyo3::prelude::*;

/// The native part of the package `bufproto`.
#[pymodule]
mod _bufproto {
    use bufproto_core::layout::Order;
    use bufproto_core::request::Request;
    use bufproto_core::runtime::Object as _;
    use bufproto_core::span::Span;
    use pyo3::exceptions::PyBufferError;
    use pyo3::ffi;
    use pyo3::prelude::*;
    use pyo3::types::{PyDict, PyString};

    #[pymodule_export]
    use crate::audit::read_library;
    #[pymodule_export]
    use crate::buffer::Buffer;
    use crate::view::{Slot, View, fill};
    use crate::{Lifetime, Object, as_char_buffer, as_read_buffer, as_write_buffer, check_read_buffer};

    /// The package's version.
    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "Python's name for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    /// Adds the C functions, which extensions that link with no library take from here (`bufproto/import.h`).
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let functions = std::ptr::from_ref(bufproto_ffi::bufproto_functions()).cast_mut().cast();
        // SAFETY: the thread is attached; the table and the name are constants.
        let capsule = unsafe { ffi::PyCapsule_New(functions, c"bufproto._C_API".as_ptr(), None) };
        // SAFETY: a new reference, or null with an exception set.
        module.add("_C_API", unsafe { Bound::from_owned_ptr_or_err(module.py(), capsule) }?)
    }

    /// Runs the conformance kit on live objects. The report is lines of fields between tabs: number, verdict,
    /// number of cases, statement, details.
    #[cfg(feature = "kit")]
    #[pyfunction]
    fn conformance(py: Python<'_>) -> String {
        crate::kit::run(py)
    }

    #[cfg(feature = "kit")]
    #[pymodule_export]
    use crate::kit::arguments::arguments;

    #[cfg(feature = "kit")]
    #[pymodule_export]
    use crate::kit::arrays::arrays;

    #[cfg(feature = "kit")]
    #[pymodule_export]
    use crate::kit::exporters::exporters;

    #[cfg(feature = "kit")]
    #[pymodule_export]
    use crate::kit::stable::stable;

    /// What the four functions answer for an object, the view that it exports, and how long its memory stays.
    #[pyfunction]
    fn inspect<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
        let py = object.py();
        let report = PyDict::new(py);
        report.set_item("type", type_name(object)?)?;
        report.set_item("as_char_buffer", span(py, as_char_buffer(object))?)?;
        report.set_item("as_read_buffer", span(py, as_read_buffer(object))?)?;
        report.set_item("as_write_buffer", span(py, as_write_buffer(object))?)?;
        report.set_item("check_read_buffer", check_read_buffer(object))?;
        let mut slot = Slot::new();
        let (described, lifetime) = match fill(&mut slot, object, Request::FULL_RO) {
            Ok(view) => {
                let lifetime = Lifetime::of_view(Object::from(object).runtime(), view.held().raw());
                (describe(py, &view)?, Some(lifetime.to_string()))
            }
            Err(error) => (failure(py, &error)?, None),
        };
        report.set_item("view", described)?;
        report.set_item("lifetime", lifetime)?;
        Ok(report)
    }

    /// The type's name with its module; some types, as those that ctypes makes, state no module.
    fn type_name<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
        let kind = object.get_type();
        kind.fully_qualified_name().or_else(|_| kind.name())
    }

    fn span<'py>(py: Python<'py>, answer: PyResult<Span>) -> PyResult<Bound<'py, PyDict>> {
        let report = PyDict::new(py);
        report.set_item("ok", answer.is_ok())?;
        match answer {
            Ok(span) => report.set_item("len", span.length)?,
            Err(error) => report.update(failure(py, &error)?.as_mapping())?,
        }
        Ok(report)
    }

    fn failure<'py>(py: Python<'py>, error: &PyErr) -> PyResult<Bound<'py, PyDict>> {
        let report = PyDict::new(py);
        report.set_item("exception", error.get_type(py).name()?)?;
        // An exception's own text may fail to be made.
        let text = error.value(py).str().map(|text| text.to_string_lossy().into_owned());
        report.set_item("message", text.unwrap_or_else(|failed| failed.to_string()))?;
        Ok(report)
    }

    fn describe<'py>(py: Python<'py>, view: &View<'_, 'py>) -> PyResult<Bound<'py, PyDict>> {
        let header = view.held().header();
        let layout = match view.held().layout() {
            Ok(layout) => layout,
            Err(error) => return failure(py, &PyBufferError::new_err(error.to_string())),
        };
        let report = PyDict::new(py);
        report.set_item("len", header.len)?;
        report.set_item("itemsize", header.itemsize)?;
        report.set_item("readonly", header.readonly != 0)?;
        report.set_item("ndim", header.ndim)?;
        report.set_item("format", view.held().format().map(|format| format.to_string_lossy()))?;
        let list = |field: *mut isize, entry: &dyn Fn(usize) -> isize| {
            // A field that the exporter left null is None.
            (!field.is_null()).then(|| (0..layout.dimensions()).map(entry).collect::<Vec<_>>())
        };
        report.set_item("shape", list(header.shape, &|dimension| layout.extent(dimension).cast_signed()))?;
        report.set_item("strides", list(header.strides, &|dimension| layout.stride(dimension)))?;
        report.set_item(
            "suboffsets",
            list(header.suboffsets, &|dimension| layout.suboffset(dimension).map_or(-1, usize::cast_signed)),
        )?;
        report.set_item("c_contiguous", layout.is_contiguous(Order::C))?;
        report.set_item("f_contiguous", layout.is_contiguous(Order::Fortran))?;
        Ok(report)
    }
}

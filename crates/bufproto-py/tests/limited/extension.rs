//! Arguments in an extension that is built once for every CPython from 3.8 on.

use pyo3::prelude::*;

/// The functions that `run.py` calls.
#[pymodule]
mod bufproto_limited {
    use std::sync::Mutex;

    use bufproto_py::{
        Accept, CharBuffer, OwnedBuffer, ReadBuffer, Request, Slot, WriteBuffer, as_read_buffer,
        as_write_buffer, check_read_buffer, fill, typed,
    };
    use pyo3::prelude::*;
    use pyo3::types::PyBytes;

    #[pyfunction]
    fn read<'py>(py: Python<'py>, data: ReadBuffer<'_, 'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &data.snapshot())
    }

    #[pyfunction]
    fn is_frozen(data: ReadBuffer<'_, '_>) -> bool {
        data.is_frozen()
    }

    #[pyfunction]
    fn write(data: WriteBuffer<'_, '_>, bytes: &[u8]) -> usize {
        data.copy_from_slice(bytes)
    }

    #[pyfunction]
    fn text(data: CharBuffer<'_, '_>) -> PyResult<String> {
        Ok(data.to_str()?.into_owned())
    }

    #[pyfunction]
    fn read_f64(data: ReadBuffer<'_, '_, f64>) -> Vec<f64> {
        data.to_vec()
    }

    #[pyfunction]
    fn write_f64(data: WriteBuffer<'_, '_, f64>, items: Vec<f64>) -> usize {
        data.copy_from_slice(&items)
    }

    #[pyfunction]
    fn any_layout<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(object.py(), &Accept::ANY_LAYOUT.read(object)?.snapshot()))
    }

    /// The items of any layout.
    #[pyfunction]
    fn items(object: &Bound<'_, PyAny>) -> PyResult<Vec<i32>> {
        let mut slot = Slot::new();
        let view = fill(&mut slot, object, Request::FULL_RO)?;
        Ok(typed::<i32>(&view)?.iter().collect())
    }

    /// Calls a function while the memory is held.
    #[pyfunction]
    fn while_reading(data: ReadBuffer<'_, '_>, call: &Bound<'_, PyAny>) -> PyResult<usize> {
        call.call0()?;
        Ok(data.len())
    }

    #[pyfunction]
    fn while_writing(data: WriteBuffer<'_, '_>, call: &Bound<'_, PyAny>) -> PyResult<usize> {
        call.call0()?;
        Ok(data.len())
    }

    /// The length that `PyObject_AsReadBuffer` answers.
    #[pyfunction]
    fn read_length(object: &Bound<'_, PyAny>) -> PyResult<isize> {
        as_read_buffer(object).map(|span| span.length)
    }

    /// The length that `PyObject_AsWriteBuffer` answers.
    #[pyfunction]
    fn write_length(object: &Bound<'_, PyAny>) -> PyResult<isize> {
        as_write_buffer(object).map(|span| span.length)
    }

    /// `PyObject_CheckReadBuffer`.
    #[pyfunction]
    fn check(object: &Bound<'_, PyAny>) -> bool {
        check_read_buffer(object)
    }

    /// A buffer that is stored until it is dropped.
    #[pyclass(frozen)]
    struct Stored(Mutex<Option<OwnedBuffer>>);

    #[pymethods]
    impl Stored {
        #[new]
        fn new(data: OwnedBuffer) -> Self {
            Self(Mutex::new(Some(data)))
        }

        fn read<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
            let stored = self.0.lock().ok()?;
            stored.as_ref().map(|data| PyBytes::new(py, &data.snapshot(py)))
        }

        fn drop_on_a_thread(&self, py: Python<'_>) -> bool {
            let data = self.0.lock().ok().and_then(|mut data| data.take());
            py.detach(|| std::thread::spawn(move || drop(data)).join().is_ok())
        }
    }
}

use bufproto_py::ReadBuffer;
use pyo3::prelude::*;

fn length(object: &Py<PyAny>) -> PyResult<usize> {
    let data = Python::attach(|py| object.bind(py).extract::<ReadBuffer<'_, '_>>())?;
    Ok(data.len())
}

fn main() {}

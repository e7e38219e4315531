use bufproto_py::ReadBuffer;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

fn content(py: Python<'_>) -> PyResult<Vec<u8>> {
    let object = PyBytes::new(py, b"hello");
    let data: ReadBuffer<'_, '_> = object.extract()?;
    let bytes = data.as_frozen().unwrap_or_default();
    drop(object);
    Ok(bytes.to_vec())
}

fn main() {}

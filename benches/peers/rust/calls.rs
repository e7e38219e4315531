//! Whole functions with a buffer as their argument, as a caller in Python calls them.

use std::hint::black_box;

use bufproto_py::{ReadBuffer, WriteBuffer};
use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyDict;

/// What a function takes that takes the object and no more.
#[pyfunction]
fn frame(data: &Bound<'_, PyAny>) -> usize {
    black_box(data.as_ptr());
    5
}

/// A function with an argument of a type, that uses its memory.
macro_rules! calls {
    ($($name:ident($data:ident: $kind:ty) => $pointer:expr, $length:expr;)*) => {$(
        #[pyfunction]
        #[expect(clippy::allow_attributes, reason = "not every type is passed by value")]
        #[allow(clippy::needless_pass_by_value, reason = "that is what an argument is")]
        fn $name($data: $kind) -> usize {
            let _ = black_box($pointer);
            $length
        }
    )*};
}

calls! {
    read_buffer(data: ReadBuffer<'_, '_>) => data.shared().as_ptr(), data.len();
    write_buffer(data: WriteBuffer<'_, '_>) => data.shared().as_mut_ptr(), data.len();
    read_u8(data: ReadBuffer<'_, '_, u8>) => data.shared().as_ptr(), data.shared().len();
    read_f64(data: ReadBuffer<'_, '_, f64>) => data.shared().as_ptr(), data.shared().len();
    buffer_u8(data: PyBuffer<u8>) => data.buf_ptr(), data.len_bytes();
    buffer_f64(data: PyBuffer<f64>) => data.buf_ptr(), data.len_bytes();
    slice(data: &[u8]) => data.as_ptr(), data.len();
    backed(data: PyBackedBytes) => data.as_ptr(), data.len();
    array_u8(data: PyReadonlyArray1<'_, u8>) => data.as_slice().map(<[u8]>::as_ptr), data.as_slice().map_or(0, <[u8]>::len);
    array_f64(data: PyReadonlyArray2<'_, f64>) => data.as_slice().map(<[f64]>::as_ptr), data.as_slice().map_or(0, <[f64]>::len) * 8;
}

/// The functions by the names that the harness has for them.
pub(crate) fn functions(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let functions = PyDict::new(py);
    for function in [
        wrap_pyfunction!(frame, py)?,
        wrap_pyfunction!(read_buffer, py)?,
        wrap_pyfunction!(write_buffer, py)?,
        wrap_pyfunction!(read_u8, py)?,
        wrap_pyfunction!(read_f64, py)?,
        wrap_pyfunction!(buffer_u8, py)?,
        wrap_pyfunction!(buffer_f64, py)?,
        wrap_pyfunction!(slice, py)?,
        wrap_pyfunction!(backed, py)?,
        wrap_pyfunction!(array_u8, py)?,
        wrap_pyfunction!(array_f64, py)?,
    ] {
        functions.set_item(function.getattr("__name__")?, function)?;
    }
    Ok(functions)
}

//! Buffers as arguments of a `#[pyfunction]`: bufproto's types beside PyO3's, each over the same call with an argument
//! that is only the object. Every answer is checked before it is timed.
//!
//! With `--count` nothing is timed: each case runs in stretches, for callgrind to count the instructions of. The
//! difference between a long stretch and a short one is what 1000 calls take. `cargo xtask budget` does that, and compares.

use std::hint::black_box;

use bufproto_py::{ReadBuffer, WriteBuffer};
use criterion::Criterion;
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;

#[pyfunction]
fn object(data: &Bound<'_, PyAny>) -> usize {
    black_box(data.as_ptr());
    5
}

#[pyfunction]
fn read_buffer(data: ReadBuffer<'_, '_>) -> usize {
    black_box(data.shared().as_ptr());
    data.len()
}

#[pyfunction]
fn write_buffer(data: WriteBuffer<'_, '_>) -> usize {
    black_box(data.shared().as_mut_ptr());
    data.len()
}

#[pyfunction]
fn typed_buffer(data: ReadBuffer<'_, '_, u8>) -> usize {
    black_box(data.shared().as_ptr());
    data.len()
}

#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "that is what an argument is")]
fn pyo3_buffer(data: PyBuffer<u8>) -> usize {
    black_box(data.buf_ptr());
    data.len_bytes()
}

#[pyfunction]
fn pyo3_slice(data: &[u8]) -> usize {
    black_box(data.as_ptr());
    data.len()
}

#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "that is what an argument is")]
fn pyo3_backed(data: PyBackedBytes) -> usize {
    black_box(data.as_ptr());
    data.len()
}

/// Extraction alone: what PyO3 does to the error of an argument, to name it, is left out.
#[pyfunction]
fn extract_read_buffer(data: &Bound<'_, PyAny>) -> usize {
    data.extract::<ReadBuffer<'_, '_>>().map_or(0, |data| data.len())
}

#[pyfunction]
fn extract_pyo3_buffer(data: &Bound<'_, PyAny>) -> usize {
    data.extract::<PyBuffer<u8>>().map_or(0, |data| data.len_bytes())
}

/// Objects of five bytes, by the expressions that make them, and an `int`, which is refused.
/// numpy's is left out where numpy cannot be imported.
/// The second array is of a derived type, so that it is asked, as every array is without the feature `numpy`.
const OBJECTS: [(&str, &str); 9] = [
    ("bytes", "b'hello'"),
    ("bytearray", "bytearray(b'hello')"),
    ("memoryview", "memoryview(bytearray(b'hello'))"),
    ("array", "__import__('array').array('B', b'hello')"),
    ("mmap", "__import__('mmap').mmap(-1, 5)"),
    ("ctypes", "(__import__('ctypes').c_ubyte * 5)()"),
    ("numpy u8", "__import__('numpy').frombuffer(bytearray(b'hello'), 'u1')"),
    (
        "numpy derived",
        "__import__('numpy').frombuffer(bytearray(b'hello'), 'u1').view(__import__('numpy').memmap)",
    ),
    ("int", "42"),
];

/// Calls the function, as the interpreter does. The answer, if it is one.
#[inline(never)]
fn call(function: &Bound<'_, PyAny>, argument: &Bound<'_, PyAny>) -> Option<usize> {
    // SAFETY: both objects are alive, and the thread is attached; the answer is a new reference to a small integer, or
    // there is an exception.
    unsafe {
        let answer = ffi::PyObject_CallOneArg(function.as_ptr(), argument.as_ptr());
        if answer.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        let length = ffi::PyLong_AsSize_t(answer);
        ffi::Py_DECREF(answer);
        Some(length)
    }
}

/// Runs a case many times; the function that callgrind counts.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn bufproto_counted(function: &Bound<'_, PyAny>, argument: &Bound<'_, PyAny>, times: usize) {
    for _ in 0..times {
        black_box(call(black_box(function), black_box(argument)));
    }
}

/// What is done with a case: the name of the object, that of the function, the function, and the object.
type Run<'a> = dyn FnMut(&str, &str, &Bound<'_, PyAny>, &Bound<'_, PyAny>) + 'a;

/// Runs every case.
fn cases(py: Python<'_>, run: &mut Run<'_>) -> PyResult<()> {
    let functions = [
        ("object", wrap_pyfunction!(object, py)?),
        ("ReadBuffer", wrap_pyfunction!(read_buffer, py)?),
        ("WriteBuffer", wrap_pyfunction!(write_buffer, py)?),
        ("ReadBuffer<u8>", wrap_pyfunction!(typed_buffer, py)?),
        ("PyO3 PyBuffer<u8>", wrap_pyfunction!(pyo3_buffer, py)?),
        ("extract ReadBuffer", wrap_pyfunction!(extract_read_buffer, py)?),
        ("extract PyO3 PyBuffer<u8>", wrap_pyfunction!(extract_pyo3_buffer, py)?),
        ("PyO3 &[u8]", wrap_pyfunction!(pyo3_slice, py)?),
        ("PyO3 PyBackedBytes", wrap_pyfunction!(pyo3_backed, py)?),
    ];
    for (name, expression) in OBJECTS {
        let expression = std::ffi::CString::new(expression)?;
        let argument = match py.eval(&expression, None, None) {
            Err(error) if error.is_instance_of::<PyImportError>(py) => continue,
            made => made?,
        };
        for (function_name, function) in &functions {
            let refused = name == "int";
            let answer = call(function, &argument);
            // A type that does not take the object has no time.
            if refused || answer.is_some_and(|length| length != 0) {
                assert!(refused || answer == Some(5), "{function_name} of {name}: {answer:?}");
                run(name, function_name, function, &argument);
            }
        }
    }
    Ok(())
}

fn main() -> PyResult<()> {
    let counts = std::env::args().any(|argument| argument == "--count");
    Python::initialize();
    Python::attach(|py| {
        if counts {
            return cases(py, &mut |name, function_name, function, argument| {
                for times in [100, 1100] {
                    println!("{name}\t{function_name}\t{times}");
                    bufproto_counted(function, argument, times);
                }
            });
        }
        let mut criterion = Criterion::default().configure_from_args();
        cases(py, &mut |name, function_name, function, argument| {
            let mut group = criterion.benchmark_group(name);
            group.bench_function(function_name, |bencher| {
                bencher.iter(|| call(black_box(function), black_box(argument)))
            });
            group.finish();
        })?;
        criterion.final_summary();
        Ok(())
    })
}

use bufproto_py::StableBuffer;
use pyo3::prelude::*;

// The slice may go where the interpreter is detached; the buffer, which gives the memory back attached, may not.
fn drop_detached(py: Python<'_>, data: StableBuffer<'_, '_>) {
    py.detach(|| drop(data));
}

fn main() {}

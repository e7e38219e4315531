use bufproto_py::OwnedBuffer;
use pyo3::prelude::*;

fn first(data: &OwnedBuffer) -> Option<u8> {
    let bytes = Python::attach(|py| data.shared(py));
    bytes.get(0)
}

fn main() {}

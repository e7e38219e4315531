use bufproto_py::ReadBuffer;
use pyo3::prelude::*;

fn sum(py: Python<'_>, data: ReadBuffer<'_, '_>) -> u64 {
    let bytes = data.shared();
    py.detach(|| bytes.iter().map(u64::from).sum())
}

fn main() {}

use bufproto_py::{ExportError, Exported};
use pyo3::prelude::*;

fn sum(py: Python<'_>, memory: &Exported<Vec<u8>>) -> Result<u64, ExportError> {
    memory.read(py, |bytes| py.detach(|| bytes.iter().map(u64::from).sum()))
}

fn main() {}

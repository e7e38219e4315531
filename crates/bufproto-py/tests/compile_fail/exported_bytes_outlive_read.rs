use bufproto_py::{ExportError, Exported, Shared};
use pyo3::prelude::*;

fn bytes<'a>(py: Python<'_>, memory: &'a Exported<Vec<u8>>) -> Result<Shared<'a>, ExportError> {
    memory.read(py, |bytes| bytes)
}

fn main() {}

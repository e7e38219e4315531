//! The lines of a file that is mapped into memory, without a copy of the file: `Lines(mmap.mmap(...))[1000]`.

#[pyo3::pymodule]
mod lines {
    use bufproto_py::OwnedBuffer;
    use pyo3::exceptions::PyIndexError;
    use pyo3::prelude::*;
    use pyo3::types::PyBytes;

    /// The lines of a buffer, which is held as long as this lives: a map cannot be closed, a `bytearray` not resized. (On PyPy,
    /// which closes a map all the same, an `OwnedBuffer` holds a copy of it.)
    #[pyclass(frozen)]
    struct Lines {
        data: OwnedBuffer,
        /// Where each line ends, its line feed included.
        ends: Vec<usize>,
    }

    #[pymethods]
    impl Lines {
        #[new]
        fn new(py: Python<'_>, data: OwnedBuffer) -> Self {
            let feed = |(index, byte)| (byte == b'\n').then_some(index + 1);
            let mut ends: Vec<_> = data.shared(py).iter().enumerate().filter_map(feed).collect();
            if ends.last().copied().unwrap_or(0) < data.len() {
                ends.push(data.len());
            }
            Self { data, ends }
        }

        fn __len__(&self) -> usize {
            self.ends.len()
        }

        /// A line as it is now: whoever has the file open may have written to it.
        fn __getitem__<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyBytes>> {
            let end = *self.ends.get(index).ok_or_else(|| PyIndexError::new_err("there is no such line"))?;
            let start = if index == 0 { 0 } else { self.ends[index - 1] };
            PyBytes::new_with(py, end - start, |line| {
                if let Some(bytes) = self.data.shared(py).part(start..end) {
                    bytes.copy_to_slice(line);
                }
                Ok(())
            })
        }
    }
}

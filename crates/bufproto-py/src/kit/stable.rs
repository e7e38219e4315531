//! A class that offers stable reads, and functions that want them; for tests.

use pyo3::prelude::*;

pub(super) use stable::Coordinated;

/// Stable reads.
#[expect(unsafe_op_in_unsafe_fn, reason = "PyO3 calls the methods of a macro of this crate like this")]
#[pymodule]
pub(crate) mod stable {
    use std::sync::Mutex;

    use pyo3::exceptions::PyIndexError;
    use pyo3::prelude::*;
    use pyo3::types::PyBytes;

    use crate::{Export, Exported, OwnedStable, StableBuffer, exporter};

    /// Bytes that everybody may write to, but nobody while there is a stable read.
    #[pyclass(frozen, subclass, weakref)]
    pub(crate) struct Coordinated(Exported<Vec<u8>>);

    impl Coordinated {
        pub(crate) fn new(bytes: &[u8]) -> Self {
            Self(Exported::bytes(bytes.to_vec()))
        }
    }

    impl Export for Coordinated {
        type Storage = Vec<u8>;
        fn exported(&self) -> &Exported<Vec<u8>> {
            &self.0
        }
    }

    exporter! {
        #[pymethods]
        impl Coordinated {
            #[new]
            fn python_new(bytes: &[u8]) -> Self {
                Self::new(bytes)
            }

            fn __setitem__(&self, py: Python<'_>, index: usize, byte: u8) -> PyResult<()> {
                let written = self.0.write(py, |bytes| bytes.set(index, byte))?;
                if written { Ok(()) } else { Err(PyIndexError::new_err("index out of range")) }
            }

            fn resize(&self, length: usize) -> PyResult<()> {
                Ok(self.0.resize(|bytes| bytes.resize(length, 0))?)
            }

            fn exports(&self) -> usize {
                self.0.exports()
            }

            /// Another object of the same memory.
            fn sharing(slf: Bound<'_, Self>) -> Sharing {
                Sharing(slf.unbind())
            }
        }
    }

    /// Exports the memory of another object.
    #[pyclass(frozen)]
    struct Sharing(Py<Coordinated>);

    impl Export for Sharing {
        type Storage = Vec<u8>;
        fn exported(&self) -> &Exported<Vec<u8>> {
            &self.0.get().0
        }
    }

    exporter! {
        #[pymethods]
        impl Sharing {
            fn __setitem__(&self, py: Python<'_>, index: usize, byte: u8) -> PyResult<()> {
                self.0.bind(py).set_item(index, byte)
            }
        }
    }

    #[pyfunction]
    fn read<'py>(py: Python<'py>, data: StableBuffer<'_, 'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &data)
    }

    /// Where the memory is.
    #[pyfunction]
    fn address(data: StableBuffer<'_, '_>) -> usize {
        data.as_ptr().addr()
    }

    /// Sums with the interpreter detached, several times over, and says whether the sums are the same.
    #[pyfunction]
    fn sum_detached(py: Python<'_>, data: StableBuffer<'_, '_>, times: usize) -> Option<u64> {
        let bytes = data.as_slice();
        py.detach(|| {
            let sum = || bytes.iter().copied().map(u64::from).sum::<u64>();
            let first = sum();
            (1..times).all(|_| sum() == first).then_some(first)
        })
    }

    /// Calls a function while the memory is held, and returns the memory as it is afterwards.
    #[pyfunction]
    fn while_reading<'py>(
        py: Python<'py>,
        data: StableBuffer<'_, 'py>,
        call: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        call.call0()?;
        Ok(PyBytes::new(py, &data))
    }

    /// A stable read that is stored.
    #[pyclass(frozen)]
    struct Stored(Mutex<Option<OwnedStable>>);

    #[pymethods]
    impl Stored {
        #[new]
        fn new(data: OwnedStable) -> Self {
            Self(Mutex::new(Some(data)))
        }

        fn read<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
            self.0.lock().ok()?.as_deref().map(|bytes| PyBytes::new(py, bytes))
        }

        fn drop_attached(&self) {
            drop(self.take());
        }

        fn drop_detached(&self, py: Python<'_>) {
            let taken = self.take();
            py.detach(|| drop(taken));
        }

        /// Reads and drops it on a thread that knows nothing of the interpreter.
        fn sum_and_drop_on_a_thread(&self, py: Python<'_>) -> u64 {
            let taken = self.take();
            let sum = move || taken.map_or(0, |data| data.iter().copied().map(u64::from).sum());
            py.detach(|| std::thread::spawn(sum).join().unwrap_or_default())
        }
    }

    impl Stored {
        fn take(&self) -> Option<OwnedStable> {
            self.0.lock().ok()?.take()
        }
    }
}

//! A Rust `Vec<f64>` that numpy works on, without a copy: `numpy.asarray(squares(10))`.

#[pyo3::pymodule]
mod export {
    use bufproto_py::{Export, Exported, ReadBuffer, exporter};
    use pyo3::prelude::*;

    /// Numbers in a vector, which lives as long as this or a view of it.
    #[pyclass(frozen)]
    struct Series(Exported<Vec<f64>>);

    impl Export for Series {
        type Storage = Vec<f64>;
        fn exported(&self) -> &Exported<Vec<f64>> {
            &self.0
        }
    }

    // `Series` is a buffer by this, and a class like any other.
    exporter! {
        #[pymethods]
        impl Series {
            /// Appends an array of `double`; raises `BufferError` while somebody has a view of the memory, which may move.
            fn extend(&self, numbers: ReadBuffer<'_, '_, f64>) -> PyResult<()> {
                Ok(self.0.resize(|memory| memory.extend(numbers.iter()))?)
            }
        }
    }

    /// The first square numbers.
    #[pyfunction]
    fn squares(count: u32) -> Series {
        let numbers = (0..count).map(|number| f64::from(number).powi(2)).collect();
        Series(Exported::new(numbers))
    }
}

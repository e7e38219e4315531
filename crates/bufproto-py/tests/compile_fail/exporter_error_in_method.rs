use bufproto_py::{Export, Exported};
use pyo3::prelude::*;

#[pyclass(frozen)]
struct Samples(Exported<Vec<f64>>);

impl Export for Samples {
    type Storage = Vec<f64>;
    fn exported(&self) -> &Exported<Vec<f64>> {
        &self.0
    }
}

bufproto_py::exporter! {
    #[pymethods]
    impl Samples {
        fn first(&self) -> Option<f64> {
            self.0.first()
        }
    }
}

fn main() {}

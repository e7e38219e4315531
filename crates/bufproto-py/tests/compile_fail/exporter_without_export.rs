use pyo3::prelude::*;

#[pyclass(frozen)]
struct Samples(Vec<f64>);

bufproto_py::exporter! {
    #[pymethods]
    impl Samples {
        fn first(&self) -> Option<f64> {
            self.0.first().copied()
        }
    }
}

fn main() {}

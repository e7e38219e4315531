//! Arrays of `ndarray`, made of live objects and exported to them; for tests.

use pyo3::prelude::*;

/// Functions that take and give arrays.
#[expect(unsafe_op_in_unsafe_fn, reason = "PyO3 calls the methods of a macro of this crate like this")]
#[pymodule]
pub(crate) mod arrays {
    use bufproto_core::element::{Be, Element};
    use ndarray::{Array, ArrayD, ArrayViewD, Axis, Dimension, ShapeBuilder, Slice};
    use pyo3::exceptions::PyValueError;
    use pyo3::prelude::*;

    use crate::{
        ArrayItems, ArrayItemsMut, Export, Exported, ReadBuffer, Request, Slot, TypedView, WriteBuffer,
        array_of, exporter, field, field_mut, fill, stable, typed, typed_mut,
    };

    /// Shape and items, in C order.
    type Described<T> = (Vec<usize>, Vec<T>);

    fn describe<T: Clone>(array: ArrayViewD<'_, T>) -> Described<T> {
        (array.shape().to_vec(), array.iter().cloned().collect())
    }

    fn with<R>(
        object: &Bound<'_, PyAny>,
        body: impl FnOnce(&crate::View<'_, '_>) -> PyResult<R>,
    ) -> PyResult<R> {
        let mut slot = Slot::new();
        let view = fill(&mut slot, object, Request::FULL_RO)?;
        body(&view)
    }

    #[pyfunction]
    fn copy_u8(#[pyo3(from_py_with = array_of)] array: ArrayD<u8>) -> Described<u8> {
        assert!(array.is_standard_layout() || array.t().is_standard_layout());
        describe(array.view())
    }

    #[pyfunction]
    fn copy_i32(#[pyo3(from_py_with = array_of)] array: ArrayD<i32>) -> Described<i32> {
        assert!(array.is_standard_layout() || array.t().is_standard_layout());
        describe(array.view())
    }

    #[pyfunction]
    fn copy_f64(#[pyo3(from_py_with = array_of)] array: ArrayD<f64>) -> Described<f64> {
        assert!(array.is_standard_layout() || array.t().is_standard_layout());
        describe(array.view())
    }

    #[pyfunction]
    fn copy_big_i32(#[pyo3(from_py_with = array_of)] array: ArrayD<Be<i32>>) -> Described<i32> {
        describe(array.mapv(Be::get).view())
    }

    #[pyfunction]
    fn copy_field_f64(object: &Bound<'_, PyAny>, name: &str) -> PyResult<Described<f64>> {
        with(object, |view| Ok(describe(field::<f64>(view, name)?.to_array()?.view())))
    }

    /// Shape and items of a view, and its strides in items.
    fn look<T: Element>(items: TypedView<'_, T>) -> PyResult<(Described<T>, Vec<isize>)> {
        // SAFETY: nothing calls Python while the array lives, and the tests write on no other thread.
        let array = unsafe { items.as_array_view() }?;
        let strides = array.strides().to_vec();
        Ok((describe(array), strides))
    }

    #[pyfunction]
    fn view_i32(object: &Bound<'_, PyAny>) -> PyResult<(Described<i32>, Vec<isize>)> {
        with(object, |view| look(typed(view)?))
    }

    #[pyfunction]
    fn view_f64(object: &Bound<'_, PyAny>) -> PyResult<(Described<f64>, Vec<isize>)> {
        with(object, |view| look(typed(view)?))
    }

    #[pyfunction]
    fn view_field_f64(object: &Bound<'_, PyAny>, name: &str) -> PyResult<(Described<f64>, Vec<isize>)> {
        with(object, |view| look(field(view, name)?))
    }

    /// Frozen items, read while the interpreter is detached.
    fn frozen<T: Element + Sync + Send>(py: Python<'_>, items: TypedView<'_, T>) -> PyResult<Described<T>> {
        let array = items.as_frozen_array()?;
        assert_eq!(array.len(), items.len());
        assert!(items.is_empty() || items.iter().len() == array.len());
        Ok(py.detach(|| describe(array)))
    }

    #[pyfunction]
    fn frozen_u8(py: Python<'_>, object: &Bound<'_, PyAny>) -> PyResult<Described<u8>> {
        with(object, |view| frozen(py, typed(view)?))
    }

    #[pyfunction]
    fn frozen_i32(py: Python<'_>, object: &Bound<'_, PyAny>) -> PyResult<Described<i32>> {
        with(object, |view| frozen(py, typed(view)?))
    }

    #[pyfunction]
    fn stable_u8(py: Python<'_>, object: &Bound<'_, PyAny>) -> PyResult<Described<u8>> {
        let mut slot = Slot::new();
        let view = stable::fill(&mut slot, object, Request::FULL_RO)?;
        frozen(py, stable::typed(&view)?)
    }

    /// Calls a function during a stable read, and returns what is read afterwards.
    #[pyfunction]
    fn stable_f64(
        py: Python<'_>,
        object: &Bound<'_, PyAny>,
        call: &Bound<'_, PyAny>,
    ) -> PyResult<Described<f64>> {
        let mut slot = Slot::new();
        let view = stable::fill(&mut slot, object, Request::FULL_RO)?;
        let array = stable::typed::<f64>(&view)?.as_frozen_array()?;
        call.call0()?;
        Ok(py.detach(|| describe(array)))
    }

    /// The items, and whether they were not copied.
    #[pyfunction]
    fn snapshot_u8(object: &Bound<'_, PyAny>) -> PyResult<(Described<u8>, bool)> {
        with(object, |view| {
            let array = typed::<u8>(view)?.snapshot_array()?;
            Ok((describe(array.view()), array.is_view()))
        })
    }

    #[pyfunction]
    fn scale_f64(object: &Bound<'_, PyAny>, factor: f64) -> PyResult<()> {
        with(object, |view| {
            // SAFETY: as in `look`.
            let mut array = unsafe { typed_mut::<f64>(view)?.as_array_view_mut() }?;
            array *= factor;
            Ok(())
        })
    }

    #[pyfunction]
    fn scale_field_f64(object: &Bound<'_, PyAny>, name: &str, factor: f64) -> PyResult<()> {
        with(object, |view| {
            // SAFETY: as in `look`.
            let mut array = unsafe { field_mut::<f64>(view, name)?.as_array_view_mut() }?;
            array *= factor;
            Ok(())
        })
    }

    fn array(items: Vec<f64>, shape: &[usize], fortran: bool) -> PyResult<ArrayD<f64>> {
        Array::from_shape_vec(shape.set_f(fortran), items)
            .map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// Writes the items of an array of this shape and order.
    #[pyfunction]
    fn assign_f64(
        object: &Bound<'_, PyAny>,
        items: Vec<f64>,
        shape: Vec<usize>,
        fortran: bool,
    ) -> PyResult<()> {
        let array = array(items, &shape, fortran)?;
        with(object, |view| Ok(typed_mut(view)?.copy_from_array(&array)?))
    }

    #[pyfunction]
    fn row_i32(data: ReadBuffer<'_, '_, i32>) -> PyResult<Vec<i32>> {
        let items = data.to_array();
        assert_eq!(items, data.snapshot_array());
        // SAFETY: as in `look`.
        match unsafe { data.as_array_view() } {
            Ok(array) => assert_eq!(items, array),
            Err(error) => return Err(error.into()),
        }
        Ok(items.to_vec())
    }

    #[pyfunction]
    fn row_frozen_u8(py: Python<'_>, data: ReadBuffer<'_, '_, u8>) -> PyResult<Vec<u8>> {
        let array = data.as_frozen_array()?;
        Ok(py.detach(|| array.to_vec()))
    }

    #[pyfunction]
    fn scale_row_f64(mut data: WriteBuffer<'_, '_, f64>, factor: f64) -> PyResult<Vec<f64>> {
        // SAFETY: as in `look`.
        let mut array = unsafe { data.as_array_view_mut() }?;
        array *= factor;
        Ok(data.to_array().to_vec())
    }

    /// An array in Rust that Python works on.
    #[pyclass(frozen)]
    struct Table(Exported<Vec<f64>>);

    impl Export for Table {
        type Storage = Vec<f64>;
        fn exported(&self) -> &Exported<Vec<f64>> {
            &self.0
        }
    }

    exporter! {
        #[pymethods]
        impl Table {
            /// Of each dimension, every `step`th item is left; all of it is then reversed if the step is negative.
            #[new]
            #[pyo3(signature = (items, shape, fortran=false, step=1))]
            fn new(items: Vec<f64>, shape: Vec<usize>, fortran: bool, step: isize) -> PyResult<Self> {
                let mut array = array(items, &shape, fortran)?;
                for axis in 0..array.ndim() {
                    array.slice_axis_inplace(Axis(axis), Slice::new(0, None, step));
                }
                Ok(Self(Exported::from_array(array)?))
            }

            /// Of a fixed number of dimensions.
            #[staticmethod]
            fn matrix(rows: Vec<[f64; 2]>) -> PyResult<Self> {
                Ok(Self(Exported::from_array(ndarray::Array2::from(rows))?))
            }

            /// The items as Rust sees them.
            fn items(&self, py: Python<'_>) -> PyResult<Described<f64>> {
                Ok(self.0.view(py, |items| items.to_array().map(|array| describe(array.view())))??)
            }

            fn address(&self, py: Python<'_>) -> PyResult<usize> {
                Ok(self.0.view(py, |items| items.as_ptr().addr())?)
            }
        }
    }

    /// An exported array's memory is the array's own.
    #[pyfunction]
    fn is_exported_in_place(py: Python<'_>, items: Vec<f64>) -> PyResult<bool> {
        let array = Array::from(items);
        let address = array.as_ptr().addr();
        assert_eq!(array.raw_dim().ndim(), 1);
        let exported = Exported::from_array(array)?;
        Ok(exported.view(py, |items| items.as_ptr().addr())? == address)
    }
}

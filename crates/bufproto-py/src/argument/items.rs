//! Memory as items of one type.

use bufproto_core::element::{Element, ElementError};
use bufproto_core::rules::Rule;
use bufproto_core::shared::Shared;
use bufproto_core::typed::{TypedError, TypedView, TypedViewMut};
use pyo3::exceptions::{PyBufferError, PyTypeError, PyValueError};
use pyo3::prelude::*;

use super::{ReadBuffer, WriteBuffer};
use crate::copies::copy_of;
use crate::lease::Lease;
use crate::object::{FAMILY, Object};
use crate::refusal;
use crate::view::View;

/// Items of type `T` side by side in C order, of any number of dimensions, and at any address. A view without a format
/// has unsigned bytes.
///
/// ```
/// use bufproto_core::element::Be;
/// use bufproto_py::ReadBuffer;
/// use pyo3::prelude::*;
///
/// #[pyfunction]
/// fn sum(data: ReadBuffer<'_, '_, i32>) -> i64 {
///     data.iter().map(i64::from).sum()
/// }
///
/// #[pyfunction]
/// fn sum_big_endian(data: ReadBuffer<'_, '_, Be<i32>>) -> i64 {
///     data.iter().map(|item| i64::from(item.get())).sum()
/// }
///
/// Python::initialize();
/// Python::attach(|py| {
///     let array = |code| py.import("array")?.getattr("array")?.call1((code, [1, 2, 3]));
///     assert_eq!(wrap_pyfunction!(sum, py)?.call1((array("i")?,))?.extract::<i64>()?, 6);
///     assert_eq!(
///         wrap_pyfunction!(sum, py)?.call1((array("d")?,)).unwrap_err().to_string(),
///         "TypeError: argument 'data': the items have format 'd', but '=i' is wanted"
///     );
///     let refused = wrap_pyfunction!(sum_big_endian, py)?.call1((array("i")?,)).unwrap_err();
///     assert!(refused.to_string().contains("the byte order differs"));
///     PyResult::Ok(())
/// }).unwrap();
/// ```
impl<'a, 'py, T: Element> FromPyObject<'a, 'py> for ReadBuffer<'a, 'py, T> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Some(buffer) = Self::try_bytes(object) {
            fits::<T>(object)(b"B", 1, buffer.lease.len())?;
            return Ok(buffer);
        }
        let lease = Lease::acquire_items::<false>(object, fits::<T>(object))?;
        Ok(Self::new(lease, object.py().into()))
    }
}

/// As [`ReadBuffer`]'s items, to write too.
///
/// ```
/// use bufproto_py::WriteBuffer;
/// use pyo3::prelude::*;
///
/// #[pyfunction]
/// fn double(data: WriteBuffer<'_, '_, f64>) {
///     for index in 0..data.len() {
///         data.set(index, data.get(index).unwrap_or_default() * 2.0);
///     }
/// }
///
/// Python::initialize();
/// Python::attach(|py| {
///     let array = py.import("array")?.getattr("array")?.call1(("d", [0.5, 1.5]))?;
///     wrap_pyfunction!(double, py)?.call1((&array,))?;
///     assert_eq!(array.extract::<Vec<f64>>()?, [1.0, 3.0]);
///     PyResult::Ok(())
/// }).unwrap();
/// ```
impl<'a, 'py, T: Element> FromPyObject<'a, 'py> for WriteBuffer<'a, 'py, T> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let lease = Lease::acquire_items::<true>(object, fits::<T>(object))?;
        Ok(Self::new(lease, object.py().into()))
    }
}

/// Whether an object's items, of this format and size, so many bytes of them, are items of type `T`.
#[inline]
fn fits<T: Element>(object: Borrowed<'_, '_, PyAny>) -> impl FnOnce(&[u8], usize, usize) -> PyResult<()> {
    move |format, item_size, length| {
        if let Err(error) = T::check(format, item_size) {
            return Err(refuse(error, object));
        }
        if length.is_multiple_of(size_of::<T>()) {
            Ok(())
        } else {
            Err(refusal::of(Rule::ArgumentItems, Object::from(object)))
        }
    }
}

#[cold]
#[inline(never)]
fn refuse(error: ElementError<'_>, object: Borrowed<'_, '_, PyAny>) -> PyErr {
    refusal::complete(PyTypeError::new_err(error.to_string()), object.py())
}

impl<T: Element> ReadBuffer<'_, '_, T> {
    /// The number of items.
    ///
    /// ```
    /// use bufproto_py::ReadBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let object = py.eval(c"__import__('array').array('i', [1, 2])", None, None)?;
    /// assert_eq!(object.extract::<ReadBuffer<'_, '_, i32>>()?.len(), 2);
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.lease.len() / size_of::<T>()
    }

    /// Whether there are no items.
    ///
    /// ```
    /// use bufproto_py::ReadBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let object = py.eval(c"__import__('array').array('i')", None, None)?;
    /// assert!(object.extract::<ReadBuffer<'_, '_, i32>>()?.is_empty());
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lease.len() == 0
    }

    /// The item at `index`, as it is now; `None` past the end.
    ///
    /// ```
    /// use bufproto_py::ReadBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let object = py.eval(c"__import__('array').array('d', [0.5, 1.5])", None, None)?;
    /// let items: ReadBuffer<'_, '_, f64> = object.extract()?;
    /// assert_eq!((items.get(1), items.get(2)), (Some(1.5), None));
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn get(&self, index: usize) -> Option<T> {
        self.shared().item(index.checked_mul(size_of::<T>())?)
    }

    /// The items one after the other, each as it is when its turn comes.
    ///
    /// ```
    /// use bufproto_py::ReadBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let object = py.eval(c"__import__('array').array('d', [0.5, 1.5])", None, None)?;
    /// let items: ReadBuffer<'_, '_, f64> = object.extract()?;
    /// assert_eq!(items.iter().sum::<f64>(), 2.0);
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn iter(&self) -> impl ExactSizeIterator<Item = T> + '_ {
        items(self.shared())
    }

    /// Copies as many items as fit, from the first on, and returns how many.
    ///
    /// ```
    /// use bufproto_py::ReadBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let object = py.eval(c"__import__('array').array('i', [1, 2, 3])", None, None)?;
    /// let mut head = [0; 2];
    /// assert_eq!(object.extract::<ReadBuffer<'_, '_, i32>>()?.copy_to_slice(&mut head), 2);
    /// assert_eq!(head, [1, 2]);
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn copy_to_slice(&self, into: &mut [T]) -> usize {
        self.shared().items_to_slice(into)
    }

    /// A copy of the items.
    ///
    /// ```
    /// use bufproto_py::ReadBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let object = py.eval(c"__import__('array').array('i', [1, 2, 3])", None, None)?;
    /// assert_eq!(object.extract::<ReadBuffer<'_, '_, i32>>()?.to_vec(), [1, 2, 3]);
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn to_vec(&self) -> Vec<T> {
        copy_of(self.shared())
    }
}

impl<T: Element> WriteBuffer<'_, '_, T> {
    /// The number of items.
    ///
    /// ```
    /// use bufproto_py::WriteBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let object = py.eval(c"__import__('array').array('i', [1, 2])", None, None)?;
    /// assert_eq!(object.extract::<WriteBuffer<'_, '_, i32>>()?.len(), 2);
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.lease.len() / size_of::<T>()
    }

    /// Whether there are no items.
    ///
    /// ```
    /// use bufproto_py::WriteBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let object = py.eval(c"__import__('array').array('i')", None, None)?;
    /// assert!(object.extract::<WriteBuffer<'_, '_, i32>>()?.is_empty());
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lease.len() == 0
    }

    /// The item at `index`, as it is now; `None` past the end.
    ///
    /// ```
    /// use bufproto_py::WriteBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let object = py.eval(c"__import__('array').array('d', [0.5, 1.5])", None, None)?;
    /// let items: WriteBuffer<'_, '_, f64> = object.extract()?;
    /// assert_eq!((items.get(1), items.get(2)), (Some(1.5), None));
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn get(&self, index: usize) -> Option<T> {
        self.shared().as_shared().item(index.checked_mul(size_of::<T>())?)
    }

    /// Writes the item at `index`; says whether there is one.
    ///
    /// ```
    /// use bufproto_py::WriteBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let object = py.eval(c"__import__('array').array('d', [0.5, 1.5])", None, None)?;
    /// let items: WriteBuffer<'_, '_, f64> = object.extract()?;
    /// assert!(items.set(1, 2.5));
    /// assert!(!items.set(2, 2.5), "there is no third");
    /// assert_eq!(object.extract::<Vec<f64>>()?, [0.5, 2.5]);
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn set(&self, index: usize, item: T) -> bool {
        index.checked_mul(size_of::<T>()).is_some_and(|offset| self.shared().set_item(offset, item))
    }

    /// The items one after the other, each as it is when its turn comes.
    ///
    /// ```
    /// use bufproto_py::WriteBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let object = py.eval(c"__import__('array').array('d', [0.5, 1.5])", None, None)?;
    /// let items: WriteBuffer<'_, '_, f64> = object.extract()?;
    /// assert_eq!(items.iter().sum::<f64>(), 2.0);
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn iter(&self) -> impl ExactSizeIterator<Item = T> + '_ {
        items(self.shared().as_shared())
    }

    /// Sets every item.
    ///
    /// ```
    /// use bufproto_py::WriteBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let object = py.eval(c"__import__('array').array('d', [0.5, 1.5])", None, None)?;
    /// object.extract::<WriteBuffer<'_, '_, f64>>()?.fill(-1.0);
    /// assert_eq!(object.extract::<Vec<f64>>()?, [-1.0, -1.0]);
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn fill(&self, item: T) {
        for index in 0..self.len() {
            self.set(index, item);
        }
    }

    /// Copies as many items as fit, from the first on, and returns how many.
    ///
    /// ```
    /// use bufproto_py::WriteBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let object = py.eval(c"__import__('array').array('i', [1, 2, 3])", None, None)?;
    /// let mut head = [0; 2];
    /// assert_eq!(object.extract::<WriteBuffer<'_, '_, i32>>()?.copy_to_slice(&mut head), 2);
    /// assert_eq!(head, [1, 2]);
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn copy_to_slice(&self, into: &mut [T]) -> usize {
        self.shared().as_shared().items_to_slice(into)
    }

    /// Writes as many items as fit, from the first on, and returns how many.
    ///
    /// ```
    /// use bufproto_py::WriteBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let object = py.eval(c"__import__('array').array('i', [1, 2, 3])", None, None)?;
    /// assert_eq!(object.extract::<WriteBuffer<'_, '_, i32>>()?.copy_from_slice(&[8, 9]), 2);
    /// assert_eq!(object.extract::<Vec<i32>>()?, [8, 9, 3]);
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn copy_from_slice(&self, from: &[T]) -> usize {
        self.shared().items_from_slice(from)
    }

    /// A copy of the items.
    ///
    /// ```
    /// use bufproto_py::WriteBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let object = py.eval(c"__import__('array').array('i', [1, 2, 3])", None, None)?;
    /// assert_eq!(object.extract::<WriteBuffer<'_, '_, i32>>()?.to_vec(), [1, 2, 3]);
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn to_vec(&self) -> Vec<T> {
        copy_of(self.shared().as_shared())
    }
}

/// The items of memory whose length is a multiple of theirs.
fn items<T: Element>(memory: Shared<'_>) -> impl ExactSizeIterator<Item = T> + '_ {
    (0..memory.len() / size_of::<T>()).map(move |index| {
        // The index is within the memory, whose length does not change.
        memory.item(index * size_of::<T>()).unwrap_or_else(|| unreachable!())
    })
}

/// The items of a view of any layout.
///
/// ```
/// use bufproto_py::{Request, Slot, fill, typed};
/// use pyo3::prelude::*;
///
/// Python::initialize();
/// Python::attach(|py| {
///     let object = py.eval(c"memoryview(bytearray(range(6))).cast('B', (2, 3))", None, None)?;
///     let mut slot = Slot::new();
///     let view = fill(&mut slot, &object, Request::FULL_RO)?;
///     let items = typed::<u8>(&view)?;
///     assert_eq!(items.shape().collect::<Vec<_>>(), [2, 3]);
///     assert_eq!(items.get(&[1, 0]), Ok(3));
///     assert_eq!(items.iter().sum::<u8>(), 15);
///     assert_eq!(
///         typed::<f32>(&view).unwrap_err().to_string(),
///         "TypeError: the items have format 'B', but '=f' is wanted"
///     );
///     PyResult::Ok(())
/// }).unwrap();
/// ```
///
/// # Errors
///
/// `TypeError` if the items are of another type; `BufferError` if the exporter is at fault.
pub fn typed<'v, T: Element>(view: &'v View<'_, '_>) -> PyResult<TypedView<'v, T>> {
    view.held().typed().map_err(typed_error)
}

/// As [`typed`], to write to.
///
/// ```
/// use bufproto_py::{Request, Slot, fill, typed_mut};
/// # use pyo3::prelude::*;
///
/// # Python::initialize();
/// # Python::attach(|py| {
/// let array = py.eval(c"__import__('array').array('d', [0.5, 1.5])", None, None)?;
/// let mut slot = Slot::new();
/// let view = fill(&mut slot, &array, Request::FULL)?;
/// typed_mut::<f64>(&view)?.set(&[1], 2.5).unwrap();
/// assert_eq!(array.extract::<Vec<f64>>()?, [0.5, 2.5]);
/// # PyResult::Ok(())
/// # }).unwrap();
/// ```
///
/// # Errors
///
/// As [`typed`], and `BufferError` if the view is read-only.
pub fn typed_mut<'v, T: Element>(view: &'v View<'_, '_>) -> PyResult<TypedViewMut<'v, T>> {
    view.held().typed_mut().map_err(typed_error)
}

/// One field of items that are records, by its name, in every item of a view of any layout.
///
/// ```
/// use bufproto_py::{Request, Slot, field, fill};
/// use pyo3::prelude::*;
///
/// Python::initialize();
/// Python::attach(|py| {
///     let code = c"type('Point', (__import__('ctypes').Structure,), {'_fields_': [
///         ('x', __import__('ctypes').c_double), ('kind', __import__('ctypes').c_uint64)]})";
///     let points = (py.eval(code, None, None)?.mul(3)?).call1(((0.5, 1), (1.5, 2), (2.5, 3)))?;
///     let mut slot = Slot::new();
///     let view = fill(&mut slot, &points, Request::FULL_RO)?;
///     assert_eq!(field::<f64>(&view, "x")?.iter().sum::<f64>(), 4.5);
///     assert_eq!(field::<u64>(&view, "kind")?.get(&[2]), Ok(3));
///     assert!(field::<f32>(&view, "x").unwrap_err().to_string().contains("but '=f' is wanted"));
///     PyResult::Ok(())
/// }).unwrap();
/// ```
///
/// # Errors
///
/// As [`typed`], of the field; `ValueError` if there is none of that name. ctypes leaves padding out of its formats before
/// 3.12, so that they do not have the size of the records: that is refused too, by a `TypeError`.
pub fn field<'v, T: Element>(view: &'v View<'_, '_>, name: &str) -> PyResult<TypedView<'v, T>> {
    view.held().field(name.as_bytes()).map_err(typed_error)
}

/// As [`field`], to write to.
///
/// ```
/// use bufproto_py::{Request, Slot, field_mut, fill};
/// # use pyo3::prelude::*;
///
/// # Python::initialize();
/// # Python::attach(|py| {
/// let code = c"type('Pair', (__import__('ctypes').Structure,), {'_fields_': [
///     ('key', __import__('ctypes').c_uint64), ('value', __import__('ctypes').c_double)]})(1, 0.5)";
/// let pair = py.eval(code, None, None)?;
/// let mut slot = Slot::new();
/// let view = fill(&mut slot, &pair, Request::FULL)?;
/// field_mut::<f64>(&view, "value")?.fill(2.5);
/// assert_eq!(pair.getattr("value")?.extract::<f64>()?, 2.5);
/// assert_eq!(pair.getattr("key")?.extract::<u64>()?, 1);
/// # PyResult::Ok(())
/// # }).unwrap();
/// ```
///
/// # Errors
///
/// As [`field`], and `BufferError` if the view is read-only.
pub fn field_mut<'v, T: Element>(view: &'v View<'_, '_>, name: &str) -> PyResult<TypedViewMut<'v, T>> {
    view.held().field_mut(name.as_bytes()).map_err(typed_error)
}

pub(crate) fn typed_error(error: TypedError<'_>) -> PyErr {
    match error {
        TypedError::NoField { .. } => PyValueError::new_err(error.to_string()),
        TypedError::Element(_) => PyTypeError::new_err(error.to_string()),
        TypedError::Rule(rule) => {
            PyBufferError::new_err(rule.refusal(FAMILY).message.with_type_name("").to_string())
        }
        _ => PyBufferError::new_err(error.to_string()),
    }
}

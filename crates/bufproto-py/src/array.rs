//! Arrays of the crate `ndarray`, with the feature of this name.
//!
//! | there is | it becomes | by |
//! |---|---|---|
//! | any object whose items are `T`s, in any layout | an array, which is a copy | [`array_of`] |
//! | a [`TypedView`]: of a [view](crate::typed), of a [field](crate::field) of records, of what a class [exports](crate::Exported::view) | a copy | [`to_array`](ArrayItems::to_array) |
//! | the same of an exact `bytes`, or of a [stable read](crate::stable::fill) | a view of it, without a copy | [`as_frozen_array`](ArrayItems::as_frozen_array) |
//! | either of them | a view if it can be, else a copy | [`snapshot_array`](ArrayItems::snapshot_array) |
//! | memory that the caller knows to be left alone | a view, also to write to | the unsafe [`as_array_view`](ArrayItems::as_array_view), [`as_array_view_mut`](ArrayItemsMut::as_array_view_mut) |
//! | an array, and a writable view of the same shape | the array's items are in the view | [`copy_from_array`](ArrayItemsMut::copy_from_array) |
//! | a [`ReadBuffer<T>`], a [`WriteBuffer<T>`] | the same in one dimension | their methods of these names |
//! | an array that owns its items | what a class exports, without a copy | [`Exported::from_array`](crate::Exported::from_array) |
//!
//! A view of `ndarray` is a promise to the compiler that nobody else writes, as `&[T]` is. Python makes no such promise of
//! most memory, so the safe ways give a copy, or look at memory that is frozen.
//!
//! ```
//! use bufproto_py::array_of;
//! use ndarray::{ArrayD, arr2};
//! use pyo3::prelude::*;
//!
//! /// Takes whatever exports `double`s.
//! #[pyfunction]
//! fn trace(#[pyo3(from_py_with = array_of)] table: ArrayD<f64>) -> f64 {
//!     table.diag().sum()
//! }
//!
//! Python::initialize();
//! Python::attach(|py| {
//!     let array = py.import("array")?.getattr("array")?.call1(("d", [1.0, 2.0, 3.0, 4.0]))?;
//!     let table = py.import("builtins")?.getattr("memoryview")?.call1((array,))?;
//!     let table = table.call_method1("cast", ("B",))?.call_method1("cast", ("d", (2, 2)))?;
//!     assert_eq!(array_of::<f64>(&table)?, arr2(&[[1.0, 2.0], [3.0, 4.0]]).into_dyn());
//!     assert_eq!(wrap_pyfunction!(trace, py)?.call1((table,))?.extract::<f64>()?, 5.0);
//!     PyResult::Ok(())
//! }).unwrap();
//! ```

use core::slice;

use bufproto_core::element::Element;
use bufproto_core::layout::Order;
use bufproto_core::request::Request;
use bufproto_core::shared::{Shared, SharedMut};
use bufproto_core::typed::{TypedView, TypedViewMut};
use ndarray::{
    Array1, ArrayBase, ArrayD, ArrayView1, ArrayViewD, ArrayViewMut1, ArrayViewMutD, CowArray, Data,
    Dimension, Ix1, IxDyn, ShapeBuilder,
};
use pyo3::exceptions::{PyBufferError, PyValueError};
use pyo3::prelude::*;

use crate::argument::{ReadBuffer, WriteBuffer, typed};
use crate::copies::items;
use crate::view::{Slot, fill};

mod parts;

use parts::Parts;

/// A copy of an object's items, in the dimensions that it has. It is in Fortran order if the object's items are, else in C
/// order, as what `to_owned` of `ndarray` makes.
///
/// An argument of a function can be taken by it: `#[pyo3(from_py_with = array_of)] items: ArrayD<f64>`.
///
/// ```
/// use bufproto_py::{Be, array_of};
/// use pyo3::prelude::*;
///
/// Python::initialize();
/// Python::attach(|py| {
///     let reversed = py.eval(c"memoryview(__import__('array').array('i', range(4)))[::-1]", None, None)?;
///     assert_eq!(array_of::<i32>(&reversed)?.as_slice(), Some(&[3, 2, 1, 0][..]));
///     assert!(array_of::<Be<i32>>(&reversed).unwrap_err().to_string().contains("the byte order differs"));
///     PyResult::Ok(())
/// }).unwrap();
/// ```
///
/// # Errors
///
/// The exporter's exception; those of [`typed`]; those of [`ArrayItems::to_array`].
pub fn array_of<T: Element>(object: &Bound<'_, PyAny>) -> PyResult<ArrayD<T>> {
    let mut slot = Slot::new();
    let view = fill(&mut slot, object, Request::FULL_RO)?;
    Ok(typed(&view)?.to_array()?)
}

/// The items of a view as an array. See the [module](self).
///
/// ```
/// use bufproto_py::{ArrayItems, Request, Slot, fill, typed};
/// use ndarray::arr1;
/// use pyo3::prelude::*;
/// use pyo3::types::{PyByteArray, PyBytes};
///
/// Python::initialize();
/// Python::attach(|py| {
///     let mut slot = Slot::new();
///     let view = fill(&mut slot, &PyBytes::new(py, &[1, 2, 3]), Request::FULL_RO)?;
///     let items = typed::<u8>(&view)?;
///     assert_eq!(items.as_frozen_array()?, arr1(&[1, 2, 3]).into_dyn());
///     assert!(items.snapshot_array()?.is_view());
///     drop(view);
///
///     let view = fill(&mut slot, &PyByteArray::new(py, &[1, 2, 3]), Request::FULL_RO)?;
///     let items = typed::<u8>(&view)?;
///     assert_eq!(items.as_frozen_array().unwrap_err().to_string(),
///         "others may write to the items meanwhile: copy them, or ask for a stable read");
///     assert!(!items.snapshot_array()?.is_view());
///     assert_eq!(items.to_array()?, arr1(&[1, 2, 3]).into_dyn());
///     PyResult::Ok(())
/// }).unwrap();
/// ```
///
/// An array without a copy does not outlive the view:
///
/// ```compile_fail,E0505
/// # use bufproto_py::{ArrayItems, View, typed};
/// # fn f(view: View<'_, '_>) -> pyo3::PyResult<()> {
/// let array = typed::<u8>(&view)?.as_frozen_array()?;
/// drop(view);
/// println!("{array}");
/// # Ok(())
/// # }
/// ```
pub trait ArrayItems<'held, T>: sealed::Sealed + Copy {
    /// A copy of the items, each as it is when its turn comes. It is in Fortran order if the items are, else in C order.
    ///
    /// ```
    /// use bufproto_py::{ArrayItems, Request, Slot, fill, typed};
    /// use ndarray::arr1;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let mut slot = Slot::new();
    /// let view = fill(&mut slot, &py.eval(c"memoryview(b'abc')[::-1]", None, None)?, Request::FULL_RO)?;
    /// assert_eq!(typed::<u8>(&view)?.to_array()?, arr1(b"cba").into_dyn());
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`ArrayError::TooLarge`].
    fn to_array(self) -> Result<ArrayD<T>, ArrayError>;

    /// The items where they are, which [stay as they are](TypedView::is_frozen) for as long as the view is held: those of
    /// an exact `bytes`, or of a stable read. The array may be used with the interpreter detached, and on other threads.
    ///
    /// ```
    /// use bufproto_py::{ArrayItems, Request, Slot, fill, typed};
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let mut slot = Slot::new();
    /// let view = fill(&mut slot, &py.eval(c"b'abc'", None, None)?, Request::FULL_RO)?;
    /// let array = typed::<u8>(&view)?.as_frozen_array()?;
    /// assert_eq!(py.detach(|| array.iter().max().copied()), Some(b'c'));
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`ArrayError::NotFrozen`], and what [`as_array_view`](Self::as_array_view) reports.
    fn as_frozen_array(self) -> Result<ArrayViewD<'held, T>, ArrayError>;

    /// The items, which stay as they are from now on: where they are if they are frozen and an array can be made of them,
    /// else a copy.
    ///
    /// ```
    /// use bufproto_py::{ArrayItems, Request, Slot, fill, typed};
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let (mut slot, array) = (Slot::new(), pyo3::types::PyByteArray::new(py, b"abc"));
    /// let view = fill(&mut slot, &array, Request::FULL_RO)?;
    /// let snapshot = typed::<u8>(&view)?.snapshot_array()?;
    /// array.set_item(0, b'x')?;
    /// assert_eq!(snapshot[[0]], b'a', "it is a copy");
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`ArrayError::TooLarge`].
    fn snapshot_array(self) -> Result<CowArray<'held, T, IxDyn>, ArrayError>;

    /// The items where they are, in the order in which they are.
    ///
    /// ```
    /// use bufproto_py::{ArrayItems, Request, Slot, fill, typed};
    /// use ndarray::arr1;
    /// use pyo3::prelude::*;
    ///
    /// Python::initialize();
    /// Python::attach(|py| {
    ///     let reversed = py.eval(c"memoryview(__import__('array').array('i', range(4)))[::-1]", None, None)?;
    ///     let mut slot = Slot::new();
    ///     let view = fill(&mut slot, &reversed, Request::FULL_RO)?;
    ///     // SAFETY: nobody else knows of this array.
    ///     let array = unsafe { typed::<i32>(&view)?.as_array_view() }?;
    ///     assert_eq!(array, arr1(&[3, 2, 1, 0]).into_dyn());
    ///     PyResult::Ok(())
    /// }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// What `ndarray` cannot look at: [`ArrayError::Indirect`], [`ArrayError::Stride`], [`ArrayError::Unaligned`] and
    /// [`ArrayError::TooLarge`].
    ///
    /// # Safety
    ///
    /// Nobody writes to the memory while the array lives: not another thread, and not Python code that this thread calls.
    /// On an interpreter with a lock, a thread that neither calls the interpreter nor detaches from it keeps others from
    /// writing through the interpreter, and only through it.
    unsafe fn as_array_view(self) -> Result<ArrayViewD<'held, T>, ArrayError>;
}

/// The items of a writable view as an array. See the [module](self).
///
/// ```
/// use bufproto_py::{ArrayItemsMut, Request, Slot, fill, typed_mut};
/// use ndarray::arr2;
/// # use pyo3::prelude::*;
///
/// # Python::initialize();
/// # Python::attach(|py| {
/// let table = py.eval(c"memoryview(bytearray(4)).cast('B', (2, 2))", None, None)?;
/// let mut slot = Slot::new();
/// let view = fill(&mut slot, &table, Request::FULL)?;
/// typed_mut::<u8>(&view)?.copy_from_array(&arr2(&[[1, 2], [3, 4]]))?;
/// assert_eq!(table.call_method0("tolist")?.extract::<Vec<Vec<u8>>>()?, [[1, 2], [3, 4]]);
/// # PyResult::Ok(())
/// # }).unwrap();
/// ```
pub trait ArrayItemsMut<'held, T>: sealed::Sealed + Copy {
    /// Writes an array's items to the view's, which has the same shape.
    ///
    /// ```
    /// use bufproto_py::{ArrayItemsMut, Request, Slot, fill, typed_mut};
    /// use ndarray::arr1;
    /// use pyo3::prelude::*;
    /// use pyo3::types::PyByteArray;
    ///
    /// Python::initialize();
    /// Python::attach(|py| {
    ///     let memory = PyByteArray::new(py, b"hello");
    ///     let mut slot = Slot::new();
    ///     let view = fill(&mut slot, &memory, Request::FULL_RO)?;
    ///     typed_mut(&view)?.copy_from_array(&arr1(b"jello"))?;
    ///     assert_eq!(memory.to_vec(), b"jello");
    ///     let refused = typed_mut(&view)?.copy_from_array(&arr1(b"hi")).unwrap_err();
    ///     assert_eq!(refused.to_string(), "the array has shape [2], but the memory has shape [5]");
    ///     PyResult::Ok(())
    /// }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`ArrayError::Shape`]; nothing is written then.
    fn copy_from_array<S, D>(self, array: &ArrayBase<S, D>) -> Result<(), ArrayError>
    where
        S: Data<Elem = T>,
        D: Dimension;

    /// The items where they are, in the order in which they are, to read and write.
    ///
    /// ```
    /// use bufproto_py::{ArrayItemsMut, Request, Slot, fill, typed_mut};
    /// use pyo3::prelude::*;
    /// use pyo3::types::PyByteArray;
    ///
    /// Python::initialize();
    /// Python::attach(|py| {
    ///     let memory = PyByteArray::new(py, &[1, 2, 3]);
    ///     let mut slot = Slot::new();
    ///     let view = fill(&mut slot, &memory, Request::FULL_RO)?;
    ///     // SAFETY: nobody else knows of this memory.
    ///     let mut array = unsafe { typed_mut::<u8>(&view)?.as_array_view_mut() }?;
    ///     array *= 2;
    ///     assert_eq!(memory.to_vec(), [2, 4, 6]);
    ///     PyResult::Ok(())
    /// }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`ArrayItems::as_array_view`], and [`ArrayError::Overlap`].
    ///
    /// # Safety
    ///
    /// Nobody else reads or writes the memory while the array lives: not another thread, not Python code that this thread
    /// calls, and not another view of the same object, which Python is free to pass twice.
    unsafe fn as_array_view_mut(self) -> Result<ArrayViewMutD<'held, T>, ArrayError>;
}

mod sealed {
    pub trait Sealed {}
}

impl<T> sealed::Sealed for TypedView<'_, T> {}
impl<T> sealed::Sealed for TypedViewMut<'_, T> {}

impl<'held, T: Element> ArrayItems<'held, T> for TypedView<'held, T> {
    fn to_array(self) -> Result<ArrayD<T>, ArrayError> {
        let shape = IxDyn(&self.shape().collect::<Vec<_>>());
        let layout = self.layout();
        let by_columns = layout.is_contiguous(Order::Fortran) && !layout.is_contiguous(Order::C);
        let order = if by_columns { Order::Fortran } else { Order::C };
        // There are as many items as the shape has, so it can only be that `ndarray` does not take the shape.
        ArrayD::from_shape_vec(shape.set_f(by_columns), items(self, order)).map_err(|_| ArrayError::TooLarge)
    }

    fn as_frozen_array(self) -> Result<ArrayViewD<'held, T>, ArrayError> {
        if !self.is_frozen() {
            return Err(ArrayError::NotFrozen);
        }
        // SAFETY: nobody writes to frozen items while the view is held, which is `'held` at least.
        unsafe { self.as_array_view() }
    }

    fn snapshot_array(self) -> Result<CowArray<'held, T, IxDyn>, ArrayError> {
        match self.as_frozen_array() {
            Ok(array) => Ok(array.into()),
            Err(_) => self.to_array().map(CowArray::from),
        }
    }

    unsafe fn as_array_view(self) -> Result<ArrayViewD<'held, T>, ArrayError> {
        let parts = Parts::of(self)?;
        // SAFETY: the items may be read for `'held`, as the view may, and by the caller's word nobody writes to them.
        Ok(unsafe { parts.view() })
    }
}

impl<'held, T: Element> ArrayItemsMut<'held, T> for TypedViewMut<'held, T> {
    fn copy_from_array<S, D>(self, array: &ArrayBase<S, D>) -> Result<(), ArrayError>
    where
        S: Data<Elem = T>,
        D: Dimension,
    {
        let shape: Vec<usize> = self.as_view().shape().collect();
        let other = || ArrayError::Shape { array: array.shape().to_vec(), memory: shape.clone() };
        if array.shape() != shape {
            return Err(other());
        }
        let (by_columns, in_order);
        let (order, items) = if array.t().is_standard_layout() {
            by_columns = array.t();
            (Order::Fortran, by_columns.as_slice())
        } else {
            in_order = array.as_standard_layout();
            (Order::C, in_order.as_slice())
        };
        // Arrays in standard layout are slices, and have as many items as their shape says.
        items.ok_or_else(other).and_then(|items| self.copy_from_slice(order, items).map_err(|_| other()))
    }

    unsafe fn as_array_view_mut(self) -> Result<ArrayViewMutD<'held, T>, ArrayError> {
        let parts = Parts::of(self.as_view())?;
        if parts.may_overlap() {
            return Err(ArrayError::Overlap);
        }
        // SAFETY: no item is there twice, the items may be read and written for `'held`, as the view may, and by the
        // caller's word nobody else does.
        Ok(unsafe { parts.view_mut() })
    }
}

/// As an array of one dimension, whatever those of the object are. See the [module](crate::array).
///
/// ```
/// use bufproto_py::ReadBuffer;
/// use pyo3::prelude::*;
///
/// #[pyfunction]
/// fn mean(data: ReadBuffer<'_, '_, f64>) -> Option<f64> {
///     data.to_array().mean()
/// }
///
/// #[pyfunction]
/// fn is_copied(data: ReadBuffer<'_, '_, u8>) -> bool {
///     assert_eq!(data.as_frozen_array().is_ok(), data.snapshot_array().is_view());
///     !data.snapshot_array().is_view()
/// }
///
/// Python::initialize();
/// Python::attach(|py| {
///     let array = py.import("array")?.getattr("array")?.call1(("d", [1.0, 2.0]))?;
///     assert_eq!(wrap_pyfunction!(mean, py)?.call1((&array,))?.extract::<f64>()?, 1.5);
///     let is_copied = wrap_pyfunction!(is_copied, py)?;
///     assert!(!is_copied.call1((b"ab",))?.extract::<bool>()?);
///     assert!(is_copied.call1((pyo3::types::PyByteArray::new(py, b"ab"),))?.extract::<bool>()?);
///     PyResult::Ok(())
/// }).unwrap();
/// ```
impl<T: Element> ReadBuffer<'_, '_, T> {
    /// A copy of the items.
    ///
    /// ```
    /// use bufproto_py::ReadBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let array = py.eval(c"__import__('array').array('i', [1, 2, 3])", None, None)?;
    /// assert_eq!(array.extract::<ReadBuffer<'_, '_, i32>>()?.to_array().product(), 6);
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn to_array(&self) -> Array1<T> {
        self.to_vec().into()
    }

    /// The items where they are, if they are [frozen](Self::is_frozen). The array may be used with the interpreter detached.
    ///
    /// ```
    /// use bufproto_py::{ArrayError, ReadBuffer};
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let (bytes, array) = (py.eval(c"b'abc'", None, None)?, py.eval(c"bytearray(b'abc')", None, None)?);
    /// assert_eq!(bytes.extract::<ReadBuffer<'_, '_, u8>>()?.as_frozen_array()?.len(), 3);
    /// assert_eq!(array.extract::<ReadBuffer<'_, '_, u8>>()?.as_frozen_array(), Err(ArrayError::NotFrozen));
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`ArrayError::NotFrozen`], and [`ArrayError::Unaligned`].
    pub fn as_frozen_array(&self) -> Result<ArrayView1<'_, T>, ArrayError> {
        if !self.is_frozen() {
            return Err(ArrayError::NotFrozen);
        }
        // SAFETY: nobody writes to frozen memory.
        unsafe { self.as_array_view() }
    }

    /// The items, which stay as they are from now on: where they are if they are frozen, else a copy.
    ///
    /// ```
    /// use bufproto_py::ReadBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let bytes = py.eval(c"b'abc'", None, None)?;
    /// let data: ReadBuffer<'_, '_, u8> = bytes.extract()?;
    /// assert!(data.snapshot_array().is_view(), "no copy is needed");
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn snapshot_array(&self) -> CowArray<'_, T, Ix1> {
        match self.as_frozen_array() {
            Ok(array) => array.into(),
            Err(_) => self.to_array().into(),
        }
    }

    /// The items where they are.
    ///
    /// ```
    /// use bufproto_py::ReadBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let array = py.eval(c"__import__('array').array('d', [1.0, 2.0])", None, None)?;
    /// let data: ReadBuffer<'_, '_, f64> = array.extract()?;
    /// // SAFETY: nobody else knows of this array.
    /// assert_eq!(unsafe { data.as_array_view() }?.sum(), 3.0);
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`ArrayError::Unaligned`].
    ///
    /// # Safety
    ///
    /// As [`as_slice`](Self::as_slice).
    pub unsafe fn as_array_view(&self) -> Result<ArrayView1<'_, T>, ArrayError> {
        // SAFETY: the caller's word.
        unsafe { row(self.shared()) }
    }
}

/// As an array of one dimension, whatever those of the object are. See the [module](crate::array).
///
/// ```
/// use bufproto_py::WriteBuffer;
/// use pyo3::prelude::*;
///
/// #[pyfunction]
/// fn halve(mut data: WriteBuffer<'_, '_, f64>) -> PyResult<()> {
///     assert_eq!(data.to_array().len(), data.len());
///     // SAFETY: there is no other argument, and nothing here calls Python.
///     let mut array = unsafe { data.as_array_view_mut() }?;
///     array /= 2.0;
///     Ok(())
/// }
///
/// Python::initialize();
/// Python::attach(|py| {
///     let array = py.import("array")?.getattr("array")?.call1(("d", [1.0, 2.0]))?;
///     wrap_pyfunction!(halve, py)?.call1((&array,))?;
///     assert_eq!(array.extract::<Vec<f64>>()?, [0.5, 1.0]);
///     PyResult::Ok(())
/// }).unwrap();
/// ```
impl<T: Element> WriteBuffer<'_, '_, T> {
    /// A copy of the items.
    ///
    /// ```
    /// use bufproto_py::WriteBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let array = py.eval(c"__import__('array').array('i', [1, 2, 3])", None, None)?;
    /// assert_eq!(array.extract::<WriteBuffer<'_, '_, i32>>()?.to_array().sum(), 6);
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn to_array(&self) -> Array1<T> {
        self.to_vec().into()
    }

    /// The items where they are, to read and write.
    ///
    /// ```
    /// use bufproto_py::WriteBuffer;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let array = py.eval(c"__import__('array').array('i', [1, 2, 3])", None, None)?;
    /// let mut data: WriteBuffer<'_, '_, i32> = array.extract()?;
    /// // SAFETY: nobody else knows of this array.
    /// let mut numbers = unsafe { data.as_array_view_mut() }?;
    /// numbers += 1;
    /// assert_eq!(array.extract::<Vec<i32>>()?, [2, 3, 4]);
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`ArrayError::Unaligned`].
    ///
    /// # Safety
    ///
    /// Nobody else reads or writes the memory while the array lives: not another thread, not Python code that this thread
    /// calls, and not another argument of the same object, which Python is free to pass twice.
    pub unsafe fn as_array_view_mut(&mut self) -> Result<ArrayViewMut1<'_, T>, ArrayError> {
        // SAFETY: the caller's word.
        unsafe { row_mut(self.shared()) }
    }
}

/// # Safety
///
/// Nobody writes to the memory during `'a`.
unsafe fn row<'a, T: Element>(memory: Shared<'a>) -> Result<ArrayView1<'a, T>, ArrayError> {
    if memory.len() < size_of::<T>() {
        return Ok(ArrayView1::from(&[]));
    }
    let pointer = parts::aligned(memory.as_ptr().cast())?;
    // SAFETY: so many items can be read for `'a`, any bytes are an `Element`, and the caller's word.
    Ok(unsafe { slice::from_raw_parts(pointer, memory.len() / size_of::<T>()) }.into())
}

/// # Safety
///
/// Nobody else reads or writes the memory during `'a`.
unsafe fn row_mut<'a, T: Element>(memory: SharedMut<'a>) -> Result<ArrayViewMut1<'a, T>, ArrayError> {
    if memory.len() < size_of::<T>() {
        return Ok(ArrayViewMut1::from(&mut []));
    }
    let pointer = parts::aligned(memory.as_mut_ptr().cast::<T>())?.cast_mut();
    // SAFETY: so many items can be read and written for `'a`, any bytes are an `Element`, and the caller's word.
    Ok(unsafe { slice::from_raw_parts_mut(pointer, memory.len() / size_of::<T>()) }.into())
}

/// Why memory is no array of `ndarray` without a copy, or does not take one's items.
///
/// In Python it is a `BufferError`; a `ValueError` for a wrong shape.
///
/// ```
/// use bufproto_py::{ArrayError, ArrayItems, Exported, Order};
/// use pyo3::exceptions::{PyBufferError, PyValueError};
/// use pyo3::prelude::*;
///
/// let empty = Exported::shaped(Vec::<f64>::new(), &[0, isize::MAX as usize, 2], Order::C)?;
/// Python::initialize();
/// Python::attach(|py| {
///     let refused = empty.view(py, |items| items.to_array())?.unwrap_err();
///     assert_eq!(refused, ArrayError::TooLarge);
///     // SAFETY: nobody else knows of this memory.
///     let refused = empty.view(py, |items| unsafe { items.as_array_view() }.map(|array| array.len()))?;
///     assert_eq!(refused, Err(ArrayError::TooLarge));
///     assert!(PyErr::from(ArrayError::TooLarge).is_instance_of::<PyValueError>(py));
///     assert!(PyErr::from(ArrayError::NotFrozen).is_instance_of::<PyBufferError>(py));
///     PyResult::Ok(())
/// }).unwrap();
/// # Ok::<(), bufproto_py::ExportError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArrayError {
    /// The memory is not frozen.
    #[error("others may write to the items meanwhile: copy them, or ask for a stable read")]
    NotFrozen,
    /// There are suboffsets.
    #[error("the items lie behind pointers: copy them")]
    Indirect,
    /// The neighbours in a dimension are no whole number of items away from each other, as with a field of records.
    #[error(
        "strides[{dimension}] is {stride}, which is no multiple of the {item_size} bytes of an item: copy the items"
    )]
    Stride {
        /// Which dimension, from 0.
        dimension: usize,
        /// The distance in bytes.
        stride: isize,
        /// The size of the type in bytes.
        item_size: usize,
    },
    /// The address of the first item is none for the type.
    #[error("the items' address is not a multiple of {alignment}: copy them")]
    Unaligned {
        /// What the type's addresses are multiples of, in bytes.
        alignment: usize,
    },
    /// Some items may be there more than once, as where a stride is 0.
    #[error("an item may be there more than once: write to the items one by one")]
    Overlap,
    /// There are no items, but what the other dimensions have is more than `ndarray` can count.
    #[error("the shape is too large for an array")]
    TooLarge,
    /// Array and memory have different shapes.
    #[error("the array has shape {array:?}, but the memory has shape {memory:?}")]
    Shape {
        /// The array's.
        array: Vec<usize>,
        /// The memory's.
        memory: Vec<usize>,
    },
}

impl From<ArrayError> for PyErr {
    fn from(error: ArrayError) -> Self {
        let text = error.to_string();
        match error {
            ArrayError::Shape { .. } | ArrayError::TooLarge => PyValueError::new_err(text),
            _ => PyBufferError::new_err(text),
        }
    }
}

#[cfg(any(Py_3_11, not(Py_LIMITED_API)))]
mod exported {
    use bufproto_core::element::Element;
    use bufproto_core::layout::LayoutError;
    use ndarray::{Array, Dimension};

    use crate::export::{ExportError, Exported};

    impl<T: Element + Send + Sync> Exported<Vec<T>> {
        /// Exports an array, without a copy: the vector that it owns becomes the storage, and its shape and strides are
        /// those of the views. Items that the array has been sliced out of stay in the vector.
        ///
        /// ```
        /// use bufproto_py::{ArrayItems, Exported};
        /// use ndarray::arr2;
        ///
        /// let table = arr2(&[[1.5, 2.5], [3.5, 4.5]]).reversed_axes();
        /// let exported = Exported::from_array(table.clone())?;
        /// pyo3::Python::initialize();
        /// pyo3::Python::attach(|py| exported.view(py, |items| {
        ///     assert_eq!(items.get(&[0, 1]), Ok(3.5));
        ///     assert_eq!(items.to_array(), Ok(table.into_dyn()));
        /// }))?;
        /// # Ok::<(), bufproto_py::ExportError>(())
        /// ```
        ///
        /// # Errors
        ///
        /// [`ExportError::Layout`] if there are more than 64 dimensions.
        pub fn from_array<D: Dimension>(array: Array<T, D>) -> Result<Self, ExportError> {
            let shape = array.shape().to_vec();
            let strides = array
                .strides()
                .iter()
                .map(|stride| stride.checked_mul(size_of::<T>().cast_signed()))
                .collect::<Option<Vec<_>>>()
                .ok_or(ExportError::Layout(LayoutError::Overflow))?;
            let (items, first) = array.into_raw_vec_and_offset();
            Self::strided(items, first.unwrap_or(0), &shape, &strides)
        }
    }
}

//! Copies of memory in any layout, which others may write to meanwhile.

use bufproto_core::copy::shared::gather;
use bufproto_core::element::Element;
use bufproto_core::layout::Order;
use bufproto_core::request::Request;
use bufproto_core::rules::Rule;
use bufproto_core::shared::Shared;
use bufproto_core::typed::TypedView;
use pyo3::exceptions::{PyBufferError, PyValueError};
use pyo3::prelude::*;

use crate::argument::{ReadBuffer, typed};
use crate::object::Object;
use crate::refusal;
use crate::view::{Slot, fill};

/// A copy of an object's items, whatever its dimensions and its layout are, side by side in C order: the last index varies
/// fastest. It takes as long as copying memory does, or a little longer, whoever writes to the items meanwhile.
///
/// An argument of a function can be taken by it:
///
/// ```
/// use bufproto_py::vec_of;
/// use pyo3::prelude::*;
///
/// #[pyfunction]
/// fn median(#[pyo3(from_py_with = vec_of)] mut items: Vec<f64>) -> Option<f64> {
///     items.sort_by(f64::total_cmp);
///     items.get(items.len() / 2).copied()
/// }
///
/// Python::initialize();
/// Python::attach(|py| {
///     let every_second = py.eval(c"memoryview(__import__('array').array('d', [5, 0, 1, 0, 3]))[::2]", None, None)?;
///     assert_eq!(vec_of::<f64>(&every_second)?, [5.0, 1.0, 3.0]);
///     assert_eq!(wrap_pyfunction!(median, py)?.call1((&every_second,))?.extract::<f64>()?, 3.0);
///     assert!(vec_of::<i64>(&every_second).unwrap_err().to_string().contains("format 'd'"));
///     PyResult::Ok(())
/// }).unwrap();
/// ```
///
/// # Errors
///
/// The exporter's exception, and those of [`typed`](crate::typed).
pub fn vec_of<T: Element>(object: &Bound<'_, PyAny>) -> PyResult<Vec<T>> {
    let mut slot = Slot::new();
    let view = fill(&mut slot, object, Request::FULL_RO)?;
    Ok(items(typed(&view)?, Order::C))
}

/// A copy of a view's items, side by side in an order.
pub(crate) fn items<T: Element>(view: TypedView<'_, T>, order: Order) -> Vec<T> {
    let mut items = Vec::with_capacity(view.len());
    if view.copy_to_uninit(order, &mut items.spare_capacity_mut()[..view.len()]).is_ok() {
        // SAFETY: so many items were written.
        unsafe { items.set_len(view.len()) };
    }
    items
}

/// A copy of items that others may write to, each as it is when its turn comes.
pub(crate) fn copy_of<T: Element>(memory: Shared<'_>) -> Vec<T> {
    let mut copy = Vec::with_capacity(memory.len() / size_of::<T>());
    let count = memory.items_to_uninit(copy.spare_capacity_mut());
    // SAFETY: so many items were written.
    unsafe { copy.set_len(count) };
    copy
}

/// An object's memory itself, if its items lie side by side; else what was made of it by a request for any layout: a copy of
/// their bytes, in C order, and the size of an item.
pub(crate) fn in_place_or_copied<'a, 'py>(
    object: &'a Bound<'py, PyAny>,
) -> PyResult<Result<ReadBuffer<'a, 'py>, (Vec<u8>, isize)>> {
    let py = object.py();
    match ReadBuffer::acquire(object.as_borrowed()) {
        // Which is how exporters refuse a layout. Those that refuse for other reasons will do so again.
        Err(refused)
            if refused.is_instance_of::<PyBufferError>(py) || refused.is_instance_of::<PyValueError>(py) =>
        {
            let mut slot = Slot::new();
            let view = fill(&mut slot, object, Request::FULL_RO)?;
            let layout =
                view.held().layout().map_err(|_| refusal::of(Rule::ViewLayout, Object::from(object)))?;
            let memory: *mut u8 = view.span().pointer.cast();
            if memory.is_null() && layout.length() != 0 {
                return Err(refusal::of(Rule::NullMemory, Object::from(object)));
            }
            let mut bytes = Vec::with_capacity(layout.length());
            // SAFETY: the view is held, and its memory is there; the vector has place for its bytes.
            unsafe {
                gather(memory, layout, Order::C, bytes.as_mut_ptr());
                bytes.set_len(layout.length());
            }
            Ok(Err((bytes, view.held().header().itemsize)))
        }
        acquired => acquired.map(Ok),
    }
}

/// A copy of an object's bytes, in C order if they do not lie side by side.
#[cfg(feature = "module")]
pub(crate) fn bytes_of(object: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    Ok(match in_place_or_copied(object)? {
        Ok(buffer) => buffer.to_vec(),
        Err((bytes, _)) => bytes,
    })
}

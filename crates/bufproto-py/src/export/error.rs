//! Why memory is not exported, or not changed, as asked.

use bufproto_core::layout::LayoutError;
use bufproto_core::rules::{Exception, Rule};
use pyo3::exceptions::{PyBufferError, PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::object::FAMILY;

/// Why something cannot be done with [exported](crate::Exported) memory.
///
/// It becomes the exception by itself, with `?` in a function that returns `PyResult`: a `BufferError` for what views stand
/// in the way of, a `ValueError` for a wrong shape.
///
/// ```
/// use bufproto_py::{ExportError, Exported, Order, Rule};
/// use pyo3::exceptions::{PyBufferError, PyValueError};
/// # use pyo3::prelude::*;
///
/// # Python::initialize();
/// # Python::attach(|py| {
/// let refused = Exported::new([1, 2, 3]).reshape(&[2, 2], Order::C, |_| ()).unwrap_err();
/// assert_eq!(refused, ExportError::Items { shape: 4, items: 3 });
/// assert!(PyErr::from(refused).is_instance_of::<PyValueError>(py));
///
/// let table = Exported::shaped(vec![1, 2], &[2, 1], Order::C)?;
/// assert_eq!(table.resize(|items| items.clear()), Err(ExportError::Fixed));
/// assert!(PyErr::from(ExportError::Refused(Rule::Resize)).is_instance_of::<PyBufferError>(py));
/// # PyResult::Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// A rule stands against it.
    #[error("{}", words(*.0))]
    Refused(Rule),
    /// The storage has a shape that would no longer be right.
    #[error("the memory has a shape: say which it is to have, with `reshape`")]
    Fixed,
    /// The shape is that of more or fewer items than there are.
    #[error("the shape has {shape} items, but the memory has {items}")]
    Items {
        /// How many items the shape has.
        shape: usize,
        /// How many items the storage has.
        items: usize,
    },
    /// Some items would lie outside the memory.
    #[error("the items reach from byte {low} to byte {high}, but the memory has {length} bytes")]
    Outside {
        /// The first byte of the first item in memory.
        low: isize,
        /// The byte after the last item in memory.
        high: isize,
        /// The length of the memory in bytes.
        length: usize,
    },
    /// Shape and strides are no layout at all.
    #[error("{0}")]
    Layout(LayoutError),
}

/// A rule's words. They may name an object, and here it is not known which has the memory.
fn words(rule: Rule) -> String {
    rule.refusal(FAMILY).message.as_c_str().to_string_lossy().replace("'%.100s' object", "the object")
}

impl From<ExportError> for PyErr {
    fn from(error: ExportError) -> Self {
        let text = error.to_string();
        match error {
            ExportError::Refused(rule) => match rule.refusal(FAMILY).exception {
                Exception::TypeError => PyTypeError::new_err(text),
                Exception::ValueError => PyValueError::new_err(text),
                _ => PyBufferError::new_err(text),
            },
            ExportError::Fixed => PyBufferError::new_err(text),
            _ => PyValueError::new_err(text),
        }
    }
}

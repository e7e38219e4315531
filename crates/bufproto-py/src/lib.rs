//! Python's old buffer protocol on live objects, through PyO3.
//!
//! [`Object`] is the handle by which a Python object meets [`bufproto_core`]; every rule is core's. The four
//! functions have the names of their C originals:
//!
//! ```
//! use pyo3::prelude::*;
//! use pyo3::types::PyBytes;
//!
//! Python::initialize();
//! Python::attach(|py| {
//!     let object = PyBytes::new(py, b"hello");
//!     let span = bufproto_py::as_read_buffer(&object)?;
//!     assert_eq!(span.length, 5);
//!
//!     let refused = bufproto_py::as_write_buffer(&object).unwrap_err();
//!     assert_eq!(refused.to_string(), "TypeError: expected a writable bytes-like object");
//!     PyResult::Ok(())
//! }).unwrap();
//! ```
//!
//! What they hand out is kept alive by nobody. A view is:
//!
//! ```
//! use bufproto_py::{Request, Slot, fill};
//! use pyo3::prelude::*;
//! use pyo3::types::{PyByteArray, PyBytes};
//!
//! Python::initialize();
//! Python::attach(|py| {
//!     let mut slot = Slot::new();
//!     let object = PyByteArray::new(py, b"hello");
//!     let view = fill(&mut slot, &object, Request::SIMPLE)?;
//!     assert_eq!(object.resize(10).unwrap_err().to_string(),
//!         "BufferError: Existing exports of data: object cannot be re-sized");
//!     assert!(view.shared().unwrap().iter().eq(*b"hello"));
//!     assert_eq!(view.frozen(), None, "others may write to a bytearray");
//!     drop(view);
//!     object.resize(10)?;
//!
//!     let object = PyBytes::new(py, b"hello");
//!     let view = fill(&mut slot, &object, Request::SIMPLE)?;
//!     assert_eq!(view.frozen(), Some(&b"hello"[..]));
//!     PyResult::Ok(())
//! }).unwrap();
//! ```
//!
//! Functions take buffers as arguments ([`ReadBuffer`], [`WriteBuffer`]), and keep them in an [`OwnedBuffer`]; see
//! [`argument`]. A [`StableBuffer`] is a slice of memory that nobody writes to meanwhile; see [`stable`]. Classes export memory of their own: see [`mod@export`].
#![cfg_attr(feature = "ndarray", doc = "Arrays of the crate `ndarray` go both ways: see [`mod@array`].")]

mod accept;
pub mod argument;
#[cfg(feature = "ndarray")]
pub mod array;
#[cfg(feature = "module")]
mod audit;
#[cfg(feature = "module")]
mod buffer;
mod copies;
mod counted;
mod error;
#[cfg(any(Py_3_11, not(Py_LIMITED_API)))]
pub mod export;
mod interpreter;
#[cfg(feature = "kit")]
mod kit;
#[cfg(not(any(PyPy, GraalPy, Py_LIMITED_API)))]
mod known;
mod lease;
mod lifetime;
#[cfg(feature = "module")]
mod module;
#[cfg(all(feature = "numpy", not(any(Py_GIL_DISABLED, PyPy, GraalPy, Py_LIMITED_API))))]
mod numpy;
mod object;
mod owned;
mod refusal;
pub mod stable;
mod stream;
mod view;

pub use bufproto_core::element::{Be, Bool, Element, Le, Ucs4};
pub use bufproto_core::layout::Order;
pub use bufproto_core::request::{Access, Request};
pub use bufproto_core::rules::Rule;
pub use bufproto_core::shared::{Shared, SharedMut};
pub use bufproto_core::span::Span;
pub use bufproto_core::typed::{TypedView, TypedViewMut};

pub use accept::Accept;
pub use argument::{CharBuffer, ReadBuffer, WriteBuffer, field, field_mut, typed, typed_mut};
#[cfg(feature = "ndarray")]
pub use array::{ArrayError, ArrayItems, ArrayItemsMut, array_of};
pub use copies::vec_of;
pub use error::into_py_err;
#[cfg(any(Py_3_11, not(Py_LIMITED_API)))]
pub use export::{Export, ExportError, Exported, StableRead, Storage};
pub use lifetime::Lifetime;
pub use object::{
    Attached, Object, Raised, as_char_buffer, as_read_buffer, as_write_buffer, check_read_buffer,
};
pub use owned::OwnedBuffer;
pub use stable::{OwnedStable, StableBuffer};
pub use stream::{Reader, Writer};
pub use view::{NativeView, Scope, Slot, View, acquire, fill};

//! The specification of Python's *old buffer protocol*, without Python.
//!
//! Every rule of the protocol stands here once, generic over a handle that a backend supplies ([`runtime`] is
//! the seam). The crate needs neither `std` nor an allocator and names no interpreter.
//!
//! | you want | look in |
//! |---|---|
//! | the four functions, in either dialect | [`legacy`] |
//! | a buffer that stays alive | [`view`], and [`scope`] for many |
//! | a buffer as a function's argument | [`argument`] |
//! | a slice of memory that others could write to | [`stable`] |
//! | an object of several segments | [`segments`] |
//! | which flags a consumer can ask for | [`request`] |
//! | to export memory | [`grant`] |
//! | a rule's number and wording | [`rules`] |
//! | shape, strides, contiguity | [`layout`] |
//! | to copy items between layouts | [`copy`] |
//! | a view's items, by their indices | [`typed`] |
//! | what an item is, and which Rust types fit | [`format`], [`element`] |
//! | to write a backend | [`runtime`] |
//!
//! ```
//! use bufproto_core::legacy::{Dialect, Python3};
//! use bufproto_core::request::Request;
//! use bufproto_core::runtime::Exporter;
//! use bufproto_core::view::SlotFor;
//!
//! /// The sum of an object's bytes, whatever the backend.
//! fn sum<O: Exporter>(object: O) -> Option<u32> {
//!     let mut slot = SlotFor::<O>::new();
//!     let view = slot.fill(object, Request::SIMPLE).ok()?;
//!     Some(view.shared().ok()?.iter().map(u32::from).sum())
//! }
//!
//! // Objects in memory, of the crate `bufproto-mock`.
//! let interpreter = bufproto_mock::Interpreter::new(bufproto_core::rules::Family::CPython3);
//! let object = bufproto_mock::Object::bytes(b"abc");
//! assert_eq!(sum(object.attach(&interpreter)), Some(294));
//! assert_eq!(Python3::as_read_buffer(object.attach(&interpreter)).unwrap().length, 3);
//! ```
#![no_std]

#[cfg(feature = "parallel")]
extern crate std;

pub mod abi;
pub mod argument;
pub mod copy;
pub mod element;
pub mod error;
pub mod format;
pub mod grant;
pub mod layout;
pub mod legacy;
pub mod request;
pub mod rules;
pub mod runtime;
pub mod scope;
pub mod segments;
pub mod shared;
pub mod span;
pub mod stable;
pub mod typed;
pub mod view;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

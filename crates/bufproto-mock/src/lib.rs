//! Objects in memory that speak Python's old buffer protocol, for tests that need no Python.
//!
//! An [`Interpreter`] stands for the one that a thread is attached to: it has an error indicator, the wording
//! of a family of interpreters, and a [`Ledger`] of every call that an object received. An [`Object`] is made
//! by recipe, and can be told to misbehave ([`Fault`]).
//!
//! ```
//! use bufproto_core::legacy::{Dialect, Python3};
//! use bufproto_core::request::Request;
//! use bufproto_core::rules::Family;
//! use bufproto_core::view::Slot;
//! use bufproto_mock::{Interpreter, Object};
//!
//! let interpreter = Interpreter::new(Family::CPython3);
//! let object = Object::bytearray(b"hello");
//! let handle = object.attach(&interpreter);
//!
//! // The old function: where the memory is, and nothing that keeps it there.
//! assert_eq!(Python3::as_read_buffer(handle).unwrap().length, 5);
//!
//! // A view keeps it.
//! let mut slot = Slot::new();
//! let view = slot.fill(handle, Request::SIMPLE).unwrap();
//! assert_eq!(object.exports(), 1);
//! assert!(object.resize(&interpreter, 10).is_err());
//! drop(view);
//! interpreter.ledger().assert_balanced();
//! ```
//!
//! A backend of your own is checked by the [`conformance`] kit, rule by rule, and by a [`model`], in any order.
#![cfg_attr(feature = "proptest", doc = "Property tests take what they need from [`strategy`].")]

pub mod conformance;
mod fault;
mod interpreter;
mod ledger;
mod memory;
pub mod model;
mod object;
mod rig;
#[cfg(feature = "proptest")]
pub mod strategy;

pub use fault::{Answer, Fault};
pub use interpreter::{Attached, Interpreter, Raised, Token};
pub use ledger::{Call, Event, Ledger, Unbalanced};
pub use memory::POISON;
pub use object::{Handle, Object, OldSlots, OutOfBounds, Strided, Witness};
pub use rig::MockRig;

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

#[cfg(all(doctest, feature = "proptest"))]
#[doc = include_str!("../README.md")]
struct OwnReadme;

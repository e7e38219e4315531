//! Exporters in memory, for tests: what Python objects do, without Python.
//!
//! | you want | look in |
//! |---|---|
//! | an interpreter with an error indicator, and its record of every export | [`interpreter`] |
//! | objects, built by [recipe] | [`object`] |
//! | to see what is held, and what a consumer did wrong | [`ledger`] |
//! | a call to fail | [`fault`] |
//! | to test a backend of your own | [`conformance`] |
//!
//! Nothing that a recipe or a script says makes a safe function misbehave: no script claims more memory than
//! there is, and memory that an object has left stays allocated, filled with
//! [`POISON`](interpreter::POISON).

pub mod conformance;
pub mod fault;
pub mod interpreter;
pub mod ledger;
pub mod object;
pub mod rig;
mod view;

pub use conformance::recipe;

//! **The conformance kit**: every rule of the protocol, checked on any backend.
//!
//! A backend supplies a [`Rig`](rig::Rig); the kit has it build objects from [recipes](recipe), calls them, and
//! compares what happens with what the rule says.

pub mod recipe;
pub mod rig;

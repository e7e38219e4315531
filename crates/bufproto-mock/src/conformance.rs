//! **The conformance kit**: every rule of the protocol, checked on any backend.
//!
//! A backend supplies a [`Rig`]; the kit has it build objects from [recipes](recipe), calls them, and compares
//! what happens with what the rule says. Nothing is left out silently: a rule that a backend cannot be asked
//! about is *declined*, with the reason.
//!
//! - As tests, one for each rule: [`suite!`](crate::suite).
//! - As a report: [`kit::run`] for the 3.x dialect, views and scopes, [`kit::run_segments`] for the 2.x dialect.
//!
//! ```
//! use bufproto_core::rules::Family;
//! use bufproto_mock::conformance::kit;
//! use bufproto_mock::MockRig;
//!
//! let report = kit::run(&MockRig::new(Family::CPython3));
//! assert_eq!(report.failed(), [0; 0], "{report}");
//! ```

pub mod call;
mod holding;
pub mod kit;
pub mod law;
pub mod recipe;
pub mod report;
pub mod rig;
mod scopes;
mod segments;
mod stable;
mod views;

pub use rig::{Rig, SegmentedRig};

//! Exporters in memory, for tests: what Python objects do, without Python.

pub mod conformance;

pub use conformance::recipe;

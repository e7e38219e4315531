//! The specification of Python's *old buffer protocol*, without Python.
//!
//! Every rule of the protocol stands here once, generic over a handle that a backend supplies. The crate
//! needs neither `std` nor an allocator and names no interpreter.
#![no_std]

pub mod abi;
pub mod request;

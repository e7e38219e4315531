//! Sixteen bytes at a time, on processors that have a way to.
//!
//! Each file has the same few functions for one kind of processor. Where there is none, nothing claims to work, and
//! the portable kernels do everything.

#[cfg_attr(all(target_arch = "x86_64", target_feature = "sse2"), path = "vector/x86_64.rs")]
#[cfg_attr(
    all(target_arch = "aarch64", target_feature = "neon", target_endian = "little"),
    path = "vector/aarch64.rs"
)]
#[cfg_attr(
    not(any(
        all(target_arch = "x86_64", target_feature = "sse2"),
        all(target_arch = "aarch64", target_feature = "neon", target_endian = "little")
    )),
    path = "vector/none.rs"
)]
mod processor;

pub(super) use processor::{
    CAN_ZIP, Pair, Vector, can_shuffle, can_shuffle_pairs, load, or, or_pair, pair, shuffle, shuffle_pair,
    split, store, zip,
};

/// The number of bytes in a vector.
pub(super) const WIDTH: usize = 16;

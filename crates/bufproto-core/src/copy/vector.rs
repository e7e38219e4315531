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

#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
#[path = "vector/separate.rs"]
mod pairs;

#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
use processor as pairs;

pub(super) use pairs::{Pair, can_shuffle_pairs, or_pair, pair, shuffle_pair, split};
pub(super) use processor::{CAN_ZIP, Vector, can_shuffle, load, or, shuffle, store, zip};

/// The number of bytes in a vector.
pub(super) const WIDTH: usize = 16;

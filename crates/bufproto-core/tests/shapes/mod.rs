//! What the laws of layouts and of copies share.

use std::cell::Cell;

use proptest::prelude::*;

/// How often each law is tried. Miri looks at every access, and takes a thousand times as long.
pub(crate) fn cases() -> ProptestConfig {
    ProptestConfig::with_cases(if cfg!(miri) { 8 } else { 1000 })
}

/// Bytes that follow one another without repeating soon.
pub(crate) fn counter(seed: u8) -> impl Fn() -> u8 {
    let next = Cell::new(seed);
    move || {
        next.set(next.get().wrapping_mul(5).wrapping_add(113));
        next.get()
    }
}

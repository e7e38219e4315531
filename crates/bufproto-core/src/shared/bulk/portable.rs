//! One byte after the other, on any machine.

use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// Whether the functions here are made of instructions.
pub(super) const BY_INSTRUCTIONS: bool = false;

/// How many bytes a block has.
pub(super) const BLOCK: usize = 16;

/// # Safety
///
/// As [`load`](super::load), for a block.
#[inline]
pub(super) unsafe fn load_block(from: *const AtomicU8, into: *mut u8) {
    // SAFETY: the caller's word.
    unsafe { load_rest(from, into, BLOCK) };
}

/// # Safety
///
/// As [`load`](super::load).
#[inline]
pub(super) unsafe fn load_rest(from: *const AtomicU8, into: *mut u8, count: usize) {
    for index in 0..count {
        // SAFETY: the caller's word.
        unsafe { into.add(index).write((*from.add(index)).load(Relaxed)) };
    }
}

/// # Safety
///
/// As [`store`](super::store), for a block.
#[inline]
pub(super) unsafe fn store_block(from: *const u8, into: *const AtomicU8) {
    // SAFETY: the caller's word.
    unsafe { store_rest(from, into, BLOCK) };
}

/// # Safety
///
/// As [`store`](super::store).
#[inline]
pub(super) unsafe fn store_rest(from: *const u8, into: *const AtomicU8, count: usize) {
    for index in 0..count {
        // SAFETY: the caller's word.
        unsafe { (*into.add(index)).store(from.add(index).read(), Relaxed) };
    }
}

//! From memory of the caller's own to memory that others may access meanwhile.

use core::mem::MaybeUninit;

use super::{Access, Plain, Racing};
use crate::copy::vector::Vector;
use crate::shared::bulk;

/// Memory of the caller's own at the source, which may be such that nobody can write to it, and
/// [`SharedMut`](crate::shared::SharedMut) memory at the target.
pub(in crate::copy) enum Outwards {}

impl Access for Outwards {
    #[inline(always)]
    unsafe fn load<T: Copy>(from: *const u8) -> MaybeUninit<T> {
        // SAFETY: the caller's word.
        unsafe { Plain::load(from) }
    }

    #[inline(always)]
    unsafe fn store<T: Copy>(into: *mut u8, bytes: MaybeUninit<T>) {
        // SAFETY: the caller's word.
        unsafe { Racing::store(into, bytes) };
    }

    #[inline(always)]
    unsafe fn load_vector(from: *const u8) -> Vector {
        // SAFETY: the caller's word.
        unsafe { Plain::load_vector(from) }
    }

    #[inline(always)]
    unsafe fn store_vector(into: *mut u8, vector: Vector) {
        // SAFETY: the caller's word.
        unsafe { Racing::store_vector(into, vector) };
    }

    #[inline(always)]
    unsafe fn copy(from: *const u8, into: *mut u8, count: usize) {
        // SAFETY: the caller's word. One who has only the source to himself sees no overlap.
        unsafe { bulk::store(from, into.cast_const().cast(), count) };
    }
}

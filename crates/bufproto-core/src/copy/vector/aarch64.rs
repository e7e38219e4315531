//! NEON, which nearly every 64-bit Arm has.

use core::arch::aarch64 as arch;

pub(in crate::copy) type Vector = arch::uint8x16_t;

/// Whether vectors can be zipped.
pub(in crate::copy) const CAN_ZIP: bool = true;

/// Whether vectors can be shuffled here.
#[inline]
pub(in crate::copy) fn can_shuffle() -> bool {
    true
}

/// # Safety
///
/// Sixteen bytes may be read.
#[inline(always)]
pub(in crate::copy) unsafe fn load(from: *const u8) -> Vector {
    // SAFETY: the caller's word; bytes need no alignment.
    unsafe { arch::vld1q_u8(from) }
}

/// # Safety
///
/// Sixteen bytes may be written to.
#[inline(always)]
pub(in crate::copy) unsafe fn store(into: *mut u8, vector: Vector) {
    // SAFETY: the caller's word; bytes need no alignment.
    unsafe { arch::vst1q_u8(into, vector) };
}

/// The bytes that the table names, from 0 to 15; 0 where it says 128.
///
/// # Safety
///
/// [`can_shuffle`] said so.
#[inline(always)]
pub(in crate::copy) unsafe fn shuffle(vector: Vector, table: Vector) -> Vector {
    // SAFETY: this file is for targets that have NEON.
    unsafe { arch::vqtbl1q_u8(vector, table) }
}

#[inline(always)]
pub(in crate::copy) fn or(one: Vector, other: Vector) -> Vector {
    // SAFETY: this file is for targets that have NEON.
    unsafe { arch::vorrq_u8(one, other) }
}

/// The items of two vectors by turns: those of their first halves, and those of their second halves.
#[inline(always)]
pub(in crate::copy) fn zip<const ITEM: usize>(one: Vector, other: Vector) -> (Vector, Vector) {
    // SAFETY: this file is for targets that have NEON; all vectors are sixteen bytes.
    unsafe {
        match ITEM {
            1 => (arch::vzip1q_u8(one, other), arch::vzip2q_u8(one, other)),
            2 => {
                let (one, other) = (arch::vreinterpretq_u16_u8(one), arch::vreinterpretq_u16_u8(other));
                let (first, second) = (arch::vzip1q_u16(one, other), arch::vzip2q_u16(one, other));
                (arch::vreinterpretq_u8_u16(first), arch::vreinterpretq_u8_u16(second))
            }
            4 => {
                let (one, other) = (arch::vreinterpretq_u32_u8(one), arch::vreinterpretq_u32_u8(other));
                let (first, second) = (arch::vzip1q_u32(one, other), arch::vzip2q_u32(one, other));
                (arch::vreinterpretq_u8_u32(first), arch::vreinterpretq_u8_u32(second))
            }
            _ => {
                let (one, other) = (arch::vreinterpretq_u64_u8(one), arch::vreinterpretq_u64_u8(other));
                let (first, second) = (arch::vzip1q_u64(one, other), arch::vzip2q_u64(one, other));
                (arch::vreinterpretq_u8_u64(first), arch::vreinterpretq_u8_u64(second))
            }
        }
    }
}

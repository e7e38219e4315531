//! SSE2, which every x86-64 has, and SSSE3, which is asked for.

use core::arch::x86_64 as arch;
use core::sync::atomic::{AtomicU8, Ordering};

pub(in crate::copy) type Vector = arch::__m128i;

/// Whether vectors can be zipped.
pub(in crate::copy) const CAN_ZIP: bool = true;

/// Whether vectors can be shuffled here. The processor is asked once.
#[inline]
pub(in crate::copy) fn can_shuffle() -> bool {
    const UNKNOWN: u8 = 0;
    const NO: u8 = 1;
    const YES: u8 = 2;
    static ANSWER: AtomicU8 = AtomicU8::new(UNKNOWN);
    if cfg!(target_feature = "ssse3") {
        return true;
    }
    // The answer is the same whoever asks, so that nobody needs to wait for anybody.
    match ANSWER.load(Ordering::Relaxed) {
        UNKNOWN => {
            // There is nobody to ask under Miri.
            let can = cfg!(not(miri)) && arch::__cpuid(1).ecx & 1 << 9 != 0;
            ANSWER.store(if can { YES } else { NO }, Ordering::Relaxed);
            can
        }
        answer => answer == YES,
    }
}

/// # Safety
///
/// Sixteen bytes may be read.
#[inline(always)]
pub(in crate::copy) unsafe fn load(from: *const u8) -> Vector {
    // SAFETY: the caller's word; no alignment is needed.
    unsafe { arch::_mm_loadu_si128(from.cast()) }
}

/// # Safety
///
/// Sixteen bytes may be written to.
#[inline(always)]
pub(in crate::copy) unsafe fn store(into: *mut u8, vector: Vector) {
    // SAFETY: the caller's word; no alignment is needed.
    unsafe { arch::_mm_storeu_si128(into.cast(), vector) };
}

/// The bytes that the table names, from 0 to 15; 0 where it says 128.
#[inline]
#[target_feature(enable = "ssse3")]
pub(in crate::copy) fn shuffle(vector: Vector, table: Vector) -> Vector {
    arch::_mm_shuffle_epi8(vector, table)
}

#[inline(always)]
pub(in crate::copy) fn or(one: Vector, other: Vector) -> Vector {
    // SAFETY: every x86-64 with vectors has SSE2.
    unsafe { arch::_mm_or_si128(one, other) }
}

/// The items of two vectors by turns: those of their first halves, and those of their second halves.
#[inline(always)]
pub(in crate::copy) fn zip<const ITEM: usize>(one: Vector, other: Vector) -> (Vector, Vector) {
    // SAFETY: every x86-64 with vectors has SSE2.
    unsafe {
        match ITEM {
            1 => (arch::_mm_unpacklo_epi8(one, other), arch::_mm_unpackhi_epi8(one, other)),
            2 => (arch::_mm_unpacklo_epi16(one, other), arch::_mm_unpackhi_epi16(one, other)),
            4 => (arch::_mm_unpacklo_epi32(one, other), arch::_mm_unpackhi_epi32(one, other)),
            _ => (arch::_mm_unpacklo_epi64(one, other), arch::_mm_unpackhi_epi64(one, other)),
        }
    }
}

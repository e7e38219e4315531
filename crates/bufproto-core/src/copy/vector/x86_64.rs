//! SSE2, which every x86-64 has, and SSSE3 and AVX2, which are asked for.

use core::arch::x86_64 as arch;
use core::sync::atomic::{AtomicU8, Ordering};

pub(in crate::copy) type Vector = arch::__m128i;

/// Whether vectors can be zipped.
pub(in crate::copy) const CAN_ZIP: bool = true;

/// What this processor can do beside. It is asked once.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
#[repr(u8)]
enum Skill {
    Unknown,
    Nothing,
    Shuffle,
    ShufflePairs,
}

fn skill() -> Skill {
    static ANSWER: AtomicU8 = AtomicU8::new(Skill::Unknown as u8);
    // The answer is the same whoever asks, so that nobody needs to wait for anybody.
    match ANSWER.load(Ordering::Relaxed) {
        answer if answer == Skill::Nothing as u8 => Skill::Nothing,
        answer if answer == Skill::Shuffle as u8 => Skill::Shuffle,
        answer if answer == Skill::ShufflePairs as u8 => Skill::ShufflePairs,
        _ => {
            let answer = ask();
            ANSWER.store(answer as u8, Ordering::Relaxed);
            answer
        }
    }
}

#[cold]
fn ask() -> Skill {
    // There is nobody to ask under Miri.
    if cfg!(miri) {
        return Skill::Nothing;
    }
    let has = |register: u32, bit: u32| register & 1 << bit != 0;
    let first = answers(1).ecx;
    if !has(first, 9) {
        return Skill::Nothing;
    }
    // The system must keep the upper halves too when another thread has its turn.
    // SAFETY: bit 27 says that there is the instruction.
    let is_kept = has(first, 27) && has(first, 28) && unsafe { arch::_xgetbv(0) } & 6 == 6;
    if is_kept && answers(0).eax >= 7 && has(answers(7).ebx, 5) {
        Skill::ShufflePairs
    } else {
        Skill::Shuffle
    }
}

/// What the processor says of itself.
#[allow(
    unused_unsafe,
    reason = "the function is unsafe in the oldest compiler that is supported, and safe in later ones"
)]
fn answers(question: u32) -> arch::CpuidResult {
    // SAFETY: every x86-64 has the instruction.
    unsafe { arch::__cpuid_count(question, 0) }
}

/// Whether vectors can be shuffled here.
#[inline]
pub(in crate::copy) fn can_shuffle() -> bool {
    cfg!(target_feature = "ssse3") || skill() >= Skill::Shuffle
}

/// Whether two vectors can be shuffled at once here.
#[inline]
pub(in crate::copy) fn can_shuffle_pairs() -> bool {
    skill() == Skill::ShufflePairs
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

/// Two vectors side by side.
pub(in crate::copy) type Pair = arch::__m256i;

#[inline]
#[target_feature(enable = "avx2")]
pub(in crate::copy) fn pair(one: Vector, other: Vector) -> Pair {
    arch::_mm256_set_m128i(other, one)
}

#[inline]
#[target_feature(enable = "avx2")]
pub(in crate::copy) fn split(pair: Pair) -> [Vector; 2] {
    [arch::_mm256_castsi256_si128(pair), arch::_mm256_extracti128_si256::<1>(pair)]
}

/// As [`shuffle`], in both vectors, each with the table beside it.
#[inline]
#[target_feature(enable = "avx2")]
pub(in crate::copy) fn shuffle_pair(pair: Pair, table: Pair) -> Pair {
    arch::_mm256_shuffle_epi8(pair, table)
}

#[inline]
#[target_feature(enable = "avx2")]
pub(in crate::copy) fn or_pair(one: Pair, other: Pair) -> Pair {
    arch::_mm256_or_si256(one, other)
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

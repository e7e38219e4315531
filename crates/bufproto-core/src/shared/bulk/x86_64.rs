//! The instructions of x86-64, which move up to 16 bytes at any address.

use core::arch::asm;
use core::arch::x86_64::{__m128i, __m256i};
use core::sync::atomic::AtomicU8;

/// Whether the functions here are made of instructions.
pub(super) const BY_INSTRUCTIONS: bool = true;

/// How many bytes a block has: as many as a line of the cache.
pub(super) const BLOCK: usize = 64;

super::moves! {
    16 load_16 store_16 __m128i: xmm_reg "movdqu {0}, xmmword ptr [{from}]" "movdqu xmmword ptr [{into}], {0}";
    8 load_8 store_8 u64: reg "mov {0:r}, qword ptr [{from}]" "mov qword ptr [{into}], {0:r}";
    4 load_4 store_4 u32: reg "mov {0:e}, dword ptr [{from}]" "mov dword ptr [{into}], {0:e}";
    2 load_2 store_2 u16: reg "movzx {0:e}, word ptr [{from}]" "mov word ptr [{into}], {0:x}";
    1 load_1 store_1 u8: reg_byte "mov {0}, byte ptr [{from}]" "mov byte ptr [{into}], {0}";
}

/// Loads sixteen bytes from each of two places. Among instructions that use both halves of long vectors, those of the other
/// functions here would cost a hundred times as much.
///
/// # Safety
///
/// As [`load`](super::load), for each place, where there is AVX2.
#[inline]
#[target_feature(enable = "avx2")]
pub(crate) unsafe fn load_pair([first, second]: [*const AtomicU8; 2]) -> __m256i {
    let pair;
    // SAFETY: the caller's word. To the language this is a relaxed atomic load of each byte.
    unsafe {
        asm!("vmovdqu {0:x}, xmmword ptr [{1}]", "vinserti128 {0}, {0}, xmmword ptr [{2}], 1",
            out(ymm_reg) pair, in(reg) first, in(reg) second, options(nostack, preserves_flags, readonly));
    }
    pair
}

/// Stores sixteen bytes to each of two places, in this order.
///
/// # Safety
///
/// As [`store`](super::store), for each place, where there is AVX2.
#[inline]
#[target_feature(enable = "avx2")]
pub(crate) unsafe fn store_pair([first, second]: [*const AtomicU8; 2], pair: __m256i) {
    // SAFETY: the caller's word. To the language this is a relaxed atomic store of each byte.
    unsafe {
        asm!("vmovdqu xmmword ptr [{1}], {0:x}", "vextracti128 xmmword ptr [{2}], {0}, 1",
            in(ymm_reg) pair, in(reg) first, in(reg) second, options(nostack, preserves_flags));
    }
}

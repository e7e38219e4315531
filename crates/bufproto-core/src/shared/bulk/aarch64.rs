//! The instructions of AArch64, which move up to 16 bytes at any address.

use core::arch::aarch64::uint8x16_t;
use core::arch::asm;
use core::sync::atomic::AtomicU8;

/// Whether the functions here are made of instructions.
pub(super) const BY_INSTRUCTIONS: bool = true;

/// How many bytes a block has: as many as most lines of the cache.
pub(super) const BLOCK: usize = 64;

super::moves! {
    16 load_16 store_16 uint8x16_t: vreg "ldr {0:q}, [{from}]" "str {0:q}, [{into}]";
    8 load_8 store_8 u64: reg "ldr {0:x}, [{from}]" "str {0:x}, [{into}]";
    4 load_4 store_4 u32: reg "ldr {0:w}, [{from}]" "str {0:w}, [{into}]";
    2 load_2 store_2 u16: reg "ldrh {0:w}, [{from}]" "strh {0:w}, [{into}]";
    1 load_1 store_1 u8: reg "ldrb {0:w}, [{from}]" "strb {0:w}, [{into}]";
}

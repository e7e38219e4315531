//! Several bytes at a time, from and to memory that others may write to.
//!
//! What is done to shared memory here is, for the language, one relaxed atomic access for each byte. Larger atomic types
//! would not do: accesses of different sizes that race are not defined. But a machine's instruction that moves 16 bytes
//! moves each of them, and to the compiler an instruction in `asm!` is whatever it can be described as. So where the
//! machine is known its instructions are used. Elsewhere, and under Miri, bytes go one by one.

use core::sync::atomic::AtomicU8;

/// For each size an instruction that loads and one that stores, and from them the two kinds of a block and of less than one.
#[cfg(all(not(miri), any(target_arch = "x86_64", target_arch = "aarch64")))]
macro_rules! moves {
    ($($size:literal $load:ident $store:ident $type:ty: $class:ident $load_text:literal $store_text:literal;)*) => {
        $(
            /// # Safety
            ///
            /// As [`load`](super::load), for as many bytes as the type has.
            #[inline]
            unsafe fn $load(from: *const AtomicU8, into: *mut u8) {
                let value: $type;
                // SAFETY: the caller's word. To the language this is a relaxed atomic load of each byte.
                unsafe {
                    asm!($load_text, out($class) value, from = in(reg) from,
                        options(nostack, preserves_flags, readonly));
                    into.cast::<$type>().write_unaligned(value);
                }
            }

            /// # Safety
            ///
            /// As [`store`](super::store), for as many bytes as the type has.
            #[inline]
            unsafe fn $store(from: *const u8, into: *const AtomicU8) {
                // SAFETY: the caller's word. To the language this is a relaxed atomic store of each byte.
                unsafe {
                    let value = from.cast::<$type>().read_unaligned();
                    asm!($store_text, in($class) value, into = in(reg) into,
                        options(nostack, preserves_flags));
                }
            }
        )*

        /// # Safety
        ///
        /// As [`load`](super::load), for a block.
        #[inline]
        pub(super) unsafe fn load_block(from: *const AtomicU8, into: *mut u8) {
            for part in 0..BLOCK / 16 {
                // SAFETY: the caller's word.
                unsafe { load_16(from.add(part * 16), into.add(part * 16)) };
            }
        }

        /// # Safety
        ///
        /// As [`store`](super::store), for a block.
        #[inline]
        pub(super) unsafe fn store_block(from: *const u8, into: *const AtomicU8) {
            for part in 0..BLOCK / 16 {
                // SAFETY: the caller's word.
                unsafe { store_16(from.add(part * 16), into.add(part * 16)) };
            }
        }

        /// # Safety
        ///
        /// As [`load`](super::load).
        #[inline]
        pub(super) unsafe fn load_rest(from: *const AtomicU8, into: *mut u8, count: usize) {
            let mut done = 0;
            // The largest first: below 16, each size but that at most once.
            $(
                while count - done >= $size {
                    // SAFETY: the caller's word; there are as many bytes left.
                    unsafe { $load(from.add(done), into.add(done)) };
                    done += $size;
                }
            )*
        }

        /// # Safety
        ///
        /// As [`store`](super::store).
        #[inline]
        pub(super) unsafe fn store_rest(from: *const u8, into: *const AtomicU8, count: usize) {
            let mut done = 0;
            $(
                while count - done >= $size {
                    // SAFETY: the caller's word; there are as many bytes left.
                    unsafe { $store(from.add(done), into.add(done)) };
                    done += $size;
                }
            )*
        }
    };
}
#[cfg(all(not(miri), any(target_arch = "x86_64", target_arch = "aarch64")))]
use moves;

cfg_if::cfg_if! {
    if #[cfg(all(not(miri), target_arch = "x86_64", target_feature = "sse2"))] {
        mod x86_64;
        use x86_64 as machine;
    } else if #[cfg(all(not(miri), target_arch = "aarch64", target_feature = "neon"))] {
        mod aarch64;
        use aarch64 as machine;
    } else {
        mod portable;
        use portable as machine;
    }
}

/// Copies bytes out of shared memory.
///
/// # Safety
///
/// `count` bytes at `from` may be read as those of a [`Shared`](super::Shared), and as many at `into`, which nobody else
/// has, may be written to.
#[inline]
pub(super) unsafe fn load(from: *const AtomicU8, into: *mut u8, count: usize) {
    let mut done = 0;
    // SAFETY: the caller's word; no part goes past the bytes.
    unsafe {
        while count - done >= machine::BLOCK {
            machine::load_block(from.add(done), into.add(done));
            done += machine::BLOCK;
        }
        machine::load_rest(from.add(done), into.add(done), count - done);
    }
}

/// Copies bytes to shared memory.
///
/// # Safety
///
/// `count` bytes at `from` may be read, and as many at `into` may be written to as those of a
/// [`SharedMut`](super::SharedMut).
#[inline]
pub(super) unsafe fn store(from: *const u8, into: *const AtomicU8, count: usize) {
    let mut done = 0;
    // SAFETY: the caller's word; no part goes past the bytes.
    unsafe {
        while count - done >= machine::BLOCK {
            machine::store_block(from.add(done), into.add(done));
            done += machine::BLOCK;
        }
        machine::store_rest(from.add(done), into.add(done), count - done);
    }
}

/// Sets bytes of shared memory.
///
/// # Safety
///
/// `count` bytes at `into` may be written to as those of a [`SharedMut`](super::SharedMut).
pub(super) unsafe fn fill(byte: u8, into: *const AtomicU8, count: usize) {
    let block = [byte; machine::BLOCK];
    let mut done = 0;
    while done < count {
        let part = (count - done).min(block.len());
        // SAFETY: the caller's word; the part does not go past the bytes, nor past the block.
        unsafe { store(block.as_ptr(), into.add(done), part) };
        done += part;
    }
}

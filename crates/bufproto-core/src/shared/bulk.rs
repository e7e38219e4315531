//! Several bytes at a time, from and to memory that others may write to.
//!
//! What is done to shared memory here is, for the language, one relaxed atomic access for each byte. Larger atomic types
//! would not do: accesses of different sizes that race are not defined. But a machine's instruction that moves 16 bytes
//! moves each of them, and to the compiler an instruction in `asm!` is whatever it can be described as. So where the
//! machine is known its instructions are used. Elsewhere bytes go one by one, and so they do under Miri, and where
//! `--cfg bufproto_bytewise` says so: for ThreadSanitizer, which does not look into instructions either.

use core::mem::MaybeUninit;
use core::sync::atomic::AtomicU8;

/// For each size an instruction that loads and one that stores, and from them the two kinds of a block and of less than one.
#[cfg(all(not(any(miri, bufproto_bytewise)), any(target_arch = "x86_64", target_arch = "aarch64")))]
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
#[cfg(all(not(any(miri, bufproto_bytewise)), any(target_arch = "x86_64", target_arch = "aarch64")))]
use moves;

cfg_if::cfg_if! {
    if #[cfg(all(not(any(miri, bufproto_bytewise)), target_arch = "x86_64", target_feature = "sse2"))] {
        mod x86_64;
        use x86_64 as machine;
        pub(crate) use x86_64::{load_pair, store_pair};
    } else if #[cfg(all(not(any(miri, bufproto_bytewise)), target_arch = "aarch64", target_feature = "neon"))] {
        mod aarch64;
        use aarch64 as machine;
    } else {
        mod portable;
        use portable as machine;
    }
}

/// Whether several bytes move by one instruction, of which the language need not know all that it loads.
pub(crate) const BY_INSTRUCTIONS: bool = machine::BY_INSTRUCTIONS;

/// Copies bytes out of shared memory.
///
/// # Safety
///
/// `count` bytes at `from` may be read as those of a [`Shared`](super::Shared), and as many at `into`, which nobody else
/// has, may be written to.
#[inline]
pub(crate) unsafe fn load(from: *const AtomicU8, into: *mut u8, count: usize) {
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
pub(crate) unsafe fn store(from: *const u8, into: *const AtomicU8, count: usize) {
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

/// Copies bytes from one place to another, of which both are shared. They may overlap: what is copied is what was there before.
///
/// # Safety
///
/// `count` bytes at `from` may be read as those of a [`Shared`](super::Shared), and as many at `into` may be written to as
/// those of a [`SharedMut`](super::SharedMut).
pub(crate) unsafe fn copy(from: *const AtomicU8, into: *const AtomicU8, count: usize) {
    let rest = count % machine::BLOCK;
    let copy_rest = || {
        let mut block = MaybeUninit::<[u8; machine::BLOCK]>::uninit();
        let at = count - rest;
        // SAFETY: the caller's word; what is left is shorter than a block, and is stored as it was loaded.
        unsafe {
            machine::load_rest(from.add(at), block.as_mut_ptr().cast(), rest);
            machine::store_rest(block.as_ptr().cast(), into.add(at), rest);
        }
    };
    let copy_block = |number: usize| {
        let mut block = MaybeUninit::<[u8; machine::BLOCK]>::uninit();
        let at = number * machine::BLOCK;
        // SAFETY: the caller's word; the block is one of those that are whole, and is stored as it was loaded.
        unsafe {
            machine::load_block(from.add(at), block.as_mut_ptr().cast());
            machine::store_block(block.as_ptr().cast(), into.add(at));
        }
    };
    let blocks = 0..count / machine::BLOCK;
    // What is written first must not be what is still to be read.
    if into.addr().wrapping_sub(from.addr()) >= count {
        blocks.for_each(copy_block);
        copy_rest();
    } else {
        copy_rest();
        blocks.rev().for_each(copy_block);
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

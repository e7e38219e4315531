//! How bytes get from memory and to memory: as those of ordinary memory, or as those that others may access meanwhile.

use core::mem::MaybeUninit;
use core::ptr;

use crate::copy::vector::{self, Pair, Vector, WIDTH};
use crate::shared::bulk;

cfg_if::cfg_if! {
    if #[cfg(all(
        not(any(miri, bufproto_bytewise)),
        any(
            all(target_arch = "x86_64", target_feature = "sse2"),
            all(target_arch = "aarch64", target_feature = "neon")
        )
    ))] {
        // An instruction loads memory that nobody can write to as it loads any other.
        pub(super) use Racing as Outwards;
    } else {
        mod outwards;
        pub(super) use outwards::Outwards;
    }
}

/// What kernels do with memory. They are the same for all kinds of it.
pub(super) trait Access {
    /// Whether [`load_vector`](Self::load_vector) may load bytes that are not wanted.
    const LOADS_GAPS: bool = true;

    /// The bytes of a `T` at any address. They may be anything, and `T` is an integer or several.
    ///
    /// # Safety
    ///
    /// As many bytes may be read, by this kind of access.
    unsafe fn load<T: Copy>(from: *const u8) -> MaybeUninit<T>;

    /// # Safety
    ///
    /// As many bytes may be written to, by this kind of access.
    unsafe fn store<T: Copy>(into: *mut u8, bytes: MaybeUninit<T>);

    /// A vector, of which perhaps only some bytes are wanted.
    ///
    /// # Safety
    ///
    /// As [`load`](Self::load) for those that are wanted: all of them, unless [`LOADS_GAPS`](Self::LOADS_GAPS). The others lie
    /// between two of them, which are at most a few dozen bytes apart.
    unsafe fn load_vector(from: *const u8) -> Vector;

    /// # Safety
    ///
    /// As [`store`](Self::store).
    unsafe fn store_vector(into: *mut u8, vector: Vector);

    /// Two vectors, as [`load_vector`](Self::load_vector).
    ///
    /// # Safety
    ///
    /// As [`load_vector`](Self::load_vector) for each, where [`can_shuffle_pairs`](vector::can_shuffle_pairs) says so.
    #[inline(always)]
    unsafe fn load_pair(from: [*const u8; 2]) -> Pair {
        // SAFETY: the caller's word.
        unsafe { vector::pair(Self::load_vector(from[0]), Self::load_vector(from[1])) }
    }

    /// Stores the first vector, and then the second.
    ///
    /// # Safety
    ///
    /// As [`store`](Self::store) for each, where [`can_shuffle_pairs`](vector::can_shuffle_pairs) says so.
    #[inline(always)]
    unsafe fn store_pair(into: [*mut u8; 2], pair: Pair) {
        // SAFETY: the caller's word.
        unsafe {
            let [first, second] = vector::split(pair);
            Self::store_vector(into[0], first);
            Self::store_vector(into[1], second);
        }
    }

    /// Copies bytes that lie side by side. The two places may overlap: what is copied is what was there before.
    ///
    /// # Safety
    ///
    /// As [`load`](Self::load) and [`store`](Self::store), for as many bytes.
    unsafe fn copy(from: *const u8, into: *mut u8, count: usize);
}

/// Memory that nobody else accesses in a way that matters.
pub(super) enum Plain {}

impl Access for Plain {
    #[inline(always)]
    unsafe fn load<T: Copy>(from: *const u8) -> MaybeUninit<T> {
        // SAFETY: the caller's word.
        unsafe { from.cast::<MaybeUninit<T>>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn store<T: Copy>(into: *mut u8, bytes: MaybeUninit<T>) {
        // SAFETY: the caller's word.
        unsafe { into.cast::<MaybeUninit<T>>().write_unaligned(bytes) };
    }

    #[inline(always)]
    unsafe fn load_vector(from: *const u8) -> Vector {
        // SAFETY: the caller's word; of ordinary memory what lies between may be read too.
        unsafe { vector::load(from) }
    }

    #[inline(always)]
    unsafe fn store_vector(into: *mut u8, vector: Vector) {
        // SAFETY: the caller's word.
        unsafe { vector::store(into, vector) };
    }

    #[inline(always)]
    unsafe fn copy(from: *const u8, into: *mut u8, count: usize) {
        // SAFETY: the caller's word.
        unsafe { ptr::copy(from, into, count) };
    }
}

/// [`Shared`](crate::shared::Shared) memory on both sides. The target may also be memory of the caller's own.
pub(super) enum Racing {}

impl Access for Racing {
    const LOADS_GAPS: bool = bulk::BY_INSTRUCTIONS;

    #[inline(always)]
    unsafe fn load<T: Copy>(from: *const u8) -> MaybeUninit<T> {
        let mut bytes = MaybeUninit::<T>::uninit();
        // SAFETY: the caller's word; there is place for as many bytes.
        unsafe { bulk::load(from.cast(), bytes.as_mut_ptr().cast(), size_of::<T>()) };
        bytes
    }

    #[inline(always)]
    unsafe fn store<T: Copy>(into: *mut u8, bytes: MaybeUninit<T>) {
        // SAFETY: the caller's word; all of the bytes were loaded, so they are initialised.
        unsafe { bulk::store(bytes.as_ptr().cast(), into.cast_const().cast(), size_of::<T>()) };
    }

    #[inline(always)]
    unsafe fn load_vector(from: *const u8) -> Vector {
        // SAFETY: the caller's word. To the language an instruction loads those bytes that are wanted; the others, which are
        // forgotten, might as well be any. They share pages with those, so the machine can read them.
        unsafe { Self::load(from).assume_init() }
    }

    #[inline(always)]
    unsafe fn store_vector(into: *mut u8, vector: Vector) {
        // SAFETY: the caller's word.
        unsafe { Self::store(into, MaybeUninit::new(vector)) };
    }

    #[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(any(miri, bufproto_bytewise))))]
    #[inline(always)]
    unsafe fn load_pair(from: [*const u8; 2]) -> Pair {
        // SAFETY: the caller's word; for those bytes that are not wanted as in `load_vector`.
        unsafe { bulk::load_pair(from.map(<*const u8>::cast)) }
    }

    #[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(any(miri, bufproto_bytewise))))]
    #[inline(always)]
    unsafe fn store_pair(into: [*mut u8; 2], pair: Pair) {
        // SAFETY: the caller's word.
        unsafe { bulk::store_pair(into.map(|into| into.cast_const().cast()), pair) };
    }

    #[inline(always)]
    unsafe fn copy(from: *const u8, into: *mut u8, count: usize) {
        // SAFETY: the caller's word.
        unsafe { bulk::copy(from.cast(), into.cast_const().cast(), count) };
    }
}

const _: () = assert!(size_of::<Vector>() == WIDTH);

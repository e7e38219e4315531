//! Blocks one by one, in two loops. This is what every other kernel leaves its edges to.

use core::marker::PhantomData;
use core::mem::MaybeUninit;

use crate::copy::access::Access;
use crate::copy::plan::{Loop, Places};

/// How many blocks one of the two loops does before the other goes on, where the loops are exchanged: so few that
/// what they touch is still in the nearest cache.
const CHUNK: usize = 256;

/// Copies a block in each round of the second loop in each round of the first.
///
/// # Safety
///
/// In each round a block at the source may be read and one at the target may be written to, by this kind of access.
#[inline(never)]
pub(super) unsafe fn copy<A: Access>(block: usize, [outer, inner]: &[Loop; 2], at: Places) {
    // Called through a pointer, so that there is one loop for each size and no more.
    let row: unsafe fn(usize, &Loop, Places) = match block {
        1 => row::<A, Whole<u8>>,
        2 => row::<A, Whole<u16>>,
        4 => row::<A, Whole<u32>>,
        8 => row::<A, Whole<u64>>,
        16 => row::<A, Whole<[u64; 2]>>,
        3 => row::<A, Halves<u16>>,
        5..8 => row::<A, Halves<u32>>,
        9..16 => row::<A, Halves<u64>>,
        17..=32 => row::<A, Halves<[u64; 2]>>,
        _ => long_row::<A>,
    };
    // A short loop in a long one costs more than the other way round. In between the caches keep what both need.
    let (steps, most) = if inner.extent < 8 && inner.extent < outer.extent {
        ([outer, inner], CHUNK)
    } else {
        ([inner, outer], inner.extent.max(1))
    };
    let [along, over] = steps;
    let mut done = 0;
    while done < along.extent {
        let part = Loop { extent: most.min(along.extent - done), ..*along };
        for index in 0..over.extent {
            // SAFETY: the indices are within the extents; else the caller's word. The row is one for such blocks.
            unsafe { row(block, &part, over.at(index, along.at(done, at))) };
        }
        done += part.extent;
    }
}

/// Copies a block in each round.
///
/// # Safety
///
/// As [`copy`].
unsafe fn long_row<A: Access>(block: usize, along: &Loop, at: Places) {
    for index in 0..along.extent {
        let [from, into] = along.at(index, at);
        // SAFETY: the index is within the extent; else the caller's word.
        unsafe { A::copy(from.cast_const(), into, block) };
    }
}

/// The same for blocks that an item is made for.
///
/// # Safety
///
/// As [`copy`]. The item is one for blocks of that size.
unsafe fn row<A: Access, I: Item>(block: usize, along: &Loop, [mut from, mut into]: Places) {
    let mut left = along.extent;
    // Reading ahead lets slow reads wait for one another's cache lines at the same time.
    while left >= 4 {
        // SAFETY: there are as many rounds left; else the caller's word.
        unsafe {
            let bytes = [0, 1, 2, 3].map(|_| {
                let bytes = I::take::<A>(block, from.cast_const());
                from = from.wrapping_offset(along.source);
                bytes
            });
            for bytes in bytes {
                I::put::<A>(block, into, bytes);
                into = into.wrapping_offset(along.target);
            }
        }
        left -= 4;
    }
    while left != 0 {
        // SAFETY: there is a round left; else the caller's word.
        unsafe { I::put::<A>(block, into, I::take::<A>(block, from.cast_const())) };
        from = from.wrapping_offset(along.source);
        into = into.wrapping_offset(along.target);
        left -= 1;
    }
}

/// What moves in one go.
trait Item {
    /// The bytes on the way. They may be anything, and pointers stay pointers.
    type Bytes: Copy;

    /// # Safety
    ///
    /// A block of this size may be read by this kind of access, and is one that the item is made for.
    unsafe fn take<A: Access>(block: usize, from: *const u8) -> Self::Bytes;

    /// # Safety
    ///
    /// A block of this size may be written to by this kind of access, and is one that the item is made for.
    unsafe fn put<A: Access>(block: usize, into: *mut u8, bytes: Self::Bytes);
}

/// Blocks of the size of a `T`.
struct Whole<T>(PhantomData<T>);

impl<T: Copy> Item for Whole<T> {
    type Bytes = MaybeUninit<T>;

    #[inline(always)]
    unsafe fn take<A: Access>(_: usize, from: *const u8) -> Self::Bytes {
        // SAFETY: the caller's word.
        unsafe { A::load(from) }
    }

    #[inline(always)]
    unsafe fn put<A: Access>(_: usize, into: *mut u8, bytes: Self::Bytes) {
        // SAFETY: the caller's word.
        unsafe { A::store(into, bytes) };
    }
}

/// Blocks that are longer than a `T`, and at most as long as two: they overlap in the middle.
struct Halves<T>(PhantomData<T>);

impl<T: Copy> Item for Halves<T> {
    type Bytes = [MaybeUninit<T>; 2];

    #[inline(always)]
    unsafe fn take<A: Access>(block: usize, from: *const u8) -> Self::Bytes {
        let second = from.wrapping_add(block - size_of::<T>());
        // SAFETY: the caller's word: both halves are within the block.
        unsafe { [Whole::<T>::take::<A>(block, from), Whole::<T>::take::<A>(block, second)] }
    }

    #[inline(always)]
    unsafe fn put<A: Access>(block: usize, into: *mut u8, [first, last]: Self::Bytes) {
        let second = into.wrapping_add(block - size_of::<T>());
        // SAFETY: the caller's word: both halves are within the block.
        unsafe {
            Whole::<T>::put::<A>(block, into, first);
            Whole::<T>::put::<A>(block, second, last);
        }
    }
}

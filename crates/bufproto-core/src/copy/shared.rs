//! The same copies from and to memory that others may access meanwhile, as they may [`Shared`](crate::shared::Shared) memory.
//!
//! All bytes are loaded and stored as those of `Shared` memory are, so whoever writes to them meanwhile makes those that are
//! copied arbitrary, byte by byte, and nothing worse happens. The kernels are those of ordinary memory, and move as many bytes
//! at a time, on x86-64 and AArch64; on other machines bytes go one by one. Where nobody else writes, the functions of
//! [`copy`](super) do the same.
//!
//! What lies between items may belong to others, may not be initialised, and is left alone. Nor does it matter what
//! [overlaps](super#overlap), which is as it is there.

use core::ops::Range;

use crate::copy::access::{Outwards, Racing};
use crate::copy::plan::copy_items;
use crate::copy::side::Side;
use crate::copy::{CopyError, compare};
use crate::layout::{Layout, Order};

/// Copies all items to one place, side by side, in the given order, as [`gather`](super::gather).
///
/// ```
/// use bufproto_core::copy::shared::gather;
/// use bufproto_core::layout::{Layout, Order};
/// use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
///
/// let memory = [const { AtomicU8::new(b'a') }; 60_000];
/// // Every second byte, from the last one on.
/// let layout = Layout::new(1, &[30_000], Some(&[-2]), None)?;
/// let mut items = vec![0; layout.length()];
/// std::thread::scope(|scope| {
///     scope.spawn(|| memory.iter().for_each(|byte| byte.store(b'b', Relaxed)));
///     // SAFETY: the memory has an item at 59_999, and so on; there is place for them.
///     unsafe { gather(memory.as_ptr().cast::<u8>().add(59_999), layout, Order::C, items.as_mut_ptr()) };
/// });
/// assert!(items.iter().all(|item| b"ab".contains(item)));
/// # Ok::<(), bufproto_core::layout::LayoutError>(())
/// ```
///
/// # Safety
///
/// - `memory` is the `buf` of a view with this layout, which is held. Its items may be read as
///   [`Shared`](crate::shared::Shared::new) memory.
/// - [`length`](Layout::length) bytes at `into` may be written to as [`SharedMut`](crate::shared::SharedMut::new) memory, or are
///   the caller's own.
///
/// Pointers may be anything if the length is 0.
pub unsafe fn gather(memory: *const u8, layout: Layout<'_>, order: Order, into: *mut u8) {
    // SAFETY: the caller's word.
    unsafe { gather_fields(memory, layout, 0..layout.item_size(), order, into) };
}

/// Copies items that lie side by side in the given order to their places, as [`scatter`](super::scatter).
///
/// ```
/// use bufproto_core::copy::shared::scatter;
/// use bufproto_core::layout::{Layout, Order};
/// use std::sync::atomic::AtomicU8;
///
/// // Every second of five bytes.
/// let memory = b"a-b-c".map(AtomicU8::new);
/// let layout = Layout::new(1, &[3], Some(&[2]), None)?;
/// // SAFETY: the memory has an item at 0, 2 and 4, as many as there are to copy, and may be written to by others too.
/// unsafe { scatter(b"xyz".as_ptr(), memory.as_ptr().cast_mut().cast(), layout, Order::C) };
/// assert_eq!(memory.map(AtomicU8::into_inner), *b"x-y-z");
/// # Ok::<(), bufproto_core::layout::LayoutError>(())
/// ```
///
/// # Safety
///
/// - [`length`](Layout::length) bytes at `from` may be read, and nobody writes to them meanwhile.
/// - `memory` is the `buf` of a view with this layout, which is held. Its items may be written to as
///   [`SharedMut`](crate::shared::SharedMut::new) memory.
///
/// Pointers may be anything if the length is 0.
pub unsafe fn scatter(from: *const u8, memory: *mut u8, layout: Layout<'_>, order: Order) {
    // SAFETY: the caller's word.
    unsafe { scatter_fields(from, memory, layout, 0..layout.item_size(), order) };
}

/// Copies each item to the item of the other layout with the same indices, as [`copy`](super::copy()).
///
/// ```
/// use bufproto_core::copy::shared::copy;
/// use bufproto_core::layout::Layout;
/// use std::sync::atomic::AtomicU8;
///
/// let (from, to) = (b"abc".map(AtomicU8::new), [const { AtomicU8::new(0) }; 3]);
/// let reversed = Layout::new(1, &[3], Some(&[-1]), None)?;
/// let last = to.as_ptr().cast_mut().cast::<u8>().wrapping_add(2);
/// // SAFETY: both have three items, which others may access too.
/// unsafe { copy((from.as_ptr().cast(), Layout::new(1, &[3], None, None)?), (last, reversed)) }?;
/// assert_eq!(to.map(AtomicU8::into_inner), *b"cba");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As for [`copy`](super::copy()).
///
/// # Safety
///
/// Each pointer is the `buf` of a view with its layout, which is held. The items of the first may be read as
/// [`Shared`](crate::shared::Shared::new) memory, and those of the second written to as
/// [`SharedMut`](crate::shared::SharedMut::new) memory.
///
/// Pointers may be anything if the length is 0.
pub unsafe fn copy(
    (memory, from): (*const u8, Layout<'_>),
    (into, to): (*mut u8, Layout<'_>),
) -> Result<(), CopyError> {
    compare(from, to)?;
    if from.length() != 0 {
        // SAFETY: the caller's word for both sides; their shapes were compared, and the length is not 0.
        unsafe { copy_items::<Racing>([Side::laid(from), Side::laid(to)], memory, into) };
    }
    Ok(())
}

/// As [`gather`], of some bytes of each item, which are within it.
///
/// # Safety
///
/// As [`gather`], for these bytes.
pub(crate) unsafe fn gather_fields(
    memory: *const u8,
    layout: Layout<'_>,
    field: Range<usize>,
    order: Order,
    into: *mut u8,
) {
    if layout.items() == 0 || field.is_empty() {
        return;
    }
    let packed = Side::packed_fields(layout, field.len(), order);
    let sides = [Side::fields(layout, field), packed];
    // SAFETY: the caller's word for both sides, which have the same shape; there are bytes.
    unsafe { copy_items::<Racing>(sides, memory, into) };
}

/// As [`scatter`], to some bytes of each item, which are within it.
///
/// # Safety
///
/// As [`scatter`], for these bytes.
pub(crate) unsafe fn scatter_fields(
    from: *const u8,
    memory: *mut u8,
    layout: Layout<'_>,
    field: Range<usize>,
    order: Order,
) {
    if layout.items() == 0 || field.is_empty() {
        return;
    }
    let packed = Side::packed_fields(layout, field.len(), order);
    let sides = [packed, Side::fields(layout, field)];
    // SAFETY: the caller's word for both sides, which have the same shape; there are bytes.
    unsafe { copy_items::<Outwards>(sides, from, memory) };
}

//! Moving items between layouts.
//!
//! Items are visited in whatever order is best for both sides. What lies side by side in both layouts moves as one
//! block. Smaller items move whole vectors at a time, where the processor can do that; where one side's rows are the
//! other's columns, small squares are turned. Nothing is allocated.
//!
//! Bytes are moved as ordinary memory: **while these functions run, nobody else may write to what they read, nor read
//! or write what they write.** Under the interpreter's lock that is so for memory that is reached through the interpreter
//! only. What lies between two items of the source that are at most a few dozen bytes apart may be read with them, so it
//! counts as what they read; what lies between items of the target is left alone. Where others may do so meanwhile,
//! [`shared`] has the same functions.
//!
//! # Overlap
//!
//! If both sides consist of one block, they may overlap, and the result is as if there were a copy between
//! ([`is_contiguous`](Layout::is_contiguous) in the same order, or a single item). Otherwise the contents of
//! what overlaps are unspecified, though nothing worse happens; pointers that suboffsets lead through must not
//! be overwritten.

mod access;
mod grid;
#[cfg(feature = "parallel")]
pub mod parallel;
mod plan;
pub mod shared;
mod shuffle;
mod side;
mod tiles;
mod vector;

use core::fmt;

use crate::layout::{Layout, Order};
use access::Plain;
use plan::copy_items;
use side::Side;

/// Copies all items to one place, side by side, in the given order (`PyBuffer_ToContiguous`).
///
/// ```
/// use bufproto_core::copy::gather;
/// use bufproto_core::layout::{Layout, Order};
///
/// // Every second of six bytes, from the last one on.
/// let memory = [1u8, 2, 3, 4, 5, 6];
/// let layout = Layout::new(1, &[3], Some(&[-2]), None)?;
/// let mut items = [0; 3];
/// // SAFETY: the memory has an item at 5, 3 and 1; there is place for three.
/// unsafe { gather(memory.as_ptr().add(5), layout, Order::C, items.as_mut_ptr()) };
/// assert_eq!(items, [6, 4, 2]);
/// # Ok::<(), bufproto_core::layout::LayoutError>(())
/// ```
///
/// # Safety
///
/// - `memory` is the `buf` of a view with this layout, which is held. All its bytes are initialised, including those
///   [between](self) items.
/// - [`length`](Layout::length) bytes at `into` may be written to.
/// - Nobody else accesses the memory meanwhile, as [above](self). The two may [overlap](self#overlap).
///
/// Pointers may be anything if the length is 0.
pub unsafe fn gather(memory: *const u8, layout: Layout<'_>, order: Order, into: *mut u8) {
    if layout.length() == 0 {
        return;
    }
    // SAFETY: the caller's word for both sides, which have the same shape; the length is not 0.
    unsafe { copy_items::<Plain>([Side::laid(layout), Side::packed(layout, order)], memory, into) };
}

/// Copies items that lie side by side in the given order to their places (`PyBuffer_FromContiguous`).
///
/// Where two items of the layout share a place, one of the two will be there.
///
/// ```
/// use bufproto_core::copy::scatter;
/// use bufproto_core::layout::{Layout, Order};
///
/// // Every second of five bytes.
/// let mut memory = *b"a-b-c";
/// let layout = Layout::new(1, &[3], Some(&[2]), None)?;
/// // SAFETY: the memory has an item at 0, 2 and 4, as many as there are to copy.
/// unsafe { scatter(b"xyz".as_ptr(), memory.as_mut_ptr(), layout, Order::C) };
/// assert_eq!(memory, *b"x-y-z");
/// # Ok::<(), bufproto_core::layout::LayoutError>(())
/// ```
///
/// # Safety
///
/// - [`length`](Layout::length) bytes at `from` may be read.
/// - `memory` is the `buf` of a view with this layout, which is held and may be written to.
/// - Nobody else accesses the memory meanwhile, as [above](self). The two may [overlap](self#overlap).
///
/// Pointers may be anything if the length is 0.
pub unsafe fn scatter(from: *const u8, memory: *mut u8, layout: Layout<'_>, order: Order) {
    if layout.length() == 0 {
        return;
    }
    // SAFETY: the caller's word for both sides, which have the same shape; the length is not 0.
    unsafe { copy_items::<Plain>([Side::packed(layout, order), Side::laid(layout)], from, memory) };
}

/// Copies each item to the item of the other layout with the same indices.
///
/// Where two items of the target share a place, one of the two will be there.
///
/// ```
/// use bufproto_core::copy::{CopyError, copy};
/// use bufproto_core::layout::Layout;
///
/// // A table of two rows, and its transpose.
/// let (rows, mut columns) = ([1u8, 2, 3, 4, 5, 6], [0u8; 6]);
/// let from = Layout::new(1, &[3, 2], Some(&[1, 3]), None)?;
/// let to = Layout::new(1, &[3, 2], None, None)?;
/// // SAFETY: both have six items.
/// unsafe { copy((rows.as_ptr(), from), (columns.as_mut_ptr(), to)) }?;
/// assert_eq!(columns, [1, 4, 2, 5, 3, 6]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`CopyError`] if the layouts have not the same shape and item size. Nothing is copied then.
///
/// # Safety
///
/// - Each pointer is the `buf` of a view with its layout, which is held; the target may be written to. All bytes of the
///   source are initialised, including those [between](self) items.
/// - Nobody else accesses the memory meanwhile, as [above](self). The two may [overlap](self#overlap).
///
/// Pointers may be anything if the length is 0.
pub unsafe fn copy(
    (memory, from): (*const u8, Layout<'_>),
    (into, to): (*mut u8, Layout<'_>),
) -> Result<(), CopyError> {
    compare(from, to)?;
    if from.length() == 0 {
        return Ok(());
    }
    // SAFETY: the caller's word for both sides; their shapes were compared, and the length is not 0.
    unsafe { copy_items::<Plain>([Side::laid(from), Side::laid(to)], memory, into) };
    Ok(())
}

/// Whether items can be copied from one layout to the other.
fn compare(from: Layout<'_>, to: Layout<'_>) -> Result<(), CopyError> {
    if from.item_size() != to.item_size() {
        return Err(CopyError::ItemSize { from: from.item_size(), to: to.item_size() });
    }
    if from.dimensions() != to.dimensions() {
        return Err(CopyError::Dimensions { from: from.dimensions(), to: to.dimensions() });
    }
    for dimension in 0..from.dimensions() {
        let (from, to) = (from.extent(dimension), to.extent(dimension));
        if from != to {
            return Err(CopyError::Extent { dimension, from, to });
        }
    }
    Ok(())
}

/// Why items cannot be copied from one layout to the other.
///
/// ```
/// use bufproto_core::copy::{CopyError, copy};
/// use bufproto_core::layout::Layout;
///
/// let (two, three) = (Layout::new(1, &[2], None, None)?, Layout::new(1, &[3], None, None)?);
/// let mut into = [0u8; 3];
/// // SAFETY: the first has two items, the other place for three.
/// let refused = unsafe { copy((b"ab".as_ptr(), two), (into.as_mut_ptr(), three)) }.unwrap_err();
/// assert_eq!(refused, CopyError::Extent { dimension: 0, from: 2, to: 3 });
/// assert_eq!(into, [0; 3]);
/// # Ok::<(), bufproto_core::layout::LayoutError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CopyError {
    /// The items have different sizes.
    ItemSize {
        /// The source's item size in bytes.
        from: usize,
        /// The target's item size in bytes.
        to: usize,
    },
    /// There are not as many dimensions.
    Dimensions {
        /// How many the source has.
        from: usize,
        /// How many the target has.
        to: usize,
    },
    /// There are not as many places as items.
    Places {
        /// The number of items of the view.
        items: usize,
        /// How many there are of the slice.
        places: usize,
    },
    /// A dimension has not as many items.
    Extent {
        /// Which dimension, from 0.
        dimension: usize,
        /// The number of items in the source.
        from: usize,
        /// The number of items in the target.
        to: usize,
    },
}

impl core::error::Error for CopyError {}

impl fmt::Display for CopyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ItemSize { from, to } => {
                write!(f, "items of {from} bytes cannot be copied to items of {to} bytes")
            }
            Self::Dimensions { from, to } => write!(f, "{from} dimensions cannot be copied to {to}"),
            Self::Places { items, places } => {
                write!(f, "{items} items cannot be copied from or to {places} places")
            }
            Self::Extent { dimension, from, to } => {
                write!(f, "dimension {dimension} has {from} items in the source, and {to} in the target")
            }
        }
    }
}

//! Moving items between layouts.
//!
//! Items are visited dimension by dimension. Dimensions that follow on one another in both layouts are merged
//! first, so that what lies side by side moves as one block.
//!
//! Bytes are moved as ordinary memory, not as [`Shared`](crate::shared::Shared) memory: **while these functions
//! run, nobody else may write to what they read, nor read or write what they write.** Under the interpreter's
//! lock that is so for memory that is reached through the interpreter only.
//!
//! # Overlap
//!
//! If both sides consist of one block, they may overlap, and the result is as if there were a copy between
//! ([`is_contiguous`](Layout::is_contiguous) in the same order, or a single item). Otherwise the contents of
//! what overlaps are unspecified, though nothing worse happens; pointers that suboffsets lead through must not
//! be overwritten.

use core::ptr;

use crate::layout::{Layout, MAX_DIMENSIONS, Order, Step};

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
/// - `memory` is the `buf` of a view with this layout, which is held.
/// - [`length`](Layout::length) bytes at `into` may be written to.
/// - Nobody else accesses the memory meanwhile, as [above](self). The two may [overlap](self#overlap).
///
/// Pointers may be anything if the length is 0.
pub unsafe fn gather(memory: *const u8, layout: Layout<'_>, order: Order, into: *mut u8) {
    if layout.length() == 0 {
        return;
    }
    let plan =
        Plan::new(layout, order, |dimension| [layout.step(dimension), contiguous(layout, order, dimension)]);
    // SAFETY: the caller's word for both sides.
    unsafe { plan.run(memory, into) };
}

/// Copies items that lie side by side in the given order to their places (`PyBuffer_FromContiguous`).
///
/// Where two items of the layout share a place, one of the two will be there.
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
    let plan =
        Plan::new(layout, order, |dimension| [contiguous(layout, order, dimension), layout.step(dimension)]);
    // SAFETY: the caller's word for both sides.
    unsafe { plan.run(from, memory) };
}

/// Copies each item to the item of the other layout with the same indices.
///
/// Where two items of the target share a place, one of the two will be there.
///
/// # Errors
///
/// [`CopyError`] if the layouts have not the same shape and item size. Nothing is copied then.
///
/// # Safety
///
/// - Each pointer is the `buf` of a view with its layout, which is held; the target may be written to.
/// - Nobody else accesses the memory meanwhile, as [above](self). The two may [overlap](self#overlap).
///
/// Pointers may be anything if the length is 0.
pub unsafe fn copy(
    (memory, from): (*const u8, Layout<'_>),
    (into, to): (*mut u8, Layout<'_>),
) -> Result<(), CopyError> {
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
    if from.length() == 0 {
        return Ok(());
    }
    let order = if to.is_contiguous(Order::Fortran) { Order::Fortran } else { Order::C };
    let plan = Plan::new(from, order, |dimension| [from.step(dimension), to.step(dimension)]);
    // SAFETY: the caller's word for both sides.
    unsafe { plan.run(memory, into) };
    Ok(())
}

/// Why items cannot be copied from one layout to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// The items have different sizes.
    #[error("items of {from} bytes cannot be copied to items of {to} bytes")]
    ItemSize {
        /// The source's item size in bytes.
        from: usize,
        /// The target's item size in bytes.
        to: usize,
    },
    /// There are not as many dimensions.
    #[error("{from} dimensions cannot be copied to {to}")]
    Dimensions {
        /// How many the source has.
        from: usize,
        /// How many the target has.
        to: usize,
    },
    /// A dimension has not as many items.
    #[error("dimension {dimension} has {from} items in the source, and {to} in the target")]
    Extent {
        /// Which dimension, from 0.
        dimension: usize,
        /// The number of items in the source.
        from: usize,
        /// The number of items in the target.
        to: usize,
    },
}

/// The steps of a layout whose items lie side by side. For layouts with bytes only.
fn contiguous(layout: Layout<'_>, order: Order, dimension: usize) -> Step {
    let faster = match order {
        Order::C => dimension + 1..layout.dimensions(),
        Order::Fortran => 0..dimension,
    };
    // It is at most the length, which fits in an `isize`.
    let stride = faster.fold(layout.item_size(), |stride, inner| stride * layout.extent(inner));
    Step { stride: stride.cast_signed(), suboffset: None }
}

/// What is to be repeated: blocks in loops.
struct Plan {
    loops: [Loop; MAX_DIMENSIONS],
    depth: usize,
    /// The number of bytes that lie side by side on both sides.
    block: usize,
}

/// One loop: how often, and how to get on at the source and at the target.
#[derive(Clone, Copy)]
struct Loop {
    extent: usize,
    steps: [Step; 2],
}

impl Loop {
    const ONCE: Self = Self { extent: 1, steps: [Step { stride: 0, suboffset: None }; 2] };

    fn is_direct(&self) -> bool {
        self.steps.iter().all(|step| step.suboffset.is_none())
    }

    /// Whether each round of this loop goes on where all rounds of the one inside have ended.
    fn goes_on_from(&self, inside: &Self) -> bool {
        let goes_on = |(outer, inner): (&Step, &Step)| {
            isize::try_from(inside.extent).ok().and_then(|extent| inner.stride.checked_mul(extent))
                == Some(outer.stride)
        };
        self.is_direct() && self.steps.iter().zip(&inside.steps).all(goes_on)
    }
}

impl Plan {
    /// Loops over the shape of a layout that has bytes. The order says which index should vary fastest; where
    /// pointers are followed that is always the last.
    fn new(layout: Layout<'_>, order: Order, steps: impl Fn(usize) -> [Step; 2]) -> Self {
        let mut plan = Self { loops: [Loop::ONCE; MAX_DIMENSIONS], depth: 0, block: layout.item_size() };
        let dimensions = layout.dimensions();
        let all = |dimension| Loop { extent: layout.extent(dimension), steps: steps(dimension) };
        let reverse = order == Order::Fortran && (0..dimensions).all(|dimension| all(dimension).is_direct());
        for place in 0..dimensions {
            plan.push(all(if reverse { dimensions - 1 - place } else { place }));
        }
        let block = plan.block.cast_signed();
        if let Some(last) = plan.loops[..plan.depth].last()
            && last.is_direct()
            && last.steps.iter().all(|step| step.stride == block)
        {
            plan.block *= last.extent;
            plan.depth -= 1;
        }
        plan
    }

    /// Adds a loop inside the others, or makes the innermost one longer.
    fn push(&mut self, inside: Loop) {
        if inside.extent == 1 && inside.is_direct() {
            return;
        }
        if let Some(last) = self.loops[..self.depth].last_mut()
            && last.goes_on_from(&inside)
        {
            *last = Loop { extent: last.extent * inside.extent, ..inside };
            return;
        }
        self.loops[self.depth] = inside;
        self.depth += 1;
    }

    /// # Safety
    ///
    /// The pointers are the addresses of the first items of held views with the steps and the shape that the
    /// plan was made of; the second may be written to, and nobody else accesses what is copied.
    unsafe fn run(&self, from: *const u8, into: *mut u8) {
        // SAFETY: the caller's word.
        unsafe { repeat(&self.loops[..self.depth], self.block, [from.cast_mut(), into]) };
    }
}

/// # Safety
///
/// As [`Plan::run`], for the loops that are left. The first pointer is not written to.
unsafe fn repeat(loops: &[Loop], block: usize, at: [*mut u8; 2]) {
    let [from, into] = at;
    let Some((outermost, inside)) = loops.split_first() else {
        // SAFETY: the caller's word; a block is what lies side by side on both sides.
        unsafe { ptr::copy(from.cast_const(), into, block) };
        return;
    };
    let [source, target] = outermost.steps;
    for index in 0..outermost.extent {
        // SAFETY: the index is within the extent; else the caller's word.
        unsafe { repeat(inside, block, [source.take(from, index), target.take(into, index)]) };
    }
}

//! What items are copied from or to.

use core::ops::Range;

use crate::layout::{Layout, Order, Step};

/// One of the two sides of a copy.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    /// Where the items lie; if they lie side by side, this is for their shape only.
    layout: Layout<'a>,
    /// Side by side in this order, or else as the layout says.
    packed: Option<Order>,
    /// Where in each item of the layout is what is copied.
    offset: usize,
    /// How many bytes of each item are copied.
    item_size: usize,
}

impl<'a> Side<'a> {
    /// Items with a layout of their own.
    pub(super) fn laid(layout: Layout<'a>) -> Self {
        Self { layout, packed: None, offset: 0, item_size: layout.item_size() }
    }

    /// Items of a layout's shape that lie side by side.
    pub(super) fn packed(layout: Layout<'a>, order: Order) -> Self {
        Self { packed: Some(order), ..Self::laid(layout) }
    }

    /// Some of the bytes of each item of a layout.
    pub(super) fn fields(layout: Layout<'a>, field: Range<usize>) -> Self {
        Self { offset: field.start, item_size: field.len(), ..Self::laid(layout) }
    }

    /// Items of so many bytes that lie side by side, in a layout's shape.
    pub(super) fn packed_fields(layout: Layout<'a>, item_size: usize, order: Order) -> Self {
        Self { item_size, ..Self::packed(layout, order) }
    }

    /// The layout, for the shape that both sides have in common.
    pub(super) fn layout(self) -> Layout<'a> {
        self.layout
    }

    /// Where in the first item is what is copied. Pointers have been followed by then.
    pub(super) fn offset(self) -> isize {
        // Within an item, whose size fits in an `isize`.
        self.offset.cast_signed()
    }

    /// How many bytes of each item are copied, which both sides have in common.
    pub(super) fn item_size(self) -> usize {
        self.item_size
    }

    /// Whether items lie side by side.
    #[cfg(feature = "parallel")]
    pub(super) fn is_packed(self) -> bool {
        self.packed.is_some()
    }

    /// How to get from entry to entry in a dimension. For sides with bytes only.
    #[inline(never)]
    pub(super) fn step(self, dimension: usize) -> Step {
        let faster = match self.packed {
            None => return self.layout.step(dimension),
            Some(Order::C) => dimension + 1..self.layout.dimensions(),
            Some(Order::Fortran) => 0..dimension,
        };
        // It is at most the length, which fits in an `isize`.
        let stride =
            faster.fold(self.item_size, |stride, inner| stride.wrapping_mul(self.layout.extent(inner)));
        Step { stride: stride.cast_signed(), suboffset: None }
    }
}

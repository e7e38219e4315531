//! What items are copied from or to.

use crate::layout::{Layout, Order, Step};

/// One of the two sides of a copy.
#[derive(Clone, Copy)]
pub(super) enum Side<'a> {
    /// Items with a layout of their own.
    Laid(Layout<'a>),
    /// Items of a layout's shape that lie side by side.
    Packed(Layout<'a>, Order),
}

impl<'a> Side<'a> {
    /// The layout, for what both sides have in common: the shape and the item size.
    pub(super) fn layout(self) -> Layout<'a> {
        match self {
            Side::Laid(layout) | Side::Packed(layout, _) => layout,
        }
    }

    /// How to get from entry to entry in a dimension. For sides with bytes only.
    #[inline(never)]
    pub(super) fn step(self, dimension: usize) -> Step {
        let (layout, faster) = match self {
            Side::Laid(layout) => return layout.step(dimension),
            Side::Packed(layout, Order::C) => (layout, dimension + 1..layout.dimensions()),
            Side::Packed(layout, Order::Fortran) => (layout, 0..dimension),
        };
        // It is at most the length, which fits in an `isize`.
        let stride =
            faster.fold(layout.item_size(), |stride, inner| stride.wrapping_mul(layout.extent(inner)));
        Step { stride: stride.cast_signed(), suboffset: None }
    }
}

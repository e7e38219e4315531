//! The layout that memory is exported with.

use bufproto_core::layout::{Layout, LayoutError, Order, fill_contiguous_strides};

use super::error::ExportError;

/// As what memory is exported. Views point to the arrays in here.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) kind: Kind,
    /// The offset in bytes of the item whose indices are all zero. Invariant: with this layout there, all items are within
    /// the memory.
    pub(super) offset: usize,
    pub(super) shape: Box<[isize]>,
    pub(super) strides: Box<[isize]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// As bytes of no type. The layout is that of the items, for Rust to look at.
    Bytes,
    /// As items in one dimension, as many as there are.
    Flat,
    /// As items in a layout that was asked for.
    Fixed,
}

impl Form {
    /// One dimension, with no items yet.
    pub(super) fn empty(kind: Kind, item_size: usize) -> Self {
        // No type is larger than this.
        let strides = Box::new([item_size.cast_signed()]);
        Self { kind, offset: 0, shape: Box::new([0]), strides }
    }

    /// As many items as there are, side by side.
    pub(super) fn shaped(
        item_size: usize,
        items: usize,
        shape: &[usize],
        order: Order,
    ) -> Result<Self, ExportError> {
        let shape = signed(shape)?;
        let mut strides = vec![0; shape.len()].into_boxed_slice();
        fill_contiguous_strides(item_size, &shape, order, &mut strides).map_err(ExportError::Layout)?;
        let layout = Layout::new(item_size, &shape, Some(&strides), None).map_err(ExportError::Layout)?;
        if layout.items() != items {
            return Err(ExportError::Items { shape: layout.items(), items });
        }
        Ok(Self { kind: Kind::Fixed, offset: 0, shape, strides })
    }

    /// Any items of the memory.
    pub(super) fn strided(
        item_size: usize,
        items: usize,
        first: usize,
        shape: &[usize],
        strides: &[isize],
    ) -> Result<Self, ExportError> {
        let (shape, strides) = (signed(shape)?, Box::from(strides));
        let layout = Layout::new(item_size, &shape, Some(&strides), None).map_err(ExportError::Layout)?;
        // Memory that exists has no more bytes than this.
        let length = item_size * items;
        let overflow = ExportError::Layout(LayoutError::Overflow);
        let offset =
            first.checked_mul(item_size).and_then(|offset| isize::try_from(offset).ok()).ok_or(overflow)?;
        // No pointers are in between, so there are bounds; those of no items are empty.
        let bounds = layout.bounds().ok_or(overflow)?;
        let (low, high) = (offset.checked_add(bounds.start), offset.checked_add(bounds.end));
        let (low, high) = low.zip(high).ok_or(overflow)?;
        if low < 0 || high.cast_unsigned() > length {
            return Err(ExportError::Outside { low, high, length });
        }
        Ok(Self { kind: Kind::Fixed, offset: offset.cast_unsigned(), shape, strides })
    }
}

/// A shape as views have it.
fn signed(shape: &[usize]) -> Result<Box<[isize]>, ExportError> {
    shape
        .iter()
        .map(|&extent| isize::try_from(extent))
        .collect::<Result<_, _>>()
        .map_err(|_| ExportError::Layout(LayoutError::Overflow))
}

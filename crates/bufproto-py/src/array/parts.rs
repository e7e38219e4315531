//! What `ndarray` is told of memory.

use core::ptr;

use bufproto_core::element::Element;
use bufproto_core::typed::TypedView;
use ndarray::{ArrayViewD, ArrayViewMutD, Axis, IxDyn, ShapeBuilder};

use super::ArrayError;

/// The items of a view, as `ndarray` counts: in items, forwards, from the lowest address on.
///
/// Invariants: the pointer is aligned. From there, strides within the shape lead to the view's items and nowhere else. The
/// items' number, with 1 for each extent of 0, and all distances in bytes fit in an `isize`.
pub(super) struct Parts<T> {
    pointer: *mut T,
    shape: Vec<usize>,
    /// In items.
    strides: Vec<usize>,
    /// The dimensions that are to be counted backwards.
    backwards: Vec<Axis>,
}

impl<T: Element> Parts<T> {
    /// # Errors
    ///
    /// [`ArrayError`]: `ndarray` cannot look at the items where they are.
    pub(super) fn of(view: TypedView<'_, T>) -> Result<Self, ArrayError> {
        const { assert!(size_of::<T>() != 0, "items of no bytes have no distances") };
        let layout = view.layout();
        let shape: Vec<usize> = view.shape().collect();
        let counted = shape.iter().filter(|&&extent| extent != 0);
        let count = counted.into_iter().try_fold(1usize, |count, &extent| count.checked_mul(extent));
        if count.is_none_or(|count| isize::try_from(count).is_err()) {
            return Err(ArrayError::TooLarge);
        }
        let strides = vec![0; shape.len()];
        if view.is_empty() {
            // There may be no address, and where the strides lead is of no meaning.
            return Ok(Self { pointer: ptr::dangling_mut(), shape, strides, backwards: Vec::new() });
        }
        if layout.is_indirect() {
            return Err(ArrayError::Indirect);
        }
        let mut parts = Self { pointer: view.as_ptr().cast_mut(), shape, strides, backwards: Vec::new() };
        for dimension in 0..layout.dimensions() {
            // A single entry has no neighbour.
            if layout.extent(dimension) > 1 {
                parts.set_stride(dimension, layout.stride(dimension))?;
            }
        }
        aligned(parts.pointer)?;
        Ok(parts)
    }

    /// Says how far it is in bytes from entry to entry in a dimension of several.
    fn set_stride(&mut self, dimension: usize, stride: isize) -> Result<(), ArrayError> {
        let item_size = size_of::<T>();
        if !stride.unsigned_abs().is_multiple_of(item_size) {
            return Err(ArrayError::Stride { dimension, stride, item_size });
        }
        self.strides[dimension] = stride.unsigned_abs() / item_size;
        if stride < 0 {
            // To the last entry, which is part of the view's memory: a layout's distances fit in an `isize`.
            let last = (self.shape[dimension] - 1).cast_signed();
            self.pointer = self.pointer.wrapping_byte_offset(stride.wrapping_mul(last));
            self.backwards.push(Axis(dimension));
        }
        Ok(())
    }

    /// Whether an item may be there more than once: unless each dimension steps over all that the closer ones reach.
    pub(super) fn may_overlap(&self) -> bool {
        if self.shape.contains(&0) {
            return false;
        }
        let mut dimensions: Vec<(usize, usize)> = self
            .strides
            .iter()
            .copied()
            .zip(self.shape.iter().copied())
            .filter(|&(_, extent)| extent > 1)
            .collect();
        dimensions.sort_unstable();
        let mut reach = 0;
        dimensions.into_iter().any(|(stride, extent)| {
            let overlaps = stride <= reach;
            reach += stride * (extent - 1);
            overlaps
        })
    }

    /// # Safety
    ///
    /// The items can be read for `'a`, and nobody writes to them.
    pub(super) unsafe fn view<'a>(self) -> ArrayViewD<'a, T> {
        let shape = IxDyn(&self.shape).strides(IxDyn(&self.strides));
        // SAFETY: the invariants and the caller's word; any bytes are an `Element`.
        let mut array = unsafe { ArrayViewD::from_shape_ptr(shape, self.pointer) };
        self.backwards.into_iter().for_each(|axis| array.invert_axis(axis));
        array
    }

    /// # Safety
    ///
    /// The items can be read and written for `'a`, nobody else does so, and they do not [overlap](Self::may_overlap).
    pub(super) unsafe fn view_mut<'a>(self) -> ArrayViewMutD<'a, T> {
        let shape = IxDyn(&self.shape).strides(IxDyn(&self.strides));
        // SAFETY: the invariants and the caller's word; any bytes are an `Element`.
        let mut array = unsafe { ArrayViewMutD::from_shape_ptr(shape, self.pointer) };
        self.backwards.into_iter().for_each(|axis| array.invert_axis(axis));
        array
    }
}

/// The pointer, if it is aligned for the type.
pub(super) fn aligned<T>(pointer: *const T) -> Result<*const T, ArrayError> {
    if pointer.is_aligned() { Ok(pointer) } else { Err(ArrayError::Unaligned { alignment: align_of::<T>() }) }
}

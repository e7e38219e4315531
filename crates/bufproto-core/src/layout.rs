//! Where the items of a view lie: shape, strides and suboffsets, checked once and then trusted.
//!
//! Source: PEP 3118, "The buffer structure" in CPython's C API reference, and the answers of
//! `PyBuffer_IsContiguous` on CPython 3.8 to 3.14.

use core::fmt;
use core::ops::Range;
use core::slice;

use crate::abi::Header;

/// The most dimensions that a view may have (`PyBUF_MAX_NDIM`).
///
/// ```
/// use bufproto_core::layout::{Layout, MAX_DIMENSIONS};
///
/// assert!(Layout::new(1, &[1; MAX_DIMENSIONS], None, None).is_ok());
/// assert!(Layout::new(1, &[1; MAX_DIMENSIONS + 1], None, None).is_err());
/// ```
pub const MAX_DIMENSIONS: usize = 64;

/// The order in which items lie side by side.
///
/// ```
/// use bufproto_core::layout::{Layout, Order};
///
/// let (c, fortran) = ([12, 4], [4, 8]);
/// assert!(Layout::new(4, &[2, 3], Some(&c), None)?.is_contiguous(Order::C));
/// assert!(Layout::new(4, &[2, 3], Some(&fortran), None)?.is_contiguous(Order::Fortran));
/// # Ok::<(), bufproto_core::layout::LayoutError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// The last index varies fastest, as in C.
    C,
    /// The first index varies fastest, as in Fortran.
    Fortran,
}

/// Where the items of a view lie, relative to its `buf`.
///
/// ```
/// use bufproto_core::layout::{Layout, Order};
///
/// // Every second of ten bytes.
/// let layout = Layout::new(1, &[5], Some(&[2]), None)?;
/// assert_eq!(layout.items(), 5);
/// assert_eq!(layout.offset(&[4])?, 8);
/// assert!(!layout.is_contiguous(Order::C));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Invariants: shape, strides and suboffsets have the same number of entries, at most [`MAX_DIMENSIONS`]; no
/// extent is negative; the length in bytes and the offset of every item and of its end fit in an `isize`.
#[derive(Clone, Copy, Debug)]
pub struct Layout<'a> {
    item_size: usize,
    items: usize,
    shape: Shape<'a>,
    strides: Option<&'a [isize]>,
    suboffsets: Option<&'a [isize]>,
}

/// Views without a shape are one row of items.
#[derive(Clone, Copy, Debug)]
enum Shape<'a> {
    Row(usize),
    Given(&'a [isize]),
}

impl<'a> Layout<'a> {
    /// A layout from its parts: the item size in bytes, the number of items in each dimension, the distance in
    /// bytes between neighbours in each dimension (none means C order), and the suboffsets. No shape at all,
    /// `&[]`, is a single item.
    ///
    /// ```
    /// use bufproto_core::layout::{Layout, LayoutError};
    ///
    /// assert_eq!(Layout::new(8, &[2, 3], None, None)?.length(), 48);
    /// assert_eq!(Layout::new(8, &[], None, None)?.items(), 1);
    /// let error = Layout::new(8, &[2, -3], None, None).unwrap_err();
    /// assert_eq!(error, LayoutError::NegativeExtent { dimension: 1, extent: -3 });
    /// # Ok::<(), bufproto_core::layout::LayoutError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`LayoutError`], naming the dimension.
    pub fn new(
        item_size: usize,
        shape: &'a [isize],
        strides: Option<&'a [isize]>,
        suboffsets: Option<&'a [isize]>,
    ) -> Result<Self, LayoutError> {
        if shape.len() > MAX_DIMENSIONS {
            return Err(LayoutError::Dimensions { dimensions: shape.len() });
        }
        for (field, entries) in [("strides", strides), ("suboffsets", suboffsets)] {
            if let Some(entries) = entries
                && entries.len() != shape.len()
            {
                return Err(LayoutError::Entries { field, entries: entries.len(), dimensions: shape.len() });
            }
        }
        for (dimension, &extent) in shape.iter().enumerate() {
            if extent < 0 {
                return Err(LayoutError::NegativeExtent { dimension, extent });
            }
        }
        // A single empty dimension makes the layout empty, however far the others reach.
        let items = if shape.contains(&0) {
            Some(0)
        } else {
            shape.iter().try_fold(1usize, |items, extent| items.checked_mul(extent.unsigned_abs()))
        };
        let items = items.ok_or(LayoutError::Overflow)?;
        let length = items.checked_mul(item_size).and_then(|bytes| isize::try_from(bytes).ok());
        if length.is_none() || isize::try_from(item_size).is_err() {
            return Err(LayoutError::Overflow);
        }
        let layout = Self { item_size, items, shape: Shape::Given(shape), strides, suboffsets };
        layout.checked_bounds().ok_or(LayoutError::Overflow)?;
        Ok(layout)
    }

    /// The layout of a view as an exporter filled it.
    ///
    /// A view without a shape is one row of items, whatever its number of dimensions: that is what a request
    /// without `ND` is answered with.
    ///
    /// ```
    /// use bufproto_core::abi::Header;
    /// use bufproto_core::layout::Layout;
    ///
    /// let view = Header { len: 12, itemsize: 4, ndim: 1, ..Header::EMPTY };
    /// // SAFETY: the arrays are null.
    /// assert_eq!(unsafe { Layout::of_view(&view) }?.extent(0), 3);
    /// let view = Header { len: 13, ..view };
    /// // SAFETY: as above.
    /// let error = unsafe { Layout::of_view(&view) }.unwrap_err();
    /// assert_eq!(error.to_string(), "len is 13, but the items take 12 bytes");
    /// # Ok::<(), bufproto_core::layout::LayoutError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`LayoutError`], naming the field.
    ///
    /// # Safety
    ///
    /// `shape`, `strides` and `suboffsets` of the view are null or point to `ndim` values each, which stay as
    /// they are for `'a`.
    pub unsafe fn of_view(view: &'a Header) -> Result<Self, LayoutError> {
        let length =
            usize::try_from(view.len).map_err(|_| LayoutError::NegativeLength { length: view.len })?;
        let item_size = usize::try_from(view.itemsize)
            .map_err(|_| LayoutError::NegativeItemSize { item_size: view.itemsize })?;
        let dimensions = usize::try_from(view.ndim)
            .ok()
            .filter(|&dimensions| dimensions <= MAX_DIMENSIONS)
            .ok_or(LayoutError::DimensionCount { ndim: view.ndim })?;
        if view.shape.is_null() && dimensions != 0 {
            if !view.strides.is_null() || !view.suboffsets.is_null() {
                return Err(LayoutError::NoShape);
            }
            let items = match item_size {
                0 => 0,
                _ => length / item_size,
            };
            if items * item_size != length {
                return Err(LayoutError::Length { length, expected: items * item_size });
            }
            return Ok(Self { item_size, items, shape: Shape::Row(items), strides: None, suboffsets: None });
        }
        let entries = |pointer: *mut isize| {
            // SAFETY: the caller's word for arrays that are not null; an empty slice reads nothing.
            (!pointer.is_null() && dimensions != 0)
                .then(|| unsafe { slice::from_raw_parts(pointer.cast_const(), dimensions) })
        };
        let layout = Self::new(
            item_size,
            entries(view.shape).unwrap_or(&[]),
            entries(view.strides),
            entries(view.suboffsets),
        )?;
        if layout.length() != length {
            return Err(LayoutError::Length { length, expected: layout.length() });
        }
        Ok(layout)
    }

    /// The number of dimensions; 0 for a single item.
    ///
    /// ```
    /// use bufproto_core::layout::Layout;
    ///
    /// assert_eq!(Layout::new(4, &[2, 3], None, None)?.dimensions(), 2);
    /// # Ok::<(), bufproto_core::layout::LayoutError>(())
    /// ```
    #[must_use]
    pub fn dimensions(self) -> usize {
        match self.shape {
            Shape::Row(_) => 1,
            Shape::Given(shape) => shape.len(),
        }
    }

    /// The size of an item in bytes.
    ///
    /// ```
    /// use bufproto_core::layout::Layout;
    ///
    /// assert_eq!(Layout::new(4, &[2, 3], None, None)?.item_size(), 4);
    /// # Ok::<(), bufproto_core::layout::LayoutError>(())
    /// ```
    #[must_use]
    pub fn item_size(self) -> usize {
        self.item_size
    }

    /// The number of items.
    ///
    /// ```
    /// use bufproto_core::layout::Layout;
    ///
    /// assert_eq!(Layout::new(4, &[2, 3], None, None)?.items(), 6);
    /// # Ok::<(), bufproto_core::layout::LayoutError>(())
    /// ```
    #[must_use]
    pub fn items(self) -> usize {
        self.items
    }

    /// The length in bytes, as all items side by side would take.
    ///
    /// ```
    /// use bufproto_core::layout::Layout;
    ///
    /// assert_eq!(Layout::new(4, &[3], Some(&[16]), None)?.length(), 12, "without what lies between");
    /// # Ok::<(), bufproto_core::layout::LayoutError>(())
    /// ```
    #[must_use]
    pub fn length(self) -> usize {
        self.items * self.item_size
    }

    /// The number of items in a dimension, counted from 0; 1 for dimensions that are not there.
    ///
    /// ```
    /// use bufproto_core::layout::Layout;
    ///
    /// let layout = Layout::new(4, &[2, 3], None, None)?;
    /// assert_eq!((layout.extent(0), layout.extent(1), layout.extent(2)), (2, 3, 1));
    /// # Ok::<(), bufproto_core::layout::LayoutError>(())
    /// ```
    #[must_use]
    pub fn extent(self, dimension: usize) -> usize {
        match self.shape {
            Shape::Row(items) if dimension == 0 => items,
            Shape::Row(_) => 1,
            // The constructor saw that no extent is negative.
            Shape::Given(shape) => shape.get(dimension).map_or(1, |extent| extent.unsigned_abs()),
        }
    }

    /// The distance in bytes between neighbours in a dimension. Without strides that is the distance in C
    /// order.
    ///
    /// ```
    /// use bufproto_core::layout::Layout;
    ///
    /// assert_eq!(Layout::new(4, &[2, 3], None, None)?.stride(0), 12);
    /// assert_eq!(Layout::new(4, &[2, 3], Some(&[-4, 8]), None)?.stride(0), -4);
    /// # Ok::<(), bufproto_core::layout::LayoutError>(())
    /// ```
    #[must_use]
    pub fn stride(self, dimension: usize) -> isize {
        match self.strides {
            Some(strides) => strides.get(dimension).copied().unwrap_or(0),
            None => {
                let distance = (dimension + 1..self.dimensions())
                    .fold(self.item_size, |distance, inner| distance.saturating_mul(self.extent(inner)));
                // It fits, unless the layout is empty, when nothing is ever at that distance.
                isize::try_from(distance).unwrap_or(isize::MAX)
            }
        }
    }

    /// The offset in bytes to add after following a pointer in this dimension, if one is to be followed.
    ///
    /// ```
    /// use bufproto_core::layout::Layout;
    ///
    /// // Pointers to rows.
    /// let layout = Layout::new(1, &[2, 3], Some(&[8, 1]), Some(&[0, -1]))?;
    /// assert_eq!((layout.suboffset(0), layout.suboffset(1)), (Some(0), None));
    /// # Ok::<(), bufproto_core::layout::LayoutError>(())
    /// ```
    #[must_use]
    pub fn suboffset(self, dimension: usize) -> Option<usize> {
        usize::try_from(*self.suboffsets?.get(dimension)?).ok()
    }

    /// Whether the view states strides.
    ///
    /// ```
    /// use bufproto_core::layout::Layout;
    ///
    /// assert!(Layout::new(4, &[3], Some(&[4]), None)?.has_strides());
    /// assert!(!Layout::new(4, &[3], None, None)?.has_strides());
    /// # Ok::<(), bufproto_core::layout::LayoutError>(())
    /// ```
    #[must_use]
    pub fn has_strides(self) -> bool {
        self.strides.is_some()
    }

    /// Whether items lie behind pointers.
    ///
    /// ```
    /// use bufproto_core::layout::Layout;
    ///
    /// assert!(Layout::new(1, &[2, 3], Some(&[8, 1]), Some(&[0, -1]))?.is_indirect());
    /// assert!(!Layout::new(1, &[2, 3], Some(&[3, 1]), Some(&[-1, -1]))?.is_indirect());
    /// # Ok::<(), bufproto_core::layout::LayoutError>(())
    /// ```
    #[must_use]
    pub fn is_indirect(self) -> bool {
        (0..self.dimensions()).any(|dimension| self.suboffset(dimension).is_some())
    }

    /// Whether all items lie side by side in this order, as `PyBuffer_IsContiguous` decides it: suboffsets are
    /// never contiguous, even if all of them are negative; without bytes everything else is; dimensions of one
    /// item may have any stride.
    ///
    /// ```
    /// use bufproto_core::layout::{Layout, Order};
    ///
    /// let row = Layout::new(4, &[1, 3], Some(&[1000, 4]), None)?;
    /// assert!(row.is_contiguous(Order::C) && row.is_contiguous(Order::Fortran));
    /// let reversed = Layout::new(4, &[3], Some(&[-4]), None)?;
    /// assert!(!reversed.is_contiguous(Order::C));
    /// # Ok::<(), bufproto_core::layout::LayoutError>(())
    /// ```
    #[must_use]
    pub fn is_contiguous(self, order: Order) -> bool {
        if self.suboffsets.is_some() {
            return false;
        }
        if self.length() == 0 {
            return true;
        }
        if self.strides.is_none() {
            return match order {
                Order::C => true,
                Order::Fortran => (0..self.dimensions()).filter(|&d| self.extent(d) > 1).count() <= 1,
            };
        }
        let mut distance = self.item_size;
        let mut fits = |dimension| {
            let extent = self.extent(dimension);
            let fits = extent <= 1 || isize::try_from(distance) == Ok(self.stride(dimension));
            distance *= extent;
            fits
        };
        match order {
            Order::C => (0..self.dimensions()).rev().all(&mut fits),
            Order::Fortran => (0..self.dimensions()).all(&mut fits),
        }
    }

    /// Where the items' bytes lie relative to `buf`: from the lowest byte to past the highest. Empty for an
    /// empty layout; `None` where items lie behind pointers.
    ///
    /// ```
    /// use bufproto_core::layout::Layout;
    ///
    /// let reversed = Layout::new(4, &[3], Some(&[-4]), None)?;
    /// assert_eq!(reversed.bounds(), Some(-8..4));
    /// # Ok::<(), bufproto_core::layout::LayoutError>(())
    /// ```
    #[must_use]
    pub fn bounds(self) -> Option<Range<isize>> {
        if self.is_indirect() { None } else { self.checked_bounds() }
    }

    /// The offset in bytes from `buf` to an item.
    ///
    /// ```
    /// use bufproto_core::layout::{IndexError, Layout};
    ///
    /// let layout = Layout::new(4, &[2, 3], None, None)?;
    /// assert_eq!(layout.offset(&[1, 2]), Ok(20));
    /// assert_eq!(layout.offset(&[1, 3]), Err(IndexError::Range { dimension: 1, index: 3, extent: 3 }));
    /// # Ok::<(), bufproto_core::layout::LayoutError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`IndexError`] if there is no such item, or if it lies behind a pointer.
    pub fn offset(self, indices: &[usize]) -> Result<isize, IndexError> {
        if self.is_indirect() {
            return Err(IndexError::Indirect);
        }
        self.check(indices)?;
        Ok(indices.iter().enumerate().map(|(dimension, &index)| self.step(dimension).distance(index)).sum())
    }

    /// The address of an item, following pointers as the suboffsets say (`PyBuffer_GetPointer`).
    ///
    /// ```
    /// use bufproto_core::layout::Layout;
    ///
    /// // Two rows, each behind a pointer.
    /// let (mut first, mut second) = (*b"abc", *b"xyz");
    /// let mut rows = [first.as_mut_ptr(), second.as_mut_ptr()];
    /// let strides = [size_of::<*mut u8>() as isize, 1];
    /// let layout = Layout::new(1, &[2, 3], Some(&strides), Some(&[0, -1]))?;
    /// // SAFETY: these are the layout and the memory of the rows.
    /// let item = unsafe { layout.pointer(rows.as_mut_ptr().cast(), &[1, 2]) }.unwrap();
    /// assert_eq!(item, &raw mut second[2]);
    /// # Ok::<(), bufproto_core::layout::LayoutError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`IndexError`] if there is no such item.
    ///
    /// # Safety
    ///
    /// `memory` is the `buf` of a view with this layout, which is held.
    pub unsafe fn pointer(self, memory: *mut u8, indices: &[usize]) -> Result<*mut u8, IndexError> {
        self.check(indices)?;
        let mut pointer = memory;
        for (dimension, &index) in indices.iter().enumerate() {
            // SAFETY: the index is within the extent, so by the caller's word this is still the view's memory.
            pointer = unsafe { self.step(dimension).take(pointer, index) };
        }
        Ok(pointer)
    }

    /// How to get from entry to entry in a dimension.
    pub(crate) fn step(self, dimension: usize) -> Step {
        Step { stride: self.stride(dimension), suboffset: self.suboffset(dimension) }
    }

    fn check(self, indices: &[usize]) -> Result<(), IndexError> {
        if indices.len() != self.dimensions() {
            return Err(IndexError::Count { indices: indices.len(), dimensions: self.dimensions() });
        }
        for (dimension, &index) in indices.iter().enumerate() {
            let extent = self.extent(dimension);
            if index >= extent {
                return Err(IndexError::Range { dimension, index, extent });
            }
        }
        Ok(())
    }

    /// The bounds if they fit in an `isize`, with pointers taken for part of the items that hold them.
    fn checked_bounds(self) -> Option<Range<isize>> {
        if self.items == 0 {
            return Some(0..0);
        }
        let (mut low, mut high) = (0isize, isize::try_from(self.item_size).ok()?);
        for dimension in 0..self.dimensions() {
            let last = isize::try_from(self.extent(dimension) - 1).ok()?;
            let reach = self.stride(dimension).checked_mul(last)?;
            if reach < 0 {
                low = low.checked_add(reach)?;
            } else {
                high = high.checked_add(reach)?;
            }
        }
        Some(low..high)
    }
}

/// How to get from entry to entry in one dimension of a layout.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// The distance in bytes.
    pub(crate) stride: isize,
    /// The offset in bytes to add after following the pointer that is there, if there is one.
    pub(crate) suboffset: Option<usize>,
}

impl Step {
    fn distance(self, index: usize) -> isize {
        // Within the bounds, which fit in an `isize`: so do both factors and the product.
        self.stride.wrapping_mul(index.cast_signed())
    }

    /// From the first entry of the dimension to the one at `index`.
    ///
    /// # Safety
    ///
    /// `pointer` is the address of the first entry, in a held view, and `index` is within the extent.
    #[inline]
    pub(crate) unsafe fn take(self, pointer: *mut u8, index: usize) -> *mut u8 {
        let pointer = pointer.wrapping_offset(self.distance(index));
        match self.suboffset {
            None => pointer,
            // SAFETY: where a suboffset is given, the exporter has put a pointer there.
            Some(suboffset) => unsafe { pointer.cast::<*mut u8>().read_unaligned() }.wrapping_add(suboffset),
        }
    }
}

/// The strides in bytes of items that lie side by side (`PyBuffer_FillContiguousStrides`).
///
/// ```
/// use bufproto_core::layout::{Order, fill_contiguous_strides};
///
/// let mut strides = [0; 2];
/// fill_contiguous_strides(8, &[2, 3], Order::C, &mut strides)?;
/// assert_eq!(strides, [24, 8]);
/// fill_contiguous_strides(8, &[2, 3], Order::Fortran, &mut strides)?;
/// assert_eq!(strides, [8, 16]);
/// # Ok::<(), bufproto_core::layout::LayoutError>(())
/// ```
///
/// # Errors
///
/// [`LayoutError`] if there are not as many strides as extents, or the layout is none.
pub fn fill_contiguous_strides(
    item_size: usize,
    shape: &[isize],
    order: Order,
    strides: &mut [isize],
) -> Result<(), LayoutError> {
    if strides.len() != shape.len() {
        let (entries, dimensions) = (strides.len(), shape.len());
        return Err(LayoutError::Entries { field: "strides", entries, dimensions });
    }
    Layout::new(item_size, shape, None, None)?;
    let mut distance = item_size.cast_signed();
    let mut set = |(stride, &extent): (&mut isize, &isize)| {
        *stride = distance;
        distance = distance.wrapping_mul(extent);
    };
    match order {
        Order::C => strides.iter_mut().zip(shape).rev().for_each(&mut set),
        Order::Fortran => strides.iter_mut().zip(shape).for_each(&mut set),
    }
    Ok(())
}

/// Why a view's fields are no layout. The exporter is at fault.
///
/// ```
/// use bufproto_core::layout::{Layout, LayoutError};
///
/// let error = Layout::new(1, &[2, 3], Some(&[3]), None).unwrap_err();
/// assert_eq!(error, LayoutError::Entries { field: "strides", entries: 1, dimensions: 2 });
/// assert_eq!(error.to_string(), "strides has 1 entries for 2 dimensions");
/// assert_eq!(Layout::new(8, &[isize::MAX], None, None).unwrap_err(), LayoutError::Overflow);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayoutError {
    /// The length is negative.
    NegativeLength {
        /// What the view says.
        length: isize,
    },
    /// The item size is negative.
    NegativeItemSize {
        /// What the view says.
        item_size: isize,
    },
    /// The number of dimensions is none.
    DimensionCount {
        /// What the view says.
        ndim: core::ffi::c_int,
    },
    /// There are too many dimensions.
    Dimensions {
        /// How many there are.
        dimensions: usize,
    },
    /// There is not one entry for each dimension.
    Entries {
        /// Which field.
        field: &'static str,
        /// How many entries it has.
        entries: usize,
        /// How many dimensions the shape has.
        dimensions: usize,
    },
    /// Strides or suboffsets without a shape.
    NoShape,
    /// A dimension has a negative number of items.
    NegativeExtent {
        /// Which dimension, from 0.
        dimension: usize,
        /// What the view says.
        extent: isize,
    },
    /// The items would not fit in memory.
    Overflow,
    /// The length is not what the shape and the item size make.
    Length {
        /// What the view says.
        length: usize,
        /// What the other fields make.
        expected: usize,
    },
}

impl core::error::Error for LayoutError {}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NegativeLength { length } => {
                write!(f, "len is {length}; a length in bytes is not negative")
            }
            Self::NegativeItemSize { item_size } => {
                write!(f, "itemsize is {item_size}; a size in bytes is not negative")
            }
            Self::DimensionCount { ndim } => write!(f, "ndim is {ndim}; there may be 0 to 64 dimensions"),
            Self::Dimensions { dimensions } => {
                write!(f, "the shape has {dimensions} dimensions; there may be 64")
            }
            Self::Entries { field, entries, dimensions } => {
                write!(f, "{field} has {entries} entries for {dimensions} dimensions")
            }
            Self::NoShape => f.write_str("there are strides or suboffsets, but no shape"),
            Self::NegativeExtent { dimension, extent } => {
                write!(f, "shape[{dimension}] is {extent}; a number of items is not negative")
            }
            Self::Overflow => f.write_str("shape, strides and itemsize reach further than memory does"),
            Self::Length { length, expected } => {
                write!(f, "len is {length}, but the items take {expected} bytes")
            }
        }
    }
}

/// Why there is no item at some indices.
///
/// ```
/// use bufproto_core::layout::{IndexError, Layout};
///
/// let layout = Layout::new(1, &[2, 3], None, None)?;
/// assert_eq!(layout.offset(&[1]), Err(IndexError::Count { indices: 1, dimensions: 2 }));
/// let indirect = Layout::new(1, &[2, 3], Some(&[8, 1]), Some(&[0, -1]))?;
/// assert_eq!(indirect.offset(&[1, 2]), Err(IndexError::Indirect));
/// # Ok::<(), bufproto_core::layout::LayoutError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IndexError {
    /// There is not one index for each dimension.
    Count {
        /// How many indices were given.
        indices: usize,
        /// How many dimensions there are.
        dimensions: usize,
    },
    /// An index is past the end.
    Range {
        /// Which dimension, from 0.
        dimension: usize,
        /// The index.
        index: usize,
        /// How many items the dimension has.
        extent: usize,
    },
    /// The item lies behind a pointer; an offset does not lead to it.
    Indirect,
}

impl core::error::Error for IndexError {}

impl fmt::Display for IndexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count { indices, dimensions } => {
                write!(f, "{indices} indices for {dimensions} dimensions")
            }
            Self::Range { dimension, index, extent } => {
                write!(f, "index {index} is out of range for dimension {dimension}, which has {extent} items")
            }
            Self::Indirect => f.write_str("the items lie behind pointers; ask for the address of one"),
        }
    }
}

//! The same copies by several threads, with the feature `parallel`.
//!
//! A copy is cut along one dimension, so that each thread writes to a part of the target of its own. That a copy is short,
//! that it leads through pointers, that both sides may overlap, or that items of the target may share a place, is seen here,
//! and such a copy is left to the calling thread: the result is always that of the functions of [`copy`](super).

use core::num::NonZero;
use core::ops::Range;
use std::thread;

use crate::copy::access::Plain;
use crate::copy::plan::{copy_items, copy_part};
use crate::copy::side::Side;
use crate::copy::{CopyError, compare};
use crate::layout::{Layout, Order};

/// How many threads copy.
///
/// The calling thread is one of them. The others are begun for one call and end with it; where the system has no more
/// threads, the calling one does their part.
///
/// ```
/// use bufproto_core::copy::parallel::Threads;
/// use bufproto_core::layout::{Layout, Order};
///
/// let table: Vec<u8> = (0..100).collect();
/// let columns = Layout::new(1, &[10, 10], Some(&[1, 10]), None)?;
/// let mut copy = vec![0; 100];
/// // SAFETY: the table has ten rows of ten, and there is place for a hundred.
/// unsafe { Threads::available().gather(table.as_ptr(), columns, Order::C, copy.as_mut_ptr()) };
/// assert_eq!(copy[..3], [0, 10, 20]);
/// # Ok::<(), bufproto_core::layout::LayoutError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threads {
    most: NonZero<usize>,
    least: usize,
}

impl Threads {
    /// Begins to pay where beginning a thread takes less than copying that many bytes.
    const LEAST: usize = 1 << 20;

    /// At most so many threads, each for at least a mebibyte.
    ///
    /// ```
    /// use bufproto_core::copy::parallel::Threads;
    /// use core::num::NonZero;
    ///
    /// const FOUR: Threads = Threads::new(NonZero::new(4).unwrap());
    /// assert_ne!(FOUR, FOUR.with_least(1));
    /// ```
    #[must_use]
    pub const fn new(most: NonZero<usize>) -> Self {
        Self { most, least: Self::LEAST }
    }

    /// As many threads as the system runs at once for this process, or one if it does not say.
    ///
    /// ```
    /// use bufproto_core::copy::parallel::Threads;
    ///
    /// assert_eq!(Threads::available(), Threads::new(std::thread::available_parallelism()?));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn available() -> Self {
        Self::new(thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN))
    }

    /// The same, where each thread copies at least so many bytes.
    ///
    /// ```
    /// use bufproto_core::copy::parallel::Threads;
    ///
    /// // For memory that is far away, say.
    /// let threads = Threads::available().with_least(1 << 16);
    /// assert_ne!(threads, Threads::available());
    /// ```
    #[must_use]
    pub const fn with_least(self, bytes: usize) -> Self {
        Self { least: bytes, ..self }
    }

    /// As [`gather`](super::gather).
    ///
    /// ```
    /// use bufproto_core::copy::parallel::Threads;
    /// use bufproto_core::layout::{Layout, Order};
    ///
    /// let every_second = Layout::new(1, &[3], Some(&[2]), None)?;
    /// let mut items = [0; 3];
    /// // SAFETY: the memory has an item at 0, 2 and 4; there is place for three.
    /// unsafe { Threads::available().gather(b"a-b-c".as_ptr(), every_second, Order::C, items.as_mut_ptr()) };
    /// assert_eq!(items, *b"abc");
    /// # Ok::<(), bufproto_core::layout::LayoutError>(())
    /// ```
    ///
    /// # Safety
    ///
    /// As for [`gather`](super::gather).
    pub unsafe fn gather(self, memory: *const u8, layout: Layout<'_>, order: Order, into: *mut u8) {
        // SAFETY: the caller's word for both sides, which have the same shape.
        unsafe { self.run([Side::laid(layout), Side::packed(layout, order)], memory, into) };
    }

    /// As [`scatter`](super::scatter).
    ///
    /// ```
    /// use bufproto_core::copy::parallel::Threads;
    /// use bufproto_core::layout::{Layout, Order};
    ///
    /// let mut memory = *b"a-b-c";
    /// let every_second = Layout::new(1, &[3], Some(&[2]), None)?;
    /// // SAFETY: the memory has an item at 0, 2 and 4, as many as there are to copy.
    /// unsafe { Threads::available().scatter(b"xyz".as_ptr(), memory.as_mut_ptr(), every_second, Order::C) };
    /// assert_eq!(memory, *b"x-y-z");
    /// # Ok::<(), bufproto_core::layout::LayoutError>(())
    /// ```
    ///
    /// # Safety
    ///
    /// As for [`scatter`](super::scatter).
    pub unsafe fn scatter(self, from: *const u8, memory: *mut u8, layout: Layout<'_>, order: Order) {
        // SAFETY: the caller's word for both sides, which have the same shape.
        unsafe { self.run([Side::packed(layout, order), Side::laid(layout)], from, memory) };
    }

    /// As [`copy`](super::copy()).
    ///
    /// ```
    /// use bufproto_core::copy::parallel::Threads;
    /// use bufproto_core::layout::Layout;
    ///
    /// let (from, to) = (Layout::new(1, &[3], None, None)?, Layout::new(1, &[3], Some(&[-1]), None)?);
    /// let mut into = [0; 3];
    /// // SAFETY: both have three items.
    /// unsafe { Threads::available().copy((b"abc".as_ptr(), from), (into.as_mut_ptr().add(2), to)) }?;
    /// assert_eq!(into, *b"cba");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`copy`](super::copy()).
    ///
    /// # Safety
    ///
    /// As for [`copy`](super::copy()).
    pub unsafe fn copy(
        self,
        (memory, from): (*const u8, Layout<'_>),
        (into, to): (*mut u8, Layout<'_>),
    ) -> Result<(), CopyError> {
        compare(from, to)?;
        // SAFETY: the caller's word for both sides, whose shapes were compared.
        unsafe { self.run([Side::laid(from), Side::laid(to)], memory, into) };
        Ok(())
    }

    /// # Safety
    ///
    /// As [`copy_items`], where the length may be 0.
    unsafe fn run(self, sides: [Side<'_>; 2], from: *const u8, into: *mut u8) {
        let length = sides[0].layout().length();
        if length == 0 {
            return;
        }
        let most = self.most.get().min(length / self.least.max(1));
        let work = Work { sides, from, into };
        match work.dimension(most) {
            // SAFETY: the caller's word; the dimension is one along which the work may be cut.
            Some(dimension) => unsafe { work.share(dimension, most) },
            // SAFETY: the caller's word; the length is not 0.
            None => unsafe { copy_items::<Plain>(sides, from, into) },
        }
    }
}

/// A copy.
struct Work<'a> {
    sides: [Side<'a>; 2],
    from: *const u8,
    into: *mut u8,
}

// SAFETY: threads that share it read the source, and write to parts of the target that are not shared, as `dimension` sees to.
unsafe impl Sync for Work<'_> {}

impl Work<'_> {
    /// The dimension along which several threads may share the work, if there is one.
    fn dimension(&self, threads: usize) -> Option<usize> {
        if threads < 2 || !self.is_apart()? || !is_distinct(self.sides[1]) {
            return None;
        }
        let layout = self.sides[0].layout();
        // The target's outermost, if it is long enough: then each thread's part lies together.
        let key = |dimension: &usize| {
            let stride = self.sides[1].step(*dimension).stride.unsigned_abs();
            (layout.extent(*dimension).min(threads), stride)
        };
        (0..layout.dimensions()).max_by_key(key).filter(|&dimension| layout.extent(dimension) > 1)
    }

    /// Whether no byte is both the source's and the target's; `None` if a side leads through pointers.
    fn is_apart(&self) -> Option<bool> {
        let bounds = |side: Side<'_>, begin: *const u8| {
            let layout = side.layout();
            let Range { start, end } =
                if side.is_packed() { 0..layout.length().cast_signed() } else { layout.bounds()? };
            Some(begin.addr().wrapping_add_signed(start)..begin.addr().wrapping_add_signed(end))
        };
        let from = bounds(self.sides[0], self.from)?;
        let into = bounds(self.sides[1], self.into)?;
        Some(from.end <= into.start || into.end <= from.start)
    }

    /// Copies each of so many parts in a thread of its own.
    ///
    /// # Safety
    ///
    /// As [`copy_items`]; the dimension is what [`dimension`](Self::dimension) said.
    unsafe fn share(&self, dimension: usize, threads: usize) {
        let extent = self.sides[0].layout().extent(dimension);
        let parts = threads.min(extent);
        let part = move |number: usize| {
            // The first ones are longer by one, if it does not come out even.
            let start = |number: usize| extent / parts * number + number.min(extent % parts);
            let range = start(number)..start(number + 1);
            // SAFETY: the caller's word; there are at least as many entries as parts, so none is empty.
            unsafe { copy_part::<Plain>(self.sides, (dimension, range), self.from, self.into) };
        };
        thread::scope(|scope| {
            for number in 1..parts {
                if thread::Builder::new().spawn_scoped(scope, move || part(number)).is_err() {
                    part(number);
                }
            }
            part(0);
        });
    }
}

/// Whether each item certainly has a place of its own.
fn is_distinct(side: Side<'_>) -> bool {
    if side.is_packed() {
        return true;
    }
    let layout = side.layout();
    let steps = (0..layout.dimensions()).map(|dimension| {
        let extent = layout.extent(dimension);
        (side.step(dimension).stride.unsigned_abs(), extent)
    });
    let mut steps: std::vec::Vec<_> = steps.filter(|&(_, extent)| extent > 1).collect();
    steps.sort_unstable();
    // How far the items of the dimensions so far reach.
    let mut reach = layout.item_size();
    steps.into_iter().all(|(stride, extent)| {
        let is_behind = stride >= reach;
        // Within the bounds of the layout.
        reach = reach.wrapping_add(stride.wrapping_mul(extent - 1));
        is_behind
    })
}

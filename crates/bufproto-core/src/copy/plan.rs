//! What is to be repeated: a kernel in loops, whatever order the dimensions came in.

use core::mem;

use crate::copy::access::Access;
use crate::copy::grid;
use crate::copy::shuffle::Shuffle;
use crate::copy::side::Side;
use crate::copy::tiles;
use crate::layout::MAX_DIMENSIONS;

/// One loop: how often, and how many bytes to get on at the source and at the target.
#[derive(Clone, Copy)]
pub(super) struct Loop {
    pub(super) extent: usize,
    pub(super) source: isize,
    pub(super) target: isize,
}

impl Loop {
    pub(super) const ONCE: Self = Self { extent: 1, source: 0, target: 0 };

    /// Where the given round is at both sides.
    #[inline]
    pub(super) fn at(&self, index: usize, [from, into]: Places) -> Places {
        // Within the bounds of a layout, which fit in an `isize`: so do both factors and the product.
        let index = index.cast_signed();
        [
            from.wrapping_offset(self.source.wrapping_mul(index)),
            into.wrapping_offset(self.target.wrapping_mul(index)),
        ]
    }

    /// Whether each round of this loop goes on where all rounds of the one inside have ended.
    #[inline(never)]
    fn goes_on_from(&self, inside: &Self) -> bool {
        let ends =
            |stride: isize| inside.extent.try_into().ok().and_then(|extent| stride.checked_mul(extent));
        ends(inside.source) == Some(self.source) && ends(inside.target) == Some(self.target)
    }
}

/// The addresses of an item at the source, which is not written to, and at the target.
pub(super) type Places = [*mut u8; 2];

/// Copies every item of the first side to the item of the second with the same indices.
///
/// # Safety
///
/// Both sides have the same shape and item size, and bytes. `from` and `into` are the addresses of their first
/// items, in memory that is held and may be accessed in this way; the second may be written to.
pub(super) unsafe fn copy_items<A: Access>(sides: [Side<'_>; 2], from: *const u8, into: *mut u8) {
    let layout = sides[0].layout();
    let leads_on = |dimension: &usize| sides.iter().any(|side| side.step(*dimension).suboffset.is_some());
    // Pointers are followed in the order of the dimensions. What lies behind the last of them is visited in
    // whatever order is best.
    let free = (0..layout.dimensions()).rev().find(leads_on).map_or(0, |dimension| dimension + 1);
    let plan = Plan::new(sides, free, None);
    // SAFETY: the caller's word; the plan is that of the dimensions from `free` on.
    unsafe { follow::<A>(sides, 0..free, &plan, [from.cast_mut(), into]) };
}

/// Copies the items whose index in one dimension is in a range. No side leads through pointers.
///
/// # Safety
///
/// As [`copy_items`], for these items. The range is within the dimension's extent, and not empty.
#[cfg(feature = "parallel")]
pub(super) unsafe fn copy_part<A: Access>(
    sides: [Side<'_>; 2],
    cut: (usize, core::ops::Range<usize>),
    from: *const u8,
    into: *mut u8,
) {
    let plan = Plan::new(sides, 0, Some(cut));
    // SAFETY: the caller's word.
    unsafe { plan.run::<A>([from.cast_mut(), into]) };
}

/// Repeats a plan for all entries of the given dimensions, following pointers.
///
/// # Safety
///
/// As [`copy_items`], for the dimensions that are left; the plan is that of those behind them.
unsafe fn follow<A: Access>(
    sides: [Side<'_>; 2],
    mut through: core::ops::Range<usize>,
    plan: &Plan,
    at: Places,
) {
    let Some(dimension) = through.next() else {
        // SAFETY: the caller's word.
        unsafe { plan.run::<A>(at) };
        return;
    };
    let [source, target] = sides.map(|side| side.step(dimension));
    for index in 0..sides[0].layout().extent(dimension) {
        // SAFETY: the index is within the extent, and the places are those of the dimension's first entries by the
        // caller's word.
        unsafe {
            let at = [source.take(at[0], index), target.take(at[1], index)];
            follow::<A>(sides, through.clone(), plan, at);
        }
    }
}

/// A kernel in loops, the outermost first.
struct Plan {
    loops: [Loop; MAX_DIMENSIONS],
    depth: usize,
    /// The number of bytes that lie side by side on both sides.
    block: usize,
    /// Where to begin, from the first item on.
    begin: [isize; 2],
    kernel: Kernel,
}

/// So few items are too few for a tile.
const FEW: usize = 8;

/// What is done in the innermost loops.
enum Kernel {
    /// One block.
    Block,
    /// Blocks in two loops, in this order.
    Grid([Loop; 2]),
    /// Blocks in two loops, the source being denser in the first one and the target in the second.
    Tiles([Loop; 2]),
    /// Small items, whole vectors at a time, in a loop with few rounds that go over the same source.
    Strips(Loop, Shuffle),
}

impl Plan {
    /// Loops over the dimensions from `free` on, which have no pointers; in one of them perhaps over a range only.
    fn new(sides: [Side<'_>; 2], free: usize, cut: Option<(usize, core::ops::Range<usize>)>) -> Self {
        let layout = sides[0].layout();
        let mut plan = Self {
            // SAFETY: numbers, which may be 0. The compiler would write them down one by one.
            loops: unsafe { mem::zeroed() },
            depth: 0,
            block: sides[0].item_size(),
            begin: sides.map(Side::offset),
            kernel: Kernel::Block,
        };
        for dimension in free..layout.dimensions() {
            let [source, target] = sides.map(|side| side.step(dimension).stride);
            let mut along = Loop { extent: layout.extent(dimension), source, target };
            if let Some((at, range)) = &cut
                && *at == dimension
            {
                // Within the bounds of the layouts.
                let start = range.start.cast_signed();
                plan.begin[0] = plan.begin[0].wrapping_add(source.wrapping_mul(start));
                plan.begin[1] = plan.begin[1].wrapping_add(target.wrapping_mul(start));
                along.extent = range.len();
            }
            plan.insert(along);
        }
        plan.merge();
        plan.choose();
        plan
    }

    /// Adds a loop so that those with the longer strides at the target are outside. The target is walked upwards.
    #[inline(never)]
    fn insert(&mut self, mut new: Loop) {
        if new.extent == 1 {
            return;
        }
        if new.target < 0 || new.target == 0 && new.source < 0 {
            // Within the bounds of the layouts.
            let last = (new.extent - 1).cast_signed();
            self.begin[0] = self.begin[0].wrapping_add(new.source.wrapping_mul(last));
            self.begin[1] = self.begin[1].wrapping_add(new.target.wrapping_mul(last));
            (new.source, new.target) = (new.source.wrapping_neg(), new.target.wrapping_neg());
        }
        let key = |entry: &Loop| (entry.target, entry.source.unsigned_abs());
        let mut place = self.depth;
        while let Some(before) = place.checked_sub(1)
            && key(self.at(before)) < key(&new)
        {
            *self.at(place) = *self.at(before);
            place = before;
        }
        *self.at(place) = new;
        self.depth += 1;
    }

    /// The loop at a place, which is below the number of dimensions.
    fn at(&mut self, place: usize) -> &mut Loop {
        // The remainder tells the compiler so.
        &mut self.loops[place % MAX_DIMENSIONS]
    }

    /// Makes one loop of those that go on from one another, and one block of what lies side by side.
    fn merge(&mut self) {
        let mut kept = 0usize;
        for place in 0..self.depth {
            let inside = *self.at(place);
            match kept.checked_sub(1).map(|last| self.at(last)) {
                Some(last) if last.goes_on_from(&inside) => {
                    *last = Loop { extent: last.extent * inside.extent, ..inside };
                }
                _ => {
                    *self.at(kept) = inside;
                    kept += 1;
                }
            }
        }
        self.depth = kept;
        let block = self.block.cast_signed();
        if let Some(last) = self.pop() {
            if last.source == block && last.target == block {
                self.block *= last.extent;
            } else {
                self.depth += 1;
            }
        }
    }

    /// Takes the innermost loops for a kernel.
    fn choose(&mut self) {
        let Some(inner) = self.pop() else { return };
        // The loop in which the source is densest, if that is not the innermost one.
        let mut densest = None;
        let mut distance = inner.source.unsigned_abs();
        for place in (0..self.depth).rev() {
            let stride = self.at(place).source.unsigned_abs();
            if stride != 0 && stride < distance {
                (densest, distance) = (Some(place), stride);
            }
        }
        let shuffle = Shuffle::new(self.block, [inner, Loop::ONCE]);
        if let Some(place) = densest {
            let outer = *self.at(place);
            self.kernel = match shuffle {
                Some(shuffle) if outer.extent < FEW => Kernel::Strips(outer, shuffle),
                _ => Kernel::Tiles([outer, inner]),
            };
            self.depth -= 1;
            for place in place..self.depth {
                *self.at(place) = *self.at(place + 1);
            }
            return;
        }
        if let Some(shuffle) = shuffle {
            self.kernel = Kernel::Strips(Loop::ONCE, shuffle);
            return;
        }
        let outer = self.pop().unwrap_or(Loop::ONCE);
        self.kernel = match Shuffle::new(self.block, [outer, inner]) {
            Some(shuffle) => Kernel::Strips(Loop::ONCE, shuffle),
            None => Kernel::Grid([outer, inner]),
        };
    }

    fn pop(&mut self) -> Option<Loop> {
        self.depth = self.depth.checked_sub(1)?;
        Some(*self.at(self.depth))
    }

    /// # Safety
    ///
    /// The places are those of the first items of what the plan was made of, as [`copy_items`] says.
    unsafe fn run<A: Access>(&self, [from, into]: Places) {
        let begin = [from.wrapping_offset(self.begin[0]), into.wrapping_offset(self.begin[1])];
        // SAFETY: the caller's word.
        unsafe { self.repeat::<A>(self.loops.get(..self.depth).unwrap_or(&[]), begin) };
    }

    /// # Safety
    ///
    /// As [`run`](Self::run), for the kernel alone.
    #[inline(never)]
    unsafe fn once<A: Access>(&self, at: Places) {
        // SAFETY: the caller's word.
        unsafe {
            match &self.kernel {
                Kernel::Block => A::copy(at[0].cast_const(), at[1], self.block),
                Kernel::Grid(loops) => grid::copy::<A>(self.block, loops, at),
                Kernel::Tiles(loops) => tiles::copy::<A>(self.block, loops, at),
                Kernel::Strips(outer, shuffle) => strips::<A>(outer, shuffle, at),
            }
        };
    }

    /// # Safety
    ///
    /// As [`run`](Self::run), for the loops that are left.
    unsafe fn repeat<A: Access>(&self, loops: &[Loop], at: Places) {
        let Some((outermost, inside)) = loops.split_first() else {
            // SAFETY: the caller's word: the kernel's loops are within the layouts, and so are its blocks.
            unsafe { self.once::<A>(at) };
            return;
        };
        for index in 0..outermost.extent {
            // SAFETY: the index is within the extent; else the caller's word.
            unsafe { self.repeat::<A>(inside, outermost.at(index, at)) };
        }
    }
}

/// Does all groups in each round, so many at a time that what was read for one round is at hand for the next.
///
/// # Safety
///
/// As [`Shuffle::copy`], for each round.
unsafe fn strips<A: Access>(outer: &Loop, shuffle: &Shuffle, at: Places) {
    const STRIP: usize = 4096;
    let over = shuffle.over();
    let most = if outer.extent == 1 { over.extent } else { STRIP };
    let mut done = 0;
    while done < over.extent {
        let groups = most.min(over.extent - done);
        for index in 0..outer.extent {
            // SAFETY: the index is within the extent, and so are the groups; else the caller's word.
            unsafe { shuffle.copy::<A>(groups, over.at(done, outer.at(index, at))) };
        }
        done += groups;
    }
}

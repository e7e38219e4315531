//! Small items that come in the same pattern again and again: every third byte, the bytes of each pixel the other way
//! round, all bytes backwards. What one vector of the target consists of is looked up in a few vectors of the source.

use crate::copy::access::Access;
use crate::copy::grid;
use crate::copy::plan::{Loop, Places};
use crate::copy::vector::{self, Vector, WIDTH};

/// The most vectors of the source that one vector of the target is put together from.
const MOST: usize = 4;

/// Where a table takes nothing from.
const NOTHING: u8 = 0x80;

/// Groups of items, side by side at the target.
pub(super) struct Shuffle {
    block: usize,
    /// The size of a group.
    size: usize,
    /// The loops over the groups, and within a group.
    loops: [Loop; 2],
    /// For each vector of the source, one after the other, which of its bytes go where.
    tables: [u8; WIDTH * MOST],
    vectors: usize,
    /// Where the first vector of the source begins.
    begin: isize,
    /// How far one step goes at each side.
    step: [isize; 2],
    /// How many groups a step does.
    groups: usize,
    /// How many bytes of the source a step's vectors reach beyond its groups.
    excess: usize,
}

impl Shuffle {
    /// The plan for groups of the rounds of `within`, if whole vectors are better.
    #[inline(never)]
    pub(super) fn new(block: usize, [over, within]: [Loop; 2]) -> Option<Self> {
        let size = block.checked_mul(within.extent).filter(|&size| size <= WIDTH)?;
        let side_by_side =
            (within.extent == 1 || within.target == block.cast_signed()) && over.target == size.cast_signed();
        let near = |stride: isize| stride.unsigned_abs() <= WIDTH * MOST;
        if !side_by_side || over.source == 0 || !near(over.source) || !near(within.source) {
            return None;
        }
        let groups = WIDTH.checked_div(size).filter(|&groups| groups <= over.extent)?;
        // How far it is to the last group, and within one to the last item: at most a few hundred bytes.
        let reach = |stride: isize, count: usize| stride.wrapping_mul((count - 1).cast_signed());
        let reaches = [reach(over.source, groups), reach(within.source, within.extent)];
        let low: isize = reaches.map(|reach| reach.min(0)).iter().sum();
        let high: isize = reaches.map(|reach| reach.max(0)).iter().sum::<isize>() + block.cast_signed();
        let filled = groups * size;
        let vectors = (high - low).unsigned_abs().div_ceil(WIDTH);
        // It should take fewer moves than one for each item.
        if vectors > MOST || vectors * 2 * block > filled || !vector::can_shuffle() {
            return None;
        }
        // The last vector reaches over the end, where the source is walked upwards, or the first over the beginning.
        let reach = (vectors * WIDTH).cast_signed();
        let begin = if over.source > 0 { low } else { high - reach };
        let mut tables = [NOTHING; WIDTH * MOST];
        let (mut group, mut item, mut part) = (begin.wrapping_neg(), 0, 0);
        let mut place = group;
        for byte in 0..filled {
            // Within the vectors. The remainder tells the compiler so.
            let from = place.cast_unsigned() + part;
            tables[(from / WIDTH * WIDTH + byte) % tables.len()] = (from % WIDTH) as u8;
            part += 1;
            if part == block {
                (part, item) = (0, item + 1);
                place = place.wrapping_add(within.source);
                if item == within.extent {
                    group = group.wrapping_add(over.source);
                    (item, place) = (0, group);
                }
            }
        }
        let shuffle = Self {
            block,
            size,
            loops: [over, within],
            tables,
            vectors,
            begin,
            step: [over.source * groups.cast_signed(), filled.cast_signed()],
            groups,
            excess: (reach - (high - low)).unsigned_abs(),
        };
        // It is for nothing if there is not one step to make.
        (shuffle.steps(over.extent) != 0).then_some(shuffle)
    }

    /// How many steps can be made for so many groups. The rest is done one by one.
    fn steps(&self, groups: usize) -> usize {
        // What lies between the first and the last byte of all groups may be read, and so may be written to at the
        // target. The vectors of a step reach further at the source than its groups do, and so does one at the target.
        let over = &self.loops[0];
        let room = || {
            let at_source = groups.checked_sub(self.groups)?.checked_mul(over.source.unsigned_abs())?;
            let at_target = groups.checked_mul(self.size)?.checked_sub(WIDTH)?;
            let [source, target] = self.step.map(isize::unsigned_abs);
            let at_source = at_source.checked_sub(self.excess)?.checked_div(source)?;
            Some(at_source.min(at_target.checked_div(target)?) + 1)
        };
        room().unwrap_or(0)
    }

    /// # Safety
    ///
    /// The number is that of a vector, below [`MOST`].
    #[inline(always)]
    unsafe fn table(&self, number: usize) -> Vector {
        // SAFETY: there are so many tables, each as long as a vector.
        unsafe { vector::load(self.tables.as_ptr().wrapping_add(number * WIDTH)) }
    }

    /// The loop over the groups.
    pub(super) fn over(&self) -> &Loop {
        &self.loops[0]
    }

    /// Does as many groups.
    ///
    /// # Safety
    ///
    /// The blocks of as many groups may be read at the source, and what lies between as [`Access::load_vector`] does, and
    /// written to at the target.
    #[inline(never)]
    pub(super) unsafe fn copy<A: Access>(&self, groups: usize, at: Places) {
        let steps = if A::LOADS_GAPS { self.steps(groups) } else { 0 };
        // SAFETY: the plan was made where vectors can be shuffled; else the caller's word.
        unsafe {
            match self.vectors {
                1 => self.run::<A, 1>(steps, at),
                2 => self.run::<A, 2>(steps, at),
                3 => self.run::<A, 3>(steps, at),
                _ => self.run::<A, MOST>(steps, at),
            }
        }
        let [over, within] = self.loops;
        let done = steps * self.groups;
        let rest = Loop { extent: groups - done, ..over };
        // SAFETY: the groups that are left; else the caller's word.
        unsafe { grid::copy::<A>(self.block, &[rest, within], over.at(done, at)) };
    }

    /// # Safety
    ///
    /// As [`copy`](Self::copy), for as many vectors of the source and as many steps, where vectors can be shuffled.
    unsafe fn run<A: Access, const VECTORS: usize>(&self, mut steps: usize, [from, into]: Places) {
        let mut at = [from.wrapping_offset(self.begin), into];
        // SAFETY: as many steps stay between the first and the last byte of the source, and of the target; what is done at
        // once the processor can do.
        unsafe {
            if vector::can_shuffle_pairs() {
                at = self.run_pairs::<A, VECTORS>(steps / 2, at);
                steps %= 2;
            }
            self.run_steps::<A, VECTORS>(steps, at);
        }
    }

    /// # Safety
    ///
    /// As [`run`](Self::run), from the first vector of the source on.
    #[cfg_attr(all(target_arch = "x86_64", target_feature = "sse2"), target_feature(enable = "ssse3"))]
    unsafe fn run_steps<A: Access, const VECTORS: usize>(&self, steps: usize, [mut from, mut into]: Places) {
        // SAFETY: a table is as long as a vector.
        let tables: [Vector; VECTORS] = core::array::from_fn(|number| unsafe { self.table(number) });
        for _ in 0..steps {
            // SAFETY: the caller's word. What is written behind the last group of a step is written again by the next one.
            unsafe {
                let mut whole = vector::shuffle(A::load_vector(from), tables[0]);
                for (number, table) in tables.iter().enumerate().skip(1) {
                    let next = A::load_vector(from.wrapping_add(number * WIDTH));
                    whole = vector::or(whole, vector::shuffle(next, *table));
                }
                A::store_vector(into, whole);
            }
            from = from.wrapping_offset(self.step[0]);
            into = into.wrapping_offset(self.step[1]);
        }
    }

    /// Two steps at once, so many times. Returns where the next step begins.
    ///
    /// # Safety
    ///
    /// As [`run_steps`](Self::run_steps), where pairs of vectors can be shuffled.
    #[cfg_attr(all(target_arch = "x86_64", target_feature = "sse2"), target_feature(enable = "avx2"))]
    unsafe fn run_pairs<A: Access, const VECTORS: usize>(
        &self,
        rounds: usize,
        [mut from, mut into]: Places,
    ) -> Places {
        // SAFETY: the caller's word for all that follows. A table is as long as a vector.
        unsafe {
            let table = |number: usize| self.table(number);
            let mut tables = [vector::pair(table(0), table(0)); VECTORS];
            for (number, pair) in tables.iter_mut().enumerate() {
                *pair = vector::pair(table(number), table(number));
            }
            for _ in 0..rounds {
                let second = from.wrapping_offset(self.step[0]);
                let mut whole =
                    vector::shuffle_pair(A::load_pair([from, second].map(<*mut u8>::cast_const)), tables[0]);
                for (number, table) in tables.iter().enumerate().skip(1) {
                    let next = A::load_pair(
                        [from, second].map(|from| from.wrapping_add(number * WIDTH).cast_const()),
                    );
                    whole = vector::or_pair(whole, vector::shuffle_pair(next, *table));
                }
                A::store_pair([into, into.wrapping_offset(self.step[1])], whole);
                from = second.wrapping_offset(self.step[0]);
                into = into.wrapping_offset(self.step[1].wrapping_mul(2));
            }
        }
        [from, into]
    }
}

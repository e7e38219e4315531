//! Layouts to try things on, with memory to go with them, and the plain way to find an item.
#![allow(dead_code, reason = "not every test needs all of it")]

use std::cell::Cell;

use bufproto_core::layout::Layout;
use proptest::collection::vec;
use proptest::prelude::*;

/// How often each law is tried. Miri looks at every access, and takes a thousand times as long.
pub(crate) fn cases() -> ProptestConfig {
    ProptestConfig::with_cases(if cfg!(miri) { 8 } else { 1000 })
}

/// The parts of a layout.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) item_size: usize,
    pub(crate) shape: Vec<isize>,
    pub(crate) strides: Vec<isize>,
    pub(crate) suboffsets: Option<Vec<isize>>,
}

impl Parts {
    pub(crate) fn layout(&self) -> Layout<'_> {
        Layout::new(self.item_size, &self.shape, Some(&self.strides), self.suboffsets.as_deref()).unwrap()
    }

    /// The indices of all items, the last one varying fastest, or the first one.
    pub(crate) fn indices(&self, last_fastest: bool) -> Vec<Vec<usize>> {
        let mut all = vec![vec![]];
        let extend = |all: Vec<Vec<usize>>, extent: isize| {
            let each = |indices: Vec<usize>| {
                (0..extent as usize).map(move |index| indices.iter().copied().chain([index]).collect())
            };
            all.into_iter().flat_map(each).collect()
        };
        if last_fastest {
            all = self.shape.iter().fold(all, |all, &extent| extend(all, extent));
        } else {
            all = self.shape.iter().rev().fold(all, |all, &extent| extend(all, extent));
            all.iter_mut().for_each(|indices| indices.reverse());
        }
        all
    }

    /// The address of an item, as PEP 3118 says it.
    ///
    /// # Safety
    ///
    /// The first item of memory with this layout is at `first`.
    pub(crate) unsafe fn address(&self, first: *mut u8, indices: &[usize]) -> *mut u8 {
        let mut address = first;
        for (dimension, &index) in indices.iter().enumerate() {
            address = address.wrapping_offset(self.strides[dimension] * index as isize);
            if let Some(suboffset) = self.suboffset(dimension) {
                // SAFETY: the caller's word: there is a pointer here.
                address = unsafe { address.cast::<*mut u8>().read_unaligned() }.wrapping_add(suboffset);
            }
        }
        address
    }

    /// All items' bytes, found one by one.
    ///
    /// # Safety
    ///
    /// As [`address`](Self::address).
    pub(crate) unsafe fn bytes(&self, first: *mut u8, last_fastest: bool) -> Vec<u8> {
        let item = |indices: Vec<usize>| {
            // SAFETY: the caller's word.
            let address = unsafe { self.address(first, &indices) };
            // SAFETY: an item of this size is there.
            (0..self.item_size).map(move |n| unsafe { address.add(n).read() })
        };
        self.indices(last_fastest).into_iter().flat_map(item).collect()
    }

    fn suboffset(&self, dimension: usize) -> Option<usize> {
        usize::try_from(self.suboffsets.as_ref()?[dimension]).ok()
    }

    /// Memory that has this layout, every byte being what `fill` says.
    pub(crate) fn memory(&self, fill: impl Fn() -> u8) -> Memory {
        let mut memory = Memory { blocks: vec![], first: std::ptr::null_mut() };
        memory.first = self.build(0, &fill, &mut memory.blocks);
        memory
    }

    /// Builds the dimensions from `begin` to the next pointers, and what those point to.
    fn build(&self, begin: usize, fill: &impl Fn() -> u8, blocks: &mut Vec<Vec<u8>>) -> *mut u8 {
        let rest = begin..self.shape.len();
        let pointers = rest.clone().find(|&dimension| self.suboffset(dimension).is_some());
        let end = pointers.map_or(rest.end, |dimension| dimension + 1);
        let part = Self {
            item_size: if pointers.is_some() { size_of::<*mut u8>() } else { self.item_size },
            shape: self.shape[begin..end].to_vec(),
            strides: self.strides[begin..end].to_vec(),
            suboffsets: None,
        };
        let places: Vec<isize> = part.indices(true).iter().map(|indices| part.offset(indices)).collect();
        let low = places.iter().copied().min().unwrap_or(0);
        let high = places.iter().map(|place| place + part.item_size as isize).max().unwrap_or(0);
        let mut block: Vec<u8> = (low..high).map(|_| fill()).collect();
        let start = block.as_mut_ptr();
        blocks.push(block);
        let first = start.wrapping_offset(-low);
        if let Some(suboffset) = pointers.and_then(|dimension| self.suboffset(dimension)) {
            for place in places {
                let target = self.build(end, fill, blocks).wrapping_sub(suboffset);
                // SAFETY: the place is within the block, which does not move while its vector does.
                unsafe { first.wrapping_offset(place).cast::<*mut u8>().write_unaligned(target) };
            }
        }
        first
    }

    /// The offset of an item, without suboffsets.
    pub(crate) fn offset(&self, indices: &[usize]) -> isize {
        indices.iter().zip(&self.strides).map(|(&index, stride)| index as isize * stride).sum()
    }
}

/// Memory in one block, or in several that point to one another.
pub(crate) struct Memory {
    pub(crate) blocks: Vec<Vec<u8>>,
    /// The item with all indices zero.
    pub(crate) first: *mut u8,
}

/// Bytes that follow one another without repeating soon.
pub(crate) fn counter(seed: u8) -> impl Fn() -> u8 {
    let next = Cell::new(seed);
    move || {
        next.set(next.get().wrapping_mul(5).wrapping_add(113));
        next.get()
    }
}

/// Few bytes, and as many as a pointer has.
fn item_size() -> impl Strategy<Value = usize> {
    prop_oneof![5 => 0..=5usize, 1 => Just(size_of::<*mut u8>())]
}

fn shape() -> impl Strategy<Value = Vec<isize>> {
    let extent = prop_oneof![1 => Just(0), 3 => Just(1), 4 => Just(2), 4 => Just(3), 2 => Just(5isize)];
    vec(extent, 0..=4)
}

/// Any strides, so that items may overlap. No pointers.
pub(crate) fn overlapping() -> impl Strategy<Value = Parts> {
    (item_size(), shape(), vec(-12..=12isize, 4)).prop_map(|(item_size, shape, mut strides)| {
        strides.truncate(shape.len());
        Parts { item_size, shape, strides, suboffsets: None }
    })
}

/// How a dimension is laid out: its rank among the others, a gap behind it, whether it runs backwards, and
/// whether there are pointers if it is below 2.
type Way = (u8, usize, bool, u8);

fn ways() -> impl Strategy<Value = Vec<Way>> {
    vec((any::<u8>(), prop_oneof![3 => Just(0usize), 1 => 1..=3usize], any::<bool>(), 0..8u8), 4)
}

/// Items with places of their own: in any order of dimensions, forwards or backwards, with gaps, and behind
/// pointers if `indirect`.
pub(crate) fn separate(indirect: bool) -> impl Strategy<Value = Parts> {
    (item_size(), shape(), ways(), any::<bool>())
        .prop_map(move |(item_size, shape, ways, tidy)| lay_out(item_size, shape, &ways, tidy, indirect))
}

/// Two layouts of one shape, as in [`separate`].
pub(crate) fn pair() -> impl Strategy<Value = (Parts, Parts)> {
    (item_size(), shape(), [ways(), ways()], any::<[(bool, bool); 2]>()).prop_map(
        |(item_size, shape, ways, [(tidy, indirect), (other_tidy, other_indirect)])| {
            let one = lay_out(item_size, shape.clone(), &ways[0], tidy, indirect);
            (one, lay_out(item_size, shape, &ways[1], other_tidy, other_indirect))
        },
    )
}

/// Tidy layouts have neither gaps nor dimensions that are swapped or backwards.
fn lay_out(item_size: usize, shape: Vec<isize>, ways: &[Way], tidy: bool, indirect: bool) -> Parts {
    let suboffset = |&(_, gap, _, chance): &Way| if indirect && chance < 2 { gap as isize } else { -1 };
    let suboffsets: Vec<isize> = ways.iter().take(shape.len()).map(suboffset).collect();
    let mut strides = vec![0; shape.len()];
    let mut begin = 0;
    while begin < shape.len() {
        let pointers = (begin..shape.len()).find(|&dimension| suboffsets[dimension] >= 0);
        let end = pointers.map_or(shape.len(), |dimension| dimension + 1);
        let mut order: Vec<usize> = (begin..end).rev().collect();
        if !tidy {
            order.sort_by_key(|&dimension| ways[dimension].0);
        }
        let mut reach = if pointers.is_some() { size_of::<*mut u8>() } else { item_size } as isize;
        for dimension in order {
            let (_, gap, backwards, _) = ways[dimension];
            let stride = if tidy { reach } else { reach + gap as isize };
            strides[dimension] = if backwards && !tidy { -stride } else { stride };
            reach = stride * shape[dimension].max(1);
        }
        begin = end;
    }
    let suboffsets = suboffsets.iter().any(|&suboffset| suboffset >= 0).then_some(suboffsets);
    Parts { item_size, shape, strides, suboffsets }
}

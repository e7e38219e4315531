//! How items lie, memory to go with it, and the plain way to find an item.

use bufproto_core::layout::{Layout, Order};
use proptest::collection::vec;
use proptest::prelude::*;

/// The parts of a layout, and what they say of each item, found the plain way: one item after the other.
///
/// ```
/// use bufproto_mock::strategy::OwnedLayout;
///
/// // Two rows, each behind a pointer.
/// let size = size_of::<*mut u8>() as isize;
/// let rows = OwnedLayout {
///     item_size: 1,
///     shape: vec![2, 3],
///     strides: vec![size, 1],
///     suboffsets: Some(vec![0, -1]),
/// };
/// assert!(rows.layout().is_indirect());
/// assert_eq!(rows.memory(|| 0).blocks.len(), 3, "the pointers, and the rows");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedLayout {
    /// The size of an item in bytes.
    pub item_size: usize,
    /// The number of items in each dimension.
    pub shape: Vec<isize>,
    /// The distance in bytes from one item to the next, in each dimension.
    pub strides: Vec<isize>,
    /// Where there are pointers: what is added to each in bytes, and −1 for dimensions that have none.
    pub suboffsets: Option<Vec<isize>>,
}

impl OwnedLayout {
    /// The layout.
    ///
    /// ```
    /// use bufproto_mock::strategy::OwnedLayout;
    ///
    /// let reversed = OwnedLayout { item_size: 1, shape: vec![3], strides: vec![-1], suboffsets: None };
    /// assert_eq!(reversed.layout().bounds(), Some(-2..1));
    /// ```
    ///
    /// # Panics
    ///
    /// If the fields were changed to what is none.
    #[must_use]
    pub fn layout(&self) -> Layout<'_> {
        Layout::new(self.item_size, &self.shape, Some(&self.strides), self.suboffsets.as_deref())
            .expect("the parts of a layout")
    }

    /// The indices of all items, the last one varying fastest in C order, the first one in Fortran order.
    ///
    /// ```
    /// use bufproto_core::layout::Order;
    /// use bufproto_mock::strategy::OwnedLayout;
    ///
    /// let table = OwnedLayout { item_size: 1, shape: vec![2, 2], strides: vec![2, 1], suboffsets: None };
    /// assert_eq!(table.indices(Order::Fortran), [[0, 0], [1, 0], [0, 1], [1, 1]]);
    /// ```
    #[must_use]
    pub fn indices(&self, order: Order) -> Vec<Vec<usize>> {
        let mut all = vec![vec![]];
        let extend = |all: Vec<Vec<usize>>, extent: isize| {
            let each = |indices: Vec<usize>| {
                (0..extent as usize).map(move |index| indices.iter().copied().chain([index]).collect())
            };
            all.into_iter().flat_map(each).collect()
        };
        if order == Order::C {
            all = self.shape.iter().fold(all, |all, &extent| extend(all, extent));
        } else {
            all = self.shape.iter().rev().fold(all, |all, &extent| extend(all, extent));
            all.iter_mut().for_each(|indices| indices.reverse());
        }
        all
    }

    /// The offset in bytes of an item from the one with all indices zero, by strides alone.
    ///
    /// ```
    /// use bufproto_mock::strategy::OwnedLayout;
    ///
    /// let reversed = OwnedLayout { item_size: 1, shape: vec![3], strides: vec![-1], suboffsets: None };
    /// assert_eq!(reversed.offset(&[2]), -2);
    /// ```
    #[must_use]
    pub fn offset(&self, indices: &[usize]) -> isize {
        indices.iter().zip(&self.strides).map(|(&index, stride)| index as isize * stride).sum()
    }

    /// The address of an item, as PEP 3118 says it.
    ///
    /// ```
    /// use bufproto_mock::strategy::OwnedLayout;
    ///
    /// let reversed = OwnedLayout { item_size: 1, shape: vec![3], strides: vec![-1], suboffsets: None };
    /// let mut bytes = *b"abc";
    /// // SAFETY: the memory has this layout, and three items.
    /// assert_eq!(unsafe { reversed.address(&mut bytes[2], &[2]) }, &raw mut bytes[0]);
    /// ```
    ///
    /// # Safety
    ///
    /// The item with all indices zero, of memory with this layout, is at `first`; the item exists.
    #[must_use]
    pub unsafe fn address(&self, first: *mut u8, indices: &[usize]) -> *mut u8 {
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
    /// ```
    /// use bufproto_mock::strategy::OwnedLayout;
    ///
    /// let reversed = OwnedLayout { item_size: 1, shape: vec![3], strides: vec![-1], suboffsets: None };
    /// let mut bytes = *b"abc";
    /// let last = bytes.as_mut_ptr().wrapping_add(2);
    /// // SAFETY: the memory has this layout.
    /// assert_eq!(unsafe { reversed.bytes(last, bufproto_core::layout::Order::C) }, b"cba");
    /// ```
    ///
    /// # Safety
    ///
    /// The item with all indices zero, of memory with this layout, is at `first`.
    #[must_use]
    pub unsafe fn bytes(&self, first: *mut u8, order: Order) -> Vec<u8> {
        let item = |indices: Vec<usize>| {
            // SAFETY: the caller's word.
            let address = unsafe { self.address(first, &indices) };
            // SAFETY: an item of this size is there.
            (0..self.item_size).map(move |n| unsafe { address.add(n).read() })
        };
        self.indices(order).into_iter().flat_map(item).collect()
    }

    fn suboffset(&self, dimension: usize) -> Option<usize> {
        usize::try_from(self.suboffsets.as_ref()?[dimension]).ok()
    }

    /// Memory that has this layout, every byte being what `fill` says.
    ///
    /// ```
    /// use bufproto_mock::strategy::OwnedLayout;
    ///
    /// let reversed = OwnedLayout { item_size: 1, shape: vec![3], strides: vec![-1], suboffsets: None };
    /// assert_eq!(reversed.memory(|| 7).blocks, [[7; 3]]);
    /// ```
    #[must_use]
    pub fn memory(&self, fill: impl Fn() -> u8) -> Blocks {
        let mut memory = Blocks { blocks: vec![], first: std::ptr::null_mut() };
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
        let places: Vec<isize> = part.indices(Order::C).iter().map(|indices| part.offset(indices)).collect();
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
}

/// Memory in one block, or in several that point to one another.
///
/// ```
/// use bufproto_mock::strategy::OwnedLayout;
///
/// let reversed = OwnedLayout { item_size: 1, shape: vec![3], strides: vec![-1], suboffsets: None };
/// let memory = reversed.memory(|| 7);
/// assert_eq!(memory.first.cast_const(), &raw const memory.blocks[0][2]);
/// ```
#[derive(Debug)]
pub struct Blocks {
    /// The blocks. They are not to be resized.
    pub blocks: Vec<Vec<u8>>,
    /// The item with all indices zero.
    pub first: *mut u8,
}

/// Few bytes, and as many as a pointer has.
fn item_size() -> impl Strategy<Value = usize> {
    prop_oneof![5 => 0..=5usize, 1 => Just(size_of::<*mut u8>())]
}

fn shape() -> impl Strategy<Value = Vec<isize>> {
    let extent = prop_oneof![4 => 2..=3isize, 3 => Just(1), 1 => Just(0), 2 => Just(5)];
    vec(extent, 0..=4)
}

/// Any strides, so that items may overlap. No pointers.
///
/// ```
/// # use bufproto_core::format::Format;
/// # use bufproto_core::request::{Access, Request};
/// # use bufproto_core::rules::Family;
/// # use bufproto_mock::conformance::{Rig, recipe::Recipe};
/// # use bufproto_mock::{MockRig, Object, model};
/// use bufproto_mock::strategy;
/// use proptest::strategy::{Strategy, ValueTree};
/// use proptest::test_runner::TestRunner;
///
/// fn example<T>(strategy: impl Strategy<Value = T>) -> T {
///     strategy.new_tree(&mut TestRunner::deterministic()).unwrap().current()
/// }
///
/// let parts = example(strategy::overlapping_layouts());
/// assert!(!parts.layout().is_indirect());
/// ```
pub fn overlapping_layouts() -> impl Strategy<Value = OwnedLayout> {
    overlapping_of(item_size())
}

fn overlapping_of(item_size: impl Strategy<Value = usize>) -> impl Strategy<Value = OwnedLayout> {
    (item_size, shape(), vec(-12..=12isize, 4)).prop_map(|(item_size, shape, mut strides)| {
        strides.truncate(shape.len());
        OwnedLayout { item_size, shape, strides, suboffsets: None }
    })
}

/// Items of one size, separate or not, without pointers.
pub(super) fn layouts_of(
    item_size: impl Strategy<Value = usize> + Clone,
) -> impl Strategy<Value = OwnedLayout> {
    prop_oneof![separate_of(item_size.clone(), false), overlapping_of(item_size)]
}

/// How a dimension is laid out: its rank among the others, a gap behind it, whether it runs backwards, and
/// whether there are pointers if it is below 2.
type Way = (u8, usize, bool, u8);

fn ways() -> impl Strategy<Value = Vec<Way>> {
    vec((any::<u8>(), prop_oneof![3 => Just(0usize), 1 => 1..=3usize], any::<bool>(), 0..8u8), 4)
}

/// Items with places of their own: in any order of dimensions, forwards or backwards, with gaps, and behind
/// pointers if `indirect`.
///
/// ```
/// # use bufproto_core::copy::gather;
/// # use bufproto_core::layout::Order;
/// # use bufproto_mock::strategy;
/// # use proptest::prelude::*;
/// # use proptest::strategy::ValueTree;
/// # use proptest::test_runner::TestRunner;
/// let mut runner = TestRunner::deterministic();
/// let parts = strategy::layouts(true).new_tree(&mut runner).unwrap().current();
/// let memory = parts.memory(|| 7);
/// let mut copy = vec![0; parts.layout().length()];
/// // SAFETY: the memory has this layout, and there is place for all items.
/// unsafe { gather(memory.first, parts.layout(), Order::C, copy.as_mut_ptr()) };
/// assert!(copy.iter().all(|&byte| byte == 7));
/// ```
pub fn layouts(indirect: bool) -> impl Strategy<Value = OwnedLayout> {
    separate_of(item_size(), indirect)
}

fn separate_of(
    item_size: impl Strategy<Value = usize>,
    indirect: bool,
) -> impl Strategy<Value = OwnedLayout> {
    (item_size, shape(), ways(), any::<bool>())
        .prop_map(move |(item_size, shape, ways, untidy)| lay_out(item_size, shape, &ways, untidy, indirect))
}

/// Two layouts of one shape, as in [`layouts`], with pointers or without.
///
/// ```
/// # use bufproto_core::format::Format;
/// # use bufproto_core::request::{Access, Request};
/// # use bufproto_core::rules::Family;
/// # use bufproto_mock::conformance::{Rig, recipe::Recipe};
/// # use bufproto_mock::{MockRig, Object, model};
/// use bufproto_mock::strategy;
/// use proptest::strategy::{Strategy, ValueTree};
/// use proptest::test_runner::TestRunner;
///
/// fn example<T>(strategy: impl Strategy<Value = T>) -> T {
///     strategy.new_tree(&mut TestRunner::deterministic()).unwrap().current()
/// }
///
/// let (one, other) = example(strategy::layout_pairs());
/// assert_eq!(one.shape, other.shape);
/// ```
pub fn layout_pairs() -> impl Strategy<Value = (OwnedLayout, OwnedLayout)> {
    (item_size(), shape(), [ways(), ways()], any::<[(bool, bool); 2]>()).prop_map(
        |(item_size, shape, ways, [(untidy, indirect), (other_untidy, other_indirect)])| {
            let one = lay_out(item_size, shape.clone(), &ways[0], untidy, indirect);
            (one, lay_out(item_size, shape, &ways[1], other_untidy, other_indirect))
        },
    )
}

/// Tidy layouts have neither gaps nor dimensions that are swapped or backwards.
fn lay_out(item_size: usize, shape: Vec<isize>, ways: &[Way], untidy: bool, indirect: bool) -> OwnedLayout {
    let suboffset = |&(_, gap, _, chance): &Way| if indirect && chance < 2 { gap as isize } else { -1 };
    let suboffsets: Vec<isize> = ways.iter().take(shape.len()).map(suboffset).collect();
    let mut strides = vec![0; shape.len()];
    let mut begin = 0;
    while begin < shape.len() {
        let pointers = (begin..shape.len()).find(|&dimension| suboffsets[dimension] >= 0);
        let end = pointers.map_or(shape.len(), |dimension| dimension + 1);
        let mut order: Vec<usize> = (begin..end).rev().collect();
        if untidy {
            order.sort_by_key(|&dimension| ways[dimension].0);
        }
        let mut reach = if pointers.is_some() { size_of::<*mut u8>() } else { item_size } as isize;
        for dimension in order {
            let (_, gap, backwards, _) = ways[dimension];
            let stride = if untidy { reach + gap as isize } else { reach };
            strides[dimension] = if backwards && untidy { -stride } else { stride };
            reach = stride * shape[dimension].max(1);
        }
        begin = end;
    }
    let suboffsets = suboffsets.iter().any(|&suboffset| suboffset >= 0).then_some(suboffsets);
    OwnedLayout { item_size, shape, strides, suboffsets }
}

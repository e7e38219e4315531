//! Copies of layouts that are large enough for every kernel, with what is beside and below their tiles, equal what one
//! gets item by item.

mod ways;

use bufproto_core::layout::{Layout, Order};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use ways::WAYS;

/// As many as take a moment.
const MOST_ITEMS: isize = if cfg!(miri) { 400 } else { 10_000 };
const CASES: u32 = if cfg!(miri) {
    8
} else if cfg!(bufproto_bytewise) {
    40
} else {
    300
};

/// Strides over some memory, and where in it the first item is.
#[derive(Clone, Debug)]
struct Place {
    strides: Vec<isize>,
    first: usize,
    memory: usize,
}

impl Place {
    /// A place for these strides, `before` bytes from where memory begins. Nothing is before or behind all items.
    fn of(item_size: usize, shape: &[isize], strides: Vec<isize>, before: usize) -> Self {
        let reach = |sign: isize| -> isize {
            strides.iter().zip(shape).map(|(stride, extent)| (stride * (extent - 1) * sign).max(0)).sum()
        };
        let first = before + reach(-1) as usize;
        Self { first, memory: first + reach(1) as usize + item_size, strides }
    }

    /// Where each item is, the last index varying fastest, or the first one.
    fn items(&self, shape: &[isize], last_fastest: bool) -> Vec<usize> {
        let mut items = vec![self.first];
        let mut extend = |dimension: usize| {
            let along = |item: usize| {
                (0..shape[dimension])
                    .map(move |index| item.wrapping_add_signed(self.strides[dimension] * index))
            };
            items = items.iter().copied().flat_map(along).collect();
        };
        if last_fastest {
            (0..shape.len()).for_each(&mut extend);
            return items;
        }
        (0..shape.len()).rev().for_each(&mut extend);
        items
    }
}

fn bytes(length: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..length).map(next).collect()
}

fn item_size() -> impl Strategy<Value = usize> {
    let sizes: Vec<usize> = (1..=17).chain([24, 32, 33, 64, 65]).collect();
    prop_oneof![3 => select(vec![1usize, 2, 3, 4, 8, 16]), 1 => select(sizes)]
}

/// Up to six dimensions, of which some are long: about as long as what is done in one go.
fn shape() -> impl Strategy<Value = Vec<isize>> {
    let long: Vec<isize> =
        [2, 4, 8, 16, 32, 48, 64, 128, 256].iter().flat_map(|&n| n - 1..=n + 1).chain([300, 5000]).collect();
    let extent = prop_oneof![2 => select(long), 1 => 1..=4isize];
    vec(extent, 1..=6).prop_map(|mut shape| {
        for place in 0..shape.len() {
            let others: isize = shape[..place].iter().product();
            shape[place] = shape[place].min((MOST_ITEMS / others).max(1));
        }
        shape
    })
}

/// A shape, and strides of which each item has a place of its own: in any order of dimensions, forwards or backwards,
/// with gaps between them.
fn separate(item_size: usize, shape: &[isize], ways: &[(u8, usize, bool)], before: usize) -> Place {
    let mut order: Vec<usize> = (0..shape.len()).collect();
    order.sort_by_key(|&dimension| ways[dimension].0);
    let mut strides = vec![0; shape.len()];
    let mut reach = item_size as isize;
    for dimension in order {
        let (_, gap, backwards) = ways[dimension];
        let stride = reach + gap as isize;
        strides[dimension] = if backwards { -stride } else { stride };
        reach = stride * shape[dimension];
    }
    Place::of(item_size, shape, strides, before)
}

type Ways = Vec<(u8, usize, bool)>;

fn ways() -> impl Strategy<Value = Ways> {
    let gap = prop_oneof![6 => Just(0usize), 1 => 1..=9usize, 1 => select(vec![8, 16, 24, 56, 100])];
    vec((0..8u8, gap, prop::bool::weighted(0.3)), 6)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) })]

    #[test]
    fn gathering_is_reading_item_by_item(
        item_size in item_size(), shape in shape(), strides in vec(-9..=9isize, 6), fine: bool, ways in ways(),
        apart: bool, before in 0..16usize, seed: u32
    ) {
        // In whole items, or in bytes; overlapping, or not.
        let unit = if fine { 1 } else { item_size as isize };
        let strides: Vec<isize> = strides.iter().take(shape.len()).map(|stride| stride * unit).collect();
        let place = if apart {
            separate(item_size, &shape, &ways, before)
        } else {
            Place::of(item_size, &shape, strides, before)
        };
        let mut memory = bytes(place.memory, seed);
        let layout = Layout::new(item_size, &shape, Some(&place.strides), None).unwrap();
        for (order, last_fastest) in [(Order::C, true), (Order::Fortran, false)] {
            let items = place.items(&shape, last_fastest);
            let expected: Vec<u8> =
                items.iter().flat_map(|&item| memory[item..item + item_size].iter().copied()).collect();
            for way in WAYS {
                let mut into = vec![0xee; before + expected.len()];
                let from = memory.as_mut_ptr().wrapping_add(place.first);
                // SAFETY: all items are within the memory, and there is place for them.
                unsafe { (way.gather)(from, layout, order, into.as_mut_ptr().add(before)) };
                prop_assert!(into[before..] == expected, "{}", way.name);
                prop_assert!(into[..before].iter().all(|&byte| byte == 0xee));
            }
        }
    }

    #[test]
    fn scattering_is_writing_item_by_item(
        item_size in item_size(), shape in shape(), ways in ways(), before in 0..16usize, seed: u32
    ) {
        let place = separate(item_size, &shape, &ways, before);
        let layout = Layout::new(item_size, &shape, Some(&place.strides), None).unwrap();
        for (order, last_fastest) in [(Order::C, true), (Order::Fortran, false)] {
            let from = bytes(before + layout.length(), seed);
            let before_it = bytes(place.memory, !seed);
            let mut expected = before_it.clone();
            for (number, item) in place.items(&shape, last_fastest).into_iter().enumerate() {
                let at = before + number * item_size;
                expected[item..item + item_size].copy_from_slice(&from[at..at + item_size]);
            }
            for way in WAYS {
                let mut memory = before_it.clone();
                let first = memory.as_mut_ptr().wrapping_add(place.first);
                // SAFETY: all items are within the memory, and there are as many bytes.
                unsafe { (way.scatter)(from.as_ptr().add(before), first, layout, order) };
                prop_assert!(memory == expected, "{}: {order:?}", way.name);
            }
        }
    }

    #[test]
    fn copying_is_reading_and_writing_item_by_item(
        item_size in item_size(), shape in shape(), source in ways(), target in ways(), alike: bool,
        before in (0..16usize, 0..16usize), seed: u32
    ) {
        // Often both have their dimensions in the same order.
        let same = |n: usize| if alike { (source[n].0, target[n].1, target[n].2) } else { target[n] };
        let target: Ways = (0..6).map(same).collect();
        let from = separate(item_size, &shape, &source, before.0);
        let to = separate(item_size, &shape, &target, before.1);
        let mut memory = bytes(from.memory, seed);
        let before_it = bytes(to.memory, !seed);
        let mut expected = before_it.clone();
        for (read, write) in from.items(&shape, true).into_iter().zip(to.items(&shape, true)) {
            expected[write..write + item_size].copy_from_slice(&memory[read..read + item_size]);
        }
        let source = Layout::new(item_size, &shape, Some(&from.strides), None).unwrap();
        let target = Layout::new(item_size, &shape, Some(&to.strides), None).unwrap();
        for way in WAYS {
            let mut into = before_it.clone();
            let first = memory.as_mut_ptr().wrapping_add(from.first);
            let place = into.as_mut_ptr().wrapping_add(to.first);
            // SAFETY: all items are within the memories.
            unsafe { (way.copy)((first, source), (place, target)) }.unwrap();
            prop_assert!(into == expected, "{}", way.name);
        }
    }
}

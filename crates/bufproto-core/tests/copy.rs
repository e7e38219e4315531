//! Copies equal what CPython does, and what one gets item by item.

mod shapes;
mod ways;

use bufproto_core::copy::CopyError;
use bufproto_core::layout::{Layout, Order};
use bufproto_mock::strategy::{layout_pairs, layouts, overlapping_layouts};
use proptest::prelude::*;

use shapes::counter;
use ways::WAYS;

/// Recorded with `_testbuffer` of CPython 3.12; `data/gathers.py` says how.
const RECORDED: &str = include_str!("data/gathers.txt");

const ORDERS: [Order; 2] = [Order::C, Order::Fortran];

fn gathered(first: *mut u8, layout: Layout<'_>, order: Order) -> Vec<u8> {
    let [plain, shared] = WAYS.map(|way| {
        let mut bytes = vec![0xee; layout.length() + 1];
        // SAFETY: the caller's memory has this layout, and the vector has place for the items.
        unsafe { (way.gather)(first, layout, order, bytes.as_mut_ptr()) };
        assert_eq!(bytes.pop(), Some(0xee), "{}: nothing is written behind the end", way.name);
        bytes
    });
    assert_eq!(plain, shared);
    plain
}

#[test]
fn items_come_in_the_order_that_cpython_puts_them_in() {
    let numbers = |column: &str| -> Vec<isize> {
        column.split(' ').filter(|&number| number != "-").map(|number| number.parse().unwrap()).collect()
    };
    let mut compared = 0;
    for line in RECORDED.lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        let &[item_size, shape, strides, first, c, fortran] = &columns[..] else { panic!("{line}") };
        let (shape, strides) = (numbers(shape), numbers(strides));
        let layout = Layout::new(item_size.parse().unwrap(), &shape, Some(&strides), None).unwrap();
        let mut memory: Vec<u8> = (0..=255).collect();
        let first = memory.as_mut_ptr().wrapping_add(first.parse().unwrap());
        for (order, expected) in [(Order::C, c), (Order::Fortran, fortran)] {
            let bytes: Vec<isize> = gathered(first, layout, order).into_iter().map(isize::from).collect();
            assert_eq!(bytes, numbers(expected), "{order:?}: {line}");
        }
        compared += 1;
    }
    assert!(compared > 200);
}

#[test]
fn layouts_without_strides_are_in_c_order() {
    let mut memory: Vec<u8> = (0..6).collect();
    let layout = Layout::new(1, &[2, 3], None, None).unwrap();
    assert_eq!(gathered(memory.as_mut_ptr(), layout, Order::C), [0, 1, 2, 3, 4, 5]);
    assert_eq!(gathered(memory.as_mut_ptr(), layout, Order::Fortran), [0, 3, 1, 4, 2, 5]);
}

#[test]
fn nothing_is_touched_where_there_are_no_bytes() {
    let nowhere = std::ptr::null_mut();
    for (item_size, shape) in [(0, &[3, 5][..]), (8, &[0, isize::MAX]), (0, &[]), (8, &[2, 0, isize::MAX])] {
        let strides = [0; 3];
        let layout = Layout::new(item_size, shape, Some(&strides[..shape.len()]), None).unwrap();
        for way in WAYS {
            for order in ORDERS {
                // SAFETY: the length is 0.
                unsafe { (way.gather)(nowhere, layout, order, nowhere) };
                // SAFETY: the length is 0.
                unsafe { (way.scatter)(nowhere, nowhere, layout, order) };
            }
            // SAFETY: the length is 0.
            unsafe { (way.copy)((nowhere, layout), (nowhere, layout)) }.unwrap();
        }
    }
}

#[test]
fn different_shapes_are_refused_and_nothing_is_copied() {
    let layout = |item_size, shape| Layout::new(item_size, shape, None, None).unwrap();
    let refused = |from, to| {
        let [plain, shared] = WAYS.map(|way| {
            // SAFETY: nothing is copied where an error is returned.
            unsafe { (way.copy)((std::ptr::null(), from), (std::ptr::null_mut(), to)) }.unwrap_err()
        });
        assert_eq!(plain, shared);
        plain
    };
    assert_eq!(refused(layout(2, &[3]), layout(3, &[2])), CopyError::ItemSize { from: 2, to: 3 });
    assert_eq!(refused(layout(1, &[3]), layout(1, &[3, 1])), CopyError::Dimensions { from: 1, to: 2 });
    let error = refused(layout(1, &[2, 3]), layout(1, &[2, 4]));
    assert_eq!(error, CopyError::Extent { dimension: 1, from: 3, to: 4 });
    assert_eq!(error.to_string(), "dimension 1 has 3 items in the source, and 4 in the target");
}

#[test]
fn one_block_may_overlap_another() {
    let layout = Layout::new(2, &[2, 2], None, None).unwrap();
    for (from, into, expected) in
        [(0, 2, [0, 1, 0, 1, 2, 3, 4, 5, 6, 7]), (2, 0, [2, 3, 4, 5, 6, 7, 8, 9, 8, 9])]
    {
        for way in WAYS {
            let mut memory: Vec<u8> = (0..10).collect();
            let start = memory.as_mut_ptr();
            // SAFETY: eight bytes from 0 or 2 on are within the memory.
            unsafe { (way.copy)((start.add(from), layout), (start.add(into), layout)) }.unwrap();
            assert_eq!(memory, expected);
        }
    }
}

#[test]
fn long_blocks_may_overlap_by_any_distance() {
    let lengths = if cfg!(miri) { vec![70] } else { (0..300).collect() };
    for (length, apart) in lengths.into_iter().flat_map(|length| [0, 1, 16, 63, 64, 65].map(|n| (length, n)))
    {
        let shape = [length as isize];
        let layout = Layout::new(1, &shape, None, None).unwrap();
        for (way, (from, into)) in
            WAYS.into_iter().flat_map(|way| [(way.copy, (0, apart)), (way.copy, (apart, 0))])
        {
            let mut memory: Vec<u8> = (0..length + apart).map(|byte| (byte * 7) as u8).collect();
            let mut expected = memory.clone();
            expected.copy_within(from..from + length, into);
            let start = memory.as_mut_ptr();
            // SAFETY: so many bytes from either place on are within the memory.
            unsafe { way((start.add(from), layout), (start.add(into), layout)) }.unwrap();
            assert_eq!(memory, expected, "{length} bytes from {from} to {into}");
        }
    }
}

#[test]
fn sixty_four_dimensions_are_copied() {
    let mut shape = [1; 64];
    (shape[0], shape[40], shape[63]) = (2, 2, 2);
    let strides: Vec<isize> =
        (0..64).map(|n| [(0, -1), (40, 2), (63, 4)].iter().find(|s| s.0 == n).map_or(99, |s| s.1)).collect();
    let layout = Layout::new(1, &shape, Some(&strides), None).unwrap();
    let mut memory: Vec<u8> = (0..8).collect();
    let first = memory.as_mut_ptr().wrapping_add(1);
    assert_eq!(gathered(first, layout, Order::C), [1, 5, 3, 7, 0, 4, 2, 6]);
}

proptest! {
    #![proptest_config(shapes::cases())]

    #[test]
    fn gathering_is_reading_item_by_item(
        parts in prop_oneof![overlapping_layouts(), layouts(false), layouts(true)], seed: u8
    ) {
        let memory = parts.memory(counter(seed));
        for order in ORDERS {
            // SAFETY: the memory was made for this layout.
            let expected = unsafe { parts.bytes(memory.first, order) };
            prop_assert_eq!(gathered(memory.first, parts.layout(), order), expected);
        }
    }

    #[test]
    fn scattering_is_the_inverse_and_leaves_gaps_alone(
        parts in prop_oneof![layouts(false), layouts(true)], seed: u8
    ) {
        for (order, way) in ORDERS.into_iter().flat_map(|order| WAYS.map(|way| (order, way))) {
            let memory = parts.memory(counter(seed));
            let next = counter(seed ^ 0x55);
            let bytes: Vec<u8> = (0..parts.layout().length()).map(|_| next()).collect();
            let before = memory.blocks.clone();
            // SAFETY: the memory was made for this layout, and there are as many bytes.
            unsafe { (way.scatter)(bytes.as_ptr(), memory.first, parts.layout(), order) };
            prop_assert_eq!(&gathered(memory.first, parts.layout(), order), &bytes);
            // What was not an item's byte is as before.
            let items: Vec<*mut u8> = parts.indices(Order::C).iter().map(|indices| {
                // SAFETY: the memory was made for this layout.
                unsafe { parts.address(memory.first, indices) }
            }).collect();
            for (block, before) in memory.blocks.iter().zip(&before) {
                for (byte, before) in block.iter().zip(before) {
                    let place = &raw const *byte;
                    let is_item = |item: &*mut u8| {
                        (item.addr()..item.addr() + parts.item_size).contains(&place.addr())
                    };
                    prop_assert!(byte == before || items.iter().any(is_item));
                }
            }
        }
    }

    #[test]
    fn copies_between_layouts_keep_every_item((from, to) in layout_pairs(), seed: u8) {
        for way in WAYS {
            let (source, target) = (from.memory(counter(seed)), to.memory(|| 0));
            // SAFETY: both memories were made for their layouts.
            let expected = unsafe { from.bytes(source.first, Order::C) };
            // SAFETY: as above.
            unsafe { (way.copy)((source.first, from.layout()), (target.first, to.layout())) }.unwrap();
            // SAFETY: as above.
            prop_assert_eq!(unsafe { to.bytes(target.first, Order::C) }, expected);
        }
    }
}

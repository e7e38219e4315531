//! Laws of layouts: what they say of many items is what one finds item by item.

mod shapes;

use std::ops::Range;

use bufproto_core::abi::Header;
use bufproto_core::layout::{
    IndexError, Layout, LayoutError, MAX_DIMENSIONS, Order, fill_contiguous_strides,
};
use bufproto_mock::strategy::{layouts, overlapping_layouts};
use proptest::collection::vec;
use proptest::prelude::*;

use shapes::counter;

/// Numbers as a broken exporter might have them, among many harmless ones.
fn number(harmless: Range<isize>) -> impl Strategy<Value = isize> {
    let extreme = [isize::MIN, isize::MIN + 1, isize::MAX / 2, isize::MAX];
    prop_oneof![
        60 => harmless,
        1 => -3..0isize,
        1 => any::<isize>(),
        1 => prop::sample::select(extreme.to_vec()),
    ]
}

/// As many entries as a layout may have dimensions, the first few of them worth looking at.
fn entries(harmless: Range<isize>) -> impl Strategy<Value = Option<Vec<isize>>> {
    let entries = vec(number(harmless), 6).prop_map(|mut entries| {
        entries.resize(MAX_DIMENSIONS, 1);
        entries
    });
    prop::option::weighted(0.8, entries)
}

/// Whether the items lie side by side: the offset of the nth item, in this order, is n items on.
fn is_side_by_side(offsets: impl Iterator<Item = isize>, item_size: usize) -> bool {
    offsets.zip(0..).all(|(offset, n)| offset == n * item_size as isize)
}

proptest! {
    #![proptest_config(shapes::cases())]

    #[test]
    fn contiguous_is_where_every_item_follows_the_one_before(
        parts in prop_oneof![overlapping_layouts(), layouts(false)]
    ) {
        let layout = parts.layout();
        for order in [Order::C, Order::Fortran] {
            let indices = parts.indices(order);
            let offsets = indices.iter().map(|indices| parts.offset(indices));
            // Items without bytes lie side by side wherever they are.
            let expected = parts.item_size == 0 || is_side_by_side(offsets, parts.item_size);
            prop_assert_eq!(layout.is_contiguous(order), expected);
        }
    }

    #[test]
    fn suboffsets_are_never_contiguous(mut parts in layouts(false)) {
        parts.suboffsets = Some(vec![-1; parts.shape.len()]);
        let layout = parts.layout();
        prop_assert!(!layout.is_contiguous(Order::C) && !layout.is_contiguous(Order::Fortran));
        prop_assert!(!layout.is_indirect());
    }

    #[test]
    fn without_strides_items_are_in_c_order(parts in layouts(false)) {
        let layout = Layout::new(parts.item_size, &parts.shape, None, None).unwrap();
        prop_assert!(layout.is_contiguous(Order::C));
        let offsets = parts.indices(Order::C).into_iter().map(|indices| layout.offset(&indices).unwrap());
        prop_assert!(is_side_by_side(offsets, parts.item_size));
    }

    #[test]
    fn bounds_hold_all_items_and_nothing_else(parts in prop_oneof![overlapping_layouts(), layouts(false)]) {
        let offsets: Vec<isize> = parts.indices(Order::C).iter().map(|indices| parts.offset(indices)).collect();
        let low = offsets.iter().copied().min().unwrap_or(0);
        let high = offsets.iter().map(|offset| offset + parts.item_size as isize).max().unwrap_or(0);
        prop_assert_eq!(parts.layout().bounds(), Some(low..high));
        prop_assert_eq!(parts.layout().items(), offsets.len());
        prop_assert_eq!(parts.layout().length(), offsets.len() * parts.item_size);
    }

    #[test]
    fn offsets_and_addresses_lead_to_the_items(
        parts in prop_oneof![overlapping_layouts(), layouts(true)], seed: u8
    ) {
        let layout = parts.layout();
        let memory = parts.memory(counter(seed));
        for indices in parts.indices(Order::C) {
            // SAFETY: the memory was made for this layout.
            let address = unsafe { parts.address(memory.first, &indices) };
            // SAFETY: as above.
            prop_assert_eq!(unsafe { layout.pointer(memory.first, &indices) }, Ok(address));
            if parts.suboffsets.is_none() {
                prop_assert_eq!(layout.offset(&indices), Ok(parts.offset(&indices)));
            } else {
                prop_assert_eq!(layout.offset(&indices), Err(IndexError::Indirect));
                prop_assert_eq!(layout.bounds(), None);
            }
        }
    }

    #[test]
    fn there_are_no_items_past_the_extents(parts in overlapping_layouts(), dimension: usize, past in 0..3usize) {
        let layout = parts.layout();
        let count = parts.shape.len();
        prop_assert_eq!(
            layout.offset(&vec![0; count + 1]),
            Err(IndexError::Count { indices: count + 1, dimensions: count })
        );
        if layout.items() == 0 || count == 0 {
            return Ok(());
        }
        let dimension = dimension % count;
        let mut indices = vec![0; count];
        indices[dimension] = layout.extent(dimension) + past;
        let error = IndexError::Range { dimension, index: indices[dimension], extent: layout.extent(dimension) };
        prop_assert_eq!(layout.offset(&indices), Err(error));
    }

    #[test]
    fn contiguous_strides_are_contiguous(parts in overlapping_layouts()) {
        for order in [Order::C, Order::Fortran] {
            let mut strides = vec![isize::MIN; parts.shape.len()];
            fill_contiguous_strides(parts.item_size, &parts.shape, order, &mut strides).unwrap();
            let layout = Layout::new(parts.item_size, &parts.shape, Some(&strides), None).unwrap();
            prop_assert!(layout.is_contiguous(order));
            let indices = parts.indices(order);
            let offsets = indices.iter().map(|indices| layout.offset(indices).unwrap());
            prop_assert!(is_side_by_side(offsets, parts.item_size));
        }
    }

    #[test]
    fn whatever_a_view_says_is_taken_or_refused(
        (len, itemsize) in (number(0..9), number(0..9)),
        ndim in prop_oneof![12 => 0..6i32, 1 => -1..0i32, 1 => 62..67i32, 1 => any::<i32>()],
        mut shape in entries(0..6),
        mut strides in entries(-20..20),
        mut suboffsets in prop_oneof![2 => Just(None), 1 => entries(-3..0)],
        honest in prop::bool::weighted(0.9),
        at in vec(any::<prop::sample::Index>(), MAX_DIMENSIONS),
    ) {
        let pointer = |entries: &mut Option<Vec<isize>>| {
            entries.as_mut().map_or(std::ptr::null_mut(), |entries| entries.as_mut_ptr())
        };
        let mut view = Header {
            len,
            itemsize,
            ndim,
            shape: pointer(&mut shape),
            strides: pointer(&mut strides),
            suboffsets: pointer(&mut suboffsets),
            ..Header::EMPTY
        };
        // SAFETY: the arrays are null or have entries for as many dimensions as there may be.
        let mut layout = unsafe { Layout::of_view(&view) };
        if let (true, Err(LayoutError::Length { expected, .. })) = (honest, layout) {
            view.len = expected as isize;
            // SAFETY: as above.
            layout = unsafe { Layout::of_view(&view) };
            prop_assert!(layout.is_ok());
        }
        let Ok(layout) = layout else { return Ok(()) };
        prop_assert_eq!(layout.length(), view.len as usize);
        prop_assert_eq!(layout.item_size(), itemsize as usize);
        prop_assert!(layout.dimensions() <= MAX_DIMENSIONS);
        let items = (0..layout.dimensions()).fold(1u128, |items, dimension| {
            items.saturating_mul(layout.extent(dimension) as u128)
        });
        prop_assert_eq!(layout.items() as u128, items);
        // None of these may overflow.
        let _ = [Order::C, Order::Fortran].map(|order| layout.is_contiguous(order));
        let (Some(bounds), true) = (layout.bounds(), items > 0) else { return Ok(()) };
        let indices: Vec<usize> =
            (0..layout.dimensions()).map(|dimension| at[dimension].index(layout.extent(dimension))).collect();
        let offset = layout.offset(&indices).unwrap();
        prop_assert!(bounds.start <= offset && offset + itemsize <= bounds.end);
    }
}

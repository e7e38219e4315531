//! Layouts: what is refused, contiguity, addresses.

use bufproto_core::abi::Header;
use bufproto_core::layout::{IndexError, Layout, LayoutError, Order, fill_contiguous_strides};

#[test]
fn contiguity_is_what_pybuffer_iscontiguous_answers() {
    // (shape, strides, suboffsets), then C and Fortran as CPython 3.12.1's PyBuffer_IsContiguous says for items
    // of 4 bytes.
    type Case = (&'static [isize], Option<&'static [isize]>, Option<&'static [isize]>, bool, bool);
    let cases: &[Case] = &[
        (&[], None, None, true, true),
        (&[], Some(&[]), None, true, true),
        (&[5], None, None, true, true),
        (&[5], Some(&[4]), None, true, true),
        (&[5], Some(&[8]), None, false, false),
        (&[5], Some(&[-4]), None, false, false),
        (&[1], Some(&[999]), None, true, true),
        (&[0], Some(&[999]), None, true, true),
        (&[2, 3], None, None, true, false),
        (&[2, 3], Some(&[12, 4]), None, true, false),
        (&[2, 3], Some(&[4, 8]), None, false, true),
        (&[1, 3], None, None, true, true),
        (&[1, 3], Some(&[7, 4]), None, true, true),
        (&[3, 0, 2], Some(&[1, 2, 3]), None, true, true),
        (&[2, 1, 2], Some(&[8, 77, 4]), None, true, false),
        (&[5], Some(&[4]), Some(&[-1]), false, false),
        (&[0], Some(&[4]), Some(&[-1]), false, false),
        (&[2], Some(&[0]), None, false, false),
    ];
    for &(shape, strides, suboffsets, c, fortran) in cases {
        let layout = Layout::new(4, shape, strides, suboffsets).unwrap();
        assert_eq!(layout.is_contiguous(Order::C), c, "C: {layout:?}");
        assert_eq!(layout.is_contiguous(Order::Fortran), fortran, "Fortran: {layout:?}");
    }
}

#[test]
fn items_of_no_bytes_are_contiguous_however_they_are_spread() {
    let layout = Layout::new(0, &[3], Some(&[7]), None).unwrap();
    assert_eq!((layout.items(), layout.length()), (3, 0));
    assert!(layout.is_contiguous(Order::C) && layout.is_contiguous(Order::Fortran));
}

#[test]
fn what_is_no_layout_is_refused_with_the_place() {
    let refused =
        |shape: &[isize], strides: Option<&[isize]>| Layout::new(8, shape, strides, None).unwrap_err();
    assert_eq!(refused(&[2, -1], None), LayoutError::NegativeExtent { dimension: 1, extent: -1 });
    assert_eq!(refused(&[1; 65], None), LayoutError::Dimensions { dimensions: 65 });
    assert_eq!(
        refused(&[1, 2], Some(&[1])),
        LayoutError::Entries { field: "strides", entries: 1, dimensions: 2 }
    );
    assert_eq!(refused(&[isize::MAX, 2], None), LayoutError::Overflow);
    assert_eq!(refused(&[3, 3], Some(&[isize::MIN, 1])), LayoutError::Overflow);
}

#[test]
fn an_empty_layout_may_have_any_strides() {
    let layout = Layout::new(8, &[isize::MAX, 0, isize::MAX], Some(&[isize::MAX; 3]), None).unwrap();
    assert_eq!((layout.items(), layout.length(), layout.bounds()), (0, 0, Some(0..0)));
}

#[test]
fn offsets_and_bounds_of_negative_strides() {
    let layout = Layout::new(2, &[3, 2], Some(&[-10, 4]), None).unwrap();
    assert_eq!(layout.offset(&[0, 0]), Ok(0));
    assert_eq!(layout.offset(&[2, 1]), Ok(-16));
    assert_eq!(layout.bounds(), Some(-20..6));
    assert_eq!(layout.offset(&[3, 0]), Err(IndexError::Range { dimension: 0, index: 3, extent: 3 }));
    assert_eq!(layout.offset(&[0]), Err(IndexError::Count { indices: 1, dimensions: 2 }));
}

#[test]
fn a_pointer_is_followed_where_the_suboffset_says_so() {
    let mut rows = [[1u8, 2, 3, 4], [5, 6, 7, 8]];
    let [first, second] = rows.each_mut().map(|row| row.as_mut_ptr());
    let mut pointers = [first, second];
    let stride = size_of::<*mut u8>().cast_signed();
    let (strides, suboffsets) = ([stride, 1], [1, -1]);
    let layout = Layout::new(1, &[2, 3], Some(&strides), Some(&suboffsets)).unwrap();
    assert!(layout.is_indirect() && layout.bounds().is_none());
    assert_eq!(layout.offset(&[0, 0]), Err(IndexError::Indirect));
    // SAFETY: the layout describes two pointers to rows of four bytes, of which it leaves out the first.
    let item = unsafe { layout.pointer(pointers.as_mut_ptr().cast(), &[1, 2]).unwrap().read() };
    assert_eq!(item, 8);
}

#[test]
fn a_view_without_a_shape_is_a_row() {
    let view = Header { len: 6, itemsize: 2, ndim: 1, ..Header::EMPTY };
    // SAFETY: shape, strides and suboffsets are null.
    let row = unsafe { Layout::of_view(&view) }.unwrap();
    assert_eq!((row.dimensions(), row.extent(0), row.extent(1), row.stride(0)), (1, 3, 1, 2));
    assert!(!row.has_strides());
    let mut entries = [2];
    let pointer = entries.as_mut_ptr();
    for view in [
        Header { len: 6, itemsize: 2, ndim: 1, strides: pointer, ..Header::EMPTY },
        Header { len: 6, itemsize: 2, ndim: 1, suboffsets: pointer, ..Header::EMPTY },
    ] {
        // SAFETY: what is not null has an entry for the one dimension.
        assert_eq!(unsafe { Layout::of_view(&view) }.unwrap_err(), LayoutError::NoShape);
    }
    assert!(Layout::new(2, &[3], Some(&[2]), None).unwrap().has_strides());
}

#[test]
fn what_is_wrong_with_a_view_is_said_with_its_values() {
    let mut entries = [2, -1];
    let pointer = entries.as_mut_ptr();
    let row = Header { len: 6, itemsize: 2, ndim: 1, ..Header::EMPTY };
    for (view, text) in [
        (Header { len: -3, ..row }, "len is -3; a length in bytes is not negative"),
        (Header { itemsize: -4, ..row }, "itemsize is -4; a size in bytes is not negative"),
        (Header { ndim: 65, ..row }, "ndim is 65; there may be 0 to 64 dimensions"),
        (Header { len: 5, ..row }, "len is 5, but the items take 4 bytes"),
        (Header { strides: pointer, ..row }, "there are strides or suboffsets, but no shape"),
        (Header { ndim: 2, shape: pointer, ..row }, "shape[1] is -1; a number of items is not negative"),
    ] {
        // SAFETY: what is not null has entries for two dimensions.
        assert_eq!(unsafe { Layout::of_view(&view) }.unwrap_err().to_string(), text);
    }
    let text = |shape: &[isize], strides: &[isize]| {
        Layout::new(1, shape, Some(strides), None).unwrap_err().to_string()
    };
    assert_eq!(text(&[1; 65], &[1; 65]), "the shape has 65 dimensions; there may be 64");
    assert_eq!(text(&[1, 2], &[1]), "strides has 1 entries for 2 dimensions");
    assert_eq!(text(&[3], &[isize::MAX]), "shape, strides and itemsize reach further than memory does");
    let layout = Layout::new(1, &[3], None, None).unwrap();
    let text = |indices: &[usize]| layout.offset(indices).unwrap_err().to_string();
    assert_eq!(text(&[0, 0]), "2 indices for 1 dimensions");
    assert_eq!(text(&[3]), "index 3 is out of range for dimension 0, which has 3 items");
}

#[test]
fn contiguous_strides_in_both_orders() {
    let mut strides = [0; 3];
    fill_contiguous_strides(4, &[2, 3, 5], Order::C, &mut strides).unwrap();
    assert_eq!(strides, [60, 20, 4]);
    fill_contiguous_strides(4, &[2, 3, 5], Order::Fortran, &mut strides).unwrap();
    assert_eq!(strides, [4, 8, 24]);
    assert!(fill_contiguous_strides(4, &[2, 3], Order::C, &mut strides).is_err());
}

//! Whatever a view's fields say: it is a layout or it is refused, and a layout's arithmetic agrees with itself.
#![no_main]

use std::ptr;

use arbitrary::Arbitrary;
use bufproto_core::abi::Header;
use bufproto_core::layout::{Layout, Order};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Fields {
    len: isize,
    itemsize: isize,
    ndim: i32,
    shape: Option<Vec<isize>>,
    strides: Option<Vec<isize>>,
    suboffsets: Option<Vec<isize>>,
}

fuzz_target!(|fields: Fields| {
    let dimensions = usize::try_from(fields.ndim).unwrap_or(0);
    // An exporter's arrays are as long as it says; what it says in them is its own business.
    let mut arrays = [fields.shape, fields.strides, fields.suboffsets].map(|array| {
        array.map(|mut entries| {
            entries.resize(dimensions.min(100), 1);
            entries
        })
    });
    let [shape, strides, suboffsets] =
        arrays.each_mut().map(|array| array.as_mut().map_or(ptr::null_mut(), |entries| entries.as_mut_ptr()));
    let header = Header {
        len: fields.len,
        itemsize: fields.itemsize,
        ndim: fields.ndim,
        shape,
        strides,
        suboffsets,
        ..Header::EMPTY
    };
    // SAFETY: the arrays have an entry for each dimension, as far as a layout may have dimensions.
    let Ok(layout) = (unsafe { Layout::of_view(&header) }) else { return };
    assert_eq!(layout.length(), usize::try_from(fields.len).expect("a layout's length is not negative"));
    let c = layout.is_contiguous(Order::C);
    let Some(bounds) = layout.bounds() else {
        assert!(!c, "what lies behind pointers is not contiguous");
        return;
    };
    // Items without bytes are contiguous however far apart they are.
    if c && layout.length() != 0 {
        assert_eq!(bounds.end - bounds.start, layout.length().cast_signed());
    }
    if layout.items() != 0 {
        let last: Vec<usize> =
            (0..layout.dimensions()).map(|dimension| layout.extent(dimension) - 1).collect();
        for indices in [vec![0; last.len()], last] {
            let offset = layout.offset(&indices).expect("the item is there");
            assert!(bounds.contains(&offset) || layout.item_size() == 0);
            assert!(offset + layout.item_size().cast_signed() <= bounds.end);
        }
    }
});

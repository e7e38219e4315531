//! Whatever is asked of whichever memory: what is granted is what was asked for, and what is refused is not touched.
#![no_main]

use std::ffi::CString;
use std::ptr::{self, NonNull};

use arbitrary::Arbitrary;
use bufproto_core::abi::{CPython2, CPython3, Header, PyPy36, PyPy64, View};
use bufproto_core::grant::{Block, fill_info};
use bufproto_core::layout::{Layout, Order};
use bufproto_core::request::Request;
use bufproto_core::rules::Family;
use bufproto_core::span::Span;
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Question {
    requests: Vec<i32>,
    item_size: u16,
    format: Vec<u8>,
    /// Extent, stride and suboffset of each dimension.
    dimensions: Vec<(i16, i32, i8)>,
    in_order: bool,
    indirect: bool,
    read_only: bool,
    length: isize,
    state: i32,
}

const FAMILIES: [Family; 5] =
    [Family::CPython2, Family::CPython3, Family::CPython313, Family::PyPy2, Family::PyPy3];

fuzz_target!(|question: Question| {
    let shape: Vec<isize> = question.dimensions.iter().map(|dimension| dimension.0.into()).collect();
    let mut strides: Vec<isize> = question.dimensions.iter().map(|dimension| dimension.1 as isize).collect();
    let suboffsets: Vec<isize> = question.dimensions.iter().map(|dimension| dimension.2.into()).collect();
    let item_size = usize::from(question.item_size);
    if question.in_order {
        let order = if question.indirect { Order::Fortran } else { Order::C };
        let _ = bufproto_core::layout::fill_contiguous_strides(item_size, &shape, order, &mut strides);
    }
    let suboffsets = (question.indirect && !question.in_order).then_some(&suboffsets[..]);
    let Ok(format) = CString::new(question.format) else { return };
    let memory = ptr::without_provenance_mut(64);
    let block =
        Block::new(memory, (item_size, &format), &shape, &strides, suboffsets, question.read_only).ok();
    for bits in question.requests {
        let request = Request::from_bits(bits);
        assert!(!format!("{request:?}").is_empty());
        if let Some(block) = block {
            granted(block, request, question.read_only);
        }
        for family in FAMILIES {
            let span = Span { pointer: memory.cast(), length: question.length };
            let state = question.state;
            match family {
                Family::CPython2 => filled::<CPython2>(family, request, span, state),
                Family::PyPy2 => filled::<PyPy36>(family, request, span, state),
                Family::PyPy3 => filled::<PyPy64>(family, request, span, state),
                _ => filled::<CPython3>(family, request, span, state),
            }
        }
    }
});

/// A field that nobody has written.
const UNTOUCHED: isize = -77;

fn granted(block: Block<'_>, request: Request, read_only: bool) {
    let mut view = Header { len: UNTOUCHED, ..Header::EMPTY };
    // SAFETY: the view is ours, and what the block refers to stays.
    let filled = unsafe { block.fill(NonNull::from(&mut view), ptr::null_mut(), request) };
    assert_eq!(block.check(request), filled);
    if let Err(rule) = filled {
        assert_eq!(view.len, UNTOUCHED, "{rule:?}, and the view is written");
        // Whoever asks for less of what is in the way gets more: a full request takes any memory there is.
        let full = if read_only { Request::FULL_RO } else { Request::FULL };
        assert_eq!(block.check(full), Ok(()));
        return;
    }
    let layout = block.layout();
    let (c, fortran) = (layout.is_contiguous(Order::C), layout.is_contiguous(Order::Fortran));
    assert!(!(request.contains(Request::WRITABLE) && view.readonly != 0));
    assert!(!request.contains(Request::C_CONTIGUOUS) || c);
    assert!(!request.contains(Request::F_CONTIGUOUS) || fortran);
    assert!(!request.contains(Request::ANY_CONTIGUOUS) || c || fortran);
    assert!(request.contains(Request::STRIDES) || c, "the consumer takes it for C order");
    let dimensions = layout.dimensions();
    assert_eq!(!view.format.is_null(), request.contains(Request::FORMAT));
    assert_eq!(!view.shape.is_null(), request.contains(Request::ND) && dimensions != 0);
    assert_eq!(!view.strides.is_null(), request.contains(Request::STRIDES) && dimensions != 0);
    assert!(view.suboffsets.is_null() || request.contains(Request::INDIRECT));
    // Fewer flags of these kinds are granted where more are.
    for less in [Request::WRITABLE, Request::FORMAT] {
        assert_eq!(block.check(Request::from_bits(request.bits() & !less.bits())), Ok(()));
    }
    // What the consumer sees is a layout, and the same one.
    // SAFETY: the arrays are as long as the view says.
    let seen = unsafe { Layout::of_view(&view) }.expect("what is granted is a layout");
    assert_eq!((seen.length(), seen.item_size()), (layout.length(), layout.item_size()));
    assert!(!request.contains(Request::STRIDES) || seen.bounds() == layout.bounds());
}

fn filled<V: View>(family: Family, request: Request, memory: Span, state: i32) {
    let mut view = V::EMPTY;
    let place = NonNull::from(&mut view);
    // SAFETY: the view is ours, and does not move.
    let answer = unsafe { fill_info(family, Some(place), ptr::null_mut(), memory, state, request) };
    // SAFETY: all views begin with a header.
    let header = unsafe { place.cast::<Header>().as_ref() };
    if answer.is_err() {
        assert_eq!((header.len, header.buf.is_null()), (0, true));
        return;
    }
    assert_eq!(request.check(family), Ok(()));
    assert_eq!((header.len, header.itemsize, header.readonly), (memory.length, 1, state));
    // SAFETY: where there are arrays, they are in the view, and have one entry.
    unsafe {
        assert_eq!(header.shape.as_ref().copied(), request.contains(Request::ND).then_some(memory.length));
        assert_eq!(header.strides.as_ref().copied(), request.contains(Request::STRIDES).then_some(1));
        assert_eq!(Layout::of_view(header).is_ok(), memory.length >= 0);
    }
}

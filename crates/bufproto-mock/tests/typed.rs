//! Items of a type: how many there are, which are refused, who vouches for them.

use std::ffi::CString;
use std::ptr::{self, NonNull};

use bufproto_core::abi::{CPython3, Header};
use bufproto_core::copy::CopyError;
use bufproto_core::element::ElementError;
use bufproto_core::layout::{LayoutError, Order};
use bufproto_core::request::Request;
use bufproto_core::rules::{Family, Refusal, Rule};
use bufproto_core::runtime::{self, Exporter, Failure, RaisedBy};
use bufproto_core::typed::TypedError;
use bufproto_core::view::Slot;
use bufproto_mock::{Attached, Handle, Interpreter, Object, Strided};

fn records(memory: &[u8], shape: isize, format: &str, read_only: bool) -> Object {
    Object::strided(&Strided {
        memory,
        offset: 0,
        item_size: 3,
        format: CString::new(format).unwrap(),
        shape: &[shape],
        strides: &[3],
        read_only,
    })
    .unwrap()
}

#[test]
fn items_are_counted() {
    let interpreter = Interpreter::new(Family::CPython3);
    let mut slot = Slot::new();
    // A layout that is side by side, and one that is not.
    for (object, first) in [(Object::bytearray(b"abc"), b'a'), (Object::indirect(&[b"x", b"y", b"z"]), b'x')]
    {
        let view = slot.fill(object.attach(&interpreter), Request::FULL_RO).unwrap();
        let items = view.held().typed::<u8>().unwrap();
        assert_eq!((items.len(), items.is_empty()), (3, false));
        let mut left = items.iter();
        assert_eq!((left.len(), left.size_hint()), (3, (3, Some(3))));
        assert_eq!(left.next(), Some(first));
        assert_eq!((left.len(), left.size_hint()), (2, (2, Some(2))));
        assert_eq!(left.by_ref().count(), 2);
        assert_eq!(left.size_hint(), (0, Some(0)));
    }
    let empty = Object::bytearray(b"");
    let view = slot.fill(empty.attach(&interpreter), Request::FULL_RO).unwrap();
    let items = view.held().typed::<u8>().unwrap();
    assert_eq!((items.len(), items.is_empty(), items.iter().len()), (0, true, 0));
}

#[test]
fn every_item_is_set_and_nothing_else() {
    let interpreter = Interpreter::new(Family::CPython3);
    let object = records(b"abcdef", 2, "T{B:x:B:y:B:z:}", false);
    let mut slot = Slot::new();
    let view = slot.fill(object.attach(&interpreter), Request::FULL).unwrap();
    view.held().field_mut::<u8>(b"y").unwrap().fill(b'-');
    let items = view.held().field::<u8>(b"y").unwrap();
    assert!(items.iter().eq(*b"--"));
    assert!(view.shared().unwrap().iter().eq(*b"a-cd-f"));
}

#[test]
fn a_fields_items_are_copied_out_of_the_records_and_into_them() {
    let interpreter = Interpreter::new(Family::CPython3);
    let object = records(b"abcdefghi", 3, "T{B:x:B:y:B:z:}", false);
    let mut slot = Slot::new();
    let view = slot.fill(object.attach(&interpreter), Request::FULL).unwrap();
    let items = view.held().field_mut::<u8>(b"z").unwrap();
    let mut copy = [0; 3];
    items.as_view().copy_to_slice(Order::C, &mut copy).unwrap();
    assert_eq!(copy, *b"cfi");
    items.copy_from_slice(Order::C, b"-+*").unwrap();
    assert!(items.as_view().iter().eq(*b"-+*"));
    assert!(view.shared().unwrap().iter().eq(*b"ab-de+gh*"));
    for places in [2, 4] {
        let error = Err(CopyError::Places { items: 3, places });
        assert_eq!(items.as_view().copy_to_slice(Order::C, &mut vec![0; places]), error);
        assert_eq!(items.copy_from_slice(Order::C, &vec![0; places]), error);
    }
}

#[test]
fn a_frozen_fields_items_are_copied_out_of_the_records_too() {
    let interpreter = Interpreter::new(Family::CPython3);
    let object = Object::bytes(b"abcdef");
    let mut slot = Slot::new();
    let view = slot.fill(Changed(object.attach(&interpreter), in_records), Request::FULL_RO).unwrap();
    let items = view.held().field::<u8>(b"y").unwrap();
    assert!(items.is_frozen());
    let mut copy = [0; 6];
    items.copy_to_slice(Order::C, &mut copy[..2]).unwrap();
    assert_eq!(copy, *b"be\0\0\0\0");
}

#[test]
fn a_field_of_several_items_is_none_that_a_type_looks_at() {
    let interpreter = Interpreter::new(Family::CPython3);
    for format in ["T{2B:x:B:y:}", "T{(2)B:x:B:y:}", "T{(1)B:x:2B:y:}"] {
        let object = records(b"abcdef", 2, format, false);
        let mut slot = Slot::new();
        let view = slot.fill(object.attach(&interpreter), Request::FULL_RO).unwrap();
        let refused = TypedError::Element(ElementError::Format { format: format.as_bytes(), wanted: "B" });
        assert_eq!(view.held().field::<u8>(b"x").unwrap_err(), refused, "{format}");
    }
}

#[test]
fn fields_are_written_to_where_the_view_may_be() {
    let interpreter = Interpreter::new(Family::CPython3);
    let object = records(b"abcdef", 2, "T{B:x:B:y:B:z:}", true);
    let mut slot = Slot::new();
    let view = slot.fill(object.attach(&interpreter), Request::FULL_RO).unwrap();
    let refused = TypedError::Rule(Rule::ReadOnlyView);
    assert_eq!(view.held().field_mut::<u8>(b"x").unwrap_err(), refused);
    assert!(view.held().field::<u8>(b"x").unwrap().iter().eq(*b"ad"));
}

#[test]
fn memory_that_is_not_there_has_no_items() {
    let interpreter = Interpreter::new(Family::CPython3);
    let refused = TypedError::Rule(Rule::NullMemory);
    let there = records(b"abc", 1, "T{B:x:B:y:B:z:}", false);
    let none = records(b"", 0, "T{B:x:B:y:B:z:}", false);
    let mut slot = Slot::new();
    let view = slot.fill(Changed(there.attach(&interpreter), nowhere), Request::FULL_RO).unwrap();
    assert_eq!(view.held().field::<u8>(b"x").unwrap_err(), refused);
    drop(view);
    let view = slot.fill(Changed(none.attach(&interpreter), nowhere), Request::FULL_RO).unwrap();
    assert!(view.held().field::<u8>(b"x").unwrap().is_empty());
    drop(view);

    let (there, none) = (Object::bytearray(b"abc"), Object::bytearray(b""));
    let view = slot.fill(Changed(there.attach(&interpreter), nowhere), Request::FULL_RO).unwrap();
    assert_eq!(view.held().typed::<u8>().unwrap_err(), refused);
    drop(view);
    let view = slot.fill(Changed(none.attach(&interpreter), nowhere), Request::FULL_RO).unwrap();
    assert!(view.held().typed::<u8>().unwrap().is_empty());
}

#[test]
fn what_is_only_read_only_is_not_frozen() {
    let interpreter = Interpreter::new(Family::CPython3);
    let object = Object::read_only(b"abc");
    let mut slot = Slot::new();
    let view = slot.fill(object.attach(&interpreter), Request::FULL_RO).unwrap();
    assert!(!view.held().typed::<u8>().unwrap().is_frozen());
    drop(view);
    // A view that claims to be writable gives out a way to write, whoever vouches for the memory.
    let frozen = Object::bytes(b"abc");
    let view = slot.fill(Changed(frozen.attach(&interpreter), writable), Request::FULL_RO).unwrap();
    assert!(view.held().is_frozen() && !view.held().typed::<u8>().unwrap().is_frozen());
}

#[test]
fn a_refusal_says_whose_reason_it_is() {
    let element = ElementError::Format { format: b"d", wanted: "B" };
    assert_eq!(TypedError::Element(element).to_string(), element.to_string());
    let layout = LayoutError::Overflow;
    assert_eq!(TypedError::Layout(layout).to_string(), layout.to_string());
    assert_eq!(
        TypedError::NoField { format: b"T{d:\xb5:}" }.to_string(),
        r"the items have no field of that name; their format is 'T{d:\xb5:}'"
    );
    assert_eq!(
        TypedError::Rule(Rule::ReadOnlyView).to_string(),
        format!("rule {} of the buffer protocol was broken: ReadOnlyView", Rule::ReadOnlyView.number())
    );
}

#[test]
fn items_are_shown_by_their_layout() {
    let interpreter = Interpreter::new(Family::CPython3);
    let object = Object::bytearray(b"abc");
    let mut slot = Slot::new();
    let view = slot.fill(object.attach(&interpreter), Request::FULL).unwrap();
    let items = view.held().typed_mut::<u8>().unwrap();
    let shown = format!("{:?}", items.as_view());
    assert_eq!(shown, format!("TypedView {{ layout: {:?}, .. }}", items.as_view().layout()));
    assert_eq!(format!("{items:?}"), format!("TypedViewMut({shown})"));
    let mut iterator = items.as_view().iter();
    iterator.next();
    assert_eq!(format!("{iterator:?}"), "Items { next: 1, .. }");
}

/// An exporter that changes what another one has answered.
#[derive(Clone, Copy)]
struct Changed<'i>(Handle<'i>, fn(&mut Header));

/// The memory is nowhere.
fn nowhere(header: &mut Header) {
    header.buf = ptr::null_mut();
}

/// The memory may be written to; nobody does.
fn writable(header: &mut Header) {
    header.readonly = 0;
}

/// The bytes are a row of records.
fn in_records(header: &mut Header) {
    header.format = c"T{B:x:B:y:B:z:}".as_ptr().cast_mut();
    header.itemsize = 3;
    header.shape = ptr::null_mut();
    header.strides = ptr::null_mut();
}

// SAFETY: as the handle.
unsafe impl<'i> runtime::Object for Changed<'i> {
    type Runtime = Attached<'i>;

    fn runtime(self) -> Attached<'i> {
        self.0.runtime()
    }

    fn raise(self, refusal: &Refusal) {
        self.0.raise(refusal);
    }
}

// SAFETY: nothing is read where there is said to be no memory, and nothing is written.
unsafe impl<'i> Exporter for Changed<'i> {
    fn exports(self) -> bool {
        self.0.exports()
    }

    unsafe fn export(
        self,
        mut into: NonNull<CPython3>,
        request: Request,
    ) -> Result<(), Failure<RaisedBy<Self>>> {
        // SAFETY: the caller's word.
        unsafe { self.0.export(into, request)? };
        // SAFETY: the view has just been filled.
        (self.1)(unsafe { &mut into.as_mut().header });
        Ok(())
    }
}

//! Arguments that are read and written in place, and views that were moved.

use std::ptr::{self, NonNull};

use bufproto_core::abi::{CPython3, Header, View as _};
use bufproto_core::argument::{self, Why, settle};
use bufproto_core::error::ErrorOf;
use bufproto_core::rules::{Exception, Family, Rule};
use bufproto_core::typed::TypedError;
use bufproto_core::view::Slot;
use bufproto_mock::{Answer, Fault, Handle, Interpreter, Object, Raised, Strided};

/// The length that is read and that is written, or the rules that refuse.
fn answers(object: &Object) -> [Result<isize, Option<Rule>>; 2] {
    let interpreter = Interpreter::new(Family::CPython3);
    let broken = |error: ErrorOf<Handle<'_>>| error.rule();
    let mut slot = Slot::new();
    let read =
        argument::read(object.attach(&interpreter), &mut slot).map(|view| view.span().length).map_err(broken);
    let written = argument::write(object.attach(&interpreter), &mut slot)
        .map(|view| view.span().length)
        .map_err(broken);
    interpreter.ledger().assert_balanced();
    assert_eq!(object.exports(), 0);
    [read, written]
}

fn every_second(read_only: bool) -> Object {
    Object::strided(&Strided {
        memory: b"012345",
        offset: 0,
        item_size: 1,
        format: c"B".into(),
        shape: &[3],
        strides: &[2],
        read_only,
    })
    .unwrap()
}

#[test]
fn memory_is_read_and_written_where_it_may_be() {
    assert_eq!(answers(&Object::bytearray(b"hello")), [Ok(5), Ok(5)]);
    assert_eq!(answers(&Object::bytearray(b"")), [Ok(0), Ok(0)]);
    assert_eq!(answers(&Object::bytes(b"hello")), [Ok(5), Err(None)]);
    assert_eq!(answers(&every_second(false)), [Err(None), Err(None)]);
    let opaque = Err(Some(Rule::ViewExporter));
    assert_eq!(answers(&Object::opaque()), [opaque, opaque]);
}

#[test]
fn answers_that_are_no_memory_are_refused() {
    let null = Err(Some(Rule::NullMemory));
    assert_eq!(answers(&Object::scripted(Answer::null(3))), [null, null]);
    let negative = Err(Some(Rule::NegativeLength));
    assert_eq!(answers(&Object::scripted(Answer::negative(b"hello", -1))), [negative, negative]);
    let lies = Object::scripted(Answer::new(b"hello").read_only());
    assert_eq!(answers(&lies), [Ok(5), Err(Some(Rule::ArgumentReadOnly))]);
}

#[test]
fn the_reason_is_found_by_asking_again() {
    let interpreter = Interpreter::new(Family::CPython3);
    let why = |object: &Object| argument::why_refused(object.attach(&interpreter));
    assert_eq!(why(&every_second(false)), Some(Why::Order));
    assert_eq!(why(&every_second(true)), Some(Why::Order));
    assert_eq!(why(&Object::indirect(&[b"ab", b"cd"])), Some(Why::Order));
    assert_eq!(why(&Object::bytes(b"hello")), Some(Why::ReadOnly));
    assert_eq!(why(&Object::bytearray(b"hello")), None);
    let refusing = Object::refusing(Fault::Fail(Some(Raised::new("BufferError", "busy"))));
    assert_eq!(why(&refusing), None);
    interpreter.ledger().assert_balanced();
    assert_eq!(interpreter.take_raised(), None);
}

#[test]
fn refusals_are_of_the_types_that_an_interpreter_raises() {
    let exception = |rule: Rule| rule.refusal(Family::CPython3).exception;
    assert_eq!(exception(Rule::ArgumentOrder), Exception::TypeError);
    assert_eq!(exception(Rule::ArgumentRefused), Exception::BufferError);
    assert_eq!(exception(Rule::ArgumentReadOnly), Exception::TypeError);
}

#[test]
fn a_copy_of_a_view_refers_to_itself_where_the_view_did() {
    let elsewhere = [3isize];
    let mut view = CPython3::EMPTY;
    assert!(view.header().is_plain());
    view.header =
        Header { format: c"B".as_ptr().cast_mut(), suboffsets: elsewhere.as_ptr().cast_mut(), ..view.header };
    view.header.shape = &raw mut view.header.len;
    view.header.strides = &raw mut view.header.itemsize;
    assert!(!view.header().is_plain());
    let mut copy = CPython3::EMPTY;
    // SAFETY: both are views, and the copy is whole.
    unsafe {
        ptr::copy_nonoverlapping(&raw const view, &raw mut copy, 1);
        settle(NonNull::from(&mut copy), (&raw const view).addr());
    }
    assert_eq!(copy.header.shape, &raw mut copy.header.len);
    assert_eq!(copy.header.strides, &raw mut copy.header.itemsize);
    assert_eq!(copy.header.format, view.header.format);
    assert_eq!(copy.header.suboffsets, view.header.suboffsets);
    assert!(copy.header.buf.is_null());
}

#[test]
fn items_are_those_that_the_layout_says() {
    use bufproto_core::request::Request;
    let interpreter = Interpreter::new(Family::CPython3);
    let mut slot = Slot::new();
    let object = every_second(false);
    let view = slot.fill(object.attach(&interpreter), Request::FULL).unwrap();
    let items = view.held().typed_mut::<u8>().unwrap();
    items.set(&[1], b'x').unwrap();
    assert!(items.set(&[3], 0).is_err());
    assert!(items.as_view().iter().eq(*b"0x4"));
    assert!(matches!(view.held().typed::<i32>(), Err(TypedError::Element(_))));
    drop(view);
    let object = Object::indirect(&[b"ab", b"cd"]);
    let view = slot.fill(object.attach(&interpreter), Request::FULL_RO).unwrap();
    let items = view.held().typed::<u8>().unwrap();
    assert!(items.iter().eq(*b"abcd"));
    assert_eq!(items.get(&[1, 0]), Ok(b'c'));
    let read_only = every_second(true);
    let mut slot = Slot::new();
    let view = slot.fill(read_only.attach(&interpreter), Request::FULL_RO).unwrap();
    assert!(matches!(view.held().typed_mut::<u8>(), Err(TypedError::Rule(Rule::ReadOnlyView))));
}

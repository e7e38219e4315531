//! Arguments that are read and written in place, and views that were moved.

use std::ffi::c_void;
use std::ptr::{self, NonNull};

use bufproto_core::abi::{CPython3, Header, View as _};
use bufproto_core::argument::{self, Why, settle};
use bufproto_core::error::ErrorOf;
use bufproto_core::layout::Order;
use bufproto_core::legacy::{Dialect, Python3};
use bufproto_core::request::{Access, Request};
use bufproto_core::rules::{Exception, Family, Refusal, Rule};
use bufproto_core::runtime::{self, Exporter, Failure, RaisedBy, Runtime as _};
use bufproto_core::scope::Scope;
use bufproto_core::typed::TypedError;
use bufproto_core::view::{Slot, acquire_in, argument_in};
use bufproto_mock::{Answer, Attached, Fault, Handle, Interpreter, Object, Raised, Strided};

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
fn a_usual_answer_is_a_pointer_and_a_length() {
    let memory = NonNull::<c_void>::dangling().as_ptr();
    let mut distance = 1;
    let usual = || Header { buf: memory, len: 3, ..Header::EMPTY };
    for (answer, to_read, to_write) in [
        (usual(), true, true),
        (Header { len: 0, ..usual() }, true, true),
        (Header { readonly: 1, ..usual() }, true, false),
        (Header { len: -1, ..usual() }, false, false),
        (Header { buf: ptr::null_mut(), ..usual() }, false, false),
        (Header { format: c"B".as_ptr().cast_mut(), ..usual() }, true, true),
        (Header { strides: &raw mut distance, ..usual() }, false, false),
        (Header { suboffsets: &raw mut distance, ..usual() }, false, false),
    ] {
        let usual = Access::ALL.map(|access| argument::is_usual(&answer, access));
        assert_eq!(usual, [to_read, to_read, to_write], "{answer:?}");
    }
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
fn an_error_is_raised_where_there_is_no_object_too() {
    let interpreter = Interpreter::new(Family::CPython3);
    let error = ErrorOf::<Handle<'_>>::from(Rule::NullArgument);
    error.restore_without_object(interpreter.attach());
    let raised = Raised::new("SystemError", "null argument to internal routine");
    assert_eq!(interpreter.take_raised(), Some(raised));
}

#[test]
fn a_view_is_plain_if_it_has_none_of_four_fields_and_dense_if_it_has_none_of_two() {
    let place = NonNull::<isize>::dangling().as_ptr();
    for fields in 0..16 {
        let field = |number: u32| if fields >> number & 1 == 1 { place } else { ptr::null_mut() };
        let header = Header {
            buf: place.cast(),
            format: field(0).cast(),
            shape: field(1),
            strides: field(2),
            suboffsets: field(3),
            ..Header::EMPTY
        };
        assert_eq!(header.is_plain(), fields == 0, "{header:?}");
        assert_eq!(header.is_dense(), fields >> 2 == 0, "{header:?}");
    }
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
    // What lies behind the view is not part of it.
    let behind: *mut c_void = (&raw mut view).wrapping_add(1).cast();
    view.header.buf = behind;
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
    assert_eq!(copy.header.buf, behind);
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

#[test]
fn items_are_frozen_where_somebody_vouches_for_all_of_them() {
    let interpreter = Interpreter::new(Family::CPython3);
    let (frozen, array, stable) =
        (Object::bytes(b"hello"), Object::bytearray(b"hello"), Object::buffer(b"hello"));
    let mut slot = Slot::new();
    let view = slot.fill(frozen.attach(&interpreter), Request::FULL_RO).unwrap();
    let items = view.held().typed::<u8>().unwrap();
    assert!(items.is_frozen());
    assert_eq!(items.as_ptr(), view.span().pointer.cast_const().cast());
    assert!(items.shared().unwrap().iter().eq(*b"hello"));
    drop(view);

    let view = slot.fill(array.attach(&interpreter), Request::FULL).unwrap();
    let items = view.held().typed_mut::<u8>().unwrap();
    assert!(!items.as_view().is_frozen());
    assert_eq!(items.as_mut_ptr(), view.span().pointer.cast());
    drop(view);

    let view = slot.fill(stable.attach(&interpreter), Request::FULL_RO).unwrap();
    assert!(!view.held().typed::<u8>().unwrap().is_frozen());
    drop(view);
    let view = slot.fill_stable(stable.attach(&interpreter), Request::FULL_RO).unwrap();
    assert!(view.typed::<u8>().unwrap().is_frozen());
    assert!(matches!(view.typed::<i32>(), Err(TypedError::Element(_))));
    assert!(matches!(view.field::<u8>(b"x"), Err(TypedError::NoField { .. })));
    drop(view);

    // The view has three bytes that are frozen, but the items lie further apart.
    let scattered = Scattered(frozen.attach(&interpreter));
    let view = slot.fill(scattered, Request::FULL_RO).unwrap();
    let items = view.held().typed::<u8>().unwrap();
    assert!(view.held().is_frozen() && !items.is_frozen());
    assert!(items.shared().is_none());
    drop(view);
    let view = slot.fill_stable(scattered, Request::FULL_RO).unwrap();
    assert!(!view.typed::<u8>().unwrap().is_frozen());
}

#[test]
fn a_fields_items_begin_where_the_field_does() {
    let interpreter = Interpreter::new(Family::CPython3);
    let records = Object::strided(&Strided {
        memory: b"abcdef",
        offset: 0,
        item_size: 3,
        format: c"T{B:x:B:y:B:z:}".into(),
        shape: &[2],
        strides: &[3],
        read_only: true,
    })
    .unwrap();
    let mut slot = Slot::new();
    let view = slot.fill(records.attach(&interpreter), Request::FULL_RO).unwrap();
    let items = view.held().field::<u8>(b"y").unwrap();
    assert!(items.iter().eq(*b"be"));
    assert_eq!(items.as_ptr(), view.span().pointer.cast_const().cast::<u8>().wrapping_add(1));
    assert!(items.shared().is_none(), "there are other fields in between");
}

#[test]
fn a_field_is_copied_out_of_records_and_into_them() {
    let interpreter = Interpreter::new(Family::CPython3);
    let memory: Vec<u8> = (0..120).collect();
    let records = Object::strided(&Strided {
        memory: &memory,
        offset: 117,
        item_size: 3,
        format: c"T{B:x:B:y:B:z:}".into(),
        shape: &[4, 10],
        strides: &[-30, -3],
        read_only: false,
    })
    .unwrap();
    let mut slot = Slot::new();
    let view = slot.fill(records.attach(&interpreter), Request::FULL).unwrap();
    let items = view.held().field_mut::<u8>(b"y").unwrap();
    let mut copied = [0; 40];
    items.as_view().copy_to_slice(Order::C, &mut copied).unwrap();
    assert!(copied.iter().copied().eq((0..40).rev().map(|record| record * 3 + 1)));
    items.as_view().copy_to_slice(Order::Fortran, &mut copied).unwrap();
    assert_eq!(copied[..5], [118, 88, 58, 28, 115]);

    items.copy_from_slice(Order::C, &[0xEE; 40]).unwrap();
    let expected: Vec<u8> = (0..120).map(|byte| if byte % 3 == 1 { 0xEE } else { byte }).collect();
    drop(view);
    assert_eq!(records.content(), expected);
}

#[test]
fn a_field_is_copied_out_of_records_behind_pointers() {
    let interpreter = Interpreter::new(Family::CPython3);
    let rows = Object::indirect(&[b"abcdef", b"ghijkl"]);
    let mut slot = Slot::new();
    let view = slot.fill(Pairs(rows.attach(&interpreter)), Request::FULL_RO).unwrap();
    let items = view.held().field::<u8>(b"second").unwrap();
    assert!(items.iter().eq(*b"bdfhjl"));
    let mut copied = [0; 6];
    items.copy_to_slice(Order::C, &mut copied).unwrap();
    assert_eq!(copied, *b"bdfhjl");
    items.copy_to_slice(Order::Fortran, &mut copied).unwrap();
    assert_eq!(copied, *b"bhdjfl");
}

/// An exporter whose two rows of six bytes are rows of three pairs.
#[derive(Clone, Copy)]
struct Pairs<'i>(Handle<'i>);

// SAFETY: as the handle.
unsafe impl<'i> runtime::Object for Pairs<'i> {
    type Runtime = Attached<'i>;

    fn runtime(self) -> Attached<'i> {
        self.0.runtime()
    }

    fn raise(self, refusal: &Refusal) {
        self.0.raise(refusal);
    }
}

// SAFETY: the view has the bytes of the handle's, two in each item.
unsafe impl<'i> Exporter for Pairs<'i> {
    fn exports(self) -> bool {
        self.0.exports()
    }

    unsafe fn export(self, into: NonNull<CPython3>, request: Request) -> Result<(), Failure<RaisedBy<Self>>> {
        static SHAPE: [isize; 2] = [2, 3];
        static STRIDES: [isize; 2] = [size_of::<*mut u8>() as isize, 2];
        // SAFETY: the caller's word.
        unsafe { self.0.export(into, request)? };
        // SAFETY: the view has just been filled.
        let header = unsafe { &mut (*into.as_ptr()).header };
        header.itemsize = 2;
        header.format = c"T{B:first:B:second:}".as_ptr().cast_mut();
        header.shape = SHAPE.as_ptr().cast_mut();
        header.strides = STRIDES.as_ptr().cast_mut();
        Ok(())
    }
}

/// An exporter that answers every request with every second byte.
#[derive(Clone, Copy)]
struct Scattered<'i>(Handle<'i>);

// SAFETY: as the handle.
unsafe impl<'i> runtime::Object for Scattered<'i> {
    type Runtime = Attached<'i>;

    fn runtime(self) -> Attached<'i> {
        self.0.runtime()
    }

    fn raise(self, refusal: &Refusal) {
        self.0.raise(refusal);
    }
}

// SAFETY: the view says less than the handle's does: three of its five bytes, two apart.
unsafe impl<'i> Exporter for Scattered<'i> {
    fn exports(self) -> bool {
        self.0.exports()
    }

    unsafe fn export(self, into: NonNull<CPython3>, request: Request) -> Result<(), Failure<RaisedBy<Self>>> {
        static SHAPE: [isize; 1] = [3];
        static STRIDES: [isize; 1] = [2];
        // SAFETY: the caller's word.
        unsafe { self.0.export(into, request)? };
        // SAFETY: the view has just been filled.
        let header = unsafe { &mut (*into.as_ptr()).header };
        header.len = 3;
        header.ndim = 1;
        header.shape = SHAPE.as_ptr().cast_mut();
        header.strides = STRIDES.as_ptr().cast_mut();
        Ok(())
    }
}

#[test]
fn arguments_are_contiguous_whatever_an_exporter_grants() {
    let interpreter = Interpreter::new(Family::CPython3);
    let object = Object::bytearray(b"hello");
    let handle = Scattered(object.attach(&interpreter));
    for access in Access::ALL {
        let mut slots = [const { Slot::new() }; 1];
        let scope = Scope::new(interpreter.attach(), &mut slots);
        let refused = scope.argument(handle, access).unwrap_err();
        assert_eq!(refused.rule(), Some(Rule::ArgumentContiguous));
        assert_eq!((scope.room(), object.exports()), (1, 0));
        // The functions do not look.
        assert_eq!(scope.locate(handle, access).unwrap().span().length, 3);
    }
    interpreter.ledger().assert_balanced();
}

#[test]
fn a_view_in_a_place_of_the_callers_is_given_back_by_the_caller() {
    let interpreter = Interpreter::new(Family::CPython3);
    let object = Object::bytearray(b"hello");
    let mut view = CPython3::EMPTY;
    let place = NonNull::from(&mut view);
    for access in Access::ALL {
        // SAFETY: the view is ours, and stays.
        unsafe { argument_in(object.attach(&interpreter), place, access) }.unwrap();
        assert_eq!((object.exports(), object.references()), (1, 2));
        // SAFETY: it has just been filled.
        unsafe { interpreter.attach().release(place) };
    }
    // SAFETY: as above.
    unsafe { acquire_in(object.attach(&interpreter), place, Request::FULL) }.unwrap();
    assert_eq!(object.exports(), 1);
    // SAFETY: as above.
    unsafe { interpreter.attach().release(place) };
    interpreter.ledger().assert_balanced();

    // A view that names no owner keeps nothing, and one that was refused names none.
    let ownerless = Object::scripted(Answer::new(b"hello").ownerless());
    // SAFETY: as above.
    unsafe { argument_in(ownerless.attach(&interpreter), place, Access::Read) }.unwrap();
    assert_eq!(ownerless.references(), 1);
    let frozen = Object::bytes(b"hello");
    // SAFETY: as above.
    let refused = unsafe { argument_in(frozen.attach(&interpreter), place, Access::Write) };
    assert_eq!(refused.unwrap_err().rule(), Some(Rule::ArgumentWritable));
    // SAFETY: nobody uses the place any more.
    assert!(unsafe { place.as_ref() }.header.obj.is_null());
}

#[test]
fn a_backend_that_says_nothing_of_releases_is_not_strict() {
    let interpreter = Interpreter::new(Family::CPython3).strict();
    let object = Object::bytearray(b"hello");
    assert!(Python3::as_read_buffer(object.attach(&interpreter)).is_err());
    assert_eq!(Python3::as_read_buffer(Scattered(object.attach(&interpreter))).unwrap().length, 3);
}

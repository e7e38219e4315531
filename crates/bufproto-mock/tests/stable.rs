//! Stable reads of objects in memory: a slice of what others could write to.

use bufproto_core::argument;
use bufproto_core::request::Request;
use bufproto_core::rules::{Family, Rule};
use bufproto_core::stable::Table;
use bufproto_core::view::Slot;
use bufproto_mock::{Answer, Call, Fault, Interpreter, Object, Raised};

fn interpreter() -> Interpreter {
    Interpreter::new(Family::CPython3)
}

#[test]
fn a_slice_stays_as_it_is_while_everybody_tries_to_change_it() {
    let (python, object) = (interpreter(), Object::buffer(b"hello"));
    let slice = object.slice(1..3).unwrap();
    let (mut first, mut second) = (Slot::new(), Slot::new());
    let stable = argument::stable(object.attach(&python), &mut first).unwrap();
    let bytes = stable.as_slice().unwrap();
    let texts = [
        object.write(&python, 0, b"J").unwrap_err(),
        slice.write(&python, 0, b"J").unwrap_err(),
        object.resize(&python, 1000).unwrap_err(),
    ];
    let changed = "'Buffer' object is being read: change it once it is released, or change a copy";
    let resized = "Existing exports of data: object cannot be re-sized";
    assert_eq!(texts.map(|raised| raised.message), [changed, changed, resized]);
    assert!(second.fill(slice.attach(&python), Request::WRITABLE).is_err());
    assert_eq!(python.take_raised(), None, "what was dropped is cleared");
    assert_eq!(bytes, b"hello");
    drop(stable);
    slice.write(&python, 0, b"EL and more").unwrap();
    assert_eq!(object.content(), b"hELlo");
    object.resize(&python, 2).unwrap();
    assert_eq!(slice.content(), b"E");
    python.ledger().assert_balanced();
}

#[test]
fn what_exporters_raise_is_passed_on() {
    let (python, object) = (interpreter(), Object::buffer(b"hello"));
    object.on_export(1, Fault::Fail(Some(Raised::new("MemoryError", "no room"))));
    let mut slot = Slot::new();
    let error = argument::stable(object.attach(&python), &mut slot).unwrap_err();
    assert_eq!(error.rule(), None);
    error.restore(object.attach(&python));
    assert_eq!(python.take_raised(), Some(Raised::new("MemoryError", "no room")));
    assert_eq!(python.ledger().calls(), [Call::ExportStable(Request::SIMPLE)]);
    assert_eq!((object.exports(), object.references()), (0, 1));
    assert_eq!(argument::stable(object.attach(&python), &mut slot).unwrap().as_slice(), Ok(&b"hello"[..]));
}

#[test]
fn what_a_table_answers_is_part_of_its_version() {
    // Libraries have been compiled with these.
    assert_eq!((Table::GRANTED, Table::REFUSED, Table::FOREIGN), (0, -1, 1));
}

#[test]
fn a_stable_read_is_shown_by_its_fields() {
    let (python, object) = (interpreter(), Object::buffer(b"hello"));
    let mut slot = Slot::new();
    let view = slot.fill_stable(object.attach(&python), Request::FULL_RO).unwrap();
    assert_eq!(format!("{view:?}"), format!("StableView({:?})", view.held().header()));
}

#[test]
fn others_are_refused_and_what_is_frozen_is_not() {
    let python = interpreter();
    let read_only = Answer::new(b"abc").read_only();
    for object in [Object::bytearray(b"abc"), Object::read_only(b"abc"), Object::scripted(read_only)] {
        let refused = argument::stable(object.attach(&python), &mut Slot::new()).unwrap_err();
        assert_eq!(refused.rule(), Some(Rule::ArgumentStable), "{}", object.type_name());
        assert_eq!(object.exports(), 0);
    }
    let (bytes, mut slot) = (Object::bytes(b"abc"), Slot::new());
    let stable = argument::stable(bytes.attach(&python), &mut slot).unwrap();
    assert_eq!(stable.as_slice(), Ok(&b"abc"[..]));
    let opaque = Object::opaque();
    let refused = argument::stable(opaque.attach(&python), &mut Slot::new()).map(drop).unwrap_err();
    assert_eq!(refused.rule(), Some(Rule::ViewExporter));
    stable.release();
    python.ledger().assert_balanced();
}

#[test]
fn an_exporter_that_comes_back_meets_the_same_rules() {
    let (python, object) = (interpreter(), Object::buffer(b"abc"));
    // Nothing is held yet when exporters run other code.
    object.while_exporting(&|| object.resize(&python, 1).unwrap(), || {
        let mut slot = Slot::new();
        let stable = argument::stable(object.attach(&python), &mut slot).unwrap();
        assert_eq!(stable.as_slice(), Ok(&b"a"[..]), "what was read before is out of date");
    });
    let mut writer = Slot::new();
    let writing = writer.fill(object.attach(&python), Request::WRITABLE).unwrap();
    let mut slot = Slot::new();
    assert!(argument::stable(object.attach(&python), &mut slot).is_err());
    writing.release();
    assert!(argument::stable(object.attach(&python), &mut slot).is_ok());
    assert_eq!(object.exports(), 0);
}

//! The strict policy: what may move is not handed out unheld, and what must not be masked is not.

use bufproto_core::legacy::{Dialect, Python2, Python3};
use bufproto_core::request::Access;
use bufproto_core::rules::{Family, Rule};
use bufproto_core::scope::Scope;
use bufproto_core::view::Slot;
use bufproto_mock::{Fault, Interpreter, Object, OldSlots, Raised};

fn strict() -> Interpreter {
    Interpreter::new(Family::CPython3).strict()
}

#[test]
fn what_may_move_is_refused_unless_it_is_held() {
    let interpreter = strict();
    let object = Object::bytearray(b"hello");
    let handle = object.attach(&interpreter);
    for access in Access::ALL {
        assert_eq!(Python3::locate(handle, access).unwrap_err().rule(), Some(Rule::Unheld));
        assert_eq!(Python2::locate(handle, access).unwrap_err().rule(), Some(Rule::Unheld));
    }
    assert_eq!(interpreter.ledger().events(), [], "the object is not asked");
    let mut slots = [const { Slot::new() }; 2];
    let scope = Scope::new(interpreter.attach(), &mut slots);
    assert_eq!(scope.locate(handle, Access::Read).unwrap().span().length, 5);
    assert_eq!(scope.locate_segment(handle, Access::Read).unwrap().length, 5);
}

#[test]
fn what_does_not_move_is_handed_out() {
    let interpreter = strict();
    for object in [Object::bytes(b"hello"), Object::segmented(OldSlots::of(&[b"hello"], true))] {
        assert_eq!(Python2::as_read_buffer(object.attach(&interpreter)).unwrap().length, 5);
    }
    let frozen = Object::bytes(b"hello");
    assert_eq!(Python3::as_read_buffer(frozen.attach(&interpreter)).unwrap().length, 5);
    // By the other policy, everything is.
    let interpreter = Interpreter::new(Family::CPython3);
    let moves = Object::bytearray(b"hello");
    assert_eq!(Python3::as_read_buffer(moves.attach(&interpreter)).unwrap().length, 5);
}

#[test]
fn severe_exceptions_are_not_masked() {
    for (exception, severe) in
        [("MemoryError", true), ("KeyboardInterrupt", true), ("ValueError", false), ("BufferError", false)]
    {
        let raised = Raised::new(exception, "now");
        for (interpreter, stays) in [(strict(), severe), (Interpreter::new(Family::CPython3), false)] {
            let object = Object::refusing(Fault::Fail(Some(raised.clone())));
            let mut slots = [const { Slot::new() }; 1];
            let scope = Scope::new(interpreter.attach(), &mut slots);
            let handle = object.attach(&interpreter);
            let error = scope.locate(handle, Access::Write).unwrap_err();
            assert_eq!(error.rule(), (!stays).then_some(Rule::WriteExporter), "{exception}");
            error.restore(handle);
            assert_eq!(interpreter.take_raised() == Some(raised.clone()), stays, "{exception}");
        }
    }
}

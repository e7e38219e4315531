//! How long memory stays: what moves, what is forgotten, who comes back.

use std::cell::{Cell, RefCell};
use std::ptr::NonNull;
use std::rc::Rc;

use bufproto_core::abi::View;
use bufproto_core::legacy::{Dialect, Python3};
use bufproto_core::request::{Access, Request};
use bufproto_core::rules::{Family, Rule};
use bufproto_core::scope::{Places, Scope};
use bufproto_core::view::Slot;
use bufproto_mock::{Answer, Attached, Call, Fault, Interpreter, Object, OldSlots, POISON, Raised, Strided};
use proptest::prelude::*;

proptest! {
    /// Forgetting a guard pins its object for ever, and does nothing worse.
    #[test]
    fn a_forgotten_guard_pins(content in prop::collection::vec(any::<u8>(), 0..50)) {
        let interpreter = Interpreter::new(Family::CPython3);
        let object = Object::bytearray(&content);
        let mut slot = Slot::new();
        std::mem::forget(slot.fill(object.attach(&interpreter), Request::SIMPLE).unwrap());
        prop_assert!(slot.fill(object.attach(&interpreter), Request::SIMPLE).is_ok());
        prop_assert_eq!(object.exports(), 1);
        prop_assert_eq!(
            object.resize(&interpreter, 3),
            Err(Raised::new("BufferError", "Existing exports of data: object cannot be re-sized"))
        );
        prop_assert!(interpreter.ledger().check().is_err());
    }
}

#[test]
fn what_the_old_functions_point_to_is_seen_to_have_moved() {
    let interpreter = Interpreter::new(Family::CPython3);
    let object = Object::bytearray(b"hello");
    object.move_on_release();
    let span = Python3::as_read_buffer(object.attach(&interpreter)).unwrap();
    let (pointer, length) = span.checked().unwrap();
    // SAFETY: the mock keeps memory that it has left, poisoned, for as long as the object lives.
    let late = unsafe { std::slice::from_raw_parts(pointer, length) };
    assert_eq!(late, [POISON; 5]);
    // A scope is what prevents it.
    let mut slots = [const { Slot::new() }; 1];
    let scope = Scope::new(interpreter.attach(), &mut slots);
    let held = scope.locate(object.attach(&interpreter), Access::Read).unwrap();
    assert!(held.shared().unwrap().iter().eq(*b"hello"));
}

#[test]
fn an_exporter_that_comes_back_does_not_take_a_slot_twice() {
    // A callback is 'static, and so is what it comes back to.
    fn leak<T>(value: T) -> &'static mut T {
        Box::leak(Box::new(value))
    }
    let interpreter: &'static Interpreter = leak(Interpreter::new(Family::CPython3));
    let slots: &'static mut [Slot<_>; 3] = leak(std::array::from_fn(|_| Slot::new()));
    let scope: &'static Scope<'_, Attached<'_>> = leak(Scope::new(interpreter.attach(), slots));
    let inner: &'static Object = leak(Object::bytearray(b"inner"));
    let outer: &'static Object = leak(Object::bytearray(b"outer"));
    outer.on_export(
        1,
        Fault::CallBack(Rc::new(|_| {
            assert!(scope.locate(inner.attach(interpreter), Access::Read).is_ok());
        })),
    );
    let held = scope.locate(outer.attach(interpreter), Access::Read).unwrap();
    assert!(held.shared().unwrap().iter().eq(*b"outer"));
    assert_eq!(scope.room(), 1);
    assert_eq!((outer.exports(), inner.exports()), (1, 1));
}

#[test]
fn the_ledger_names_what_is_out() {
    let interpreter = Interpreter::new(Family::CPython3);
    let object = Object::bytearray(b"hello");
    let mut slot = Slot::new();
    let view = slot.fill(object.attach(&interpreter), Request::SIMPLE).unwrap();
    let unbalanced = interpreter.ledger().check().unwrap_err().to_string();
    assert_eq!(unbalanced, format!("{}: 1 views were not given back", object.name()));
    drop(view);
    interpreter.ledger().assert_balanced();
    assert_eq!(interpreter.ledger().calls(), [Call::Export(Request::SIMPLE), Call::Granted, Call::Release]);
}

#[test]
fn release_that_raises_is_not_lost() {
    let interpreter = Interpreter::new(Family::CPython3);
    let object = Object::bytearray(b"hello");
    object.raise_on_release(Raised::new("RuntimeError", "in release"));
    assert!(Python3::as_read_buffer(object.attach(&interpreter)).is_ok());
    assert_eq!(interpreter.take_raised(), Some(Raised::new("RuntimeError", "in release")));
}

#[test]
fn a_scope_keeps_an_owner_that_its_view_does_not_name() {
    let interpreter = Interpreter::new(Family::CPython3);
    let object = Object::scripted(Answer::new(b"hello").ownerless());
    let references = object.references();
    let mut slots = [const { Slot::new() }; 2];
    let scope = Scope::new(interpreter.attach(), &mut slots);
    let held = scope.locate(object.attach(&interpreter), Access::Read).unwrap();
    assert!(held.header().obj.is_null());
    assert_eq!((object.references(), scope.room()), (references + 1, 0));
    drop(scope);
    assert_eq!((object.references(), object.exports()), (references, 0));
}

/// Places one by one, as long as there is room for them.
struct Growing<V> {
    slots: RefCell<Vec<Box<Slot<V>>>>,
    most: usize,
    claimed: Cell<usize>,
}

// SAFETY: boxes do not move when the vector of them grows, and none is dropped before the value.
unsafe impl<V: View> Places for Growing<V> {
    type View = V;

    fn count(&self) -> usize {
        self.slots.borrow().len()
    }

    fn claimed(&self) -> usize {
        self.claimed.get()
    }

    fn set_claimed(&self, count: usize) {
        self.claimed.set(count);
    }

    fn grow(&self) -> Result<(), Rule> {
        if self.count() == self.most {
            return Err(Rule::ScopeMemory);
        }
        self.slots.borrow_mut().push(Box::default());
        Ok(())
    }

    fn get(&self, number: usize) -> Option<NonNull<V>> {
        // A slot is a cell with nothing else in it.
        self.slots.borrow().get(number).map(|slot| NonNull::from(&**slot).cast())
    }
}

#[test]
fn a_scope_grows_as_far_as_its_places_do() {
    let interpreter = Interpreter::new(Family::CPython3);
    let object = Object::bytearray(b"hello");
    let scope = Scope::in_places(
        interpreter.attach(),
        Growing { slots: RefCell::default(), most: 100, claimed: Cell::new(0) },
    );
    for _ in 0..100 {
        scope.locate(object.attach(&interpreter), Access::Read).unwrap();
    }
    assert_eq!(object.exports(), 100);
    let error = scope.locate(object.attach(&interpreter), Access::Read).unwrap_err();
    assert_eq!(error.rule(), Some(Rule::ScopeMemory));
    drop(scope);
    assert_eq!(object.exports(), 0);
}

/// Segments of memory that also exports views, found through a scope.
fn segment_of(object: &Object, interpreter: &Interpreter, within: impl FnOnce(Option<isize>)) {
    let mut slots = [const { Slot::new() }; 1];
    let scope = Scope::new(interpreter.attach(), &mut slots);
    let handle = object.attach(interpreter);
    within(match scope.locate_segment(handle, Access::Write) {
        Ok(span) => Some(span.length),
        Err(error) => {
            error.restore(handle);
            None
        }
    });
    drop(scope);
    assert_eq!((object.exports(), object.references()), (0, 1));
    interpreter.ledger().assert_balanced();
}

#[test]
fn a_segment_is_held_by_a_view_where_there_is_one() {
    let interpreter = Interpreter::new(Family::CPython2);
    let object = Object::bytearray(b"hello");
    segment_of(&object, &interpreter, |length| {
        assert_eq!((length, object.exports(), object.references()), (Some(5), 1, 2));
        assert!(object.resize(&interpreter, 9).is_err());
    });
    assert!(object.resize(&interpreter, 9).is_ok());
}

#[test]
fn a_segment_is_held_by_a_reference_where_there_is_no_view() {
    let interpreter = Interpreter::new(Family::CPython2);
    let held = |object: &Object, pending: Option<&Raised>| {
        segment_of(object, &interpreter, |length| {
            assert_eq!((length, object.exports(), object.references()), (Some(5), 0, 2));
            assert_eq!(interpreter.take_raised().as_ref(), pending);
        });
    };
    held(&Object::segmented(OldSlots::of(&[b"hello"], false)), None);
    // What an exporter raises that is not needed is nobody's concern.
    let refuses = Object::bytearray(b"hello");
    refuses.on_export(0, Fault::Fail(Some(Raised::new("ValueError", "not today"))));
    held(&refuses, None);
    // An exporter is not asked while an exception is pending, which it might take away.
    let pending = Raised::new("KeyError", "before");
    interpreter.raise(pending.clone());
    held(&Object::bytearray(b"hello"), Some(&pending));
}

#[test]
fn what_has_no_segment_is_not_held() {
    let interpreter = Interpreter::new(Family::CPython2);
    let object = Object::bytearray(b"hello").with_old_slots(OldSlots::of(&[b"one", b"two"], false));
    segment_of(&object, &interpreter, |length| {
        assert_eq!((length, object.exports(), object.references()), (None, 0, 1));
        assert_eq!(interpreter.take_raised().unwrap().exception, "TypeError");
    });
    let events = interpreter.ledger().calls();
    assert_eq!(events.iter().filter(|call| **call == Call::Release).count(), 1, "the view was given back");
}

#[test]
fn what_is_frozen_is_an_ordinary_slice() {
    let interpreter = Interpreter::new(Family::CPython3);
    let mut slot = Slot::new();
    for (object, frozen) in
        [(Object::bytes(b"hello"), Some(b"hello".as_slice())), (Object::bytearray(b"hello"), None)]
    {
        let view = slot.fill(object.attach(&interpreter), Request::SIMPLE).unwrap();
        assert_eq!(view.frozen(), frozen);
        assert_eq!(view.held().frozen(), frozen);
        view.release();
        assert_eq!(object.exports(), 0);
    }
}

#[test]
fn a_scope_says_how_full_it_is() {
    let interpreter = Interpreter::new(Family::CPython3);
    let object = Object::bytes(b"hello");
    let mut slots = [const { Slot::new() }; 2];
    let scope = Scope::new(interpreter.attach(), &mut slots);
    scope.locate(object.attach(&interpreter), Access::Read).unwrap();
    assert_eq!(format!("{scope:?}"), "Scope { 1 of 2 slots claimed }");
}

#[test]
fn a_format_is_there_where_it_was_asked_for() {
    let interpreter = Interpreter::new(Family::CPython3);
    let object = Object::strided(&Strided {
        memory: b"012345",
        offset: 0,
        item_size: 2,
        format: c"H".into(),
        shape: &[3],
        strides: &[2],
        read_only: true,
    })
    .unwrap();
    let mut slot = Slot::new();
    for (request, format) in [(Request::FULL_RO, Some(c"H")), (Request::STRIDES, None)] {
        let view = slot.fill(object.attach(&interpreter), request).unwrap();
        assert_eq!(view.held().format(), format);
    }
}

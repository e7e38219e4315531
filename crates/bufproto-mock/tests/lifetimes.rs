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
use bufproto_mock::{Answer, Attached, Call, Fault, Interpreter, Object, POISON, Raised};
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

    fn claimed(&self) -> &Cell<usize> {
        &self.claimed
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

//! Laws that hold for any sequence of operations on any objects.

use std::rc::Rc;

use bufproto_core::legacy::{Dialect, Python3};
use bufproto_core::request::{Access, Request};
use bufproto_core::rules::{Family, Rule};
use bufproto_core::scope::Scope;
use bufproto_core::view::{Slot, View};
use bufproto_mock::{Attached, Call, Fault, Interpreter, Object, POISON, Raised};
use proptest::prelude::*;

const SLOTS: usize = 4;

#[derive(Clone, Debug)]
enum Operation {
    Locate(usize, Access),
    Check(usize),
    Fill(usize),
    Drop(usize),
    Scope(Vec<(usize, Access)>),
    Resize(usize, usize),
}

fn operation() -> impl Strategy<Value = Operation> {
    let object = 0..5usize;
    let access = prop::sample::select(Access::ALL.to_vec());
    prop_oneof![
        (object.clone(), access.clone()).prop_map(|(object, access)| Operation::Locate(object, access)),
        object.clone().prop_map(Operation::Check),
        object.clone().prop_map(Operation::Fill),
        (0..SLOTS).prop_map(Operation::Drop),
        prop::collection::vec((object.clone(), access), 0..6).prop_map(Operation::Scope),
        (object, 0..20usize).prop_map(|(object, length)| Operation::Resize(object, length)),
    ]
}

fn objects() -> [Object; 5] {
    let failing = Object::bytearray(b"every third request fails");
    for call in 1..30 {
        failing.on_export(call * 3, Fault::Fail(Some(Raised::new("MemoryError", ""))));
    }
    [
        Object::bytes(b"frozen"),
        Object::bytearray(b"grows"),
        Object::read_only(b"read"),
        Object::opaque(),
        failing,
    ]
}

proptest! {
    /// However views, scopes, the old functions and resizes follow one another: no memory is resized under a
    /// view, a view's content stays, every view is given back once, and no reference is lost.
    #[test]
    fn exports_balance(operations in prop::collection::vec(operation(), 0..60)) {
        let interpreter = Interpreter::new(Family::CPython3);
        let objects = objects();
        {
            let mut slots: [Slot<_>; SLOTS] = std::array::from_fn(|_| Slot::new());
            let mut free: Vec<&mut Slot<_>> = slots.iter_mut().collect();
            let mut held: Vec<(usize, View<'_, Attached<'_>>, Vec<u8>)> = Vec::new();
            for operation in operations {
                match operation {
                    Operation::Locate(object, access) => {
                        let _ = Python3::locate(objects[object].attach(&interpreter), access);
                    }
                    Operation::Check(object) => {
                        Python3::check_read_buffer(objects[object].attach(&interpreter));
                    }
                    Operation::Fill(object) => {
                        let Some(slot) = free.pop() else { continue };
                        if let Ok(view) = slot.fill(objects[object].attach(&interpreter), Request::SIMPLE) {
                            held.push((object, view, objects[object].content()));
                        }
                    }
                    Operation::Drop(place) => {
                        if place < held.len() {
                            let (_, view, content) = held.remove(place);
                            prop_assert!(view.shared().unwrap().iter().eq(content));
                        }
                    }
                    Operation::Scope(uses) => {
                        let mut slots: [Slot<_>; 3] = std::array::from_fn(|_| Slot::new());
                        let scope = Scope::new(interpreter.attach(), &mut slots);
                        for (object, access) in uses {
                            let room = scope.room();
                            match scope.locate(objects[object].attach(&interpreter), access) {
                                Ok(_) => prop_assert_eq!(scope.room() + 1, room),
                                Err(error) => {
                                    prop_assert!(room == 0 || error.rule() != Some(Rule::ScopeFull));
                                    prop_assert_eq!(scope.room(), room);
                                }
                            }
                        }
                    }
                    Operation::Resize(object, length) => {
                        let exported = held.iter().any(|(other, ..)| *other == object);
                        let resized = objects[object].resize(&interpreter, length).is_ok();
                        let resizable = matches!(object, 1 | 4);
                        prop_assert_eq!(resized, resizable && !exported);
                    }
                }
                for (object, object_held) in objects.iter().enumerate() {
                    let out = held.iter().filter(|(other, ..)| *other == object).count();
                    prop_assert_eq!(object_held.exports(), out);
                    prop_assert_eq!(object_held.references(), out + 1);
                }
            }
        }
        prop_assert!(interpreter.ledger().check().is_ok());
    }

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

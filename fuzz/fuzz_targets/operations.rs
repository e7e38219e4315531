//! Whatever is done to whichever objects: every view is given back once.
#![no_main]

use arbitrary::Arbitrary;
use bufproto_core::legacy::{Dialect, Python2, Python3};
use bufproto_core::request::{Access, Request};
use bufproto_core::rules::Family;
use bufproto_core::scope::Scope;
use bufproto_core::view::Slot;
use bufproto_mock::{Answer, Fault, Interpreter, Object, OldSlots, Raised};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
enum Operation {
    Locate { object: u8, access: u8, native: bool },
    Check { object: u8, native: bool },
    View { object: u8, request: i32 },
    Scope { uses: Vec<(u8, u8)> },
    Resize { object: u8, length: u8 },
    Fail { object: u8, call: u8, silently: bool },
}

fuzz_target!(|operations: Vec<Operation>| {
    let interpreter = Interpreter::new(Family::CPython313);
    let objects = [
        Object::bytes(b"frozen"),
        Object::bytearray(b"grows"),
        Object::read_only(b"read"),
        Object::indirect(&[b"ab", b"cd"]),
        Object::segmented(OldSlots::of(&[b"one", b"two"], false)),
        Object::scripted(Answer::null(5)),
        Object::opaque(),
    ];
    let object = |number: u8| &objects[usize::from(number) % objects.len()];
    let access = |number: u8| Access::ALL[usize::from(number) % 3];
    for operation in operations {
        match operation {
            Operation::Locate { object: number, access: kind, native } => {
                let handle = object(number).attach(&interpreter);
                let located = if native {
                    Python2::locate(handle, access(kind))
                } else {
                    Python3::locate(handle, access(kind))
                };
                drop(located);
            }
            Operation::Check { object: number, native } => {
                let handle = object(number).attach(&interpreter);
                if native {
                    Python2::check_read_buffer(handle);
                } else {
                    Python3::check_read_buffer(handle);
                }
            }
            Operation::View { object: number, request } => {
                let mut slot = Slot::new();
                let filled = slot.fill(object(number).attach(&interpreter), Request::from_bits(request));
                if let Ok(view) = filled
                    && let Ok(shared) = view.shared()
                {
                    shared.iter().for_each(drop);
                }
            }
            Operation::Scope { uses } => {
                let mut slots = [const { Slot::new() }; 4];
                let scope = Scope::new(interpreter.attach(), &mut slots);
                for (number, kind) in uses {
                    if let Ok(held) = scope.locate(object(number).attach(&interpreter), access(kind))
                        && let Ok(shared) = held.shared()
                    {
                        shared.iter().for_each(drop);
                    }
                }
            }
            Operation::Resize { object: number, length } => {
                drop(object(number).resize(&interpreter, usize::from(length)));
            }
            Operation::Fail { object: number, call, silently } => {
                let raised = (!silently).then(|| Raised::new("ValueError", "as told"));
                object(number).on_export(usize::from(call), Fault::Fail(raised));
            }
        }
    }
    interpreter.ledger().assert_balanced();
    assert!(objects.iter().all(|object| object.exports() == 0 && object.references() == 1));
});

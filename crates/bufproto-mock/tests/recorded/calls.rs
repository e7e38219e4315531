//! The four functions, and `PyObject_GetBuffer`.

use std::ffi::c_void;
use std::ptr;

use bufproto_core::legacy::{Dialect, Python2, Python3, store};
use bufproto_core::request::{Access, Request};
use bufproto_core::rules::Family;
use bufproto_core::view::Slot;
use bufproto_mock::{Answer, Fault, Interpreter, Object, OldSlots, Raised};

use crate::schema::{self, Case, OldSlot, Recording};
use crate::{Report, family};

const FUNCTIONS: [(&str, Option<Access>); 4] = [
    ("as_char", Some(Access::Char)),
    ("as_read", Some(Access::Read)),
    ("as_write", Some(Access::Write)),
    ("check_read", None),
];

/// What a caller sees of a call.
#[derive(PartialEq, Debug, Default)]
struct Seen {
    rc: i32,
    length: Option<isize>,
    pointer: Option<&'static str>,
    data: Option<String>,
    raised: Option<Raised>,
}

pub(crate) fn functions(recording: &Recording, report: &mut Report) {
    for case in recording.cases.iter().filter(|case| case.unavailable.is_none()) {
        for (name, access) in FUNCTIONS {
            for (state, answers, pending) in
                [("", &case.functions, None), (" with an exception pending", &case.pending, Some(pending()))]
            {
                let Some(recorded) = answers.get(name) else { continue };
                let interpreter = Interpreter::new(family(recording));
                let object = object(case, access, family(recording));
                if let Some(pending) = pending {
                    interpreter.raise(pending);
                }
                let ours = call(&object, &interpreter, access, [false; 3]);
                let question = format!("{}: {name}{state}", case.id);
                // PyPy's views were recorded without what they lead to.
                let told = native(family(recording))
                    || case.get_buffer.get("PyBUF_SIMPLE").is_some_and(|answer| answer.data.is_some());
                // With an exception pending only what is pending afterwards was recorded.
                let recorded = seen(recorded, state.is_empty())
                    .map(|seen| Seen { data: seen.data.filter(|_| told), ..seen });
                let ours = Seen {
                    length: ours.length.filter(|_| state.is_empty()),
                    pointer: ours.pointer.filter(|_| state.is_empty()),
                    data: ours.data.filter(|_| told && state.is_empty()),
                    ..ours
                };
                report.compare(&question, &recorded, &Ok(ours));
                interpreter.ledger().assert_balanced();
            }
        }
    }
}

pub(crate) fn null_arguments(recording: &Recording, report: &mut Report) {
    for (question, recorded) in &recording.null_arguments {
        let (name, arguments) = question.split_once(" NULL ").unwrap();
        let access = FUNCTIONS.iter().find(|(function, _)| *function == name).unwrap().1;
        let interpreter = Interpreter::new(family(recording));
        if arguments.contains("exception pending") {
            interpreter.raise(pending());
        }
        let object =
            if arguments.contains("an exporter") { Object::bytearray(b"hello") } else { Object::opaque() };
        let words = arguments.split(',').next().unwrap();
        let null = ["object", "buffer", "length"].map(|argument| words.contains(argument));
        let ours = if access.is_none() {
            // A missing object cannot be asked: the handle is of one that is there.
            Err("no such call".to_owned())
        } else {
            Ok(call(&object, &interpreter, access, null))
        };
        report.compare(question, &seen(recorded, true), &ours);
    }
}

pub(crate) fn odd_requests(recording: &Recording, report: &mut Report) {
    for (question, recorded) in &recording.odd_requests {
        let (expression, bits) = question.split_once(" with ").unwrap();
        let request = match bits.strip_prefix("0x") {
            Some(digits) => i32::from_str_radix(digits, 16).unwrap(),
            None => bits.parse().unwrap(),
        };
        let object = match expression {
            "b'hello'" if native(family(recording)) => Object::bytes(b"hello").named("str"),
            "b'hello'" => Object::bytes(b"hello"),
            "bytearray(b'hello')" => Object::bytearray(b"hello"),
            "5" => Object::opaque(),
            // Its wording is its own.
            "memoryview(b'hello')" => continue,
            other => panic!("{other}"),
        };
        let interpreter = Interpreter::new(family(recording));
        let mut slot = Slot::new();
        let handle = object.attach(&interpreter);
        let granted = match slot.fill(handle, Request::from_bits(request)) {
            Ok(view) => {
                let header = view.held().header();
                Some((header.len, header.ndim, !header.shape.is_null(), !header.strides.is_null()))
            }
            Err(error) => {
                error.restore(handle);
                None
            }
        };
        let theirs = (recorded.rc == Some(0)).then(|| {
            (
                recorded.len.unwrap(),
                recorded.ndim.unwrap_or(0),
                recorded.shape.is_some(),
                recorded.strides.is_some(),
            )
        });
        let raised = interpreter.take_raised();
        report.compare(question, &(theirs, recorded_exception(recorded)), &(granted, raised));
    }
}

/// Whether the functions are those of the 2.x dialect.
fn native(family: Family) -> bool {
    matches!(family, Family::CPython2 | Family::PyPy2)
}

fn pending() -> Raised {
    Raised::new("KeyError", "'pending before the call'")
}

fn seen(answer: &schema::Answer, outputs: bool) -> Result<Seen, String> {
    if let Some(crash) = &answer.crash {
        return Err(crash.clone());
    }
    Ok(Seen {
        rc: answer.rc.unwrap(),
        length: answer.len.filter(|_| outputs),
        pointer: answer
            .pointer
            .as_deref()
            .map(|pointer| if pointer == "null" { "null" } else { "set" })
            .filter(|_| outputs),
        data: answer.data.clone().filter(|data| outputs && !data.is_empty()),
        raised: recorded_exception(answer),
    })
}

fn recorded_exception(answer: &schema::Answer) -> Option<Raised> {
    Some(Raised::new(answer.exception.clone()?, answer.message.clone().unwrap_or_default()))
}

/// Calls the function as C does: the arguments that are named (object, buffer, length) are NULL.
fn call(object: &Object, interpreter: &Interpreter, access: Option<Access>, null: [bool; 3]) -> Seen {
    use bufproto_core::runtime::Runtime as _;
    let handle = object.attach(interpreter);
    let native = native(interpreter.attach().family());
    let Some(access) = access else {
        let answer =
            if native { Python2::check_read_buffer(handle) } else { Python3::check_read_buffer(handle) };
        return Seen { rc: i32::from(answer), raised: interpreter.take_raised(), ..Seen::default() };
    };
    const UNTOUCHED: isize = -77;
    let untouched: *mut c_void = ptr::without_provenance_mut(77);
    let (mut pointer, mut length) = (untouched, UNTOUCHED);
    let arguments = (
        (!null[0]).then_some(handle),
        if null[1] { ptr::null_mut() } else { &raw mut pointer },
        if null[2] { ptr::null_mut() } else { &raw mut length },
    );
    let runtime = interpreter.attach();
    let rc = if native {
        // SAFETY: both outputs are ours, or null.
        unsafe { store::<Python2, _, _>(runtime, arguments.0, access, arguments.1, arguments.2) }
    } else {
        // SAFETY: as above.
        unsafe { store::<Python3, _, _>(runtime, arguments.0, access, arguments.1, arguments.2) }
    };
    let content = object_content(object, pointer, length);
    Seen {
        rc,
        length: (length != UNTOUCHED).then_some(length),
        pointer: (pointer != untouched).then_some(if pointer.is_null() { "null" } else { "set" }),
        data: content.filter(|data| !data.is_empty() && pointer != untouched),
        raised: interpreter.take_raised(),
    }
}

/// The first 64 bytes at the pointer, in hexadecimal.
fn object_content(object: &Object, pointer: *mut c_void, length: isize) -> Option<String> {
    let there = object.content_at(pointer.cast())?;
    let length = usize::try_from(length).ok()?.min(64).min(there.len());
    Some(there[..length].iter().map(|byte| format!("{byte:02x}")).collect())
}

/// An object that answers as the recorded one answered when it was asked directly.
fn object(case: &Case, access: Option<Access>, family: Family) -> Object {
    if native(family) {
        return segmented(case);
    }
    let exports = case.object.slots.get("getbuffer").copied().unwrap_or(false);
    if !exports {
        return Object::opaque().named(&type_name(case));
    }
    let request = if access == Some(Access::Write) { "PyBUF_WRITABLE" } else { "PyBUF_SIMPLE" };
    let answer = &case.get_buffer[request];
    let raised = recorded_exception(answer);
    let object = match answer.rc {
        Some(0) => {
            // The content is only recorded for the simple request; it is the same memory.
            let data = answer.data.as_ref().or(case.get_buffer["PyBUF_SIMPLE"].data.as_ref());
            Object::scripted(told(answer.pointer.as_deref(), answer.len.unwrap_or(0), data, raised))
        }
        Some(-1) => Object::refusing(Fault::Fail(raised)),
        Some(other) => Object::refusing(Fault::Irregular(other, raised)),
        None => Object::opaque(),
    };
    object.named(&type_name(case))
}

/// The name as errors show it, with a module for some types and without for others: as `PyObject_GetBuffer`
/// showed it, where it refused.
fn type_name(case: &Case) -> String {
    let refusal = case.get_buffer.get("PyBUF_SIMPLE").and_then(|answer| answer.message.as_deref());
    let shown = refusal.and_then(|message| message.split('\'').nth(1));
    shown.unwrap_or(&case.object.type_name).to_owned()
}

fn segmented(case: &Case) -> Object {
    let slots = &case.object.old_slots;
    let answers = |name: &str| {
        let slot = slots.get(name)?;
        let raised = slot_exception(slot);
        Some(vec![told(slot.pointer.as_deref(), slot.returned, slot.data.as_ref(), raised)])
    };
    let filled = |slot: &str| case.object.slots.get(slot).copied().unwrap_or(false);
    let recorded = |name: &str, slot: &str| {
        // A slot that is filled, but was not asked since there is no counter, still counts as filled.
        answers(name).or_else(|| filled(slot).then(|| vec![Answer::new(b"")]))
    };
    let count = slots.get("segcount");
    Object::segmented(OldSlots {
        count: count.map(|slot| (slot.returned, slot.total.unwrap_or(0), slot_exception(slot))),
        char: recorded("char", "getcharbuffer"),
        read: recorded("read", "getreadbuffer"),
        write: recorded("write", "getwritebuffer"),
    })
    .named(&case.object.type_name)
}

fn slot_exception(slot: &OldSlot) -> Option<Raised> {
    Some(Raised::new(slot.exception.clone()?, slot.message.clone().unwrap_or_default()))
}

fn told(pointer: Option<&str>, length: isize, data: Option<&String>, raised: Option<Raised>) -> Answer {
    let data = data.map(String::as_str).unwrap_or_default();
    let content: Vec<u8> =
        (0..data.len() / 2).map(|byte| u8::from_str_radix(&data[2 * byte..][..2], 16).unwrap()).collect();
    let answer = match pointer {
        Some("null") => Answer::null(length),
        // SAFETY: only the pointer and the length are looked at, and no more bytes than were recorded.
        _ => unsafe { Answer::claiming(&content, length) },
    };
    match raised {
        Some(raised) => answer.raising(raised),
        None => answer,
    }
}

//! Views that are kept: what an exporter answers, what a consumer may make of it, how long it lasts.

use std::ffi::CStr;
use std::slice;

use bufproto_core::request::Request;
use bufproto_core::rules::{Family, Rule};
use bufproto_core::runtime::Runtime as _;
use bufproto_core::view::Slot;

use super::call::wording;
use super::law::{Check, Fault, Law, Trial, expect};
use super::recipe::{Answer, Claim, Fill, Layout, Mutability, Raised, Recipe};
use super::rig::{Call, Declined, Rig};

const C_API: &str = "CPython's C API reference: buffer protocol, request types";
const FILL_INFO: &str = "recorded on CPython 2.7 and 3.6 to 3.15: PyBuffer_FillInfo";
const CONSUMER: &str = "bufproto: no safe path has undefined behaviour";
const GUARD: &str = "CPython's C API reference: PyObject_GetBuffer, PyBuffer_Release";

pub(super) fn laws<R: Rig>() -> Vec<Law<R>> {
    let law = |number, name, statement, source, check| Law {
        number,
        name,
        statement,
        source,
        check: Check::Procedure(check),
    };
    vec![
        law(304, "rule_0304_view_exporter", "for a view, the type must export views", C_API, view_exporter),
        law(401, "rule_0401_writable", "a writable request needs writable memory", FILL_INFO, writable),
        law(
            403,
            "rule_0403_memory_flag",
            "PyBUF_READ and PyBUF_WRITE are no requests; before CPython 3.13 they are ignored",
            FILL_INFO,
            memory_flag,
        ),
        law(
            404,
            "rule_0404_grant_c_contiguous",
            "a request without strides, or for C order, needs memory in C order",
            C_API,
            grant_c,
        ),
        law(
            405,
            "rule_0405_grant_f_contiguous",
            "a request for Fortran order needs memory in Fortran order",
            C_API,
            grant_fortran,
        ),
        law(
            406,
            "rule_0406_grant_contiguous",
            "a request for either order needs memory in one",
            C_API,
            grant_any,
        ),
        law(
            407,
            "rule_0407_grant_indirect",
            "memory behind pointers needs a request for suboffsets",
            C_API,
            grant_indirect,
        ),
        law(
            501,
            "rule_0501_negative_length",
            "a view's length must not be negative",
            CONSUMER,
            negative_length,
        ),
        law(502, "rule_0502_null_memory", "a view with a length needs a pointer", CONSUMER, null_memory),
        law(
            503,
            "rule_0503_read_only_view",
            "writing needs a view that is not read-only",
            CONSUMER,
            read_only_view,
        ),
        law(
            504,
            "rule_0504_contiguous",
            "reading a view as bytes needs memory in C order",
            CONSUMER,
            contiguous,
        ),
        law(602, "rule_0602_resize", "memory must not be resized while views of it exist", C_API, resize),
        law(
            1401,
            "rule_1401_request_unchanged",
            "the request reaches the exporter as it is",
            C_API,
            request_unchanged,
        ),
        law(1402, "rule_1402_fields", "a view has the fields that were asked for", FILL_INFO, fields),
        law(
            1501,
            "rule_1501_frozen",
            "memory is called frozen only if nobody can write to it",
            CONSUMER,
            frozen,
        ),
        law(
            1502,
            "rule_1502_shared",
            "what is written through one view is read through another",
            C_API,
            shared,
        ),
        law(1601, "rule_1601_guard", "a view is held until its guard ends, and released once", GUARD, guard),
        law(
            1602,
            "rule_1602_slot_again",
            "a slot can be filled again, after a release and after a failure",
            GUARD,
            slot_again,
        ),
        law(
            1603,
            "rule_1603_failure_holds_nothing",
            "a request that fails leaves nothing exported",
            GUARD,
            failure_holds_nothing,
        ),
    ]
}

/// What is in the error indicator when a request has been refused.
fn refusal<R: Rig>(rig: &R, object: &R::Owned, request: Request) -> Result<Option<Raised>, Fault> {
    let mut slot = Slot::new();
    let handle = rig.handle(object);
    match slot.fill(handle, request) {
        Ok(_) => Err(Fault::Broken(format!("the object granted {request:?}, which it must refuse"))),
        Err(error) => {
            error.restore(handle);
            Ok(rig.take_raised())
        }
    }
}

/// The number of views that exist has to be this.
pub(super) fn exported<R: Rig>(rig: &R, object: &R::Owned, expected: usize, when: &str) -> Result<(), Fault> {
    expect(&format!("the views that exist {when}"), &rig.exports(object)?, &expected)
}

/// What a request that has to be granted was refused with.
pub(super) fn not_granted<R: Rig>(rig: &R, object: &R::Owned, request: Request) -> Fault {
    Fault::Broken(match refusal(rig, object, request) {
        Ok(Some(raised)) => format!("the object refuses {request:?}: {raised}"),
        _ => format!("the object refuses {request:?}"),
    })
}

fn scripted(fill: Fill) -> Recipe {
    Recipe::scripted(Answer::irregular(0).filling(fill))
}

fn three(read_only: i32) -> Fill {
    Fill { memory: Claim::Bytes(b"abc".to_vec()), read_only, owned: true }
}

fn refused() -> Raised {
    Raised::new("ValueError", "not today")
}

fn view_exporter<R: Rig>(rig: &R, trial: &mut Trial) {
    for request in [Request::SIMPLE, Request::FULL] {
        trial.case(&format!("{request:?}"), || {
            let object = rig.make(&Recipe::opaque())?;
            let words = wording(Rule::ViewExporter, rig.runtime().family(), &rig.type_name(&object));
            expect("the error indicator", &refusal(rig, &object, request)?, &Some(words))
        });
    }
}

fn writable<R: Rig>(rig: &R, trial: &mut Trial) {
    for request in [Request::WRITABLE, Request::CONTIG, Request::RECORDS, Request::FULL] {
        trial.case(&format!("frozen bytes, {request:?}"), || {
            let object = rig.make(&Recipe::frozen(b"abc"))?;
            let words = wording(Rule::Writable, rig.runtime().family(), "");
            expect("the error indicator", &refusal(rig, &object, request)?, &Some(words))
        });
    }
}

fn memory_flag<R: Rig>(rig: &R, trial: &mut Trial) {
    for request in [Request::MEMORY_READ, Request::MEMORY_WRITE] {
        trial.case(&format!("frozen bytes, {:#x}", request.bits()), || {
            let object = rig.make(&Recipe::frozen(b"abc"))?;
            if rig.runtime().family() != Family::CPython313 {
                return match Slot::new().fill(rig.handle(&object), request) {
                    Ok(_) => Ok(()),
                    Err(_) => Err(not_granted(rig, &object, request)),
                };
            }
            let raised = refusal(rig, &object, request)?;
            let words = wording(Rule::MemoryFlag, Family::CPython313, "");
            // The interpreter puts the place in its own sources before the text.
            let same = raised.as_ref().is_some_and(|raised| {
                raised.exception == words.exception && raised.message.ends_with(&*words.message)
            });
            if same { Ok(()) } else { expect("the error indicator", &raised, &Some(words)) }
        });
    }
}

/// Two rows of three bytes each, however they lie.
fn matrix(strides: [isize; 2]) -> Recipe {
    let layout = Layout { strides: strides.to_vec(), ..Layout::c_order("B", 1, &[2, 3]) };
    Recipe::strided(b"abcdefghijkl", Mutability::Writable, layout)
}

/// The same matrix in four layouts: which of them a request is granted for. Each exporter has its own words.
fn granted<R: Rig>(rig: &R, trial: &mut Trial, request: Request, expected: [bool; 4]) {
    let rows: [&[u8]; 2] = [b"abc", b"def"];
    let layouts = [
        ("C order", matrix([3, 1])),
        ("Fortran order", matrix([1, 2])),
        ("neither", matrix([6, 2])),
        ("behind pointers", Recipe::indirect(&rows, Mutability::Writable)),
    ];
    for ((name, recipe), granted) in layouts.into_iter().zip(expected) {
        trial.case(&format!("{name}, {request:?}"), || {
            let object = rig.make(&recipe)?;
            if !granted {
                let raised = refusal(rig, &object, request)?.map(|raised| raised.exception);
                return expect("what it raises", &raised.as_deref(), &Some("BufferError"));
            }
            let mut slot = Slot::new();
            let Ok(view) = slot.fill(rig.handle(&object), request) else {
                return Err(not_granted(rig, &object, request));
            };
            let header = view.held().header();
            expect("len and itemsize", &(header.len, header.itemsize), &(6, 1))?;
            let given = [header.shape, header.strides, header.suboffsets].map(|array| !array.is_null());
            let asked = [Request::ND, Request::STRIDES].map(|flag| request.contains(flag));
            expect(
                "whether there are shape, strides and suboffsets",
                &given,
                &[asked[0], asked[1], name == "behind pointers"],
            )
        });
    }
}

fn grant_c<R: Rig>(rig: &R, trial: &mut Trial) {
    for request in [Request::SIMPLE, Request::WRITABLE, Request::ND, Request::CONTIG, Request::C_CONTIGUOUS] {
        granted(rig, trial, request, [true, false, false, false]);
    }
}

fn grant_fortran<R: Rig>(rig: &R, trial: &mut Trial) {
    granted(rig, trial, Request::F_CONTIGUOUS, [false, true, false, false]);
}

fn grant_any<R: Rig>(rig: &R, trial: &mut Trial) {
    granted(rig, trial, Request::ANY_CONTIGUOUS, [true, true, false, false]);
}

fn grant_indirect<R: Rig>(rig: &R, trial: &mut Trial) {
    for request in [Request::STRIDES, Request::RECORDS, Request::RECORDS_RO] {
        granted(rig, trial, request, [true, true, true, false]);
    }
    for request in [Request::INDIRECT, Request::FULL, Request::FULL_RO] {
        granted(rig, trial, request, [true; 4]);
    }
}

fn negative_length<R: Rig>(rig: &R, trial: &mut Trial) {
    for length in [-1, isize::MIN] {
        trial.case(&format!("{length} bytes"), || {
            let memory = Claim::Negative(b"abc".to_vec(), length);
            let object = rig.make(&scripted(Fill { memory, ..three(0) }))?;
            let mut slot = Slot::new();
            let Ok(view) = slot.fill(rig.handle(&object), Request::WRITABLE) else {
                return Err(not_granted(rig, &object, Request::WRITABLE));
            };
            expect("the length as it is", &view.span().length, &length)?;
            expect("to read", &view.shared().err(), &Some(Rule::NegativeLength))?;
            expect("to write", &view.shared_mut().err(), &Some(Rule::NegativeLength))?;
            expect("frozen", &view.frozen(), &None)
        });
    }
}

fn null_memory<R: Rig>(rig: &R, trial: &mut Trial) {
    for (length, rule) in [(0, None), (1, Some(Rule::NullMemory)), (isize::MAX, Some(Rule::NullMemory))] {
        trial.case(&format!("null, {length} bytes"), || {
            let object = rig.make(&scripted(Fill { memory: Claim::Null(length), ..three(0) }))?;
            let mut slot = Slot::new();
            let Ok(view) = slot.fill(rig.handle(&object), Request::WRITABLE) else {
                return Err(not_granted(rig, &object, Request::WRITABLE));
            };
            expect("to read", &view.shared().err(), &rule)?;
            expect("to write", &view.shared_mut().err(), &rule)
        });
    }
}

fn read_only_view<R: Rig>(rig: &R, trial: &mut Trial) {
    let objects = [
        ("frozen bytes", Recipe::frozen(b"abc"), Request::SIMPLE),
        ("read-only bytes", Recipe::read_only(b"abc"), Request::SIMPLE),
        ("read-only for a writable request", scripted(three(1)), Request::WRITABLE),
        ("read-only by 2", scripted(three(2)), Request::WRITABLE),
    ];
    for (name, recipe, request) in objects {
        trial.case(name, || {
            let object = rig.make(&recipe)?;
            let mut slot = Slot::new();
            let Ok(view) = slot.fill(rig.handle(&object), request) else {
                return Err(not_granted(rig, &object, request));
            };
            expect("to write", &view.shared_mut().err(), &Some(Rule::ReadOnlyView))?;
            expect("to read", &view.shared().map(|bytes| bytes.iter().collect()), &Ok(b"abc".to_vec()))
        });
    }
}

fn contiguous<R: Rig>(rig: &R, trial: &mut Trial) {
    let layout = |strides: &[isize], offset| Layout {
        strides: strides.to_vec(),
        offset,
        ..Layout::c_order("B", 1, &[3])
    };
    let writable = |layout| Recipe::strided(b"abcdef", Mutability::Writable, layout);
    let table = [
        ("side by side", writable(layout(&[1], 0)), None),
        ("every other", writable(layout(&[2], 0)), Some(Rule::Contiguous)),
        ("backwards", writable(layout(&[-1], 2)), Some(Rule::Contiguous)),
        ("the same one", writable(layout(&[0], 0)), Some(Rule::Contiguous)),
        (
            "behind pointers",
            Recipe::indirect(&[b"abc", b"def"], Mutability::Writable),
            Some(Rule::Contiguous),
        ),
    ];
    for (name, recipe, rule) in table {
        trial.case(name, || {
            let object = rig.make(&recipe)?;
            let mut slot = Slot::new();
            let Ok(view) = slot.fill(rig.handle(&object), Request::FULL) else {
                return Err(not_granted(rig, &object, Request::FULL));
            };
            expect("to read", &view.shared().err(), &rule)?;
            expect("to write", &view.shared_mut().err(), &rule)
        });
    }
}

fn resize<R: Rig>(rig: &R, trial: &mut Trial) {
    for request in [Request::SIMPLE, Request::WRITABLE, Request::FULL_RO] {
        trial.case(&format!("{request:?}"), || {
            let object = rig.make(&Recipe::writable(b"abc"))?;
            let mut slot = Slot::new();
            let Ok(view) = slot.fill(rig.handle(&object), request) else {
                return Err(not_granted(rig, &object, request));
            };
            let before = view.span();
            expect("whether it resizes while viewed", &rig.resize(&object, 5000)?, &false)?;
            let raised = rig.take_raised().map(|raised| raised.exception);
            expect("what it raises", &raised.as_deref(), &Some("BufferError"))?;
            expect("the view", &view.span(), &before)?;
            expect("its bytes", &view.shared().map(|bytes| bytes.iter().collect()), &Ok(b"abc".to_vec()))?;
            view.release();
            expect("whether it resizes afterwards", &rig.resize(&object, 5000)?, &true)
        });
    }
}

fn request_unchanged<R: Rig>(rig: &R, trial: &mut Trial) {
    let table = [
        0, 1, 4, 8, 9, 0xC, 0x18, 0x19, 0x1C, 0x1D, 0x38, 0x58, 0x98, 0x118, 0x11C, 0x11D, 0x300, 0x101,
        0x4000, -1,
    ];
    for bits in table {
        trial.case(&format!("{bits:#x}"), || {
            let object = rig.make(&scripted(three(0)))?;
            if !rig.is_transcribed(&object) {
                return Err(Declined::because("this backend keeps no transcript of such an object").into());
            }
            drop(rig.take_transcript());
            let request = Request::from_bits(bits);
            if Slot::new().fill(rig.handle(&object), request).is_err() {
                return Err(not_granted(rig, &object, request));
            }
            let calls: Vec<_> = rig.take_transcript().into_iter().map(|event| event.call).collect();
            expect("the slots called", &calls, &vec![Call::Export(bits), Call::Release])
        });
    }
}

fn fields<R: Rig>(rig: &R, trial: &mut Trial) {
    let requests = [
        Request::SIMPLE,
        Request::FORMAT,
        Request::ND,
        Request::STRIDES,
        Request::C_CONTIGUOUS,
        Request::F_CONTIGUOUS,
        Request::ANY_CONTIGUOUS,
        Request::INDIRECT,
        Request::RECORDS_RO,
        Request::FULL_RO,
    ];
    for request in requests {
        for (name, recipe, read_only) in [
            ("frozen bytes", Recipe::frozen(b"abc"), true),
            ("writable bytes", Recipe::writable(b"abc"), false),
        ] {
            trial.case(&format!("{name}, {request:?}"), || {
                let pypy = matches!(rig.runtime().family(), Family::PyPy2 | Family::PyPy3);
                let object = rig.make(&recipe)?;
                let mut slot = Slot::new();
                let Ok(view) = slot.fill(rig.handle(&object), request) else {
                    return Err(not_granted(rig, &object, request));
                };
                let header = view.held().header();
                let numbers = (header.len, header.itemsize, header.ndim, header.readonly != 0);
                expect("len, itemsize, ndim and readonly", &numbers, &(3, 1, 1, read_only))?;
                for (what, pointer, flag) in
                    [("shape", header.shape, Request::ND), ("strides", header.strides, Request::STRIDES)]
                {
                    let asked = request.contains(flag);
                    // PyPy gives both whatever was asked.
                    if asked || !pypy {
                        expect(&format!("whether there are {what}"), &!pointer.is_null(), &asked)?;
                    }
                    if asked {
                        // SAFETY: the exporter says that there is one dimension.
                        let values = unsafe { slice::from_raw_parts(pointer, 1) };
                        expect(what, &values[0], if what == "shape" { &3 } else { &1 })?;
                    }
                }
                let asked = request.contains(Request::FORMAT);
                if asked || !pypy {
                    expect("whether there is a format", &!header.format.is_null(), &asked)?;
                }
                if asked {
                    // SAFETY: the exporter's format is a C string that lives as long as the view.
                    expect("the format", &unsafe { CStr::from_ptr(header.format) }, &c"B")?;
                }
                expect("whether there are suboffsets", &!header.suboffsets.is_null(), &false)
            });
        }
    }
}

fn frozen<R: Rig>(rig: &R, trial: &mut Trial) {
    let table = [
        ("frozen bytes", Recipe::frozen(b"abc"), true),
        ("read-only bytes", Recipe::read_only(b"abc"), false),
        ("writable bytes", Recipe::writable(b"abc"), false),
        ("a script that says read-only", scripted(three(1)), false),
    ];
    for (name, recipe, vouched) in table {
        trial.case(name, || {
            let object = rig.make(&recipe)?;
            let mut slot = Slot::new();
            let Ok(view) = slot.fill(rig.handle(&object), Request::SIMPLE) else {
                return Err(not_granted(rig, &object, Request::SIMPLE));
            };
            match view.frozen() {
                // A runtime may vouch for nothing at all.
                None => Ok(()),
                Some(bytes) if vouched => expect("the bytes", &bytes, &b"abc".as_slice()),
                Some(_) => Err(Fault::Broken("memory that may change is called frozen".to_owned())),
            }
        });
    }
}

fn shared<R: Rig>(rig: &R, trial: &mut Trial) {
    trial.case("two views of writable bytes", || {
        let object = rig.make(&Recipe::writable(b"abc"))?;
        let (mut first, mut second) = (Slot::new(), Slot::new());
        let Ok(writing) = first.fill(rig.handle(&object), Request::WRITABLE) else {
            return Err(not_granted(rig, &object, Request::WRITABLE));
        };
        let Ok(reading) = second.fill(rig.handle(&object), Request::SIMPLE) else {
            return Err(not_granted(rig, &object, Request::SIMPLE));
        };
        let (Ok(to_write), Ok(to_read)) = (writing.shared_mut(), reading.shared()) else {
            return Err(Fault::Broken("the views cannot be read and written".to_owned()));
        };
        expect(
            "whether there is a byte to write",
            &(to_write.set(1, b'x'), to_write.set(3, b'x')),
            &(true, false),
        )?;
        expect("the bytes", &to_read.iter().collect(), &b"axc".to_vec())?;
        expect("the byte past the end", &to_read.get(3), &None)
    });
}

fn guard<R: Rig>(rig: &R, trial: &mut Trial) {
    for (name, recipe) in [("writable bytes", Recipe::writable(b"abc")), ("a script", scripted(three(0)))] {
        trial.case(&format!("{name}, the views that exist"), || {
            let object = rig.make(&recipe)?;
            exported(rig, &object, 0, "before")?;
            let mut slot = Slot::new();
            let Ok(view) = slot.fill(rig.handle(&object), Request::SIMPLE) else {
                return Err(not_granted(rig, &object, Request::SIMPLE));
            };
            exported(rig, &object, 1, "while the guard lives")?;
            drop(view);
            exported(rig, &object, 0, "after the guard")
        });
        trial.case(&format!("{name}, the slots called"), || {
            let object = rig.make(&recipe)?;
            if !rig.is_transcribed(&object) {
                return Err(Declined::because("this backend keeps no transcript of such an object").into());
            }
            drop(rig.take_transcript());
            let mut slot = Slot::new();
            let Ok(view) = slot.fill(rig.handle(&object), Request::SIMPLE) else {
                return Err(not_granted(rig, &object, Request::SIMPLE));
            };
            let calls =
                |rig: &R| rig.take_transcript().into_iter().map(|event| event.call).collect::<Vec<_>>();
            expect("the slots called while the guard lives", &calls(rig), &vec![Call::Export(0)])?;
            view.release();
            expect("the slots called at its end", &calls(rig), &vec![Call::Release])?;
            drop(slot);
            expect("the slots called at the end of the place", &calls(rig), &Vec::new())
        });
    }
}

fn slot_again<R: Rig>(rig: &R, trial: &mut Trial) {
    trial.case("refused, granted, granted", || {
        let refusing = rig.make(&Recipe::scripted(Answer::refusal(refused()).filling(three(0))))?;
        let object = rig.make(&Recipe::writable(b"abc"))?;
        let mut slot = Slot::new();
        match slot.fill(rig.handle(&refusing), Request::SIMPLE) {
            Ok(_) => return Err(Fault::Broken("the script refuses, and was not heard".to_owned())),
            Err(error) => drop(error),
        }
        for _ in 0..2 {
            let Ok(view) = slot.fill(rig.handle(&object), Request::SIMPLE) else {
                return Err(not_granted(rig, &object, Request::SIMPLE));
            };
            expect("the length", &view.span().length, &3)?;
            exported(rig, &object, 1, "while the guard lives")?;
        }
        exported(rig, &object, 0, "after the guard")
    });
}

fn failure_holds_nothing<R: Rig>(rig: &R, trial: &mut Trial) {
    let table = [
        ("frozen bytes, writable", Recipe::frozen(b"abc")),
        ("a script that refuses", Recipe::scripted(Answer::refusal(refused()))),
        ("a script that refuses silently", Recipe::scripted(Answer::silent_refusal())),
        (
            "a script that refuses and names an owner",
            Recipe::scripted(Answer::refusal(refused()).filling(three(0))),
        ),
    ];
    for (name, recipe) in table {
        trial.case(name, || {
            let object = rig.make(&recipe)?;
            let references = rig.references(&object);
            refusal(rig, &object, Request::WRITABLE)?;
            exported(rig, &object, 0, "after the failure")?;
            if let (Ok(before), Ok(after)) = (references, rig.references(&object)) {
                expect("the references", &after, &before)?;
            }
            Ok(())
        });
    }
}

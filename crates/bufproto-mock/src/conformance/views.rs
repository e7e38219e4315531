//! The rules of the 3.x dialect, of views and of scopes.

use std::ffi::{c_int, c_void};
use std::ptr;

use bufproto_core::legacy::{Dialect, Length, Python3, store};
use bufproto_core::request::{Access, Request};
use bufproto_core::rules::{Family, Rule as Spec};
use bufproto_core::runtime::{Exporter, Object, Runtime};
use bufproto_core::scope::Scope;
use bufproto_core::span::Span;
use bufproto_core::view::Slot;

use crate::conformance::rig::{equal, holds};
use crate::conformance::{Declined, HandleOf, Hostility, Recipe, Rig, Rule, Verdict};
use crate::interpreter::Raised;

type Checked = Result<(), Verdict>;

#[doc(hidden)]
#[macro_export]
macro_rules! __view_rules {
    ($callback:ident, $($context:tt)*) => {
        $crate::$callback! { $($context)*;
            1001 a_null_argument_is_a_system_error
                "NULL for any argument is refused with SystemError" "CPython 2.7 to 3.15, recorded";
            1002 a_null_argument_leaves_what_is_pending
                "NULL for an argument raises nothing while an exception is pending" "CPython 2.7 to 3.15, recorded";
            1003 a_length_that_does_not_fit_an_int_is_an_overflow_error
                "an int length refuses more than INT_MAX bytes" "PEP 353";
            3001 the_functions_tell_where_the_memory_is
                "reading gives the pointer and the length that a view gives" "C API reference, old buffer protocol";
            3002 writing_needs_writable_memory
                "AsWriteBuffer of read-only memory is a TypeError" "CPython 3.6 to 3.15, recorded";
            3003 a_type_without_views_is_refused_by_name
                "each function refuses an object that exports no views in its own words" "CPython 3.6 to 3.15, recorded";
            3004 the_exporters_exception_is_kept_for_reading
                "AsReadBuffer and AsCharBuffer keep the exporter's exception" "CPython 3.6 to 3.15, recorded";
            3005 the_exporters_exception_is_replaced_for_writing
                "AsWriteBuffer replaces the exporter's exception, whatever it is" "CPython 3.6 to 3.15, recorded";
            3006 a_silent_refusal_stays_silent_for_reading
                "an exporter that refuses without an exception fails AsReadBuffer without one" "CPython 3.6 to 3.15, recorded";
            3007 check_clears_what_a_refusal_raised
                "CheckReadBuffer answers no and clears the exporter's exception, and any pending one" "CPython 3.6 to 3.15, recorded";
            3008 check_leaves_what_is_pending_for_a_type_without_views
                "CheckReadBuffer of a type without views answers no and touches nothing" "CPython 3.6 to 3.15, recorded";
            3009 an_irregular_answer_is_a_refusal_but_not_for_check
                "a return value that is neither 0 nor -1 is a refusal, but CheckReadBuffer answers yes" "CPython 3.6 to 3.15, recorded";
            3010 success_leaves_what_is_pending
                "a call that succeeds leaves a pending exception" "CPython 3.6 to 3.15, recorded";
            3011 success_leaves_what_the_exporter_raised
                "a call that succeeds leaves an exception that the exporter raised" "CPython 3.6 to 3.15, recorded";
            3012 only_the_return_value_is_looked_at
                "negative lengths, missing memory and read-only memory pass through" "CPython 3.6 to 3.15, recorded";
            3013 outputs_are_written_on_success_only
                "on failure neither output is touched" "CPython 3.6 to 3.15, recorded";
            3014 the_view_is_released_before_the_function_returns
                "after each function, failed or not, no view is out and no reference is lost" "CPython 3.6 to 3.15, recorded";
            5001 a_view_is_out_until_its_guard_ends
                "a view pins its exporter once, and is given back once" "PEP 3118";
            5002 a_slot_can_be_filled_again_after_a_failure
                "a slot whose exporter failed is as good as new, and nothing stays exported" "bufproto, Slot";
            5003 a_view_of_a_type_without_views_is_refused_by_name
                "asking for a view refuses in the words of PyObject_GetBuffer" "CPython 3.6 to 3.15, recorded";
            5004 flags_of_memoryviews_are_no_request
                "PyBUF_READ and PyBUF_WRITE are refused by CPython 3.13 and later" "CPython 3.13 to 3.15, recorded";
            5005 what_lies_apart_is_not_read_as_bytes
                "a view that is not contiguous in C order is no run of bytes" "PEP 3118";
            5006 what_lies_behind_pointers_is_found
                "suboffsets are followed to the item" "PEP 3118";
            5007 a_read_only_view_is_not_written_to
                "a read-only view refuses to be written to; a writable one is" "PEP 3118";
            5008 nonsense_is_not_read
                "a negative length, or a length without memory, is refused where it would be read" "bufproto, Held";
            5009 only_what_never_changes_is_frozen
                "a plain slice is given of frozen memory, and of no other" "bufproto, Runtime::is_frozen";
            6001 a_scope_holds_until_it_ends
                "what a scope acquired stays exported until it ends, and is then given back" "bufproto, Scope";
            6002 a_scope_releases_the_last_first
                "a scope gives back in the opposite order" "bufproto, Scope";
            6003 a_full_scope_refuses
                "a scope without room refuses, and exports nothing" "bufproto, Scope";
            6004 a_failure_takes_no_room
                "an exporter that fails takes no place in a scope" "bufproto, Scope";
            6005 a_scope_fails_as_the_functions_do
                "a scope's functions fail as the old functions do" "bufproto, Scope";
        }
    };
}

/// The rules, for a rig of this type.
pub fn rules<R: Rig>() -> Vec<Rule<R>> {
    crate::__view_rules! { __rule_table, R }
}

const READING: [Access; 2] = [Access::Char, Access::Read];
const HELLO: &[u8] = b"hello";

fn oops() -> Raised {
    Raised::new("ValueError", "oops")
}

fn pending() -> Raised {
    Raised::new("KeyError", "'pending'")
}

/// What is shown of an exception: a `KeyError`'s text is the repr of its argument on any backend.
fn clean<R: Rig>(rig: &R) {
    rig.take_raised();
}

/// A call, and what is pending after it.
fn call<R: Rig>(rig: &R, object: &R::Owned, access: Access) -> (Option<Span>, Option<Raised>) {
    let handle = rig.handle(object);
    let answer = match Python3::locate(handle, access) {
        Ok(span) => Some(span),
        Err(error) => {
            error.restore(handle);
            None
        }
    };
    (answer, rig.take_raised())
}

/// The exception that stands for a broken rule, for this object.
fn refusal<R: Rig>(rig: &R, object: &R::Owned, rule: Spec) -> Raised {
    let refusal = rule.refusal(rig.handle(object).runtime().family());
    let message = refusal.message.with_type_name(&rig.type_name(object)).to_string();
    Raised::new(refusal.exception.name(), message)
}

fn missing(access: Access) -> Spec {
    match access {
        Access::Char => Spec::CharExporter,
        Access::Read => Spec::ReadExporter,
        Access::Write => Spec::WriteExporter,
    }
}

/// An object with memory to read and to write, and nothing pending.
fn writable<R: Rig>(rig: &R) -> Result<R::Owned, Declined> {
    clean(rig);
    rig.make(&Recipe::Writable(HELLO))
}

fn hostile<R: Rig>(rig: &R, hostility: Hostility) -> Result<R::Owned, Declined> {
    clean(rig);
    rig.make(&Recipe::Hostile(hostility))
}

/// One of the functions, as C calls it.
struct Store<L> {
    result: c_int,
    pointer: *mut c_void,
    length: L,
}

const UNTOUCHED: c_int = -77;

fn stored<R: Rig, L: Length + From<i8>>(
    rig: &R,
    object: &R::Owned,
    access: Access,
    null: [bool; 3],
) -> Store<L> {
    fn call<H: Exporter, L: Length>(
        handle: H,
        access: Access,
        null: [bool; 3],
        outputs: (*mut *mut c_void, *mut L),
    ) -> c_int {
        let pointer = if null[1] { ptr::null_mut() } else { outputs.0 };
        let length = if null[2] { ptr::null_mut() } else { outputs.1 };
        let object = (!null[0]).then_some(handle);
        // SAFETY: the outputs are the caller's variables, or null.
        unsafe { store::<Python3, _, _>(handle.runtime(), object, access, pointer, length) }
    }
    let mut pointer = ptr::without_provenance_mut(UNTOUCHED.unsigned_abs() as usize);
    let mut length = L::from(UNTOUCHED as i8);
    let handle: HandleOf<'_, R> = rig.handle(object);
    let result = call(handle, access, null, (&raw mut pointer, &raw mut length));
    Store { result, pointer, length }
}

/// Every way to leave out at least one argument.
fn omissions() -> impl Iterator<Item = [bool; 3]> {
    (1..8).map(|bits| [bits & 1 != 0, bits & 2 != 0, bits & 4 != 0])
}

/// Rule 1001.
pub fn a_null_argument_is_a_system_error<R: Rig>(rig: &R) -> Checked {
    let object = writable(rig)?;
    for access in Access::ALL {
        for null in omissions() {
            let answer: Store<isize> = stored(rig, &object, access, null);
            equal(format!("the result for {access:?} with NULL {null:?}"), answer.result, -1)?;
            let expected = refusal(rig, &object, Spec::NullArgument);
            equal("what is raised", rig.take_raised(), Some(expected))?;
        }
    }
    Ok(())
}

/// Rule 1002.
pub fn a_null_argument_leaves_what_is_pending<R: Rig>(rig: &R) -> Checked {
    let object = writable(rig)?;
    for access in Access::ALL {
        rig.raise(&pending());
        let answer: Store<isize> = stored(rig, &object, access, [false, true, false]);
        equal("the result", answer.result, -1)?;
        equal("what is pending", rig.take_raised(), Some(pending()))?;
    }
    Ok(())
}

/// Rule 1003.
pub fn a_length_that_does_not_fit_an_int_is_an_overflow_error<R: Rig>(rig: &R) -> Checked {
    let object = hostile(rig, Hostility::TooLongForAnInt)?;
    for access in Access::ALL {
        let wide: Store<isize> = stored(rig, &object, access, [false; 3]);
        equal("the result with a wide length", (wide.result, wide.length), (0, 1 << 31))?;
        let narrow: Store<c_int> = stored(rig, &object, access, [false; 3]);
        equal("the result with an int", (narrow.result, narrow.length), (-1, UNTOUCHED))?;
        equal("what is raised", rig.take_raised(), Some(refusal(rig, &object, Spec::IntLength)))?;
    }
    let short = writable(rig)?;
    let answer: Store<c_int> = stored(rig, &short, Access::Read, [false; 3]);
    equal("a length that fits", (answer.result, answer.length), (0, 5))
}

/// Rule 3001.
pub fn the_functions_tell_where_the_memory_is<R: Rig>(rig: &R) -> Checked {
    clean(rig);
    for recipe in
        [Recipe::Frozen(HELLO), Recipe::Writable(HELLO), Recipe::ReadOnly(HELLO), Recipe::Frozen(b"")]
    {
        let object = rig.make(&recipe)?;
        let mut slot = Slot::new();
        let handle = rig.handle(&object);
        let view = slot.fill(handle, Request::SIMPLE).map_err(|error| failed("a view", error.rule()))?;
        for access in READING {
            let (answer, raised) = call(rig, &object, access);
            equal(format!("{access:?} of {recipe:?}"), (answer, raised), (Some(view.span()), None))?;
        }
        let seen: Vec<u8> = view.shared().map_err(|rule| failed("reading", Some(rule)))?.iter().collect();
        let (Recipe::Frozen(content) | Recipe::Writable(content) | Recipe::ReadOnly(content)) = recipe else {
            continue;
        };
        equal("the content", seen.as_slice(), content)?;
        holds("CheckReadBuffer answers no for memory", Python3::check_read_buffer(rig.handle(&object)))?;
    }
    let object = writable(rig)?;
    equal(
        "the length of writable memory",
        call(rig, &object, Access::Write).0.map(|span| span.length),
        Some(5),
    )
}

fn failed(what: &str, rule: Option<Spec>) -> Verdict {
    Verdict::Failed(match rule {
        Some(rule) => format!("{what} was refused: {rule:?}"),
        None => format!("{what} was refused by the exporter"),
    })
}

/// Rule 3002.
pub fn writing_needs_writable_memory<R: Rig>(rig: &R) -> Checked {
    clean(rig);
    for recipe in [Recipe::Frozen(HELLO), Recipe::ReadOnly(HELLO)] {
        let object = rig.make(&recipe)?;
        let expected = refusal(rig, &object, Spec::WriteExporter);
        equal(
            format!("AsWriteBuffer of {recipe:?}"),
            call(rig, &object, Access::Write),
            (None, Some(expected)),
        )?;
    }
    Ok(())
}

/// Rule 3003.
pub fn a_type_without_views_is_refused_by_name<R: Rig>(rig: &R) -> Checked {
    clean(rig);
    let object = rig.make(&Recipe::Opaque)?;
    for access in Access::ALL {
        let expected = refusal(rig, &object, missing(access));
        equal(format!("{access:?}"), call(rig, &object, access), (None, Some(expected)))?;
    }
    Ok(())
}

/// Rule 3004.
pub fn the_exporters_exception_is_kept_for_reading<R: Rig>(rig: &R) -> Checked {
    let object = hostile(rig, Hostility::Raises(oops()))?;
    for access in READING {
        equal(format!("{access:?}"), call(rig, &object, access), (None, Some(oops())))?;
    }
    Ok(())
}

/// Rule 3005.
pub fn the_exporters_exception_is_replaced_for_writing<R: Rig>(rig: &R) -> Checked {
    for exception in ["ValueError", "MemoryError", "KeyboardInterrupt", "SystemExit"] {
        let object = hostile(rig, Hostility::Raises(Raised::new(exception, "oops")))?;
        let expected = refusal(rig, &object, Spec::WriteExporter);
        equal(format!("in place of {exception}"), call(rig, &object, Access::Write), (None, Some(expected)))?;
    }
    Ok(())
}

/// Rule 3006.
pub fn a_silent_refusal_stays_silent_for_reading<R: Rig>(rig: &R) -> Checked {
    let object = hostile(rig, Hostility::RefusesSilently)?;
    for access in READING {
        equal(format!("{access:?}"), call(rig, &object, access), (None, None))?;
    }
    let expected = refusal(rig, &object, Spec::WriteExporter);
    equal("AsWriteBuffer", call(rig, &object, Access::Write), (None, Some(expected)))
}

/// Rule 3007.
pub fn check_clears_what_a_refusal_raised<R: Rig>(rig: &R) -> Checked {
    let object = hostile(rig, Hostility::Raises(oops()))?;
    holds("CheckReadBuffer answers yes", !Python3::check_read_buffer(rig.handle(&object)))?;
    equal("what is pending", rig.take_raised(), None)?;
    let silent = hostile(rig, Hostility::RefusesSilently)?;
    for object in [&object, &silent] {
        rig.raise(&pending());
        holds("CheckReadBuffer answers yes", !Python3::check_read_buffer(rig.handle(object)))?;
        equal("what was pending before", rig.take_raised(), None)?;
    }
    Ok(())
}

/// Rule 3008.
pub fn check_leaves_what_is_pending_for_a_type_without_views<R: Rig>(rig: &R) -> Checked {
    clean(rig);
    let object = rig.make(&Recipe::Opaque)?;
    rig.raise(&pending());
    holds("CheckReadBuffer answers yes", !Python3::check_read_buffer(rig.handle(&object)))?;
    equal("what is pending", rig.take_raised(), Some(pending()))
}

/// Rule 3009.
pub fn an_irregular_answer_is_a_refusal_but_not_for_check<R: Rig>(rig: &R) -> Checked {
    for (number, raised) in [(1, None), (-2, Some(oops()))] {
        let object = hostile(rig, Hostility::Returns(number, raised.clone()))?;
        for access in READING {
            equal(format!("{access:?} of {number}"), call(rig, &object, access), (None, raised.clone()))?;
        }
        let expected = refusal(rig, &object, Spec::WriteExporter);
        equal(format!("Write of {number}"), call(rig, &object, Access::Write), (None, Some(expected)))?;
        holds("CheckReadBuffer answers no", Python3::check_read_buffer(rig.handle(&object)))?;
        equal("what is pending after CheckReadBuffer", rig.take_raised(), raised)?;
    }
    Ok(())
}

/// Rule 3010.
pub fn success_leaves_what_is_pending<R: Rig>(rig: &R) -> Checked {
    let object = writable(rig)?;
    for access in Access::ALL {
        rig.raise(&pending());
        let (answer, raised) = call(rig, &object, access);
        holds(format!("{access:?} fails with an exception pending"), answer.is_some())?;
        equal("what is pending", raised, Some(pending()))?;
    }
    rig.raise(&pending());
    holds("CheckReadBuffer answers no", Python3::check_read_buffer(rig.handle(&object)))?;
    equal("what is pending after CheckReadBuffer", rig.take_raised(), Some(pending()))
}

/// Rule 3011.
pub fn success_leaves_what_the_exporter_raised<R: Rig>(rig: &R) -> Checked {
    let object = hostile(rig, Hostility::SucceedsRaising(oops()))?;
    for access in Access::ALL {
        let (answer, raised) = call(rig, &object, access);
        equal(format!("{access:?}"), (answer.map(|span| span.length), raised), (Some(4), Some(oops())))?;
    }
    holds("CheckReadBuffer answers no", Python3::check_read_buffer(rig.handle(&object)))?;
    equal("what is pending after CheckReadBuffer", rig.take_raised(), Some(oops()))
}

/// Rule 3012.
pub fn only_the_return_value_is_looked_at<R: Rig>(rig: &R) -> Checked {
    for (hostility, length, null) in [
        (Hostility::NegativeLength, -1, false),
        (Hostility::NoMemory, 5, true),
        (Hostility::ReadOnlyForAll, 4, false),
    ] {
        let object = hostile(rig, hostility.clone())?;
        for access in Access::ALL {
            let (answer, raised) = call(rig, &object, access);
            let seen = answer.map(|span| (span.length, span.pointer.is_null()));
            equal(format!("{access:?} of {hostility:?}"), (seen, raised), (Some((length, null)), None))?;
        }
    }
    Ok(())
}

/// Rule 3013.
pub fn outputs_are_written_on_success_only<R: Rig>(rig: &R) -> Checked {
    clean(rig);
    let refusing = [Recipe::Opaque, Recipe::Hostile(Hostility::Raises(oops()))];
    for recipe in refusing {
        let object = rig.make(&recipe)?;
        for access in Access::ALL {
            let answer: Store<isize> = stored(rig, &object, access, [false; 3]);
            clean(rig);
            let seen = (answer.result, answer.pointer.addr(), answer.length);
            equal(format!("{access:?} of {recipe:?}"), seen, (-1, 77, UNTOUCHED as isize))?;
        }
    }
    let object = writable(rig)?;
    let answer: Store<isize> = stored(rig, &object, Access::Write, [false; 3]);
    equal(
        "the outputs on success",
        (answer.result, answer.pointer.addr() == 77, answer.length),
        (0, false, 5),
    )
}

/// Rule 3014.
pub fn the_view_is_released_before_the_function_returns<R: Rig>(rig: &R) -> Checked {
    clean(rig);
    let recipes = [
        Recipe::Frozen(HELLO),
        Recipe::Writable(HELLO),
        Recipe::EverySecond(HELLO),
        Recipe::Hostile(Hostility::Raises(oops())),
        Recipe::Hostile(Hostility::SucceedsRaising(oops())),
    ];
    for recipe in recipes {
        let object = rig.make(&recipe)?;
        let before = rig.references(&object)?;
        for access in Access::ALL {
            call(rig, &object, access);
            equal(format!("exports after {access:?} of {recipe:?}"), rig.exports(&object)?, 0)?;
        }
        Python3::check_read_buffer(rig.handle(&object));
        clean(rig);
        equal(format!("exports after CheckReadBuffer of {recipe:?}"), rig.exports(&object)?, 0)?;
        equal(format!("references to {recipe:?}"), rig.references(&object)?, before)?;
    }
    Ok(())
}

/// Rule 5001.
pub fn a_view_is_out_until_its_guard_ends<R: Rig>(rig: &R) -> Checked {
    let object = writable(rig)?;
    let before = rig.references(&object)?;
    let (mut first, mut second) = (Slot::new(), Slot::new());
    let handle = rig.handle(&object);
    let one = first.fill(handle, Request::SIMPLE).map_err(|error| failed("a view", error.rule()))?;
    equal("exports with one view", rig.exports(&object)?, 1)?;
    let two = second.fill(handle, Request::FULL).map_err(|error| failed("a second view", error.rule()))?;
    equal("exports with two views", rig.exports(&object)?, 2)?;
    equal("where both are", one.span(), two.span())?;
    one.release();
    equal("exports with one view left", rig.exports(&object)?, 1)?;
    drop(two);
    equal("exports in the end", rig.exports(&object)?, 0)?;
    equal("references in the end", rig.references(&object)?, before)
}

/// Rule 5002.
pub fn a_slot_can_be_filled_again_after_a_failure<R: Rig>(rig: &R) -> Checked {
    let refusing = hostile(rig, Hostility::Raises(oops()))?;
    let object = writable(rig)?;
    let mut slot = Slot::new();
    let error = slot.fill(rig.handle(&refusing), Request::SIMPLE).err();
    let Some(error) = error else { return Err(Verdict::Failed("a refusal is a view".to_owned())) };
    equal("the rule that the exporter broke", error.rule(), None)?;
    drop(error);
    equal("what is pending once the error is dropped", rig.take_raised(), None)?;
    equal("exports of what refuses", rig.exports(&refusing)?, 0)?;
    for _ in 0..2 {
        let view = slot
            .fill(rig.handle(&object), Request::SIMPLE)
            .map_err(|error| failed("a view", error.rule()))?;
        equal("the length", view.span().length, 5)?;
    }
    equal("exports", rig.exports(&object)?, 0)
}

/// Rule 5003.
pub fn a_view_of_a_type_without_views_is_refused_by_name<R: Rig>(rig: &R) -> Checked {
    clean(rig);
    let object = rig.make(&Recipe::Opaque)?;
    let handle = rig.handle(&object);
    let mut slot = Slot::new();
    match slot.fill(handle, Request::SIMPLE) {
        Ok(_) => return Err(Verdict::Failed("there is a view".to_owned())),
        Err(error) => error.restore(handle),
    }
    equal("what is raised", rig.take_raised(), Some(refusal(rig, &object, Spec::ViewExporter)))
}

/// Rule 5004.
pub fn flags_of_memoryviews_are_no_request<R: Rig>(rig: &R) -> Checked {
    let object = writable(rig)?;
    let handle = rig.handle(&object);
    let refuses = handle.runtime().family() == Family::CPython313;
    for request in [Request::MEMORY_READ, Request::MEMORY_WRITE] {
        let mut slot = Slot::new();
        let rule = slot.fill(handle, request).err().and_then(|error| error.rule());
        equal(format!("{request:?}"), rule, refuses.then_some(Spec::MemoryFlag))?;
        clean(rig);
    }
    Ok(())
}

/// Rule 5005.
pub fn what_lies_apart_is_not_read_as_bytes<R: Rig>(rig: &R) -> Checked {
    clean(rig);
    let object = rig.make(&Recipe::EverySecond(b"h-e-l-l-o"))?;
    let handle = rig.handle(&object);
    let mut slot = Slot::new();
    holds("a simple request is granted", slot.fill(handle, Request::SIMPLE).is_err())?;
    clean(rig);
    let view = slot.fill(handle, Request::STRIDES).map_err(|error| failed("a strided view", error.rule()))?;
    equal("reading it as bytes", view.shared().map(|shared| shared.len()).err(), Some(Spec::Contiguous))?;
    equal("writing it as bytes", view.shared_mut().map(|shared| shared.len()).err(), Some(Spec::Contiguous))?;
    equal("a slice of it", view.frozen(), None)?;
    let layout = view.held().layout().map_err(|error| Verdict::Failed(error.to_string()))?;
    equal("its items, and the last one's offset", (layout.items(), layout.offset(&[4])), (5, Ok(8)))
}

/// Rule 5006.
pub fn what_lies_behind_pointers_is_found<R: Rig>(rig: &R) -> Checked {
    clean(rig);
    let object = rig.make(&Recipe::Indirect(&[b"abc", b"def"]))?;
    let handle = rig.handle(&object);
    let mut slot = Slot::new();
    holds("a strided request is granted", slot.fill(handle, Request::STRIDES).is_err())?;
    clean(rig);
    let view =
        slot.fill(handle, Request::FULL_RO).map_err(|error| failed("an indirect view", error.rule()))?;
    let layout = view.held().layout().map_err(|error| Verdict::Failed(error.to_string()))?;
    // SAFETY: the view has this layout, and is held.
    let item = unsafe { layout.pointer(view.span().pointer.cast(), &[1, 2]) };
    let item = item.map_err(|error| Verdict::Failed(error.to_string()))?;
    // SAFETY: there is an item of one byte.
    equal("the item in row 1, column 2", unsafe { item.read() }, b'f')
}

/// Rule 5007.
pub fn a_read_only_view_is_not_written_to<R: Rig>(rig: &R) -> Checked {
    clean(rig);
    let object = rig.make(&Recipe::ReadOnly(HELLO))?;
    let mut slot = Slot::new();
    let handle = rig.handle(&object);
    let view = slot.fill(handle, Request::SIMPLE).map_err(|error| failed("a view", error.rule()))?;
    equal("writing", view.shared_mut().map(|shared| shared.len()).err(), Some(Spec::ReadOnlyView))?;
    drop(view);

    let object = writable(rig)?;
    let mut slot = Slot::new();
    let handle = rig.handle(&object);
    let view = slot.fill(handle, Request::WRITABLE).map_err(|error| failed("a view", error.rule()))?;
    let shared = view.shared_mut().map_err(|rule| failed("writing", Some(rule)))?;
    shared.copy_from_slice(b"HE");
    let seen: Vec<u8> = shared.as_shared().iter().collect();
    equal("what was written", seen.as_slice(), b"HEllo")
}

/// Rule 5008.
pub fn nonsense_is_not_read<R: Rig>(rig: &R) -> Checked {
    for (hostility, rule) in
        [(Hostility::NegativeLength, Spec::NegativeLength), (Hostility::NoMemory, Spec::NullMemory)]
    {
        let object = hostile(rig, hostility.clone())?;
        let mut slot = Slot::new();
        let handle = rig.handle(&object);
        let view = slot.fill(handle, Request::SIMPLE).map_err(|error| failed("a view", error.rule()))?;
        equal(format!("reading {hostility:?}"), view.shared().map(|shared| shared.len()).err(), Some(rule))?;
    }
    Ok(())
}

/// Rule 5009.
pub fn only_what_never_changes_is_frozen<R: Rig>(rig: &R) -> Checked {
    clean(rig);
    for (recipe, frozen) in [
        (Recipe::Frozen(HELLO), Some(HELLO)),
        (Recipe::Writable(HELLO), None),
        (Recipe::ReadOnly(HELLO), None),
    ] {
        let object = rig.make(&recipe)?;
        let mut slot = Slot::new();
        let handle = rig.handle(&object);
        let view = slot.fill(handle, Request::SIMPLE).map_err(|error| failed("a view", error.rule()))?;
        equal(format!("a slice of {recipe:?}"), view.frozen(), frozen)?;
    }
    Ok(())
}

/// Rule 6001.
pub fn a_scope_holds_until_it_ends<R: Rig>(rig: &R) -> Checked {
    let object = writable(rig)?;
    let handle = rig.handle(&object);
    let mut slots = [const { Slot::new() }; 3];
    let scope = Scope::new(handle.runtime(), &mut slots);
    for (number, access) in Access::ALL.into_iter().enumerate() {
        let held = scope.locate(handle, access).map_err(|error| failed("a function", error.rule()))?;
        equal("the length", held.span().length, 5)?;
        equal("exports", rig.exports(&object)?, number + 1)?;
    }
    equal("room", scope.room(), 0)?;
    drop(scope);
    equal("exports in the end", rig.exports(&object)?, 0)
}

/// Rule 6002.
pub fn a_scope_releases_the_last_first<R: Rig>(rig: &R) -> Checked {
    let objects = [writable(rig)?, writable(rig)?, writable(rig)?];
    let among: Vec<&R::Owned> = objects.iter().collect();
    rig.released(&among)?;
    let mut slots = [const { Slot::new() }; 3];
    let scope = Scope::new(rig.handle(&objects[0]).runtime(), &mut slots);
    for object in &objects {
        scope.locate(rig.handle(object), Access::Read).map_err(|error| failed("a function", error.rule()))?;
    }
    equal("releases before the end", rig.released(&among)?, vec![])?;
    drop(scope);
    equal("releases", rig.released(&among)?, vec![2, 1, 0])
}

/// Rule 6003.
pub fn a_full_scope_refuses<R: Rig>(rig: &R) -> Checked {
    let object = writable(rig)?;
    let handle = rig.handle(&object);
    let mut slots = [const { Slot::new() }; 1];
    let scope = Scope::new(handle.runtime(), &mut slots);
    scope.acquire(handle, Request::SIMPLE).map_err(|error| failed("a view", error.rule()))?;
    let second = scope.acquire(handle, Request::SIMPLE).err().and_then(|error| error.rule());
    equal("the second view", second, Some(Spec::ScopeFull))?;
    let third = scope.locate(handle, Access::Read).err().and_then(|error| error.rule());
    equal("the third view", third, Some(Spec::ScopeFull))?;
    equal("exports", rig.exports(&object)?, 1)
}

/// Rule 6004.
pub fn a_failure_takes_no_room<R: Rig>(rig: &R) -> Checked {
    let refusing = hostile(rig, Hostility::Raises(oops()))?;
    let object = writable(rig)?;
    let mut slots = [const { Slot::new() }; 1];
    let scope = Scope::new(rig.handle(&object).runtime(), &mut slots);
    holds("a refusal is a view", scope.locate(rig.handle(&refusing), Access::Read).is_err())?;
    clean(rig);
    equal("room after a failure", scope.room(), 1)?;
    holds("there is no room", scope.locate(rig.handle(&object), Access::Read).is_ok())?;
    drop(scope);
    equal("exports of what refuses", rig.exports(&refusing)?, 0)?;
    equal("exports", rig.exports(&object)?, 0)
}

/// Rule 6005.
pub fn a_scope_fails_as_the_functions_do<R: Rig>(rig: &R) -> Checked {
    clean(rig);
    for recipe in [Recipe::Opaque, Recipe::Frozen(HELLO), Recipe::Hostile(Hostility::Raises(oops()))] {
        let object = rig.make(&recipe)?;
        let handle = rig.handle(&object);
        for access in Access::ALL {
            let mut slots = [const { Slot::new() }; 1];
            let scope = Scope::new(handle.runtime(), &mut slots);
            let answer = match scope.locate(handle, access) {
                Ok(held) => Some(held.span()),
                Err(error) => {
                    error.restore(handle);
                    None
                }
            };
            let seen = (answer, rig.take_raised());
            drop(scope);
            equal(format!("{access:?} of {recipe:?}"), seen, call(rig, &object, access))?;
        }
    }
    Ok(())
}

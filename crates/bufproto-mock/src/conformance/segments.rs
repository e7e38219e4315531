//! The rules of the 2.x dialect.

use bufproto_core::legacy::{Dialect, Python2};
use bufproto_core::request::Access;
use bufproto_core::rules::Rule as Spec;
use bufproto_core::runtime::{Object, Runtime, Segmented};
use bufproto_core::segments::{self, GatherError};
use bufproto_core::span::Span;

use crate::conformance::rig::{equal, holds};
use crate::conformance::{HandleOf, Recipe, Rule, SegmentedRig, Slots, Verdict};
use crate::interpreter::Raised;

type Checked = Result<(), Verdict>;

#[doc(hidden)]
#[macro_export]
macro_rules! __segment_rules {
    ($callback:ident, $($context:tt)*) => {
        $crate::$callback! { $($context)*;
            2001 one_segment_is_located
                "an object of one segment gives its pointer and length" "CPython 2.7, recorded";
            2002 a_missing_slot_is_refused
                "each function refuses a type without its slot, or without a counter, in its own words" "CPython 2.7, recorded";
            2003 several_segments_are_refused
                "an object of no segment or of several is refused, and no slot for memory is called" "CPython 2.7, recorded";
            2004 the_counter_is_asked_first
                "the counter is called once, then the slot for memory once" "CPython 2.7, recorded";
            2005 the_slots_exception_is_kept
                "what a slot for memory raises is kept, for writing too" "CPython 2.7, recorded";
            2006 what_the_counter_raises_does_not_matter
                "with a count of one, a counter that raises makes no difference, and what it raised stays" "CPython 2.7, recorded";
            2007 check_counts_and_does_not_read
                "CheckReadBuffer answers yes for one segment, and never calls the slot for reading" "CPython 2.7, recorded";
            2008 segments_are_read_one_by_one
                "several segments can be iterated over and gathered" "bufproto, segments";
        }
    };
}

/// The rules, for a rig of this type.
pub fn rules<R: SegmentedRig>() -> Vec<Rule<R>>
where
    for<'a> HandleOf<'a, R>: Segmented,
{
    crate::__segment_rules! { __rule_table, R }
}

const ONE: &[&[u8]] = &[b"hello"];
const THREE: &[&[u8]] = &[b"he", b"", b"llo"];

fn call<R: SegmentedRig>(rig: &R, object: &R::Owned, access: Access) -> (Option<Span>, Option<Raised>)
where
    for<'a> HandleOf<'a, R>: Segmented,
{
    let handle = rig.handle(object);
    let answer = match Python2::locate(handle, access) {
        Ok(span) => Some(span),
        Err(error) => {
            error.restore(handle);
            None
        }
    };
    (answer, rig.take_raised())
}

fn refusal<R: SegmentedRig>(rig: &R, object: &R::Owned, rule: Spec) -> Raised
where
    for<'a> HandleOf<'a, R>: Segmented,
{
    let refusal = rule.refusal(rig.handle(object).runtime().family());
    let message = refusal.message.with_type_name(&rig.type_name(object)).to_string();
    Raised::new(refusal.exception.name(), message)
}

fn missing(access: Access) -> Spec {
    match access {
        Access::Char => Spec::CharSlots,
        Access::Read => Spec::ReadSlots,
        Access::Write => Spec::WriteSlots,
    }
}

/// Rule 2001.
pub fn one_segment_is_located<R: SegmentedRig>(rig: &R) -> Checked
where
    for<'a> HandleOf<'a, R>: Segmented,
{
    rig.take_raised();
    let object = rig.make(&Recipe::Segments(ONE, Slots::All))?;
    for access in Access::ALL {
        let (answer, raised) = call(rig, &object, access);
        equal(format!("{access:?}"), (answer.map(|span| span.length), raised), (Some(5), None))?;
        let content = answer.and_then(Span::checked).map(|(pointer, length)| {
            // SAFETY: the segment's memory belongs to the object, which is alive and does not move.
            unsafe { std::slice::from_raw_parts(pointer, length) }.to_vec()
        });
        equal("the content", content.as_deref(), Some(ONE[0]))?;
    }
    Ok(())
}

/// Rule 2002.
pub fn a_missing_slot_is_refused<R: SegmentedRig>(rig: &R) -> Checked
where
    for<'a> HandleOf<'a, R>: Segmented,
{
    rig.take_raised();
    let cases: [(Slots, &[Access]); 3] = [
        (Slots::ReadOnly, &[Access::Write]),
        (Slots::CharOnly, &[Access::Read, Access::Write]),
        (Slots::WithoutCounter, &Access::ALL),
    ];
    for (slots, refused) in cases {
        let object = rig.make(&Recipe::Segments(ONE, slots))?;
        for access in Access::ALL {
            let (answer, raised) = call(rig, &object, access);
            if refused.contains(&access) {
                let expected = refusal(rig, &object, missing(access));
                equal(format!("{access:?} of {slots:?}"), (answer, raised), (None, Some(expected)))?;
            } else {
                holds(format!("{access:?} of {slots:?} is refused: {raised:?}"), answer.is_some())?;
            }
        }
        let reads = !refused.contains(&Access::Read);
        equal("CheckReadBuffer", Python2::check_read_buffer(rig.handle(&object)), reads)?;
    }
    Ok(())
}

/// Rule 2003.
pub fn several_segments_are_refused<R: SegmentedRig>(rig: &R) -> Checked
where
    for<'a> HandleOf<'a, R>: Segmented,
{
    rig.take_raised();
    for segments in [&[][..], THREE] {
        let object = rig.make(&Recipe::Segments(segments, Slots::All))?;
        let expected = refusal(rig, &object, Spec::SingleSegment);
        rig.slot_calls()?;
        for access in Access::ALL {
            let answer = call(rig, &object, access);
            equal(
                format!("{access:?} of {} segments", segments.len()),
                answer,
                (None, Some(expected.clone())),
            )?;
        }
        equal("calls of the counter, and of slots for memory", rig.slot_calls()?, (3, 0))?;
        holds("CheckReadBuffer answers yes", !Python2::check_read_buffer(rig.handle(&object)))?;
    }
    Ok(())
}

/// Rule 2004.
pub fn the_counter_is_asked_first<R: SegmentedRig>(rig: &R) -> Checked
where
    for<'a> HandleOf<'a, R>: Segmented,
{
    rig.take_raised();
    let object = rig.make(&Recipe::Segments(ONE, Slots::All))?;
    for access in Access::ALL {
        rig.slot_calls()?;
        call(rig, &object, access);
        equal("calls of the counter, and of slots for memory", rig.slot_calls()?, (1, 1))?;
    }
    Ok(())
}

/// Rule 2005.
pub fn the_slots_exception_is_kept<R: SegmentedRig>(rig: &R) -> Checked
where
    for<'a> HandleOf<'a, R>: Segmented,
{
    rig.take_raised();
    let object = rig.make(&Recipe::Segments(ONE, Slots::MemoryRaises))?;
    for access in Access::ALL {
        let expected = Raised::new("ValueError", "no segment");
        equal(format!("{access:?}"), call(rig, &object, access), (None, Some(expected)))?;
    }
    Ok(())
}

/// Rule 2006.
pub fn what_the_counter_raises_does_not_matter<R: SegmentedRig>(rig: &R) -> Checked
where
    for<'a> HandleOf<'a, R>: Segmented,
{
    rig.take_raised();
    let raised = Raised::new("ValueError", "no count");
    let object = rig.make(&Recipe::Segments(ONE, Slots::CounterRaises))?;
    let (answer, pending) = call(rig, &object, Access::Read);
    equal("one segment", (answer.map(|span| span.length), pending), (Some(5), Some(raised)))?;
    let several = rig.make(&Recipe::Segments(THREE, Slots::CounterRaises))?;
    let expected = refusal(rig, &several, Spec::SingleSegment);
    equal("several segments", call(rig, &several, Access::Read), (None, Some(expected)))
}

/// Rule 2007.
pub fn check_counts_and_does_not_read<R: SegmentedRig>(rig: &R) -> Checked
where
    for<'a> HandleOf<'a, R>: Segmented,
{
    rig.take_raised();
    for slots in [Slots::All, Slots::MemoryRaises] {
        let object = rig.make(&Recipe::Segments(ONE, slots))?;
        rig.slot_calls()?;
        holds("CheckReadBuffer answers no", Python2::check_read_buffer(rig.handle(&object)))?;
        equal("calls of the counter, and of slots for memory", rig.slot_calls()?, (1, 0))?;
        equal("what is pending", rig.take_raised(), None)?;
    }
    Ok(())
}

/// Rule 2008.
pub fn segments_are_read_one_by_one<R: SegmentedRig>(rig: &R) -> Checked
where
    for<'a> HandleOf<'a, R>: Segmented,
{
    rig.take_raised();
    let object = rig.make(&Recipe::Segments(THREE, Slots::All))?;
    let Some(witness) = rig.handle(&object).segments(Access::Read) else {
        return Err(Verdict::Failed("the object has no slot for reading".to_owned()));
    };
    let lengths: Vec<Option<isize>> =
        segments::iter(witness).map(|segment| segment.ok().map(|span| span.length)).collect();
    equal("the lengths", lengths, vec![Some(2), Some(0), Some(3)])?;
    let mut all = [0; 5];
    // SAFETY: the segments are memory of an object that is alive and that nobody writes to.
    let length = unsafe { segments::gather(witness, &mut all) };
    equal("what is gathered", (length.ok(), &all[..]), (Some(5), &b"hello"[..]))?;
    let mut few = [0; 4];
    // SAFETY: as above.
    let refused = unsafe { segments::gather(witness, &mut few) };
    let refused = matches!(refused, Err(GatherError::TooLong { index: 2, needed: 3, room: 2 }));
    holds("what does not fit is not refused where it ends", refused)
}

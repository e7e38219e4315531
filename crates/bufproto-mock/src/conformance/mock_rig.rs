//! The mock, checked by its own kit.

use std::ffi::CString;

use bufproto_core::rules::Family;

use crate::conformance::{Declined, Hostility, Recipe, Rig, SegmentedRig, Slots};
use crate::fault::{Answer, Fault};
use crate::interpreter::{Interpreter, Raised};
use crate::ledger::Call;
use crate::object::{Handle, Object, OldSlots, Strided};

/// The mock's rig.
#[derive(Debug)]
pub struct MockRig(Interpreter);

impl MockRig {
    /// A rig with an interpreter of this family.
    #[must_use]
    pub fn new(family: Family) -> Self {
        Self(Interpreter::new(family))
    }
}

impl Rig for MockRig {
    type Owned = Object;
    type Handle<'a> = Handle<'a>;

    fn make(&self, recipe: &Recipe) -> Result<Object, Declined> {
        Ok(match recipe {
            Recipe::Frozen(content) => Object::bytes(content),
            Recipe::Writable(content) => Object::bytearray(content),
            Recipe::ReadOnly(content) => Object::read_only(content),
            Recipe::EverySecond(memory) => Object::strided(&Strided {
                memory,
                offset: 0,
                item_size: 1,
                format: CString::from(c"B"),
                shape: &[memory.len().div_ceil(2).cast_signed()],
                strides: &[2],
                read_only: false,
            })
            .map_err(|error| Declined::because(error.to_string()))?,
            Recipe::Indirect(rows) => Object::indirect(rows),
            Recipe::Opaque => Object::opaque(),
            Recipe::Hostile(hostility) => hostile(hostility),
            Recipe::Segments(segments, slots) => Object::segmented(old_slots(segments, *slots)),
        })
    }

    fn handle<'a>(&'a self, object: &'a Object) -> Handle<'a> {
        object.attach(&self.0)
    }

    fn type_name(&self, object: &Object) -> String {
        object.type_name().to_owned()
    }

    fn exports(&self, object: &Object) -> Result<usize, Declined> {
        Ok(object.exports())
    }

    fn references(&self, object: &Object) -> Result<usize, Declined> {
        Ok(object.references())
    }

    fn raise(&self, raised: &Raised) {
        self.0.raise(raised.clone());
    }

    fn take_raised(&self) -> Option<Raised> {
        self.0.take_raised()
    }

    fn released(&self, among: &[&Object]) -> Result<Vec<usize>, Declined> {
        let events = self.0.ledger().events();
        self.0.ledger().clear();
        let released = events.iter().filter(|event| event.call == Call::Release);
        Ok(released
            .filter_map(|event| among.iter().position(|object| object.name() == event.object))
            .collect())
    }
}

impl SegmentedRig for MockRig {
    fn slot_calls(&self) -> Result<(usize, usize), Declined> {
        let calls = self.0.ledger().calls();
        self.0.ledger().clear();
        let count = |wanted: fn(&Call) -> bool| calls.iter().filter(|call| wanted(call)).count();
        Ok((
            count(|call| matches!(call, Call::CountSegments)),
            count(|call| matches!(call, Call::GetSegment(..))),
        ))
    }
}

fn hostile(hostility: &Hostility) -> Object {
    let evil = Answer::new(b"evil");
    match hostility {
        Hostility::Raises(raised) => Object::refusing(Fault::Fail(Some(raised.clone()))),
        Hostility::RefusesSilently => Object::refusing(Fault::Fail(None)),
        Hostility::Returns(number, raised) => Object::refusing(Fault::Irregular(*number, raised.clone())),
        Hostility::SucceedsRaising(raised) => Object::scripted(evil.raising(raised.clone())),
        Hostility::NegativeLength => Object::scripted(Answer::negative(b"evil", -1)),
        Hostility::NoMemory => Object::scripted(Answer::null(5)),
        Hostility::ReadOnlyForAll => Object::scripted(evil.read_only()),
        // SAFETY: the recipe says that nobody reads it.
        Hostility::TooLongForAnInt => Object::scripted(unsafe { Answer::claiming(b"evil", 1 << 31) }),
    }
}

fn old_slots(segments: &[&[u8]], slots: Slots) -> OldSlots {
    let all = OldSlots::of(segments, false);
    match slots {
        Slots::All => all,
        Slots::ReadOnly => OldSlots { write: None, ..all },
        Slots::CharOnly => OldSlots { read: None, write: None, ..all },
        Slots::WithoutCounter => OldSlots { count: None, ..all },
        Slots::CounterRaises => OldSlots {
            count: all
                .count
                .map(|(count, total, _)| (count, total, Some(Raised::new("ValueError", "no count")))),
            ..all
        },
        Slots::MemoryRaises => {
            let failing =
                Some(vec![Answer::negative(b"", -1).raising(Raised::new("ValueError", "no segment"))]);
            OldSlots { char: failing.clone(), read: failing.clone(), write: failing, count: all.count }
        }
    }
}

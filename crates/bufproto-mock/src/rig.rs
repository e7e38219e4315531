//! The mock as a backend of the conformance kit.

use std::ffi::CString;

use bufproto_core::request::Access;
use bufproto_core::rules::Family;
use bufproto_core::runtime::Runtime as _;

use crate::conformance::recipe::{Claim, GetReturns, Memory, Mutability, Recipe, Slots, Views};
use crate::conformance::rig::{Call, Declined, Event, Rig, SegmentedRig};
use crate::fault::{Answer, Fault};
use crate::interpreter::{Attached, Interpreter, Raised};
use crate::ledger;
use crate::object::{Handle, Object, OldSlots, Strided};

/// The mock as a backend of the [conformance kit](crate::conformance).
///
/// ```
/// use bufproto_core::rules::Family;
/// use bufproto_mock::MockRig;
/// use bufproto_mock::conformance::kit;
///
/// let report = kit::run_segments(&MockRig::new(Family::CPython2));
/// assert_eq!(report.failed(), [0; 0], "{report}");
/// ```
#[derive(Debug)]
pub struct MockRig {
    interpreter: Interpreter,
}

impl MockRig {
    /// A rig whose interpreter is of a family.
    ///
    /// ```
    /// use bufproto_core::rules::Family;
    /// use bufproto_core::runtime::Runtime;
    /// use bufproto_mock::MockRig;
    /// use bufproto_mock::conformance::Rig;
    ///
    /// assert_eq!(MockRig::new(Family::PyPy3).runtime().family(), Family::PyPy3);
    /// ```
    #[must_use]
    pub fn new(family: Family) -> Self {
        Self { interpreter: Interpreter::new(family) }
    }

    /// The interpreter that its objects belong to.
    ///
    /// ```
    /// use bufproto_mock::conformance::Rig;
    /// use bufproto_mock::{MockRig, Raised};
    ///
    /// let rig = MockRig::new(bufproto_core::rules::Family::CPython3);
    /// rig.raise(&Raised::new("ValueError", "no"));
    /// assert_eq!(rig.interpreter().take_raised().unwrap().message, "no");
    /// ```
    #[must_use]
    pub fn interpreter(&self) -> &Interpreter {
        &self.interpreter
    }
}

/// The object that a recipe's `bf_getbuffer` is of.
fn exporter(views: &Views) -> Result<Object, Declined> {
    let memory = match views {
        Views::Absent => return Ok(Object::opaque()),
        Views::Script(script) => {
            let claim = script.answer.fills.as_ref().map(|fill| &fill.memory);
            if matches!(claim, Some(Claim::Negative(_, 0..))) {
                return Err(Declined::because("a length is called negative that is not"));
            }
            return Ok(Object::follows(script.clone()));
        }
        Views::Memory(memory) => memory,
    };
    let object = match memory {
        Memory { layout: Some(layout), bytes, mutability, .. } if layout.indirect => {
            let rows = usize::try_from(layout.shape[0]).unwrap_or(0).max(1);
            let rows: Vec<&[u8]> = bytes.chunks(bytes.len().div_ceil(rows).max(1)).collect();
            if *mutability != Mutability::Writable {
                return Err(Declined::because("the mock's memory behind pointers is writable"));
            }
            Object::indirect(&rows)
        }
        Memory { layout: Some(layout), bytes, mutability, .. } => {
            let declined = |what: &str| Declined::because(format!("the {what} is out of range"));
            Object::strided(&Strided {
                memory: bytes,
                offset: usize::try_from(layout.offset).map_err(|_| declined("offset"))?,
                item_size: usize::try_from(layout.itemsize).map_err(|_| declined("item size"))?,
                format: CString::new(layout.format.as_str()).map_err(|_| declined("format"))?,
                shape: &layout.shape,
                strides: &layout.strides,
                read_only: *mutability != Mutability::Writable,
            })
            .map_err(|error| Declined::because(error.to_string()))?
        }
        Memory { bytes, mutability, .. } => match mutability {
            Mutability::Frozen => Object::bytes(bytes),
            Mutability::ReadOnly => Object::read_only(bytes),
            Mutability::Writable => Object::bytearray(bytes),
            Mutability::Coordinated => Object::buffer(bytes),
        },
    };
    if memory.moves {
        object.move_on_release();
    }
    Ok(object)
}

/// What the old slots of a recipe answer.
fn old_slots(slots: &Slots) -> OldSlots {
    let total = slots.segments.iter().map(Vec::len).sum::<usize>().cast_signed();
    let count = slots.count.as_ref().map(|count| {
        let number = count.returns.unwrap_or(slots.segments.len().cast_signed());
        (number, total, count.raises.clone())
    });
    let [char, read, write] = Access::ALL.map(|access| {
        let get = slots.get(access)?;
        let answers = match &get.returns {
            GetReturns::Segment => slots.segments.iter().map(|segment| Answer::new(segment)).collect(),
            GetReturns::Bytes(bytes) => vec![Answer::new(bytes)],
            GetReturns::Failure(length) | GetReturns::Null(length) => vec![Answer::null(*length)],
        };
        let raising = |answer: Answer| match &get.raises {
            Some(raised) => answer.raising(raised.clone()),
            None => answer,
        };
        Some(answers.into_iter().map(raising).collect())
    });
    OldSlots { count, char, read, write }
}

impl Rig for MockRig {
    type Owned = Object;
    type Runtime<'a> = Attached<'a>;
    type Handle<'a> = Handle<'a>;

    fn runtime(&self) -> Attached<'_> {
        self.interpreter.attach()
    }

    fn make(&self, recipe: &Recipe) -> Result<Object, Declined> {
        let slots = recipe.slots.as_ref().map(old_slots).unwrap_or_default();
        let object = exporter(&recipe.views)?.with_old_slots(slots);
        // Types are named after the object, so that the ledger tells them apart.
        Ok(object.named(recipe.type_name.as_ref().unwrap_or(&recipe.label)))
    }

    fn handle<'a>(&'a self, object: &'a Object) -> Handle<'a> {
        object.attach(&self.interpreter)
    }

    fn type_name(&self, object: &Object) -> String {
        object.type_name().to_owned()
    }

    fn raise(&self, raised: &Raised) {
        self.interpreter.raise(raised.clone());
    }

    fn take_raised(&self) -> Option<Raised> {
        self.interpreter.take_raised()
    }

    fn exports(&self, object: &Object) -> Result<usize, Declined> {
        Ok(object.exports())
    }

    fn references(&self, object: &Object) -> Result<usize, Declined> {
        Ok(object.references())
    }

    fn is_transcribed(&self, _: &Object) -> bool {
        true
    }

    fn take_transcript(&self) -> Vec<Event> {
        let events = self.interpreter.ledger().events();
        let transcript = events.into_iter().filter_map(|event| {
            let call = match event.call {
                ledger::Call::Export(request) => Call::Export(request.bits()),
                ledger::Call::ExportStable(request) => Call::ExportStable(request.bits()),
                ledger::Call::Release | ledger::Call::ReleaseTooMany => Call::Release,
                ledger::Call::CountSegments => Call::Count,
                ledger::Call::TotalSegments => Call::CountAndTotal,
                ledger::Call::GetSegment(access, index) => Call::Get(access, index),
                ledger::Call::Granted => return None,
            };
            let name = event.object.rsplit_once(" #").map_or(event.object.as_str(), |(name, _)| name);
            Some(Event { object: name.to_owned(), call })
        });
        let transcript = transcript.collect();
        self.interpreter.ledger().clear();
        transcript
    }

    fn resize(&self, object: &Object, bytes: usize) -> Result<bool, Declined> {
        Ok(object.resize(&self.interpreter, bytes).map_err(|raised| self.interpreter.raise(raised)).is_ok())
    }

    fn write(&self, object: &Object, offset: usize, byte: u8) -> Result<bool, Declined> {
        let written = object.write(&self.interpreter, offset, &[byte]);
        Ok(written.map_err(|raised| self.interpreter.raise(raised)).is_ok())
    }

    fn sharing(&self, object: &Object) -> Result<Object, Declined> {
        object.slice(1..4).ok_or_else(|| Declined::because("only a buffer has slices"))
    }

    fn reentering(
        &self,
        object: &Object,
        callback: &dyn Fn(),
        body: &mut dyn FnMut(),
    ) -> Result<(), Declined> {
        object.while_exporting(callback, body);
        Ok(())
    }

    fn fail_next(&self, object: &Object, raised: Option<&Raised>) -> Result<(), Declined> {
        object.on_next_export(Fault::Fail(raised.cloned()));
        Ok(())
    }

    fn declines(&self, rule: u16) -> bool {
        // PyPy does something else.
        rule == 1307 && matches!(self.runtime().family(), Family::PyPy2 | Family::PyPy3)
    }
}

impl SegmentedRig for MockRig {
    type Segmented<'a> = Handle<'a>;

    fn segmented<'a>(&'a self, object: &'a Object) -> Handle<'a> {
        object.attach(&self.interpreter)
    }
}

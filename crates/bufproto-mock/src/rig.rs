//! The mock as a backend of the conformance kit.

use bufproto_core::rules::Family;

use crate::conformance::recipe::{Raised, Recipe};
use crate::conformance::rig::{Declined, Event, Rig, SegmentedRig};
use crate::interpreter::{Attached, Interpreter};
use crate::object::{Handle, Owned};

/// The mock as a backend.
#[derive(Clone, Debug)]
pub struct MockRig {
    /// The interpreter that makes the objects.
    pub interpreter: Interpreter,
}

impl MockRig {
    /// A rig whose interpreter is of a family.
    #[must_use]
    pub fn new(family: Family) -> Self {
        Self { interpreter: Interpreter::new(family) }
    }
}

impl Rig for MockRig {
    type Owned = Owned;
    type Runtime<'a> = Attached<'a>;
    type Handle<'a> = Handle<'a, 'a>;

    fn runtime(&self) -> Attached<'_> {
        self.interpreter.attached()
    }

    fn make(&self, recipe: &Recipe) -> Result<Owned, Declined> {
        self.interpreter.make(recipe).map_err(|error| Declined::because(error.to_string()))
    }

    fn handle<'a>(&'a self, object: &'a Owned) -> Handle<'a, 'a> {
        self.interpreter.handle(object)
    }

    fn type_name(&self, object: &Owned) -> String {
        object.type_name().to_owned()
    }

    fn raise(&self, raised: &Raised) {
        self.interpreter.raise(raised.clone());
    }

    fn take_raised(&self) -> Option<Raised> {
        self.interpreter.take_raised()
    }

    fn exports(&self, object: &Owned) -> Result<usize, Declined> {
        Ok(object.exports())
    }

    fn references(&self, object: &Owned) -> Result<usize, Declined> {
        Ok(object.references())
    }

    fn is_transcribed(&self, _: &Owned) -> bool {
        true
    }

    fn take_transcript(&self) -> Vec<Event> {
        self.interpreter.take_transcript()
    }

    fn declines(&self, rule: u16) -> bool {
        // PyPy does something else.
        rule == 1307 && matches!(self.interpreter.family(), Family::PyPy2 | Family::PyPy3)
    }

    fn resize(&self, object: &Owned, bytes: usize) -> Result<bool, Declined> {
        Ok(object.resize(bytes).map_err(|raised| self.interpreter.raise(raised)).is_ok())
    }

    fn reentering(
        &self,
        object: &Owned,
        callback: &dyn Fn(),
        body: &mut dyn FnMut(),
    ) -> Result<(), Declined> {
        object.while_exporting(callback, body);
        Ok(())
    }
}

impl SegmentedRig for MockRig {
    type Segmented<'a> = Handle<'a, 'a>;

    fn segmented<'a>(&'a self, object: &'a Owned) -> Handle<'a, 'a> {
        self.interpreter.handle(object)
    }
}

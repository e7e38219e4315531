//! What a backend supplies.

use std::fmt::{Debug, Display};

use bufproto_core::runtime::{Exporter, Object, Segmented};

use crate::conformance::Recipe;
use crate::interpreter::Raised;

/// A backend, as the kit sees it.
pub trait Rig {
    /// An object, owned.
    type Owned;
    /// The handle by which the backend's objects meet core.
    type Handle<'a>: Exporter
    where
        Self: 'a;

    /// Makes an object.
    ///
    /// # Errors
    ///
    /// [`Declined`], with the reason, if the backend has no such object. The rules that need it are then
    /// declined.
    fn make(&self, recipe: &Recipe) -> Result<Self::Owned, Declined>;

    /// The handle of an object.
    fn handle<'a>(&'a self, object: &'a Self::Owned) -> Self::Handle<'a>;

    /// The name of the object's type, as errors show it.
    fn type_name(&self, object: &Self::Owned) -> String;

    /// How many views of the object are out.
    ///
    /// # Errors
    ///
    /// [`Declined`] if the backend does not know.
    fn exports(&self, object: &Self::Owned) -> Result<usize, Declined>;

    /// How many references to the object there are.
    ///
    /// # Errors
    ///
    /// [`Declined`] if the backend does not know.
    fn references(&self, object: &Self::Owned) -> Result<usize, Declined>;

    /// Raises an exception, in place of any that is pending. Its type is a built-in one.
    fn raise(&self, raised: &Raised);

    /// The pending exception, which is then pending no more.
    fn take_raised(&self) -> Option<Raised>;

    /// The objects that were asked to release a view since this was last called, in order: by the position of
    /// the object in `among`.
    ///
    /// # Errors
    ///
    /// [`Declined`] if the backend does not know.
    fn released(&self, among: &[&Self::Owned]) -> Result<Vec<usize>, Declined>;
}

/// A rig whose objects fill the old slots.
pub trait SegmentedRig: Rig
where
    for<'a> Self::Handle<'a>: Segmented,
{
    /// How often each slot was called since this was last asked: the segment counter, and the slots for
    /// memory.
    ///
    /// # Errors
    ///
    /// [`Declined`] if the backend does not know.
    fn slot_calls(&self) -> Result<(usize, usize), Declined>;
}

/// The handle of a rig's objects.
pub type HandleOf<'a, R> = <R as Rig>::Handle<'a>;

/// The interpreter of a rig's objects.
pub type RuntimeOf<'a, R> = <HandleOf<'a, R> as Object>::Runtime;

/// Why a backend cannot be checked for a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Declined(pub String);

impl Declined {
    /// With this reason.
    pub fn because(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// Why a rule did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The backend has not what the rule is about.
    Declined(String),
    /// The backend breaks the rule.
    Failed(String),
}

impl From<Declined> for Verdict {
    fn from(declined: Declined) -> Self {
        Self::Declined(declined.0)
    }
}

/// Passes if both are equal.
pub(crate) fn equal<T: PartialEq + Debug>(what: impl Display, found: T, expected: T) -> Result<(), Verdict> {
    if found == expected {
        Ok(())
    } else {
        Err(Verdict::Failed(format!("{what} is {found:?}, and must be {expected:?}")))
    }
}

/// Passes if it holds.
pub(crate) fn holds(what: impl Display, condition: bool) -> Result<(), Verdict> {
    if condition { Ok(()) } else { Err(Verdict::Failed(what.to_string())) }
}

//! A reference model: what must come of a sequence of operations on objects, whatever the backend.
//!
//! [`check`] makes objects of recipes, does what the [operations](Operation) say through a backend's [`Rig`], and compares
//! each step with what a simple model of the objects says. The model knows no views, slots and scopes, only which calls an
//! exporter received and how many answers are out; it is brute force where core is clever. What it finds different is a
//! [`Violation`] of one of the [laws](Law).
//!
//! ```
//! use bufproto_core::request::{Access, Request};
//! use bufproto_core::rules::Family;
//! use bufproto_mock::MockRig;
//! use bufproto_mock::conformance::recipe::Recipe;
//! use bufproto_mock::model::{Operation, check};
//!
//! let objects = [Recipe::writable(b"abc"), Recipe::opaque()];
//! let operations = [
//!     Operation::View { object: 0, request: Request::SIMPLE },
//!     // Refused while there is a view.
//!     Operation::Resize { object: 0, length: 5 },
//!     Operation::Scope { room: 2, operations: vec![Operation::Keep { object: 0, access: Access::Read }] },
//!     Operation::Call { object: 1, access: Access::Write },
//! ];
//! check(&MockRig::new(Family::CPython3), &objects, &operations).unwrap();
//! ```
//!
//! With the feature `proptest`, `strategy` generates both.

use std::fmt;

use bufproto_core::request::{Access, Request};

use crate::conformance::recipe::{Raised, Recipe};
use crate::conformance::rig::{Declined, Rig};

mod subject;
mod trial;

/// What can be done with objects. Objects and views are numbered from 0; a number too large counts from the start again.
///
/// ```
/// use bufproto_core::request::Request;
/// use bufproto_core::rules::Family;
/// use bufproto_mock::MockRig;
/// use bufproto_mock::conformance::recipe::Recipe;
/// use bufproto_mock::model::{Operation, check};
///
/// let operations = [
///     Operation::Stable { object: 0, request: Request::SIMPLE },
///     // Refused, for it is being read; the model says so too.
///     Operation::OwnerWrite { object: 0, offset: 0, byte: b'j' },
///     Operation::Release { view: 0 },
///     Operation::OwnerWrite { object: 0, offset: 0, byte: b'j' },
/// ];
/// check(&MockRig::new(Family::CPython3), &[Recipe::coordinated(b"hello")], &operations).unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Calls one of the three functions that hand out memory.
    Call {
        /// The object's number.
        object: usize,
        /// The function.
        access: Access,
    },
    /// Calls `PyObject_CheckReadBuffer`.
    Check {
        /// The object's number.
        object: usize,
    },
    /// Acquires a view, and holds it outside of all scopes.
    View {
        /// The object's number.
        object: usize,
        /// What is asked for.
        request: Request,
    },
    /// Begins a stable read, and holds it outside of all scopes, among the views.
    Stable {
        /// The object's number.
        object: usize,
        /// What is asked for.
        request: Request,
    },
    /// Writes to the memory of an object that offers stable reads, as its owner.
    OwnerWrite {
        /// The object's number.
        object: usize,
        /// Where, in bytes.
        offset: usize,
        /// What is written.
        byte: u8,
    },
    /// Releases a view that is held outside of all scopes, if there is one.
    Release {
        /// The view's number, among those that are held.
        view: usize,
    },
    /// Writes to all bytes of a view that is held outside of all scopes, if it may be written to.
    Write {
        /// The view's number, among those that are held.
        view: usize,
        /// What is written.
        byte: u8,
    },
    /// Begins a scope, does something inside of it, and ends it.
    Scope {
        /// How many views it has room for.
        room: usize,
        /// What is done inside.
        operations: Vec<Operation>,
    },
    /// Calls one of the three functions in the innermost scope, which keeps the view. Nothing outside of all scopes.
    Keep {
        /// The object's number.
        object: usize,
        /// The function.
        access: Access,
    },
    /// The same, while the exporter comes back: it calls another of the functions for the same object, in the same scope.
    Reenter {
        /// The object's number.
        object: usize,
        /// The function.
        access: Access,
        /// The function that the exporter calls.
        again: Access,
    },
    /// Gives the object another number of bytes, as its owner.
    Resize {
        /// The object's number.
        object: usize,
        /// The number of bytes.
        length: usize,
    },
    /// Has the next export of the object fail, if the [rig can](Rig::fail_next).
    Fail {
        /// The object's number.
        object: usize,
        /// What it raises; `None` for a failure without an exception.
        raised: Option<Raised>,
    },
    /// Raises an exception, which is then pending, if the rig [accepts](Rig::accepts_pending) that.
    Raise(Raised),
}

/// What is true of every sequence of operations.
///
/// ```
/// use bufproto_mock::model::{Law, Violation};
///
/// let violation = Violation { law: Law::Balance, details: "one view was not given back".to_owned() };
/// assert_eq!(violation.to_string(), "Balance: one view was not given back");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Law {
    /// A function succeeds exactly where the memory is what was asked for, and states its true length.
    Answer,
    /// Every export has one release, and nobody else holds the object.
    Balance,
    /// As long as a view is held, its memory has the object's content, also after all others have been released.
    Content,
    /// Where a function fails, its outputs are untouched.
    Outputs,
    /// What an exporter raised, and what was pending before, is there afterwards, unless the function replaces it.
    Indicator,
    /// A scope ends by releasing what it holds, the last first, and has exactly that much room less while it lasts.
    Order,
    /// Memory is not resized under a view.
    Pinned,
    /// Memory is not written to under a stable read, and there is none of memory that may be written to.
    Stable,
}

/// A law that does not hold.
///
/// ```
/// use bufproto_mock::model::{Failure, Law, Violation};
///
/// let broken = Failure::from(Violation { law: Law::Pinned, details: "it moved".to_owned() });
/// assert_eq!(broken.to_string(), "Pinned: it moved");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The law.
    pub law: Law,
    /// What happened, and what should have.
    pub details: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}: {}", self.law, self.details)
    }
}

impl std::error::Error for Violation {}

/// Why a sequence of operations did not end well.
///
/// ```
/// use bufproto_core::rules::Family;
/// use bufproto_mock::MockRig;
/// use bufproto_mock::conformance::recipe::{Mutability, Recipe};
/// use bufproto_mock::model::{Failure, check};
///
/// let unknown = Recipe::indirect(&[b"abc"], Mutability::Frozen);
/// let declined = check(&MockRig::new(Family::CPython3), &[unknown], &[]).unwrap_err();
/// assert!(matches!(declined, Failure::Declined(_)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The backend cannot build one of the objects: nothing was done.
    #[error("an object cannot be made: {0}")]
    Declined(#[from] Declined),
    /// A law does not hold.
    #[error(transparent)]
    Broken(#[from] Violation),
}

/// Makes the objects, does what the operations say, releases everything, and compares each step with the model.
///
/// ```
/// use bufproto_core::request::Access;
/// use bufproto_core::rules::Family;
/// use bufproto_mock::MockRig;
/// use bufproto_mock::conformance::recipe::Recipe;
/// use bufproto_mock::model::{Operation, check};
///
/// let operations = [Operation::Call { object: 0, access: Access::Write }, Operation::Check { object: 0 }];
/// check(&MockRig::new(Family::CPython3), &[Recipe::frozen(b"hello")], &operations).unwrap();
/// ```
///
/// # Errors
///
/// [`Failure::Declined`] if the rig cannot make an object, [`Failure::Broken`] where the backend and the model differ.
/// Operations that the rig declines are left out.
pub fn check<R: Rig>(rig: &R, objects: &[Recipe], operations: &[Operation]) -> Result<(), Failure> {
    trial::run(rig, objects, operations)
}

//! Whatever is done with objects, in whatever order, the mock does what the model does; and what does not is found, and
//! made small.

use std::ffi::{c_int, c_void};

use bufproto_core::request::Access;
use bufproto_core::rules::Family;
use bufproto_mock::conformance::recipe::{self, Recipe, Views};
use bufproto_mock::conformance::rig::{Declined, Event, Rig};
use bufproto_mock::model::{Failure, Law, Operation, check};
use bufproto_mock::{Attached, Handle, MockRig, Object, Raised, strategy};
use proptest::prelude::*;
use proptest::test_runner::{TestError, TestRunner};

/// Miri looks at every access, and takes a thousand times as long.
fn cases() -> ProptestConfig {
    ProptestConfig::with_cases(if cfg!(miri) { 8 } else { 512 })
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn the_mock_does_what_the_model_does(
        family in strategy::families(),
        objects in strategy::objects(1..4),
        operations in strategy::operations(0..24),
    ) {
        // Nothing is declined: the mock makes every object.
        check(&MockRig::new(family), &objects, &operations).map_err(|failure| TestCaseError::fail(failure.to_string()))?;
    }
}

/// What was found once, and made small.
#[test]
fn regressions() {
    let nothing = Recipe::scripted(recipe::Answer::irregular(0));
    let keep = Operation::Keep { object: 0, access: Access::Char };
    // A view that names no owner takes a second place of the scope, for the object.
    for room in 1..3 {
        for family in [Family::CPython2, Family::CPython3] {
            let operations = [
                Operation::Call { object: 0, access: Access::Char },
                Operation::Scope { room, operations: vec![keep.clone(), keep.clone()] },
            ];
            check(&MockRig::new(family), std::slice::from_ref(&nothing), &operations).unwrap();
        }
    }
}

/// What a broken backend does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    /// It writes to the outputs when it fails.
    Outputs,
    /// It keeps an export when it succeeds.
    Balance,
    /// It takes what an exporter raised away.
    Indicator,
    /// It states one byte more for what is longer than two.
    Answer,
    /// It resizes what is exported.
    Pinned,
    /// It lets owners write under stable reads.
    Stable,
    /// It says that the last view was given back first.
    Order,
    /// It writes to memory when it hands it out.
    Content,
}

struct Broken(MockRig, Bug);

impl Rig for Broken {
    type Owned = Object;
    type Runtime<'a> = Attached<'a>;
    type Handle<'a> = Handle<'a>;

    fn runtime(&self) -> Attached<'_> {
        self.0.runtime()
    }

    fn make(&self, recipe: &Recipe) -> Result<Object, Declined> {
        self.0.make(recipe)
    }

    fn handle<'a>(&'a self, object: &'a Object) -> Handle<'a> {
        self.0.handle(object)
    }

    fn type_name(&self, object: &Object) -> String {
        self.0.type_name(object)
    }

    fn raise(&self, raised: &Raised) {
        self.0.raise(raised);
    }

    fn take_raised(&self) -> Option<Raised> {
        self.0.take_raised()
    }

    fn exports(&self, object: &Object) -> Result<usize, Declined> {
        self.0.exports(object)
    }

    fn references(&self, object: &Object) -> Result<usize, Declined> {
        self.0.references(object)
    }

    fn is_transcribed(&self, object: &Object) -> bool {
        self.0.is_transcribed(object)
    }

    fn take_transcript(&self) -> Vec<Event> {
        let mut transcript = self.0.take_transcript();
        if self.1 == Bug::Order {
            transcript.reverse();
        }
        transcript
    }

    fn resize(&self, object: &Object, bytes: usize) -> Result<bool, Declined> {
        match self.0.resize(object, bytes)? {
            false if self.1 == Bug::Pinned && object.exports() > 0 => {
                self.take_raised();
                Ok(true)
            }
            resized => Ok(resized),
        }
    }

    fn write(&self, object: &Object, offset: usize, byte: u8) -> Result<bool, Declined> {
        let written = self.0.write(object, offset, byte)?;
        if self.1 == Bug::Stable && !written {
            self.take_raised();
            return Ok(true);
        }
        Ok(written)
    }

    unsafe fn store(
        &self,
        object: Option<&Object>,
        access: Access,
        buffer: *mut *mut c_void,
        length: *mut isize,
    ) -> c_int {
        // SAFETY: the caller's word.
        let status = unsafe { self.0.store(object, access, buffer, length) };
        // SAFETY: the model passes places for both.
        let (pointer, stated) = unsafe { (*buffer, &mut *length) };
        match self.1 {
            Bug::Outputs if status == -1 => *stated = 0,
            Bug::Indicator if status == -1 && access == Access::Read => drop(self.take_raised()),
            Bug::Answer if status == 0 && *stated > 2 => *stated += 1,
            // SAFETY: a success states memory that is writable and not empty.
            Bug::Content if status == 0 && access == Access::Write && *stated > 0 && !pointer.is_null() => unsafe {
                pointer.cast::<u8>().write(0x7F);
            },
            Bug::Balance if status == 0 => drop(object.cloned().map(std::mem::ManuallyDrop::new)),
            _ => {}
        }
        status
    }
}

/// What the operations and the bytes of the objects come to.
fn size(objects: &[Recipe], operations: &[Operation]) -> usize {
    let bytes = |recipe: &Recipe| match &recipe.views {
        Views::Memory(memory) => memory.bytes.len(),
        _ => 0,
    };
    let inside = |operation: &Operation| match operation {
        Operation::Scope { operations, .. } => 1 + operations.len(),
        _ => 1,
    };
    objects.len() + objects.iter().map(bytes).sum::<usize>() + operations.iter().map(inside).sum::<usize>()
}

/// The smallest case that is found for a bug.
fn smallest(bug: Bug) -> (Vec<Recipe>, Vec<Operation>, Law) {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) };
    let mut runner = TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let broken = |objects: &[Recipe], operations: &[Operation]| match check(
        &Broken(MockRig::new(Family::CPython3), bug),
        objects,
        operations,
    ) {
        Err(Failure::Broken(violation)) => Some(violation),
        _ => None,
    };
    let given = (strategy::objects(1..4), strategy::operations(0..24));
    let result = runner.run(&given, |(objects, operations)| match broken(&objects, &operations) {
        Some(violation) => Err(TestCaseError::fail(violation.to_string())),
        None => Ok(()),
    });
    let Err(TestError::Fail(_, (objects, operations))) = result else {
        panic!("{bug:?} is not found: {result:?}")
    };
    let law = broken(&objects, &operations).expect("the smallest case fails too").law;
    (objects, operations, law)
}

#[test]
#[cfg_attr(miri, ignore = "takes too long")]
fn a_bug_is_found_by_its_law_and_made_small() {
    for (bug, law, most) in [
        (Bug::Outputs, Law::Outputs, 3),
        (Bug::Balance, Law::Balance, 2),
        // Behind pointers, which no function takes.
        (Bug::Indicator, Law::Indicator, 3),
        // Of three bytes.
        (Bug::Answer, Law::Answer, 5),
        // A view, and the resize.
        (Bug::Pinned, Law::Pinned, 3),
        // A stable read, and the write.
        (Bug::Stable, Law::Stable, 3),
        // A scope, and two views in it.
        (Bug::Order, Law::Order, 5),
        // Of one byte.
        (Bug::Content, Law::Content, 5),
    ] {
        let (objects, operations, found) = smallest(bug);
        assert_eq!(found, law, "{bug:?}: {objects:?}, {operations:?}");
        assert!(size(&objects, &operations) <= most, "{bug:?}: {objects:#?}, {operations:#?}");
    }
}

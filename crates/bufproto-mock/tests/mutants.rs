//! Backends with one defect each: the kit must find it, by the rule that says so.

use std::mem;
use std::ptr::NonNull;

use bufproto_core::abi::CPython3;
use bufproto_core::request::Request;
use bufproto_core::rules::{Family, Refusal};
use bufproto_core::runtime::{Exporter, Failure, Object, Runtime};
use bufproto_mock::conformance::{self, Declined, MockRig, Recipe, Rig};
use bufproto_mock::{Attached, Handle, Raised, Token};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Defect {
    None,
    NeverReleases,
    ShoutsItsErrors,
    ForgetsToNameTheType,
    LeavesWhatIsDiscarded,
    TakesIrregularAnswersForRefusals,
    SeesNoPendingException,
    AsksForEverything,
    VouchesForEverything,
    ExportsEverything,
}

struct DefectiveRig(MockRig, Defect);

#[derive(Clone, Copy)]
struct Defective<'i>(Handle<'i>, Defect);

#[derive(Clone, Copy)]
struct DefectiveRuntime<'i>(Attached<'i>, Defect);

struct DefectiveToken<'i>(Option<Token<'i>>, Defect);

impl Drop for DefectiveToken<'_> {
    fn drop(&mut self) {
        if self.1 == Defect::LeavesWhatIsDiscarded {
            mem::forget(self.0.take());
        }
    }
}

// SAFETY: as the mock, except where the defect is; no test reads memory through what the defect spoils.
unsafe impl<'i> Runtime for DefectiveRuntime<'i> {
    type View = CPython3;
    type Raised = DefectiveToken<'i>;

    fn family(self) -> Family {
        self.0.family()
    }

    fn is_raised(self) -> bool {
        self.1 != Defect::SeesNoPendingException && self.0.is_raised()
    }

    fn raise(self, refusal: &Refusal) {
        self.0.raise(refusal);
        if self.1 == Defect::ShoutsItsErrors {
            let interpreter = self.0.interpreter();
            if let Some(raised) = interpreter.take_raised() {
                interpreter.raise(Raised::new(raised.exception, raised.message.to_uppercase()));
            }
        }
    }

    unsafe fn release(self, view: NonNull<CPython3>) {
        if self.1 != Defect::NeverReleases {
            // SAFETY: the caller's word.
            unsafe { self.0.release(view) };
        }
    }

    fn is_frozen(self, view: &CPython3) -> bool {
        self.1 == Defect::VouchesForEverything || self.0.is_frozen(view)
    }
}

// SAFETY: as the mock.
unsafe impl<'i> Object for Defective<'i> {
    type Runtime = DefectiveRuntime<'i>;

    fn runtime(self) -> DefectiveRuntime<'i> {
        DefectiveRuntime(self.0.runtime(), self.1)
    }

    fn raise(self, refusal: &Refusal) {
        match self.1 {
            Defect::ForgetsToNameTheType => self.runtime().0.raise(refusal),
            Defect::ShoutsItsErrors => self.runtime().raise(refusal),
            _ => self.0.raise(refusal),
        }
    }
}

// SAFETY: as the mock, except where the defect is.
unsafe impl<'i> Exporter for Defective<'i> {
    fn exports(self) -> bool {
        self.1 == Defect::ExportsEverything || self.0.exports()
    }

    unsafe fn export(
        self,
        into: NonNull<CPython3>,
        request: Request,
    ) -> Result<(), Failure<DefectiveToken<'i>>> {
        let request = if self.1 == Defect::AsksForEverything { Request::FULL_RO } else { request };
        // SAFETY: the caller's word.
        let answer = unsafe { self.0.export(into, request) };
        let token = |token| DefectiveToken(Some(token), self.1);
        answer.map_err(|failure| match failure {
            Failure::Irregular(raised) if self.1 != Defect::TakesIrregularAnswersForRefusals => {
                Failure::Irregular(token(raised))
            }
            failure => Failure::Refused(token(failure.into_raised())),
        })
    }
}

impl Rig for DefectiveRig {
    type Owned = bufproto_mock::Object;
    type Handle<'a> = Defective<'a>;

    fn make(&self, recipe: &Recipe) -> Result<Self::Owned, Declined> {
        self.0.make(recipe)
    }

    fn handle<'a>(&'a self, object: &'a Self::Owned) -> Defective<'a> {
        Defective(self.0.handle(object), self.1)
    }

    fn type_name(&self, object: &Self::Owned) -> String {
        self.0.type_name(object)
    }

    fn exports(&self, object: &Self::Owned) -> Result<usize, Declined> {
        self.0.exports(object)
    }

    fn references(&self, object: &Self::Owned) -> Result<usize, Declined> {
        self.0.references(object)
    }

    fn raise(&self, raised: &Raised) {
        self.0.raise(raised);
    }

    fn take_raised(&self) -> Option<Raised> {
        self.0.take_raised()
    }

    fn released(&self, among: &[&Self::Owned]) -> Result<Vec<usize>, Declined> {
        self.0.released(among)
    }
}

#[track_caller]
fn assert_found(defect: Defect, by: &[&str]) {
    let report = conformance::run(&DefectiveRig(MockRig::new(Family::CPython3), defect));
    let failed: Vec<&str> = report.failed().map(|entry| entry.name).collect();
    for rule in by {
        assert!(failed.contains(rule), "{defect:?} is not found by {rule}, only by {failed:?}");
    }
}

#[test]
fn a_backend_without_a_defect_fails_nothing() {
    let report = conformance::run(&DefectiveRig(MockRig::new(Family::CPython3), Defect::None));
    assert_eq!(report.failed().count(), 0, "{report}");
}

#[test]
fn views_that_are_never_released_are_found() {
    assert_found(
        Defect::NeverReleases,
        &[
            "the_view_is_released_before_the_function_returns",
            "a_view_is_out_until_its_guard_ends",
            "a_scope_holds_until_it_ends",
            "a_scope_releases_the_last_first",
        ],
    );
}

#[test]
fn wrong_words_are_found() {
    assert_found(
        Defect::ShoutsItsErrors,
        &["writing_needs_writable_memory", "a_null_argument_is_a_system_error"],
    );
    assert_found(Defect::ForgetsToNameTheType, &["a_type_without_views_is_refused_by_name"]);
}

#[test]
fn exceptions_that_are_lost_or_left_are_found() {
    assert_found(Defect::LeavesWhatIsDiscarded, &["check_clears_what_a_refusal_raised"]);
    assert_found(Defect::SeesNoPendingException, &["a_null_argument_leaves_what_is_pending"]);
}

#[test]
fn answers_that_are_told_wrongly_are_found() {
    assert_found(
        Defect::TakesIrregularAnswersForRefusals,
        &["an_irregular_answer_is_a_refusal_but_not_for_check"],
    );
    assert_found(Defect::AsksForEverything, &["what_lies_apart_is_not_read_as_bytes"]);
    assert_found(Defect::VouchesForEverything, &["only_what_never_changes_is_frozen"]);
    assert_found(Defect::ExportsEverything, &["check_leaves_what_is_pending_for_a_type_without_views"]);
}

//! What is asked of a backend and need not be answered.

use std::ptr::NonNull;

use bufproto_core::abi::{CPython3, View as _};
use bufproto_core::error::Error;
use bufproto_core::legacy::views::failed;
use bufproto_core::request::Access;
use bufproto_core::rules::{Family, Refusal, Rule};
use bufproto_core::runtime::{Policy, Runtime};

/// A runtime that says what it must, and which policy.
#[derive(Clone, Copy)]
struct Terse(Policy);

// SAFETY: there are no views of it.
unsafe impl Runtime for Terse {
    type View = CPython3;
    type Raised = ();

    fn family(self) -> Family {
        Family::CPython3
    }

    fn policy(self) -> Policy {
        self.0
    }

    fn is_raised(self) -> bool {
        false
    }

    fn raise(self, _: &Refusal) {}

    unsafe fn release(self, _: NonNull<CPython3>) {}
}

#[test]
fn an_error_says_which_rule_was_broken() {
    let broken: Error<()> = Rule::SingleSegment.into();
    assert_eq!(broken.to_string(), "rule 204 of the buffer protocol was broken: SingleSegment");
    assert_eq!(Error::Raised(()).to_string(), "the exporter failed");
}

#[test]
fn a_backend_that_names_no_severe_exception_has_all_of_them_masked() {
    for policy in [Policy::Compatible, Policy::Strict] {
        let error = failed(Terse(policy), Access::Write, ());
        assert!(matches!(error, Error::Refused(Rule::WriteExporter)), "{policy:?}");
        assert!(matches!(failed(Terse(policy), Access::Read, ()), Error::Raised(())), "{policy:?}");
    }
    assert!(!Terse(Policy::Strict).is_frozen(&CPython3::EMPTY));
}

//! The conformance kit: numbered rules that any backend can be checked against.
//!
//! A backend supplies a [`Rig`], which makes objects by [`Recipe`] and lets the kit look at them. Every rule is
//! a function over a rig; [`run`] checks all of them and reports which passed, which the rig declined and why,
//! and which failed. A rig whose objects fill the old slots is also a [`SegmentedRig`], checked by
//! [`run_segmented`].
//!
//! In tests, [`suite!`](crate::suite) makes a test of every rule:
//!
//! ```
//! use bufproto_core::rules::Family;
//! use bufproto_mock::conformance::{self, MockRig};
//!
//! let report = conformance::run(&MockRig::new(Family::CPython3));
//! assert_eq!(report.failed().count(), 0, "{report}");
//! ```
//!
//! | numbers | about |
//! |---|---|
//! | 1xxx | the arguments of a call |
//! | 2xxx | the 2.x dialect |
//! | 3xxx | the 3.x dialect |
//! | 5xxx | views |
//! | 6xxx | scopes |

mod mock_rig;
mod recipe;
mod report;
mod rig;
pub mod segments;
pub mod views;

pub use mock_rig::MockRig;
pub use recipe::{Hostility, Recipe, Slots};
pub use report::{Entry, Outcome, Report, Rule};
pub use rig::{Declined, HandleOf, Rig, RuntimeOf, SegmentedRig, Verdict};

/// Checks every rule of the 3.x dialect, of views and of scopes.
pub fn run<R: Rig>(rig: &R) -> Report {
    Report::of(rig, &views::rules())
}

/// Checks every rule of the 2.x dialect.
pub fn run_segmented<R: SegmentedRig>(rig: &R) -> Report
where
    for<'a> HandleOf<'a, R>: bufproto_core::runtime::Segmented,
{
    Report::of(rig, &segments::rules())
}

/// Makes a test of every rule, for a rig that the expression makes.
///
/// `suite!(views, expression)` is for the 3.x dialect, `suite!(segments, expression)` for the 2.x one. A rule
/// that the rig declines passes, and says so on standard output.
#[macro_export]
macro_rules! suite {
    (views, $rig:expr) => {
        $crate::__view_rules! { __suite_tests, views, $rig }
    };
    (segments, $rig:expr) => {
        $crate::__segment_rules! { __suite_tests, segments, $rig }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __suite_tests {
    ($group:ident, $rig:expr; $($number:literal $name:ident $statement:literal $source:literal;)*) => {
        $(#[test]
        fn $name() {
            use $crate::conformance::Verdict;
            match $crate::conformance::$group::$name(&$rig) {
                Ok(()) => {}
                Err(Verdict::Declined(why)) => println!("rule {} declined: {why}", $number),
                Err(Verdict::Failed(how)) => panic!("rule {}, {}: {how}", $number, $statement),
            }
        })*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __rule_table {
    ($rig:ty; $($number:literal $name:ident $statement:literal $source:literal;)*) => {
        vec![$($crate::conformance::Rule {
            number: $number,
            name: stringify!($name),
            statement: $statement,
            source: $source,
            check: $name::<$rig>,
        }),*]
    };
}

//! Running the kit.

use super::law::{Law, Verdict};
use super::report::{Report, Row};
use super::rig::{Rig, SegmentedRig};
use super::{holding, scopes, segments, stable, views};

/// The rules of the 3.x dialect, of views, of scopes and of stable reads.
///
/// ```
/// use bufproto_mock::MockRig;
/// use bufproto_mock::conformance::kit::laws;
///
/// assert!(laws::<MockRig>().iter().any(|law| law.number == 303 && law.name == "rule_0303_write_exporter"));
/// ```
#[must_use]
pub fn laws<R: Rig>() -> Vec<Law<R>> {
    let mut laws = views::laws();
    laws.extend(holding::laws());
    laws.extend(scopes::laws());
    laws.extend(stable::laws());
    laws
}

/// The rules of the 2.x dialect.
///
/// ```
/// use bufproto_mock::MockRig;
/// use bufproto_mock::conformance::kit::segment_laws;
///
/// assert!(segment_laws::<MockRig>().iter().any(|law| law.name == "rule_0204_single_segment"));
/// ```
#[must_use]
pub fn segment_laws<R: SegmentedRig>() -> Vec<Law<R>> {
    segments::laws()
}

/// Checks every rule of the 3.x dialect, of views, of scopes and of stable reads.
///
/// ```
/// use bufproto_core::rules::Family;
/// use bufproto_mock::MockRig;
/// use bufproto_mock::conformance::kit::run;
///
/// let report = run(&MockRig::new(Family::CPython313));
/// assert!(report.failed().is_empty(), "{report}");
/// ```
pub fn run<R: Rig>(rig: &R) -> Report {
    report(rig, laws())
}

/// Checks every rule of the 2.x dialect.
///
/// ```
/// use bufproto_core::rules::Family;
/// use bufproto_mock::MockRig;
/// use bufproto_mock::conformance::kit::run_segments;
///
/// let report = run_segments(&MockRig::new(Family::CPython2));
/// assert!(report.failed().is_empty(), "{report}");
/// ```
pub fn run_segments<R: SegmentedRig>(rig: &R) -> Report {
    report(rig, segment_laws())
}

fn report<R: Rig>(rig: &R, laws: Vec<Law<R>>) -> Report {
    Report { rows: laws.iter().map(|law| row(rig, law)).collect() }
}

fn row<R: Rig>(rig: &R, law: &Law<R>) -> Row {
    let Law { number, name, statement, source, .. } = *law;
    Row { number, name, statement, source, verdict: law.check(rig) }
}

/// The test of one rule, by its name. [`suite!`](crate::suite) calls this.
///
/// ```
/// use bufproto_core::rules::Family;
/// use bufproto_mock::MockRig;
/// use bufproto_mock::conformance::kit::{laws, test};
///
/// test(&MockRig::new(Family::CPython3), laws(), "rule_0303_write_exporter");
/// ```
///
/// # Panics
///
/// If the backend breaks the rule, declines it without [announcing](Rig::declines) that, or announces that it
/// declines and then does not. If there is no such rule.
#[track_caller]
pub fn test<R: Rig>(rig: &R, laws: Vec<Law<R>>, name: &str) {
    let Some(law) = laws.iter().find(|law| law.name == name) else {
        panic!("there is no rule of the name {name}");
    };
    let row = row(rig, law);
    match (&row.verdict, rig.declines(row.number)) {
        (Verdict::Failed(_), _) => panic!("the backend breaks a rule\n{row}"),
        (Verdict::Passed { .. }, true) => {
            panic!("the backend announces that it declines, and passes; let Rig::declines say so\n{row}")
        }
        (Verdict::Declined(_), false) => {
            panic!("the backend declines without announcing it in Rig::declines\n{row}")
        }
        // Shown by `cargo test -- --nocapture`.
        (Verdict::Passed { .. }, false) | (Verdict::Declined(_), true) => println!("{row}"),
    }
}

/// One test for each rule of the kit, by name, on a backend.
///
/// The first word says which rules: `views` for the 3.x dialect, views and scopes, `segments` for the 2.x
/// dialect. The second is a function that is given what to do with a rig, and does it; so a rig may borrow,
/// and live inside a section where the interpreter is attached. A rule that the backend declines fails,
/// unless [`Rig::declines`](crate::conformance::Rig::declines) announces it.
///
/// ```
/// use bufproto_core::rules::Family;
/// use bufproto_mock::MockRig;
///
/// fn with_rig(test: impl FnOnce(&MockRig)) {
///     test(&MockRig::new(Family::CPython3));
/// }
///
/// mod views {
///     bufproto_mock::suite!(views, super::with_rig);
/// }
/// mod segments {
///     bufproto_mock::suite!(segments, super::with_rig);
/// }
/// ```
#[macro_export]
macro_rules! suite {
    (views, $with_rig:expr) => {
        $crate::suite! { @tests laws, $with_rig,
            rule_0101_null_argument
            rule_0102_int_length
            rule_0301_char_exporter
            rule_0302_read_exporter
            rule_0303_write_exporter
            rule_1101_null_keeps_pending
            rule_1301_memory
            rule_1302_outputs_untouched
            rule_1303_own_exception_kept
            rule_1304_write_masks
            rule_1305_check_clears
            rule_1306_silent_refusal
            rule_1307_irregular_answer
            rule_1308_success_that_raises
            rule_1309_nothing_else_checked
            rule_1310_pending_exception
            rule_1311_released_before_returning
            rule_1312_calls
            rule_1313_release_that_raises
            rule_0304_view_exporter
            rule_0401_writable
            rule_0403_memory_flag
            rule_0404_grant_c_contiguous
            rule_0405_grant_f_contiguous
            rule_0406_grant_contiguous
            rule_0407_grant_indirect
            rule_0501_negative_length
            rule_0502_null_memory
            rule_0503_read_only_view
            rule_0504_contiguous
            rule_0602_resize
            rule_1401_request_unchanged
            rule_1402_fields
            rule_1501_frozen
            rule_1502_shared
            rule_1601_guard
            rule_1602_slot_again
            rule_1603_failure_holds_nothing
            rule_0601_scope_full
            rule_1611_kept_until_the_end
            rule_1612_last_first
            rule_1613_claimed_first
            rule_1614_failure_frees_the_slot
            rule_1615_same_answers
            rule_0518_argument_stable
            rule_0605_stable_read
            rule_0606_writable_view
            rule_0607_owner_write
            rule_1621_stable_bytes
            rule_1622_read_only_meanwhile
            rule_1623_not_resized_meanwhile
            rule_1624_shared_domain
            rule_1625_frozen_is_stable
        }
    };
    (segments, $with_rig:expr) => {
        $crate::suite! { @tests segment_laws, $with_rig,
            rule_0101_null_argument
            rule_0102_int_length
            rule_0201_char_slots
            rule_0202_read_slots
            rule_0203_write_slots
            rule_0204_single_segment
            rule_1101_null_keeps_pending
            rule_1201_memory
            rule_1202_outputs_untouched
            rule_1203_order_of_checks
            rule_1204_own_exception_kept
            rule_1205_count_that_raises
            rule_1206_success_that_raises
            rule_1207_check_asks_no_slot
            rule_1208_nothing_else_checked
            rule_1209_pending_exception
            rule_1210_views_never_asked
            rule_1211_nothing_kept
            rule_1220_several_segments
        }
    };
    (@tests $laws:ident, $with_rig:expr, $($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                $with_rig(|rig| {
                    $crate::conformance::kit::test(rig, $crate::conformance::kit::$laws(), stringify!($name))
                });
            }
        )*

        /// The list of tests above, against the list of rules.
        #[test]
        fn every_rule_has_a_test() {
            $with_rig(|rig| {
                let laws = $crate::conformance::kit::same(rig, $crate::conformance::kit::$laws());
                let names: Vec<_> = laws.iter().map(|law| law.name).collect();
                assert_eq!(names, [$(stringify!($name)),*]);
            });
        }
    };
}

#[doc(hidden)]
#[must_use]
pub fn same<R: Rig>(rig: &R, laws: Vec<Law<R>>) -> Vec<Law<R>> {
    let _ = rig;
    laws
}

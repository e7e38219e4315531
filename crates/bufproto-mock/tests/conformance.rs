//! The mock keeps every rule of the kit, in the procedure of every family; and backends that break a rule are
//! found out.

use bufproto_core::rules::Family;

macro_rules! family {
    ($module:ident, $family:ident) => {
        mod $module {
            use bufproto_core::rules::Family;
            use bufproto_mock::conformance::MockRig;

            mod views {
                use super::{Family, MockRig};
                bufproto_mock::suite!(views, MockRig::new(Family::$family));
            }

            mod segments {
                use super::{Family, MockRig};
                bufproto_mock::suite!(segments, MockRig::new(Family::$family));
            }
        }
    };
}

family!(cpython2, CPython2);
family!(cpython3, CPython3);
family!(cpython313, CPython313);
family!(pypy2, PyPy2);
family!(pypy3, PyPy3);

#[test]
fn the_mock_declines_nothing_and_numbers_are_unique() {
    use bufproto_mock::conformance::{self, MockRig, Outcome};

    let rig = MockRig::new(Family::CPython3);
    let mut entries = conformance::run(&rig).entries;
    entries.extend(conformance::run_segmented(&rig).entries);
    assert!(entries.iter().all(|entry| entry.outcome == Outcome::Passed));
    let mut numbers: Vec<u16> = entries.iter().map(|entry| entry.number).collect();
    let count = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), count);
}

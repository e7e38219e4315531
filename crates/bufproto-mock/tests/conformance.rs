//! The mock keeps every rule of the kit, as every family of interpreters.

use bufproto_core::rules::Family;
use bufproto_mock::MockRig;

macro_rules! family {
    ($module:ident, $family:ident) => {
        mod $module {
            use super::*;

            fn with_rig(test: impl FnOnce(&MockRig)) {
                let rig = MockRig::new(Family::$family);
                test(&rig);
                assert_eq!(rig.interpreter().take_raised(), None);
            }

            mod views {
                bufproto_mock::suite!(views, super::with_rig);
            }

            mod segments {
                bufproto_mock::suite!(segments, super::with_rig);
            }
        }
    };
}

family!(cpython2, CPython2);
family!(cpython313, CPython313);

/// Their words differ and little else, which Miri need not spend an hour on.
#[cfg(not(miri))]
mod others {
    use super::*;

    family!(cpython3, CPython3);
    family!(pypy2, PyPy2);
    family!(pypy3, PyPy3);
}

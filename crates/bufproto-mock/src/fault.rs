//! Faults: calls that fail whatever the object would have answered.

use crate::conformance::recipe::Raised;

/// Makes one call fail.
///
/// ```
/// use bufproto_core::legacy::{Dialect, Python3};
/// use bufproto_core::rules::Family;
/// use bufproto_mock::fault::{Fault, On};
/// use bufproto_mock::interpreter::Interpreter;
/// use bufproto_mock::recipe::{Raised, Recipe};
///
/// let python = Interpreter::new(Family::CPython3);
/// let bytes = python.make(&Recipe::frozen(b"abc"))?;
/// python.plan(Fault { on: On::Export, nth: 2, raises: Some(Raised::new("MemoryError", "")) });
///
/// assert!(Python3::as_read_buffer(python.handle(&bytes)).is_ok());
/// assert!(Python3::as_read_buffer(python.handle(&bytes)).is_err());
/// assert!(Python3::as_read_buffer(python.handle(&bytes)).is_ok());
/// # Ok::<(), bufproto_mock::object::RecipeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which kind of call.
    pub on: On,
    /// Which of these calls, counted from the moment of planning: 1 is the next one. 0 is never reached.
    pub nth: usize,
    /// What the call raises; `None` for a failure without an exception.
    pub raises: Option<Raised>,
}

/// The calls that can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum On {
    /// `bf_getbuffer`
    Export,
    /// Any of the access slots of Python 2.
    Segment,
}

/// The faults that are still to come.
#[derive(Debug, Default)]
pub(crate) struct Plan(Vec<Fault>);

impl Plan {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Counts a call, and returns the fault that is due.
    pub(crate) fn due(&mut self, on: On) -> Option<Fault> {
        let mut due = None;
        self.0.retain_mut(|fault| {
            if fault.on != on {
                return true;
            }
            fault.nth = fault.nth.saturating_sub(1);
            if fault.nth == 0 && due.is_none() {
                due = Some(fault.clone());
            }
            fault.nth != 0
        });
        due
    }
}

//! What was done to which object.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use bufproto_core::request::{Access, Request};

/// Every call that objects of an interpreter received, in order.
#[derive(Debug, Default)]
pub struct Ledger(RefCell<Vec<Event>>);

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Which object: the name of its type and its number.
    pub object: String,
    /// What it was asked.
    pub call: Call,
}

/// What an object can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Call {
    /// `bf_getbuffer` was called.
    Export(Request),
    /// A stable read was asked for, of an object that offers some.
    ExportStable(Request),
    /// There is a view.
    Granted,
    /// A view was given back.
    Release,
    /// A view was given back that was not out.
    ReleaseTooMany,
    /// `bf_getsegcount` was called, for the number of segments alone.
    CountSegments,
    /// `bf_getsegcount` was called, for the sum of their lengths too.
    TotalSegments,
    /// The slot for this access was called for this segment.
    GetSegment(Access, isize),
}

impl Ledger {
    pub(crate) fn record(&self, object: String, call: Call) {
        self.0.borrow_mut().push(Event { object, call });
    }

    /// Every call so far.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.0.borrow().clone()
    }

    /// The calls so far, without the objects.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.0.borrow().iter().map(|event| event.call).collect()
    }

    /// Forgets every call so far.
    pub fn clear(&self) {
        self.0.borrow_mut().clear();
    }

    /// Whether every view was given back, once.
    ///
    /// # Errors
    ///
    /// [`Unbalanced`], which names the objects.
    pub fn check(&self) -> Result<(), Unbalanced> {
        let mut accounts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for event in self.0.borrow().iter() {
            let account = accounts.entry(event.object.clone()).or_default();
            match event.call {
                Call::Granted => account.0 += 1,
                Call::Release => account.0 = account.0.saturating_sub(1),
                Call::ReleaseTooMany => account.1 += 1,
                _ => {}
            }
        }
        accounts.retain(|_, account| *account != (0, 0));
        if accounts.is_empty() { Ok(()) } else { Err(Unbalanced(accounts)) }
    }

    /// As [`check`](Self::check), for tests.
    ///
    /// # Panics
    ///
    /// If a view is still out, or was given back too often.
    #[track_caller]
    pub fn assert_balanced(&self) {
        if let Err(unbalanced) = self.check() {
            panic!("{unbalanced}");
        }
    }
}

/// The objects whose views were not given back, or too often.
#[derive(Debug)]
pub struct Unbalanced(BTreeMap<String, (usize, usize)>);

impl std::error::Error for Unbalanced {}

impl fmt::Display for Unbalanced {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (object, (out, too_many))) in self.0.iter().enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            write!(formatter, "{separator}{object}: ")?;
            match (out, too_many) {
                (out, 0) => write!(formatter, "{out} views were not given back")?,
                (0, many) => write!(formatter, "{many} views were given back that were not out")?,
                (out, many) => {
                    write!(formatter, "{out} views were not given back, and {many} were that were not out")?;
                }
            }
        }
        Ok(())
    }
}

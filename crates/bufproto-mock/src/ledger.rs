//! What was done to which object.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use bufproto_core::request::{Access, Request};

/// Every call that objects of an interpreter received, in order.
///
/// ```
/// use bufproto_core::request::Request;
/// use bufproto_core::view::Slot;
/// use bufproto_mock::Call;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::bytearray(b"hello");
/// let mut slot = Slot::new();
/// let view = slot.fill(object.attach(&interpreter), Request::SIMPLE).unwrap();
/// assert_eq!(interpreter.ledger().calls(), [Call::Export(Request::SIMPLE), Call::Granted]);
/// assert!(interpreter.ledger().check().is_err());
/// drop(view);
/// interpreter.ledger().assert_balanced();
/// ```
#[derive(Debug, Default)]
pub struct Ledger(RefCell<Vec<Event>>);

/// One call.
///
/// ```
/// use bufproto_core::legacy::{Dialect, Python2};
/// use bufproto_mock::{Call, Event};
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::bytes(b"hello");
/// Python2::check_read_buffer(object.attach(&interpreter));
/// assert_eq!(interpreter.ledger().events(), [Event { object: object.name(), call: Call::CountSegments }]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Which object: the name of its type and its number.
    pub object: String,
    /// What it was asked.
    pub call: Call,
}

/// What an object can be asked.
///
/// ```
/// use bufproto_core::legacy::{Dialect, Python3};
/// use bufproto_core::request::Request;
/// use bufproto_mock::Call;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// Python3::as_write_buffer(Object::bytearray(b"hello").attach(&interpreter)).unwrap();
/// let calls = [Call::Export(Request::WRITABLE), Call::Granted, Call::Release];
/// assert_eq!(interpreter.ledger().calls(), calls);
/// ```
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
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python2};
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytes(b"hello").named("bytes");
    /// Python2::check_read_buffer(object.attach(&interpreter));
    /// assert!(interpreter.ledger().events()[0].object.starts_with("bytes #"));
    /// ```
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.0.borrow().clone()
    }

    /// The calls so far, without the objects.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python2};
    /// use bufproto_mock::Call;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// Python2::check_read_buffer(Object::bytes(b"hello").attach(&interpreter));
    /// assert_eq!(interpreter.ledger().calls(), [Call::CountSegments]);
    /// ```
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.0.borrow().iter().map(|event| event.call).collect()
    }

    /// Forgets every call so far.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python2};
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// Python2::check_read_buffer(Object::bytes(b"hello").attach(&interpreter));
    /// interpreter.ledger().clear();
    /// assert_eq!(interpreter.ledger().calls(), []);
    /// ```
    pub fn clear(&self) {
        self.0.borrow_mut().clear();
    }

    /// Whether every view was given back, once.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytearray(b"hello");
    /// let mut slot = Slot::new();
    /// std::mem::forget(slot.fill(object.attach(&interpreter), Request::SIMPLE));
    /// let unbalanced = interpreter.ledger().check().unwrap_err();
    /// assert_eq!(unbalanced.to_string(), format!("{}: 1 views were not given back", object.name()));
    /// ```
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
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python3};
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// Python3::as_read_buffer(Object::bytes(b"hello").attach(&interpreter)).unwrap();
    /// interpreter.ledger().assert_balanced();
    /// ```
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
///
/// ```
/// use bufproto_mock::Unbalanced;
/// use bufproto_core::request::Request;
/// use bufproto_core::view::Slot;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::bytearray(b"hello");
/// let mut slot = Slot::new();
/// std::mem::forget(slot.fill(object.attach(&interpreter), Request::SIMPLE));
/// let unbalanced: Unbalanced = interpreter.ledger().check().unwrap_err();
/// assert!(unbalanced.to_string().ends_with("1 views were not given back"));
/// ```
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

//! The interpreter that objects belong to.

use std::cell::RefCell;
use std::fmt;
use std::ptr::NonNull;

use bufproto_core::abi::{CPython3, View as _};
use bufproto_core::rules::{Family, Refusal};
use bufproto_core::runtime::{Policy, Runtime};

use crate::ledger::Ledger;
use crate::object;

/// An error indicator, a family's wording, and a ledger.
///
/// ```
/// use bufproto_core::legacy::{Dialect, Python3};
/// use bufproto_core::rules::Family;
/// use bufproto_mock::{Interpreter, Object};
///
/// let interpreter = Interpreter::new(Family::PyPy3);
/// let object = Object::opaque();
/// let handle = object.attach(&interpreter);
/// Python3::as_read_buffer(handle).unwrap_err().restore(handle);
/// let raised = interpreter.take_raised().unwrap();
/// assert_eq!(raised.message, "expected an object with a buffer interface");
/// ```
#[derive(Debug)]
pub struct Interpreter {
    family: Family,
    policy: Policy,
    indicator: RefCell<Option<Raised>>,
    ledger: Ledger,
}

/// An exception, as the error indicator holds it.
///
/// ```
/// use bufproto_mock::Raised;
///
/// let raised = Raised::new("ValueError", "not today");
/// assert_eq!((&*raised.exception, &*raised.message), ("ValueError", "not today"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raised {
    /// The name of its type.
    pub exception: String,
    /// Its text.
    pub message: String,
}

impl Raised {
    /// An exception of this type with this text.
    ///
    /// ```
    /// use bufproto_mock::Raised;
    ///
    /// assert_eq!(Raised::new("ValueError", "not today").to_string(), "ValueError: not today");
    /// ```
    pub fn new(exception: impl Into<String>, message: impl Into<String>) -> Self {
        Self { exception: exception.into(), message: message.into() }
    }
}

impl fmt::Display for Raised {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.exception, self.message)
    }
}

impl Interpreter {
    /// An interpreter with nothing raised and an empty ledger.
    ///
    /// ```
    /// use bufproto_core::rules::Family;
    /// use bufproto_mock::Interpreter;
    ///
    /// let interpreter = Interpreter::new(Family::CPython3);
    /// assert_eq!(interpreter.take_raised(), None);
    /// ```
    #[must_use]
    pub fn new(family: Family) -> Self {
        Self { family, policy: Policy::Compatible, indicator: RefCell::new(None), ledger: Ledger::default() }
    }

    /// The same, applying the old functions by the strict policy.
    ///
    /// ```
    /// use bufproto_core::rules::Family;
    /// use bufproto_core::runtime::{Policy, Runtime};
    /// use bufproto_mock::Interpreter;
    ///
    /// let interpreter = Interpreter::new(Family::CPython3).strict();
    /// assert_eq!(interpreter.attach().policy(), Policy::Strict);
    /// ```
    #[must_use]
    pub fn strict(self) -> Self {
        Self { policy: Policy::Strict, ..self }
    }

    /// What was done to its objects.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python2};
    /// use bufproto_core::request::Access;
    /// use bufproto_mock::Call;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// Python2::as_read_buffer(Object::bytes(b"hello").attach(&interpreter)).unwrap();
    /// assert_eq!(interpreter.ledger().calls(), [Call::CountSegments, Call::GetSegment(Access::Read, 0)]);
    /// ```
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Raises an exception, in place of any that is pending.
    ///
    /// ```
    /// use bufproto_mock::Raised;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// interpreter.raise(Raised::new("ValueError", "first"));
    /// interpreter.raise(Raised::new("ValueError", "second"));
    /// assert_eq!(interpreter.take_raised().unwrap().message, "second");
    /// ```
    pub fn raise(&self, raised: Raised) {
        *self.indicator.borrow_mut() = Some(raised);
    }

    /// The pending exception, which is then pending no more.
    ///
    /// ```
    /// use bufproto_mock::Raised;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// interpreter.raise(Raised::new("ValueError", "no"));
    /// assert!(interpreter.take_raised().is_some() && interpreter.take_raised().is_none());
    /// ```
    pub fn take_raised(&self) -> Option<Raised> {
        self.indicator.borrow_mut().take()
    }

    /// The handle that core works with.
    ///
    /// ```
    /// use bufproto_core::rules::Family;
    /// use bufproto_core::runtime::Runtime;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// assert_eq!(interpreter.attach().family(), Family::CPython3);
    /// ```
    #[must_use]
    pub fn attach(&self) -> Attached<'_> {
        Attached(self)
    }

    pub(crate) fn raise_some(&self, raised: Option<Raised>) {
        if let Some(raised) = raised {
            self.raise(raised);
        }
    }
}

/// An [`Interpreter`], as core sees it.
///
/// ```
/// use bufproto_core::runtime::Runtime;
/// use bufproto_mock::Raised;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let attached = interpreter.attach();
/// assert!(!attached.is_raised());
/// attached.interpreter().raise(Raised::new("ValueError", "no"));
/// assert!(attached.is_raised());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Attached<'i>(&'i Interpreter);

impl<'i> Attached<'i> {
    /// The interpreter.
    ///
    /// ```
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// assert!(std::ptr::eq(interpreter.attach().interpreter(), &interpreter));
    /// ```
    #[must_use]
    pub fn interpreter(self) -> &'i Interpreter {
        self.0
    }

    pub(crate) fn token(self) -> Token<'i> {
        Token(self.0)
    }

    pub(crate) fn raise_refusal(self, refusal: &Refusal, type_name: &str) {
        let message = refusal.message.with_type_name(type_name).to_string();
        self.0.raise(Raised::new(refusal.exception.name(), message));
    }
}

/// A failed call: dropping the token discards what it raised.
///
/// ```
/// use bufproto_core::error::Error;
/// use bufproto_core::legacy::{Dialect, Python3};
/// use bufproto_mock::{Fault, Raised};
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::refusing(Fault::Fail(Some(Raised::new("ValueError", "no"))));
/// let Err(Error::Raised(token)) = Python3::as_read_buffer(object.attach(&interpreter)) else {
///     panic!("it refuses");
/// };
/// drop(token);
/// assert_eq!(interpreter.take_raised(), None, "the token stood for it");
/// ```
#[derive(Debug)]
pub struct Token<'i>(&'i Interpreter);

impl Drop for Token<'_> {
    fn drop(&mut self) {
        self.0.take_raised();
    }
}

// SAFETY: objects fill the layout of CPython 3; there are no threads here; only bytes are vouched for.
unsafe impl<'i> Runtime for Attached<'i> {
    type View = CPython3;
    type Raised = Token<'i>;

    fn family(self) -> Family {
        self.0.family
    }

    fn is_raised(self) -> bool {
        self.0.indicator.borrow().is_some()
    }

    fn policy(self) -> Policy {
        self.0.policy
    }

    fn is_severe(self, _raised: &Token<'i>) -> bool {
        let indicator = self.0.indicator.borrow();
        let severe =
            |raised: &Raised| ["MemoryError", "KeyboardInterrupt"].contains(&raised.exception.as_str());
        indicator.as_ref().is_some_and(severe)
    }

    fn raise(self, refusal: &Refusal) {
        self.raise_refusal(refusal, "object");
    }

    unsafe fn release(self, view: NonNull<CPython3>) {
        // SAFETY: the caller's word that the view is empty, or was filled by an object.
        unsafe { object::release(self, view) };
    }

    fn is_frozen(self, view: &CPython3) -> bool {
        // SAFETY: a view that an object filled holds a reference to it.
        unsafe { object::is_frozen(view.header()) }
    }
}

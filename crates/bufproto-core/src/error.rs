//! What a call can fail with.

use core::fmt;
use core::mem;

use crate::rules::{Family, Refusal, Rule};
use crate::runtime::{Object, RaisedBy, Runtime};

/// Why a call failed: the exporter's own exception, or a rule of the protocol.
///
/// `Raised` is the backend's [token](crate::runtime#the-error-indicator); dropping the error discards the
/// exporter's exception, [`restore`](Self::restore) leaves it for the interpreter to report.
///
/// ```
/// use bufproto_core::error::Error;
/// use bufproto_core::legacy::{Dialect, Python3};
/// use bufproto_core::rules::Rule;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::bytes(b"hello");
/// let error = Python3::as_write_buffer(object.attach(&interpreter)).unwrap_err();
/// assert!(matches!(error, Error::Refused(Rule::WriteExporter)));
/// assert_eq!(error.to_string(), "rule 303 of the buffer protocol was broken: WriteExporter");
/// ```
#[derive(Debug)]
pub enum Error<Raised> {
    /// The exporter failed; what it raised, if anything, is in the error indicator.
    Raised(Raised),
    /// A rule was broken, and nothing has been raised yet.
    Refused(Rule),
}

impl<Raised: fmt::Debug> core::error::Error for Error<Raised> {}

impl<Raised> fmt::Display for Error<Raised> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Raised(_) => f.write_str("the exporter failed"),
            Self::Refused(rule) => rule.broken(f),
        }
    }
}

impl<Raised> Error<Raised> {
    /// The rule that was broken, unless the exporter itself failed.
    ///
    /// ```
    /// use bufproto_core::error::Error;
    /// use bufproto_core::rules::Rule;
    ///
    /// assert_eq!(Error::<()>::from(Rule::NullArgument).rule(), Some(Rule::NullArgument));
    /// assert_eq!(Error::Raised(()).rule(), None, "the exporter has reasons of its own");
    /// ```
    pub fn rule(&self) -> Option<Rule> {
        match self {
            Self::Raised(_) => None,
            Self::Refused(rule) => Some(*rule),
        }
    }

    /// Leaves the error in the interpreter's error indicator, as a C function that fails does.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python3};
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::opaque();
    /// let handle = object.attach(&interpreter);
    /// Python3::as_read_buffer(handle).unwrap_err().restore(handle);
    /// assert_eq!(
    ///     interpreter.take_raised().unwrap().to_string(),
    ///     "TypeError: a bytes-like object is required, not 'int'"
    /// );
    /// ```
    pub fn restore<O>(self, object: O)
    where
        O: Object,
        O::Runtime: Runtime<Raised = Raised>,
    {
        self.restore_in(object, Rule::refusal);
    }

    /// As [`restore`](Self::restore), in words of fewer rules than [`Rule::refusal`] knows. A program that needs no others
    /// has no others in it.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python3};
    /// use bufproto_core::rules::{Family, Refusal, Rule};
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// /// As the caller asks for nothing but characters, only one rule can be broken.
    /// fn words(_rule: Rule, family: Family) -> Refusal {
    ///     Rule::CharExporter.refusal(family)
    /// }
    ///
    /// let object = Object::opaque();
    /// let handle = object.attach(&interpreter);
    /// Python3::as_char_buffer(handle).unwrap_err().restore_in(handle, words);
    /// assert_eq!(interpreter.take_raised().unwrap().message, "a bytes-like object is required, not 'int'");
    /// ```
    pub fn restore_in<O>(self, object: O, words: impl FnOnce(Rule, Family) -> Refusal)
    where
        O: Object,
        O::Runtime: Runtime<Raised = Raised>,
    {
        if let Some(refusal) = self.due(object.runtime(), words) {
            object.raise(&refusal);
        }
    }

    /// As [`restore`](Self::restore), where there is no object whose type could be named.
    ///
    /// ```
    /// use bufproto_core::error::Error;
    /// use bufproto_core::rules::Rule;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// Error::from(Rule::NullArgument).restore_without_object(interpreter.attach());
    /// assert_eq!(
    ///     interpreter.take_raised().unwrap().to_string(),
    ///     "SystemError: null argument to internal routine"
    /// );
    /// ```
    pub fn restore_without_object<R: Runtime<Raised = Raised>>(self, runtime: R) {
        self.restore_without_object_in(runtime, Rule::refusal);
    }

    /// As [`restore_in`](Self::restore_in), where there is no object whose type could be named.
    ///
    /// ```
    /// use bufproto_core::error::Error;
    /// use bufproto_core::rules::Rule;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let words = |_, family| Rule::NullArgument.refusal(family);
    /// Error::from(Rule::NullArgument).restore_without_object_in(interpreter.attach(), words);
    /// assert_eq!(interpreter.take_raised().unwrap().exception, "SystemError");
    /// ```
    pub fn restore_without_object_in<R: Runtime<Raised = Raised>>(
        self,
        runtime: R,
        words: impl FnOnce(Rule, Family) -> Refusal,
    ) {
        if let Some(refusal) = self.due(runtime, words) {
            runtime.raise(&refusal);
        }
    }

    /// The refusal that is still to be raised; an exporter's own exception is left where it is.
    fn due<R: Runtime<Raised = Raised>>(
        self,
        runtime: R,
        words: impl FnOnce(Rule, Family) -> Refusal,
    ) -> Option<Refusal> {
        match self {
            Self::Raised(raised) => {
                // Dropping the token would clear the indicator.
                mem::forget(raised);
                None
            }
            Self::Refused(rule) => {
                let refusal = words(rule, runtime.family());
                (!(refusal.yields && runtime.is_raised())).then_some(refusal)
            }
        }
    }
}

/// The error of a call on an object.
///
/// ```
/// use bufproto_core::error::ErrorOf;
/// use bufproto_core::legacy::{Dialect, Python3};
/// use bufproto_core::runtime::Exporter;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// fn length<O: Exporter>(object: O) -> Result<isize, ErrorOf<O>> {
///     Ok(Python3::as_read_buffer(object)?.length)
/// }
///
/// assert_eq!(length(Object::bytes(b"hello").attach(&interpreter)).unwrap(), 5);
/// ```
pub type ErrorOf<O> = Error<RaisedBy<O>>;

impl<Raised> From<Rule> for Error<Raised> {
    fn from(rule: Rule) -> Self {
        Self::Refused(rule)
    }
}

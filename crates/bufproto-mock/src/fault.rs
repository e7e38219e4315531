//! How objects misbehave.

use std::ffi::c_int;
use std::fmt;
use std::rc::Rc;

use crate::interpreter::{Attached, Raised};

/// What an object does on a call that a script names, in place of what it would do.
///
/// ```
/// use bufproto_core::legacy::{Dialect, Python3};
/// use bufproto_mock::{Fault, Raised};
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::bytes(b"hello");
/// let no = Raised::new("ValueError", "not today");
/// object.on_export(2, Fault::Fail(Some(no.clone())));
/// assert!(Python3::as_read_buffer(object.attach(&interpreter)).is_ok());
/// let error = Python3::as_read_buffer(object.attach(&interpreter)).unwrap_err();
/// assert_eq!(error.rule(), None, "the exporter's own");
/// std::mem::forget(error);
/// assert_eq!(interpreter.take_raised(), Some(no));
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub enum Fault {
    /// Fails as the protocol has it: −1, and an exception if one is given.
    Fail(Option<Raised>),
    /// Returns a number that the protocol does not define, and raises an exception if one is given.
    Irregular(c_int, Option<Raised>),
    /// Succeeds, but leaves an exception behind.
    SucceedRaising(Raised),
    /// Calls back, and then does what it would have done.
    CallBack(Rc<dyn Fn(Attached<'_>)>),
}

impl fmt::Debug for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fail(raised) => write!(formatter, "Fail({raised:?})"),
            Self::Irregular(number, raised) => write!(formatter, "Irregular({number}, {raised:?})"),
            Self::SucceedRaising(raised) => write!(formatter, "SucceedRaising({raised:?})"),
            Self::CallBack(_) => formatter.write_str("CallBack"),
        }
    }
}

/// Where an exporter or an old slot says that its memory is, true or not.
///
/// ```
/// use bufproto_core::request::Request;
/// use bufproto_core::rules::Rule;
/// use bufproto_core::view::Slot;
/// use bufproto_mock::Answer;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::scripted(Answer::new(b"hello").read_only());
/// let mut slot = Slot::new();
/// let view = slot.fill(object.attach(&interpreter), Request::WRITABLE).unwrap();
/// assert_eq!(view.shared_mut().unwrap_err(), Rule::ReadOnlyView, "though writable memory was asked for");
/// ```
#[derive(Clone, Debug)]
pub struct Answer {
    pub(crate) content: Vec<u8>,
    pub(crate) null: bool,
    pub(crate) length: isize,
    pub(crate) read_only: bool,
    pub(crate) raises: Option<Raised>,
    pub(crate) ownerless: bool,
}

impl Answer {
    /// The truth: this content, writable.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python3};
    /// use bufproto_mock::Answer;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let length = |answer| {
    ///     let object = Object::scripted(answer);
    ///     Python3::as_read_buffer(object.attach(&interpreter)).ok().map(|span| span.length)
    /// };
    /// assert_eq!(length(Answer::new(b"hello")), Some(5));
    /// ```
    #[must_use]
    pub fn new(content: &[u8]) -> Self {
        let length = content.len().cast_signed();
        Self {
            content: content.to_vec(),
            null: false,
            length,
            read_only: false,
            raises: None,
            ownerless: false,
        }
    }

    /// No memory, but a length in bytes.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python3};
    /// use bufproto_mock::Answer;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let length = |answer| {
    ///     let object = Object::scripted(answer);
    ///     Python3::as_read_buffer(object.attach(&interpreter)).ok().map(|span| span.length)
    /// };
    /// assert_eq!(length(Answer::null(5)), Some(5), "whatever is there");
    /// ```
    #[must_use]
    pub fn null(length: isize) -> Self {
        Self { null: true, length, ..Self::new(&[]) }
    }

    /// The content, but a negative length.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python3};
    /// use bufproto_mock::Answer;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let length = |answer| {
    ///     let object = Object::scripted(answer);
    ///     Python3::as_read_buffer(object.attach(&interpreter)).ok().map(|span| span.length)
    /// };
    /// assert_eq!(length(Answer::negative(b"hello", -1)), Some(-1));
    /// ```
    ///
    /// # Panics
    ///
    /// If the length is not negative.
    #[must_use]
    pub fn negative(content: &[u8], length: isize) -> Self {
        assert!(length < 0, "{length} is not negative");
        Self { length, ..Self::new(content) }
    }

    /// The content, but any length in bytes.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python3};
    /// use bufproto_mock::Answer;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let length = |answer| {
    ///     let object = Object::scripted(answer);
    ///     Python3::as_read_buffer(object.attach(&interpreter)).ok().map(|span| span.length)
    /// };
    /// // SAFETY: only the length is looked at.
    /// assert_eq!(length(unsafe { Answer::claiming(b"hello", 1 << 40) }), Some(1 << 40));
    /// ```
    ///
    /// # Safety
    ///
    /// Nobody reads through a view of the object past the content.
    #[must_use]
    pub unsafe fn claiming(content: &[u8], length: isize) -> Self {
        Self { length, ..Self::new(content) }
    }

    /// Says that the memory is read-only, also where writable memory was asked for.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python3};
    /// use bufproto_mock::Answer;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::scripted(Answer::new(b"hello").read_only());
    /// assert!(Python3::as_write_buffer(object.attach(&interpreter)).is_ok(), "it does not look at that");
    /// ```
    #[must_use]
    pub fn read_only(self) -> Self {
        Self { read_only: true, ..self }
    }

    /// Names no owner in the view, so that the view keeps nothing alive and nobody is told of its end.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// use bufproto_mock::Answer;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::scripted(Answer::new(b"hello").ownerless());
    /// let mut slot = Slot::new();
    /// let view = slot.fill(object.attach(&interpreter), Request::SIMPLE).unwrap();
    /// assert!(view.held().header().obj.is_null());
    /// ```
    #[must_use]
    pub fn ownerless(self) -> Self {
        Self { ownerless: true, ..self }
    }

    /// Leaves an exception behind. An old slot that answers with a negative length fails with it.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python3};
    /// use bufproto_mock::{Answer, Raised};
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::scripted(Answer::new(b"hello").raising(Raised::new("ValueError", "no")));
    /// assert!(Python3::as_read_buffer(object.attach(&interpreter)).is_ok());
    /// assert_eq!(interpreter.take_raised().unwrap().to_string(), "ValueError: no");
    /// ```
    #[must_use]
    pub fn raising(self, raised: Raised) -> Self {
        Self { raises: Some(raised), ..self }
    }
}

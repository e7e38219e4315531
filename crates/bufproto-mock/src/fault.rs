//! How objects misbehave.

use std::ffi::c_int;
use std::fmt;
use std::rc::Rc;

use crate::interpreter::{Attached, Raised};

/// What an object does on a call that a script names, in place of what it would do.
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
    #[must_use]
    pub fn null(length: isize) -> Self {
        Self { null: true, length, ..Self::new(&[]) }
    }

    /// The content, but a negative length.
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
    /// # Safety
    ///
    /// Nobody reads through a view of the object past the content.
    #[must_use]
    pub unsafe fn claiming(content: &[u8], length: isize) -> Self {
        Self { length, ..Self::new(content) }
    }

    /// Says that the memory is read-only, also where writable memory was asked for.
    #[must_use]
    pub fn read_only(self) -> Self {
        Self { read_only: true, ..self }
    }

    /// Names no owner in the view, so that the view keeps nothing alive and nobody is told of its end.
    #[must_use]
    pub fn ownerless(self) -> Self {
        Self { ownerless: true, ..self }
    }

    /// Leaves an exception behind. An old slot that answers with a negative length fails with it.
    #[must_use]
    pub fn raising(self, raised: Raised) -> Self {
        Self { raises: Some(raised), ..self }
    }
}

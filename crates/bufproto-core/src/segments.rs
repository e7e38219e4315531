//! Reading an object of several segments, which the four functions refuse.

use core::fmt;

use crate::runtime::Segments;
use crate::span::Span;

/// The segments of an object, one after the other.
///
/// The number is asked once, at the start; an object that changes meanwhile answers for itself, by failing.
///
/// ```
/// use bufproto_core::request::Access;
/// use bufproto_core::runtime::Segmented;
/// use bufproto_core::segments;
/// use bufproto_mock::OldSlots;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::segmented(OldSlots::of(&[b"one", b"three"], true));
/// let found: segments::Iter<_> = segments::iter(object.attach(&interpreter).segments(Access::Read).unwrap());
/// assert_eq!(found.size_hint(), (2, Some(2)));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Iter<S> {
    segments: S,
    next: isize,
    count: isize,
}

/// Iterates over the segments of an object.
///
/// ```
/// use bufproto_core::request::Access;
/// use bufproto_core::runtime::Segmented;
/// use bufproto_core::segments::iter;
/// use bufproto_mock::OldSlots;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::segmented(OldSlots::of(&[b"one", b"three"], true));
/// let found = iter(object.attach(&interpreter).segments(Access::Read).unwrap());
/// assert!(found.map(|segment| segment.unwrap().length).eq([3, 5]));
/// ```
pub fn iter<S: Segments>(segments: S) -> Iter<S> {
    Iter { segments, next: 0, count: segments.count() }
}

impl<S: Segments> Iterator for Iter<S> {
    type Item = Result<Span, S::Raised>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.count {
            return None;
        }
        let index = self.next;
        self.next += 1;
        Some(self.segments.get(index))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.count - self.next).unwrap_or(0);
        (left, Some(left))
    }
}

/// Why [`gather`] stopped.
///
/// ```
/// use bufproto_core::request::Access;
/// use bufproto_core::runtime::Segmented;
/// use bufproto_core::segments::{GatherError, gather};
/// use bufproto_mock::OldSlots;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::segmented(OldSlots::of(&[b"one", b"three"], true));
/// let segments = object.attach(&interpreter).segments(Access::Read).unwrap();
/// // SAFETY: the segments are what they say, and none of them is in the target.
/// let error = unsafe { gather(segments, &mut [0; 4]) }.unwrap_err();
/// assert!(matches!(error, GatherError::TooLong { index: 1, needed: 5, room: 1 }));
/// assert_eq!(error.to_string(), "segment 1 does not fit: it needs 5 bytes and there are 1");
/// ```
#[derive(Debug)]
pub enum GatherError<Raised> {
    /// A segment could not be had; what the object raised is in the error indicator.
    Raised {
        /// Which segment, from 0.
        index: usize,
        /// The token of the failed call.
        raised: Raised,
    },
    /// The segments do not fit.
    TooLong {
        /// Which segment, from 0.
        index: usize,
        /// The segment's length in bytes.
        needed: usize,
        /// What is left of the target, in bytes.
        room: usize,
    },
    /// A segment claims bytes but has no memory.
    NullMemory {
        /// Which segment, from 0.
        index: usize,
    },
}

impl<Raised: fmt::Debug> core::error::Error for GatherError<Raised> {}

impl<Raised> fmt::Display for GatherError<Raised> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Raised { index, .. } => write!(f, "segment {index} could not be had"),
            Self::TooLong { index, needed, room } => {
                write!(f, "segment {index} does not fit: it needs {needed} bytes and there are {room}")
            }
            Self::NullMemory { index } => write!(f, "segment {index} claims bytes but has no memory"),
        }
    }
}

/// Copies the segments of an object into one block, and returns how many bytes that were.
///
/// Each segment is copied before the next is asked for, since asking may run code that moves it.
///
/// ```
/// use bufproto_core::request::Access;
/// use bufproto_core::runtime::Segmented;
/// use bufproto_core::segments::gather;
/// use bufproto_mock::OldSlots;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::segmented(OldSlots::of(&[b"one", b"three"], true));
/// let segments = object.attach(&interpreter).segments(Access::Read).unwrap();
/// let mut bytes = [0; 8];
/// // SAFETY: the segments are what they say, and none of them is in the target.
/// assert_eq!(unsafe { gather(segments, &mut bytes) }.unwrap(), 8);
/// assert_eq!(bytes, *b"onethree");
/// ```
///
/// # Errors
///
/// As [`GatherError`] says; what comes before the segment that failed has been copied.
///
/// # Safety
///
/// The segments' memory is what the object says it is, nobody writes to it meanwhile, and none of it is in
/// `into`.
pub unsafe fn gather<S: Segments>(segments: S, into: &mut [u8]) -> Result<usize, GatherError<S::Raised>> {
    let mut filled = 0;
    for (index, segment) in iter(segments).enumerate() {
        let span = segment.map_err(|raised| GatherError::Raised { index, raised })?;
        let (pointer, length) = span.checked().ok_or(GatherError::NullMemory { index })?;
        let room = into.len() - filled;
        if length > room {
            return Err(GatherError::TooLong { index, needed: length, room });
        }
        if length != 0 {
            // SAFETY: the caller's word for the source; the target has room, and they do not overlap.
            unsafe { pointer.copy_to_nonoverlapping(into.as_mut_ptr().add(filled), length) };
        }
        filled += length;
    }
    Ok(filled)
}

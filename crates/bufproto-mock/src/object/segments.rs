//! The old slots of an object, which answer in segments.

use bufproto_core::request::Access;
use bufproto_core::runtime::{Segmented, Segments};
use bufproto_core::span::Span;

use super::{Handle, Kind};
use crate::fault::Answer;
use crate::interpreter::{Raised, Token};
use crate::ledger::Call;
use crate::memory::Memory;

/// The old slots that an object's type fills.
#[derive(Debug)]
pub(super) enum Slots {
    Missing,
    /// One segment: the bytes that the object also exports.
    Bytes,
    Scripted {
        count: Option<(isize, isize, Option<Raised>)>,
        /// For each access.
        segments: [Option<Vec<(Memory, Answer)>>; 3],
    },
}

/// The old slots of an object's type, each of which may be missing.
///
/// ```
/// use bufproto_core::legacy::{Dialect, Python2};
/// use bufproto_core::rules::Rule;
/// use bufproto_mock::OldSlots;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::segmented(OldSlots { char: None, ..OldSlots::of(&[b"hello"], false) });
/// assert_eq!(Python2::as_read_buffer(object.attach(&interpreter)).unwrap().length, 5);
/// let refused = Python2::as_char_buffer(object.attach(&interpreter)).unwrap_err();
/// assert_eq!(refused.rule(), Some(Rule::CharSlots));
/// ```
#[derive(Clone, Debug, Default)]
pub struct OldSlots {
    /// What `bf_getsegcount` answers: the number of segments, the sum of their lengths, and what it raises.
    pub count: Option<(isize, isize, Option<Raised>)>,
    /// What `bf_getcharbuffer` answers for each segment.
    pub char: Option<Vec<Answer>>,
    /// What `bf_getreadbuffer` answers for each segment.
    pub read: Option<Vec<Answer>>,
    /// What `bf_getwritebuffer` answers for each segment.
    pub write: Option<Vec<Answer>>,
}

impl OldSlots {
    /// All slots, for memory in these segments; no write slot if it is read-only.
    ///
    /// ```
    /// use bufproto_mock::OldSlots;
    ///
    /// let slots = OldSlots::of(&[b"one", b"three"], true);
    /// assert_eq!(slots.count, Some((2, 8, None)));
    /// assert!(slots.write.is_none());
    /// ```
    #[must_use]
    pub fn of(segments: &[&[u8]], read_only: bool) -> Self {
        let answers: Vec<Answer> = segments.iter().map(|segment| Answer::new(segment)).collect();
        let total = segments.iter().map(|segment| segment.len()).sum::<usize>();
        Self {
            count: Some((segments.len().cast_signed(), total.cast_signed(), None)),
            char: Some(answers.clone()),
            read: Some(answers.clone()),
            write: (!read_only).then_some(answers),
        }
    }

    pub(super) fn into_slots(self) -> Slots {
        let segments = [self.char, self.read, self.write].map(|slot| {
            let with_memory = |answer: Answer| (Memory::new(&answer.content), answer);
            slot.map(|answers| answers.into_iter().map(with_memory).collect())
        });
        Slots::Scripted { count: self.count, segments }
    }
}

/// The old slots of an object that has them, for one kind of access.
///
/// ```
/// use bufproto_core::request::Access;
/// use bufproto_core::runtime::{Segmented, Segments};
/// use bufproto_mock::Witness;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::bytes(b"hello");
/// let witness: Witness<'_> = object.attach(&interpreter).segments(Access::Read).unwrap();
/// assert_eq!(witness.count(), 1);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Witness<'i> {
    handle: Handle<'i>,
    access: Access,
}

// SAFETY: segments are memory of the object.
unsafe impl<'i> Segmented for Handle<'i> {
    type Segments = Witness<'i>;

    fn segments(self, access: Access) -> Option<Witness<'i>> {
        let inner = &self.object.0;
        let filled = match (&inner.slots, &inner.kind) {
            (Slots::Bytes, Kind::Bytes(bytes)) => access != Access::Write || !bytes.read_only,
            (Slots::Scripted { count, segments }, _) => {
                count.is_some() && segments[access as usize].is_some()
            }
            _ => false,
        };
        filled.then_some(Witness { handle: self, access })
    }
}

// SAFETY: what the slot is scripted to answer is passed on unchanged.
unsafe impl<'i> Segments for Witness<'i> {
    type Raised = Token<'i>;

    fn count(self) -> isize {
        self.handle.record(Call::CountSegments);
        self.counted().0
    }

    fn count_and_total(self) -> (isize, isize) {
        self.handle.record(Call::TotalSegments);
        self.counted()
    }

    fn get(self, index: isize) -> Result<Span, Token<'i>> {
        self.handle.record(Call::GetSegment(self.access, index));
        let inner = &self.handle.object.0;
        match (&inner.slots, &inner.kind) {
            (Slots::Bytes, Kind::Bytes(bytes)) if index == 0 => Ok(bytes.span()),
            (Slots::Scripted { segments, .. }, _) => {
                let segment = usize::try_from(index)
                    .ok()
                    .and_then(|index| segments[self.access as usize].as_ref()?.get(index));
                let Some((memory, answer)) = segment else { return Err(self.no_such_segment()) };
                if answer.length < 0 {
                    return Err(self.handle.failure(answer.raises.clone()));
                }
                self.handle.attached.interpreter().raise_some(answer.raises.clone());
                let pointer = if answer.null { std::ptr::null_mut() } else { memory.address().cast() };
                Ok(Span { pointer, length: answer.length })
            }
            _ => Err(self.no_such_segment()),
        }
    }
}

impl<'i> Witness<'i> {
    fn counted(self) -> (isize, isize) {
        let inner = &self.handle.object.0;
        match (&inner.slots, &inner.kind) {
            (Slots::Bytes, Kind::Bytes(bytes)) => (1, bytes.span().length),
            (Slots::Scripted { count: Some((count, total, raised)), .. }, _) => {
                self.handle.attached.interpreter().raise_some(raised.clone());
                (*count, *total)
            }
            _ => (0, 0),
        }
    }

    /// As the types of Python 2.7 put it.
    fn no_such_segment(self) -> Token<'i> {
        self.handle.failure(Some(Raised::new("SystemError", "accessing non-existent segment")))
    }
}

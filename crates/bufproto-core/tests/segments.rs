//! Objects of several segments: how many are left, and what is said where they end early.

use std::ptr;

use bufproto_core::runtime::Segments;
use bufproto_core::segments::{gather, iter};
use bufproto_core::span::Span;

/// An object that says that it has so many segments: `ab`, `cde`, one that is nowhere, and from then on none.
#[derive(Clone, Copy)]
struct Parts(isize);

// SAFETY: what is returned is a literal, or claimed to be nowhere.
unsafe impl Segments for Parts {
    type Raised = ();

    fn count(self) -> isize {
        self.0
    }

    fn count_and_total(self) -> (isize, isize) {
        (self.0, 0)
    }

    fn get(self, index: isize) -> Result<Span, ()> {
        match index {
            0 => Ok(Span { pointer: b"ab".as_ptr().cast_mut().cast(), length: 2 }),
            1 => Ok(Span { pointer: b"cde".as_ptr().cast_mut().cast(), length: 3 }),
            2 => Ok(Span { pointer: ptr::null_mut(), length: 1 }),
            _ => Err(()),
        }
    }
}

#[test]
fn segments_are_counted_at_the_start() {
    let mut segments = iter(Parts(4));
    assert_eq!(segments.size_hint(), (4, Some(4)));
    assert_eq!(segments.next().unwrap().unwrap().length, 2);
    assert_eq!(segments.size_hint(), (3, Some(3)));
    assert_eq!(segments.by_ref().count(), 3);
    assert_eq!(segments.size_hint(), (0, Some(0)));
    assert!(segments.next().is_none());
    // A count that is none is no segment.
    assert_eq!((iter(Parts(-1)).size_hint(), iter(Parts(-1)).count()), ((0, Some(0)), 0));
}

#[test]
fn what_stops_a_copy_is_said_with_its_place() {
    let text = |count: isize, room: usize| {
        // SAFETY: what the segments have is a literal.
        unsafe { gather(Parts(count), &mut vec![0; room]) }.map_err(|error| error.to_string())
    };
    assert_eq!(text(2, 5), Ok(5));
    for (count, room, refusal) in [
        (1, 1, "segment 0 does not fit: it needs 2 bytes and there are 1"),
        (2, 4, "segment 1 does not fit: it needs 3 bytes and there are 2"),
        (3, 9, "segment 2 claims bytes but has no memory"),
    ] {
        assert_eq!(text(count, room), Err(refusal.to_owned()));
    }
}

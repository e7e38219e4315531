//! The 2.x procedure: the type's own slots, and exactly one segment.
//!
//! Source: CPython 2.7.18, recorded; section 3 of the facts that the recordings come with. The segment
//! counter is always asked first, and asked for the count alone.

use crate::error::{Error, ErrorOf};
use crate::request::Access;
use crate::rules::Rule;
use crate::runtime::{Segmented, Segments as _};
use crate::span::Span;

#[inline]
pub(crate) fn locate<O: Segmented>(object: O, access: Access) -> Result<Span, ErrorOf<O>> {
    let Some(segments) = object.segments(access) else {
        return Err(Error::Refused(missing(access)));
    };
    // A counter that raises makes no difference: the refusal replaces what it raised, and with a count of one
    // the call goes on.
    if segments.count() != 1 {
        return Err(Error::Refused(Rule::SingleSegment));
    }
    segments.get(0).map_err(Error::Raised)
}

/// Never calls the read slot, so it may say yes where reading fails; leaves what the counter raised.
#[inline]
pub(super) fn check_read_buffer<O: Segmented>(object: O) -> bool {
    object.segments(Access::Read).is_some_and(|segments| segments.count() == 1)
}

const fn missing(access: Access) -> Rule {
    match access {
        Access::Char => Rule::CharSlots,
        Access::Read => Rule::ReadSlots,
        Access::Write => Rule::WriteSlots,
    }
}

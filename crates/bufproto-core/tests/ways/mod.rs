//! The ways to copy, which come to the same where nobody else writes.

use bufproto_core::copy::{self, CopyError, shared};
use bufproto_core::layout::{Layout, Order};

type Source<'a> = (*const u8, Layout<'a>);
type Target<'a> = (*mut u8, Layout<'a>);

/// The three functions, for one kind of memory.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    pub(crate) gather: unsafe fn(*const u8, Layout<'_>, Order, *mut u8),
    pub(crate) scatter: unsafe fn(*const u8, *mut u8, Layout<'_>, Order),
    pub(crate) copy: unsafe fn(Source<'_>, Target<'_>) -> Result<(), CopyError>,
}

pub(crate) const WAYS: [Way; 2] = [
    Way { name: "plain", gather: copy::gather, scatter: copy::scatter, copy: copy::copy },
    Way { name: "shared", gather: shared::gather, scatter: shared::scatter, copy: shared::copy },
];

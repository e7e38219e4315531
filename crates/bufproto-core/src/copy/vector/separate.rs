//! Two vectors side by side where no instruction takes both.

use super::{Vector, or, shuffle};

/// Whether two vectors can be shuffled at once here.
#[inline]
pub(in crate::copy) fn can_shuffle_pairs() -> bool {
    false
}

/// The two have nothing to do with one another.
pub(in crate::copy) type Pair = [Vector; 2];

#[inline(always)]
pub(in crate::copy) fn pair(one: Vector, other: Vector) -> Pair {
    [one, other]
}

#[inline(always)]
pub(in crate::copy) fn split(pair: Pair) -> [Vector; 2] {
    pair
}

/// As [`shuffle`], in both vectors, each with the table beside it.
///
/// # Safety
///
/// [`can_shuffle`](super::can_shuffle) said so.
#[inline(always)]
pub(in crate::copy) unsafe fn shuffle_pair([one, other]: Pair, [first, second]: Pair) -> Pair {
    // SAFETY: the caller's word.
    unsafe { [shuffle(one, first), shuffle(other, second)] }
}

#[inline(always)]
pub(in crate::copy) fn or_pair([one, other]: Pair, [first, second]: Pair) -> Pair {
    [or(one, first), or(other, second)]
}

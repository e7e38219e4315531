//! No vectors.

pub(in crate::copy) type Vector = [u8; super::WIDTH];

/// Whether vectors can be zipped.
pub(in crate::copy) const CAN_ZIP: bool = false;

/// Whether vectors can be shuffled here.
#[inline]
pub(in crate::copy) fn can_shuffle() -> bool {
    false
}

/// # Safety
///
/// Sixteen bytes may be read.
#[inline(always)]
pub(in crate::copy) unsafe fn load(from: *const u8) -> Vector {
    // SAFETY: the caller's word; bytes need no alignment.
    unsafe { from.cast::<Vector>().read() }
}

/// # Safety
///
/// Sixteen bytes may be written to.
#[inline(always)]
pub(in crate::copy) unsafe fn store(into: *mut u8, vector: Vector) {
    // SAFETY: the caller's word; bytes need no alignment.
    unsafe { into.cast::<Vector>().write(vector) };
}

/// Not to be reached: nothing can be shuffled here.
///
/// # Safety
///
/// [`can_shuffle`] said so.
#[inline(always)]
pub(in crate::copy) unsafe fn shuffle(vector: Vector, _: Vector) -> Vector {
    vector
}

#[inline(always)]
pub(in crate::copy) fn or(one: Vector, _: Vector) -> Vector {
    one
}

/// Not to be reached: nothing can be zipped here.
#[inline(always)]
pub(in crate::copy) fn zip<const ITEM: usize>(one: Vector, other: Vector) -> (Vector, Vector) {
    (one, other)
}

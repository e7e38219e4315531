//! A pointer and a length: what the old functions answer.

use core::ffi::c_void;

/// Memory as the old functions hand it out: a pointer and a length in bytes, **with nothing that keeps the
/// memory alive** and nothing checked. An exporter may answer null with a length, or a negative length.
///
/// Reading through it is the caller's risk; [`View`](crate::view::View) and [`Scope`](crate::scope::Scope)
/// take the risk away.
///
/// ```
/// use bufproto_core::span::Span;
///
/// let mut memory = *b"hello";
/// let span = Span { pointer: memory.as_mut_ptr().cast(), length: 5 };
/// assert_eq!(span.checked(), Some((memory.as_mut_ptr(), 5)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first byte, or null.
    pub pointer: *mut c_void,
    /// The number of bytes that the exporter claims.
    pub length: isize,
}

impl Span {
    /// The bytes as a pointer and a count, if they can be memory at all: the length is not negative, and the
    /// pointer is not null unless there are no bytes.
    ///
    /// ```
    /// use bufproto_core::span::Span;
    /// use core::ptr;
    ///
    /// assert_eq!(Span { pointer: ptr::null_mut(), length: 0 }.checked(), Some((ptr::null_mut(), 0)));
    /// assert_eq!(Span { pointer: ptr::null_mut(), length: 5 }.checked(), None);
    /// assert_eq!(Span { pointer: ptr::dangling_mut(), length: -1 }.checked(), None);
    /// ```
    #[inline]
    #[must_use]
    pub fn checked(self) -> Option<(*mut u8, usize)> {
        let length = usize::try_from(self.length).ok()?;
        // Memory that is there is asked for first: nearly all is.
        if !self.pointer.is_null() || length == 0 { Some((self.pointer.cast(), length)) } else { None }
    }
}

//! The four functions, generic over the dialect.
//!
//! | function | in Rust | as C calls it |
//! |---|---|---|
//! | `PyObject_AsCharBuffer` | [`Dialect::as_char_buffer`] | [`store`] with [`Access::Char`] |
//! | `PyObject_AsReadBuffer` | [`Dialect::as_read_buffer`] | [`store`] with [`Access::Read`] |
//! | `PyObject_AsWriteBuffer` | [`Dialect::as_write_buffer`] | [`store`] with [`Access::Write`] |
//! | `PyObject_CheckReadBuffer` | [`Dialect::check_read_buffer`] | the same, as 0 or 1 |
//!
//! Both dialects hand out memory that **nothing keeps alive**: a [`Span`]. Use a
//! [`View`](crate::view::View) or a [`Scope`](crate::scope::Scope) to keep it.

use core::ffi::{c_int, c_void};

use crate::error::{Error, ErrorOf};
use crate::request::Access;
use crate::rules::{Family, Refusal, Rule};
use crate::runtime::{Exporter, Object, Policy, Runtime as _, Segmented};
use crate::span::Span;

pub mod segments;
pub mod views;

/// A dialect: the procedure behind the four functions.
///
/// [`Python2`] needs an object with type slots ([`Segmented`]), [`Python3`] one with views ([`Exporter`]):
/// asking for a dialect that an object's backend does not have does not compile.
pub trait Dialect<O: Object> {
    /// Where the object's memory is.
    ///
    /// # Errors
    ///
    /// The exporter's own exception or the rule that was broken; nothing is left exported.
    fn locate(object: O, access: Access) -> Result<Span, ErrorOf<O>>;

    /// `PyObject_CheckReadBuffer`: whether the object seems to have readable memory. Never fails.
    fn check_read_buffer(object: O) -> bool;

    /// `PyObject_AsCharBuffer`: memory to read as characters.
    ///
    /// # Errors
    ///
    /// As [`locate`](Self::locate).
    fn as_char_buffer(object: O) -> Result<Span, ErrorOf<O>> {
        Self::locate(object, Access::Char)
    }

    /// `PyObject_AsReadBuffer`: memory to read, whatever it holds.
    ///
    /// # Errors
    ///
    /// As [`locate`](Self::locate).
    fn as_read_buffer(object: O) -> Result<Span, ErrorOf<O>> {
        Self::locate(object, Access::Read)
    }

    /// `PyObject_AsWriteBuffer`: memory to write to.
    ///
    /// # Errors
    ///
    /// As [`locate`](Self::locate).
    fn as_write_buffer(object: O) -> Result<Span, ErrorOf<O>> {
        Self::locate(object, Access::Write)
    }
}

/// The native dialect of Python 2.x: type slots and segments.
#[derive(Clone, Copy, Debug)]
pub enum Python2 {}

impl<O: Segmented> Dialect<O> for Python2 {
    #[inline]
    fn locate(object: O, access: Access) -> Result<Span, ErrorOf<O>> {
        check_unheld(object)?;
        segments::locate(object, access)
    }

    #[inline]
    fn check_read_buffer(object: O) -> bool {
        segments::check_read_buffer(object)
    }
}

/// The compatibility wrapper of Python 3.x: a view, released before the function returns.
#[derive(Clone, Copy, Debug)]
pub enum Python3 {}

impl<O: Exporter> Dialect<O> for Python3 {
    #[inline]
    fn locate(object: O, access: Access) -> Result<Span, ErrorOf<O>> {
        check_unheld(object)?;
        views::locate(object, access)
    }

    #[inline]
    fn check_read_buffer(object: O) -> bool {
        views::check_read_buffer(object)
    }
}

/// Under the strict policy, memory that may move is not handed out unheld.
#[inline]
fn check_unheld<O: Object>(object: O) -> Result<(), Rule> {
    let strict = object.runtime().policy() == Policy::Strict;
    if strict && object.needs_release() { Err(Rule::Unheld) } else { Ok(()) }
}

/// The type of a length that C callers take.
pub trait Length: Copy {
    /// The length in this type.
    ///
    /// # Errors
    ///
    /// [`Rule::IntLength`] if it does not fit.
    fn from_bytes(bytes: isize) -> Result<Self, Rule>;
}

/// `Py_ssize_t`, since Python 2.5.
impl Length for isize {
    #[inline]
    fn from_bytes(bytes: isize) -> Result<Self, Rule> {
        Ok(bytes)
    }
}

/// `int`, before Python 2.5 (PEP 353).
impl Length for c_int {
    #[inline]
    fn from_bytes(bytes: isize) -> Result<Self, Rule> {
        Self::try_from(bytes).map_err(|_| Rule::IntLength)
    }
}

/// One of the three `As` functions exactly as C calls it: any argument may be NULL, the outputs are written on
/// success only, and an error is left in the error indicator.
///
/// Returns 0 or −1.
///
/// # Safety
///
/// `buffer` and `length` are null or may be written to, also while the exporter's code runs.
#[inline]
pub unsafe fn store<D, O, L>(
    runtime: O::Runtime,
    object: Option<O>,
    access: Access,
    buffer: *mut *mut c_void,
    length: *mut L,
) -> c_int
where
    D: Dialect<O>,
    O: Object,
    L: Length,
{
    // SAFETY: the caller's word.
    unsafe { store_from(runtime, object, buffer, length, |object| D::locate(object, access)) }
}

/// As [`store`], with another way to find the memory: one that keeps it, as a
/// [`Scope`](crate::scope::Scope) does.
///
/// Returns 0 or −1.
///
/// # Safety
///
/// As [`store`].
#[inline]
pub unsafe fn store_from<O, L>(
    runtime: O::Runtime,
    object: Option<O>,
    buffer: *mut *mut c_void,
    length: *mut L,
    locate: impl FnOnce(O) -> Result<Span, ErrorOf<O>>,
) -> c_int
where
    O: Object,
    L: Length,
{
    // SAFETY: the caller's word.
    unsafe { store_from_in(runtime, object, buffer, length, locate, Rule::refusal) }
}

/// As [`store_from`], refusing in words of fewer rules, as [`Error::restore_in`] does.
///
/// Returns 0 or −1.
///
/// # Safety
///
/// As [`store`].
#[inline]
pub unsafe fn store_from_in<O, L>(
    runtime: O::Runtime,
    object: Option<O>,
    buffer: *mut *mut c_void,
    length: *mut L,
    locate: impl FnOnce(O) -> Result<Span, ErrorOf<O>>,
    words: impl FnOnce(Rule, Family) -> Refusal,
) -> c_int
where
    O: Object,
    L: Length,
{
    let Some(object) = object.filter(|_| !buffer.is_null() && !length.is_null()) else {
        Error::from(Rule::NullArgument).restore_without_object_in(runtime, words);
        return -1;
    };
    let answer = locate(object)
        .and_then(|span| L::from_bytes(span.length).map(|bytes| (span.pointer, bytes)).map_err(Error::from));
    match answer {
        Ok((pointer, bytes)) => {
            // SAFETY: neither is null, and the caller's word that they may then be written to.
            unsafe {
                buffer.write(pointer);
                length.write(bytes);
            }
            0
        }
        Err(error) => {
            error.restore_in(object, words);
            -1
        }
    }
}

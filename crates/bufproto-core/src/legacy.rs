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
///
/// ```
/// use bufproto_core::legacy::{Dialect, Python2, Python3};
/// use bufproto_core::request::Access;
/// use bufproto_core::runtime::Object as Handle;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// fn lengths<D: Dialect<O>, O: Handle>(object: O) -> [Option<isize>; 3] {
///     Access::ALL.map(|access| D::locate(object, access).ok().map(|span| span.length))
/// }
///
/// let object = Object::bytes(b"hello");
/// let handle = object.attach(&interpreter);
/// assert_eq!(lengths::<Python2, _>(handle), [Some(5), Some(5), None]);
/// assert_eq!(lengths::<Python3, _>(handle), [Some(5), Some(5), None]);
/// ```
pub trait Dialect<O: Object> {
    /// Where the object's memory is.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python3};
    /// use bufproto_core::request::Access;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytearray(b"hello");
    /// assert_eq!(Python3::locate(object.attach(&interpreter), Access::Write).unwrap().length, 5);
    /// assert_eq!(object.exports(), 0, "nothing keeps it");
    /// ```
    ///
    /// # Errors
    ///
    /// The exporter's own exception or the rule that was broken; nothing is left exported.
    fn locate(object: O, access: Access) -> Result<Span, ErrorOf<O>>;

    /// `PyObject_CheckReadBuffer`: whether the object seems to have readable memory. Never fails.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python3};
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// assert!(Python3::check_read_buffer(Object::bytes(b"hello").attach(&interpreter)));
    /// assert!(!Python3::check_read_buffer(Object::opaque().attach(&interpreter)));
    /// ```
    fn check_read_buffer(object: O) -> bool;

    /// `PyObject_AsCharBuffer`: memory to read as characters.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python3};
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// assert_eq!(Python3::as_char_buffer(Object::bytes(b"hello").attach(&interpreter)).unwrap().length, 5);
    /// ```
    ///
    /// # Errors
    ///
    /// As [`locate`](Self::locate).
    fn as_char_buffer(object: O) -> Result<Span, ErrorOf<O>> {
        Self::locate(object, Access::Char)
    }

    /// `PyObject_AsReadBuffer`: memory to read, whatever it holds.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python3};
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// assert_eq!(Python3::as_read_buffer(Object::bytes(b"hello").attach(&interpreter)).unwrap().length, 5);
    /// ```
    ///
    /// # Errors
    ///
    /// As [`locate`](Self::locate).
    fn as_read_buffer(object: O) -> Result<Span, ErrorOf<O>> {
        Self::locate(object, Access::Read)
    }

    /// `PyObject_AsWriteBuffer`: memory to write to.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python3};
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytearray(b"hello");
    /// let span = Python3::as_write_buffer(object.attach(&interpreter)).unwrap();
    /// // SAFETY: the object lives, and is not resized.
    /// unsafe { span.pointer.cast::<u8>().write(b'j') };
    /// assert_eq!(object.content(), b"jello");
    /// ```
    ///
    /// # Errors
    ///
    /// As [`locate`](Self::locate).
    fn as_write_buffer(object: O) -> Result<Span, ErrorOf<O>> {
        Self::locate(object, Access::Write)
    }
}

/// The native dialect of Python 2.x: type slots and segments.
///
/// ```
/// use bufproto_core::legacy::{Dialect, Python2};
/// use bufproto_core::rules::Rule;
/// use bufproto_mock::OldSlots;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::segmented(OldSlots::of(&[b"one", b"two"], false));
/// let refused = Python2::as_read_buffer(object.attach(&interpreter)).unwrap_err().rule();
/// assert_eq!(refused, Some(Rule::SingleSegment));
/// ```
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
///
/// ```
/// use bufproto_core::legacy::{Dialect, Python3};
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::bytearray(b"hello");
/// Python3::as_read_buffer(object.attach(&interpreter)).unwrap();
/// interpreter.ledger().assert_balanced();
/// assert!(object.resize(&interpreter, 10).is_ok(), "the view was given back");
/// ```
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
///
/// ```
/// use bufproto_core::legacy::Length;
/// use bufproto_core::rules::Rule;
/// use core::ffi::c_int;
///
/// assert_eq!(isize::from_bytes(1 << 40), Ok(1 << 40));
/// assert_eq!(c_int::from_bytes(1 << 40), Err(Rule::IntLength));
/// ```
pub trait Length: Copy {
    /// The length in this type.
    ///
    /// ```
    /// use bufproto_core::legacy::Length;
    ///
    /// assert_eq!(core::ffi::c_int::from_bytes(5), Ok(5));
    /// ```
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
/// ```
/// use bufproto_core::legacy::{Python3, store};
/// use bufproto_core::request::Access;
/// use core::ptr;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::bytes(b"hello");
/// let handle = object.attach(&interpreter);
/// let (mut buffer, mut length) = (ptr::null_mut(), 0isize);
/// // SAFETY: both may be written to.
/// let status = unsafe {
///     store::<Python3, _, _>(interpreter.attach(), Some(handle), Access::Read, &mut buffer, &mut length)
/// };
/// assert_eq!((status, length), (0, 5));
/// // SAFETY: nothing is written.
/// let status = unsafe {
///     store::<Python3, _, isize>(interpreter.attach(), Some(handle), Access::Read, ptr::null_mut(), ptr::null_mut())
/// };
/// assert_eq!(status, -1);
/// assert_eq!(interpreter.take_raised().unwrap().exception, "SystemError");
/// ```
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
/// ```
/// use bufproto_core::legacy::store_from;
/// use bufproto_core::request::Access;
/// use bufproto_core::scope::Scope;
/// use bufproto_core::view::Slot;
/// use core::ptr;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::bytearray(b"hello");
/// let mut slots = [Slot::new()];
/// let scope = Scope::new(interpreter.attach(), &mut slots);
/// let (mut buffer, mut length) = (ptr::null_mut(), 0isize);
/// // SAFETY: both may be written to.
/// let status = unsafe {
///     store_from(interpreter.attach(), Some(object.attach(&interpreter)), &mut buffer, &mut length, |object| {
///         scope.locate(object, Access::Write).map(|held| held.span())
///     })
/// };
/// assert_eq!((status, length, object.exports()), (0, 5, 1));
/// ```
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
/// ```
/// use bufproto_core::legacy::{Dialect, Python3, store_from_in};
/// use bufproto_core::rules::{Family, Refusal, Rule};
/// use core::ptr;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// /// All that `PyObject_AsReadBuffer` can refuse.
/// fn words(rule: Rule, family: Family) -> Refusal {
///     match rule {
///         Rule::ReadExporter => Rule::ReadExporter.refusal(family),
///         _ => Rule::NullArgument.refusal(family),
///     }
/// }
///
/// let object = Object::opaque();
/// let handle = object.attach(&interpreter);
/// let (mut buffer, mut length) = (ptr::null_mut(), 0isize);
/// // SAFETY: both may be written to.
/// let status = unsafe {
///     store_from_in(interpreter.attach(), Some(handle), &mut buffer, &mut length, Python3::as_read_buffer, words)
/// };
/// assert_eq!(status, -1);
/// assert_eq!(interpreter.take_raised().unwrap().exception, "TypeError");
/// ```
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

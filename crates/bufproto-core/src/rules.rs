//! Every rule of the protocol by number, and the words in which each interpreter refuses.
//!
//! | numbers | about |
//! |---|---|
//! | 1xx | the arguments of a call |
//! | 2xx | the 2.x dialect: type slots and segments |
//! | 3xx | the 3.x dialect: views |
//! | 4xx | what an exporter answers to a request |
//! | 5xx | what a consumer may make of a view |
//! | 6xx | lifetimes |
//!
//! Numbers are stable for ever: new rules get new numbers, and those of withdrawn rules are not used again.
//!
//! Source of the wording: the recorded answers of CPython 2.7.18, 3.6 to 3.15 and PyPy 7.3.3, 7.3.11 and
//! 8.0.1, which the tests replay.

use core::ffi::{CStr, c_char};
use core::fmt;
use core::slice;

/// The message of a literal, looked at when this is compiled.
///
/// Two zeros end it, because a linker keeps all strings with one together, and could not leave out what nobody uses.
macro_rules! text {
    ($text:literal) => {
        const {
            match CStr::from_bytes_until_nul(concat!($text, "\0\0").as_bytes()) {
                Ok(text) => Message::new(text),
                Err(_) => panic!("there is a zero"),
            }
        }
    };
}

/// A rule that a call can break.
///
/// `as u16` gives the number.
///
/// ```
/// use bufproto_core::rules::{Family, Rule};
///
/// assert_eq!(Rule::WriteExporter as u16, 303);
/// let refusal = Rule::WriteExporter.refusal(Family::CPython3);
/// assert_eq!(refusal.exception.name(), "TypeError");
/// assert_eq!(refusal.message.as_c_str(), c"expected a writable bytes-like object");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u16)]
#[non_exhaustive]
pub enum Rule {
    /// No argument may be NULL.
    NullArgument = 101,
    /// A length that is stored in an `int` must fit in one.
    IntLength = 102,

    /// For character access, the type needs a character slot and a segment counter.
    CharSlots = 201,
    /// For reading, the type needs a read slot and a segment counter.
    ReadSlots = 202,
    /// For writing, the type needs a write slot and a segment counter.
    WriteSlots = 203,
    /// The object must have exactly one segment.
    SingleSegment = 204,

    /// For character access, the type must export views.
    CharExporter = 301,
    /// For reading, the type must export views.
    ReadExporter = 302,
    /// For writing, the object must export a view for a writable request.
    WriteExporter = 303,
    /// For a view, the type must export views.
    ViewExporter = 304,

    /// A writable request needs writable memory.
    Writable = 401,
    /// An exporter must be given a view to fill.
    NullView = 402,
    /// `PyBUF_READ` and `PyBUF_WRITE` are not requests (CPython 3.13 and later).
    MemoryFlag = 403,
    /// A request without strides, or for C order, needs memory that is contiguous in C order.
    GrantCContiguous = 404,
    /// A request for Fortran order needs memory that is contiguous in Fortran order.
    GrantFContiguous = 405,
    /// A request for either order needs memory that is contiguous in one.
    GrantContiguous = 406,
    /// Memory behind pointers needs a request that takes suboffsets.
    GrantIndirect = 407,
    /// A request for a format needs a shape to go with it.
    GrantFormat = 408,

    /// A view's length must not be negative.
    NegativeLength = 501,
    /// A view with a length needs a pointer.
    NullMemory = 502,
    /// Writing needs a view that is not read-only.
    ReadOnlyView = 503,
    /// Reading a view as bytes needs memory that is contiguous in C order.
    Contiguous = 504,
    /// A view's shape, strides and suboffsets must be a layout.
    ViewLayout = 505,
    /// Indices must be as many as the view has dimensions, and within its shape.
    ItemIndex = 506,
    /// A copy in or out must be as long as the view.
    CopyLength = 507,
    /// A copy between views needs the same shape and the same item size on both sides.
    CopyShape = 508,
    /// An argument to write to must be writable (`w*` of `PyArg_ParseTuple`).
    ArgumentWritable = 509,
    /// An argument must be contiguous in C order (`y*` and `w*` of `PyArg_ParseTuple`).
    ArgumentContiguous = 510,
    /// An argument that is used in place must be contiguous in C order, if its exporter says otherwise only by its
    /// answer.
    ArgumentOrder = 511,
    /// The same, if its exporter refused.
    ArgumentRefused = 512,
    /// An argument that is written to in place must be writable.
    ArgumentReadOnly = 513,
    /// An argument must be `bytes`, where nothing else is accepted.
    ArgumentBytes = 514,
    /// An argument must not be longer than is accepted.
    ArgumentLimit = 515,
    /// An argument must be aligned as is asked for.
    ArgumentAlignment = 516,
    /// An argument must consist of whole items of the type that is asked for.
    ArgumentItems = 517,
    /// An argument that is read in place as it is must be of a type that offers stable reads, or `bytes`.
    ArgumentStable = 518,

    /// A scope must have a free slot for each buffer.
    ScopeFull = 601,
    /// Memory must not be resized while views of it exist.
    Resize = 602,
    /// Memory that its owner may move needs somebody who holds it (the strict policy).
    Unheld = 603,
    /// A scope that takes more memory for its views needs the interpreter to have some.
    ScopeMemory = 604,
    /// A stable read needs memory that nobody may be writing to.
    StableRead = 605,
    /// A writable view needs memory that no stable read is held of.
    WritableView = 606,
    /// An owner writes to its memory while no stable read is held of it.
    OwnerWrite = 607,
    /// Memory is neither exported nor written to while it is resized.
    Resizing = 608,
    /// There is an end to the exports that can be counted.
    ExportLimit = 609,
}

impl Rule {
    /// Every rule, in the order of the numbers.
    ///
    /// ```
    /// use bufproto_core::rules::Rule;
    ///
    /// assert!(Rule::ALL.is_sorted_by_key(|rule| rule.number()));
    /// assert!(Rule::ALL.contains(&Rule::SingleSegment));
    /// ```
    pub const ALL: [Self; 45] = [
        Self::NullArgument,
        Self::IntLength,
        Self::CharSlots,
        Self::ReadSlots,
        Self::WriteSlots,
        Self::SingleSegment,
        Self::CharExporter,
        Self::ReadExporter,
        Self::WriteExporter,
        Self::ViewExporter,
        Self::Writable,
        Self::NullView,
        Self::MemoryFlag,
        Self::GrantCContiguous,
        Self::GrantFContiguous,
        Self::GrantContiguous,
        Self::GrantIndirect,
        Self::GrantFormat,
        Self::NegativeLength,
        Self::NullMemory,
        Self::ReadOnlyView,
        Self::Contiguous,
        Self::ViewLayout,
        Self::ItemIndex,
        Self::CopyLength,
        Self::CopyShape,
        Self::ArgumentWritable,
        Self::ArgumentContiguous,
        Self::ArgumentOrder,
        Self::ArgumentRefused,
        Self::ArgumentReadOnly,
        Self::ArgumentBytes,
        Self::ArgumentLimit,
        Self::ArgumentAlignment,
        Self::ArgumentItems,
        Self::ArgumentStable,
        Self::ScopeFull,
        Self::Resize,
        Self::Unheld,
        Self::ScopeMemory,
        Self::StableRead,
        Self::WritableView,
        Self::OwnerWrite,
        Self::Resizing,
        Self::ExportLimit,
    ];

    /// The number, as C programs see it.
    ///
    /// ```
    /// use bufproto_core::rules::Rule;
    ///
    /// assert_eq!(Rule::SingleSegment.number(), 204);
    /// ```
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// Says that it was broken, where no interpreter's words are asked for.
    pub(crate) fn broken(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule {} of the buffer protocol was broken: {self:?}", self.number())
    }

    /// How an interpreter of `family` refuses what breaks this rule.
    ///
    /// ```
    /// use bufproto_core::rules::{Exception, Family, Rule};
    ///
    /// let refusal = |family| Rule::Writable.refusal(family).exception;
    /// assert_eq!(refusal(Family::CPython3), Exception::BufferError);
    /// assert_eq!(refusal(Family::PyPy3), Exception::ValueError);
    /// ```
    #[must_use]
    // Who knows the rule gets its words and no others.
    #[inline(always)]
    pub const fn refusal(self, family: Family) -> Refusal {
        use Exception::{BufferError, IndexError, MemoryError, OverflowError};
        use Exception::{SystemError, TypeError, ValueError};
        let pypy = matches!(family, Family::PyPy2 | Family::PyPy3);
        let (exception, message) = match self {
            Self::NullArgument => (SystemError, text!("null argument to internal routine")),
            Self::IntLength => (OverflowError, text!("size does not fit in an int")),
            Self::CharSlots if pypy => (TypeError, text!("expected a character buffer object")),
            Self::CharSlots => (TypeError, text!("expected a string or other character buffer object")),
            Self::ReadSlots => (TypeError, text!("expected a readable buffer object")),
            Self::WriteSlots => (TypeError, text!("expected a writeable buffer object")),
            Self::SingleSegment => (TypeError, text!("expected a single-segment buffer object")),
            Self::CharExporter if pypy => (TypeError, text!("expected an object with the buffer interface")),
            Self::ReadExporter if pypy => (TypeError, text!("expected an object with a buffer interface")),
            Self::WriteExporter if pypy => {
                (TypeError, text!("expected an object with a writable buffer interface"))
            }
            Self::WriteExporter => (TypeError, text!("expected a writable bytes-like object")),
            Self::ViewExporter if matches!(family, Family::CPython2 | Family::PyPy2) => {
                (TypeError, text!("'%.100s' does not have the buffer interface"))
            }
            Self::CharExporter | Self::ReadExporter | Self::ViewExporter => {
                (TypeError, text!("a bytes-like object is required, not '%.100s'"))
            }
            Self::Writable if pypy => (ValueError, text!("Object is not writable")),
            Self::Writable => (BufferError, text!("Object is not writable.")),
            Self::NullView => (BufferError, text!("PyBuffer_FillInfo: view==NULL argument is obsolete")),
            Self::MemoryFlag => (SystemError, text!("bad argument to internal function")),
            Self::GrantCContiguous => (
                BufferError,
                text!("'%.100s' object is not C-contiguous; ask for its strides, or pass a copy"),
            ),
            Self::GrantFContiguous => (
                BufferError,
                text!("'%.100s' object is not Fortran contiguous; ask for its strides, or pass a copy"),
            ),
            Self::GrantContiguous => {
                (BufferError, text!("'%.100s' object is not contiguous; ask for its strides, or pass a copy"))
            }
            Self::GrantIndirect => (
                BufferError,
                text!(
                    "'%.100s' object cannot be represented without suboffsets; ask for them, or pass a copy"
                ),
            ),
            Self::GrantFormat => {
                (BufferError, text!("'%.100s' object cannot give a format without a shape; ask for both"))
            }
            Self::Resize => (BufferError, text!("Existing exports of data: object cannot be re-sized")),
            Self::NegativeLength => {
                (BufferError, text!("the exporter answered with a negative length; it is at fault"))
            }
            Self::NullMemory => {
                (BufferError, text!("the exporter answered with a length but no memory; it is at fault"))
            }
            Self::ReadOnlyView => (BufferError, text!("the view is read-only; ask for a writable one")),
            Self::Contiguous => (
                BufferError,
                text!("the view is not contiguous in C order; copy it, or read it item by item"),
            ),
            Self::ViewLayout => (
                BufferError,
                text!(
                    "the view's shape, strides or suboffsets are not those of any memory; its exporter is at fault"
                ),
            ),
            Self::ItemIndex => (IndexError, text!("there is no item at these indices")),
            Self::CopyLength => (ValueError, text!("the memory and the view differ in length")),
            Self::CopyShape => (ValueError, text!("the views differ in shape or in item size")),
            Self::ArgumentWritable => (TypeError, text!("must be read-write bytes-like object, not %.100s")),
            Self::ArgumentContiguous => (TypeError, text!("must be contiguous buffer, not %.100s")),
            Self::ArgumentOrder => (TypeError, text!("'%.100s' object is not C-contiguous: pass a copy")),
            Self::ArgumentRefused => (BufferError, text!("'%.100s' object is not C-contiguous: pass a copy")),
            Self::ArgumentReadOnly => (
                TypeError,
                text!(
                    "a read-write bytes-like object is required, not '%.100s': pass a bytearray, or a writable copy"
                ),
            ),
            Self::ArgumentBytes => {
                (TypeError, text!("a bytes object is required, not '%.100s': pass its bytes(...)"))
            }
            Self::ArgumentLimit => {
                (ValueError, text!("'%.100s' object is longer than is accepted: pass it in parts"))
            }
            Self::ArgumentAlignment => {
                (ValueError, text!("the memory of '%.100s' object is not aligned: pass an aligned copy"))
            }
            Self::ArgumentItems => (
                TypeError,
                text!(
                    "'%.100s' object does not consist of whole items of the wanted type: pass fewer bytes, or more"
                ),
            ),
            Self::ArgumentStable => (
                TypeError,
                text!("'%.100s' object offers no stable reads: pass its bytes(...), or a bufproto.Buffer"),
            ),
            Self::Unheld => (
                BufferError,
                text!("'%.100s' object may move its memory as soon as it is not held; take it in a scope"),
            ),
            Self::ScopeFull => {
                (BufferError, text!("the buffer scope is full; give it more slots, or begin a nested scope"))
            }
            Self::ScopeMemory => (MemoryError, text!("there is no memory for more buffers in the scope")),
            Self::StableRead => (
                BufferError,
                text!("'%.100s' object may be written to through another view: release that, or pass a copy"),
            ),
            Self::WritableView => (
                BufferError,
                text!(
                    "'%.100s' object is being read: ask for a read-only view, or wait until it is released"
                ),
            ),
            Self::OwnerWrite => (
                BufferError,
                text!("'%.100s' object is being read: change it once it is released, or change a copy"),
            ),
            Self::Resizing => {
                (BufferError, text!("'%.100s' object is being resized by another thread: try again"))
            }
            Self::ExportLimit => {
                (BufferError, text!("'%.100s' object has too many views: release some of them"))
            }
        };
        Refusal { rule: self, exception, message, yields: matches!(self, Self::NullArgument) }
    }
}

/// Interpreters that share procedures and wording.
///
/// ```
/// use bufproto_core::rules::{Family, Rule};
///
/// let words = |family| Rule::ViewExporter.refusal(family).message.with_type_name("int").to_string();
/// assert_eq!(words(Family::CPython2), "'int' does not have the buffer interface");
/// assert_eq!(words(Family::CPython3), "a bytes-like object is required, not 'int'");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Family {
    /// CPython 2.7.
    CPython2 = 1,
    /// CPython 3.6 to 3.12.
    CPython3 = 2,
    /// CPython 3.13 and later, which refuse `PyBUF_READ` and `PyBUF_WRITE` as requests.
    CPython313 = 3,
    /// PyPy for Python 2.7.
    PyPy2 = 4,
    /// PyPy for Python 3.
    PyPy3 = 5,
}

/// How a call that broke a rule is refused: static data, the same for every object.
///
/// ```
/// use bufproto_core::rules::{Exception, Family, Rule};
///
/// let refusal = Rule::NullArgument.refusal(Family::CPython3);
/// assert_eq!((refusal.rule, refusal.exception), (Rule::NullArgument, Exception::SystemError));
/// assert!(refusal.yields, "an exception that is pending says more");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The rule.
    pub rule: Rule,
    /// The exception's type.
    pub exception: Exception,
    /// The exception's text.
    pub message: Message,
    /// Whether an exception that is already pending stays, and this one is not raised.
    pub yields: bool,
}

/// The built-in exception types that refusals are of.
///
/// ```
/// use bufproto_core::rules::{Exception, Family, Rule};
///
/// assert_eq!(Rule::IntLength.refusal(Family::CPython2).exception, Exception::OverflowError);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Exception {
    /// `TypeError`
    TypeError = 1,
    /// `ValueError`
    ValueError = 2,
    /// `BufferError`
    BufferError = 3,
    /// `SystemError`
    SystemError = 4,
    /// `OverflowError`
    OverflowError = 5,
    /// `IndexError`
    IndexError = 6,
    /// `MemoryError`
    MemoryError = 7,
}

impl Exception {
    /// The type's name in Python.
    ///
    /// ```
    /// use bufproto_core::rules::Exception;
    ///
    /// assert_eq!(Exception::BufferError.name(), "BufferError");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TypeError => "TypeError",
            Self::ValueError => "ValueError",
            Self::BufferError => "BufferError",
            Self::SystemError => "SystemError",
            Self::OverflowError => "OverflowError",
            Self::IndexError => "IndexError",
            Self::MemoryError => "MemoryError",
        }
    }
}

/// The text of a refusal. It may hold one place for the name of the object's type, `%.100s`, as
/// `PyErr_Format` takes it: at most 100 bytes of the name are shown.
///
/// ```
/// use bufproto_core::rules::{Family, Rule};
///
/// let message = Rule::ReadExporter.refusal(Family::CPython3).message;
/// assert!(message.names_type());
/// assert_eq!(message.as_c_str(), c"a bytes-like object is required, not '%.100s'");
/// ```
// Two scalars: compilers choose among such in tables without addresses, which a loader would have to fill in.
#[derive(Clone, Copy)]
pub struct Message {
    /// A C string that lives for ever.
    text: *const c_char,
    /// How long the string is, and above [`PLACE_SHIFT`](Self::PLACE_SHIFT) where the place begins, counted from 1; 0 if there
    /// is none.
    sizes: u16,
}

// SAFETY: the string is constant.
unsafe impl Send for Message {}

// SAFETY: as above.
unsafe impl Sync for Message {}

impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        self.as_c_str() == other.as_c_str()
    }
}

impl Eq for Message {}

impl fmt::Debug for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_c_str().fmt(formatter)
    }
}

impl Message {
    const PLACE_SHIFT: u32 = 8;
    const PLACE: &'static [u8] = b"%.100s";
    const NAME_BYTES: usize = 100;

    /// How many bytes a text can have, with a name in it and the byte that ends it.
    ///
    /// ```
    /// use bufproto_core::rules::{Family, Message, Rule};
    ///
    /// let longest = Rule::ALL.map(|rule| rule.refusal(Family::CPython3).message.as_c_str().count_bytes());
    /// assert!(longest.iter().all(|length| length + 100 < Message::ROOM));
    /// ```
    pub const ROOM: usize = 256;

    const fn new(text: &'static CStr) -> Self {
        let bytes = text.to_bytes();
        assert!(bytes.len() + Self::NAME_BYTES < Self::ROOM && Self::ROOM <= 1 << Self::PLACE_SHIFT);
        let (text, length) = (text.as_ptr(), bytes.len() as u16);
        // Nothing else in a message begins with this sign (a test holds that).
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at] == b'%' {
                return Self { text, sizes: (at as u16 + 1) << Self::PLACE_SHIFT | length };
            }
            at += 1;
        }
        Self { text, sizes: length }
    }

    /// The text as a C string, for `PyErr_SetString` or, [with a place](Self::names_type), `PyErr_Format`.
    ///
    /// ```
    /// use bufproto_core::rules::{Family, Rule};
    ///
    /// let message = Rule::SingleSegment.refusal(Family::CPython2).message;
    /// assert_eq!(message.as_c_str(), c"expected a single-segment buffer object");
    /// ```
    #[must_use]
    pub const fn as_c_str(self) -> &'static CStr {
        let length = self.sizes as usize & ((1 << Self::PLACE_SHIFT) - 1);
        // SAFETY: `new` was given a C string of this length, which lives for ever.
        unsafe { CStr::from_bytes_with_nul_unchecked(slice::from_raw_parts(self.text.cast(), length + 1)) }
    }

    /// Where the place begins.
    const fn place(self) -> Option<usize> {
        (self.sizes as usize >> Self::PLACE_SHIFT).checked_sub(1)
    }

    /// Whether the text has a place for the name of the object's type.
    ///
    /// ```
    /// use bufproto_core::rules::{Family, Rule};
    ///
    /// let names_type = |rule: Rule| rule.refusal(Family::CPython3).message.names_type();
    /// assert!(names_type(Rule::ReadExporter) && !names_type(Rule::WriteExporter));
    /// ```
    #[must_use]
    #[inline]
    pub const fn names_type(self) -> bool {
        self.place().is_some()
    }

    /// The text, with `type_name` in its place.
    ///
    /// ```
    /// use bufproto_core::rules::{Family, Rule};
    ///
    /// let message = Rule::ReadExporter.refusal(Family::CPython3).message;
    /// assert_eq!(message.with_type_name("str").to_string(), "a bytes-like object is required, not 'str'");
    /// ```
    pub fn with_type_name(self, type_name: &str) -> impl fmt::Display {
        Text { message: self, type_name }
    }

    /// Writes the text as a C string, with `type_name` in its place; much cheaper than `PyErr_Format`. `None` for a
    /// name that is long or not ASCII, which the interpreter has ways of its own to show.
    ///
    /// ```
    /// use bufproto_core::rules::{Family, Message, Rule};
    ///
    /// let message = Rule::ReadExporter.refusal(Family::CPython3).message;
    /// let mut room = [0; Message::ROOM];
    /// let text = message.write_with_type_name(c"str", &mut room);
    /// assert_eq!(text, Some(c"a bytes-like object is required, not 'str'"));
    /// assert_eq!(message.write_with_type_name(c"naïve", &mut room), None);
    /// ```
    #[must_use]
    pub fn write_with_type_name<'a>(
        self,
        type_name: &CStr,
        into: &'a mut [u8; Self::ROOM],
    ) -> Option<&'a CStr> {
        let (before, after) = self.split()?;
        let mut end = before.len();
        into.get_mut(..end)?.copy_from_slice(before);
        // Names are short.
        for &byte in type_name.to_bytes() {
            if !byte.is_ascii() || end == before.len() + Self::NAME_BYTES {
                return None;
            }
            *into.get_mut(end)? = byte;
            end += 1;
        }
        let last = end + after.len();
        into.get_mut(end..last)?.copy_from_slice(after);
        *into.get_mut(last)? = 0;
        let end = last + 1;
        // SAFETY: the last part is the only zero: the others come from C strings, without what ends them.
        into.get(..end).map(|text| unsafe { CStr::from_bytes_with_nul_unchecked(text) })
    }

    /// What comes before the place, and what comes after.
    fn split(self) -> Option<(&'static [u8], &'static [u8])> {
        let (before, rest) = self.as_c_str().to_bytes().split_at_checked(self.place()?)?;
        Some((before, rest.strip_prefix(Self::PLACE)?))
    }
}

struct Text<'a> {
    message: Message,
    type_name: &'a str,
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Every message is a literal of this file, in ASCII (a test holds that).
        let ascii = |text| str::from_utf8(text).unwrap_or_default();
        let Some((before, after)) = self.message.split() else {
            return formatter.write_str(ascii(self.message.as_c_str().to_bytes()));
        };
        let mut end = self.type_name.len().min(Message::NAME_BYTES);
        while !self.type_name.is_char_boundary(end) {
            end -= 1;
        }
        write!(formatter, "{}{}{}", ascii(before), &self.type_name[..end], ascii(after))
    }
}

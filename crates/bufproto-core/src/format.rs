//! What an item of a view is: the format string, read, measured and walked.
//!
//! The grammar is that of the `struct` module with the additions of PEP 3118, as the exporters that exist use
//! it:
//!
//! | in the format | is |
//! |---|---|
//! | `@` `^` | native sizes from here on, with native alignment or without; `@` holds at the beginning |
//! | `=` `<` `>` `!` | standard sizes from here on, in this machine's, little, big, big byte order |
//! | `x` | a byte of padding |
//! | `c` `?` | a character of one byte, a truth value |
//! | `b` `h` `i` `l` `q`, `n` | signed integers; `n` is an `isize` and has no standard size |
//! | `B` `H` `I` `L` `Q`, `N` | unsigned integers; `N` is a `usize` and has no standard size |
//! | `e` `f` `d`, `g` | floats of 2, 4 and 8 bytes, and the platform's `long double` |
//! | `Zf` `Zd` `Zg`, `F` `D` `G` | two floats, real and imaginary part |
//! | `s` `p` | bytes, and bytes after their length; the count is the length |
//! | `w` `u` | text in UCS-4, and of C's `wchar_t`; the count is the length |
//! | `P`, `z` `Z` | a pointer, and to text, as ctypes writes it |
//! | `&` *item* | a pointer to such an item |
//! | `X{}` | a pointer to a function, its signature in the braces |
//! | `O` | a pointer to a Python object |
//! | `T{` *items* `}` | a record |
//! | `(2,3)` *item* | a sub-array |
//! | `3` *item* | as many, one after the other; none at all still aligns |
//! | *item* `:name:` | an item with a name |
//! | blanks | nothing; they may stand between items |
//!
//! A byte order may be stated before every item, and stays in force until another is, past the ends of records.
//! There is no padding after the last item, so `il` and `li` differ in size, except in a record: if `@` is in
//! force at its closing brace, it is padded and aligned as a C struct.
//!
//! Bit fields (`t`) are refused. Sources: the `struct` module's documentation, PEP 3118 ("Additions to the
//! struct string-syntax"), what `struct`, `ctypes` and numpy answer and write.

mod item;
mod scan;
mod sizes;

use core::ffi::CStr;
use core::fmt;

use crate::abi::Header;

pub use self::item::{ByteOrder, Item, Items, Kind, Record};
use self::scan::{Mode, Scanner};

/// The most records, pointers and braces inside one another that a format may have.
///
/// ```
/// use bufproto_core::format::{Format, MAX_DEPTH, Reason};
///
/// let nested = |depth| ["T{".repeat(depth), "}".repeat(depth)].concat();
/// assert!(Format::parse(nested(MAX_DEPTH).as_bytes()).is_ok());
/// assert_eq!(Format::parse(nested(MAX_DEPTH + 1).as_bytes()).unwrap_err().reason, Reason::Depth);
/// ```
pub const MAX_DEPTH: usize = 64;

/// A format that has been read to its end and understood.
///
/// ```
/// use bufproto_core::format::Format;
///
/// let format = Format::parse(b"T{h:tag:i:value:}")?;
/// assert_eq!(format.size(), 8);
/// assert_eq!(format.field(b"value").map(|item| (item.offset, item.size)), Some((4, 4)));
///
/// let error = Format::parse(b"2i 3k").unwrap_err();
/// assert_eq!(error.index, 4);
/// # Ok::<(), bufproto_core::format::FormatError>(())
/// ```
///
/// Invariants: the text follows the grammar; the size and every offset in it fit in an `isize`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Format<'a> {
    items: Record<'a>,
    size: usize,
    alignment: usize,
}

impl<'a> Format<'a> {
    /// Unsigned bytes, what a view without a format consists of.
    ///
    /// ```
    /// use bufproto_core::format::Format;
    ///
    /// assert_eq!(Format::parse(b"B")?, Format::BYTES);
    /// # Ok::<(), bufproto_core::format::FormatError>(())
    /// ```
    pub const BYTES: Format<'static> =
        Format { items: Record::new(b"B", Mode::NATIVE), size: 1, alignment: 1 };

    /// Reads a format, without its final zero byte.
    ///
    /// ```
    /// use bufproto_core::format::Format;
    ///
    /// assert_eq!(Format::parse(b"i")?.size(), 4);
    /// assert_eq!(Format::parse(b"i)").unwrap_err().to_string(), "byte 1 of the item format: ')' does not stand for an item");
    /// # Ok::<(), bufproto_core::format::FormatError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`FormatError`], pointing at the first byte that cannot be.
    pub fn parse(text: &'a [u8]) -> Result<Self, FormatError> {
        let mut scanner = Scanner::new(text, Mode::NATIVE);
        let (size, alignment) = scanner.measure(0)?;
        match scanner.peek() {
            None => Ok(Self { items: Record::new(text, Mode::NATIVE), size, alignment }),
            Some(_) => Err(scanner.error(Reason::NotOpened)),
        }
    }

    /// Reads the format of a view; none at all means unsigned bytes.
    ///
    /// Exporters exist whose format has not the size that the view states: compare
    /// [`size`](Self::size) before reading an item by its fields.
    ///
    /// ```
    /// use bufproto_core::abi::Header;
    /// use bufproto_core::format::Format;
    ///
    /// let view = Header { format: c"2f".as_ptr().cast_mut(), ..Header::EMPTY };
    /// // SAFETY: the format is a literal, or null.
    /// assert_eq!(unsafe { Format::of_view(&view) }?.size(), 8);
    /// // SAFETY: as above.
    /// assert_eq!(unsafe { Format::of_view(&Header::EMPTY) }?, Format::BYTES);
    /// # Ok::<(), bufproto_core::format::FormatError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`FormatError`], pointing at the first byte that cannot be. The exporter is at fault.
    ///
    /// # Safety
    ///
    /// `format` of the view is null or points to a C string, which stays as it is for `'a`.
    pub unsafe fn of_view(view: &'a Header) -> Result<Self, FormatError> {
        if view.format.is_null() {
            return Ok(Self::BYTES);
        }
        // SAFETY: the caller's word for formats that are not null.
        Self::parse(unsafe { CStr::from_ptr(view.format) }.to_bytes())
    }

    /// The text of the format.
    ///
    /// ```
    /// use bufproto_core::format::Format;
    ///
    /// assert_eq!(Format::parse(b"<i f")?.as_bytes(), b"<i f");
    /// # Ok::<(), bufproto_core::format::FormatError>(())
    /// ```
    #[must_use]
    pub fn as_bytes(self) -> &'a [u8] {
        self.items.as_bytes()
    }

    /// The size of an item in bytes, as `struct.calcsize` gives it.
    ///
    /// ```
    /// use bufproto_core::format::Format;
    ///
    /// // As in `struct`, there is no padding at the end.
    /// assert_eq!(Format::parse(b"ib")?.size(), 5);
    /// assert_eq!(Format::parse(b"bi")?.size(), 8);
    /// # Ok::<(), bufproto_core::format::FormatError>(())
    /// ```
    #[must_use]
    pub fn size(self) -> usize {
        self.size
    }

    /// The alignment in bytes that the native parts ask for; 1 if there are none.
    ///
    /// ```
    /// use bufproto_core::format::Format;
    ///
    /// assert_eq!((Format::parse(b"bi")?.alignment(), Format::parse(b"<bi")?.alignment()), (4, 1));
    /// # Ok::<(), bufproto_core::format::FormatError>(())
    /// ```
    #[must_use]
    pub fn alignment(self) -> usize {
        self.alignment
    }

    /// The items one after the other, padding included.
    ///
    /// ```
    /// use bufproto_core::format::Format;
    ///
    /// let offsets: Vec<_> = Format::parse(b"bi2h")?.items().map(|item| (item.offset, item.count)).collect();
    /// assert_eq!(offsets, [(0, 1), (4, 1), (8, 2)]);
    /// # Ok::<(), bufproto_core::format::FormatError>(())
    /// ```
    #[must_use]
    pub fn items(self) -> Items<'a> {
        self.items.items()
    }

    /// The item by itself, if the format is nothing but one single item: no count, sub-array or padding.
    ///
    /// ```
    /// use bufproto_core::format::{Format, Kind};
    ///
    /// assert_eq!(Format::parse(b"<d")?.single().map(|item| item.kind), Some(Kind::Float));
    /// assert_eq!(Format::parse(b"2d")?.single(), None);
    /// # Ok::<(), bufproto_core::format::FormatError>(())
    /// ```
    #[must_use]
    pub fn single(self) -> Option<Item<'a>> {
        let mut items = self.items();
        let item = items.next()?;
        let alone = items.next().is_none() && item.count == 1 && item.dimensions() == 0;
        (alone && item.kind != Kind::Padding).then_some(item)
    }

    /// The fields: those of the record if the format is a single one without a name, else the items themselves.
    ///
    /// ```
    /// use bufproto_core::format::Format;
    ///
    /// let names = |format| {
    ///     let names = Format::parse(format)?.record().items().filter_map(|item| item.name).collect::<Vec<_>>();
    ///     Ok::<_, bufproto_core::format::FormatError>(names)
    /// };
    /// assert_eq!(names(b"T{i:x:i:y:}")?, names(b"i:x:i:y:")?);
    /// # Ok::<(), bufproto_core::format::FormatError>(())
    /// ```
    #[must_use]
    pub fn record(self) -> Record<'a> {
        match self.single() {
            Some(Item { kind: Kind::Record(record), name: None, .. }) => record,
            _ => self.items,
        }
    }

    /// The first [field](Self::record) with this name.
    ///
    /// ```
    /// use bufproto_core::format::Format;
    ///
    /// let format = Format::parse(b"T{h:tag:i:value:}")?;
    /// assert_eq!(format.field(b"value").map(|item| item.offset), Some(4));
    /// assert_eq!(format.field(b"other"), None);
    /// # Ok::<(), bufproto_core::format::FormatError>(())
    /// ```
    #[must_use]
    pub fn field(self, name: &[u8]) -> Option<Item<'a>> {
        self.record().field(name)
    }
}

impl fmt::Debug for Format<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Format({self})")
    }
}

/// Writes the text, with bytes that cannot be printed escaped.
impl fmt::Display for Format<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().escape_ascii().fmt(f)
    }
}

/// Why a text is no format, and where. The exporter is at fault.
///
/// ```
/// use bufproto_core::format::{Format, FormatError, Reason};
///
/// assert_eq!(Format::parse(b"2i 3k"), Err(FormatError { index: 4, reason: Reason::Unknown(b'k') }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormatError {
    /// The index of the offending byte, from 0; the length of the format if something is missing at its end.
    pub index: usize,
    /// What is wrong there.
    pub reason: Reason,
}

impl core::error::Error for FormatError {}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {} of the item format: {}", self.index, self.reason)
    }
}

/// What is wrong with a format.
///
/// ```
/// use bufproto_core::format::{Format, Reason};
///
/// let reason = |format| Format::parse(format).unwrap_err().reason;
/// assert_eq!(reason(b"T{i"), Reason::NotClosed(b'{'));
/// assert_eq!(reason(b"<n"), Reason::NativeOnly(b'n'));
/// assert_eq!(reason(b"(2,)i"), Reason::Shape);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Not a character that means anything here.
    Unknown(u8),
    /// A size that only the platform knows, where standard sizes are in force.
    NativeOnly(u8),
    /// Bit fields, which nothing exports.
    BitField,
    /// The format ends after a count, a sub-array's shape, `&` or `Z`.
    Missing,
    /// A brace, a parenthesis or a name that does not end.
    NotClosed(u8),
    /// A closing brace too many.
    NotOpened,
    /// `T` or `X` without its brace.
    Brace,
    /// The shape of a sub-array is not a list of numbers.
    Shape,
    /// A sub-array has too many dimensions.
    Dimensions,
    /// Records or pointers are too deep inside one another.
    Depth,
    /// The item would not fit in memory.
    Overflow,
}

impl core::error::Error for Reason {}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(code) => write!(f, "'{}' does not stand for an item", code.escape_ascii()),
            Self::NativeOnly(code) => {
                let code = code.escape_ascii();
                write!(f, "'{code}' has no standard size; it needs the native order, '@' or '^'")
            }
            Self::BitField => f.write_str("bit fields ('t') are not supported"),
            Self::Missing => f.write_str("the format ends where an item is expected"),
            Self::NotClosed(opening) => write!(f, "'{}' is never closed", opening.escape_ascii()),
            Self::NotOpened => f.write_str("'}' closes nothing"),
            Self::Brace => f.write_str("'{' must follow"),
            Self::Shape => f.write_str("the shape of a sub-array is a list of numbers, as in '(2,3)'"),
            Self::Dimensions => f.write_str("a sub-array has at most 64 dimensions"),
            Self::Depth => f.write_str("records and pointers go deeper than 64 levels"),
            Self::Overflow => f.write_str("the item would be larger than memory"),
        }
    }
}

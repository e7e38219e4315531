//! One item of a format, and walking over them.

use core::fmt;
use core::iter::FusedIterator;

use super::scan::{self, Mode, Scanner};

/// Which byte of a number comes first in memory.
///
/// ```
/// use bufproto_core::format::{ByteOrder, Format};
///
/// let orders: Vec<_> = Format::parse(b">i <i")?.items().map(|item| item.order).collect();
/// assert_eq!(orders, [ByteOrder::Big, ByteOrder::Little]);
/// # Ok::<(), bufproto_core::format::FormatError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// The least significant one.
    Little,
    /// The most significant one.
    Big,
}

impl ByteOrder {
    /// This machine's.
    ///
    /// ```
    /// use bufproto_core::format::{ByteOrder, Format};
    ///
    /// assert_eq!(Format::parse(b"i")?.single().map(|item| item.order), Some(ByteOrder::NATIVE));
    /// # Ok::<(), bufproto_core::format::FormatError>(())
    /// ```
    pub const NATIVE: Self = if cfg!(target_endian = "big") { Self::Big } else { Self::Little };
}

/// What an item is; its [size](Item::size) tells the widths apart.
///
/// ```
/// use bufproto_core::format::{Format, Kind};
///
/// let kinds: Vec<_> = Format::parse(b"?iQd4s")?.items().map(|item| item.kind).collect();
/// assert_eq!(kinds, [Kind::Boolean, Kind::Signed, Kind::Unsigned, Kind::Float, Kind::Bytes]);
/// # Ok::<(), bufproto_core::format::FormatError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind<'a> {
    /// Bytes without a meaning: `x`.
    Padding,
    /// A character of one byte: `c`.
    Character,
    /// A truth value, one byte: `?`.
    Boolean,
    /// A signed integer in two's complement.
    Signed,
    /// An unsigned integer.
    Unsigned,
    /// An IEEE 754 float of 2, 4 or 8 bytes.
    Float,
    /// The platform's `long double`: `g`.
    LongDouble,
    /// Real and imaginary part, two floats of half the size.
    Complex,
    /// Two `long double`.
    ComplexLongDouble,
    /// A string of bytes: `s`.
    Bytes,
    /// A string of bytes whose first byte is its length: `p`.
    PascalBytes,
    /// Text of four bytes for each character: `w`.
    Ucs4,
    /// Text of C's `wchar_t`: `u`.
    Wide,
    /// A pointer to memory: `P`, `z`, `Z`, and `&` with what it points to.
    Pointer,
    /// A pointer to a function: `X{}`.
    Function,
    /// A pointer to a Python object: `O`.
    Object,
    /// A record with its fields: `T{}`.
    Record(Record<'a>),
}

/// One item of a format.
///
/// ```
/// use bufproto_core::format::Format;
///
/// let item = Format::parse(b"x 3h:values:")?.field(b"values").unwrap();
/// assert_eq!((item.offset, item.size, item.count, item.length()), (2, 2, 3, 6));
/// assert_eq!(item.name, Some(&b"values"[..]));
/// # Ok::<(), bufproto_core::format::FormatError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Item<'a> {
    /// What it is.
    pub kind: Kind<'a>,
    /// Where it begins, in bytes from the beginning of the format or of the record around it.
    pub offset: usize,
    /// The size in bytes of a single one. A string is a single one, as long as its count says.
    pub size: usize,
    /// The alignment in bytes that it has been given; 1 where alignment is not native.
    pub alignment: usize,
    /// How many there are one after the other, in each place of the [sub-array](Self::extents).
    pub count: usize,
    /// The order of its bytes. The fields of a record have their own.
    pub order: ByteOrder,
    /// The name, if it has one. Nothing keeps two items from having the same.
    pub name: Option<&'a [u8]>,
    /// What stands between the parentheses of a sub-array: numbers with commas between them.
    pub(super) shape: Option<&'a [u8]>,
}

impl<'a> Item<'a> {
    /// The number of dimensions of the sub-array; 0 if it is none.
    ///
    /// ```
    /// use bufproto_core::format::Format;
    ///
    /// let dimensions = |format| Format::parse(format).map(|format| format.items().next().map(|item| item.dimensions()));
    /// assert_eq!((dimensions(b"(2,3)i")?, dimensions(b"6i")?), (Some(2), Some(0)));
    /// # Ok::<(), bufproto_core::format::FormatError>(())
    /// ```
    #[must_use]
    pub fn dimensions(self) -> usize {
        self.extents().count()
    }

    /// The number of items in each dimension of the sub-array, the slowest varying first; none if it is no
    /// sub-array.
    ///
    /// ```
    /// use bufproto_core::format::Format;
    ///
    /// let item = Format::parse(b"(2,3)i")?.items().next().unwrap();
    /// assert!(item.extents().eq([2, 3]));
    /// # Ok::<(), bufproto_core::format::FormatError>(())
    /// ```
    pub fn extents(self) -> impl Iterator<Item = usize> + 'a {
        // The scanner has seen that these are numbers.
        scan::extents(self.shape).filter_map(Result::ok)
    }

    /// The number of bytes that all of it takes: size, count and sub-array.
    ///
    /// ```
    /// use bufproto_core::format::Format;
    ///
    /// assert_eq!(Format::parse(b"(2,3)h")?.items().next().map(|item| item.length()), Some(12));
    /// # Ok::<(), bufproto_core::format::FormatError>(())
    /// ```
    #[must_use]
    pub fn length(self) -> usize {
        // The scanner has seen that it fits.
        self.extents().fold(self.size.wrapping_mul(self.count), |length, extent| length.wrapping_mul(extent))
    }
}

/// The items of a format, or the fields of a record in it.
///
/// ```
/// use bufproto_core::format::{Format, Kind};
///
/// let item = Format::parse(b"i T{h:x:h:y:}:point:")?.field(b"point").unwrap();
/// let Kind::Record(point) = item.kind else { panic!("it is a record") };
/// assert_eq!((item.offset, point.field(b"y").unwrap().offset), (4, 2), "from the beginning of the record");
/// # Ok::<(), bufproto_core::format::FormatError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Invariant: this has been scanned from this mode on, to its end and without an error.
    text: &'a [u8],
    mode: Mode,
}

impl<'a> Record<'a> {
    pub(super) const fn new(text: &'a [u8], mode: Mode) -> Self {
        Self { text, mode }
    }

    /// The text, without braces.
    ///
    /// ```
    /// use bufproto_core::format::Format;
    ///
    /// assert_eq!(Format::parse(b"T{h:x:h:y:}")?.record().as_bytes(), b"h:x:h:y:");
    /// # Ok::<(), bufproto_core::format::FormatError>(())
    /// ```
    #[must_use]
    pub fn as_bytes(self) -> &'a [u8] {
        self.text
    }

    /// The fields one after the other, padding included.
    ///
    /// ```
    /// use bufproto_core::format::Format;
    ///
    /// let record = Format::parse(b"T{b:x:i:y:}")?.record();
    /// assert_eq!(record.items().map(|item| item.offset).collect::<Vec<_>>(), [0, 4]);
    /// # Ok::<(), bufproto_core::format::FormatError>(())
    /// ```
    #[must_use]
    pub fn items(self) -> Items<'a> {
        Items { scanner: Scanner::new(self.text, self.mode), end: 0 }
    }

    /// The first field with this name.
    ///
    /// ```
    /// use bufproto_core::format::Format;
    ///
    /// let record = Format::parse(b"T{b:x:i:y:}")?.record();
    /// assert_eq!(record.field(b"y").map(|item| item.offset), Some(4));
    /// # Ok::<(), bufproto_core::format::FormatError>(())
    /// ```
    #[must_use]
    pub fn field(self, name: &[u8]) -> Option<Item<'a>> {
        self.items().find(|item| item.name == Some(name))
    }
}

impl fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({})", self.text.escape_ascii())
    }
}

/// An iterator over items with their offsets.
///
/// ```
/// use bufproto_core::format::{Format, Items};
///
/// fn names<'a>(items: Items<'a>) -> Vec<&'a [u8]> {
///     items.filter_map(|item| item.name).collect()
/// }
///
/// assert_eq!(names(Format::parse(b"i:x: 4x i:y:")?.items()), [b"x", b"y"]);
/// # Ok::<(), bufproto_core::format::FormatError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Items<'a> {
    scanner: Scanner<'a>,
    end: usize,
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        // There are no errors left in a text that has been scanned before.
        let (item, end) = self.scanner.item(self.end, 0).ok()??;
        self.end = end;
        Some(item)
    }
}

impl FusedIterator for Items<'_> {}

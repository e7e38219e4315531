//! Which Rust types may look at which items.
//!
//! A type fits a format if both say the same about kind, size and byte order; how the format says it does not
//! matter. On a little-endian machine [`i32`] reads `i`, `@i`, `=i`, and `<i` as ctypes writes it, and [`Be<i32>`]
//! reads `>i` and `!i`. Where C's `long` has eight bytes, [`i64`] reads `l`, and [`i32`] reads `=l`.
//!
//! | format | type |
//! |---|---|
//! | `b` `h` `i` `l` `q` `n` | [`i8`] to [`i64`] and [`isize`], by size |
//! | `B` `H` `I` `L` `Q` `N` | [`u8`] to [`u64`] and [`usize`], by size |
//! | `f` `d` | [`f32`], [`f64`] |
//! | `c` | [`u8`] |
//! | `?` | [`Bool`], which is asked for its [`bool`]: a byte in memory may be something else |
//! | `w`, and `u` of four bytes | [`Ucs4`], which is asked for its [`char`] |
//! | any of the numbers in a stated order | [`Be`] or [`Le`] of its type |

use core::ffi::{CStr, c_int, c_short};
use core::fmt;

use crate::format::{ByteOrder, Format, FormatError, Item, Kind};

/// A type that can be read from and written to the memory of views.
///
/// ```
/// use bufproto_core::element::{Be, Element};
///
/// assert!(f64::matches(b"d"));
/// assert!(Be::<u16>::matches(b">H"));
/// assert_eq!(
///     f32::check(b"d", 8).unwrap_err().to_string(),
///     "the items have format 'd', but '=f' is wanted"
/// );
/// ```
///
/// The address of an item need not be aligned for the type.
///
/// # Safety
///
/// All bytes of a value are initialised, and any bytes at all are a value: a view's memory may hold anything.
pub unsafe trait Element: Copy + 'static {
    /// The kind of item.
    ///
    /// ```
    /// use bufproto_core::element::Element;
    /// use bufproto_core::format::Kind;
    ///
    /// assert_eq!((u16::KIND, f64::KIND), (Kind::Unsigned, Kind::Float));
    /// ```
    const KIND: Kind<'static>;
    /// The order of its bytes. Of no meaning for items of one byte.
    ///
    /// ```
    /// use bufproto_core::element::{Be, Element};
    /// use bufproto_core::format::ByteOrder;
    ///
    /// assert_eq!((u16::ORDER, Be::<u16>::ORDER), (ByteOrder::NATIVE, ByteOrder::Big));
    /// ```
    const ORDER: ByteOrder;
    /// The format to name in errors.
    ///
    /// ```
    /// use bufproto_core::element::{Be, Element};
    ///
    /// assert_eq!((f64::FORMAT, Be::<f64>::FORMAT), ("=d", ">d"));
    /// ```
    const FORMAT: &'static str;
    /// The format to export such items with: the native one, where there is one, for only then does `memoryview` give out
    /// single items.
    ///
    /// ```
    /// use bufproto_core::element::{Be, Element};
    ///
    /// assert_eq!((f64::EXPORTED, Be::<f64>::EXPORTED), (c"d", c">d"));
    /// ```
    const EXPORTED: &'static CStr;

    /// Whether items of this format can be looked at as this type. See [`check`](Self::check) for the reason
    /// why not.
    ///
    /// ```
    /// use bufproto_core::element::{Element, Le};
    ///
    /// assert!(Le::<i32>::matches(b"<i"));
    /// assert!(!f32::matches(b"<i"), "an integer");
    /// ```
    #[must_use]
    fn matches(format: &[u8]) -> bool {
        Self::check(format, size_of::<Self>()).is_ok()
    }

    /// Checks that items of this format can be looked at as this type, and that the view's items have the size
    /// in bytes that goes with it. A view without a format has `B`.
    ///
    /// ```
    /// use bufproto_core::element::{Element, ElementError};
    ///
    /// assert_eq!(f64::check(b"d", 8), Ok(()));
    /// let error = f64::check(b"d", 4).unwrap_err();
    /// assert_eq!(error, ElementError::Size { format: b"d", size: 8, item_size: 4 });
    /// ```
    ///
    /// # Errors
    ///
    /// [`ElementError`], which names both formats.
    #[inline]
    fn check(format: &[u8], item_size: usize) -> Result<(), ElementError<'_>> {
        let wanted = Self::FORMAT;
        // What is written most plainly need not be parsed: a standard size is the native one, for all but `l` and `L`.
        let plain = wanted.strip_prefix('=').unwrap_or(wanted);
        if NATIVE_IS_STANDARD && format == plain.as_bytes() && item_size == size_of::<Self>() {
            return Ok(());
        }
        parse_and_check::<Self>(format, item_size)
    }
}

#[inline(never)]
fn parse_and_check<T: Element>(format: &[u8], item_size: usize) -> Result<(), ElementError<'_>> {
    let parsed = Format::parse(format).map_err(|error| ElementError::Malformed { format, error })?;
    check_item::<T>(parsed.single(), format)?;
    let size = parsed.size();
    if item_size == size { Ok(()) } else { Err(ElementError::Size { format, size, item_size }) }
}

/// Whether the integers that formats name natively have the sizes that they have by standard.
const NATIVE_IS_STANDARD: bool = size_of::<c_short>() == 2 && size_of::<c_int>() == 4;

/// Checks that a single item, which is some of a format, can be looked at as a type.
pub(crate) fn check_item<'a, T: Element>(
    item: Option<Item<'_>>,
    format: &'a [u8],
) -> Result<(), ElementError<'a>> {
    let wanted = T::FORMAT;
    match item {
        Some(item) if is_like::<T>(item) => {
            let order_matters = size_of::<T>() > 1;
            if order_matters && item.order != T::ORDER {
                return Err(ElementError::Order { format, wanted });
            }
            Ok(())
        }
        _ => Err(ElementError::Format { format, wanted }),
    }
}

/// Whether kind and size are the same.
fn is_like<T: Element>(item: Item<'_>) -> bool {
    let kind = match item.kind {
        Kind::Character => Kind::Unsigned,
        Kind::Wide => Kind::Ucs4,
        kind => kind,
    };
    kind == T::KIND && item.size == size_of::<T>()
}

/// Why items cannot be looked at as a type.
///
/// ```
/// use bufproto_core::element::{Element, ElementError};
///
/// let other_order = if cfg!(target_endian = "little") { b">i" } else { b"<i" };
/// let error = i32::check(other_order, 4).unwrap_err();
/// assert_eq!(error, ElementError::Order { format: other_order, wanted: "=i" });
/// let error = i32::check(b"4x", 4).unwrap_err();
/// assert_eq!(error.to_string(), "the items have format '4x', but '=i' is wanted");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ElementError<'a> {
    /// The format itself is wrong. The exporter is at fault.
    Malformed {
        /// The view's format.
        format: &'a [u8],
        /// What is wrong with it.
        error: FormatError,
    },
    /// The items are something else.
    Format {
        /// The view's format.
        format: &'a [u8],
        /// One format that would do.
        wanted: &'static str,
    },
    /// Only the byte order differs.
    Order {
        /// The view's format.
        format: &'a [u8],
        /// One format that would do.
        wanted: &'static str,
    },
    /// The view contradicts itself. The exporter is at fault.
    Size {
        /// The view's format.
        format: &'a [u8],
        /// The size in bytes that goes with it.
        size: usize,
        /// The size in bytes that the view states.
        item_size: usize,
    },
}

impl core::error::Error for ElementError<'_> {}

impl fmt::Display for ElementError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Malformed { format, .. }
        | Self::Format { format, .. }
        | Self::Order { format, .. }
        | Self::Size { format, .. }) = self;
        write!(f, "the items have format '{}'", format.escape_ascii())?;
        match self {
            Self::Malformed { error, .. } => write!(f, ": {error}"),
            Self::Format { wanted, .. } => write!(f, ", but '{wanted}' is wanted"),
            Self::Order { wanted, .. } => write!(
                f,
                ", but '{wanted}' is wanted: the byte order differs, read them in theirs with `Be` or `Le`"
            ),
            Self::Size { size, item_size, .. } => {
                write!(f, " of {size} bytes, but the view says that they have {item_size}")
            }
        }
    }
}

/// A number, which can also stand in memory in a stated byte order.
///
/// ```
/// use bufproto_core::element::{Be, Number};
///
/// fn most_significant_first<T: Number>(numbers: &[T]) -> Vec<Be<T>> {
///     numbers.iter().copied().map(Be::new).collect()
/// }
///
/// let sent = most_significant_first(&[1u16, 2]);
/// // SAFETY: an element's bytes are all initialised.
/// assert_eq!(unsafe { std::slice::from_raw_parts(sent.as_ptr().cast::<u8>(), 4) }, [0, 1, 0, 2]);
/// ```
pub trait Number: Element + PartialEq + fmt::Debug + sealed::Number {}

mod sealed {
    use core::ffi::CStr;

    /// What [`Be`](super::Be) and [`Le`](super::Le) need to know of a number.
    ///
    /// # Safety
    ///
    /// Any bytes are a value of `Bits`, all of them initialised.
    pub unsafe trait Number: Copy {
        /// An unsigned integer of the same size: floats must not be moved around with their bytes swapped.
        type Bits: Copy + 'static;
        const LITTLE: &'static str;
        const BIG: &'static str;
        const LITTLE_EXPORTED: &'static CStr;
        const BIG_EXPORTED: &'static CStr;
        fn to_little(self) -> Self::Bits;
        fn from_little(bits: Self::Bits) -> Self;
        fn to_big(self) -> Self::Bits;
        fn from_big(bits: Self::Bits) -> Self;
    }
}

/// What is left of a format without its byte order, if that means the same; else the other format. (`isize` is so
/// exported as `q`: numpy does not know `n`.)
const fn exported(ordered: &'static CStr, other: &'static CStr) -> &'static CStr {
    if !NATIVE_IS_STANDARD {
        return other;
    }
    match ordered.to_bytes_with_nul() {
        [b'<' | b'=', native @ ..] => match CStr::from_bytes_with_nul(native) {
            Ok(native) => native,
            Err(_) => other,
        },
        _ => other,
    }
}

/// A literal as a C string.
macro_rules! c {
    ($text:expr) => {
        match CStr::from_bytes_with_nul(concat!($text, "\0").as_bytes()) {
            Ok(text) => text,
            Err(_) => panic!("there is a zero"),
        }
    };
}

/// The types, the unsigned integers of their sizes, their kinds, and their formats in native, little and big
/// order.
macro_rules! numbers {
    ($($number:ident $bits:ident $kind:ident $native:literal $little:literal $big:literal
       $to_bits:path, $from_bits:path;)*) => {$(
        // SAFETY: a primitive number has neither padding nor invalid values.
        unsafe impl Element for $number {
            const KIND: Kind<'static> = Kind::$kind;
            const ORDER: ByteOrder = ByteOrder::NATIVE;
            const FORMAT: &'static str = $native;
            const EXPORTED: &'static CStr = exported(c!($little), c!($native));
        }

        // SAFETY: the bits are an unsigned integer.
        unsafe impl sealed::Number for $number {
            type Bits = $bits;
            const LITTLE: &'static str = $little;
            const BIG: &'static str = $big;
            const LITTLE_EXPORTED: &'static CStr = c!($little);
            const BIG_EXPORTED: &'static CStr = c!($big);
            #[inline]
            fn to_little(self) -> $bits {
                $to_bits(self).to_le()
            }
            #[inline]
            fn from_little(bits: $bits) -> Self {
                $from_bits($bits::from_le(bits))
            }
            #[inline]
            fn to_big(self) -> $bits {
                $to_bits(self).to_be()
            }
            #[inline]
            fn from_big(bits: $bits) -> Self {
                $from_bits($bits::from_be(bits))
            }
        }

        impl Number for $number {}
    )*};
}

numbers! {
    i8 u8 Signed "b" "b" "b" i8::cast_unsigned, u8::cast_signed;
    i16 u16 Signed "=h" "<h" ">h" i16::cast_unsigned, u16::cast_signed;
    i32 u32 Signed "=i" "<i" ">i" i32::cast_unsigned, u32::cast_signed;
    i64 u64 Signed "=q" "<q" ">q" i64::cast_unsigned, u64::cast_signed;
    u8 u8 Unsigned "B" "B" "B" u8::from, u8::from;
    u16 u16 Unsigned "=H" "<H" ">H" u16::from, u16::from;
    u32 u32 Unsigned "=I" "<I" ">I" u32::from, u32::from;
    u64 u64 Unsigned "=Q" "<Q" ">Q" u64::from, u64::from;
    f32 u32 Float "=f" "<f" ">f" f32::to_bits, f32::from_bits;
    f64 u64 Float "=d" "<d" ">d" f64::to_bits, f64::from_bits;
}

#[cfg(target_pointer_width = "64")]
numbers! {
    isize usize Signed "n" "<q" ">q" isize::cast_unsigned, usize::cast_signed;
    usize usize Unsigned "N" "<Q" ">Q" usize::from, usize::from;
}

#[cfg(target_pointer_width = "32")]
numbers! {
    isize usize Signed "n" "<i" ">i" isize::cast_unsigned, usize::cast_signed;
    usize usize Unsigned "N" "<I" ">I" usize::from, usize::from;
}

#[cfg(target_pointer_width = "16")]
numbers! {
    isize usize Signed "n" "<h" ">h" isize::cast_unsigned, usize::cast_signed;
    usize usize Unsigned "N" "<H" ">H" usize::from, usize::from;
}

/// Defines a number in a stated byte order.
macro_rules! ordered {
    ($(#[$doc:meta])* $name:ident $order:ident $format:ident $exported:ident $to:ident $from:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        #[repr(transparent)]
        pub struct $name<T: Number>(T::Bits);

        impl<T: Number> $name<T> {
            /// Puts a number into this order.
            ///
            /// ```
            /// use bufproto_core::element::{Be, Le};
            ///
            /// assert_eq!(Be::new(1u16).get(), Le::new(1u16).get());
            /// ```
            #[inline]
            #[must_use]
            pub fn new(number: T) -> Self {
                Self(number.$to())
            }

            /// The number.
            ///
            /// ```
            /// use bufproto_core::element::{Be, Le};
            ///
            /// assert_eq!((Be::new(0.5f32).get(), Le::new(-1i64).get()), (0.5, -1));
            /// ```
            #[inline]
            #[must_use]
            pub fn get(self) -> T {
                T::$from(self.0)
            }
        }

        // SAFETY: the bits of a number, by the promise of `sealed::Number`.
        unsafe impl<T: Number> Element for $name<T> {
            const KIND: Kind<'static> = T::KIND;
            const ORDER: ByteOrder = ByteOrder::$order;
            const FORMAT: &'static str = T::$format;
            const EXPORTED: &'static CStr = T::$exported;
        }

        impl<T: Number> PartialEq for $name<T> {
            fn eq(&self, other: &Self) -> bool {
                self.get() == other.get()
            }
        }

        impl<T: Number> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.get().fmt(f)
            }
        }
    };
}

ordered! {
    /// A number with its most significant byte first, as `>` states.
    ///
    /// ```
    /// use bufproto_core::element::{Be, Element};
    ///
    /// assert!(Be::<u16>::matches(b">H") && !Be::<u16>::matches(b"<H"));
    /// let number = Be::new(0x0102u16);
    /// // SAFETY: an element's bytes are all initialised.
    /// assert_eq!(unsafe { std::mem::transmute_copy::<_, [u8; 2]>(&number) }, [1, 2]);
    /// assert_eq!(number.get(), 0x0102);
    /// ```
    Be Big BIG BIG_EXPORTED to_big from_big
}

ordered! {
    /// A number with its least significant byte first, as `<` states.
    ///
    /// ```
    /// use bufproto_core::element::{Element, Le};
    ///
    /// assert!(Le::<u16>::matches(b"<H") && !Le::<u16>::matches(b">H"));
    /// let number = Le::new(0x0102u16);
    /// // SAFETY: an element's bytes are all initialised.
    /// assert_eq!(unsafe { std::mem::transmute_copy::<_, [u8; 2]>(&number) }, [2, 1]);
    /// assert_eq!(number.get(), 0x0102);
    /// ```
    Le Little LITTLE LITTLE_EXPORTED to_little from_little
}

/// A truth value as it stands in memory, which may be any byte.
///
/// ```
/// use bufproto_core::element::Bool;
///
/// assert_eq!([Bool(0), Bool(1), Bool(7)].map(Bool::get), [Some(false), Some(true), None]);
/// assert_eq!(Bool::from(true), Bool(1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Bool(pub u8);

impl Bool {
    /// The truth value, if the byte is 0 or 1, as C wants it.
    ///
    /// ```
    /// use bufproto_core::element::Bool;
    ///
    /// assert_eq!((Bool(1).get(), Bool(2).get()), (Some(true), None));
    /// ```
    #[must_use]
    pub fn get(self) -> Option<bool> {
        match self.0 {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// Whether the byte is not 0, as Python's `struct` and `memoryview` read it.
    ///
    /// ```
    /// use bufproto_core::element::Bool;
    ///
    /// assert!(Bool(2).is_true() && !Bool(0).is_true());
    /// ```
    #[must_use]
    pub fn is_true(self) -> bool {
        self.0 != 0
    }
}

impl From<bool> for Bool {
    fn from(value: bool) -> Self {
        Self(value.into())
    }
}

// SAFETY: a byte.
unsafe impl Element for Bool {
    const KIND: Kind<'static> = Kind::Boolean;
    const ORDER: ByteOrder = ByteOrder::NATIVE;
    const FORMAT: &'static str = "?";
    const EXPORTED: &'static CStr = c"?";
}

/// A character of text as it stands in memory, in this machine's byte order, which may be any number.
///
/// ```
/// use bufproto_core::element::Ucs4;
///
/// let text = [Ucs4::from('h'), Ucs4(0x1f40d)];
/// assert_eq!(text.map(|item| item.get()), [Some('h'), Some('🐍')]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Ucs4(pub u32);

impl Ucs4 {
    /// The character, if the number is one. Python's text may hold surrogates, which are none.
    ///
    /// ```
    /// use bufproto_core::element::Ucs4;
    ///
    /// assert_eq!(Ucs4(0x41).get(), Some('A'));
    /// assert_eq!(Ucs4(0xd800).get(), None, "half of a pair of UTF-16");
    /// ```
    #[must_use]
    pub fn get(self) -> Option<char> {
        char::from_u32(self.0)
    }
}

impl From<char> for Ucs4 {
    fn from(value: char) -> Self {
        Self(value.into())
    }
}

// SAFETY: an unsigned integer.
unsafe impl Element for Ucs4 {
    const KIND: Kind<'static> = Kind::Ucs4;
    const ORDER: ByteOrder = ByteOrder::NATIVE;
    const FORMAT: &'static str = "=w";
    const EXPORTED: &'static CStr = exported(c"=w", c"=w");
}

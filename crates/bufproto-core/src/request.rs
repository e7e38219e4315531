//! What a consumer asks of an exporter: the `PyBUF_*` request flags and their composites.
//!
//! Source: PEP 3118 and the "Buffer request types" section of CPython's C API reference; the values are
//! the same in every interpreter recorded (2.7 to 3.15, PyPy).

use core::ffi::c_int;
use core::fmt;
use core::ops::{BitOr, BitOrAssign};

use crate::rules::{Family, Rule};

/// A set of request flags, as passed to `bf_getbuffer`.
///
/// A request says what the consumer can cope with. [`SIMPLE`](Request::SIMPLE) is the most modest one, a
/// contiguous block of bytes, and the only one that the old functions make for reading.
///
/// ```
/// use bufproto_core::request::Request;
///
/// assert!(Request::STRIDES.contains(Request::ND), "strides are of no use without a shape");
/// assert_eq!(Request::RECORDS, Request::STRIDES | Request::WRITABLE | Request::FORMAT);
/// assert_eq!(format!("{:?}", Request::CONTIG), "ND | WRITABLE");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(transparent)]
pub struct Request(c_int);

impl Request {
    /// A block of bytes: no shape, no strides, no format; read-only or writable.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    ///
    /// assert_eq!(Request::SIMPLE.bits(), 0);
    /// ```
    pub const SIMPLE: Self = Self(0);
    /// The memory must be writable; without it the exporter may give either kind.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    ///
    /// assert!(Request::FULL.contains(Request::WRITABLE) && !Request::FULL_RO.contains(Request::WRITABLE));
    /// ```
    pub const WRITABLE: Self = Self(0x1);
    /// The format string must be filled in; without it the items are to be read as unsigned bytes.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    ///
    /// assert_eq!((Request::ND | Request::FORMAT).bits(), 0xc);
    /// ```
    pub const FORMAT: Self = Self(0x4);
    /// The shape must be filled in, in items.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    ///
    /// assert_eq!(Request::ND.bits(), 0x8);
    /// ```
    pub const ND: Self = Self(0x8);
    /// Shape and strides must be filled in; the memory need not be contiguous.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    ///
    /// assert!(Request::STRIDES.contains(Request::ND));
    /// ```
    pub const STRIDES: Self = Self(0x10 | Self::ND.0);
    /// The memory must be contiguous in C order (the last index varies fastest).
    ///
    /// ```
    /// use bufproto_core::request::Request;
    ///
    /// assert!(Request::C_CONTIGUOUS.contains(Request::STRIDES));
    /// ```
    pub const C_CONTIGUOUS: Self = Self(0x20 | Self::STRIDES.0);
    /// The memory must be contiguous in Fortran order (the first index varies fastest).
    ///
    /// ```
    /// use bufproto_core::request::Request;
    ///
    /// assert!(Request::F_CONTIGUOUS.contains(Request::STRIDES));
    /// assert!(!Request::F_CONTIGUOUS.contains(Request::C_CONTIGUOUS));
    /// ```
    pub const F_CONTIGUOUS: Self = Self(0x40 | Self::STRIDES.0);
    /// The memory must be contiguous in either order.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    ///
    /// assert!(Request::ANY_CONTIGUOUS.contains(Request::STRIDES));
    /// assert!(!Request::ANY_CONTIGUOUS.contains(Request::C_CONTIGUOUS), "it is a flag of its own");
    /// ```
    pub const ANY_CONTIGUOUS: Self = Self(0x80 | Self::STRIDES.0);
    /// Suboffsets are welcome: the consumer follows pointers inside the memory.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    ///
    /// assert_eq!(Request::INDIRECT.bits(), 0x118);
    /// ```
    pub const INDIRECT: Self = Self(0x100 | Self::STRIDES.0);

    /// `ND | WRITABLE`.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    ///
    /// assert_eq!(Request::CONTIG, Request::ND | Request::WRITABLE);
    /// ```
    pub const CONTIG: Self = Self(Self::ND.0 | Self::WRITABLE.0);
    /// `ND`.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    ///
    /// assert_eq!(Request::CONTIG_RO, Request::ND);
    /// ```
    pub const CONTIG_RO: Self = Self::ND;
    /// `STRIDES | WRITABLE`.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    ///
    /// assert_eq!(Request::STRIDED, Request::STRIDES | Request::WRITABLE);
    /// ```
    pub const STRIDED: Self = Self(Self::STRIDES.0 | Self::WRITABLE.0);
    /// `STRIDES`.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    ///
    /// assert_eq!(Request::STRIDED_RO, Request::STRIDES);
    /// ```
    pub const STRIDED_RO: Self = Self::STRIDES;
    /// `STRIDES | WRITABLE | FORMAT`.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    ///
    /// assert_eq!(Request::RECORDS, Request::STRIDED | Request::FORMAT);
    /// ```
    pub const RECORDS: Self = Self(Self::STRIDES.0 | Self::WRITABLE.0 | Self::FORMAT.0);
    /// `STRIDES | FORMAT`.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    ///
    /// assert_eq!(Request::RECORDS_RO, Request::STRIDED_RO | Request::FORMAT);
    /// ```
    pub const RECORDS_RO: Self = Self(Self::STRIDES.0 | Self::FORMAT.0);
    /// `INDIRECT | WRITABLE | FORMAT`.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    ///
    /// assert_eq!(Request::FULL, Request::INDIRECT | Request::WRITABLE | Request::FORMAT);
    /// ```
    pub const FULL: Self = Self(Self::INDIRECT.0 | Self::WRITABLE.0 | Self::FORMAT.0);
    /// `INDIRECT | FORMAT`.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    ///
    /// assert_eq!(Request::FULL_RO, Request::INDIRECT | Request::FORMAT);
    /// ```
    pub const FULL_RO: Self = Self(Self::INDIRECT.0 | Self::FORMAT.0);

    /// `PyBUF_READ`: an argument of `PyMemoryView_FromMemory`, not a request. CPython 3.13 and later refuse
    /// a request of exactly this value.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::rules::{Family, Rule};
    ///
    /// assert_eq!(Request::MEMORY_READ.check(Family::CPython3), Ok(()));
    /// assert_eq!(Request::MEMORY_READ.check(Family::CPython313), Err(Rule::MemoryFlag));
    /// ```
    pub const MEMORY_READ: Self = Self(0x100);
    /// `PyBUF_WRITE`, likewise.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::rules::{Family, Rule};
    ///
    /// assert_eq!(Request::MEMORY_WRITE.check(Family::CPython313), Err(Rule::MemoryFlag));
    /// ```
    pub const MEMORY_WRITE: Self = Self(0x200);

    /// The request with exactly these bits, known or not: exporters are sent whatever a consumer passes.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    ///
    /// assert_eq!(Request::from_bits(0x9), Request::CONTIG);
    /// assert_eq!(format!("{:?}", Request::from_bits(0x1001)), "WRITABLE | 0x1000");
    /// ```
    #[must_use]
    pub const fn from_bits(bits: c_int) -> Self {
        Self(bits)
    }

    /// The bits, as C passes them.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    ///
    /// assert_eq!(Request::FULL.bits(), 0x11d);
    /// ```
    #[must_use]
    pub const fn bits(self) -> c_int {
        self.0
    }

    /// Whether an interpreter of this family passes the request on to exporters. CPython 3.13 and later refuse
    /// exactly `PyBUF_READ` and `PyBUF_WRITE`.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::rules::{Family, Rule};
    ///
    /// assert_eq!(Request::FULL.check(Family::CPython313), Ok(()));
    /// assert_eq!(Request::from_bits(0x200).check(Family::CPython313), Err(Rule::MemoryFlag));
    /// ```
    ///
    /// # Errors
    ///
    /// [`Rule::MemoryFlag`].
    #[inline]
    pub const fn check(self, family: Family) -> Result<(), Rule> {
        match family {
            Family::CPython313 if matches!(self, Self::MEMORY_READ | Self::MEMORY_WRITE) => {
                Err(Rule::MemoryFlag)
            }
            _ => Ok(()),
        }
    }

    /// Whether every flag of `other` is asked for here. [`SIMPLE`](Self::SIMPLE) is contained in every request.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    ///
    /// assert!(Request::FULL.contains(Request::STRIDES));
    /// assert!(!Request::STRIDES.contains(Request::FULL));
    /// ```
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// What one of the old functions wants the memory for.
///
/// ```
/// use bufproto_core::request::{Access, Request};
///
/// let requests = [Access::Char, Access::Read, Access::Write].map(Access::request);
/// assert_eq!(requests, [Request::SIMPLE, Request::SIMPLE, Request::WRITABLE]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Access {
    /// `PyObject_AsCharBuffer`: to read it as characters.
    Char = 0,
    /// `PyObject_AsReadBuffer`: to read it, whatever it is.
    Read = 1,
    /// `PyObject_AsWriteBuffer`: to write to it.
    Write = 2,
}

impl Access {
    /// All three.
    ///
    /// ```
    /// use bufproto_core::request::Access;
    ///
    /// assert_eq!(Access::ALL.map(|access| access as u8), [0, 1, 2]);
    /// ```
    pub const ALL: [Self; 3] = [Self::Char, Self::Read, Self::Write];

    /// What the 3.x functions ask an exporter for.
    ///
    /// ```
    /// use bufproto_core::request::{Access, Request};
    ///
    /// assert_eq!(Access::Write.request(), Request::WRITABLE);
    /// ```
    #[must_use]
    pub const fn request(self) -> Request {
        match self {
            Self::Char | Self::Read => Request::SIMPLE,
            Self::Write => Request::WRITABLE,
        }
    }
}

impl BitOr for Request {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Request {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

/// The largest flags first, so that a composite is not written as its parts.
const NAMES: [(Request, &str); 8] = [
    (Request::INDIRECT, "INDIRECT"),
    (Request::ANY_CONTIGUOUS, "ANY_CONTIGUOUS"),
    (Request::F_CONTIGUOUS, "F_CONTIGUOUS"),
    (Request::C_CONTIGUOUS, "C_CONTIGUOUS"),
    (Request::STRIDES, "STRIDES"),
    (Request::ND, "ND"),
    (Request::FORMAT, "FORMAT"),
    (Request::WRITABLE, "WRITABLE"),
];

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::SIMPLE {
            return formatter.write_str("SIMPLE");
        }
        let mut named = 0;
        let mut separator = "";
        for (flag, name) in NAMES {
            if self.contains(flag) && flag.0 & !named != 0 {
                write!(formatter, "{separator}{name}")?;
                separator = " | ";
                named |= flag.0;
            }
        }
        match self.0 & !named {
            0 => Ok(()),
            unknown => write!(formatter, "{separator}{unknown:#x}"),
        }
    }
}

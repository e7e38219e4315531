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
    pub const SIMPLE: Self = Self(0);
    /// The memory must be writable; without it the exporter may give either kind.
    pub const WRITABLE: Self = Self(0x1);
    /// The format string must be filled in; without it the items are to be read as unsigned bytes.
    pub const FORMAT: Self = Self(0x4);
    /// The shape must be filled in, in items.
    pub const ND: Self = Self(0x8);
    /// Shape and strides must be filled in; the memory need not be contiguous.
    pub const STRIDES: Self = Self(0x10 | Self::ND.0);
    /// The memory must be contiguous in C order (the last index varies fastest).
    pub const C_CONTIGUOUS: Self = Self(0x20 | Self::STRIDES.0);
    /// The memory must be contiguous in Fortran order (the first index varies fastest).
    pub const F_CONTIGUOUS: Self = Self(0x40 | Self::STRIDES.0);
    /// The memory must be contiguous in either order.
    pub const ANY_CONTIGUOUS: Self = Self(0x80 | Self::STRIDES.0);
    /// Suboffsets are welcome: the consumer follows pointers inside the memory.
    pub const INDIRECT: Self = Self(0x100 | Self::STRIDES.0);

    /// `ND | WRITABLE`.
    pub const CONTIG: Self = Self(Self::ND.0 | Self::WRITABLE.0);
    /// `ND`.
    pub const CONTIG_RO: Self = Self::ND;
    /// `STRIDES | WRITABLE`.
    pub const STRIDED: Self = Self(Self::STRIDES.0 | Self::WRITABLE.0);
    /// `STRIDES`.
    pub const STRIDED_RO: Self = Self::STRIDES;
    /// `STRIDES | WRITABLE | FORMAT`.
    pub const RECORDS: Self = Self(Self::STRIDES.0 | Self::WRITABLE.0 | Self::FORMAT.0);
    /// `STRIDES | FORMAT`.
    pub const RECORDS_RO: Self = Self(Self::STRIDES.0 | Self::FORMAT.0);
    /// `INDIRECT | WRITABLE | FORMAT`.
    pub const FULL: Self = Self(Self::INDIRECT.0 | Self::WRITABLE.0 | Self::FORMAT.0);
    /// `INDIRECT | FORMAT`.
    pub const FULL_RO: Self = Self(Self::INDIRECT.0 | Self::FORMAT.0);

    /// `PyBUF_READ`: an argument of `PyMemoryView_FromMemory`, not a request. CPython 3.13 and later refuse
    /// a request of exactly this value.
    pub const MEMORY_READ: Self = Self(0x100);
    /// `PyBUF_WRITE`, likewise.
    pub const MEMORY_WRITE: Self = Self(0x200);

    /// The request with exactly these bits, known or not: exporters are sent whatever a consumer passes.
    #[must_use]
    pub const fn from_bits(bits: c_int) -> Self {
        Self(bits)
    }

    /// The bits, as C passes them.
    #[must_use]
    pub const fn bits(self) -> c_int {
        self.0
    }

    /// Whether an interpreter of this family passes the request on to exporters. CPython 3.13 and later refuse
    /// exactly `PyBUF_READ` and `PyBUF_WRITE`.
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
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// What one of the old functions wants the memory for.
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
    pub const ALL: [Self; 3] = [Self::Char, Self::Read, Self::Write];

    /// What the 3.x functions ask an exporter for.
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

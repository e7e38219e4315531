//! Which object a rule wants, as data.

use crate::interpreter::Raised;

/// Which object a rule wants.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recipe {
    /// Bytes that nobody can ever write to, as an exact `bytes`.
    Frozen(&'static [u8]),
    /// Bytes that can be written to and resized, as a `bytearray`.
    Writable(&'static [u8]),
    /// Bytes that a consumer may not write to, though somebody may: a read-only view of a `bytearray`.
    ReadOnly(&'static [u8]),
    /// Every second byte of these, writable: one dimension, not contiguous.
    EverySecond(&'static [u8]),
    /// Rows behind pointers.
    Indirect(&'static [&'static [u8]]),
    /// An object whose type exports nothing.
    Opaque,
    /// An exporter that misbehaves.
    Hostile(Hostility),
    /// An object with the old slots, for these segments.
    Segments(&'static [&'static [u8]], Slots),
}

/// How an exporter misbehaves. Its memory, where it gives any, is the four bytes `evil`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hostility {
    /// Refuses every request with this exception.
    Raises(Raised),
    /// Refuses every request without raising anything.
    RefusesSilently,
    /// Returns this number, which is neither 0 nor −1, and raises this.
    Returns(i32, Option<Raised>),
    /// Grants every request, and leaves this exception behind.
    SucceedsRaising(Raised),
    /// Grants every request, with a length of −1.
    NegativeLength,
    /// Grants every request, with a length of five and no memory.
    NoMemory,
    /// Grants every request, with read-only memory.
    ReadOnlyForAll,
    /// Grants every request, with a length that does not fit in an `int`. Nobody may read it.
    TooLongForAnInt,
}

/// Which old slots a type fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Slots {
    /// All four.
    All,
    /// All but the one for writing.
    ReadOnly,
    /// The one for characters, and the counter.
    CharOnly,
    /// Those for memory, without the counter.
    WithoutCounter,
    /// All; the counter raises `ValueError: no count` each time.
    CounterRaises,
    /// All; those for memory fail with `ValueError: no segment`.
    MemoryRaises,
}

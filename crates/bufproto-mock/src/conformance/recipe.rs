//! What object a case wants, as data.
//!
//! A backend's [`Rig`](super::rig::Rig) builds the object, or declines what it has no means to build.

use std::ffi::c_int;

use bufproto_core::request::Access;

pub use crate::interpreter::Raised;

/// An object as data: what it answers by the new protocol (`bf_getbuffer`), and by the old slots.
///
/// ```
/// use bufproto_mock::conformance::recipe::Recipe;
///
/// let bytes = Recipe::frozen(b"abc");
/// let opaque = Recipe::opaque().label("a number").type_name("int");
/// # assert_ne!(bytes, opaque);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// What transcripts and messages call the object.
    pub label: String,
    /// The name of the object's type. A backend that cannot choose its types' names ignores it, which is why
    /// the kit asks [`Rig::type_name`](super::rig::Rig::type_name).
    pub type_name: Option<String>,
    /// What `bf_getbuffer` answers.
    pub views: Views,
    /// The old slots of Python 2, if the type has any.
    pub slots: Option<Slots>,
}

/// What an object's `bf_getbuffer` answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Views {
    /// The type does not fill the slot.
    Absent,
    /// What the protocol says that such memory is entitled to.
    Memory(Memory),
    /// Whatever the script says.
    Script(Script),
}

/// Well-behaved memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The whole memory, as it lies there.
    pub bytes: Vec<u8>,
    /// Who may write to it.
    pub mutability: Mutability,
    /// How the items lie in it; `None` for plain bytes.
    pub layout: Option<Layout>,
    /// Whether the memory moves when the last view of it is released, as that of some real exporters does.
    pub moves: bool,
}

/// Who may write to an object's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mutability {
    /// Nobody, as long as the object lives: an exact `bytes`.
    Frozen,
    /// Not those who hold views; its owner may: a read-only view of a `bytearray`.
    ReadOnly,
    /// Everybody.
    Writable,
    /// Everybody, but nobody while there is a stable read, which is offered.
    Coordinated,
}

/// How items lie in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The item format, in the notation of the `struct` module.
    pub format: String,
    /// The size of an item in bytes.
    pub itemsize: isize,
    /// The number of items in each dimension.
    pub shape: Vec<isize>,
    /// The distance in bytes from one item to the next, in each dimension.
    pub strides: Vec<isize>,
    /// The offset in bytes of the item with all indices zero.
    pub offset: isize,
    /// For memory behind pointers: the rows that the first dimension points to. [`Memory::bytes`] is their
    /// content, one row after the other; the pointers are the backend's to make. `shape` has two dimensions,
    /// `strides[0]` is the size of a pointer, and `suboffsets` are 0 and −1.
    pub indirect: bool,
}

/// What an exporter does on each call, whether the protocol allows it or not.
///
/// No script can claim more memory than there is: what it hands out is its own bytes, or null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// What `bf_getbuffer` does.
    pub answer: Answer,
    /// What `bf_releasebuffer` leaves in the error indicator.
    pub release: Release,
}

/// One call of a scripted `bf_getbuffer`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether the exporter first asks the very same object for a view, and releases it.
    pub reenters: bool,
    /// What it leaves in the error indicator; `None` leaves the indicator alone.
    pub raises: Option<Raised>,
    /// What it returns.
    pub returns: c_int,
    /// What it puts into the view; `None` leaves the view alone. A call that fails may fill the view too.
    pub fills: Option<Fill>,
}

/// What a scripted `bf_getbuffer` puts into the view: one dimension of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fill {
    /// The memory that it hands out.
    pub memory: Claim,
    /// The view's `readonly`.
    pub read_only: c_int,
    /// Whether the view names an owner, so that it has to be released.
    pub owned: bool,
}

/// The memory that a script hands out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// These bytes, with their true length.
    Bytes(Vec<u8>),
    /// These bytes, with a negative length.
    Negative(Vec<u8>, isize),
    /// A null pointer, with any length.
    Null(isize),
}

/// What a scripted `bf_releasebuffer` does to the error indicator.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Release {
    /// Nothing.
    #[default]
    Quiet,
    /// It raises, as C code may and must not.
    Raises(Raised),
    /// It clears whatever is pending.
    Clears,
}

/// The old slots that a type fills.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Slots {
    /// The segments.
    pub segments: Vec<Vec<u8>>,
    /// `bf_getsegcount`, if the type fills it.
    pub count: Option<Count>,
    /// `bf_getcharbuffer`, if the type fills it.
    pub char: Option<Get>,
    /// `bf_getreadbuffer`, if the type fills it.
    pub read: Option<Get>,
    /// `bf_getwritebuffer`, if the type fills it.
    pub write: Option<Get>,
}

/// What `bf_getsegcount` does.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Count {
    /// What it returns; `None` for the number of segments.
    pub returns: Option<isize>,
    /// What it leaves in the error indicator; `None` leaves the indicator alone.
    pub raises: Option<Raised>,
}

/// What an access slot does.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Get {
    /// What it returns.
    pub returns: GetReturns,
    /// What it leaves in the error indicator; `None` leaves the indicator alone.
    pub raises: Option<Raised>,
}

/// What an access slot returns.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum GetReturns {
    /// The segment that was asked for. An index without a segment fails with `SystemError`.
    #[default]
    Segment,
    /// These bytes, whatever the segments are: the characters of an object whose memory is something else.
    Bytes(Vec<u8>),
    /// A failure: this negative number, and no pointer.
    Failure(isize),
    /// A null pointer, with any length that is not negative.
    Null(isize),
}

impl Recipe {
    fn with(views: Views, slots: Option<Slots>) -> Self {
        Self { label: "object".to_owned(), type_name: None, views, slots }
    }

    /// Bytes that nobody ever writes to: an exact `bytes`. In Python 2 with all four slots, of which the
    /// writing one fails.
    #[must_use]
    pub fn frozen(bytes: &[u8]) -> Self {
        Self::memory(Memory::new(bytes, Mutability::Frozen)).and_slots(Slots::read_only(bytes))
    }

    /// Bytes that views may not write to but their owner may: a read-only view of a `bytearray`.
    #[must_use]
    pub fn read_only(bytes: &[u8]) -> Self {
        Self::memory(Memory::new(bytes, Mutability::ReadOnly)).and_slots(Slots::read_only(bytes))
    }

    /// Bytes that everybody may write to: a `bytearray`. In Python 2 with all four slots.
    #[must_use]
    pub fn writable(bytes: &[u8]) -> Self {
        Self::memory(Memory::new(bytes, Mutability::Writable)).and_slots(Slots::single(bytes))
    }

    /// As [`writable`](Self::writable), in memory that offers stable reads. It has no old slots.
    #[must_use]
    pub fn coordinated(bytes: &[u8]) -> Self {
        Self::memory(Memory::new(bytes, Mutability::Coordinated))
    }

    /// As [`writable`](Self::writable), in memory that moves when the last view of it is released.
    #[must_use]
    pub fn moving(bytes: &[u8]) -> Self {
        Self::memory(Memory { moves: true, ..Memory::new(bytes, Mutability::Writable) })
    }

    /// Items that lie in memory as the layout says. It has no old slots.
    #[must_use]
    pub fn strided(bytes: &[u8], mutability: Mutability, layout: Layout) -> Self {
        Self::memory(Memory { layout: Some(layout), ..Memory::new(bytes, mutability) })
    }

    /// Two dimensions of bytes behind pointers, one to each row. It has no old slots.
    ///
    /// All rows are as long as the first: shorter ones are filled up with zeros, longer ones cut.
    #[must_use]
    pub fn indirect(rows: &[&[u8]], mutability: Mutability) -> Self {
        let columns = rows.first().map_or(0, |row| row.len());
        let mut bytes = Vec::with_capacity(rows.len() * columns);
        for row in rows {
            bytes.extend(row.iter().copied().chain(std::iter::repeat(0)).take(columns));
        }
        let layout = Layout {
            format: "B".to_owned(),
            itemsize: 1,
            shape: vec![rows.len() as isize, columns as isize],
            strides: vec![size_of::<*mut u8>() as isize, 1],
            offset: 0,
            indirect: true,
        };
        Self::strided(&bytes, mutability, layout)
    }

    /// The old slots alone.
    #[must_use]
    pub fn segmented(slots: Slots) -> Self {
        Self::with(Views::Absent, Some(slots))
    }

    /// The old slots alone, and of those only the segment counter and the character slot.
    #[must_use]
    pub fn char_only(bytes: &[u8]) -> Self {
        Self::segmented(Slots { read: None, write: None, ..Slots::single(bytes) })
    }

    /// An object without any memory to show: a number.
    #[must_use]
    pub fn opaque() -> Self {
        Self::with(Views::Absent, None)
    }

    /// Well-behaved memory. It has no old slots.
    #[must_use]
    pub fn memory(memory: Memory) -> Self {
        Self::with(Views::Memory(memory), None)
    }

    /// An exporter that gives the same answer to each call. It has no old slots.
    #[must_use]
    pub fn scripted(answer: Answer) -> Self {
        Self::script(Script { answer, release: Release::Quiet })
    }

    /// An exporter that does what the script says. It has no old slots.
    #[must_use]
    pub fn script(script: Script) -> Self {
        Self::with(Views::Script(script), None)
    }

    /// The same object with these old slots.
    #[must_use]
    pub fn and_slots(self, slots: Slots) -> Self {
        Self { slots: Some(slots), ..self }
    }

    /// The same object under this name in transcripts and messages.
    #[must_use]
    pub fn label(self, label: impl Into<String>) -> Self {
        Self { label: label.into(), ..self }
    }

    /// The same object, of a type with this name.
    #[must_use]
    pub fn type_name(self, name: impl Into<String>) -> Self {
        Self { type_name: Some(name.into()), ..self }
    }
}

impl Memory {
    /// Plain bytes.
    #[must_use]
    pub fn new(bytes: &[u8], mutability: Mutability) -> Self {
        Self { bytes: bytes.to_vec(), mutability, layout: None, moves: false }
    }
}

impl Layout {
    /// Items in C order, without gaps.
    #[must_use]
    pub fn c_order(format: &str, itemsize: isize, shape: &[isize]) -> Self {
        let mut strides = vec![0; shape.len()];
        let mut step = itemsize;
        for (stride, length) in strides.iter_mut().zip(shape).rev() {
            *stride = step;
            // What does not fit is refused when an object is made of it.
            step = step.saturating_mul(*length);
        }
        Self {
            format: format.to_owned(),
            itemsize,
            shape: shape.to_vec(),
            strides,
            offset: 0,
            indirect: false,
        }
    }
}

impl Answer {
    /// Success: hands out memory to read and write, and names itself as the owner.
    #[must_use]
    pub fn memory(memory: Claim) -> Self {
        Self {
            reenters: false,
            raises: None,
            returns: 0,
            fills: Some(Fill { memory, read_only: 0, owned: true }),
        }
    }

    /// A refusal, with an exception.
    #[must_use]
    pub fn refusal(raised: Raised) -> Self {
        Self { reenters: false, raises: Some(raised), returns: -1, fills: None }
    }

    /// A refusal without an exception.
    #[must_use]
    pub fn silent_refusal() -> Self {
        Self::irregular(-1)
    }

    /// This return value, and nothing else.
    #[must_use]
    pub fn irregular(returns: c_int) -> Self {
        Self { reenters: false, raises: None, returns, fills: None }
    }

    /// The same, leaving this in the error indicator.
    #[must_use]
    pub fn raising(self, raised: Raised) -> Self {
        Self { raises: Some(raised), ..self }
    }

    /// The same, asking the very same object for a view first.
    #[must_use]
    pub fn reentering(self) -> Self {
        Self { reenters: true, ..self }
    }

    /// The same, filling the view like this whatever is returned.
    #[must_use]
    pub fn filling(self, fill: Fill) -> Self {
        Self { fills: Some(fill), ..self }
    }
}

impl Slots {
    /// All four slots, over one segment.
    #[must_use]
    pub fn single(bytes: &[u8]) -> Self {
        Self::several(&[bytes])
    }

    /// All four slots, over any number of segments.
    #[must_use]
    pub fn several(segments: &[&[u8]]) -> Self {
        Self {
            segments: segments.iter().map(|segment| segment.to_vec()).collect(),
            count: Some(Count::default()),
            char: Some(Get::default()),
            read: Some(Get::default()),
            write: Some(Get::default()),
        }
    }

    /// All four slots, over one segment; the one for writing refuses as that of `str` does.
    #[must_use]
    pub fn read_only(bytes: &[u8]) -> Self {
        let refusal = Raised::new("TypeError", "Cannot use string as modifiable buffer");
        Self { write: Some(Get::failure(refusal)), ..Self::single(bytes) }
    }

    /// The slot for an access, if the type fills it.
    #[must_use]
    pub fn get(&self, access: Access) -> Option<&Get> {
        match access {
            Access::Char => self.char.as_ref(),
            Access::Read => self.read.as_ref(),
            Access::Write => self.write.as_ref(),
        }
    }
}

impl Count {
    /// This count, whatever the segments are.
    #[must_use]
    pub fn returning(count: isize) -> Self {
        Self { returns: Some(count), raises: None }
    }

    /// The same, leaving this in the error indicator.
    #[must_use]
    pub fn raising(self, raised: Raised) -> Self {
        Self { raises: Some(raised), ..self }
    }
}

impl Get {
    /// A failure, with an exception.
    #[must_use]
    pub fn failure(raised: Raised) -> Self {
        Self { returns: GetReturns::Failure(-1), raises: Some(raised) }
    }

    /// This, with no exception.
    #[must_use]
    pub fn returning(returns: GetReturns) -> Self {
        Self { returns, raises: None }
    }

    /// The same, leaving this in the error indicator.
    #[must_use]
    pub fn raising(self, raised: Raised) -> Self {
        Self { raises: Some(raised), ..self }
    }
}

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
///
/// ```
/// use bufproto_mock::conformance::recipe::{Recipe, Views};
///
/// assert_eq!(Recipe::opaque().views, Views::Absent);
/// assert!(matches!(Recipe::frozen(b"abc").views, Views::Memory(_)));
/// ```
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
///
/// ```
/// use bufproto_mock::conformance::recipe::{Memory, Mutability, Recipe};
///
/// let memory = Memory { moves: true, ..Memory::new(b"abc", Mutability::Writable) };
/// assert_eq!(Recipe::memory(memory), Recipe::moving(b"abc"));
/// ```
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
///
/// ```
/// use bufproto_mock::conformance::recipe::{Memory, Mutability, Recipe, Views};
///
/// let frozen = Memory::new(b"abc", Mutability::Frozen);
/// assert_eq!(Recipe::frozen(b"abc").views, Views::Memory(frozen));
/// ```
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
///
/// ```
/// use bufproto_mock::conformance::recipe::{Layout, Mutability, Recipe};
///
/// // Every second of six bytes, from the last one on.
/// let layout = Layout { strides: vec![-2], offset: 5, ..Layout::c_order("B", 1, &[3]) };
/// let recipe = Recipe::strided(b"abcdef", Mutability::ReadOnly, layout);
/// # use bufproto_mock::conformance::Rig;
/// let rig = bufproto_mock::MockRig::new(bufproto_core::rules::Family::CPython3);
/// assert!(rig.make(&recipe).is_ok());
/// ```
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
///
/// ```
/// use bufproto_mock::conformance::recipe::{Answer, Claim, Raised, Recipe, Release, Script};
///
/// let answer = Answer::memory(Claim::Bytes(b"abc".to_vec()));
/// let script = Script { answer, release: Release::Raises(Raised::new("ValueError", "too late")) };
/// # use bufproto_core::legacy::{Dialect, Python2, Python3};
/// # use bufproto_core::rules::Family;
/// # use bufproto_mock::MockRig;
/// # use bufproto_mock::conformance::{Rig, SegmentedRig};
/// # let rig = MockRig::new(Family::CPython3);
/// rig.check_read_buffer(&rig.make(&Recipe::script(script)).unwrap());
/// assert_eq!(rig.take_raised().unwrap().message, "too late");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// What `bf_getbuffer` does.
    pub answer: Answer,
    /// What `bf_releasebuffer` leaves in the error indicator.
    pub release: Release,
}

/// One call of a scripted `bf_getbuffer`.
///
/// ```
/// use bufproto_mock::conformance::recipe::{Answer, Claim, Raised, Recipe};
///
/// let answer = Answer::memory(Claim::Bytes(b"abc".to_vec())).raising(Raised::new("ValueError", "no"));
/// assert_eq!(answer.returns, 0, "it succeeds nevertheless");
/// # use bufproto_core::legacy::{Dialect, Python2, Python3};
/// # use bufproto_core::rules::Family;
/// # use bufproto_mock::MockRig;
/// # use bufproto_mock::conformance::{Rig, SegmentedRig};
/// # let rig = MockRig::new(Family::CPython3);
/// assert!(rig.check_read_buffer(&rig.make(&Recipe::scripted(answer)).unwrap()));
/// ```
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
///
/// ```
/// use bufproto_mock::conformance::recipe::{Answer, Claim, Fill, Recipe};
///
/// let fill = Fill { memory: Claim::Null(3), read_only: 1, owned: false };
/// let recipe = Recipe::scripted(Answer::irregular(0).filling(fill));
/// # use bufproto_core::legacy::{Dialect, Python2, Python3};
/// # use bufproto_core::rules::Family;
/// # use bufproto_mock::MockRig;
/// # use bufproto_mock::conformance::{Rig, SegmentedRig};
/// # let rig = MockRig::new(Family::CPython3);
/// assert!(rig.check_read_buffer(&rig.make(&recipe).unwrap()));
/// ```
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
///
/// ```
/// use bufproto_mock::conformance::recipe::{Answer, Claim, Recipe};
///
/// let recipe = Recipe::scripted(Answer::memory(Claim::Negative(b"abc".to_vec(), -1)));
/// # use bufproto_core::legacy::{Dialect, Python2, Python3};
/// # use bufproto_core::rules::Family;
/// # use bufproto_mock::MockRig;
/// # use bufproto_mock::conformance::{Rig, SegmentedRig};
/// # let rig = MockRig::new(Family::CPython3);
/// assert_eq!(Python3::as_read_buffer(rig.handle(&rig.make(&recipe).unwrap())).unwrap().length, -1);
/// ```
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
///
/// ```
/// use bufproto_mock::conformance::recipe::{Answer, Claim, Recipe, Release, Script};
///
/// let script = Script { answer: Answer::memory(Claim::Null(0)), release: Release::Clears };
/// assert_ne!(Recipe::script(script.clone()), Recipe::scripted(script.answer), "those leave it alone");
/// ```
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
///
/// ```
/// use bufproto_mock::conformance::recipe::{Count, Recipe, Slots};
///
/// let slots = Slots { count: Some(Count::returning(7)), ..Slots::several(&[b"one", b"two"]) };
/// assert_eq!(Recipe::segmented(slots.clone()).slots, Some(slots));
/// ```
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
///
/// ```
/// use bufproto_mock::conformance::recipe::{Count, Slots};
///
/// assert_eq!(Slots::several(&[b"one", b"two"]).count, Some(Count::default()), "the true number");
/// assert_eq!(Count::returning(7).returns, Some(7));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Count {
    /// What it returns; `None` for the number of segments.
    pub returns: Option<isize>,
    /// What it leaves in the error indicator; `None` leaves the indicator alone.
    pub raises: Option<Raised>,
}

/// What an access slot does.
///
/// ```
/// use bufproto_mock::conformance::recipe::{Get, GetReturns, Raised};
///
/// let get = Get::returning(GetReturns::Segment).raising(Raised::new("ValueError", "no"));
/// assert!(get.raises.is_some());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Get {
    /// What it returns.
    pub returns: GetReturns,
    /// What it leaves in the error indicator; `None` leaves the indicator alone.
    pub raises: Option<Raised>,
}

/// What an access slot returns.
///
/// ```
/// use bufproto_mock::conformance::recipe::{Get, GetReturns, Slots};
///
/// let characters = Get::returning(GetReturns::Bytes(b"text".to_vec()));
/// let slots = Slots { char: Some(characters), ..Slots::single(b"bytes") };
/// assert_eq!(slots.read.unwrap().returns, GetReturns::Segment);
/// ```
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
    ///
    /// ```
    /// # use bufproto_mock::conformance::recipe::Recipe;
    /// # use bufproto_core::legacy::{Dialect, Python2, Python3};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::{Rig, SegmentedRig};
    /// # let rig = MockRig::new(Family::CPython3);
    /// let bytes = rig.make(&Recipe::frozen(b"abc")).unwrap();
    /// assert!(Python3::as_write_buffer(rig.handle(&bytes)).is_err());
    /// ```
    #[must_use]
    pub fn frozen(bytes: &[u8]) -> Self {
        Self::memory(Memory::new(bytes, Mutability::Frozen)).and_slots(Slots::read_only(bytes))
    }

    /// Bytes that views may not write to but their owner may: a read-only view of a `bytearray`.
    ///
    /// ```
    /// # use bufproto_mock::conformance::recipe::Recipe;
    /// # use bufproto_core::legacy::{Dialect, Python2, Python3};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::{Rig, SegmentedRig};
    /// # let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::read_only(b"abc")).unwrap();
    /// assert!(Python3::as_write_buffer(rig.handle(&object)).is_err());
    /// assert_eq!(rig.write(&object, 0, b'x'), Ok(true), "its owner may");
    /// ```
    #[must_use]
    pub fn read_only(bytes: &[u8]) -> Self {
        Self::memory(Memory::new(bytes, Mutability::ReadOnly)).and_slots(Slots::read_only(bytes))
    }

    /// Bytes that everybody may write to: a `bytearray`. In Python 2 with all four slots.
    ///
    /// ```
    /// # use bufproto_mock::conformance::recipe::Recipe;
    /// # use bufproto_core::legacy::{Dialect, Python2, Python3};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::{Rig, SegmentedRig};
    /// # let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::writable(b"abc")).unwrap();
    /// assert!(Python3::as_write_buffer(rig.handle(&object)).is_ok());
    /// ```
    #[must_use]
    pub fn writable(bytes: &[u8]) -> Self {
        Self::memory(Memory::new(bytes, Mutability::Writable)).and_slots(Slots::single(bytes))
    }

    /// As [`writable`](Self::writable), in memory that offers stable reads. It has no old slots.
    ///
    /// ```
    /// # use bufproto_mock::conformance::recipe::Recipe;
    /// # use bufproto_core::legacy::{Dialect, Python2, Python3};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::{Rig, SegmentedRig};
    /// # let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::coordinated(b"abc")).unwrap();
    /// let mut slot = bufproto_core::view::Slot::new();
    /// assert!(slot.fill_stable(rig.handle(&object), bufproto_core::request::Request::SIMPLE).is_ok());
    /// ```
    #[must_use]
    pub fn coordinated(bytes: &[u8]) -> Self {
        Self::memory(Memory::new(bytes, Mutability::Coordinated))
    }

    /// As [`writable`](Self::writable), in memory that moves when the last view of it is released.
    ///
    /// ```
    /// # use bufproto_mock::conformance::recipe::Recipe;
    /// # use bufproto_core::legacy::{Dialect, Python2, Python3};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::{Rig, SegmentedRig};
    /// # let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::moving(b"abc")).unwrap();
    /// let [first, second] = [(); 2].map(|()| Python3::as_read_buffer(rig.handle(&object)).unwrap().pointer);
    /// assert_ne!(first, second);
    /// ```
    #[must_use]
    pub fn moving(bytes: &[u8]) -> Self {
        Self::memory(Memory { moves: true, ..Memory::new(bytes, Mutability::Writable) })
    }

    /// Items that lie in memory as the layout says. It has no old slots.
    ///
    /// ```
    /// use bufproto_mock::conformance::recipe::{Layout, Mutability};
    /// # use bufproto_mock::conformance::recipe::Recipe;
    /// # use bufproto_core::legacy::{Dialect, Python2, Python3};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::{Rig, SegmentedRig};
    /// # let rig = MockRig::new(Family::CPython3);
    /// let table = Layout::c_order("h", 2, &[2, 3]);
    /// assert!(rig.make(&Recipe::strided(&[0; 12], Mutability::Writable, table.clone())).is_ok());
    /// assert!(rig.make(&Recipe::strided(&[0; 11], Mutability::Writable, table)).is_err(), "it does not fit");
    /// ```
    #[must_use]
    pub fn strided(bytes: &[u8], mutability: Mutability, layout: Layout) -> Self {
        Self::memory(Memory { layout: Some(layout), ..Memory::new(bytes, mutability) })
    }

    /// Two dimensions of bytes behind pointers, one to each row. It has no old slots.
    ///
    /// All rows are as long as the first: shorter ones are filled up with zeros, longer ones cut.
    ///
    /// ```
    /// use bufproto_mock::conformance::recipe::Mutability;
    /// # use bufproto_mock::conformance::recipe::Recipe;
    /// # use bufproto_core::legacy::{Dialect, Python2, Python3};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::{Rig, SegmentedRig};
    /// # let rig = MockRig::new(Family::CPython3);
    /// assert!(rig.make(&Recipe::indirect(&[b"abc", b"xyz"], Mutability::Writable)).is_ok());
    /// ```
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
    ///
    /// ```
    /// use bufproto_mock::conformance::recipe::Slots;
    /// # use bufproto_mock::conformance::recipe::Recipe;
    /// # use bufproto_core::legacy::{Dialect, Python2, Python3};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::{Rig, SegmentedRig};
    /// # let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::segmented(Slots::single(b"abc"))).unwrap();
    /// assert!(rig.check_segments(&object) && !rig.check_read_buffer(&object));
    /// ```
    #[must_use]
    pub fn segmented(slots: Slots) -> Self {
        Self::with(Views::Absent, Some(slots))
    }

    /// The old slots alone, and of those only the segment counter and the character slot.
    ///
    /// ```
    /// # use bufproto_mock::conformance::recipe::Recipe;
    /// # use bufproto_core::legacy::{Dialect, Python2, Python3};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::{Rig, SegmentedRig};
    /// # let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::char_only(b"abc")).unwrap();
    /// assert_eq!(Python2::as_char_buffer(rig.segmented(&object)).unwrap().length, 3);
    /// assert!(Python2::as_read_buffer(rig.segmented(&object)).is_err());
    /// ```
    #[must_use]
    pub fn char_only(bytes: &[u8]) -> Self {
        Self::segmented(Slots { read: None, write: None, ..Slots::single(bytes) })
    }

    /// An object without any memory to show: a number.
    ///
    /// ```
    /// # use bufproto_mock::conformance::recipe::Recipe;
    /// # use bufproto_core::legacy::{Dialect, Python2, Python3};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::{Rig, SegmentedRig};
    /// # let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::opaque()).unwrap();
    /// assert!(!rig.check_segments(&object) && !rig.check_read_buffer(&object));
    /// ```
    #[must_use]
    pub fn opaque() -> Self {
        Self::with(Views::Absent, None)
    }

    /// Well-behaved memory. It has no old slots.
    ///
    /// ```
    /// use bufproto_mock::conformance::recipe::{Memory, Mutability};
    /// # use bufproto_mock::conformance::recipe::Recipe;
    /// # use bufproto_core::legacy::{Dialect, Python2, Python3};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::{Rig, SegmentedRig};
    /// # let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::memory(Memory::new(b"abc", Mutability::Frozen))).unwrap();
    /// assert!(rig.check_read_buffer(&object) && !rig.check_segments(&object));
    /// ```
    #[must_use]
    pub fn memory(memory: Memory) -> Self {
        Self::with(Views::Memory(memory), None)
    }

    /// An exporter that gives the same answer to each call. It has no old slots.
    ///
    /// ```
    /// use bufproto_mock::conformance::recipe::Answer;
    /// # use bufproto_mock::conformance::recipe::Recipe;
    /// # use bufproto_core::legacy::{Dialect, Python2, Python3};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::{Rig, SegmentedRig};
    /// # let rig = MockRig::new(Family::CPython3);
    /// assert!(!rig.check_read_buffer(&rig.make(&Recipe::scripted(Answer::silent_refusal())).unwrap()));
    /// ```
    #[must_use]
    pub fn scripted(answer: Answer) -> Self {
        Self::script(Script { answer, release: Release::Quiet })
    }

    /// An exporter that does what the script says. It has no old slots.
    ///
    /// ```
    /// use bufproto_mock::conformance::recipe::{Answer, Claim, Release, Script};
    /// # use bufproto_mock::conformance::recipe::Recipe;
    /// # use bufproto_core::legacy::{Dialect, Python2, Python3};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::{Rig, SegmentedRig};
    /// # let rig = MockRig::new(Family::CPython3);
    /// let script = Script { answer: Answer::memory(Claim::Null(0)), release: Release::Quiet };
    /// assert!(rig.check_read_buffer(&rig.make(&Recipe::script(script)).unwrap()));
    /// ```
    #[must_use]
    pub fn script(script: Script) -> Self {
        Self::with(Views::Script(script), None)
    }

    /// The same object with these old slots.
    ///
    /// ```
    /// use bufproto_mock::conformance::recipe::Slots;
    /// # use bufproto_mock::conformance::recipe::Recipe;
    /// # use bufproto_core::legacy::{Dialect, Python2, Python3};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::{Rig, SegmentedRig};
    /// # let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::opaque().and_slots(Slots::single(b"abc"))).unwrap();
    /// assert!(rig.check_segments(&object));
    /// ```
    #[must_use]
    pub fn and_slots(self, slots: Slots) -> Self {
        Self { slots: Some(slots), ..self }
    }

    /// The same object under this name in transcripts and messages.
    ///
    /// ```
    /// use bufproto_mock::conformance::recipe::Recipe;
    ///
    /// assert_eq!(Recipe::opaque().label("a number").label, "a number");
    /// ```
    #[must_use]
    pub fn label(self, label: impl Into<String>) -> Self {
        Self { label: label.into(), ..self }
    }

    /// The same object, of a type with this name.
    ///
    /// ```
    /// use bufproto_mock::conformance::recipe::Recipe;
    ///
    /// assert_eq!(Recipe::opaque().type_name("int").type_name.as_deref(), Some("int"));
    /// ```
    #[must_use]
    pub fn type_name(self, name: impl Into<String>) -> Self {
        Self { type_name: Some(name.into()), ..self }
    }
}

impl Memory {
    /// Plain bytes.
    ///
    /// ```
    /// use bufproto_mock::conformance::recipe::{Memory, Mutability};
    ///
    /// let memory = Memory::new(b"abc", Mutability::Writable);
    /// assert!(memory.layout.is_none() && !memory.moves);
    /// ```
    #[must_use]
    pub fn new(bytes: &[u8], mutability: Mutability) -> Self {
        Self { bytes: bytes.to_vec(), mutability, layout: None, moves: false }
    }
}

impl Layout {
    /// Items in C order, without gaps.
    ///
    /// ```
    /// use bufproto_mock::conformance::recipe::Layout;
    ///
    /// assert_eq!(Layout::c_order("d", 8, &[2, 3]).strides, [24, 8]);
    /// ```
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
    ///
    /// ```
    /// use bufproto_mock::conformance::recipe::{Answer, Claim};
    ///
    /// let answer = Answer::memory(Claim::Bytes(b"abc".to_vec()));
    /// assert_eq!((answer.returns, answer.fills.map(|fill| fill.owned)), (0, Some(true)));
    /// ```
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
    ///
    /// ```
    /// use bufproto_mock::conformance::recipe::{Answer, Raised};
    ///
    /// assert_eq!(Answer::refusal(Raised::new("ValueError", "no")).returns, -1);
    /// ```
    #[must_use]
    pub fn refusal(raised: Raised) -> Self {
        Self { reenters: false, raises: Some(raised), returns: -1, fills: None }
    }

    /// A refusal without an exception.
    ///
    /// ```
    /// use bufproto_mock::conformance::recipe::Answer;
    ///
    /// assert_eq!(Answer::silent_refusal().raises, None);
    /// ```
    #[must_use]
    pub fn silent_refusal() -> Self {
        Self::irregular(-1)
    }

    /// This return value, and nothing else.
    ///
    /// ```
    /// use bufproto_core::rules::Rule;
    /// use bufproto_mock::conformance::recipe::Answer;
    /// # use bufproto_mock::conformance::recipe::Recipe;
    /// # use bufproto_core::legacy::{Dialect, Python2, Python3};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::{Rig, SegmentedRig};
    /// # let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::scripted(Answer::irregular(7))).unwrap();
    /// assert!(rig.check_read_buffer(&object), "only −1 is a refusal here");
    /// assert!(Python3::as_read_buffer(rig.handle(&object)).is_err());
    /// ```
    #[must_use]
    pub fn irregular(returns: c_int) -> Self {
        Self { reenters: false, raises: None, returns, fills: None }
    }

    /// The same, leaving this in the error indicator.
    ///
    /// ```
    /// use bufproto_mock::conformance::recipe::{Answer, Raised};
    ///
    /// let no = Raised::new("ValueError", "no");
    /// assert_eq!(Answer::silent_refusal().raising(no.clone()), Answer::refusal(no));
    /// ```
    #[must_use]
    pub fn raising(self, raised: Raised) -> Self {
        Self { raises: Some(raised), ..self }
    }

    /// The same, asking the very same object for a view first.
    ///
    /// ```
    /// use bufproto_mock::conformance::recipe::{Answer, Claim};
    ///
    /// assert!(Answer::memory(Claim::Null(0)).reentering().reenters);
    /// ```
    #[must_use]
    pub fn reentering(self) -> Self {
        Self { reenters: true, ..self }
    }

    /// The same, filling the view like this whatever is returned.
    ///
    /// ```
    /// use bufproto_mock::conformance::recipe::{Answer, Claim, Fill};
    ///
    /// let fill = Fill { memory: Claim::Null(0), read_only: 0, owned: true };
    /// assert_eq!(Answer::silent_refusal().filling(fill.clone()).fills, Some(fill), "though it fails");
    /// ```
    #[must_use]
    pub fn filling(self, fill: Fill) -> Self {
        Self { fills: Some(fill), ..self }
    }
}

impl Slots {
    /// All four slots, over one segment.
    ///
    /// ```
    /// use bufproto_mock::conformance::recipe::Slots;
    ///
    /// assert_eq!(Slots::single(b"abc"), Slots::several(&[b"abc"]));
    /// ```
    #[must_use]
    pub fn single(bytes: &[u8]) -> Self {
        Self::several(&[bytes])
    }

    /// All four slots, over any number of segments.
    ///
    /// ```
    /// use bufproto_mock::conformance::recipe::{Recipe, Slots};
    ///
    /// let slots = Slots::several(&[b"one", b"three"]);
    /// assert_eq!(Recipe::segmented(slots).slots.unwrap().segments, [&b"one"[..], b"three"]);
    /// ```
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
    ///
    /// ```
    /// use bufproto_core::request::Access;
    /// use bufproto_mock::conformance::recipe::{GetReturns, Slots};
    ///
    /// let slots = Slots::read_only(b"abc");
    /// assert_eq!(slots.get(Access::Write).unwrap().returns, GetReturns::Failure(-1));
    /// ```
    #[must_use]
    pub fn read_only(bytes: &[u8]) -> Self {
        let refusal = Raised::new("TypeError", "Cannot use string as modifiable buffer");
        Self { write: Some(Get::failure(refusal)), ..Self::single(bytes) }
    }

    /// The slot for an access, if the type fills it.
    ///
    /// ```
    /// use bufproto_core::request::Access;
    /// use bufproto_mock::conformance::recipe::{Get, Slots};
    ///
    /// let slots = Slots { read: None, ..Slots::single(b"abc") };
    /// assert_eq!((slots.get(Access::Char), slots.get(Access::Read)), (Some(&Get::default()), None));
    /// ```
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
    ///
    /// ```
    /// use bufproto_mock::conformance::recipe::{Count, Slots};
    /// # use bufproto_mock::conformance::recipe::Recipe;
    /// # use bufproto_core::legacy::{Dialect, Python2, Python3};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::{Rig, SegmentedRig};
    /// # let rig = MockRig::new(Family::CPython3);
    /// let slots = Slots { count: Some(Count::returning(2)), ..Slots::single(b"abc") };
    /// assert!(!rig.check_segments(&rig.make(&Recipe::segmented(slots)).unwrap()));
    /// ```
    #[must_use]
    pub fn returning(count: isize) -> Self {
        Self { returns: Some(count), raises: None }
    }

    /// The same, leaving this in the error indicator.
    ///
    /// ```
    /// use bufproto_mock::conformance::recipe::{Count, Raised};
    ///
    /// assert!(Count::default().raising(Raised::new("ValueError", "no")).raises.is_some());
    /// ```
    #[must_use]
    pub fn raising(self, raised: Raised) -> Self {
        Self { raises: Some(raised), ..self }
    }
}

impl Get {
    /// A failure, with an exception.
    ///
    /// ```
    /// use bufproto_mock::conformance::recipe::{Get, GetReturns, Raised};
    ///
    /// assert_eq!(Get::failure(Raised::new("ValueError", "no")).returns, GetReturns::Failure(-1));
    /// ```
    #[must_use]
    pub fn failure(raised: Raised) -> Self {
        Self { returns: GetReturns::Failure(-1), raises: Some(raised) }
    }

    /// This, with no exception.
    ///
    /// ```
    /// use bufproto_mock::conformance::recipe::{Get, GetReturns};
    ///
    /// assert_eq!(Get::returning(GetReturns::Null(3)).raises, None);
    /// ```
    #[must_use]
    pub fn returning(returns: GetReturns) -> Self {
        Self { returns, raises: None }
    }

    /// The same, leaving this in the error indicator.
    ///
    /// ```
    /// use bufproto_mock::conformance::recipe::{Get, Raised};
    ///
    /// assert!(Get::default().raising(Raised::new("ValueError", "no")).raises.is_some());
    /// ```
    #[must_use]
    pub fn raising(self, raised: Raised) -> Self {
        Self { raises: Some(raised), ..self }
    }
}

//! Objects, made by recipe.

use std::cell::{Cell, RefCell};
use std::ffi::CString;
use std::ops::Range;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bufproto_core::grant::{self, Block, Domain};
use bufproto_core::layout::LayoutError;
use bufproto_core::rules::Rule;
use bufproto_core::runtime::Runtime as _;
use bufproto_core::span::Span;

use crate::conformance::recipe::{Claim, Script};
use crate::fault::{Answer, Fault};
use crate::interpreter::{Interpreter, Raised};
use crate::memory::Memory;

mod handle;
mod segments;

pub use handle::Handle;
pub(crate) use handle::{is_frozen, release};
use segments::Slots;
pub use segments::{OldSlots, Witness};

/// A reference to an object. Cloning makes another reference; every view holds one.
///
/// ```
/// use bufproto_core::legacy::{Dialect, Python3};
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::bytearray(b"hello");
/// let other = object.clone();
/// assert_eq!(object.references(), 2);
/// let span = Python3::as_write_buffer(other.attach(&interpreter)).unwrap();
/// // SAFETY: the object lives, and is not resized.
/// unsafe { span.pointer.cast::<u8>().write(b'j') };
/// assert_eq!(object.content(), b"jello");
/// ```
#[derive(Clone, Debug)]
pub struct Object(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    number: usize,
    type_name: String,
    kind: Kind,
    slots: Slots,
    /// Of the memory, which other objects may have too.
    domain: Rc<Domain>,
    /// How many views of this object are out.
    exports: Cell<usize>,
    moves_on_release: Cell<bool>,
    export_calls: Cell<usize>,
    faults: RefCell<Vec<(usize, Fault)>>,
    release_raises: RefCell<Option<Raised>>,
    /// What exporting calls first; see [`Object::while_exporting`].
    callback: Cell<Option<*const dyn Fn()>>,
    /// Whether a script is just asking the object itself.
    reentering: Cell<bool>,
}

/// What an object exports.
#[derive(Debug)]
enum Kind {
    /// Its type does not fill `bf_getbuffer`.
    Opaque,
    Bytes(Bytes),
    Items(Items),
    Scripted {
        memory: Memory,
        answer: Answer,
    },
    /// Whatever the recipe says, for the conformance kit.
    Recipe {
        memory: Memory,
        script: Script,
    },
}

/// Bytes side by side.
#[derive(Debug)]
struct Bytes {
    memory: Rc<Memory>,
    /// Which of them, as far as they are there; all for `None`.
    part: Option<Range<usize>>,
    read_only: bool,
    frozen: bool,
    /// Whether stable reads are offered.
    stable: bool,
}

impl Bytes {
    /// Bytes that everybody may write to.
    fn new(content: &[u8]) -> Self {
        let memory = Rc::new(Memory::new(content));
        Self { memory, part: None, read_only: false, frozen: false, stable: false }
    }

    fn range(&self) -> Range<usize> {
        let length = self.memory.len();
        let part = self.part.clone().unwrap_or(0..length);
        part.start.min(length)..part.end.min(length)
    }

    fn span(&self) -> Span {
        let range = self.range();
        let pointer = self.memory.address().wrapping_add(range.start).cast();
        Span { pointer, length: range.len().cast_signed() }
    }
}

/// Items that need a layout to be found.
#[derive(Debug)]
struct Items {
    /// The items, or the rows that the table points to. Nobody moves them.
    memory: Vec<Memory>,
    /// The addresses of the rows, where items lie behind pointers: not read here, but by consumers. A vector, because
    /// moving a box says that nobody else has its address.
    _table: Vec<*mut u8>,
    first: *mut u8,
    item_size: usize,
    format: CString,
    shape: Vec<isize>,
    strides: Vec<isize>,
    suboffsets: Option<Vec<isize>>,
    read_only: bool,
}

impl Items {
    fn block(&self) -> Result<Block<'_>, LayoutError> {
        Block::new(
            self.first,
            (self.item_size, &self.format),
            &self.shape,
            &self.strides,
            self.suboffsets.as_deref(),
            self.read_only,
        )
    }
}

/// A recipe for items in memory, of any number of dimensions.
///
/// ```
/// use bufproto_mock::{Object, Strided};
///
/// // The second column of a table that has three.
/// let column = Object::strided(&Strided {
///     memory: b"abcxyz",
///     offset: 1,
///     item_size: 1,
///     format: c"B".to_owned(),
///     shape: &[2],
///     strides: &[3],
///     read_only: true,
/// })?;
/// assert_eq!(column.type_name(), "ndarray");
/// # Ok::<(), bufproto_mock::OutOfBounds>(())
/// ```
#[derive(Clone, Debug)]
pub struct Strided<'a> {
    /// All of the memory.
    pub memory: &'a [u8],
    /// Where the item with all indices zero is, in bytes.
    pub offset: usize,
    /// The size of an item in bytes.
    pub item_size: usize,
    /// The item format.
    pub format: CString,
    /// The number of items in each dimension.
    pub shape: &'a [isize],
    /// The distance in bytes between neighbours in each dimension.
    pub strides: &'a [isize],
    /// Whether the memory is not to be written to.
    pub read_only: bool,
}

/// Why there is no object with such a layout.
///
/// ```
/// use bufproto_mock::{Object, OutOfBounds, Strided};
///
/// let error = Object::strided(&Strided {
///     memory: b"abcxyz",
///     offset: 4,
///     item_size: 1,
///     format: c"B".to_owned(),
///     shape: &[2],
///     strides: &[3],
///     read_only: true,
/// }).unwrap_err();
/// assert!(matches!(error, OutOfBounds::Memory { low: 4, high: 8, length: 6 }));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutOfBounds {
    /// The shape and the strides are no layout.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The items would lie outside of the memory.
    #[error("the items lie from byte {low} to byte {high} of {length}")]
    Memory {
        /// The first byte of the lowest item.
        low: isize,
        /// The byte after the highest item.
        high: isize,
        /// The number of bytes that there are.
        length: usize,
    },
}

impl Object {
    fn make(type_name: &str, kind: Kind, slots: Slots) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        Self(Rc::new(Inner {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            type_name: type_name.to_owned(),
            kind,
            slots,
            domain: Rc::default(),
            exports: Cell::new(0),
            moves_on_release: Cell::new(false),
            export_calls: Cell::new(0),
            faults: RefCell::default(),
            release_raises: RefCell::default(),
            callback: Cell::new(None),
            reentering: Cell::new(false),
        }))
    }

    /// Content that never moves and is never written to, as that of an exact `bytes`.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python3};
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytes(b"hello");
    /// assert!(Python3::as_read_buffer(object.attach(&interpreter)).is_ok());
    /// assert!(Python3::as_write_buffer(object.attach(&interpreter)).is_err());
    /// ```
    #[must_use]
    pub fn bytes(content: &[u8]) -> Self {
        let kind = Kind::Bytes(Bytes { read_only: true, frozen: true, ..Bytes::new(content) });
        Self::make("bytes", kind, Slots::Bytes)
    }

    /// Content that can be written to, and resized while it is not exported.
    ///
    /// ```
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytearray(b"hello");
    /// object.resize(&interpreter, 4).unwrap();
    /// assert_eq!(object.content(), b"hell");
    /// ```
    #[must_use]
    pub fn bytearray(content: &[u8]) -> Self {
        Self::make("bytearray", Kind::Bytes(Bytes::new(content)), Slots::Bytes)
    }

    /// As [`bytearray`](Self::bytearray), and it offers [stable reads](bufproto_core::stable). The type has no old slots,
    /// which could not be told when somebody has done reading or writing.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::buffer(b"hello");
    /// let mut slot = Slot::new();
    /// let view = slot.fill_stable(object.attach(&interpreter), Request::SIMPLE).unwrap();
    /// assert!(object.write(&interpreter, 0, b"j").is_err());
    /// assert_eq!(view.as_slice(), Ok(&b"hello"[..]));
    /// ```
    #[must_use]
    pub fn buffer(content: &[u8]) -> Self {
        Self::make("Buffer", Kind::Bytes(Bytes { stable: true, ..Bytes::new(content) }), Slots::Missing)
    }

    /// Some of the bytes of a [`buffer`](Self::buffer), or of another slice: an object that exports the same memory, and
    /// whose views go together with those of the other as if there were one object. After a resize there may be fewer.
    /// `None` for other objects.
    ///
    /// ```
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::buffer(b"hello");
    /// let slice = object.slice(1..3).unwrap();
    /// assert_eq!(slice.content(), b"el");
    /// object.write(&interpreter, 1, b"i").unwrap();
    /// assert_eq!(slice.content(), b"il");
    /// ```
    #[must_use]
    pub fn slice(&self, part: Range<usize>) -> Option<Self> {
        let Kind::Bytes(bytes) = &self.0.kind else { return None };
        let base = bytes.range().start;
        let within = |index: usize| base.saturating_add(index).min(bytes.range().end);
        let part = Some(within(part.start)..within(part.end).max(within(part.start)));
        let kind = Kind::Bytes(Bytes { memory: Rc::clone(&bytes.memory), part, ..*bytes });
        let mut slice = Self::make(self.type_name(), kind, Slots::Missing);
        Rc::get_mut(&mut slice.0)?.domain = Rc::clone(&self.0.domain);
        bytes.stable.then_some(slice)
    }

    /// Content that consumers may not write to, though its owner may.
    ///
    /// ```
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::read_only(b"hello");
    /// object.write(&interpreter, 0, b"j").unwrap();
    /// assert_eq!(object.content(), b"jello");
    /// ```
    #[must_use]
    pub fn read_only(content: &[u8]) -> Self {
        let kind = Kind::Bytes(Bytes { read_only: true, ..Bytes::new(content) });
        Self::make("mmap.mmap", kind, Slots::Bytes)
    }

    /// Items of any shape. The type has no old slots.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// use bufproto_mock::Strided;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let recipe = Strided {
    ///     memory: b"abc",
    ///     offset: 2,
    ///     item_size: 1,
    ///     format: c"B".to_owned(),
    ///     shape: &[3],
    ///     strides: &[-1],
    ///     read_only: true,
    /// };
    /// let reversed = Object::strided(&recipe)?;
    /// let mut slot = Slot::new();
    /// let view = slot.fill(reversed.attach(&interpreter), Request::FULL_RO).unwrap();
    /// assert!(view.held().typed::<u8>().unwrap().iter().eq(*b"cba"));
    /// # drop(view);
    /// # Ok::<(), bufproto_mock::OutOfBounds>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`OutOfBounds`] if an item would lie outside of the memory.
    pub fn strided(recipe: &Strided<'_>) -> Result<Self, OutOfBounds> {
        let memory = Memory::new(recipe.memory);
        let items = Items {
            first: memory.address().wrapping_add(recipe.offset),
            memory: vec![memory],
            _table: Vec::new(),
            item_size: recipe.item_size,
            format: recipe.format.clone(),
            shape: recipe.shape.to_vec(),
            strides: recipe.strides.to_vec(),
            suboffsets: None,
            read_only: recipe.read_only,
        };
        let bounds = items.block()?.layout().bounds().unwrap_or(0..0);
        let offset = recipe.offset.cast_signed();
        let (low, high) = (bounds.start.saturating_add(offset), bounds.end.saturating_add(offset));
        let length = recipe.memory.len();
        if low < 0 || high > length.cast_signed() {
            return Err(OutOfBounds::Memory { low, high, length });
        }
        Ok(Self::make("ndarray", Kind::Items(items), Slots::Missing))
    }

    /// Rows of bytes, each in memory of its own, behind a table of pointers. All rows are as long as the
    /// shortest.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let rows = Object::indirect(&[b"abc", b"xyz"]);
    /// let mut slot = Slot::new();
    /// let view = slot.fill(rows.attach(&interpreter), Request::FULL_RO).unwrap();
    /// assert_eq!(view.held().typed::<u8>().unwrap().get(&[1, 0]), Ok(b'x'));
    /// ```
    #[must_use]
    pub fn indirect(rows: &[&[u8]]) -> Self {
        let columns = rows.iter().map(|row| row.len()).min().unwrap_or(0);
        let memory: Vec<Memory> = rows.iter().map(|row| Memory::new(row)).collect();
        let table: Vec<*mut u8> = memory.iter().map(Memory::address).collect();
        let items = Items {
            first: table.as_ptr().cast_mut().cast(),
            memory,
            _table: table,
            item_size: 1,
            format: c"B".to_owned(),
            shape: vec![rows.len().cast_signed(), columns.cast_signed()],
            strides: vec![size_of::<*mut u8>().cast_signed(), 1],
            suboffsets: Some(vec![0, -1]),
            read_only: false,
        };
        Self::make("ndarray", Kind::Items(items), Slots::Missing)
    }

    /// An object whose type exports nothing, in neither protocol.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python2, Python3};
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::opaque();
    /// assert!(Python2::as_read_buffer(object.attach(&interpreter)).is_err());
    /// assert!(Python3::as_read_buffer(object.attach(&interpreter)).is_err());
    /// ```
    #[must_use]
    pub fn opaque() -> Self {
        Self::make("int", Kind::Opaque, Slots::Missing)
    }

    /// An object whose type fills the old slots only.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python2, Python3};
    /// use bufproto_mock::OldSlots;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::segmented(OldSlots::of(&[b"hello"], true));
    /// assert!(Python2::as_read_buffer(object.attach(&interpreter)).is_ok());
    /// assert!(Python3::as_read_buffer(object.attach(&interpreter)).is_err());
    /// ```
    #[must_use]
    pub fn segmented(slots: OldSlots) -> Self {
        Self::make("segments", Kind::Opaque, slots.into_slots())
    }

    /// An object whose exporter gives the same answer to every request.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python3};
    /// use bufproto_mock::Answer;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::scripted(Answer::null(5));
    /// let span = Python3::as_read_buffer(object.attach(&interpreter)).unwrap();
    /// assert_eq!(span.checked(), None, "five bytes at no address");
    /// ```
    #[must_use]
    pub fn scripted(answer: Answer) -> Self {
        let kind = Kind::Scripted { memory: Memory::new(&answer.content), answer };
        Self::make("scripted", kind, Slots::Missing)
    }

    /// An object whose type exports, but refuses every request in this way.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python3};
    /// use bufproto_mock::Fault;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::refusing(Fault::Fail(None));
    /// assert!(!Python3::check_read_buffer(object.attach(&interpreter)));
    /// ```
    #[must_use]
    pub fn refusing(fault: Fault) -> Self {
        let object = Self::scripted(Answer::new(&[]));
        object.on_export(0, fault);
        object
    }

    /// An object whose exporter does what a recipe says.
    pub(crate) fn follows(script: Script) -> Self {
        let memory = match script.answer.fills.as_ref().map(|fill| &fill.memory) {
            Some(Claim::Bytes(bytes) | Claim::Negative(bytes, _)) => Memory::new(bytes),
            Some(Claim::Null(_)) | None => Memory::new(&[]),
        };
        Self::make("scripted", Kind::Recipe { memory, script }, Slots::Missing)
    }

    /// The same object, of a type with these old slots. Only for an object that nobody else refers to yet.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python2, Python3};
    /// use bufproto_mock::OldSlots;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytes(b"hello").with_old_slots(OldSlots::of(&[b"other"], true));
    /// let (old, new) = (Python2::as_read_buffer(object.attach(&interpreter)), Python3::as_read_buffer(object.attach(&interpreter)));
    /// assert_ne!(old.unwrap().pointer, new.unwrap().pointer);
    /// ```
    ///
    /// # Panics
    ///
    /// If there is another reference.
    #[must_use]
    pub fn with_old_slots(mut self, slots: OldSlots) -> Self {
        let inner = Rc::get_mut(&mut self.0).expect("the object has just been made");
        inner.slots = slots.into_slots();
        self
    }

    /// Runs `body`; while it runs, every export of the object calls `callback` first, as code that an
    /// exporter runs may call back into the consumer. What the callback exports itself does not call it
    /// again. Calls may nest; the innermost callback counts.
    ///
    /// ```
    /// # use std::cell::Cell;
    /// # use bufproto_core::legacy::{Dialect, Python3};
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    /// let object = Object::bytearray(b"abc");
    /// let resized = Cell::new(false);
    /// object.while_exporting(&|| resized.set(object.resize(&interpreter, 0).is_ok()), || {
    ///     let span = Python3::as_read_buffer(object.attach(&interpreter)).expect("memory");
    ///     assert_eq!(span.length, 0, "what was read before the exporter ran is out of date");
    /// });
    /// assert!(resized.get());
    /// ```
    pub fn while_exporting<T>(&self, callback: &dyn Fn(), body: impl FnOnce() -> T) -> T {
        struct Restore<'a>(&'a Cell<Option<*const dyn Fn()>>, Option<*const dyn Fn()>);
        impl Drop for Restore<'_> {
            fn drop(&mut self) {
                self.0.set(self.1);
            }
        }
        let callback: *const (dyn Fn() + '_) = callback;
        // SAFETY: only the lifetime changes. The pointer is taken back before this function returns, also by
        // a panic, so it is not followed after the borrow.
        let callback: *const (dyn Fn() + 'static) = unsafe { std::mem::transmute(callback) };
        let restore = Restore(&self.0.callback, self.0.callback.replace(Some(callback)));
        let result = body();
        drop(restore);
        result
    }

    /// The same object, of a type with another name. Only for an object that nobody else refers to yet.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python3};
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::opaque().named("Decimal");
    /// let handle = object.attach(&interpreter);
    /// Python3::as_read_buffer(handle).unwrap_err().restore(handle);
    /// assert!(interpreter.take_raised().unwrap().message.ends_with("not 'Decimal'"));
    /// ```
    ///
    /// # Panics
    ///
    /// If there is another reference.
    #[must_use]
    pub fn named(mut self, type_name: &str) -> Self {
        let inner = Rc::get_mut(&mut self.0).expect("the object has just been made");
        inner.type_name = type_name.to_owned();
        self
    }

    /// Scripts a fault of the exporter: on the call with this number, counted from 1, or on all for 0.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python3};
    /// use bufproto_mock::Fault;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytes(b"hello");
    /// object.on_export(2, Fault::Fail(None));
    /// let answers = [(); 3].map(|()| Python3::as_read_buffer(object.attach(&interpreter)).is_ok());
    /// assert_eq!(answers, [true, false, true]);
    /// ```
    pub fn on_export(&self, call: usize, fault: Fault) {
        self.0.faults.borrow_mut().push((call, fault));
    }

    /// Scripts a fault of the exporter on its next call, unless there is one already.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python3};
    /// use bufproto_mock::Fault;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytes(b"hello");
    /// object.on_next_export(Fault::Irregular(7, None));
    /// assert!(Python3::as_read_buffer(object.attach(&interpreter)).is_err());
    /// assert!(Python3::as_read_buffer(object.attach(&interpreter)).is_ok());
    /// ```
    pub fn on_next_export(&self, fault: Fault) {
        self.on_export(self.0.export_calls.get() + 1, fault);
    }

    /// Has the exporter raise when a view is given back, as it may not.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python3};
    /// use bufproto_mock::Raised;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytearray(b"hello");
    /// object.raise_on_release(Raised::new("ValueError", "too late"));
    /// assert!(Python3::as_read_buffer(object.attach(&interpreter)).is_ok());
    /// assert_eq!(interpreter.take_raised().unwrap().message, "too late");
    /// ```
    pub fn raise_on_release(&self, raised: Raised) {
        *self.0.release_raises.borrow_mut() = Some(raised);
    }

    /// Has the memory move when the last view is given back, and [poisons](crate::POISON) what it leaves.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python3};
    /// use bufproto_mock::POISON;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytearray(b"hello");
    /// object.move_on_release();
    /// let span = Python3::as_read_buffer(object.attach(&interpreter)).unwrap();
    /// // SAFETY: memory that was left stays allocated for as long as the object lives.
    /// assert_eq!(unsafe { span.pointer.cast::<u8>().read() }, POISON);
    /// ```
    pub fn move_on_release(&self) {
        self.0.moves_on_release.set(true);
    }

    /// How many views are out.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytearray(b"hello");
    /// let mut slot = Slot::new();
    /// let view = slot.fill(object.attach(&interpreter), Request::SIMPLE).unwrap();
    /// assert_eq!(object.exports(), 1);
    /// drop(view);
    /// assert_eq!(object.exports(), 0);
    /// ```
    #[must_use]
    pub fn exports(&self) -> usize {
        self.0.exports.get()
    }

    /// How many references there are, those of views included.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytearray(b"hello");
    /// let mut slot = Slot::new();
    /// let view = slot.fill(object.attach(&interpreter), Request::SIMPLE).unwrap();
    /// assert_eq!(object.references(), 2, "this one, and the view's");
    /// ```
    #[must_use]
    pub fn references(&self) -> usize {
        Rc::strong_count(&self.0)
    }

    /// The name of its type.
    ///
    /// ```
    /// use bufproto_mock::Object;
    ///
    /// assert_eq!(Object::bytearray(b"hello").type_name(), "bytearray");
    /// ```
    #[must_use]
    pub fn type_name(&self) -> &str {
        &self.0.type_name
    }

    /// The name of its type and its number, as the ledger has it.
    ///
    /// ```
    /// use bufproto_mock::Object;
    ///
    /// let (one, other) = (Object::bytes(b"hello"), Object::bytes(b"hello"));
    /// assert_ne!(one.name(), other.name());
    /// ```
    #[must_use]
    pub fn name(&self) -> String {
        self.0.name()
    }

    /// The content of bytes and of scripted memory; all rows or all memory of others; nothing for the rest.
    ///
    /// ```
    /// use bufproto_mock::Object;
    ///
    /// assert_eq!(Object::indirect(&[b"abc", b"xyz"]).content(), b"abcxyz");
    /// ```
    #[must_use]
    pub fn content(&self) -> Vec<u8> {
        match &self.0.kind {
            Kind::Opaque => Vec::new(),
            Kind::Bytes(bytes) => bytes.memory.content()[bytes.range()].to_vec(),
            Kind::Scripted { memory, .. } | Kind::Recipe { memory, .. } => memory.content(),
            Kind::Items(items) => items.memory.iter().flat_map(Memory::content).collect(),
        }
    }

    /// The content that begins at an address, if one of the object's blocks does: that of the memory which it
    /// exports, or of a segment.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python3};
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytes(b"hello");
    /// let span = Python3::as_read_buffer(object.attach(&interpreter)).unwrap();
    /// assert_eq!(object.content_at(span.pointer.cast()).as_deref(), Some(&b"hello"[..]));
    /// ```
    #[must_use]
    pub fn content_at(&self, address: *const u8) -> Option<Vec<u8>> {
        let exported: &[Memory] = match &self.0.kind {
            Kind::Opaque => &[],
            Kind::Bytes(bytes) => std::slice::from_ref(&*bytes.memory),
            Kind::Scripted { memory, .. } | Kind::Recipe { memory, .. } => std::slice::from_ref(memory),
            Kind::Items(items) => &items.memory,
        };
        let segments = match &self.0.slots {
            Slots::Scripted { segments, .. } => segments.iter().flatten().flatten().collect(),
            _ => Vec::new(),
        };
        exported
            .iter()
            .chain(segments.into_iter().map(|(memory, _)| memory))
            .find(|memory| std::ptr::eq(memory.address(), address))
            .map(Memory::content)
    }

    /// Resizes a bytearray or a buffer, as its owner may while it is not exported.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytearray(b"hello");
    /// let mut slot = Slot::new();
    /// let view = slot.fill(object.attach(&interpreter), Request::SIMPLE).unwrap();
    /// assert_eq!(
    ///     object.resize(&interpreter, 10).unwrap_err().to_string(),
    ///     "BufferError: Existing exports of data: object cannot be re-sized"
    /// );
    /// ```
    ///
    /// # Errors
    ///
    /// What it raised: [`Rule::Resize`] if it is exported, `TypeError` if it is none.
    pub fn resize(&self, interpreter: &Interpreter, length: usize) -> Result<(), Raised> {
        let Kind::Bytes(Bytes { memory, part: None, read_only: false, .. }) = &self.0.kind else {
            return Err(Raised::new("TypeError", format!("'{}' object cannot be resized", self.type_name())));
        };
        self.0.domain.resize(|| memory.relocate(length)).map_err(|rule| self.refusal(interpreter, rule))
    }

    /// Writes to bytes as their owner may while there is no stable read, even if views may not. As many are written as there
    /// is room for.
    ///
    /// ```
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytearray(b"hello");
    /// object.write(&interpreter, 4, b" and more").unwrap();
    /// assert_eq!(object.content(), b"hell ");
    /// ```
    ///
    /// # Errors
    ///
    /// What it raised: [`Rule::OwnerWrite`] if there is a stable read, `TypeError` if there are no bytes to be written to.
    pub fn write(&self, interpreter: &Interpreter, offset: usize, content: &[u8]) -> Result<(), Raised> {
        let Kind::Bytes(bytes @ Bytes { frozen: false, .. }) = &self.0.kind else {
            let text = format!("'{}' object does not support item assignment", self.type_name());
            return Err(Raised::new("TypeError", text));
        };
        let range = bytes.range();
        let content = &content[..content.len().min(range.len().saturating_sub(offset))];
        self.0
            .domain
            .write(|| bytes.memory.write(range.start + offset, content))
            .map_err(|rule| self.refusal(interpreter, rule))
    }

    fn refusal(&self, interpreter: &Interpreter, rule: Rule) -> Raised {
        let refusal = rule.refusal(interpreter.attach().family());
        Raised::new(refusal.exception.name(), refusal.message.with_type_name(self.type_name()).to_string())
    }

    /// The handle that core works with.
    ///
    /// ```
    /// use bufproto_core::runtime::Exporter;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// assert!(Object::bytes(b"hello").attach(&interpreter).exports());
    /// ```
    #[must_use]
    pub fn attach<'i>(&'i self, interpreter: &'i Interpreter) -> Handle<'i> {
        Handle { attached: interpreter.attach(), object: self }
    }
}

impl Inner {
    /// Counts a view of this object less.
    ///
    /// # Safety
    ///
    /// As [`Domain::end`].
    unsafe fn end(&self, export: grant::Export) {
        self.exports.set(self.exports.get().saturating_sub(1));
        // SAFETY: the caller's word.
        unsafe { self.domain.end(export) };
    }

    /// Runs what [`Object::while_exporting`] asked for, unless it is just running.
    fn call_back(&self) {
        if let Some(callback) = self.callback.take() {
            // SAFETY: `while_exporting` borrows the callback for as long as it stands here, and for as long as
            // this runs, which is inside the function that it runs.
            unsafe { (*callback)() }
            self.callback.set(Some(callback));
        }
    }

    fn name(&self) -> String {
        format!("{} #{}", self.type_name, self.number)
    }

    /// The fault that is scripted for the next call of the exporter.
    fn next_fault(&self) -> Option<Fault> {
        let call = self.export_calls.get() + 1;
        self.export_calls.set(call);
        let faults = self.faults.borrow();
        faults
            .iter()
            .find(|(scripted, _)| *scripted == call || *scripted == 0)
            .map(|(_, fault)| fault.clone())
    }
}

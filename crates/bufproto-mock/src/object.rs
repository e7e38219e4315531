//! Reference-counted objects, built by recipe.

use std::cell::{Cell, RefCell};
use std::ffi::{CString, c_void};
use std::fmt;
use std::rc::Rc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use bufproto_core::grant::{self, ExportCount};
use bufproto_core::layout::{Layout as CoreLayout, LayoutError};
use bufproto_core::request::Access;
use bufproto_core::rules::{Refusal, Rule};
use bufproto_core::runtime::{Object, Segmented, Segments};
use bufproto_core::span::Span;

use crate::conformance::recipe::{
    Claim, GetReturns, Layout, Memory, Mutability, Raised, Recipe, Release, Script, Slots, Views,
};
use crate::conformance::rig::Call;
use crate::fault::On;
use crate::interpreter::{Attached, Interpreter, POISON, State, Token, raise};

/// Bytes at an address that never changes. Atomic, because consumers write to them while others look.
pub(crate) type Block = Rc<[AtomicU8]>;

/// Why an object cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecipeError {
    /// A script needs at least one answer.
    #[error("the script of {0:?} has no answers; give it at least one")]
    EmptyScript(String),
    /// The shape and the strides are no layout.
    #[error("the layout of {0:?} is none: {1}")]
    Layout(String, LayoutError),
    /// The format holds a null byte.
    #[error("the format of {0:?} holds a null byte")]
    Format(String),
    /// An item would lie outside of the memory.
    #[error("the items of {object:?} lie from byte {low} to byte {high} of {length}")]
    OutOfBounds {
        /// The object's label.
        object: String,
        /// The first byte of the lowest item.
        low: isize,
        /// The byte after the highest item.
        high: isize,
        /// The number of bytes that there are.
        length: usize,
    },
    /// Memory behind pointers has two dimensions, the first of pointers side by side, and does not move.
    #[error("{0:?} lies behind pointers, and is not two-dimensional, has other strides, or moves")]
    Indirect(String),
    /// A length that is said to be negative is not.
    #[error("the script of {0:?} calls a length negative that is not; use the bytes themselves")]
    NotNegative(String),
    /// An access slot cannot succeed with a negative length, nor fail with another one.
    #[error("a slot of {0:?} fails with a length that is not negative, or succeeds with one that is")]
    SlotLength(String),
}

/// A counted reference to an object of the mock. A clone is another reference to the same object.
#[derive(Clone)]
pub struct Owned {
    pub(crate) interpreter: Interpreter,
    pub(crate) body: Rc<Body>,
}

/// How items lie in memory: all of them inside of it.
pub(crate) struct Items {
    format: CString,
    itemsize: usize,
    shape: Vec<isize>,
    strides: Vec<isize>,
    /// Where the item with all indices zero is, in bytes.
    offset: isize,
    /// The addresses of the rows, for memory behind pointers. Counted, so that it has an address of its own.
    rows: Option<Rc<[*mut u8]>>,
}

/// Of rows behind pointers.
static SUBOFFSETS: [isize; 2] = [0, -1];

/// An object. The borrows below are never held while code runs that is not the mock's own.
pub(crate) struct Body {
    pub(crate) label: Rc<str>,
    pub(crate) type_name: String,
    pub(crate) views: Views,
    slots: Option<Slots>,
    /// The memory behind [`Views::Memory`].
    memory: RefCell<Block>,
    /// How items lie in it, unless it is plain bytes.
    pub(crate) items: Option<Items>,
    /// The memory that each answer of a script hands out.
    pub(crate) claims: Vec<Option<Block>>,
    /// The segments, unless the only one is `memory`.
    segments: Vec<Block>,
    /// What the access slots return that have bytes of their own.
    characters: [Option<Block>; 3],
    pub(crate) exports: ExportCount,
    /// How often the script was asked.
    pub(crate) asked: Cell<usize>,
    /// Whether the script is just asking the object itself.
    pub(crate) reentering: Cell<bool>,
    /// What exporting calls first; see [`Owned::while_exporting`].
    callback: Cell<Option<*const dyn Fn()>>,
}

impl Body {
    pub(crate) fn new(state: &State, recipe: &Recipe) -> Result<Self, RecipeError> {
        let label = &recipe.label;
        let block = |bytes: &[u8]| {
            let block: Block = bytes.iter().copied().map(AtomicU8::new).collect();
            state.keep(&block);
            block
        };
        let mut memory = None;
        let mut items = None;
        let mut claims = Vec::new();
        match &recipe.views {
            Views::Absent => {}
            Views::Memory(recipe) => {
                let bytes = block(&recipe.bytes);
                items = recipe
                    .layout
                    .as_ref()
                    .map(|layout| Items::new(label, recipe, layout, &bytes))
                    .transpose()?;
                memory = Some(bytes);
            }
            Views::Script(Script { answers, .. }) => {
                if answers.is_empty() {
                    return Err(RecipeError::EmptyScript(label.clone()));
                }
                for answer in answers {
                    claims.push(match answer.fills.as_ref().map(|fill| &fill.memory) {
                        Some(Claim::Negative(_, length)) if *length >= 0 => {
                            return Err(RecipeError::NotNegative(label.clone()));
                        }
                        Some(Claim::Bytes(bytes) | Claim::Negative(bytes, _)) => Some(block(bytes)),
                        Some(Claim::Null(_)) | None => None,
                    });
                }
            }
        }
        let slots = recipe.slots.as_ref();
        let is_memory = matches!(
            (&recipe.views, slots),
            (Views::Memory(memory), Some(slots)) if slots.segments == [memory.bytes.as_slice()]
        );
        let mut segments = Vec::new();
        let mut characters = [None, None, None];
        if let Some(slots) = slots {
            if !is_memory {
                segments.extend(slots.segments.iter().map(|segment| block(segment)));
            }
            for access in Access::ALL {
                match slots.get(access).map(|get| &get.returns) {
                    Some(GetReturns::Bytes(bytes)) => characters[access as usize] = Some(block(bytes)),
                    Some(GetReturns::Failure(length)) if *length >= 0 => {
                        return Err(RecipeError::SlotLength(label.clone()));
                    }
                    Some(GetReturns::Null(length)) if *length < 0 => {
                        return Err(RecipeError::SlotLength(label.clone()));
                    }
                    _ => {}
                }
            }
        }
        let memory = memory.unwrap_or_else(|| block(&[]));
        Ok(Self {
            label: label.as_str().into(),
            type_name: recipe.type_name.clone().unwrap_or_else(|| default_type_name(recipe).to_owned()),
            views: recipe.views.clone(),
            slots: recipe.slots.clone(),
            memory: RefCell::new(memory),
            items,
            claims,
            segments,
            characters,
            exports: ExportCount::new(),
            asked: Cell::new(0),
            reentering: Cell::new(false),
            callback: Cell::new(None),
        })
    }

    /// What stands in a view's `obj`. Never followed.
    pub(crate) fn owner(self: &Rc<Self>) -> *mut c_void {
        Rc::as_ptr(self).cast_mut().cast()
    }

    pub(crate) fn key(self: &Rc<Self>) -> usize {
        self.owner().addr()
    }

    pub(crate) fn is_frozen(&self) -> bool {
        matches!(&self.views, Views::Memory(memory) if memory.mutability == Mutability::Frozen)
    }

    /// The memory as it is now.
    pub(crate) fn memory(&self) -> Block {
        Block::clone(&self.memory.borrow())
    }

    /// Runs what [`Owned::while_exporting`] asked for, unless it is just running.
    pub(crate) fn call_back(&self) {
        if let Some(callback) = self.callback.take() {
            // SAFETY: `while_exporting` borrows the callback for as long as it stands here, and for as long as
            // this runs, which is inside the function that it runs.
            unsafe { (*callback)() }
            self.callback.set(Some(callback));
        }
    }

    /// What happens to the object when a view of it has been released.
    pub(crate) fn released(&self, state: &State, granted: bool) {
        state.ledger.borrow_mut().note(&self.label, Call::Release);
        if granted {
            self.exports.end();
        }
        match &self.views {
            Views::Memory(memory) if memory.moves && self.exports.get() == 0 => {
                let length = self.memory.borrow().len();
                self.relocate(state, length);
            }
            Views::Script(Script { release: Release::Raises(raised), .. }) => state.raise(raised.clone()),
            Views::Script(Script { release: Release::Clears, .. }) => state.clear(),
            _ => {}
        }
    }

    /// Moves the memory to a new address, where it has another length, and poisons the old one.
    fn relocate(&self, state: &State, length: usize) {
        let old = self.memory();
        let bytes = old.iter().map(|byte| byte.load(Relaxed)).chain(std::iter::repeat(0));
        let new: Block = bytes.take(length).map(AtomicU8::new).collect();
        state.keep(&new);
        *self.memory.borrow_mut() = new;
        poison(&old);
    }

    fn segment(&self, index: usize) -> Option<Block> {
        let shares = self.segments.is_empty() && self.slots.as_ref().is_some_and(|s| s.segments.len() == 1);
        if shares && index == 0 { Some(self.memory()) } else { self.segments.get(index).cloned() }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        poison(self.memory.get_mut());
        self.segments.iter().chain(self.claims.iter().chain(&self.characters).flatten()).for_each(poison);
    }
}

impl Items {
    fn new(label: &str, recipe: &Memory, layout: &Layout, memory: &Block) -> Result<Self, RecipeError> {
        let invalid = |error| RecipeError::Layout(label.to_owned(), error);
        let format =
            CString::new(layout.format.as_str()).map_err(|_| RecipeError::Format(label.to_owned()))?;
        let Layout { itemsize, shape, strides, offset, indirect, .. } = layout.clone();
        let negative = LayoutError::NegativeItemSize { item_size: itemsize };
        let itemsize = usize::try_from(itemsize).map_err(|_| invalid(negative))?;
        let mut items = Self { format, itemsize, shape, strides, offset, rows: None };
        let (bounds, length) = if indirect {
            let pointer = size_of::<*mut u8>().cast_signed();
            let (&[rows, columns], &[step, stride]) = (&items.shape[..], &items.strides[..]) else {
                return Err(RecipeError::Indirect(label.to_owned()));
            };
            if rows < 0 || step != pointer || offset != 0 || recipe.moves {
                return Err(RecipeError::Indirect(label.to_owned()));
            }
            let rows = rows.unsigned_abs();
            let length = memory.len() / rows.max(1);
            let addresses =
                (0..rows).map(|row| memory.as_ptr().cast_mut().cast::<u8>().wrapping_add(row * length));
            items.rows = Some(addresses.collect());
            (CoreLayout::new(itemsize, &[columns], Some(&[stride]), None).map_err(invalid)?.bounds(), length)
        } else {
            (items.block(memory, true).map_err(invalid)?.layout().bounds(), memory.len())
        };
        let bounds = bounds.unwrap_or(0..0);
        let (low, high) = (bounds.start.saturating_add(offset), bounds.end.saturating_add(offset));
        if !bounds.is_empty() && (low < 0 || high > length.cast_signed()) {
            return Err(RecipeError::OutOfBounds { object: label.to_owned(), low, high, length });
        }
        Ok(items)
    }

    /// The block that an export of the items is of.
    pub(crate) fn block(&self, memory: &Block, read_only: bool) -> Result<grant::Block<'_>, LayoutError> {
        let (first, suboffsets) = match &self.rows {
            Some(rows) => (rows.as_ptr().cast_mut().cast(), Some(SUBOFFSETS.as_slice())),
            None => (memory.as_ptr().cast_mut().cast::<u8>().wrapping_offset(self.offset), None),
        };
        let item = (self.itemsize, self.format.as_c_str());
        grant::Block::new(first, item, &self.shape, &self.strides, suboffsets, read_only)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.label, self.type_name)
    }
}

impl fmt::Debug for Owned {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.body.fmt(formatter)
    }
}

pub(crate) fn span(block: &Block) -> Span {
    // The length of an allocation fits.
    Span { pointer: block.as_ptr().cast_mut().cast(), length: block.len().cast_signed() }
}

fn poison(block: &Block) {
    for byte in block.iter() {
        byte.store(POISON, Relaxed);
    }
}

fn default_type_name(recipe: &Recipe) -> &'static str {
    match &recipe.views {
        Views::Memory(Memory { mutability: Mutability::Frozen, .. }) => "bytes",
        Views::Memory(Memory { mutability: Mutability::ReadOnly, .. }) => "memoryview",
        Views::Memory(Memory { mutability: Mutability::Writable, .. }) => "bytearray",
        Views::Script(_) => "Scripted",
        Views::Absent if recipe.slots.is_some() => "Segmented",
        Views::Absent => "object",
    }
}

impl Owned {
    /// The name of the object's type.
    #[must_use]
    pub fn type_name(&self) -> &str {
        &self.body.type_name
    }

    /// How many references to the object exist: owners' and views'.
    #[must_use]
    pub fn references(&self) -> usize {
        Rc::strong_count(&self.body)
    }

    /// How many views of the object exist.
    #[must_use]
    pub fn exports(&self) -> usize {
        self.body.exports.get()
    }

    /// The object's bytes, as its owner sees them; empty for an object without memory of its own.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.body.memory.borrow().iter().map(|byte| byte.load(Relaxed)).collect()
    }

    /// Writes a byte, as the object's owner may; says whether it could: not past the end, nor to frozen memory.
    #[must_use]
    pub fn set(&self, index: usize, byte: u8) -> bool {
        let memory = self.body.memory.borrow();
        !self.body.is_frozen() && memory.get(index).map(|place| place.store(byte, Relaxed)).is_some()
    }

    /// Gives the object another number of bytes; new ones are zero. The memory always moves, and what it
    /// leaves is [poisoned](POISON).
    ///
    /// # Errors
    ///
    /// What a real object raises, which is not put into the error indicator: `BufferError` while views exist,
    /// `TypeError` if the object is no memory that can be resized.
    pub fn resize(&self, bytes: usize) -> Result<(), Raised> {
        let is_memory = matches!(&self.body.views, Views::Memory(memory) if memory.layout.is_none());
        if self.body.is_frozen() || !is_memory {
            return Err(Raised::new("TypeError", format!("'{}' object cannot be resized", self.type_name())));
        }
        let state = &self.interpreter.0;
        self.body.exports.resize(|| self.body.relocate(state, bytes)).map_err(|rule| {
            let refusal = rule.refusal(self.interpreter.family());
            let message = refusal.message.with_type_name(self.type_name()).to_string();
            Raised::new(refusal.exception.name(), message)
        })
    }

    /// Runs `body`; while it runs, every export of the object calls `callback` first, as code that an
    /// exporter runs may call back into the consumer. What the
    /// callback exports itself does not call it again. Calls may nest; the innermost callback counts.
    ///
    /// ```
    /// # use std::cell::Cell;
    /// # use bufproto_core::legacy::{Dialect, Python3};
    /// # use bufproto_mock::{interpreter::Interpreter, recipe::Recipe};
    /// # let python = Interpreter::new(bufproto_core::rules::Family::CPython3);
    /// let array = python.make(&Recipe::writable(b"abc"))?;
    /// let resized = Cell::new(false);
    /// array.while_exporting(&|| resized.set(array.resize(0).is_ok()), || {
    ///     let span = Python3::as_read_buffer(python.handle(&array)).expect("memory");
    ///     assert_eq!(span.length, 0, "what was read before the exporter ran is out of date");
    /// });
    /// assert!(resized.get());
    /// # Ok::<(), bufproto_mock::object::RecipeError>(())
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
        let restore = Restore(&self.body.callback, self.body.callback.replace(Some(callback)));
        let result = body();
        drop(restore);
        result
    }
}

/// The handle by which core sees an object of the mock.
#[derive(Clone, Copy, Debug)]
pub struct Handle<'object, 'interpreter> {
    pub(crate) body: &'object Rc<Body>,
    pub(crate) attached: Attached<'interpreter>,
}

impl<'interpreter> Handle<'_, 'interpreter> {
    /// Leaves a refusal of the mock's own exporters in the error indicator.
    pub(crate) fn refuse(self, rule: Rule) -> Token<'interpreter> {
        Object::raise(self, &rule.refusal(self.attached.0.family));
        self.attached.token()
    }
}

// SAFETY: the handle borrows a reference to the object.
unsafe impl<'interpreter> Object for Handle<'_, 'interpreter> {
    type Runtime = Attached<'interpreter>;

    fn runtime(self) -> Attached<'interpreter> {
        self.attached
    }

    fn raise(self, refusal: &Refusal) {
        raise(self.attached.0, refusal, &self.body.type_name);
    }
}

// SAFETY: see `Segments`.
unsafe impl<'object, 'interpreter> Segmented for Handle<'object, 'interpreter> {
    type Segments = Filled<'object, 'interpreter>;

    fn segments(self, access: Access) -> Option<Self::Segments> {
        let slots = self.body.slots.as_ref()?;
        (slots.count.is_some() && slots.get(access).is_some()).then_some(Filled {
            handle: self,
            slots,
            access,
        })
    }
}

/// The old slots of an object of the mock that fills them.
#[derive(Clone, Copy, Debug)]
pub struct Filled<'object, 'interpreter> {
    handle: Handle<'object, 'interpreter>,
    slots: &'object Slots,
    access: Access,
}

impl Filled<'_, '_> {
    fn note(self, call: Call) {
        let Handle { body, attached } = self.handle;
        attached.0.ledger.borrow_mut().note(&body.label, call);
    }

    fn raise(self, raised: Option<&Raised>) {
        if let Some(raised) = raised {
            self.handle.attached.0.raise(raised.clone());
        }
    }

    fn counted(self) -> isize {
        let count = self.slots.count.as_ref();
        self.raise(count.and_then(|count| count.raises.as_ref()));
        count.and_then(|count| count.returns).unwrap_or(self.slots.segments.len().cast_signed())
    }
}

// SAFETY: memory is the object's own blocks, or null; nothing longer than a block is handed out.
unsafe impl<'interpreter> Segments for Filled<'_, 'interpreter> {
    type Raised = Token<'interpreter>;

    fn count(self) -> isize {
        self.note(Call::Count);
        self.counted()
    }

    fn count_and_total(self) -> (isize, isize) {
        self.note(Call::CountAndTotal);
        let body = self.handle.body;
        let total = (0..self.slots.segments.len()).filter_map(|index| body.segment(index));
        (self.counted(), total.map(|segment| segment.len().cast_signed()).sum())
    }

    fn get(self, index: isize) -> Result<Span, Token<'interpreter>> {
        self.note(Call::Get(self.access, index));
        let Handle { body, attached } = self.handle;
        let due = attached.0.plan.borrow_mut().due(On::Segment);
        if let Some(fault) = due {
            self.raise(fault.raises.as_ref());
            return Err(attached.token());
        }
        let get = self.slots.get(self.access);
        self.raise(get.and_then(|get| get.raises.as_ref()));
        match get.map(|get| &get.returns) {
            Some(GetReturns::Failure(_)) => Err(attached.token()),
            Some(GetReturns::Null(length)) => Ok(Span { pointer: std::ptr::null_mut(), length: *length }),
            Some(GetReturns::Bytes(_)) => {
                Ok(body.characters[self.access as usize].as_ref().map_or(NOTHING, span))
            }
            Some(GetReturns::Segment) | None => {
                match usize::try_from(index).ok().and_then(|index| body.segment(index)) {
                    Some(segment) => Ok(span(&segment)),
                    None => {
                        let missing = Raised::new("SystemError", "accessing non-existent segment");
                        self.raise(Some(&missing));
                        Err(attached.token())
                    }
                }
            }
        }
    }
}

const NOTHING: Span = Span { pointer: std::ptr::null_mut(), length: 0 };

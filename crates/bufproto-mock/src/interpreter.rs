//! An interpreter without a language: an error indicator, objects, and a ledger of every export.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::ptr::NonNull;
use std::rc::Rc;

use bufproto_core::abi::{CPython3, View as _};
use bufproto_core::rules::{Family, Refusal};
use bufproto_core::runtime::Runtime;

use crate::conformance::recipe::{Raised, Recipe};
use crate::conformance::rig::Event;
use crate::fault::{Fault, Plan};
use crate::ledger::{Export, Ledger, Misuse};
use crate::object::{Block, Body, Handle, Owned, RecipeError};

/// An interpreter in memory. Its objects answer as those of a real one do.
///
/// A clone is the same interpreter. Everything it ever handed out stays allocated as long as it or one of its
/// objects exists; memory that an object has left is filled with [`POISON`].
///
/// ```
/// use bufproto_core::request::Request;
/// use bufproto_core::rules::Family;
/// use bufproto_core::view::Slot;
/// use bufproto_mock::interpreter::Interpreter;
/// use bufproto_mock::recipe::Recipe;
///
/// let python = Interpreter::new(Family::CPython313);
/// let array = python.make(&Recipe::writable(b"abc"))?;
///
/// let mut slot = Slot::new();
/// let view = slot.fill(python.handle(&array), Request::WRITABLE).expect("a writable object");
/// assert!(array.resize(100).is_err(), "not while there are views");
/// assert!(view.shared_mut().expect("memory").set(0, b'x'));
/// view.release();
///
/// assert_eq!(array.bytes(), b"xbc");
/// python.assert_balanced();
/// # Ok::<(), bufproto_mock::object::RecipeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Interpreter(pub(crate) Rc<State>);

/// What fills memory that an object has left, by moving or by its end: reading it is defined, and visible.
pub const POISON: u8 = 0xDB;

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) family: Family,
    indicator: RefCell<Option<Raised>>,
    pub(crate) ledger: RefCell<Ledger>,
    pub(crate) plan: RefCell<Plan>,
    /// All memory that was ever handed out.
    blocks: RefCell<Vec<Block>>,
}

impl Interpreter {
    /// An interpreter whose procedures and wording are those of a family.
    #[must_use]
    pub fn new(family: Family) -> Self {
        Self(Rc::new(State {
            family,
            indicator: RefCell::default(),
            ledger: RefCell::default(),
            plan: RefCell::default(),
            blocks: RefCell::default(),
        }))
    }

    /// Makes an object.
    ///
    /// # Errors
    ///
    /// [`RecipeError`] if the recipe contradicts itself.
    pub fn make(&self, recipe: &Recipe) -> Result<Owned, RecipeError> {
        Body::new(&self.0, recipe).map(|body| Owned { interpreter: self.clone(), body: Rc::new(body) })
    }

    /// The handle by which core sees an object.
    ///
    /// # Panics
    ///
    /// If the object belongs to another interpreter.
    #[must_use]
    pub fn handle<'object, 'interpreter>(
        &'interpreter self,
        object: &'object Owned,
    ) -> Handle<'object, 'interpreter> {
        assert!(Rc::ptr_eq(&self.0, &object.interpreter.0), "{object:?} belongs to another interpreter");
        Handle { body: &object.body, attached: self.attached() }
    }

    /// The handle by which core sees the interpreter.
    #[must_use]
    pub fn attached(&self) -> Attached<'_> {
        Attached(&self.0)
    }

    /// Which interpreter's procedures and wording apply.
    #[must_use]
    pub fn family(&self) -> Family {
        self.0.family
    }

    /// Puts an exception into the error indicator, in place of whatever was there.
    pub fn raise(&self, raised: Raised) {
        self.0.raise(raised);
    }

    /// What the error indicator holds.
    #[must_use]
    pub fn raised(&self) -> Option<Raised> {
        self.0.indicator.borrow().clone()
    }

    /// Takes the exception out of the error indicator.
    pub fn take_raised(&self) -> Option<Raised> {
        self.0.indicator.take()
    }

    /// Makes a call fail that is still to come.
    pub fn plan(&self, fault: Fault) {
        self.0.plan.borrow_mut().add(fault);
    }

    /// The calls made to objects since this was last asked, in order.
    pub fn take_transcript(&self) -> Vec<Event> {
        self.0.ledger.borrow_mut().take_transcript()
    }

    /// Whether to keep a transcript, as it does from the start. Without one, an export that is released before
    /// the next one begins allocates nothing after the first: for benchmarks and counting allocators.
    pub fn transcribe(&self, keep: bool) {
        self.0.ledger.borrow_mut().mute(!keep);
    }

    /// The views that are held now, in the order of their exports.
    #[must_use]
    pub fn outstanding(&self) -> Vec<Export> {
        self.0.ledger.borrow().outstanding()
    }

    /// How many views were ever exported, and how many of them were released.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        self.0.ledger.borrow().counts()
    }

    /// What consumers did wrong so far.
    #[must_use]
    pub fn misuses(&self) -> Vec<Misuse> {
        self.0.ledger.borrow().misuses()
    }

    /// Whether every view was released, once, and consumers did nothing wrong.
    ///
    /// # Errors
    ///
    /// A text that names each object and call.
    pub fn check_balanced(&self) -> Result<(), String> {
        let mut report = String::new();
        for export in self.outstanding() {
            let _ = writeln!(report, "{export}");
        }
        for misuse in self.misuses() {
            let _ = writeln!(report, "{misuse}");
        }
        if report.is_empty() { Ok(()) } else { Err(report) }
    }

    /// As [`check_balanced`](Self::check_balanced).
    ///
    /// # Panics
    ///
    /// With that text.
    #[track_caller]
    pub fn assert_balanced(&self) {
        if let Err(report) = self.check_balanced() {
            panic!("the ledger is not balanced:\n{report}");
        }
    }
}

impl State {
    pub(crate) fn raise(&self, raised: Raised) {
        *self.indicator.borrow_mut() = Some(raised);
    }

    pub(crate) fn clear(&self) {
        *self.indicator.borrow_mut() = None;
    }

    pub(crate) fn keep(&self, block: &Block) {
        self.blocks.borrow_mut().push(Block::clone(block));
    }
}

/// The mock's [`Runtime`]. Views have the layout of CPython 3, whatever the family.
#[derive(Clone, Copy, Debug)]
pub struct Attached<'interpreter>(pub(crate) &'interpreter State);

impl<'interpreter> Attached<'interpreter> {
    pub(crate) fn token(self) -> Token<'interpreter> {
        Token(self.0)
    }
}

/// The token of a failed call: dropping it clears the error indicator, forgetting it leaves what is there.
#[derive(Debug)]
#[must_use = "dropping the token discards the exception"]
pub struct Token<'interpreter>(&'interpreter State);

impl Drop for Token<'_> {
    fn drop(&mut self) {
        self.0.clear();
    }
}

// SAFETY: the mock's exporters fill views of this layout. The interpreter is bound to one thread by its
// reference counts, so a value exists only there. Only views of frozen memory, which the mock never writes to
// or moves while they are held, are called frozen.
unsafe impl<'interpreter> Runtime for Attached<'interpreter> {
    type View = CPython3;
    type Raised = Token<'interpreter>;

    fn family(self) -> Family {
        self.0.family
    }

    fn is_raised(self) -> bool {
        self.0.indicator.borrow().is_some()
    }

    fn raise(self, refusal: &Refusal) {
        raise(self.0, refusal, "");
    }

    unsafe fn release(self, view: NonNull<CPython3>) {
        // SAFETY: the caller's view may be read and written, and nobody else looks at it meanwhile.
        let owner = unsafe { (*view.as_ptr()).header.obj };
        if owner.is_null() {
            return;
        }
        // An owner is a key here, never followed: releasing what was never exported is no more than recorded.
        let closed = self.0.ledger.borrow_mut().close(view.addr().get(), owner.addr());
        if let Some((body, granted)) = closed {
            body.released(self.0, granted);
        }
        // SAFETY: as above.
        unsafe { (*view.as_ptr()).header.obj = std::ptr::null_mut() };
    }

    fn is_frozen(self, view: &CPython3) -> bool {
        let owner = view.header().obj.addr();
        self.0.ledger.borrow().is_frozen(std::ptr::from_ref(view).addr(), owner)
    }
}

pub(crate) fn raise(state: &State, refusal: &Refusal, type_name: &str) {
    let message = refusal.message.with_type_name(type_name).to_string();
    state.raise(Raised::new(refusal.exception.name(), message));
}

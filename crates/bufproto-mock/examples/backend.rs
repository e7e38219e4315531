//! A whole backend, with its rig less than a hundred lines: a host whose objects are blocks of bytes. The kit says which
//! rules it keeps, and which it cannot be asked about.
//!
//! ```sh
//! cargo run -p bufproto-mock --example backend
//! ```

use std::cell::{Cell, RefCell};
use std::ptr::NonNull;

use bufproto_core::abi::CPython3;
use bufproto_core::grant::{Domain, Export, fill_info};
use bufproto_core::request::Request;
use bufproto_core::rules::{Family, Refusal};
use bufproto_core::runtime::{Exporter, Failure, Object, Runtime};
use bufproto_core::span::Span;
use bufproto_mock::conformance::recipe::{Memory, Mutability, Raised, Recipe, Views};
use bufproto_mock::conformance::rig::Declined;
use bufproto_mock::conformance::{Rig, kit};

/// What C would call the interpreter: here, nothing but its error indicator.
#[derive(Default)]
struct Host(RefCell<Option<Raised>>);
/// A call has failed; to drop this discards what it raised.
struct Token<'h>(&'h Host);
impl Drop for Token<'_> {
    fn drop(&mut self) {
        self.0.0.take();
    }
}

/// An object: its bytes, unless it exports none, and how many views there are of them.
struct Block {
    bytes: Option<Box<[Cell<u8>]>>,
    read_only: bool,
    exports: Domain,
}
#[derive(Clone, Copy)]
struct Handle<'h>(&'h Host, &'h Block);

// SAFETY: views are filled in the layout of CPython 3, by one thread; nothing is vouched for.
unsafe impl<'h> Runtime for &'h Host {
    type View = CPython3;
    type Raised = Token<'h>;
    fn family(self) -> Family {
        Family::CPython313
    }
    fn is_raised(self) -> bool {
        self.0.borrow().is_some()
    }
    fn raise(self, refusal: &Refusal) {
        let message = refusal.message.with_type_name("Block").to_string();
        self.0.replace(Some(Raised::new(refusal.exception.name(), message)));
    }
    unsafe fn release(self, mut view: NonNull<CPython3>) {
        // SAFETY: the caller's word: the view is empty, or names the block that filled it.
        let header = unsafe { &mut view.as_mut().header };
        // SAFETY: as above; a block outlives its views.
        if let Some(block) = unsafe { header.obj.cast::<Block>().as_ref() } {
            // SAFETY: it began when the view was filled.
            unsafe { block.exports.end(Export::Read) };
            header.obj = std::ptr::null_mut();
        }
    }
}

// SAFETY: a borrowed block is alive.
unsafe impl<'h> Object for Handle<'h> {
    type Runtime = &'h Host;
    fn runtime(self) -> &'h Host {
        self.0
    }
    fn raise(self, refusal: &Refusal) {
        Runtime::raise(self.0, refusal);
    }
}

// SAFETY: a view is of the block's own bytes, which stay while it is counted.
unsafe impl<'h> Exporter for Handle<'h> {
    fn exports(self) -> bool {
        self.1.bytes.is_some()
    }
    unsafe fn export(self, into: NonNull<CPython3>, request: Request) -> Result<(), Failure<Token<'h>>> {
        let bytes = self.1.bytes.as_deref().unwrap_or_default();
        let memory = Span { pointer: bytes.as_ptr().cast_mut().cast(), length: bytes.len().cast_signed() };
        let (owner, read_only) = (std::ptr::from_ref(self.1).cast_mut().cast(), self.1.read_only.into());
        // SAFETY: the caller's word for the view.
        let filled = unsafe { fill_info(Family::CPython313, Some(into), owner, memory, read_only, request) };
        filled.and_then(|()| self.1.exports.begin(Export::Read)).map_err(|rule| {
            self.raise(&rule.refusal(Family::CPython313));
            Failure::Refused(Token(self.0))
        })
    }
}

impl Rig for Host {
    type Owned = Box<Block>;
    type Runtime<'h> = &'h Host;
    type Handle<'h> = Handle<'h>;
    fn runtime(&self) -> &Host {
        self
    }
    fn make(&self, recipe: &Recipe) -> Result<Box<Block>, Declined> {
        let (bytes, read_only) = match &recipe.views {
            Views::Absent => (None, true),
            Views::Memory(Memory { bytes, mutability, layout: None, moves: false })
                if *mutability != Mutability::Coordinated =>
            {
                (Some(bytes.iter().copied().map(Cell::new).collect()), *mutability != Mutability::Writable)
            }
            _ => return Err(Declined::because("a block is bytes in a row, and does as it should")),
        };
        Ok(Box::new(Block { bytes, read_only, exports: Domain::new() }))
    }
    fn handle<'h>(&'h self, object: &'h Box<Block>) -> Handle<'h> {
        Handle(self, object)
    }
    fn type_name(&self, _: &Box<Block>) -> String {
        "Block".to_owned()
    }
    fn raise(&self, raised: &Raised) {
        self.0.replace(Some(raised.clone()));
    }
    fn take_raised(&self) -> Option<Raised> {
        self.0.take()
    }
    fn exports(&self, object: &Box<Block>) -> Result<usize, Declined> {
        Ok(object.exports.exports())
    }
}

fn main() {
    let report = kit::run(&Host::default());
    println!("{report}");
    assert!(report.failed().is_empty(), "the backend is at fault");
}

#[test]
fn it_passes_the_kit() {
    main();
}

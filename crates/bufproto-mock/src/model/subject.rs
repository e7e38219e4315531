//! An object, as the model sees it.

use std::cell::{Cell, RefCell};

use bufproto_core::request::{Access, Request};
use bufproto_core::rules::Family;

use crate::conformance::recipe::{Claim, Layout, Memory, Mutability, Raised, Recipe, Release, Views};

/// What well-behaved exporters refuse with: CPython's raise the first one, PyPy's the second for some requests.
pub(super) const REFUSED: &[&str] = &["BufferError", "ValueError"];

/// What must be in the error indicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pending {
    Nothing,
    Exactly(Raised),
    /// An exception of one of these types.
    OfType(&'static [&'static str]),
    /// The model does not know.
    Whatever,
}

impl Pending {
    pub(super) fn allows(&self, raised: Option<&Raised>) -> bool {
        match (self, raised) {
            (Self::Nothing, raised) => raised.is_none(),
            (Self::Exactly(expected), raised) => Some(expected) == raised,
            (Self::OfType(names), raised) => {
                raised.is_some_and(|raised| names.contains(&raised.exception.as_str()))
            }
            (Self::Whatever, _) => true,
        }
    }
}

impl From<Option<Raised>> for Pending {
    fn from(raised: Option<Raised>) -> Self {
        raised.map_or(Self::Nothing, Self::Exactly)
    }
}

/// What a view is to others that want the memory to stay as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Reader,
    Writer,
    Stable,
}

/// What comes of asking an exporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// A view. `owned` if it names its owner, so that it has to be given back.
    Granted {
        owned: bool,
    },
    Refused,
    /// Neither 0 nor −1.
    Irregular,
    /// The model does not know; there is no exporter that has an opinion, and none that counts.
    Unknown,
}

pub(super) struct Subject<O> {
    pub(super) owned: O,
    pub(super) recipe: Recipe,
    /// The whole memory, as it lies there.
    memory: RefCell<Vec<u8>>,
    /// How many views that name the object are out.
    pub(super) exports: Cell<usize>,
    /// How many of them may be written to, where that matters to stable reads.
    writers: Cell<usize>,
    /// How many of them are stable reads.
    stable: Cell<usize>,
    /// How many references scopes hold beside views that name no owner.
    pub(super) kept: Cell<usize>,
    /// How many references there were before anything was done.
    pub(super) references: Option<usize>,
    /// Whether the next export fails, and what it raises.
    fails: RefCell<Option<Option<Raised>>>,
}

impl<O> Subject<O> {
    pub(super) fn new(owned: O, recipe: Recipe, references: Option<usize>) -> Self {
        let memory = match &recipe.views {
            Views::Memory(memory) => memory.bytes.clone(),
            _ => Vec::new(),
        };
        Self {
            owned,
            recipe,
            memory: RefCell::new(memory),
            exports: Cell::new(0),
            writers: Cell::new(0),
            stable: Cell::new(0),
            kept: Cell::new(0),
            references,
            fails: RefCell::new(None),
        }
    }

    pub(super) fn is_opaque(&self) -> bool {
        matches!(self.recipe.views, Views::Absent)
    }

    /// Whether the exporter asks itself on each call.
    pub(super) fn asks_itself(&self) -> bool {
        matches!(&self.recipe.views, Views::Script(script) if script.answer.reenters)
    }

    fn well_behaved(&self) -> Option<&Memory> {
        match &self.recipe.views {
            Views::Memory(memory) => Some(memory),
            _ => None,
        }
    }

    /// Whether the owner can resize it at all.
    pub(super) fn is_resizable(&self) -> bool {
        self.well_behaved().is_some_and(|memory| is_writable(memory.mutability) && memory.layout.is_none())
    }

    /// Whether it offers stable reads.
    pub(super) fn is_coordinated(&self) -> bool {
        self.well_behaved().is_some_and(|memory| memory.mutability == Mutability::Coordinated)
    }

    /// Whether its owner can write to it now, if at all.
    pub(super) fn may_write(&self) -> bool {
        self.stable.get() == 0
    }

    /// What the next view is to stable reads, if one is granted.
    pub(super) fn kind(&self) -> Kind {
        if self.is_coordinated() && self.may_write() { Kind::Writer } else { Kind::Reader }
    }

    /// Counts a view that names the object.
    pub(super) fn begin(&self, kind: Kind) {
        self.count(kind, 1);
    }

    /// Counts a view less.
    pub(super) fn end(&self, kind: Kind) {
        self.count(kind, -1);
    }

    fn count(&self, kind: Kind, more: isize) {
        let add = |count: &Cell<usize>| count.set(count.get().wrapping_add_signed(more));
        add(&self.exports);
        match kind {
            Kind::Reader => {}
            Kind::Writer => add(&self.writers),
            Kind::Stable => add(&self.stable),
        }
    }

    /// Whether its memory is somewhere else once a view has been released.
    pub(super) fn moves(&self) -> bool {
        self.well_behaved().is_some_and(|memory| memory.moves)
    }

    pub(super) fn resize(&self, length: usize) {
        self.memory.borrow_mut().resize(length, 0);
    }

    /// The items' bytes in C order, where the memory is well-behaved.
    pub(super) fn content(&self) -> Option<Vec<u8>> {
        let memory = self.memory.borrow();
        Some(match &self.well_behaved()?.layout {
            None => memory.clone(),
            Some(layout) if layout.indirect => memory.clone(),
            Some(layout) => bytes_of_items(layout).into_iter().map(|place| memory[place]).collect(),
        })
    }

    /// Writes one byte, if there is room for it.
    pub(super) fn put(&self, offset: usize, byte: u8) {
        if let Some(place) = self.memory.borrow_mut().get_mut(offset) {
            *place = byte;
        }
    }

    /// Writes to all items.
    pub(super) fn fill(&self, byte: u8) {
        let mut memory = self.memory.borrow_mut();
        match self.well_behaved().and_then(|memory| memory.layout.as_ref()) {
            Some(layout) if !layout.indirect => {
                for place in bytes_of_items(layout) {
                    memory[place] = byte;
                }
            }
            _ => memory.fill(byte),
        }
    }

    /// The length that a view states in bytes.
    pub(super) fn length(&self) -> isize {
        match &self.recipe.views {
            Views::Absent => 0,
            Views::Memory(_) => self.content().map_or(0, |content| content.len() as isize),
            Views::Script(script) => match script.answer.fills.as_ref().map(|fill| &fill.memory) {
                Some(Claim::Bytes(bytes)) => bytes.len() as isize,
                Some(Claim::Negative(_, length) | Claim::Null(length)) => *length,
                None => 0,
            },
        }
    }

    pub(super) fn fail_next(&self, raised: Option<Raised>) {
        self.fails.borrow_mut().get_or_insert(raised);
    }

    /// One call of the exporter. `again` is what it calls first.
    pub(super) fn export(
        &self,
        request: Request,
        pending: &mut Pending,
        again: &mut dyn FnMut(&mut Pending),
    ) -> Reply {
        if let Some(raised) = self.fails.borrow_mut().take() {
            if let Some(raised) = raised {
                *pending = Pending::Exactly(raised);
            }
            return Reply::Refused;
        }
        again(pending);
        match &self.recipe.views {
            Views::Absent => Reply::Refused,
            Views::Memory(memory) => {
                let mut reply = entitled(memory, request);
                if !self.may_write() && request.contains(Request::WRITABLE) && reply != Reply::Unknown {
                    reply = Reply::Refused;
                }
                match reply {
                    Reply::Refused => *pending = Pending::OfType(REFUSED),
                    Reply::Unknown => *pending = Pending::Whatever,
                    _ => {}
                }
                reply
            }
            Views::Script(script) => {
                let answer = &script.answer;
                if answer.reenters {
                    match self.answer(pending) {
                        Reply::Granted { owned: true } => self.release(pending),
                        Reply::Granted { owned: false } => {}
                        _ => *pending = Pending::Nothing,
                    }
                }
                self.answer(pending)
            }
        }
    }

    /// What a script answers when it has asked itself.
    fn answer(&self, pending: &mut Pending) -> Reply {
        let Views::Script(script) = &self.recipe.views else { return Reply::Refused };
        if let Some(raised) = &script.answer.raises {
            *pending = Pending::Exactly(raised.clone());
        }
        match script.answer.returns {
            0 => Reply::Granted { owned: script.answer.fills.as_ref().is_some_and(|fill| fill.owned) },
            -1 => Reply::Refused,
            _ => Reply::Irregular,
        }
    }

    /// The end of a view that names the object.
    pub(super) fn release(&self, pending: &mut Pending) {
        let Views::Script(script) = &self.recipe.views else { return };
        match &script.release {
            Release::Quiet => {}
            Release::Raises(raised) => *pending = Pending::Exactly(raised.clone()),
            Release::Clears => *pending = Pending::Nothing,
        }
    }

    /// One of the three functions, without a scope: whether it succeeds.
    pub(super) fn call(
        &self,
        access: Access,
        pending: &mut Pending,
        again: &mut dyn FnMut(&mut Pending),
    ) -> bool {
        let reply = self.locate(access, pending, again);
        if reply == (Reply::Granted { owned: true }) {
            self.release(pending);
        }
        matches!(reply, Reply::Granted { .. })
    }

    /// What one of the three functions does before it gives the view back.
    pub(super) fn locate(
        &self,
        access: Access,
        pending: &mut Pending,
        again: &mut dyn FnMut(&mut Pending),
    ) -> Reply {
        let reply = if self.is_opaque() {
            *pending = Pending::OfType(&["TypeError"]);
            Reply::Refused
        } else {
            self.export(access.request(), pending, again)
        };
        if access == Access::Write && !matches!(reply, Reply::Granted { .. }) {
            // Whatever the exporter raised is masked.
            *pending = Pending::OfType(&["TypeError"]);
        }
        reply
    }

    /// The function that checks: what it answers.
    pub(super) fn check(&self, pending: &mut Pending) -> bool {
        if self.is_opaque() {
            return false;
        }
        match self.export(Request::SIMPLE, pending, &mut |_| {}) {
            Reply::Granted { owned } => {
                if owned {
                    self.release(pending);
                }
                true
            }
            Reply::Refused | Reply::Unknown => {
                *pending = Pending::Nothing;
                false
            }
            Reply::Irregular => true,
        }
    }

    /// A request for a stable read of well-behaved memory.
    pub(super) fn stable(&self, request: Request, family: Family, pending: &mut Pending) -> Reply {
        if request.contains(Request::WRITABLE) || self.is_opaque() || request.check(family).is_err() {
            *pending = Pending::Whatever;
            return Reply::Refused;
        }
        if !self.is_coordinated() {
            let reply = self.export(request, pending, &mut |_| {});
            let frozen = self.well_behaved().is_some_and(|memory| memory.mutability == Mutability::Frozen);
            if matches!(reply, Reply::Granted { .. }) && !frozen {
                // The refusal of an argument.
                *pending = Pending::OfType(&["TypeError"]);
                return Reply::Refused;
            }
            return reply;
        }
        if let Some(raised) = self.fails.borrow_mut().take() {
            if let Some(raised) = raised {
                *pending = Pending::Exactly(raised);
            }
            return Reply::Refused;
        }
        if self.writers.get() > 0 {
            *pending = Pending::OfType(REFUSED);
            return Reply::Refused;
        }
        Reply::Granted { owned: true }
    }

    /// A request for a view, in an interpreter of a family.
    pub(super) fn view(&self, request: Request, family: Family, pending: &mut Pending) -> Reply {
        if request.check(family).is_err() {
            // A question for another function: no exporter is asked.
            *pending = Pending::Whatever;
            return Reply::Refused;
        }
        if self.is_opaque() {
            *pending = Pending::OfType(&["TypeError"]);
            return Reply::Refused;
        }
        self.export(request, pending, &mut |_| {})
    }
}

/// Whether views may write to it.
fn is_writable(mutability: Mutability) -> bool {
    matches!(mutability, Mutability::Writable | Mutability::Coordinated)
}

/// Where the items' bytes are, in C order.
fn bytes_of_items(layout: &Layout) -> Vec<usize> {
    let mut places = vec![layout.offset];
    for (extent, stride) in layout.shape.iter().zip(&layout.strides) {
        places =
            places.iter().flat_map(|place| (0..*extent).map(move |index| place + index * stride)).collect();
    }
    let bytes = places.into_iter().flat_map(|place| place..place + layout.itemsize);
    bytes.map(|place| usize::try_from(place).expect("a sound recipe")).collect()
}

/// Whether bytes lie one behind the other.
fn side_by_side(places: &[usize]) -> bool {
    places.windows(2).all(|pair| pair[0] + 1 == pair[1])
}

/// What memory is entitled to, found by looking at all of its items.
fn entitled(memory: &Memory, request: Request) -> Reply {
    let known = Request::FULL | Request::ANY_CONTIGUOUS | Request::C_CONTIGUOUS | Request::F_CONTIGUOUS;
    if request.bits() & !known.bits() != 0 {
        return Reply::Unknown;
    }
    if request.contains(Request::FORMAT) && !request.contains(Request::ND) {
        // Plain bytes are given; other exporters differ.
        return Reply::Unknown;
    }
    if request.contains(Request::WRITABLE) && !is_writable(memory.mutability) {
        return Reply::Refused;
    }
    let Some(layout) = &memory.layout else { return Reply::Granted { owned: true } };
    let (c, fortran) = if layout.indirect {
        (false, false)
    } else {
        let reversed = Layout {
            shape: layout.shape.iter().rev().copied().collect(),
            strides: layout.strides.iter().rev().copied().collect(),
            ..layout.clone()
        };
        (side_by_side(&bytes_of_items(layout)), side_by_side(&bytes_of_items(&reversed)))
    };
    let refused = (layout.indirect && !request.contains(Request::INDIRECT))
        || (request.contains(Request::C_CONTIGUOUS) && !c)
        || (request.contains(Request::F_CONTIGUOUS) && !fortran)
        || (request.contains(Request::ANY_CONTIGUOUS) && !c && !fortran)
        || (!request.contains(Request::STRIDES) && !c);
    if refused { Reply::Refused } else { Reply::Granted { owned: true } }
}

//! A backend beside the model, operation by operation.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::slice;

use bufproto_core::copy::gather;
use bufproto_core::layout::Order;
use bufproto_core::request::{Access, Request};
use bufproto_core::runtime::Runtime as _;
use bufproto_core::scope::Scope;
use bufproto_core::stable::StableView;
use bufproto_core::view::{Held, Slot, SlotFor, View};

use super::subject::{Kind, Pending, REFUSED, Reply, Subject};
use super::{Failure, Law, Operation, Violation};
use crate::conformance::recipe::{Raised, Recipe, Views};
use crate::conformance::rig::{Call, Rig};

/// What the outputs hold before a call.
const UNTOUCHED: isize = -77;

type Result<T = ()> = std::result::Result<T, Violation>;

/// A place of a scope: what is released when the scope ends.
#[derive(Clone, Copy)]
enum Place {
    Empty,
    /// A view that names the object of this number.
    View(usize, Kind),
    /// A reference to the object of this number.
    Reference(usize),
}

/// A scope, and what the model says that it holds.
struct Level<'s, 'a, R: Rig + 'a> {
    scope: Scope<'s, R::Runtime<'a>>,
    room: usize,
    places: RefCell<Vec<Place>>,
}

/// A view that is held outside of all scopes.
struct Lease<'s, 'a, R: Rig + 'a> {
    view: View<'s, R::Runtime<'a>>,
    object: usize,
    owned: bool,
    kind: Kind,
}

struct Trial<'s, 'a, R: Rig> {
    rig: &'a R,
    subjects: &'a [Subject<R::Owned>],
    free: slice::IterMut<'s, SlotFor<R::Handle<'a>>>,
    held: Vec<Lease<'s, 'a, R>>,
    pending: Option<Raised>,
}

pub(super) fn run<R: Rig>(
    rig: &R,
    recipes: &[Recipe],
    operations: &[Operation],
) -> std::result::Result<(), Failure> {
    let mut subjects = Vec::new();
    for (number, recipe) in recipes.iter().enumerate() {
        // Transcripts tell objects apart by their labels.
        let recipe = recipe.clone().label(format!("object {number}"));
        let owned = rig.make(&recipe)?;
        let references = rig.references(&owned).ok();
        subjects.push(Subject::new(owned, recipe, references));
    }
    if subjects.is_empty() {
        return Ok(());
    }
    let mut slots: Vec<SlotFor<R::Handle<'_>>> = (0..views(operations)).map(|_| Slot::new()).collect();
    let result = {
        let mut trial =
            Trial { rig, subjects: &subjects, free: slots.iter_mut(), held: Vec::new(), pending: None };
        trial.all(operations, None).and_then(|()| trial.finish())
    };
    // Nothing of this run is left to the next one.
    rig.take_raised();
    rig.take_transcript();
    Ok(result?)
}

/// How many views are asked for at most.
fn views(operations: &[Operation]) -> usize {
    let count = |operation: &Operation| match operation {
        Operation::View { .. } | Operation::Stable { .. } => 1,
        Operation::Scope { operations, .. } => views(operations),
        _ => 0,
    };
    operations.iter().map(count).sum()
}

fn ensure(law: Law, holds: bool, details: impl FnOnce() -> String) -> Result {
    if holds { Ok(()) } else { Err(Violation { law, details: details() }) }
}

impl<'s, 'a, R: Rig> Trial<'s, 'a, R> {
    fn all(&mut self, operations: &[Operation], level: Option<&Level<'_, 'a, R>>) -> Result {
        for operation in operations {
            let mut pending = Pending::from(self.pending.clone());
            self.one(operation, level, &mut pending).map_err(|Violation { law, details }| Violation {
                law,
                details: format!("{operation:?}: {details}"),
            })?;
            // What is done inside of a scope was looked at there.
            if !matches!(operation, Operation::Scope { .. }) {
                self.look(&pending).map_err(|Violation { law, details }| Violation {
                    law,
                    details: format!("after {operation:?}: {details}"),
                })?;
            }
        }
        Ok(())
    }

    fn one(
        &mut self,
        operation: &Operation,
        level: Option<&Level<'_, 'a, R>>,
        pending: &mut Pending,
    ) -> Result {
        match operation {
            Operation::Call { object, access } => {
                let subject = self.subject(*object);
                let answer = self.store(subject, *access)?;
                let expected = subject.call(*access, pending, &mut |_| {});
                self.compare_answer(subject, answer, expected)
            }
            Operation::Check { object } => {
                let subject = self.subject(*object);
                let answer = self.rig.check_read_buffer(&subject.owned);
                let expected = subject.check(pending);
                ensure(Law::Answer, answer == expected, || format!("answered {answer}"))
            }
            Operation::View { object, request } => self.view(*object, *request, pending),
            Operation::Stable { object, request } => self.stable(*object, *request, pending),
            Operation::OwnerWrite { object, offset, byte } => {
                self.owner_write(*object, (*offset, *byte), pending)
            }
            Operation::Release { view } if !self.held.is_empty() => {
                let number = view % self.held.len();
                self.release(number, pending);
                Ok(())
            }
            Operation::Write { view, byte } if !self.held.is_empty() => {
                let lease = &self.held[view % self.held.len()];
                if let Ok(shared) = lease.view.shared_mut() {
                    shared.fill(*byte);
                    self.subjects[lease.object].fill(*byte);
                }
                Ok(())
            }
            Operation::Release { .. } | Operation::Write { .. } => Ok(()),
            Operation::Scope { room, operations } => self.scope(*room, operations),
            Operation::Keep { object, access } => match level {
                Some(level) => self.keep(level, *object, *access, pending),
                None => Ok(()),
            },
            Operation::Reenter { object, access, again } => {
                self.reenter(level, *object, *access, *again, pending)
            }
            Operation::Resize { object, length } => self.resize(*object, *length, pending),
            Operation::Fail { object, raised } => {
                let subject = self.subject(*object);
                if self.rig.fail_next(&subject.owned, raised.as_ref()).is_ok() {
                    subject.fail_next(raised.clone());
                }
                Ok(())
            }
            Operation::Raise(raised) => {
                if self.rig.accepts_pending().is_ok() {
                    self.rig.raise(raised);
                    *pending = Pending::Exactly(raised.clone());
                }
                Ok(())
            }
        }
    }

    fn number(&self, object: usize) -> usize {
        object % self.subjects.len()
    }

    fn subject(&self, object: usize) -> &'a Subject<R::Owned> {
        &self.subjects[self.number(object)]
    }

    /// One of the three functions, as C calls it: where the memory is, if it succeeds.
    fn store(&self, subject: &Subject<R::Owned>, access: Access) -> Result<Option<(*mut c_void, isize)>> {
        let mut marker = 0_u8;
        let untouched: *mut c_void = (&raw mut marker).cast();
        let (mut pointer, mut length) = (untouched, UNTOUCHED);
        // SAFETY: both outputs may be written to.
        let status = unsafe { self.rig.store(Some(&subject.owned), access, &mut pointer, &mut length) };
        if status == 0 {
            return Ok(Some((pointer, length)));
        }
        ensure(Law::Answer, status == -1, || format!("returned {status}"))?;
        ensure(Law::Outputs, pointer == untouched && length == UNTOUCHED, || {
            format!("it failed, and wrote {pointer:?} and {length}")
        })?;
        Ok(None)
    }

    fn compare_answer(
        &self,
        subject: &Subject<R::Owned>,
        answer: Option<(*mut c_void, isize)>,
        expected: bool,
    ) -> Result {
        ensure(Law::Answer, answer.is_some() == expected, || {
            format!("it {}, and should not", if expected { "fails" } else { "succeeds" })
        })?;
        let Some((pointer, length)) = answer else { return Ok(()) };
        ensure(Law::Answer, length == subject.length(), || {
            format!("states {length} bytes, not {}", subject.length())
        })?;
        let Some(content) = subject.content().filter(|_| !subject.moves() && length > 0) else {
            return Ok(());
        };
        // SAFETY: the object has just said so, is alive, does not move its memory and is not written to meanwhile.
        let seen = unsafe { slice::from_raw_parts(pointer.cast::<u8>(), content.len()) };
        ensure(Law::Content, seen == content, || format!("shows {seen:?}, not {content:?}"))
    }

    fn view(&mut self, object: usize, request: Request, pending: &mut Pending) -> Result {
        let subject = self.subject(object);
        let Some(slot) = self.free.next() else { return Ok(()) };
        let handle = self.rig.handle(&subject.owned);
        let granted = slot.fill(handle, request).map_err(|error| error.restore(handle)).ok();
        let kind = subject.kind();
        let reply = subject.view(request, self.rig.runtime().family(), pending);
        self.held(object, granted, kind, reply)
    }

    fn stable(&mut self, object: usize, request: Request, pending: &mut Pending) -> Result {
        let subject = self.subject(object);
        // What is done where nobody knows of stable reads, ordinary views show.
        if !matches!(subject.recipe.views, Views::Absent | Views::Memory(_)) {
            return Ok(());
        }
        let Some(slot) = self.free.next() else { return Ok(()) };
        let handle = self.rig.handle(&subject.owned);
        let granted = slot.fill_stable(handle, request).map_err(|error| error.restore(handle)).ok();
        let kind = if subject.is_coordinated() { Kind::Stable } else { Kind::Reader };
        let reply = subject.stable(request, self.rig.runtime().family(), pending);
        self.held(object, granted.map(StableView::into_view), kind, reply)
    }

    /// Compares what is granted with what the model grants, and holds it.
    fn held(
        &mut self,
        object: usize,
        granted: Option<View<'s, R::Runtime<'a>>>,
        kind: Kind,
        reply: Reply,
    ) -> Result {
        let (number, subject) = (self.number(object), self.subject(object));
        let expected = matches!(reply, Reply::Granted { .. });
        ensure(Law::Answer, reply == Reply::Unknown || granted.is_some() == expected, || {
            format!("was {}, and should not", if granted.is_some() { "granted" } else { "refused" })
        })?;
        let Some(view) = granted else { return Ok(()) };
        let owned = reply != (Reply::Granted { owned: false });
        if owned {
            subject.begin(kind);
        }
        let header = view.held().header();
        ensure(Law::Answer, header.len == subject.length(), || {
            format!("states {} bytes, not {}", header.len, subject.length())
        })?;
        ensure(
            Law::Stable,
            !subject.is_coordinated() || (header.readonly == 0) == (kind == Kind::Writer),
            || format!("is read-only: {}, for a {kind:?}", header.readonly),
        )?;
        self.held.push(Lease { view, object: number, owned, kind });
        Ok(())
    }

    fn owner_write(&self, object: usize, (offset, byte): (usize, u8), pending: &mut Pending) -> Result {
        let subject = self.subject(object);
        // Of others it is not known whether their owners write.
        if !subject.is_coordinated() {
            return Ok(());
        }
        let Ok(written) = self.rig.write(&subject.owned, offset, byte) else { return Ok(()) };
        ensure(Law::Stable, written == subject.may_write(), || format!("written: {written}"))?;
        if written {
            subject.put(offset, byte);
        } else {
            *pending = Pending::OfType(REFUSED);
        }
        Ok(())
    }

    fn release(&mut self, number: usize, pending: &mut Pending) {
        let Lease { view, object, owned, kind } = self.held.remove(number);
        view.release();
        if owned {
            let subject = &self.subjects[object];
            subject.end(kind);
            subject.release(pending);
        }
    }

    fn scope(&mut self, room: usize, operations: &[Operation]) -> Result {
        let mut slots: Vec<SlotFor<R::Handle<'a>>> = (0..room).map(|_| Slot::new()).collect();
        let level = Level {
            scope: Scope::new(self.rig.runtime(), &mut slots),
            room,
            places: RefCell::new(Vec::new()),
        };
        self.all(operations, Some(&level))?;
        let Level { scope, places, .. } = level;
        self.rig.take_transcript();
        drop(scope);
        let mut pending = Pending::from(self.pending.clone());
        let mut expected = Vec::new();
        for place in places.into_inner().into_iter().rev() {
            match place {
                Place::Empty => {}
                Place::View(number, kind) => {
                    let subject = &self.subjects[number];
                    subject.end(kind);
                    subject.release(&mut pending);
                    if self.rig.is_transcribed(&subject.owned) {
                        expected.push(subject.recipe.label.clone());
                    }
                }
                Place::Reference(number) => {
                    let kept = &self.subjects[number].kept;
                    kept.set(kept.get() - 1);
                }
            }
        }
        let events = self.rig.take_transcript().into_iter();
        let released: Vec<String> =
            events.filter(|event| event.call == Call::Release).map(|event| event.object).collect();
        ensure(Law::Order, released == expected, || {
            format!("a scope ended by releasing {released:?}, not {expected:?}")
        })?;
        self.look(&pending)
    }

    fn keep(&self, level: &Level<'_, 'a, R>, object: usize, access: Access, pending: &mut Pending) -> Result {
        let subject = self.subject(object);
        let answer = self.keep_now(level, subject, access);
        let expected = self.keep_by_the_model(level, object, access, pending, &mut |_| {});
        self.compare_kept(level, answer, expected)
    }

    /// Whether the scope takes a view.
    fn keep_now(&self, level: &Level<'_, 'a, R>, subject: &'a Subject<R::Owned>, access: Access) -> bool {
        let handle = self.rig.handle(&subject.owned);
        match level.scope.locate(handle, access) {
            Ok(_) => true,
            Err(error) => {
                error.restore(handle);
                false
            }
        }
    }

    fn keep_by_the_model(
        &self,
        level: &Level<'_, 'a, R>,
        object: usize,
        access: Access,
        pending: &mut Pending,
        again: &mut dyn FnMut(&mut Pending),
    ) -> bool {
        let (number, subject) = (self.number(object), self.subject(object));
        let place = level.places.borrow().len();
        if place == level.room {
            *pending = Pending::Whatever;
            return false;
        }
        // The place is claimed first.
        level.places.borrow_mut().push(Place::Empty);
        let reply = subject.locate(access, pending, again);
        let last = || level.places.borrow().len() == place + 1;
        match reply {
            Reply::Granted { owned: true } => {
                let kind = subject.kind();
                subject.begin(kind);
                level.places.borrow_mut()[place] = Place::View(number, kind);
                true
            }
            // A view that names no owner takes a second place, for the object.
            Reply::Granted { owned: false } if level.places.borrow().len() < level.room => {
                subject.kept.set(subject.kept.get() + 1);
                level.places.borrow_mut().push(Place::Reference(number));
                true
            }
            reply => {
                if matches!(reply, Reply::Granted { .. }) {
                    *pending = Pending::Whatever;
                }
                if last() {
                    level.places.borrow_mut().pop();
                }
                false
            }
        }
    }

    fn compare_kept(&self, level: &Level<'_, 'a, R>, answer: bool, expected: bool) -> Result {
        ensure(Law::Answer, answer == expected, || {
            format!("the scope {} it, and should not", if answer { "takes" } else { "does not take" })
        })?;
        let room = level.room - level.places.borrow().len();
        ensure(Law::Order, level.scope.room() == room, || {
            format!("the scope has room for {}, not {room}", level.scope.room())
        })
    }

    fn reenter(
        &self,
        level: Option<&Level<'_, 'a, R>>,
        object: usize,
        access: Access,
        again: Access,
        pending: &mut Pending,
    ) -> Result {
        let subject = self.subject(object);
        if subject.asks_itself() {
            return Ok(());
        }
        let (inner, outer) = (Cell::new(None), Cell::new(None));
        let attempt = |access| match level {
            Some(level) => Ok(self.keep_now(level, subject, access)),
            None => self.store(subject, access).map(|answer| answer.is_some()),
        };
        let callback = || inner.set(Some(attempt(again)));
        let ran = self.rig.reentering(&subject.owned, &callback, &mut || outer.set(Some(attempt(access))));
        let Some(outer) = outer.take() else {
            return ensure(Law::Answer, ran.is_err(), || "nothing was run".to_owned());
        };
        let (outer, inner) = (outer?, inner.take().transpose()?);
        let mut expected_inner = None;
        let expected = match level {
            Some(level) => self.keep_by_the_model(level, object, access, pending, &mut |pending| {
                let answer = self.keep_by_the_model(level, object, again, pending, &mut |_| {});
                expected_inner = Some(answer);
            }),
            None => subject.call(access, pending, &mut |pending| {
                expected_inner = Some(subject.call(again, pending, &mut |_| {}));
            }),
        };
        ensure(Law::Answer, inner == expected_inner, || {
            format!("the exporter was told {inner:?}, not {expected_inner:?}")
        })?;
        match level {
            Some(level) => self.compare_kept(level, outer, expected),
            None => ensure(Law::Answer, outer == expected, || format!("succeeds: {outer}")),
        }
    }

    fn resize(&self, object: usize, length: usize, pending: &mut Pending) -> Result {
        let subject = self.subject(object);
        let Ok(resized) = self.rig.resize(&subject.owned, length) else { return Ok(()) };
        let may = subject.is_resizable() && subject.exports.get() == 0;
        ensure(Law::Pinned, resized == may, || {
            format!("resized: {resized}, with {} views", subject.exports.get())
        })?;
        if resized {
            subject.resize(length);
        } else if subject.is_resizable() {
            *pending = Pending::OfType(REFUSED);
        } else {
            *pending = Pending::Whatever;
        }
        Ok(())
    }

    /// What is true after every operation.
    fn look(&mut self, pending: &Pending) -> Result {
        let raised = self.rig.take_raised();
        ensure(Law::Indicator, pending.allows(raised.as_ref()), || {
            format!("the indicator holds {raised:?}, not {pending:?}")
        })?;
        for subject in self.subjects {
            let (views, kept) = (subject.exports.get(), subject.kept.get());
            if let (Some(before), Ok(now)) = (subject.references, self.rig.references(&subject.owned)) {
                ensure(Law::Balance, now == before + views + kept, || {
                    format!(
                        "{now} references to {}, with {views} views and {kept} kept by scopes; {before} at first",
                        subject.recipe.label
                    )
                })?;
            }
            if let Ok(exports) = self.rig.exports(&subject.owned) {
                // Where views are counted by their references, so is what a scope keeps.
                ensure(Law::Balance, exports == views || exports == views + kept, || {
                    format!("{exports} exports of {}, not {views}", subject.recipe.label)
                })?;
            }
        }
        for lease in &self.held {
            let seen = content(lease.view.held());
            let (Some(seen), Some(expected)) = (seen, self.subjects[lease.object].content()) else {
                continue;
            };
            ensure(Law::Content, seen == expected, || {
                format!("a view of object {} shows {seen:?}, not {expected:?}", lease.object)
            })?;
        }
        if let Some(raised) = &raised {
            self.rig.raise(raised);
        }
        self.pending = raised;
        Ok(())
    }

    /// Releases what is held, and looks once more.
    fn finish(mut self) -> Result {
        while !self.held.is_empty() {
            let mut pending = Pending::from(self.pending.clone());
            self.release(0, &mut pending);
            self.look(&pending)?;
        }
        Ok(())
    }
}

/// The items' bytes in C order, by each way that a view offers; `None` if it says no memory.
fn content<R: bufproto_core::runtime::Runtime>(view: Held<'_, R>) -> Option<Vec<u8>> {
    let straight = view.shared().ok().map(|shared| shared.iter().collect());
    if straight.is_some() {
        return straight;
    }
    let layout = view.layout().ok().filter(|_| !view.span().pointer.is_null())?;
    let mut bytes = vec![0; layout.length()];
    // SAFETY: the view has this layout, and the vector has place for its items.
    unsafe { gather(view.span().pointer.cast(), layout, Order::C, bytes.as_mut_ptr()) };
    Some(bytes)
}

//! Many exports, one lifetime.

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;

use crate::abi;
use crate::error::ErrorOf;
use crate::legacy::{segments, views};
use crate::request::{Access, Request};
use crate::rules::Rule;
use crate::runtime::{Exporter, Runtime, Segmented};
use crate::span::Span;
use crate::view::{Held, Slot, argument_in, ask, clear};

/// Where a scope keeps its views: places that are numbered from 0.
///
/// # Safety
///
/// A number stands for the same place at every call, different numbers for different ones. A place has room for one of
/// the interpreter's views, aligned, stays where it is, and is used by one scope alone, for as long as the value lives.
/// There may become more, never fewer. Whoever else changes the number of claimed places keeps the scope's invariants.
pub unsafe trait Places {
    /// The layout of the views.
    type View: abi::View;

    /// How many places there are.
    fn count(&self) -> usize;

    /// How many places are claimed, from the first on. It is kept beside the places, so that callers who fill places
    /// themselves can see it: they do as [`Scope`] does.
    fn claimed(&self) -> usize;

    /// Changes how many places are claimed. They are no more than there are.
    fn set_claimed(&self, count: usize);

    /// Makes more places, if there can be more.
    ///
    /// # Errors
    ///
    /// The rule that a scope without a free place breaks; by default [`Rule::ScopeFull`].
    fn grow(&self) -> Result<(), Rule> {
        Err(Rule::ScopeFull)
    }

    /// The place of a number below [`count`](Self::count), else `None`.
    fn get(&self, number: usize) -> Option<NonNull<Self::View>>;
}

/// As many places as there are slots.
#[derive(Debug)]
pub struct Slots<'storage, V> {
    slots: &'storage [Slot<V>],
    claimed: Cell<usize>,
}

// SAFETY: a slice's slots are distinct and do not move, and the scope borrows it for itself.
unsafe impl<V: abi::View> Places for Slots<'_, V> {
    type View = V;

    fn count(&self) -> usize {
        self.slots.len()
    }

    fn claimed(&self) -> usize {
        self.claimed.get()
    }

    fn set_claimed(&self, count: usize) {
        self.claimed.set(count);
    }

    fn get(&self, number: usize) -> Option<NonNull<V>> {
        self.slots.get(number).map(Slot::pointer)
    }
}

/// Holds every view that is acquired through it until it ends, then releases them, the last first.
///
/// It needs no allocator: its views live in slots that the caller provides. Acquiring runs the exporter's
/// code, which may come back and use the same scope; a slot is claimed, empty, *before* the exporter is
/// called, so no slot is ever used twice.
///
/// Invariants:
/// 1. the slots below `claimed` are empty or hold views that exporters of `runtime` filled; each is released
///    once, by this scope;
/// 2. the slots from `claimed` on hold nothing to release.
pub struct Scope<'storage, R: Runtime, P: Places<View = R::View> = Slots<'storage, <R as Runtime>::View>> {
    runtime: R,
    places: P,
    storage: PhantomData<&'storage ()>,
}

impl<'storage, R: Runtime> Scope<'storage, R> {
    /// A scope with room for as many views as there are slots.
    pub fn new(runtime: R, slots: &'storage mut [Slot<R::View>]) -> Self {
        Self::in_places(runtime, Slots { slots, claimed: Cell::new(0) })
    }
}

impl<R: Runtime, P: Places<View = R::View>> Scope<'_, R, P> {
    /// A scope with room for as many views as there are places; those that are claimed already are its own.
    pub fn in_places(runtime: R, places: P) -> Self {
        Self { runtime, places, storage: PhantomData }
    }

    /// Where the views are kept.
    pub fn places(&self) -> &P {
        &self.places
    }

    /// How many views can still be acquired.
    #[must_use]
    pub fn room(&self) -> usize {
        self.places.count() - self.places.claimed()
    }

    /// Acquires a view by one of the three old functions of the 3.x dialect, and keeps it.
    ///
    /// # Errors
    ///
    /// What the function fails with, and [`Rule::ScopeFull`].
    pub fn locate<O>(&self, object: O, access: Access) -> Result<Held<'_, R>, ErrorOf<O>>
    where
        O: Exporter<Runtime = R>,
    {
        self.hold_alive(object, |view| views::export(object, access, view))
    }

    /// Finds the memory by one of the three old functions of the 2.x dialect, and keeps the object: by a view if
    /// its type exports one too, else by [a reference](crate::runtime::Object::refer).
    ///
    /// # Errors
    ///
    /// What the function fails with, and [`Rule::ScopeFull`].
    pub fn locate_segment<O>(&self, object: O, access: Access) -> Result<Span, ErrorOf<O>>
    where
        O: Exporter<Runtime = R> + Segmented,
    {
        let mut located = None;
        self.hold(|view| {
            // The view comes first: it is what keeps the memory where the slot then says it is.
            // An exporter's refusal is discarded, and must not take a pending exception along.
            let asks = object.exports() && !self.runtime.is_raised();
            // SAFETY: the type exports; `hold` passes an empty view that stays until it is released.
            let held = asks && unsafe { object.export(view, Request::SIMPLE) }.is_ok();
            match segments::locate(object, access) {
                Ok(span) => {
                    if !held {
                        // SAFETY: `hold` passes a place for a view.
                        unsafe { object.refer(clear(view)) };
                    }
                    located = Some(span);
                    Ok(())
                }
                Err(error) => {
                    if held {
                        // SAFETY: the exporter has just filled the view, and nobody else releases it.
                        unsafe { self.runtime.release(view) };
                    }
                    Err(error)
                }
            }
        })?;
        // A place was held, so a segment was found.
        located.ok_or(Rule::SingleSegment.into())
    }

    /// Acquires a view as `PyArg_ParseTuple` does for `y*` (character and read access) and `w*` (write access), and
    /// keeps it.
    ///
    /// # Errors
    ///
    /// What the exporter raised, for write access [`Rule::ArgumentWritable`] in its place;
    /// [`Rule::ArgumentContiguous`] if it exports what is not contiguous for a request that says so; and
    /// [`Rule::ScopeFull`].
    pub fn argument<O>(&self, object: O, access: Access) -> Result<Held<'_, R>, ErrorOf<O>>
    where
        O: Exporter<Runtime = R>,
    {
        // SAFETY: `hold_alive` passes a place that stays until it is released.
        self.hold_alive(object, |view| unsafe { argument_in(object, view, access) })
    }

    /// Acquires a view for any request, and keeps it.
    ///
    /// # Errors
    ///
    /// As [`Slot::fill`], and [`Rule::ScopeFull`].
    pub fn acquire<O>(&self, object: O, request: Request) -> Result<Held<'_, R>, ErrorOf<O>>
    where
        O: Exporter<Runtime = R>,
    {
        self.hold_alive(object, |view| ask(object, view, request))
    }

    /// Keeps an object alive, by [a reference](crate::runtime::Object::refer).
    ///
    /// # Errors
    ///
    /// [`Rule::ScopeFull`].
    pub fn keep<O>(&self, object: O) -> Result<(), ErrorOf<O>>
    where
        O: Exporter<Runtime = R>,
    {
        let kept = self.hold::<ErrorOf<O>>(|view| {
            // SAFETY: `hold` passes an empty view.
            unsafe { object.refer(view) };
            Ok(())
        });
        kept.map(drop)
    }

    /// As [`hold`](Self::hold), for a view of an object. A view that names no owner keeps nothing alive, so the object
    /// is held beside it.
    fn hold_alive<O>(
        &self,
        object: O,
        fill: impl FnOnce(NonNull<R::View>) -> Result<(), ErrorOf<O>>,
    ) -> Result<Held<'_, R>, ErrorOf<O>>
    where
        O: Exporter<Runtime = R>,
    {
        let place = self.places.claimed();
        let held = self.hold(fill)?;
        if held.header().obj.is_null()
            && let Err(error) = self.keep(object)
        {
            // There is nothing to release in the first place, which is free again, as in `hold`.
            if self.places.claimed() == place + 1 {
                self.places.set_claimed(place);
            }
            return Err(error);
        }
        Ok(held)
    }

    /// Claims a slot, has it filled, and keeps what is in it if that succeeds.
    fn hold<E: From<Rule>>(
        &self,
        fill: impl FnOnce(NonNull<R::View>) -> Result<(), E>,
    ) -> Result<Held<'_, R>, E> {
        let place = self.places.claimed();
        if place >= self.places.count() {
            self.places.grow()?;
        }
        let view = self.places.get(place).ok_or(Rule::ScopeFull)?;
        // SAFETY: a place has room for a view.
        unsafe { clear(view) };
        self.places.set_claimed(place + 1);
        if let Err(error) = fill(view) {
            // A failed export may leave an owner behind, which is not ours to release.
            // SAFETY: as above.
            unsafe { clear(view) };
            // Unless the exporter came back and claimed the next slots, this one is free again.
            if self.places.claimed() == place + 1 {
                self.places.set_claimed(place);
            }
            return Err(error);
        }
        // SAFETY: the view has just been filled; it is released when the scope ends, after this borrow of it.
        Ok(unsafe { Held::new(self.runtime, view.as_ref()) })
    }
}

impl<R: Runtime, P: Places<View = R::View>> Drop for Scope<'_, R, P> {
    fn drop(&mut self) {
        // Releasing runs the exporter's code, so the count is read anew each time.
        while let Some(last) = self.places.claimed().checked_sub(1) {
            self.places.set_claimed(last);
            if let Some(view) = self.places.get(last) {
                // SAFETY: invariant 1, and the place is below `claimed` no more.
                unsafe { self.runtime.release(view) };
            }
        }
    }
}

impl<R: Runtime, P: Places<View = R::View>> fmt::Debug for Scope<'_, R, P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Scope {{ {} of {} slots claimed }}", self.places.claimed(), self.places.count())
    }
}

//! Many exports, one lifetime.

use core::cell::Cell;
use core::fmt;
use core::ptr::NonNull;

use crate::error::ErrorOf;
use crate::legacy::{segments, views};
use crate::request::{Access, Request};
use crate::rules::Rule;
use crate::runtime::{Exporter, Runtime, Segmented};
use crate::span::Span;
use crate::view::{Held, Slot};

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
pub struct Scope<'storage, R: Runtime> {
    runtime: R,
    slots: &'storage [Slot<R::View>],
    claimed: Cell<usize>,
}

impl<'storage, R: Runtime> Scope<'storage, R> {
    /// A scope with room for as many views as there are slots.
    pub fn new(runtime: R, slots: &'storage mut [Slot<R::View>]) -> Self {
        Self { runtime, slots, claimed: Cell::new(0) }
    }

    /// How many views can still be acquired.
    #[must_use]
    pub fn room(&self) -> usize {
        self.slots.len() - self.claimed.get()
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
        self.hold(|slot| views::export(object, access, slot))
    }

    /// Finds the memory by one of the three old functions of the 2.x dialect, and keeps the object: by a view if
    /// its type exports one too, else by what `refer` puts into an empty view, a reference to the object.
    ///
    /// # Errors
    ///
    /// What the function fails with, and [`Rule::ScopeFull`].
    ///
    /// # Safety
    ///
    /// What `refer` leaves in the view may be released as a view is.
    pub unsafe fn locate_segment<O>(
        &self,
        object: O,
        access: Access,
        refer: impl FnOnce(NonNull<R::View>),
    ) -> Result<Span, ErrorOf<O>>
    where
        O: Exporter<Runtime = R> + Segmented,
    {
        let mut located = None;
        self.hold(|slot| {
            // The view comes first: it is what keeps the memory where the slot then says it is.
            // An exporter's refusal is discarded, and must not take a pending exception along.
            let asks = object.exports() && !self.runtime.is_raised();
            // SAFETY: the type exports; `hold` passes an empty slot that stays until it is released.
            let held = asks && unsafe { object.export(slot.pointer(), Request::SIMPLE) }.is_ok();
            match segments::locate(object, access) {
                Ok(span) => {
                    if !held {
                        refer(slot.clear());
                    }
                    located = Some(span);
                    Ok(())
                }
                Err(error) => {
                    if held {
                        // SAFETY: the exporter has just filled the slot, and nobody else releases it.
                        unsafe { self.runtime.release(slot.pointer()) };
                    }
                    Err(error)
                }
            }
        })?;
        // A place was held, so a segment was found.
        located.ok_or(Rule::SingleSegment.into())
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
        self.hold(|slot| slot.ask(object, request))
    }

    /// Claims a slot, has it filled, and keeps what is in it if that succeeds.
    fn hold<E: From<Rule>>(
        &self,
        fill: impl FnOnce(&Slot<R::View>) -> Result<(), E>,
    ) -> Result<Held<'_, R>, E> {
        let place = self.claimed.get();
        let Some(slot) = self.slots.get(place) else {
            return Err(Rule::ScopeFull.into());
        };
        slot.clear();
        self.claimed.set(place + 1);
        if let Err(error) = fill(slot) {
            // A failed export may leave an owner behind, which is not ours to release.
            slot.clear();
            // Unless the exporter came back and claimed the next slots, this one is free again.
            if self.claimed.get() == place + 1 {
                self.claimed.set(place);
            }
            return Err(error);
        }
        // SAFETY: the slot has just been filled; it is released when the scope ends, after this borrow of it.
        Ok(unsafe { Held::new(self.runtime, slot.pointer().as_ref()) })
    }
}

impl<R: Runtime> Drop for Scope<'_, R> {
    fn drop(&mut self) {
        // Releasing runs the exporter's code, so the count is read anew each time.
        while let Some(last) = self.claimed.get().checked_sub(1) {
            self.claimed.set(last);
            let view = self.slots[last].pointer();
            // SAFETY: invariant 1, and the slot is below `claimed` no more.
            unsafe { self.runtime.release(view) };
        }
    }
}

impl<R: Runtime> fmt::Debug for Scope<'_, R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Scope {{ {} of {} slots claimed }}", self.claimed.get(), self.slots.len())
    }
}

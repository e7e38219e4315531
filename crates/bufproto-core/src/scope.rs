//! Many exports, one lifetime.

use core::cell::Cell;
use core::fmt;

use crate::error::ErrorOf;
use crate::legacy::views;
use crate::request::{Access, Request};
use crate::rules::Rule;
use crate::runtime::{Exporter, Runtime};
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

    /// Acquires a view for any request, and keeps it.
    ///
    /// # Errors
    ///
    /// As [`Slot::fill`], and [`Rule::ScopeFull`].
    pub fn acquire<O>(&self, object: O, request: Request) -> Result<Held<'_, R>, ErrorOf<O>>
    where
        O: Exporter<Runtime = R>,
    {
        self.hold(|slot| {
            request.check(self.runtime.family())?;
            if !object.exports() {
                return Err(Rule::ViewExporter.into());
            }
            // SAFETY: the type exports, and `hold` passes an empty slot that stays until it is released.
            unsafe { object.export(slot.pointer(), request) }
                .map_err(|failure| ErrorOf::<O>::Raised(failure.into_raised()))
        })
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

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
/// ```
/// use bufproto_core::abi::{CPython3, View};
/// use bufproto_core::rules::Rule;
/// use bufproto_core::request::Request;
/// use bufproto_core::scope::{Places, Scope};
/// use core::cell::{Cell, UnsafeCell};
/// use core::ptr::NonNull;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// /// Room on the heap, as much as is needed.
/// #[derive(Default)]
/// struct Heap {
///     // A box for each view, for views do not move.
///     views: UnsafeCell<Vec<Box<UnsafeCell<CPython3>>>>,
///     claimed: Cell<usize>,
/// }
///
/// // SAFETY: a number stands for the same box, and boxes stay where they are.
/// unsafe impl Places for Heap {
///     type View = CPython3;
///
///     fn count(&self) -> usize {
///         // SAFETY: nobody keeps a reference to the vector.
///         unsafe { &*self.views.get() }.len()
///     }
///
///     fn claimed(&self) -> usize {
///         self.claimed.get()
///     }
///
///     fn set_claimed(&self, count: usize) {
///         self.claimed.set(count);
///     }
///
///     fn grow(&self) -> Result<(), Rule> {
///         // SAFETY: as above.
///         unsafe { &mut *self.views.get() }.push(Box::new(UnsafeCell::new(CPython3::EMPTY)));
///         Ok(())
///     }
///
///     fn get(&self, number: usize) -> Option<NonNull<CPython3>> {
///         // SAFETY: as above.
///         unsafe { &*self.views.get() }.get(number).and_then(|view| NonNull::new(view.get()))
///     }
/// }
///
/// let object = Object::bytearray(b"hello");
/// let scope = Scope::in_places(interpreter.attach(), Heap::default());
/// for _ in 0..10 {
///     scope.acquire(object.attach(&interpreter), Request::SIMPLE).unwrap();
/// }
/// assert_eq!((object.exports(), scope.places().count()), (10, 10));
/// drop(scope);
/// assert_eq!(object.exports(), 0);
/// ```
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
    ///
    /// ```
    /// use bufproto_core::scope::{Places, Scope};
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytes(b"hello");
    /// let mut slots = [Slot::new(), Slot::new()];
    /// let scope = Scope::new(interpreter.attach(), &mut slots);
    /// assert_eq!(scope.places().count(), 2);
    /// ```
    fn count(&self) -> usize;

    /// How many places are claimed, from the first on. It is kept beside the places, so that callers who fill places
    /// themselves can see it: they do as [`Scope`] does.
    ///
    /// ```
    /// use bufproto_core::scope::{Places, Scope};
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytes(b"hello");
    /// let mut slots = [Slot::new(), Slot::new()];
    /// let scope = Scope::new(interpreter.attach(), &mut slots);
    /// scope.keep(object.attach(&interpreter)).unwrap();
    /// assert_eq!(scope.places().claimed(), 1);
    /// ```
    fn claimed(&self) -> usize;

    /// Changes how many places are claimed. They are no more than there are.
    ///
    /// ```
    /// use bufproto_core::scope::{Places, Scope};
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytes(b"hello");
    /// let mut slots = [Slot::new(), Slot::new()];
    /// let scope = Scope::new(interpreter.attach(), &mut slots);
    /// // As C does: it claims a place, and fills it itself.
    /// scope.places().set_claimed(1);
    /// assert_eq!((scope.places().claimed(), scope.room()), (1, 1));
    /// ```
    fn set_claimed(&self, count: usize);

    /// Makes more places, if there can be more.
    ///
    /// ```
    /// use bufproto_core::scope::{Places, Scope};
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytes(b"hello");
    /// let mut slots = [Slot::new(), Slot::new()];
    /// let scope = Scope::new(interpreter.attach(), &mut slots);
    /// assert_eq!(scope.places().grow(), Err(bufproto_core::rules::Rule::ScopeFull), "slots are as many as there are");
    /// ```
    ///
    /// # Errors
    ///
    /// The rule that a scope without a free place breaks; by default [`Rule::ScopeFull`].
    fn grow(&self) -> Result<(), Rule> {
        Err(Rule::ScopeFull)
    }

    /// The place of a number below [`count`](Self::count), else `None`.
    ///
    /// ```
    /// use bufproto_core::scope::{Places, Scope};
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytes(b"hello");
    /// let mut slots = [Slot::new(), Slot::new()];
    /// let scope = Scope::new(interpreter.attach(), &mut slots);
    /// let (first, second) = (scope.places().get(0).unwrap(), scope.places().get(1).unwrap());
    /// assert_ne!(first, second);
    /// assert_eq!(scope.places().get(2), None);
    /// ```
    fn get(&self, number: usize) -> Option<NonNull<Self::View>>;
}

/// As many places as there are slots.
///
/// ```
/// use bufproto_core::scope::{Places, Scope};
/// use bufproto_core::view::Slot;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let mut slots = [Slot::new(), Slot::new()];
/// let scope = Scope::new(interpreter.attach(), &mut slots);
/// assert_eq!(scope.places().count(), 2);
/// ```
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
///
/// ```
/// use bufproto_core::request::Access;
/// use bufproto_core::rules::Rule;
/// use bufproto_core::scope::Scope;
/// use bufproto_core::view::Slot;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let (first, second) = (Object::bytearray(b"one"), Object::bytearray(b"two"));
/// let mut slots = [Slot::new()];
/// let scope = Scope::new(interpreter.attach(), &mut slots);
/// let held = scope.locate(first.attach(&interpreter), Access::Read).unwrap();
/// assert!(held.shared().unwrap().iter().eq(*b"one"));
/// let refused = scope.locate(second.attach(&interpreter), Access::Read).unwrap_err();
/// assert_eq!(refused.rule(), Some(Rule::ScopeFull));
/// drop(scope);
/// interpreter.ledger().assert_balanced();
/// ```
pub struct Scope<'storage, R: Runtime, P: Places<View = R::View> = Slots<'storage, <R as Runtime>::View>> {
    runtime: R,
    places: P,
    storage: PhantomData<&'storage ()>,
}

impl<'storage, R: Runtime> Scope<'storage, R> {
    /// A scope with room for as many views as there are slots.
    ///
    /// ```
    /// use bufproto_core::scope::Scope;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let mut slots = [const { Slot::new() }; 8];
    /// assert_eq!(Scope::new(interpreter.attach(), &mut slots).room(), 8);
    /// ```
    pub fn new(runtime: R, slots: &'storage mut [Slot<R::View>]) -> Self {
        Self::in_places(runtime, Slots { slots, claimed: Cell::new(0) })
    }
}

impl<R: Runtime, P: Places<View = R::View>> Scope<'_, R, P> {
    /// A scope with room for as many views as there are places; those that are claimed already are its own.
    ///
    /// ```
    /// use bufproto_core::abi::{CPython3, View};
    /// use bufproto_core::request::Request;
    /// use bufproto_core::scope::{Places, Scope};
    /// use core::cell::{Cell, UnsafeCell};
    /// use core::ptr::NonNull;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// /// A single place, which the caller has.
    /// struct Single<'a>(&'a UnsafeCell<CPython3>, Cell<usize>);
    ///
    /// // SAFETY: there is one place, and it stays for as long as it is borrowed.
    /// unsafe impl Places for Single<'_> {
    ///     type View = CPython3;
    ///
    ///     fn count(&self) -> usize {
    ///         1
    ///     }
    ///
    ///     fn claimed(&self) -> usize {
    ///         self.1.get()
    ///     }
    ///
    ///     fn set_claimed(&self, count: usize) {
    ///         self.1.set(count);
    ///     }
    ///
    ///     fn get(&self, number: usize) -> Option<NonNull<CPython3>> {
    ///         (number == 0).then(|| NonNull::new(self.0.get())).flatten()
    ///     }
    /// }
    ///
    /// let (object, place) = (Object::bytearray(b"hello"), UnsafeCell::new(CPython3::EMPTY));
    /// let scope = Scope::in_places(interpreter.attach(), Single(&place, Cell::new(0)));
    /// let held = scope.acquire(object.attach(&interpreter), Request::SIMPLE).unwrap();
    /// assert_eq!((held.span().length, scope.room()), (5, 0));
    /// ```
    pub fn in_places(runtime: R, places: P) -> Self {
        Self { runtime, places, storage: PhantomData }
    }

    /// Where the views are kept.
    ///
    /// ```
    /// use bufproto_core::scope::{Places, Scope};
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let mut slots = [Slot::new()];
    /// let scope = Scope::new(interpreter.attach(), &mut slots);
    /// assert!(scope.places().get(0).is_some() && scope.places().get(1).is_none());
    /// ```
    pub fn places(&self) -> &P {
        &self.places
    }

    /// How many views can still be acquired.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::scope::Scope;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytes(b"hello");
    /// let mut slots = [Slot::new(), Slot::new()];
    /// let scope = Scope::new(interpreter.attach(), &mut slots);
    /// scope.acquire(object.attach(&interpreter), Request::SIMPLE).unwrap();
    /// assert_eq!(scope.room(), 1);
    /// ```
    #[must_use]
    pub fn room(&self) -> usize {
        self.places.count() - self.places.claimed()
    }

    /// Acquires a view by one of the three old functions of the 3.x dialect, and keeps it.
    ///
    /// ```
    /// use bufproto_core::request::Access;
    /// use bufproto_core::scope::Scope;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytearray(b"hello");
    /// let mut slots = [Slot::new()];
    /// let scope = Scope::new(interpreter.attach(), &mut slots);
    /// let held = scope.locate(object.attach(&interpreter), Access::Write).unwrap();
    /// held.shared_mut().unwrap().set(0, b'j');
    /// assert_eq!(object.content(), b"jello");
    /// ```
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
    /// ```
    /// use bufproto_core::request::Access;
    /// use bufproto_core::scope::Scope;
    /// use bufproto_core::view::Slot;
    /// use bufproto_mock::OldSlots;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::segmented(OldSlots::of(&[b"hello"], true));
    /// let mut slots = [Slot::new()];
    /// let scope = Scope::new(interpreter.attach(), &mut slots);
    /// assert_eq!(scope.locate_segment(object.attach(&interpreter), Access::Read).unwrap().length, 5);
    /// assert_eq!(object.references(), 2, "of this type there are no views, so the object is held");
    /// ```
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
    /// ```
    /// use bufproto_core::request::Access;
    /// use bufproto_core::rules::Rule;
    /// use bufproto_core::scope::Scope;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytes(b"hello");
    /// let mut slots = [Slot::new()];
    /// let scope = Scope::new(interpreter.attach(), &mut slots);
    /// let refused = scope.argument(object.attach(&interpreter), Access::Write).unwrap_err();
    /// assert_eq!(refused.rule(), Some(Rule::ArgumentWritable));
    /// assert_eq!(scope.argument(object.attach(&interpreter), Access::Read).unwrap().span().length, 5);
    /// ```
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
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::scope::Scope;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::indirect(&[b"abc", b"xyz"]);
    /// let mut slots = [Slot::new()];
    /// let scope = Scope::new(interpreter.attach(), &mut slots);
    /// let held = scope.acquire(object.attach(&interpreter), Request::FULL).unwrap();
    /// assert!(held.layout().unwrap().is_indirect());
    /// ```
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
    /// ```
    /// use bufproto_core::scope::Scope;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::opaque();
    /// let mut slots = [Slot::new()];
    /// let scope = Scope::new(interpreter.attach(), &mut slots);
    /// scope.keep(object.attach(&interpreter)).unwrap();
    /// assert_eq!(object.references(), 2);
    /// drop(scope);
    /// assert_eq!(object.references(), 1);
    /// ```
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

//! Memory that is exported, as the class and every view of it hold it.

use core::cell::UnsafeCell;
use core::ffi::{c_int, c_void};
use core::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use bufproto_core::element::Element;
use bufproto_core::grant::{Block, Domain, Export, fill_info};
use bufproto_core::layout::{Layout, LayoutError};
use bufproto_core::request::Request;
use bufproto_core::rules::Rule;
use bufproto_core::shared::{Shared, SharedMut};
use bufproto_core::span::Span;
use bufproto_core::typed::{TypedView, TypedViewMut};

use super::error::ExportError;
use super::form::{Form, Kind};
use super::storage::Storage;
use crate::object::FAMILY;
use crate::view::NativeView;

/// What every `Held` begins with: all that the end of a view needs to know, whatever the storage and the class are. An
/// object's class may have become another one since the view began.
#[repr(C)]
pub(super) struct Keeper {
    domain: Domain,
    /// Lets go of one reference to the `Held` that begins here, which came from `Arc::into_raw`.
    let_go: unsafe fn(*const Self),
}

impl Keeper {
    /// Ends an export, and lets go of the reference that was kept for it.
    ///
    /// # Safety
    ///
    /// The pointer is one of `Arc::into_raw` of a [`Held`], given back once; such an export of it has begun, and has not been
    /// ended, and the memory is not used any more because of it.
    pub(super) unsafe fn end(this: *const Self, export: Export) {
        // SAFETY: the caller's word: what the pointer points to is there until the reference is let go.
        unsafe {
            (*this).domain.end(export);
            ((*this).let_go)(this);
        }
    }
}

/// The storage, and what is exported of it.
#[repr(C)]
pub(super) struct Held<S: Storage> {
    keeper: Keeper,
    /// Of the state, for who only wants to know how it was a moment ago.
    items: AtomicUsize,
    writable: AtomicBool,
    shared: AtomicBool,
    /// Invariant: it is changed only while the domain is resized, and looked at only then or during an export.
    state: UnsafeCell<State<S>>,
}

// SAFETY: the domain keeps those who change the state from all others. The storage may be sent, and is accessed by one thread
// at a time; the items may be sent and shared.
unsafe impl<S: Storage> Send for Held<S> {}
// SAFETY: as above.
unsafe impl<S: Storage> Sync for Held<S> {}

struct State<S: Storage> {
    /// Not accessed but to change it, when nothing of the memory is in use.
    storage: S,
    current: Current<S::Item>,
}

/// What there is to export.
pub(super) struct Current<T> {
    /// Invariant: the storage's own memory, as it said after its last access; or empty.
    memory: NonNull<[T]>,
    writable: bool,
    shared: bool,
    /// Invariant: within the memory.
    form: Form,
}

impl<S: Storage> Held<S> {
    const ITEM_SIZE: usize = size_of::<S::Item>();

    /// Holds a storage, in its place, where it says where its memory is.
    pub(super) fn new(storage: S, kind: Kind) -> Arc<Self> {
        let form = Form::empty(kind, Self::ITEM_SIZE);
        let current = Current { memory: Current::NOTHING, writable: false, shared: false, form };
        let mut held = Arc::new(Self {
            keeper: Keeper { domain: Domain::new(), let_go: Self::let_go },
            items: AtomicUsize::new(0),
            writable: AtomicBool::new(false),
            shared: AtomicBool::new(false),
            state: UnsafeCell::new(State { storage, current }),
        });
        // Nobody else has it yet.
        if let Some(held) = Arc::get_mut(&mut held) {
            held.state.get_mut().refresh();
            held.publish();
        }
        held
    }

    /// # Safety
    ///
    /// The pointer is one of `Arc::into_raw`, cast, and given back once.
    unsafe fn let_go(this: *const Keeper) {
        // SAFETY: the caller's word.
        drop(unsafe { Arc::from_raw(this.cast::<Self>()) });
    }

    pub(super) fn domain(&self) -> &Domain {
        &self.keeper.domain
    }

    pub(super) fn len(&self) -> usize {
        self.items.load(Relaxed)
    }

    pub(super) fn is_writable(&self) -> bool {
        self.writable.load(Relaxed)
    }

    pub(super) fn is_shared(&self) -> bool {
        self.shared.load(Relaxed)
    }

    pub(super) fn into_storage(self) -> S {
        self.state.into_inner().storage
    }

    /// Begins a stable read for a request.
    ///
    /// # Errors
    ///
    /// As [`Domain::begin_stable`]; [`Rule::StableRead`] also if the storage is shared.
    pub(super) fn begin_stable(&self, request: Request) -> Result<Export, Rule> {
        self.forget(|domain| domain.exports() > domain.stable_reads());
        let export = self.domain().begin_stable(request)?;
        // SAFETY: it has begun.
        if unsafe { self.current() }.shared {
            // SAFETY: as above, and nothing came of it.
            unsafe { self.domain().end(export) };
            return Err(Rule::StableRead);
        }
        Ok(export)
    }

    /// Looks at what there is to export, while it stays.
    pub(super) fn read<R>(&self, read: impl FnOnce(&Current<S::Item>) -> R) -> Result<R, ExportError> {
        self.domain().begin(Export::Read).map_err(ExportError::Refused)?;
        let end = OnEnd(|| {
            // SAFETY: it has begun above, and what it was for is over.
            unsafe { self.domain().end(Export::Read) }
        });
        // SAFETY: this is an export.
        let result = read(unsafe { self.current() });
        drop(end);
        Ok(result)
    }

    /// The same, to write to it.
    pub(super) fn write<R>(&self, write: impl FnOnce(&Current<S::Item>) -> R) -> Result<R, ExportError> {
        self.forget(|domain| domain.stable_reads() > 0);
        self.domain()
            .write(|| {
                // SAFETY: a write of the owner is an export.
                let current = unsafe { self.current() };
                if current.writable { Ok(write(current)) } else { Err(Rule::Writable) }
            })
            .and_then(|written| written)
            .map_err(ExportError::Refused)
    }

    /// # Safety
    ///
    /// An export lasts for as long as the reference.
    pub(super) unsafe fn current(&self) -> &Current<S::Item> {
        // SAFETY: the caller's word, and the invariant.
        unsafe { &(*self.state.get()).current }
    }

    /// Changes the storage, unless its form is fixed.
    pub(super) fn resize<R>(&self, resize: impl FnOnce(&mut S) -> R) -> Result<R, ExportError> {
        self.exclusively(|state| match state.current.form.kind {
            Kind::Fixed => Err(ExportError::Fixed),
            Kind::Bytes | Kind::Flat => Ok(state.access(resize)),
        })
    }

    /// Changes the storage, and then the form.
    pub(super) fn reshape<R>(
        &self,
        form: impl FnOnce(usize, usize) -> Result<Form, ExportError>,
        reshape: impl FnOnce(&mut S) -> R,
    ) -> Result<R, ExportError> {
        self.exclusively(|state| {
            let result = state.access(reshape);
            state.current.form = form(Self::ITEM_SIZE, state.current.memory.len())?;
            Ok(result)
        })
    }

    fn exclusively<R>(
        &self,
        change: impl FnOnce(&mut State<S>) -> Result<R, ExportError>,
    ) -> Result<R, ExportError> {
        let resize = || {
            let publish = OnEnd(|| self.publish());
            // SAFETY: the invariant: the domain is resized.
            let result = change(unsafe { &mut *self.state.get() });
            drop(publish);
            result
        };
        self.forget(|domain| domain.exports() > 0);
        self.domain().resize(resize).map_err(ExportError::Refused)?
    }

    /// On PyPy, lets views end that nobody has any more, where exports are in the way. A `memoryview` there tells its exporter
    /// of its end only when garbage is collected, even if it is released; and the exporter itself, if nobody else has it, is
    /// garbage only then.
    #[inline]
    fn forget(&self, in_the_way: impl Fn(&Domain) -> bool) {
        #[cfg(PyPy)]
        for _ in 0..3 {
            if !in_the_way(self.domain()) {
                break;
            }
            crate::interpreter::collect_garbage();
        }
        #[cfg(not(PyPy))]
        let _ = in_the_way;
    }

    /// Tells of the state. Called while the domain is resized, or nobody else has this.
    fn publish(&self) {
        // SAFETY: the invariant.
        let current = unsafe { self.current() };
        self.items.store(current.memory.len(), Relaxed);
        self.writable.store(current.writable, Relaxed);
        self.shared.store(current.shared, Relaxed);
    }

    /// Fills a view, as the request is entitled to, for a stable read if it is to be one. The view takes over one reference
    /// to `owner`, and is due to be [ended](Domain::end) as what is returned.
    ///
    /// # Errors
    ///
    /// A rule; nothing is written then.
    ///
    /// # Safety
    ///
    /// `view` may be written to, and stays where it is. This is kept until the view is released.
    pub(super) unsafe fn fill(
        &self,
        view: NonNull<NativeView>,
        owner: *mut c_void,
        read_only: bool,
        (request, stable): (Request, bool),
    ) -> Result<Export, Rule> {
        if !stable {
            self.forget(|domain| domain.stable_reads() > 0);
        }
        let filled = self.read(|current| {
            let export = if stable {
                self.begin_stable(request)?
            } else {
                self.domain().begin_view(request, read_only || !current.writable)?
            };
            // SAFETY: the caller's word; what has begun keeps memory and form.
            unsafe { current.fill(view, owner, export != Export::Write, request) }
                .map(|()| export)
                .inspect_err(
                    // SAFETY: it has begun above, and nothing came of it.
                    |_| unsafe { self.domain().end(export) },
                )
        });
        match filled {
            Ok(filled) => filled,
            Err(ExportError::Refused(rule)) => Err(rule),
            Err(_) => Err(Rule::Resizing),
        }
    }
}

impl<S: Storage> State<S> {
    /// Gives the storage out to be changed, and asks it afterwards where its memory is, also if this panics.
    fn access<R>(&mut self, access: impl FnOnce(&mut S) -> R) -> R {
        /// Asks at the end.
        struct Refresh<'a, S: Storage>(&'a mut State<S>);
        impl<S: Storage> Drop for Refresh<'_, S> {
            fn drop(&mut self) {
                self.0.refresh();
            }
        }
        let refresh = Refresh(self);
        access(&mut refresh.0.storage)
    }

    /// Asks the storage for its memory.
    fn refresh(&mut self) {
        let current = &mut self.current;
        // The storage may panic when it is asked. Then there is nothing to export.
        current.memory = Current::NOTHING;
        current.writable = false;
        match current.form.kind {
            Kind::Bytes | Kind::Flat => current.form.shape[0] = 0,
            Kind::Fixed => current.form = Form::empty(Kind::Flat, size_of::<S::Item>()),
        }
        current.writable = self.storage.is_writable();
        current.shared = self.storage.is_shared();
        current.memory = self.storage.memory();
        // A slice has no more items than this.
        current.form.shape[0] = current.memory.len().cast_signed();
    }
}

impl<T> Current<T> {
    /// No memory.
    const NOTHING: NonNull<[T]> = NonNull::slice_from_raw_parts(NonNull::dangling(), 0);

    pub(super) fn memory(&self) -> NonNull<[T]> {
        self.memory
    }

    fn length(&self) -> usize {
        size_of::<T>() * self.memory.len()
    }

    fn pointer(&self) -> *mut u8 {
        self.memory.as_ptr().cast()
    }

    pub(super) fn shared(&self) -> Shared<'_> {
        // SAFETY: the invariant: the memory stays for as long as this is borrowed; references to it are made only where
        // nobody writes. (Of read-only memory, relaxed loads of bytes are allowed: see `core::sync::atomic`.)
        unsafe { Shared::new(self.pointer(), self.length()) }
    }

    /// # Safety
    ///
    /// The memory is writable, and this is a write of its owner.
    pub(super) unsafe fn shared_mut(&self) -> SharedMut<'_> {
        // SAFETY: as in `shared`, and the caller's word.
        unsafe { SharedMut::new(self.pointer(), self.length()) }
    }

    /// Where the first item of the layout is.
    fn first(&self) -> *mut u8 {
        self.pointer().wrapping_add(self.form.offset)
    }

    fn layout(&self) -> Result<Layout<'_>, LayoutError> {
        Layout::new(size_of::<T>(), &self.form.shape, Some(&self.form.strides), None)
    }
}

impl<T: Element> Current<T> {
    pub(super) fn typed(&self) -> Result<TypedView<'_, T>, ExportError> {
        let layout = self.layout().map_err(ExportError::Layout)?;
        // SAFETY: the invariants: all items of the layout are within the memory, which stays for as long as this is borrowed,
        // and holds items of this type.
        Ok(unsafe { TypedView::new(self.first(), layout) })
    }

    /// # Safety
    ///
    /// As [`shared_mut`](Self::shared_mut).
    pub(super) unsafe fn typed_mut(&self) -> Result<TypedViewMut<'_, T>, ExportError> {
        let layout = self.layout().map_err(ExportError::Layout)?;
        // SAFETY: as in `typed`, and the caller's word.
        Ok(unsafe { TypedViewMut::new(self.first(), layout) })
    }

    /// # Safety
    ///
    /// As [`Held::fill`]; an export keeps this until the view is released.
    unsafe fn fill(
        &self,
        view: NonNull<NativeView>,
        owner: *mut c_void,
        read_only: bool,
        request: Request,
    ) -> Result<(), Rule> {
        if self.form.kind == Kind::Bytes {
            let memory = Span { pointer: self.pointer().cast(), length: self.length().cast_signed() };
            // SAFETY: the caller's word.
            return unsafe { fill_info(FAMILY, Some(view), owner, memory, c_int::from(read_only), request) };
        }
        let item = (size_of::<T>(), T::EXPORTED);
        let block = Block::new(self.first(), item, &self.form.shape, &self.form.strides, None, read_only)
            .map_err(|_| Rule::ViewLayout)?;
        // SAFETY: the caller's word.
        unsafe { block.fill(view, owner, request) }
    }
}

/// Does something at the end, also when what comes before it panics.
struct OnEnd<F: Fn()>(F);

impl<F: Fn()> Drop for OnEnd<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

//! What is kept of a view that moves: just what its release needs.
//!
//! A filled view may refer to itself, so it must not be moved as it is; but functions return their values by moving
//! them. The answer to a request for bytes is [plain](bufproto_core::argument::is_plain): nothing in it refers to
//! anything but the memory and the exporter. Such a view is taken apart here, and put together again where it is
//! released. CPython's documentation of `bf_releasebuffer` allows for that: the exporter is to go by `internal`, and
//! "a consumer MAY pass a copy of the original buffer". An exporter that fills in what it was not asked for gets a
//! place that does not move any more, which takes an allocation.
//!
//! Of an exact `bytearray` the export is counted as its exporter counts it, where only the interpreter's lock guards the
//! count, and of an exact `bytes` there is nothing to be kept: neither takes a view.
//!
//! It is small, since it is moved, more than once, wherever an argument is.

use core::ffi::c_int;
use core::mem;
use core::ptr::{self, NonNull};

use bufproto_core::abi::{Header, View as _};
use bufproto_core::argument::{is_plain, settle};
use bufproto_core::runtime::Runtime as _;
use bufproto_core::shared::Shared;
use bufproto_core::stable::StableView;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::object::Attached;
use crate::view::{NativeView, View};

/// What keeps memory. **Dropping it does not release it**, since that may need the interpreter.
#[derive(Debug)]
pub(crate) struct Lease {
    /// What `kind` says.
    owner: *mut (),
    /// The size of an item, in bytes, but of a whole view.
    item_size: u32,
    /// Of a plain view, like what follows.
    internal: *mut (),
    dimensions: u8,
    read_only: bool,
    /// Whether `buf` was null, which [`Shared`] memory never is.
    null: bool,
    /// Whether nobody writes to the memory, whatever keeps it.
    frozen: bool,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The borrow of an object, `owner`, whose memory stays with it.
    Borrow,
    /// A reference to such an object.
    Reference,
    /// An export of a `bytearray`, `owner`, that is borrowed: it is counted, and there is no view.
    Counted,
    /// The same, with a reference.
    CountedReference,
    /// A plain view, whose `obj` is `owner`; its other fields are here and in the memory that it is a view of.
    Plain,
    /// A view in its final place, a box at `owner`, where it refers to itself if it refers to itself at all.
    Whole,
    /// No view: the memory is a box that nobody else has, and `owner` points to its first byte.
    Copy,
}

impl Lease {
    #[inline]
    const fn new(kind: Kind, owner: *mut (), frozen: bool) -> Self {
        Self {
            owner,
            item_size: 1,
            internal: ptr::null_mut(),
            dimensions: 0,
            read_only: false,
            null: false,
            frozen,
            kind,
        }
    }

    /// Nothing is kept: the memory stays with a `bytes` that is borrowed, and nobody writes to it.
    #[inline]
    pub(crate) const fn bytes(object: *mut ffi::PyObject) -> Self {
        Self::new(Kind::Borrow, object.cast(), true)
    }

    /// Counts an export of an exact `bytearray`, as its exporter does, and says where its memory is: without a view, and
    /// without a reference, for it is borrowed. `None` for any other object, and on interpreters where other threads may
    /// count at the same time, or whose fields are not known.
    #[inline]
    pub(crate) fn count(object: Borrowed<'_, '_, PyAny>) -> Option<(Self, *mut u8, usize)> {
        cfg_if::cfg_if! {
            if #[cfg(all(Py_3_9, not(any(Py_GIL_DISABLED, PyPy, GraalPy, Py_LIMITED_API))))] {
                let object = object.as_ptr();
                // SAFETY: a borrowed object is alive.
                if unsafe { ffi::PyByteArray_CheckExact(object) } == 0 {
                    return None;
                }
                let array: *mut ffi::PyByteArrayObject = object.cast();
                // SAFETY: these are the fields of an exact `bytearray`, which only who holds the lock looks at. The
                // length is not negative.
                unsafe {
                    (*array).ob_exports += 1;
                    let (memory, length) = ((*array).ob_start.cast(), ffi::Py_SIZE(object).cast_unsigned());
                    Some((Self::new(Kind::Counted, object.cast(), false), memory, length))
                }
            } else {
                let _ = object;
                None
            }
        }
    }

    /// Takes over a copy of items of so many bytes. Its address stays.
    pub(crate) fn copy(bytes: Box<[u8]>, item_size: isize) -> (Self, NonNull<[u8]>) {
        let bytes = NonNull::from(Box::leak(bytes));
        (Self::new(Kind::Copy, bytes.as_ptr().cast(), true).of_items(item_size), bytes)
    }

    /// The same with items of so many bytes. What does not fit is no size that a caller could want.
    fn of_items(self, item_size: isize) -> Self {
        Self { item_size: u32::try_from(item_size).unwrap_or(u32::MAX), ..self }
    }

    /// Takes over a view that `object`, which is borrowed, was asked for.
    #[inline]
    pub(crate) fn of(view: View<'_, '_>, object: *mut ffi::PyObject) -> Self {
        let frozen = view.held().is_frozen();
        Self::holding(view, object, frozen)
    }

    /// The same for a stable read: nobody writes to the memory until it is released.
    #[inline]
    pub(crate) fn stable(view: StableView<'_, Attached<'_>>, object: *mut ffi::PyObject) -> Self {
        Self::holding(view.into_view(), object, true)
    }

    #[inline]
    fn holding(view: View<'_, '_>, object: *mut ffi::PyObject, frozen: bool) -> Self {
        if view.held().header().obj.is_null() {
            // Nobody is to be told when such a view ends, and the memory can only be the object's.
            let lease = Self::new(Kind::Borrow, object.cast(), frozen);
            return lease.of_items(view.held().header().itemsize);
        }
        let raw = view.held().raw();
        let lease = match plain(raw, frozen) {
            Some(lease) => lease,
            None => Self::new(Kind::Whole, whole(raw).as_ptr().cast(), frozen),
        };
        // The lease releases it.
        mem::forget(view);
        lease
    }

    /// The same without a borrow: what stayed with an object that is borrowed keeps a reference to it.
    ///
    /// # Safety
    ///
    /// A borrowed object is still alive, and the thread is attached.
    pub(crate) unsafe fn into_owned(mut self) -> Self {
        let kind = match self.kind {
            Kind::Borrow => Kind::Reference,
            Kind::Counted => Kind::CountedReference,
            _ => return self,
        };
        // SAFETY: the caller's word.
        unsafe { ffi::Py_INCREF(self.owner.cast()) };
        self.kind = kind;
        self
    }

    /// Whether nobody writes to the memory.
    #[inline]
    pub(crate) fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// The size of an item in bytes, as the exporter states it.
    pub(crate) fn item_size(&self) -> usize {
        match self.kind {
            Kind::Whole => {
                // SAFETY: the view stays in its place until the lease is released, which nothing is used after.
                let header = unsafe { (*self.owner.cast::<NativeView>()).header() };
                usize::try_from(header.itemsize).unwrap_or(usize::MAX)
            }
            _ => self.item_size as usize,
        }
    }

    /// Whether releasing it is more than nothing.
    #[inline]
    pub(crate) fn is_due(&self) -> bool {
        self.kind != Kind::Borrow
    }

    /// Whether the interpreter is needed to release it.
    pub(crate) fn needs_interpreter(&self) -> bool {
        !matches!(self.kind, Kind::Borrow | Kind::Copy)
    }

    /// Gives back what keeps `memory`.
    ///
    /// # Safety
    ///
    /// - A borrowed object is still alive.
    /// - This is the memory that the lease was made for, and it is not used any more.
    /// - The lease has not been released, and will not be again.
    /// - The thread is attached, if that [is needed](Self::needs_interpreter).
    #[inline]
    pub(crate) unsafe fn release(&mut self, memory: Shared<'_>, attached: Option<Attached<'_>>) {
        match self.kind {
            Kind::Borrow => {}
            // SAFETY: the caller's word, and this kind of lease.
            Kind::Counted if attached.is_some() => unsafe { self.discount() },
            // SAFETY: the caller's word.
            _ => unsafe { self.release_owned(memory, attached) },
        }
    }

    /// Counts an export less.
    ///
    /// # Safety
    ///
    /// The lease is that of a counted export, which is counted less once; the `bytearray` is alive, and the thread
    /// attached.
    #[inline]
    unsafe fn discount(&self) {
        #[cfg(all(Py_3_9, not(any(Py_GIL_DISABLED, PyPy, GraalPy, Py_LIMITED_API))))]
        // SAFETY: the caller's word; these are the fields of an exact `bytearray`.
        unsafe {
            (*self.owner.cast::<ffi::PyByteArrayObject>()).ob_exports -= 1;
        }
    }

    /// # Safety
    ///
    /// As [`release`](Self::release).
    #[inline(never)]
    unsafe fn release_owned(&mut self, memory: Shared<'_>, attached: Option<Attached<'_>>) {
        match (self.kind, attached) {
            (Kind::CountedReference, Some(_)) => {
                // SAFETY: this kind of lease; it owns the reference, and the thread is attached.
                unsafe {
                    self.discount();
                    ffi::Py_DECREF(self.owner.cast());
                }
            }
            (Kind::Plain, Some(attached)) => {
                let buf = if self.null { ptr::null_mut() } else { memory.as_ptr().cast_mut() };
                let mut view = NativeView::EMPTY;
                view.header = Header {
                    buf: buf.cast(),
                    obj: self.owner.cast(),
                    len: memory.len().cast_signed(),
                    // It was an `isize`, and not negative.
                    itemsize: self.item_size as isize,
                    readonly: c_int::from(self.read_only),
                    ndim: c_int::from(self.dimensions),
                    ..Header::EMPTY
                };
                view.internal = self.internal.cast();
                // SAFETY: a copy of the view that the exporter filled, equal in every field, and by the caller's word
                // the only one that is released.
                unsafe { attached.release(NonNull::from(&mut view)) };
            }
            // SAFETY: the view has stayed in its place since it was settled there. The place was a box, which nobody
            // uses any more.
            (Kind::Whole, Some(attached)) => unsafe {
                let view: *mut NativeView = self.owner.cast();
                attached.release(NonNull::new_unchecked(view));
                drop(Box::from_raw(view));
            },
            // SAFETY: the lease owns the reference.
            (Kind::Reference, Some(_)) => unsafe { ffi::Py_DECREF(self.owner.cast()) },
            (Kind::Copy, _) => {
                // SAFETY: the memory was a box, whose address and length these are.
                drop(unsafe {
                    Box::from_raw(ptr::slice_from_raw_parts_mut(self.owner.cast::<u8>(), memory.len()))
                });
            }
            (Kind::Borrow | Kind::Counted, _) | (_, None) => {}
        }
    }
}

/// The fields of a view that is plain, and whose fields fit.
#[inline]
fn plain(view: &NativeView, frozen: bool) -> Option<Lease> {
    let header = view.header();
    let elsewhere = header.buf.addr().wrapping_sub(ptr::from_ref(view).addr()) >= size_of::<NativeView>();
    // PyPy's views have room for shapes inside, and more fields.
    if cfg!(PyPy) || !is_plain(header) || !elsewhere {
        return None;
    }
    Some(Lease {
        owner: header.obj.cast(),
        internal: view.internal.cast(),
        item_size: u32::try_from(header.itemsize).ok()?,
        dimensions: u8::try_from(header.ndim).ok()?,
        read_only: match header.readonly {
            0 => false,
            1 => true,
            _ => return None,
        },
        null: header.buf.is_null(),
        frozen,
        kind: Kind::Plain,
    })
}

/// A copy of a view in a box where it does not move, and refers to itself instead of to the original. (A pointer, since
/// one to the content of a `Box` is not to be used once that has moved.)
#[cold]
#[inline(never)]
fn whole(view: &NativeView) -> NonNull<NativeView> {
    let place = NonNull::from(Box::leak(Box::<NativeView>::new_uninit())).cast();
    // SAFETY: both are places for a view; the copy is whole, so it can be settled.
    unsafe {
        ptr::copy_nonoverlapping(view, place.as_ptr(), 1);
        settle(place, ptr::from_ref(view).addr());
    }
    place
}

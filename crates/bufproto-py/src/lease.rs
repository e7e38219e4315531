//! What is kept of a view that moves: just what its release needs.
//!
//! A filled view may refer to itself, so it must not be moved as it is; but functions return their values by moving
//! them. The answer to a request for bytes is [plain](bufproto_core::argument::is_plain): nothing in it refers to
//! anything but the memory and the exporter. Such a view is taken apart here, and put together again where it is
//! released. CPython's documentation of `bf_releasebuffer` allows for that: the exporter is to go by `internal`, and
//! "a consumer MAY pass a copy of the original buffer". An exporter that fills in what it was not asked for gets a
//! place that does not move any more, which takes an allocation.

use core::ffi::{c_int, c_void};
use core::mem;
use core::ptr::{self, NonNull};

use bufproto_core::abi::{Header, View as _};
use bufproto_core::argument::{is_plain, settle};
use bufproto_core::runtime::Runtime as _;
use pyo3::ffi;

use crate::object::Attached;
use crate::view::{NativeView, View};

/// A view, held, that may be moved. **Dropping it does not release it**, since that needs the interpreter.
#[derive(Debug)]
pub(crate) struct Lease(Kept);

/// Invariant: all of a view that an exporter of this interpreter filled, and that nobody else releases.
#[derive(Debug)]
enum Kept {
    /// The fields of a plain view.
    Plain(Plain),
    /// A view in its final place, a box, where it refers to itself if it refers to itself at all. (A pointer, since one
    /// to the content of a `Box` is not to be used once that has moved.)
    Whole(NonNull<NativeView>),
    /// No view, but a reference to the object whose memory it is.
    Reference(NonNull<ffi::PyObject>),
}

#[derive(Debug)]
struct Plain {
    memory: *mut c_void,
    length: isize,
    owner: *mut c_void,
    item_size: isize,
    read_only: c_int,
    dimensions: c_int,
    internal: *mut c_void,
}

impl Lease {
    /// Takes over a view.
    #[inline]
    pub(crate) fn of(view: View<'_, '_>) -> Self {
        let raw = view.held().raw();
        let header = raw.header();
        let elsewhere = header.buf.addr().wrapping_sub(ptr::from_ref(raw).addr()) >= size_of::<NativeView>();
        // PyPy's views have room for shapes inside, and no interpreter's but CPython's are known to be plain.
        let kept = if cfg!(not(PyPy)) && is_plain(header) && elsewhere {
            Kept::Plain(Plain {
                memory: header.buf,
                length: header.len,
                owner: header.obj,
                item_size: header.itemsize,
                read_only: header.readonly,
                dimensions: header.ndim,
                internal: raw.internal,
            })
        } else {
            Kept::Whole(whole(raw))
        };
        // What was kept releases it.
        mem::forget(view);
        Self(kept)
    }

    /// A new reference to an object whose memory stays as long as the object does.
    ///
    /// # Safety
    ///
    /// The object is alive, and the thread is attached.
    pub(crate) unsafe fn reference(object: NonNull<ffi::PyObject>) -> Self {
        // SAFETY: the caller's word.
        unsafe { ffi::Py_INCREF(object.as_ptr()) };
        Self(Kept::Reference(object))
    }

    /// Gives the view back.
    ///
    /// # Safety
    ///
    /// Nobody has released it, nobody will again, and its memory is not used any more.
    #[inline]
    pub(crate) unsafe fn release(&mut self, attached: Attached<'_>) {
        match &mut self.0 {
            Kept::Plain(plain) => {
                let mut view = NativeView::EMPTY;
                view.header = Header {
                    buf: plain.memory,
                    obj: plain.owner,
                    len: plain.length,
                    itemsize: plain.item_size,
                    readonly: plain.read_only,
                    ndim: plain.dimensions,
                    ..Header::EMPTY
                };
                view.internal = plain.internal;
                // SAFETY: a copy of the view that the exporter filled, equal in every field, and by the caller's word
                // the only one that is released.
                unsafe { attached.release(NonNull::from(&mut view)) };
            }
            // SAFETY: the view has stayed in its place since it was settled there, and the caller's word. The place was
            // a box, which nobody uses any more.
            Kept::Whole(view) => unsafe {
                attached.release(*view);
                drop(Box::from_raw(view.as_ptr()));
            },
            // SAFETY: the lease owns the reference, and the thread is attached.
            Kept::Reference(object) => unsafe { ffi::Py_DECREF(object.as_ptr()) },
        }
    }
}

/// A copy of a view where it does not move, and refers to itself instead of to the original.
#[cold]
fn whole(view: &NativeView) -> NonNull<NativeView> {
    let place = NonNull::from(Box::leak(Box::<NativeView>::new_uninit())).cast();
    // SAFETY: both are places for a view; the copy is whole, so it can be settled.
    unsafe {
        ptr::copy_nonoverlapping(view, place.as_ptr(), 1);
        settle(place, ptr::from_ref(view).addr());
    }
    place
}

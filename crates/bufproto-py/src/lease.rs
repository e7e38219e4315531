//! What is kept of a view that moves: just what its release needs.
//!
//! A filled view may refer to itself, so it must not be moved as it is; but functions return their values by moving
//! them. The answer to a request for bytes is [plain](Header::is_plain): nothing in it refers to
//! anything but the memory and the exporter. Such a view is taken apart here, and put together again where it is
//! released. CPython's documentation of `bf_releasebuffer` allows for that: the exporter is to go by `internal`, and
//! "a consumer MAY pass a copy of the original buffer". An exporter that fills in what it was not asked for gets a
//! place that does not move any more, which takes an allocation; unless its type is not told when a view ends, for then
//! a view is no more than a reference.
//!
//! Of an exact `bytearray` or `memoryview` the export is [counted](crate::counted), and of an exact `bytes` there is
//! nothing to be kept: neither takes a view.
//!
//! It is small, since it is moved, more than once, wherever an argument is. Its fields are those that a view begins with,
//! in the same order, so that they are copied several at a time.

#[cfg(not(any(PyPy, GraalPy, Py_LIMITED_API)))]
use core::ffi::c_char;
use core::ffi::{CStr, c_int, c_void};
use core::hint;
use core::mem::{self, MaybeUninit};
use core::ptr::{self, NonNull};

use bufproto_core::abi::{Header, View as _};
use bufproto_core::argument::{self, settle};
use bufproto_core::error::Error;
use bufproto_core::request::{Access, Request};
use bufproto_core::rules::Rule;
use bufproto_core::runtime::Object as _;
use bufproto_core::shared::{Shared, SharedMut};
#[cfg(not(any(PyPy, GraalPy, Py_LIMITED_API)))]
use bufproto_core::span::Span;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::counted::{self, Counted};
use crate::error::into_py_err;
use crate::interpreter;
#[cfg(not(any(PyPy, GraalPy, Py_LIMITED_API)))]
use crate::known;
#[cfg(all(feature = "numpy", not(any(Py_GIL_DISABLED, PyPy, GraalPy, Py_LIMITED_API))))]
use crate::numpy;
use crate::object::{Attached, Object, Raised};
use crate::refusal;
use crate::view::{self, NativeView, Slot, View};

/// What keeps memory, and where that is. **Dropping it does not release it**, since that may need the interpreter.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Lease {
    /// The memory, or any address if there are no bytes.
    memory: NonNull<u8>,
    /// What `kind` says.
    owner: *mut ffi::PyObject,
    /// In bytes, not negative.
    length: isize,
    /// The address of a counter; of what is not counted, the size of an item in bytes.
    detail: *mut isize,
    kind: Kind,
    /// Of a plain view.
    internal: *mut c_void,
}

/// Of a plain view the number of dimensions, and below that whether it is read-only; else one of the constants. The other
/// fields of a plain view are in the lease, or null.
///
/// They are in an order by which few comparisons tell what is to be released, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
struct Kind(i64);

impl Kind {
    /// A view in its final place, a box at `owner`, where it refers to itself if it refers to itself at all.
    const WHOLE: Self = Self(-1);
    /// No view: the memory is a box that nobody else has.
    const COPY: Self = Self(-2);
    /// An export of `owner`, to which there is a reference: it is counted at the address `detail`, and there is no view.
    const COUNTED_REFERENCE: Self = Self(-3);
    /// A reference to `owner`, whose memory stays with it, and nobody writes to it.
    const FROZEN_REFERENCE: Self = Self(-4);
    /// The same, but others may write to the memory.
    const REFERENCE: Self = Self(-5);
    /// A reference to `owner`, which is of a [known](crate::known) type, or a `bytearray` or `memoryview`, to be told that a
    /// view has ended. It raises nothing, and the view is of no use to it.
    #[cfg(not(any(PyPy, GraalPy)))]
    const KNOWN: Self = Self(-6);
    /// An export of `owner`, which is borrowed, and else as with a reference.
    const COUNTED: Self = Self(-7);
    /// The borrow of an object, `owner`, whose memory stays with it.
    const OBJECT: Self = Self(-8);
    /// The borrow of a `bytes`, `owner`.
    const BYTES: Self = Self(-9);

    /// Of a plain view, whose number of dimensions is not negative.
    #[inline]
    fn plain(view: &Header) -> Self {
        Self(i64::from(view.ndim) << 32 | i64::from(view.readonly.cast_unsigned()))
    }

    /// The number of dimensions, and whether it is read-only, as a plain view has them.
    #[inline]
    fn fields(self) -> (c_int, c_int) {
        ((self.0 >> 32) as c_int, self.0 as c_int)
    }

    #[inline]
    const fn is_plain(self) -> bool {
        self.0 >= 0
    }

    /// Whether there is nothing to give back.
    #[inline]
    const fn is_borrow(self) -> bool {
        self.0 <= Self::OBJECT.0
    }

    /// Whether what there is to give back is that of few arguments.
    #[inline]
    const fn is_unusual(self) -> bool {
        self.0 >= Self::FROZEN_REFERENCE.0
    }
}

impl Lease {
    #[inline]
    const fn new(kind: Kind, owner: *mut ffi::PyObject, memory: NonNull<u8>, length: isize) -> Self {
        Self { memory, owner, length, detail: ptr::null_mut(), kind, internal: ptr::null_mut() }
    }

    /// The same with items of so many bytes.
    #[inline]
    const fn of_items(self, item_size: isize) -> Self {
        Self { detail: ptr::without_provenance_mut(item_size.cast_unsigned()), ..self }
    }

    /// Nothing is kept: the memory, which nobody writes to, stays with a `bytes` that is borrowed.
    #[inline]
    pub(crate) const fn bytes(object: *mut ffi::PyObject, memory: NonNull<u8>, length: isize) -> Self {
        Self::new(Kind::BYTES, object, memory, length)
    }

    /// Takes over a copy of items of so many bytes. Its address stays.
    pub(crate) fn copy(bytes: Box<[u8]>, item_size: isize) -> Self {
        let length = bytes.len().cast_signed();
        let memory = NonNull::from(Box::leak(bytes)).cast();
        Self::new(Kind::COPY, ptr::null_mut(), memory, length).of_items(item_size)
    }

    /// Acquires the memory of an object that is borrowed, whatever its items are, by the shortest way there is.
    #[inline(always)]
    pub(crate) fn acquire<const WRITE: bool>(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if let Some(found) = counted::find::<WRITE>(object) {
            return Ok(Self::counted(found, object));
        }
        #[cfg(not(any(PyPy, GraalPy, Py_LIMITED_API)))]
        if known::is_known(object) {
            return Self::acquire_known::<WRITE>(object);
        } else if !Object::from(object).needs_release() {
            return Self::acquire_reference::<WRITE>(object);
        }
        #[cfg(all(Py_LIMITED_API, not(any(PyPy, GraalPy))))]
        return apart(Self::acquire_plain::<WRITE>(object));
        #[cfg(any(PyPy, GraalPy, not(Py_LIMITED_API)))]
        apart(Self::acquire_view::<WRITE>(object))
    }

    /// Of any object, where types are not known: a plain answer, if that is what the exporter gives.
    #[cfg(all(Py_LIMITED_API, not(any(PyPy, GraalPy))))]
    #[inline(never)]
    fn acquire_plain<const WRITE: bool>(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let borrowed = Object::from(object);
        let mut slot = Slot::new();
        let view = match argument::ask(borrowed, access::<WRITE>(), &mut slot) {
            Ok(view) => view,
            Err(error) => return Err(refuse::<WRITE>(error, borrowed)),
        };
        if argument::is_usual(view.held().header(), access::<WRITE>())
            && let Some(lease) = plain(view.held().raw())
        {
            // The lease releases it.
            mem::forget(view);
            // SAFETY: a borrowed object is alive.
            let quiet = unsafe {
                ffi::PyByteArray_CheckExact(lease.owner) != 0 || ffi::PyMemoryView_Check(lease.owner) != 0
            };
            return Ok(if quiet { Self { kind: Kind::KNOWN, ..lease } } else { lease });
        }
        Self::checked::<WRITE>(view, object)
    }

    /// Counts an export of an object that has just been found.
    #[inline(always)]
    fn counted(found: Counted, object: Borrowed<'_, '_, PyAny>) -> Self {
        // SAFETY: the caller has just found it.
        unsafe { found.count() };
        let memory = NonNull::new(found.memory).unwrap_or(NonNull::dangling());
        let lease = Self::new(Kind::COUNTED, object.as_ptr(), memory, found.length);
        Self { detail: found.counter, ..lease }
    }

    /// Of an object whose exporter is not told when a view ends, if it is one.
    #[cfg(not(any(PyPy, GraalPy, Py_LIMITED_API)))]
    #[inline(always)]
    fn acquire_reference<const WRITE: bool>(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        #[cfg(all(feature = "numpy", not(any(Py_GIL_DISABLED, PyPy, GraalPy, Py_LIMITED_API))))]
        if let Some(found) = numpy::find::<WRITE>(object) {
            return Ok(Self::of_array(&found, object));
        }
        let borrowed = Object::from(object);
        let mut slot = Slot::new();
        let view = match argument::ask(borrowed, access::<WRITE>(), &mut slot) {
            Ok(view) => view,
            Err(error) => return Err(apart(refuse::<WRITE>(error, borrowed))),
        };
        if argument::is_usual(view.held().header(), access::<WRITE>())
            && let Some(lease) = Self::reference(view.held().raw(), object)
        {
            // The lease has the reference.
            mem::forget(view);
            return Ok(lease);
        }
        apart(Self::checked::<WRITE>(view, object))
    }

    /// A view of an array of numpy is no more than a reference.
    #[cfg(all(feature = "numpy", not(any(Py_GIL_DISABLED, PyPy, GraalPy, Py_LIMITED_API))))]
    #[inline(always)]
    fn of_array(found: &numpy::Found, object: Borrowed<'_, '_, PyAny>) -> Self {
        let owner = object.to_owned().into_ptr();
        Self::new(Kind::REFERENCE, owner, found.memory, found.length).of_items(found.item_size.cast_signed())
    }

    /// The lease of a view of an object whose exporter is not told when it ends: it is no more than a reference.
    #[cfg(not(any(PyPy, GraalPy, Py_LIMITED_API)))]
    #[inline(always)]
    fn reference(view: &NativeView, object: Borrowed<'_, '_, PyAny>) -> Option<Self> {
        let header = view.header();
        let memory = NonNull::new(header.buf.cast())?;
        let usual = header.obj.cast() == object.as_ptr() && is_elsewhere(view);
        usual.then(|| {
            Self::new(Kind::REFERENCE, object.as_ptr(), memory, header.len).of_items(header.itemsize)
        })
    }

    /// Of an object of a known type.
    #[cfg(not(any(PyPy, GraalPy, Py_LIMITED_API)))]
    #[inline(always)]
    fn acquire_known<const WRITE: bool>(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        match Self::ask_known(object, access::<WRITE>().request()) {
            Some((lease, _)) => Ok(lease),
            None => {
                let error = Error::Raised(Raised::new(object.py().into()));
                Err(apart(refuse::<WRITE>(error, object.into())))
            }
        }
    }

    /// Asks an object of a known type, for a format too or none; `None` if it raised something.
    #[cfg(not(any(PyPy, GraalPy, Py_LIMITED_API)))]
    #[inline(always)]
    pub(crate) fn ask_known(
        object: Borrowed<'_, '_, PyAny>,
        request: Request,
    ) -> Option<(Self, *const c_char)> {
        let mut view = MaybeUninit::<NativeView>::uninit();
        // SAFETY: the object is alive, and its type exports; it is known to need no empty view.
        if unsafe { interpreter::get_buffer(object.as_ptr(), view.as_mut_ptr(), request.bits()) } != 0 {
            return None;
        }
        let header: *const Header = view.as_ptr().cast();
        // SAFETY: the type is known to fill all fields, and to have an address where it has no bytes, too.
        unsafe {
            let memory = NonNull::new_unchecked((*header).buf.cast());
            let lease =
                Self::new(Kind::KNOWN, object.as_ptr(), memory, (*header).len).of_items((*header).itemsize);
            Some((lease, (*header).format))
        }
    }

    /// Of any other object.
    #[cfg(any(PyPy, GraalPy, not(Py_LIMITED_API)))]
    #[inline(never)]
    fn acquire_view<const WRITE: bool>(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let borrowed = Object::from(object);
        let mut slot = Slot::new();
        match argument::ask(borrowed, access::<WRITE>(), &mut slot) {
            Ok(view) => {
                #[cfg(not(any(PyPy, GraalPy, Py_LIMITED_API)))]
                known::learn(object);
                Self::checked::<WRITE>(view, object)
            }
            Err(error) => Err(refuse::<WRITE>(error, borrowed)),
        }
    }

    /// Takes over an answer that has not been looked at.
    #[inline(never)]
    fn checked<const WRITE: bool>(view: View<'_, '_>, object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        match argument::check(&view, access::<WRITE>()) {
            Ok(()) => Ok(Self::of(view, object)),
            Err(rule) => {
                drop(view);
                Err(refuse::<WRITE>(rule.into(), object.into()))
            }
        }
    }

    /// The same if the items are as they should be: `fits` is told their format, the size of one, and the number of bytes,
    /// and says what is to be raised if they are not. The exporter is asked once.
    #[inline]
    pub(crate) fn acquire_items<const WRITE: bool>(
        object: Borrowed<'_, '_, PyAny>,
        fits: impl FnOnce(&[u8], usize, usize) -> PyResult<()>,
    ) -> PyResult<Self> {
        if let Some(found) = counted::find::<WRITE>(object) {
            // SAFETY: it was found.
            let (format, item_size) = unsafe { counted::items(object.as_ptr()) };
            fits(format, item_size, found.length.cast_unsigned())?;
            return Ok(Self::counted(found, object));
        }
        #[cfg(not(any(PyPy, GraalPy, Py_LIMITED_API)))]
        if known::is_known(object) {
            let Some((lease, format)) = Self::ask_known(object, items::<WRITE>()) else {
                let error = Error::Raised(Raised::new(object.py().into()));
                return Err(refuse_items::<WRITE>(error, object));
            };
            // SAFETY: the format is static, in every known type.
            let format = unsafe { CStr::from_ptr(format) }.to_bytes();
            return match fits(format, lease.detail.addr(), lease.len()) {
                Ok(()) => Ok(lease),
                Err(error) => {
                    // SAFETY: the lease's own view, which nobody uses.
                    unsafe { lease.release(object.py().into()) };
                    Err(error)
                }
            };
        }
        #[cfg(all(feature = "numpy", not(any(Py_GIL_DISABLED, PyPy, GraalPy, Py_LIMITED_API))))]
        if let Some(found) = numpy::find::<WRITE>(object)
            && let Some(format) = found.format
        {
            fits(format, found.item_size, found.length.cast_unsigned())?;
            return Ok(Self::of_array(&found, object));
        }
        Self::acquire_items_of_view::<WRITE>(object, fits)
    }

    /// Of any other object.
    fn acquire_items_of_view<const WRITE: bool>(
        object: Borrowed<'_, '_, PyAny>,
        fits: impl FnOnce(&[u8], usize, usize) -> PyResult<()>,
    ) -> PyResult<Self> {
        let borrowed = Object::from(object);
        let mut slot = Slot::new();
        let view = match slot.fill(borrowed, items::<WRITE>()) {
            Ok(view) => view,
            Err(error) => return Err(refuse_items::<WRITE>(error, object)),
        };
        let held = view.held();
        let checked = argument::check(&view, access::<WRITE>())
            .and_then(|()| usize::try_from(held.header().itemsize).map_err(|_| Rule::ViewLayout));
        let item_size = match checked {
            Ok(item_size) => item_size,
            Err(rule) => {
                drop(view);
                return Err(refuse::<WRITE>(rule.into(), borrowed));
            }
        };
        // Not negative, as has been checked.
        let length = held.header().len.cast_unsigned();
        fits(held.format().map_or(b"B", CStr::to_bytes), item_size, length)?;
        #[cfg(not(any(PyPy, GraalPy, Py_LIMITED_API)))]
        if borrowed.needs_release() {
            known::learn(object);
        } else if let Some(lease) = Self::reference(held.raw(), object) {
            // The lease has the reference.
            mem::forget(view);
            return Ok(lease);
        }
        Ok(Self::of(view, object))
    }

    /// Acquires memory that nobody writes to until it is released, which is what the caller has to remember.
    pub(crate) fn acquire_stable(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let borrowed = Object::from(object);
        let mut slot = Slot::new();
        match argument::stable(borrowed, &mut slot) {
            Ok(view) => Ok(Self::of(view.into_view(), object)),
            Err(error) => Err(refuse::<false>(error, borrowed)),
        }
    }

    /// Takes over a view that `object`, which is borrowed, was asked for.
    #[inline(always)]
    fn of(view: View<'_, '_>, object: Borrowed<'_, '_, PyAny>) -> Self {
        let raw = view.held().raw();
        let lease = match plain(raw) {
            Some(lease) => lease,
            None => unusual(raw, object),
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
    pub(crate) unsafe fn into_owned(self, attached: Attached<'_>) -> Self {
        #[cfg(PyPy)]
        // SAFETY: the caller's word.
        if unsafe { self.may_be_let_go(attached) } {
            // SAFETY: nothing has run since the memory was acquired, so it is still there.
            let bytes = crate::copies::copy_of::<u8>(unsafe { self.memory() });
            let copy = Self::copy(bytes.into_boxed_slice(), self.item_size(attached).cast_signed());
            // SAFETY: the caller's word; the memory is not used any more, and the lease is given up.
            unsafe { self.release(attached) };
            return copy;
        }
        let kind = match self.kind {
            // A `bytes` is not told of releases, so a view of one is no more than a reference.
            kind if kind.is_plain() && self.is_frozen(attached) => {
                return Self { kind: Kind::FROZEN_REFERENCE, ..self };
            }
            Kind::BYTES => Kind::FROZEN_REFERENCE,
            Kind::OBJECT => Kind::REFERENCE,
            Kind::COUNTED => Kind::COUNTED_REFERENCE,
            _ => return self,
        };
        // SAFETY: the caller's word.
        unsafe { ffi::Py_INCREF(self.owner) };
        Self { kind, ..self }
    }

    /// Whether its exporter may move or free the memory although there is a view: [`lifetime::lets_go`](crate::lifetime::lets_go).
    ///
    /// # Safety
    ///
    /// A borrowed object is still alive, and the thread is attached.
    #[cfg(PyPy)]
    unsafe fn may_be_let_go(&self, attached: Attached<'_>) -> bool {
        let owner = match self.kind {
            // SAFETY: the view stays in its place until the lease is released.
            Kind::WHOLE => unsafe { &*self.owner.cast::<NativeView>() }.header().obj.cast(),
            _ if self.is_known_to_be_frozen() => return false,
            _ => self.owner,
        };
        // SAFETY: an owner is null or alive: a view holds a reference, and so do the other leases, or it is borrowed.
        unsafe { Borrowed::from_ptr_or_opt(attached.py(), owner) }.is_some_and(crate::lifetime::lets_go)
    }

    /// The memory that is kept.
    ///
    /// # Safety
    ///
    /// The lease is not released during `'a`, and a borrowed object stays alive.
    #[inline]
    pub(crate) unsafe fn memory<'a>(&self) -> Shared<'a> {
        // SAFETY: the caller's word; what is kept can be read.
        unsafe { Shared::new(self.memory.as_ptr(), self.len()) }
    }

    /// The memory that is kept, to write to.
    ///
    /// # Safety
    ///
    /// As [`memory`](Self::memory), and it was acquired to be written to.
    #[inline]
    pub(crate) unsafe fn memory_mut<'a>(&self) -> SharedMut<'a> {
        // SAFETY: the caller's word; what is kept can be read.
        unsafe { SharedMut::new(self.memory.as_ptr(), self.len()) }
    }

    /// Its address and its length.
    #[cfg(not(any(PyPy, GraalPy, Py_LIMITED_API)))]
    #[inline]
    pub(crate) fn span(&self) -> Span {
        Span { pointer: self.memory.as_ptr().cast(), length: self.length }
    }

    /// Where it is.
    #[cfg(feature = "module")]
    pub(crate) fn place(&self) -> NonNull<[u8]> {
        NonNull::slice_from_raw_parts(self.memory, self.len())
    }

    /// The number of bytes.
    #[inline]
    pub(crate) const fn len(&self) -> usize {
        self.length.cast_unsigned()
    }

    /// The size of an item in bytes, as the exporter states it. The owner is alive, and the thread attached.
    pub(crate) fn item_size(&self, _attached: Attached<'_>) -> usize {
        match self.kind {
            Kind::BYTES => 1,
            // SAFETY: the object whose exports are counted, which keeps the memory.
            Kind::COUNTED | Kind::COUNTED_REFERENCE => unsafe { counted::items(self.owner) }.1,
            Kind::WHOLE => {
                // SAFETY: the view stays in its place until the lease is released.
                let view = unsafe { &*self.owner.cast::<NativeView>() };
                view.header().itemsize.cast_unsigned()
            }
            _ => self.detail.addr(),
        }
    }

    /// Whether nobody writes to the memory.
    #[inline]
    pub(crate) fn is_frozen(&self, attached: Attached<'_>) -> bool {
        if !self.kind.is_plain() {
            return self.is_known_to_be_frozen();
        }
        // SAFETY: a view's owner is alive, since the view holds a reference.
        unsafe { view::is_content_of_bytes(attached, self.owner, self.memory.addr().get(), self.length) }
    }

    /// The same of a lease [without a borrow](Self::into_owned), for which nothing is asked of the interpreter.
    #[inline]
    pub(crate) fn is_known_to_be_frozen(&self) -> bool {
        matches!(self.kind, Kind::BYTES | Kind::FROZEN_REFERENCE | Kind::COPY)
    }

    /// Whether the interpreter is needed to release it.
    pub(crate) fn needs_interpreter(&self) -> bool {
        !(self.kind.is_borrow() || self.kind == Kind::COPY)
    }

    /// Gives back what keeps the memory.
    ///
    /// # Safety
    ///
    /// - A borrowed object is still alive.
    /// - The memory is not used any more.
    /// - The lease has not been released, and will not be again.
    #[inline(always)]
    pub(crate) unsafe fn release(&self, attached: Attached<'_>) {
        if self.kind.is_borrow() {
            // Nothing is to be given back: the first question, since most arguments are `bytes`.
            return;
        }
        #[cfg(not(any(PyPy, GraalPy)))]
        if self.kind == Kind::KNOWN {
            // SAFETY: there is a view of the owner, and the lease owns the reference to it.
            unsafe { interpreter::tell(self.owner) };
            return;
        }
        if self.kind.is_unusual() {
            // A copy, so that the fields need not be in memory only for this; and out of line, or the compiler would find all
            // of it too long to be inlined, and keep every argument in memory.
            let lease = Self { ..*self };
            // SAFETY: the caller's word.
            unsafe { lease.release_held(attached) };
        } else if self.kind == Kind::COUNTED {
            // SAFETY: the counter is a field of the object, which is alive, and the thread is attached.
            unsafe { *self.detail -= 1 };
        } else {
            // SAFETY: the lease owns the reference, and the thread is attached.
            unsafe { ffi::Py_DECREF(self.owner) };
        }
    }

    /// # Safety
    ///
    /// As [`release`](Self::release).
    #[inline(never)]
    unsafe fn release_held(&self, attached: Attached<'_>) {
        // SAFETY: the caller's word, and the kind of lease.
        unsafe {
            if self.kind.is_plain() { self.release_plain() } else { self.release_other(Some(attached)) }
        }
    }

    /// The same by a thread that is not attached, if [that can be](Self::needs_interpreter).
    ///
    /// # Safety
    ///
    /// As [`release`](Self::release).
    pub(crate) unsafe fn release_detached(&self) {
        // SAFETY: the caller's word.
        unsafe { self.release_other(None) };
    }

    /// # Safety
    ///
    /// As [`release`](Self::release), of a plain view.
    #[inline]
    unsafe fn release_plain(&self) {
        let view = || {
            let (ndim, readonly) = self.kind.fields();
            let mut view = NativeView::EMPTY;
            view.header = Header {
                buf: self.memory.as_ptr().cast(),
                obj: self.owner.cast(),
                len: self.length,
                itemsize: self.detail.addr().cast_signed(),
                readonly,
                ndim,
                ..Header::EMPTY
            };
            view.internal = self.internal;
            view
        };
        // SAFETY: a copy of the view that the exporter filled, equal in every field, and by the caller's word the only one
        // that is released. The owner is the view's.
        unsafe { interpreter::give_back(self.owner, view) };
    }

    /// # Safety
    ///
    /// As [`release`](Self::release), of another view or none.
    #[cold]
    #[inline(never)]
    unsafe fn release_other(&self, attached: Option<Attached<'_>>) {
        match (self.kind, attached) {
            (Kind::COUNTED_REFERENCE, Some(_)) => {
                // SAFETY: this kind of lease, whose counter is a field of the object; it owns the reference, and the thread
                // is attached.
                unsafe {
                    *self.detail -= 1;
                    ffi::Py_DECREF(self.owner);
                }
            }
            // SAFETY: the view has stayed in its place since it was settled there. The place was a box, which nobody
            // uses any more.
            (Kind::WHOLE, Some(_)) => unsafe {
                let view: *mut NativeView = self.owner.cast();
                interpreter::quietly(|| interpreter::release(view));
                drop(Box::from_raw(view));
            },
            // SAFETY: the lease owns the reference.
            (Kind::FROZEN_REFERENCE, Some(_)) => unsafe { ffi::Py_DECREF(self.owner) },
            (Kind::COPY, _) => {
                // SAFETY: the memory was a box, whose address and length these are.
                drop(unsafe {
                    Box::from_raw(ptr::slice_from_raw_parts_mut(self.memory.as_ptr(), self.len()))
                });
            }
            _ => {}
        }
    }
}

/// What a function out of line has returned, moved. Otherwise the compiler would have it write to where the result of all
/// ways goes, which would then be in memory whichever way was gone.
#[inline(always)]
fn apart<T>(result: T) -> T {
    let result = MaybeUninit::new(result);
    let place = hint::black_box(&raw const result);
    // SAFETY: the result is there, and is not used or dropped any more.
    unsafe { place.read().assume_init() }
}

/// What an exporter is asked for if the format is needed too: items that lie side by side.
fn items<const WRITE: bool>() -> Request {
    let request = Request::CONTIG_RO | Request::FORMAT;
    if WRITE { request | Request::WRITABLE } else { request }
}

const fn access<const WRITE: bool>() -> Access {
    if WRITE { Access::Write } else { Access::Read }
}

#[cold]
#[inline(never)]
fn refuse<const WRITE: bool>(error: Error<Raised<'_>>, object: Object<'_, '_>) -> PyErr {
    if WRITE { refusal::to_write(error, object) } else { refusal::to_read(error, object) }
}

/// The exception of an exporter that was asked for items. It is that of one who asks for the bytes, if that is refused too.
#[cold]
#[inline(never)]
fn refuse_items<const WRITE: bool>(error: Error<Raised<'_>>, object: Borrowed<'_, '_, PyAny>) -> PyErr {
    if matches!(error, Error::Refused(_)) {
        return refuse::<WRITE>(error, object.into());
    }
    let error = into_py_err(error, object.into());
    match Lease::acquire::<WRITE>(object) {
        Ok(lease) => {
            // SAFETY: the lease's own view, which nobody uses.
            unsafe { lease.release(object.py().into()) };
            error
        }
        Err(error) => error,
    }
}

/// The lease of a view that is plain and has an owner: nearly every one.
#[inline(always)]
fn plain(view: &NativeView) -> Option<Lease> {
    let header = view.header();
    let owner: *mut ffi::PyObject = header.obj.cast();
    let memory = NonNull::new(header.buf.cast())?;
    // PyPy's views have room for shapes inside, and more fields.
    let usual =
        !cfg!(PyPy) && header.is_plain() && is_elsewhere(view) && header.ndim >= 0 && !owner.is_null();
    usual.then_some(Lease {
        memory,
        owner,
        length: header.len,
        detail: ptr::without_provenance_mut(header.itemsize.cast_unsigned()),
        kind: Kind::plain(header),
        internal: view.internal,
    })
}

/// Whether the memory is not in the view itself.
#[inline]
fn is_elsewhere(view: &NativeView) -> bool {
    view.header().buf.addr().wrapping_sub(ptr::from_ref(view).addr()) >= size_of::<NativeView>()
}

/// The lease of any other view that `object`, which is borrowed, answered with.
#[cold]
#[inline(never)]
fn unusual(view: &NativeView, object: Borrowed<'_, '_, PyAny>) -> Lease {
    let Header { buf, obj: owner, len, itemsize, .. } = *view.header();
    let attached = Attached::from(object.py());
    let memory = |buf: *mut c_void| NonNull::new(buf.cast()).unwrap_or(NonNull::dangling());
    let lease =
        |kind, owner: *mut ffi::PyObject| Lease::new(kind, owner, memory(buf), len).of_items(itemsize);
    // SAFETY: a view's owner is null or alive, since the view holds a reference.
    let Some(owner) = (unsafe { Borrowed::from_ptr_or_opt(object.py(), owner.cast()) }) else {
        // Nobody is to be told when such a view ends, and the memory can only be the object's.
        return lease(Kind::OBJECT, object.as_ptr());
    };
    if view::is_frozen(attached, view) {
        // A `bytes` is not told either.
        return lease(Kind::FROZEN_REFERENCE, owner.as_ptr());
    }
    if !cfg!(PyPy) && is_elsewhere(view) && !Object::from(owner).needs_release() {
        return lease(Kind::REFERENCE, owner.as_ptr());
    }
    let place = whole(view);
    // SAFETY: the view is settled there.
    let settled = unsafe { place.as_ref() }.header().buf;
    Lease::new(Kind::WHOLE, place.as_ptr().cast(), memory(settled), len)
}

/// A copy of a view in a box where it does not move, and refers to itself instead of to the original. (A pointer, since
/// one to the content of a `Box` is not to be used once that has moved.)
fn whole(view: &NativeView) -> NonNull<NativeView> {
    let place = NonNull::from(Box::leak(Box::<NativeView>::new_uninit())).cast();
    // SAFETY: both are places for a view; the copy is whole, so it can be settled.
    unsafe {
        ptr::copy_nonoverlapping(view, place.as_ptr(), 1);
        settle(place, ptr::from_ref(view).addr());
    }
    place
}

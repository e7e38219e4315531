//! One export, guarded: it is released exactly once, when the guard ends.

use core::cell::UnsafeCell;
use core::ffi::CStr;
use core::marker::PhantomData;
use core::ptr::NonNull;

use crate::abi::{self, Header, View as _};
use crate::error::ErrorOf;
use crate::layout::{Layout, LayoutError, Order};
use crate::request::{Access, Request};
use crate::rules::Rule;
use crate::runtime::{Exporter, Failure, Object, RaisedBy, Runtime, ViewOf};
use crate::shared::{Shared, SharedMut};
use crate::span::Span;

/// A place for a view, on the caller's stack or wherever it likes.
///
/// A filled view refers to itself, so it must not move; [`fill`](Self::fill) borrows the slot for as long as
/// the view lives, which pins it.
///
/// ```
/// use bufproto_core::request::Request;
/// use bufproto_core::view::Slot;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let (one, two) = (Object::bytes(b"one"), Object::bytes(b"two"));
/// let mut slot = Slot::new();
/// for object in [&one, &two] {
///     let view = slot.fill(object.attach(&interpreter), Request::SIMPLE).unwrap();
///     assert_eq!(view.frozen(), Some(&*object.content()));
/// }
/// ```
#[derive(Debug)]
pub struct Slot<V>(UnsafeCell<V>);

impl<V: abi::View> Slot<V> {
    /// A slot with no view in it.
    ///
    /// ```
    /// use bufproto_core::abi::CPython3;
    /// use bufproto_core::view::Slot;
    ///
    /// let slots = [const { Slot::<CPython3>::new() }; 16];
    /// assert_eq!(slots.len(), 16);
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self(UnsafeCell::new(V::EMPTY))
    }

    /// Asks an object for a view.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::rules::Rule;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let (array, number) = (Object::bytearray(b"hello"), Object::opaque());
    /// let mut slot = Slot::new();
    /// let refused = slot.fill(number.attach(&interpreter), Request::SIMPLE).unwrap_err();
    /// assert_eq!(refused.rule(), Some(Rule::ViewExporter));
    /// let view = slot.fill(array.attach(&interpreter), Request::WRITABLE).unwrap();
    /// assert_eq!(view.shared_mut().map(|bytes| bytes.len()), Ok(5));
    /// ```
    ///
    /// # Errors
    ///
    /// [`Rule::ViewExporter`] if the object's type exports no views, [`Rule::MemoryFlag`] if the interpreter
    /// refuses the request, or the exporter's own exception. The slot can be filled again.
    #[inline]
    pub fn fill<O>(&mut self, object: O, request: Request) -> Result<View<'_, O::Runtime>, ErrorOf<O>>
    where
        O: Exporter,
        O::Runtime: Runtime<View = V>,
    {
        ask(object, self.clear(), request)?;
        // SAFETY: the exporter has just filled the slot, which `self` borrows.
        Ok(unsafe { self.adopt(object.runtime()) })
    }

    /// Calls the exporter, whose type is known to export.
    ///
    /// # Errors
    ///
    /// The exporter's; the slot then holds what the exporter left in it.
    ///
    /// # Safety
    ///
    /// `object.exports()` is true.
    #[inline]
    pub(crate) unsafe fn export<O>(
        &mut self,
        object: O,
        request: Request,
    ) -> Result<View<'_, O::Runtime>, Failure<RaisedBy<O>>>
    where
        O: Exporter,
        O::Runtime: Runtime<View = V>,
    {
        let view = self.clear();
        // SAFETY: the caller's word that the type exports; the slot was just cleared, and its borrow keeps it
        // in place for as long as the guard made from it lives.
        unsafe { object.export(view, request)? };
        // SAFETY: the exporter has just filled the view, in the slot that `self` borrows.
        Ok(unsafe { self.adopt(object.runtime()) })
    }

    /// The guard of the view that the slot holds.
    ///
    /// # Safety
    ///
    /// The slot's view is empty, or was filled by an exporter of `runtime` and has no other guard.
    #[inline]
    pub(crate) unsafe fn adopt<R: Runtime<View = V>>(&mut self, runtime: R) -> View<'_, R> {
        View { runtime, view: self.pointer(), slot: PhantomData }
    }

    /// Makes the slot empty, forgetting what is in it, and returns its address. Of a large view only the common fields are
    /// reset: what follows them is the exporter's business, and PyPy's kilobyte need not be written each time.
    #[inline]
    pub(crate) fn clear(&self) -> NonNull<V> {
        // SAFETY: the view lives in the slot's cell.
        unsafe { clear(self.pointer()) }
    }

    #[inline]
    pub(crate) fn pointer(&self) -> NonNull<V> {
        // SAFETY: the address of a cell's content is not null.
        unsafe { NonNull::new_unchecked(self.0.get()) }
    }
}

/// Makes the view at an address empty, and returns the address.
///
/// # Safety
///
/// There is room for a view.
#[inline]
pub(crate) unsafe fn clear<V: abi::View>(view: NonNull<V>) -> NonNull<V> {
    // SAFETY: a view begins with a header, and the caller's word for the room.
    unsafe {
        if size_of::<V>() <= 2 * size_of::<Header>() {
            // All at once, so that the compiler sees that what a new slot holds is not needed.
            view.write(V::EMPTY);
        } else {
            view.cast::<Header>().write(Header::EMPTY);
        }
    }
    view
}

/// Asks an object for a view in a place of the caller's, who gives it back by [`Runtime::release`]. A place whose object
/// has failed is empty.
///
/// ```
/// use bufproto_core::abi::{CPython3, View};
/// use bufproto_core::request::Request;
/// use bufproto_core::runtime::Runtime;
/// use bufproto_core::view::acquire_in;
/// use core::ptr::NonNull;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::bytearray(b"hello");
/// let mut view = CPython3::EMPTY;
/// let place = NonNull::from(&mut view);
/// // SAFETY: the view stays where it is until it is released, here.
/// unsafe {
///     acquire_in(object.attach(&interpreter), place, Request::SIMPLE).unwrap();
///     assert_eq!(place.as_ref().header.len, 5);
///     interpreter.attach().release(place);
/// }
/// assert_eq!(object.exports(), 0);
/// ```
///
/// # Errors
///
/// As [`Slot::fill`].
///
/// # Safety
///
/// The place has room for one of the interpreter's views, aligned, and stays where it is until the view is released.
pub unsafe fn acquire_in<O: Exporter>(
    object: O,
    place: NonNull<ViewOf<O>>,
    request: Request,
) -> Result<(), ErrorOf<O>> {
    // SAFETY: the caller's word.
    let answer = ask(object, unsafe { clear(place) }, request);
    if answer.is_err() {
        // A failed export may leave an owner behind, which is nobody's to release.
        // SAFETY: as above.
        unsafe { clear(place) };
    }
    answer
}

/// As [`acquire_in`], by the rules of `PyArg_ParseTuple`: those of `y*` for character and read access, of `w*` for write
/// access.
///
/// ```
/// use bufproto_core::abi::{CPython3, View};
/// use bufproto_core::request::Access;
/// use bufproto_core::rules::Rule;
/// use bufproto_core::view::argument_in;
/// use core::ptr::NonNull;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::bytes(b"hello");
/// let mut view = CPython3::EMPTY;
/// // SAFETY: the view stays where it is; there is none to be released.
/// let answer = unsafe { argument_in(object.attach(&interpreter), NonNull::from(&mut view), Access::Write) };
/// assert_eq!(answer.unwrap_err().rule(), Some(Rule::ArgumentWritable));
/// ```
///
/// # Errors
///
/// What the exporter raised, for write access [`Rule::ArgumentWritable`] in its place; and
/// [`Rule::ArgumentContiguous`] if it exports what is not contiguous for a request that says so.
///
/// # Safety
///
/// As [`acquire_in`].
pub unsafe fn argument_in<O: Exporter>(
    object: O,
    place: NonNull<ViewOf<O>>,
    access: Access,
) -> Result<(), ErrorOf<O>> {
    // SAFETY: the caller's word.
    unsafe { acquire_in(object, place, access.request()) }.map_err(|error| match access {
        Access::Write => Rule::ArgumentWritable.into(),
        Access::Char | Access::Read => error,
    })?;
    // SAFETY: the exporter has just filled the view.
    let held = unsafe { Held::new(object.runtime(), place.as_ref()) };
    match held.shared() {
        Err(Rule::Contiguous) => {
            // SAFETY: as above, and nobody else releases it.
            unsafe { object.runtime().release(place) };
            Err(Rule::ArgumentContiguous.into())
        }
        _ => Ok(()),
    }
}

/// Asks an object for a view, in the order of `PyObject_GetBuffer`: the request, the type, the exporter. Callers have
/// cleared the view, and keep it in place until it is released.
#[inline]
pub(crate) fn ask<O: Exporter>(
    object: O,
    view: NonNull<ViewOf<O>>,
    request: Request,
) -> Result<(), ErrorOf<O>> {
    request.check(object.runtime().family())?;
    if !object.exports() {
        return Err(Rule::ViewExporter.into());
    }
    // SAFETY: the type exports; the callers' word for the view.
    unsafe { object.export(view, request) }.map_err(|failure| ErrorOf::<O>::Raised(failure.into_raised()))
}

impl<V: abi::View> Default for Slot<V> {
    fn default() -> Self {
        Self::new()
    }
}

/// A view, held: the exporter keeps the memory alive and in place until this guard is dropped.
///
/// Invariants:
/// 1. `view` points into a slot that is borrowed for `'slot`, so it stays in place;
/// 2. it is empty, or an exporter of `runtime` filled it;
/// 3. no other guard will release it.
///
/// Forgetting a guard leaks the export: the memory stays pinned for ever, nothing worse.
///
/// ```
/// use bufproto_core::request::Request;
/// use bufproto_core::view::Slot;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::bytearray(b"hello");
/// let mut slot = Slot::new();
/// let view = slot.fill(object.attach(&interpreter), Request::SIMPLE).unwrap();
/// assert!(object.resize(&interpreter, 10).is_err(), "the memory stays where it is");
/// drop(view);
/// assert!(object.resize(&interpreter, 10).is_ok());
/// ```
#[derive(Debug)]
pub struct View<'slot, R: Runtime> {
    runtime: R,
    view: NonNull<R::View>,
    slot: PhantomData<&'slot mut R::View>,
}

impl<R: Runtime> View<'_, R> {
    /// The view itself, to read.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytearray(b"hello");
    /// let mut slot = Slot::new();
    /// let view = slot.fill(object.attach(&interpreter), Request::SIMPLE).unwrap();
    /// assert_eq!(view.held().header().itemsize, 1);
    /// ```
    #[inline]
    pub fn held(&self) -> Held<'_, R> {
        // SAFETY: invariants 1 and 2; nobody writes to a view between its export and its release.
        Held { runtime: self.runtime, view: unsafe { self.view.as_ref() } }
    }

    /// As [`Held::span`].
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytearray(b"hello");
    /// let mut slot = Slot::new();
    /// let view = slot.fill(object.attach(&interpreter), Request::SIMPLE).unwrap();
    /// assert_eq!(view.span().length, 5);
    /// ```
    #[inline]
    #[must_use]
    pub fn span(&self) -> Span {
        self.held().span()
    }

    /// As [`Held::shared`].
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytearray(b"hello");
    /// let mut slot = Slot::new();
    /// let view = slot.fill(object.attach(&interpreter), Request::SIMPLE).unwrap();
    /// assert!(view.shared().unwrap().iter().eq(*b"hello"));
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Held::shared`].
    #[inline]
    pub fn shared(&self) -> Result<Shared<'_>, Rule> {
        self.held().shared()
    }

    /// As [`Held::shared_mut`].
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytearray(b"hello");
    /// let mut slot = Slot::new();
    /// let view = slot.fill(object.attach(&interpreter), Request::SIMPLE).unwrap();
    /// view.shared_mut().unwrap().set(0, b'j');
    /// assert_eq!(object.content(), b"jello");
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Held::shared_mut`].
    #[inline]
    pub fn shared_mut(&self) -> Result<SharedMut<'_>, Rule> {
        self.held().shared_mut()
    }

    /// As [`Held::frozen`].
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytearray(b"hello");
    /// let mut slot = Slot::new();
    /// let view = slot.fill(object.attach(&interpreter), Request::SIMPLE).unwrap();
    /// assert_eq!(view.frozen(), None, "others may write to it");
    /// ```
    #[must_use]
    pub fn frozen(&self) -> Option<&[u8]> {
        self.held().frozen()
    }

    /// Gives the view back now. The same as dropping the guard, in plain sight.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytearray(b"hello");
    /// let mut slot = Slot::new();
    /// let view = slot.fill(object.attach(&interpreter), Request::SIMPLE).unwrap();
    /// view.release();
    /// assert_eq!(object.exports(), 0);
    /// ```
    pub fn release(self) {
        drop(self);
    }
}

impl<R: Runtime> Drop for View<'_, R> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: invariants 1 to 3.
        unsafe { self.runtime.release(self.view) };
    }
}

/// A view that a guard or a [`Scope`](crate::scope::Scope) holds, to read: it lives for `'held`.
///
/// ```
/// use bufproto_core::runtime::Runtime;
/// use bufproto_core::view::Held;
/// use bufproto_core::request::Request;
/// use bufproto_core::view::Slot;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::bytearray(b"hello");
/// let mut slot = Slot::new();
/// let view = slot.fill(object.attach(&interpreter), Request::SIMPLE).unwrap();
///
/// fn is_text<R: Runtime>(held: Held<'_, R>) -> bool {
///     held.shared().is_ok_and(|bytes| bytes.iter().all(|byte| byte.is_ascii_graphic()))
/// }
///
/// assert!(is_text(view.held()));
/// ```
#[derive(Debug)]
pub struct Held<'held, R: Runtime> {
    runtime: R,
    view: &'held R::View,
}

impl<R: Runtime> Clone for Held<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

// Not derived: that would ask for the view's type to be `Copy` too.
impl<R: Runtime> Copy for Held<'_, R> {}

impl<'held, R: Runtime> Held<'held, R> {
    /// # Safety
    ///
    /// The view is empty or filled by an exporter of `runtime`, and stays so for `'held`.
    #[inline]
    pub(crate) unsafe fn new(runtime: R, view: &'held R::View) -> Self {
        Self { runtime, view }
    }

    /// The fields, as the exporter filled them.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytearray(b"hello");
    /// let mut slot = Slot::new();
    /// let view = slot.fill(object.attach(&interpreter), Request::SIMPLE).unwrap();
    /// assert_eq!((view.held().header().len, view.held().header().readonly), (5, 0));
    /// ```
    #[inline]
    #[must_use]
    pub fn header(self) -> &'held Header {
        self.view.header()
    }

    /// The interpreter's own structure.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytearray(b"hello");
    /// let mut slot = Slot::new();
    /// let view = slot.fill(object.attach(&interpreter), Request::SIMPLE).unwrap();
    /// let raw: &bufproto_core::abi::CPython3 = view.held().raw();
    /// assert_eq!(raw.header.len, 5);
    /// ```
    #[inline]
    #[must_use]
    pub fn raw(self) -> &'held R::View {
        self.view
    }

    /// The memory as the exporter states it, with nothing checked. It lives for `'held`.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytearray(b"hello");
    /// let mut slot = Slot::new();
    /// let view = slot.fill(object.attach(&interpreter), Request::SIMPLE).unwrap();
    /// assert!(!view.held().span().pointer.is_null());
    /// ```
    #[inline]
    #[must_use]
    pub fn span(self) -> Span {
        let header = self.header();
        Span { pointer: header.buf, length: header.len }
    }

    /// The memory as bytes that others may write to.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::rules::Rule;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let table = Object::indirect(&[b"abc", b"xyz"]);
    /// let mut slot = Slot::new();
    /// let view = slot.fill(table.attach(&interpreter), Request::FULL_RO).unwrap();
    /// assert_eq!(view.held().shared().unwrap_err(), Rule::Contiguous, "there are two blocks");
    /// ```
    ///
    /// # Errors
    ///
    /// [`Rule::NegativeLength`] or [`Rule::NullMemory`] if the exporter's answer cannot be memory, and
    /// [`Rule::Contiguous`] if the items do not lie side by side in C order.
    #[inline]
    pub fn shared(self) -> Result<Shared<'held>, Rule> {
        let (pointer, length) = self.bytes()?;
        // SAFETY: the exporter keeps `len` bytes at `buf` alive until release, which is after `'held`.
        Ok(unsafe { Shared::new(pointer, length) })
    }

    /// The memory as bytes to write to.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::rules::Rule;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytes(b"hello");
    /// let mut slot = Slot::new();
    /// let view = slot.fill(object.attach(&interpreter), Request::SIMPLE).unwrap();
    /// assert_eq!(view.held().shared_mut().unwrap_err(), Rule::ReadOnlyView);
    /// ```
    ///
    /// # Errors
    ///
    /// As [`shared`](Self::shared), and [`Rule::ReadOnlyView`] if the view is read-only.
    #[inline]
    pub fn shared_mut(self) -> Result<SharedMut<'held>, Rule> {
        if self.header().readonly != 0 {
            return Err(Rule::ReadOnlyView);
        }
        let (pointer, length) = self.bytes()?;
        // SAFETY: as in `shared`; the exporter says that the memory may be written to.
        Ok(unsafe { SharedMut::new(pointer, length) })
    }

    /// The memory as an ordinary slice, where the runtime vouches that nobody writes to it or moves it while
    /// the view lives, as for the content of an exact `bytes`.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytes(b"hello");
    /// let mut slot = Slot::new();
    /// let view = slot.fill(object.attach(&interpreter), Request::SIMPLE).unwrap();
    /// assert_eq!(view.held().frozen(), Some(&b"hello"[..]));
    /// ```
    #[must_use]
    pub fn frozen(self) -> Option<&'held [u8]> {
        if !self.is_frozen() {
            return None;
        }
        // SAFETY: the runtime vouches that the memory is not written to while the view lives.
        self.shared().ok().map(|shared| unsafe { shared.as_slice() })
    }

    /// Whether the runtime vouches that nobody writes to the memory or moves it while the view lives.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytearray(b"hello");
    /// let mut slot = Slot::new();
    /// let view = slot.fill(object.attach(&interpreter), Request::SIMPLE).unwrap();
    /// assert!(!view.held().is_frozen(), "of a `bytearray`");
    /// ```
    #[inline]
    #[must_use]
    pub fn is_frozen(self) -> bool {
        self.runtime.is_frozen(self.view)
    }

    /// Where the items lie.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let table = Object::indirect(&[b"abc", b"xyz"]);
    /// let mut slot = Slot::new();
    /// let view = slot.fill(table.attach(&interpreter), Request::FULL_RO).unwrap();
    /// let layout = view.held().layout().unwrap();
    /// assert_eq!((layout.dimensions(), layout.items()), (2, 6));
    /// ```
    ///
    /// # Errors
    ///
    /// [`LayoutError`] if the exporter's fields are no layout.
    pub fn layout(self) -> Result<Layout<'held>, LayoutError> {
        // SAFETY: the exporter keeps the arrays until release, which is after `'held`.
        unsafe { Layout::of_view(self.header()) }
    }

    /// The item format as the exporter wrote it; `None` for unsigned bytes, or where it was not asked for.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytes(b"hello");
    /// let mut slot = Slot::new();
    /// let view = slot.fill(object.attach(&interpreter), Request::FULL_RO).unwrap();
    /// assert_eq!(view.held().format(), Some(c"B"));
    /// drop(view);
    /// let view = slot.fill(object.attach(&interpreter), Request::SIMPLE).unwrap();
    /// assert_eq!(view.held().format(), None);
    /// ```
    #[must_use]
    pub fn format(self) -> Option<&'held CStr> {
        let format = self.header().format;
        // SAFETY: a format that is not null is a C string, which the exporter keeps until release.
        (!format.is_null()).then(|| unsafe { CStr::from_ptr(format) })
    }

    #[inline]
    fn bytes(self) -> Result<(*mut u8, usize), Rule> {
        let span = self.span();
        if span.length < 0 {
            return Err(Rule::NegativeLength);
        }
        // This is how a request without strides is answered: nothing else is to be asked.
        if !(self.header().is_dense() || self.is_contiguous()) {
            return Err(Rule::Contiguous);
        }
        span.checked().ok_or(Rule::NullMemory)
    }

    #[cold]
    fn is_contiguous(self) -> bool {
        self.layout().is_ok_and(|layout| layout.is_contiguous(Order::C))
    }
}

/// The view that an object's exporter is asked to fill, in its slot.
///
/// ```
/// use bufproto_core::request::Request;
/// use bufproto_core::runtime::Exporter;
/// use bufproto_core::view::SlotFor;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// fn is_read_only<O: Exporter>(object: O) -> bool {
///     let mut slot = SlotFor::<O>::new();
///     slot.fill(object, Request::WRITABLE).is_err()
/// }
///
/// assert!(is_read_only(Object::bytes(b"hello").attach(&interpreter)));
/// ```
pub type SlotFor<O> = Slot<ViewOf<O>>;

/// The guard of an object's view.
///
/// ```
/// use bufproto_core::request::Request;
/// use bufproto_core::runtime::Exporter;
/// use bufproto_core::view::{SlotFor, ViewFor};
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// fn read<O: Exporter>(object: O, slot: &mut SlotFor<O>) -> Option<ViewFor<'_, O>> {
///     slot.fill(object, Request::SIMPLE).ok()
/// }
///
/// let object = Object::bytes(b"hello");
/// let mut slot = SlotFor::<bufproto_mock::Handle<'_>>::new();
/// assert_eq!(read(object.attach(&interpreter), &mut slot).unwrap().span().length, 5);
/// ```
pub type ViewFor<'slot, O> = View<'slot, <O as Object>::Runtime>;

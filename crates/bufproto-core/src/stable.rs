//! Stable reads: memory that others could write to, as an ordinary slice, because nobody does until it is released.
//!
//! An exporter that coordinates those who use its memory ([`Domain`](crate::grant::Domain)) can promise a consumer that
//! nobody writes to it or moves it. Whatever does not go together with that is refused by the exporter meanwhile, by numbered
//! rules: writable views ([606](Rule::WritableView)), writes of the owner ([607](Rule::OwnerWrite)), a resize
//! ([602](Rule::Resize)). And a stable read is refused while somebody may be writing ([605](Rule::StableRead)).
//!
//! What nobody can write to anyway, an exact `bytes`, needs no such promise: [`Slot::fill_stable`] takes it as it is. Other
//! exporters are refused plainly ([518](Rule::ArgumentStable)). That a view is read-only says nothing about others.
//!
//! The promise holds among those who keep the protocol. A pointer that is used after its view was released, as one that
//! `PyObject_AsWriteBuffer` hands out without a [scope](crate::scope), is a writer that nobody knows of.
//!
//! # Between libraries
//!
//! A consumer has to find out whether an exporter of a library that it knows nothing about keeps such a promise. A request
//! flag alone does not tell: exporters ignore flags that they do not know, and succeed. So the exporter's type has an
//! attribute, [`ATTRIBUTE`], that is a capsule by the name [`CAPSULE`] with a [`Table`] in it, in which a function begins
//! stable reads. The function looks whether the object is one of its own, so that a capsule that has got into another type
//! leads to a refusal and nothing worse. A capsule by this name with anything else in it is a fault of the C code that made
//! it.
//!
//! | | the consumer | the exporter |
//! |---|---|---|
//! | 1 | looks [`ATTRIBUTE`] up on the object's type, never on the object | |
//! | 2 | checks that it is a capsule by the name [`CAPSULE`] | |
//! | 3 | calls [`Table::begin`] with an empty view | fills the view, read-only, with `obj` a new reference, or refuses |
//! | 4 | reads | refuses what does not go together with a stable read |
//! | 5 | releases the view by `PyBuffer_Release` | is told by `bf_releasebuffer`, and knows by `internal` which view it is |
//!
//! # When interpreters have a flag of their own
//!
//! The draft PEP "Stable Reads for the Buffer Protocol" has a request flag, `PyBUF_STABLE_READ`, and a type flag by which an
//! exporter says that it knows the request flag. Once there is an interpreter with them:
//!
//! - a backend's [`export_stable`](crate::runtime::Exporter::export_stable) looks at the type flag first, and calls
//!   `bf_getbuffer` with the request flag in place of [`Table::begin`]. Releasing a view is the same;
//! - an exporter's `bf_getbuffer` begins [`Export::Stable`](crate::grant::Export::Stable) where it sees the request flag,
//!   as its [`Table::begin`] does;
//! - the attribute stays for older interpreters. The conflicts are the same, since both go to one domain.

use core::ffi::{CStr, c_int, c_void};
use core::fmt;

use crate::abi;
use crate::error::ErrorOf;
use crate::request::Request;
use crate::rules::Rule;
use crate::runtime::{Exporter, Object, Runtime, StableFailure};
use crate::view::{Held, Slot, View};

/// The attribute of a type whose exporter offers stable reads.
///
/// ```
/// use bufproto_core::stable::ATTRIBUTE;
///
/// // In Python: `type(object).__bufproto_stable_read__`.
/// assert_eq!(ATTRIBUTE, c"__bufproto_stable_read__");
/// ```
pub const ATTRIBUTE: &CStr = c"__bufproto_stable_read__";

/// The name of the capsule that the attribute is, with the version of [`Table`].
///
/// ```
/// use bufproto_core::stable::CAPSULE;
///
/// // In C: `PyCapsule_IsValid(offered, "bufproto.stable_read.1")`.
/// assert_eq!(CAPSULE, c"bufproto.stable_read.1");
/// ```
pub const CAPSULE: &CStr = c"bufproto.stable_read.1";

/// What is in the capsule: how a stable read is begun. It lives as long as the process.
///
/// Later versions of this table may have more at its end, by which `size` tells them apart. Anything else gets another name.
///
/// ```
/// use bufproto_core::stable::Table;
/// use core::ffi::{c_int, c_void};
///
/// /// Offers none, to nobody.
/// unsafe extern "C" fn begin(_object: *mut c_void, _view: *mut c_void, _request: c_int) -> c_int {
///     Table::FOREIGN
/// }
///
/// static TABLE: Table = Table::new(begin);
/// assert_eq!(TABLE.size, size_of::<Table>());
/// // SAFETY: this function looks at nothing.
/// assert_eq!(unsafe { (TABLE.begin)(core::ptr::null_mut(), core::ptr::null_mut(), 0) }, Table::FOREIGN);
/// ```
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// The size of the table, in bytes.
    pub size: usize,
    /// Fills a view for a stable read of an object, as `bf_getbuffer` fills an ordinary one.
    ///
    /// `object` is any object of the interpreter, `view` an empty view of the interpreter's layout, and `request` what
    /// `bf_getbuffer` would be asked, without `PyBUF_WRITABLE`. The caller is attached to the interpreter, and no exception
    /// is pending. Returns
    ///
    /// - [`GRANTED`](Self::GRANTED): the view is filled and read-only, its `obj` is a new reference, and nobody writes to its
    ///   memory or moves it until it is released;
    /// - [`REFUSED`](Self::REFUSED): an exception was raised, and the view's `obj` is null;
    /// - [`FOREIGN`](Self::FOREIGN): the object is none of this exporter's, or a derived type exports other memory. Nothing
    ///   was raised.
    pub begin: unsafe extern "C" fn(object: *mut c_void, view: *mut c_void, request: c_int) -> c_int,
}

impl Table {
    /// There is a stable read.
    ///
    /// ```
    /// use bufproto_core::stable::Table;
    ///
    /// assert_eq!(Table::GRANTED, 0);
    /// ```
    pub const GRANTED: c_int = 0;
    /// There is none, and the reason has been raised.
    ///
    /// ```
    /// use bufproto_core::stable::Table;
    ///
    /// assert_eq!(Table::REFUSED, -1);
    /// ```
    pub const REFUSED: c_int = -1;
    /// The object belongs to others.
    ///
    /// ```
    /// use bufproto_core::stable::Table;
    ///
    /// assert_eq!(Table::FOREIGN, 1);
    /// ```
    pub const FOREIGN: c_int = 1;

    /// A table with this function.
    ///
    /// ```
    /// use bufproto_core::stable::Table;
    /// use core::ffi::{c_int, c_void};
    ///
    /// unsafe extern "C" fn begin(_object: *mut c_void, _view: *mut c_void, _request: c_int) -> c_int {
    ///     Table::FOREIGN
    /// }
    ///
    /// assert_eq!(Table::new(begin).size, size_of::<Table>());
    /// ```
    #[must_use]
    pub const fn new(begin: unsafe extern "C" fn(*mut c_void, *mut c_void, c_int) -> c_int) -> Self {
        Self { size: size_of::<Self>(), begin }
    }
}

impl<V: abi::View> Slot<V> {
    /// Asks an object for a view of memory that nobody writes to or moves until it is released.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::rules::Rule;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let (buffer, array) = (Object::buffer(b"hello"), Object::bytearray(b"hello"));
    /// let mut slot = Slot::new();
    /// assert!(slot.fill_stable(buffer.attach(&interpreter), Request::SIMPLE).is_ok());
    /// let refused = slot.fill_stable(array.attach(&interpreter), Request::SIMPLE).unwrap_err();
    /// assert_eq!(refused.rule(), Some(Rule::ArgumentStable));
    /// ```
    ///
    /// # Errors
    ///
    /// - [`Rule::Writable`] if writable memory is asked for.
    /// - [`Rule::ViewExporter`] if the object's type exports no views.
    /// - [`Rule::ArgumentStable`] if its exporter offers no stable reads, and the memory is not frozen.
    /// - Whatever the exporter raises, such as [`Rule::StableRead`].
    pub fn fill_stable<O>(
        &mut self,
        object: O,
        request: Request,
    ) -> Result<StableView<'_, O::Runtime>, ErrorOf<O>>
    where
        O: Exporter,
        O::Runtime: Runtime<View = V>,
    {
        if request.contains(Request::WRITABLE) {
            return Err(Rule::Writable.into());
        }
        request.check(object.runtime().family())?;
        // SAFETY: the slot has just been cleared, and `self` borrows it for as long as the guard lives; the request is not
        // for writable memory.
        match unsafe { object.export_stable(self.clear(), request) } {
            // SAFETY: the exporter has just filled the slot.
            Ok(()) => Ok(StableView(unsafe { self.adopt(object.runtime()) })),
            Err(StableFailure::Refused(raised)) => Err(ErrorOf::<O>::Raised(raised)),
            Err(StableFailure::Unsupported) => {
                let view = self.fill(object, request)?;
                if view.held().is_frozen() { Ok(StableView(view)) } else { Err(Rule::ArgumentStable.into()) }
            }
        }
    }
}

/// A stable read, held: until this is dropped, nobody writes to the memory or moves it.
///
/// Invariant: the view's exporter promised so, or the runtime vouches for it.
///
/// ```
/// use bufproto_core::request::Request;
/// use bufproto_core::view::Slot;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::buffer(b"hello");
/// let mut slot = Slot::new();
/// let view = slot.fill_stable(object.attach(&interpreter), Request::SIMPLE).unwrap();
/// assert_eq!(view.as_slice(), Ok(&b"hello"[..]));
/// assert!(object.write(&interpreter, 0, b"j").is_err());
/// view.release();
/// assert!(object.write(&interpreter, 0, b"j").is_ok());
/// ```
pub struct StableView<'slot, R: Runtime>(View<'slot, R>);

impl<'slot, R: Runtime> StableView<'slot, R> {
    /// The view itself, to read.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::buffer(b"hello");
    /// let mut slot = Slot::new();
    /// let view = slot.fill_stable(object.attach(&interpreter), Request::SIMPLE).unwrap();
    /// assert_eq!(view.held().header().readonly, 1);
    /// ```
    #[inline]
    pub fn held(&self) -> Held<'_, R> {
        self.0.held()
    }

    /// The memory as an ordinary slice.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::buffer(b"hello");
    /// let mut slot = Slot::new();
    /// let view = slot.fill_stable(object.attach(&interpreter), Request::SIMPLE).unwrap();
    /// assert_eq!(view.as_slice().map(|bytes| bytes.to_ascii_uppercase()), Ok(b"HELLO".to_vec()));
    /// ```
    ///
    /// # Errors
    ///
    /// [`Rule::NegativeLength`], [`Rule::NullMemory`] and [`Rule::Contiguous`], as [`Held::shared`].
    #[inline]
    pub fn as_slice(&self) -> Result<&[u8], Rule> {
        let shared = self.0.shared()?;
        // SAFETY: the invariant: nobody writes to the memory while the view lives, which the slice borrows.
        Ok(unsafe { shared.as_slice() })
    }

    /// The view without the promise. Whoever releases it later than he reads keeps it nevertheless.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::buffer(b"hello");
    /// let mut slot = Slot::new();
    /// let view = slot.fill_stable(object.attach(&interpreter), Request::SIMPLE).unwrap().into_view();
    /// assert_eq!(view.span().length, 5);
    /// assert!(object.write(&interpreter, 0, b"j").is_err(), "it is kept nevertheless");
    /// ```
    #[inline]
    #[must_use]
    pub fn into_view(self) -> View<'slot, R> {
        self.0
    }

    /// Gives the view back now. The same as dropping the guard, in plain sight.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::buffer(b"hello");
    /// let mut slot = Slot::new();
    /// slot.fill_stable(object.attach(&interpreter), Request::SIMPLE).unwrap().release();
    /// assert!(object.resize(&interpreter, 10).is_ok());
    /// ```
    pub fn release(self) {
        drop(self);
    }
}

impl<R: Runtime> fmt::Debug for StableView<'_, R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("StableView").field(self.held().header()).finish()
    }
}

/// The stable read that an object's exporter is asked for.
///
/// ```
/// use bufproto_core::request::Request;
/// use bufproto_core::runtime::Exporter;
/// use bufproto_core::stable::StableViewFor;
/// use bufproto_core::view::Slot;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// fn first<O: Exporter>(view: &StableViewFor<'_, O>) -> Option<u8> {
///     view.as_slice().ok()?.first().copied()
/// }
///
/// let object = Object::bytes(b"hello");
/// let mut slot = Slot::new();
/// let view = slot.fill_stable(object.attach(&interpreter), Request::SIMPLE).unwrap();
/// assert_eq!(first::<bufproto_mock::Handle<'_>>(&view), Some(b'h'));
/// ```
pub type StableViewFor<'slot, O> = StableView<'slot, <O as Object>::Runtime>;

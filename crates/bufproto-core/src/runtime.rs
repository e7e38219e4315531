//! **The seam.** What core asks of a backend; everything else in this crate is written against these traits.
//!
//! A backend supplies a [`Runtime`] (the interpreter that the caller is attached to) and a handle to a
//! borrowed object, which is an [`Object`] and one or both of [`Exporter`] (the new protocol, which the 3.x
//! dialect is built on) and [`Segmented`] (the old type slots, which the 2.x dialect is built on). All are
//! [`Copy`] and usually no larger than a pointer, so that every call inlines and costs what it would cost by
//! hand.
//!
//! # The error indicator
//!
//! Interpreters keep one pending exception per thread, the *error indicator*. [`Runtime::Raised`] is the token
//! for "a call has just failed, and whatever it raised is in the indicator". The token is linear: **dropping
//! it clears the indicator, forgetting it leaves the indicator as it is**. An exporter may fail without
//! raising anything, so the indicator behind a token may be empty.

use core::ptr::NonNull;

use crate::abi;
use crate::request::{Access, Request};
use crate::rules::{Family, Refusal};
use crate::span::Span;

/// The interpreter that a consumer is attached to: which layout its views have and how they are given back.
///
/// ```
/// use bufproto_core::runtime::{Policy, Runtime};
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let runtime = interpreter.attach();
/// assert!(!runtime.is_raised());
/// runtime.raise(&bufproto_core::rules::Rule::NullArgument.refusal(runtime.family()));
/// assert!(runtime.is_raised());
/// assert_eq!(runtime.policy(), Policy::Compatible);
/// ```
///
/// # Safety
///
/// - [`View`](Self::View) is the layout that the interpreter's exporters fill.
/// - A value exists only while the calling thread may call the interpreter (on CPython: is attached to it).
/// - [`is_frozen`](Self::is_frozen) answers true only where it is certain.
pub unsafe trait Runtime: Copy {
    /// The C layout of a view.
    ///
    /// ```
    /// use bufproto_core::abi::CPython3;
    /// use bufproto_core::runtime::Runtime;
    ///
    /// fn view_of<R: Runtime<View = CPython3>>(_runtime: R) -> usize {
    ///     size_of::<R::View>()
    /// }
    ///
    /// let interpreter = bufproto_mock::Interpreter::new(bufproto_core::rules::Family::CPython3);
    /// assert_eq!(view_of(interpreter.attach()), size_of::<CPython3>());
    /// ```
    type View: abi::View;

    /// The token of a failed call; see the [module](self) for what dropping and forgetting it mean.
    ///
    /// ```
    /// use bufproto_core::error::Error;
    /// use bufproto_core::runtime::Runtime;
    ///
    /// /// Drops what an exporter has raised; hands a broken rule on.
    /// fn rule<R: Runtime>(_runtime: R, error: Error<R::Raised>) -> Option<u16> {
    ///     error.rule().map(|rule| rule.number())
    /// }
    ///
    /// let interpreter = bufproto_mock::Interpreter::new(bufproto_core::rules::Family::CPython3);
    /// assert_eq!(rule(interpreter.attach(), bufproto_core::rules::Rule::NullView.into()), Some(402));
    /// ```
    type Raised;

    /// Which interpreter's procedures and wording apply.
    ///
    /// ```
    /// use bufproto_core::rules::Family;
    /// use bufproto_core::runtime::Runtime;
    ///
    /// let interpreter = bufproto_mock::Interpreter::new(Family::CPython2);
    /// assert_eq!(interpreter.attach().family(), Family::CPython2);
    /// ```
    fn family(self) -> Family;

    /// Whether the error indicator holds an exception.
    ///
    /// ```
    /// use bufproto_core::runtime::Runtime;
    /// use bufproto_mock::Raised;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// interpreter.raise(Raised::new("ValueError", "no"));
    /// assert!(interpreter.attach().is_raised());
    /// ```
    fn is_raised(self) -> bool;

    /// How the old functions are to be applied.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python3};
    /// use bufproto_core::rules::{Family, Rule};
    /// use bufproto_core::runtime::{Policy, Runtime};
    /// use bufproto_mock::{Interpreter, Object};
    ///
    /// let interpreter = Interpreter::new(Family::CPython3).strict();
    /// assert_eq!(interpreter.attach().policy(), Policy::Strict);
    /// let object = Object::bytearray(b"it may move");
    /// let refused = Python3::as_read_buffer(object.attach(&interpreter)).unwrap_err().rule();
    /// assert_eq!(refused, Some(Rule::Unheld));
    /// ```
    #[inline]
    fn policy(self) -> Policy {
        Policy::Compatible
    }

    /// Whether what a failed call raised must not be masked under the strict policy: `MemoryError` and
    /// `KeyboardInterrupt`. The default knows of none.
    ///
    /// ```
    /// use bufproto_core::legacy::{Dialect, Python3};
    /// use bufproto_core::rules::Family;
    /// use bufproto_mock::{Fault, Interpreter, Object, Raised};
    ///
    /// let interpreter = Interpreter::new(Family::CPython3).strict();
    /// let object = Object::bytes(b"hello");
    /// object.on_export(0, Fault::Fail(Some(Raised::new("MemoryError", ""))));
    /// let error = Python3::as_write_buffer(object.attach(&interpreter)).unwrap_err();
    /// assert_eq!(error.rule(), None, "`is_severe` says that this is not masked by a `TypeError`");
    /// ```
    fn is_severe(self, raised: &Self::Raised) -> bool {
        let _ = raised;
        false
    }

    /// Puts the refusal's exception into the error indicator, in place of whatever was there. Only called for
    /// a refusal whose message has no place for a type name.
    ///
    /// ```
    /// use bufproto_core::rules::Rule;
    /// use bufproto_core::runtime::Runtime;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let runtime = interpreter.attach();
    /// runtime.raise(&Rule::NullArgument.refusal(runtime.family()));
    /// assert_eq!(interpreter.take_raised().unwrap().message, "null argument to internal routine");
    /// ```
    fn raise(self, refusal: &Refusal);

    /// Gives a view back, as `PyBuffer_Release` does: tells the exporter and drops the reference to it. Does
    /// nothing to an empty view (`obj` null), and leaves the view empty.
    ///
    /// ```
    /// use bufproto_core::abi::{CPython3, View};
    /// use bufproto_core::request::Request;
    /// use bufproto_core::runtime::{Exporter, Runtime};
    /// use core::ptr::NonNull;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytearray(b"hello");
    /// let mut view = CPython3::EMPTY;
    /// let place = NonNull::from(&mut view);
    /// // SAFETY: the type exports, and the view stays where it is until it is released, here.
    /// unsafe {
    ///     object.attach(&interpreter).export(place, Request::SIMPLE).unwrap();
    ///     assert_eq!(object.exports(), 1);
    ///     interpreter.attach().release(place);
    /// }
    /// assert_eq!(object.exports(), 0);
    /// ```
    ///
    /// # Safety
    ///
    /// `view` points to a view that is empty, or that an exporter of this interpreter filled and that has not
    /// moved or been released since.
    unsafe fn release(self, view: NonNull<Self::View>);

    /// Whether *nobody* can write to the view's memory, or move it, while the view lives: true for the
    /// content of an exact `bytes`. The default knows of none.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::runtime::Runtime;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let is_frozen = |object: Object| {
    ///     let mut slot = Slot::new();
    ///     let view = slot.fill(object.attach(&interpreter), Request::SIMPLE).unwrap();
    ///     interpreter.attach().is_frozen(view.held().raw())
    /// };
    /// assert!(is_frozen(Object::bytes(b"hello")) && !is_frozen(Object::read_only(b"hello")));
    /// ```
    fn is_frozen(self, view: &Self::View) -> bool {
        let _ = view;
        false
    }
}

/// How the old functions are applied.
///
/// ```
/// use bufproto_core::legacy::{Dialect, Python3};
/// use bufproto_core::rules::Family;
/// use bufproto_mock::{Interpreter, Object};
///
/// let object = Object::bytearray(b"it may move");
/// let compatible = Interpreter::new(Family::CPython3);
/// assert!(Python3::as_read_buffer(object.attach(&compatible)).is_ok());
/// let strict = Interpreter::new(Family::CPython3).strict();
/// assert!(Python3::as_read_buffer(object.attach(&strict)).is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Policy {
    /// Exactly as the interpreter applies them.
    #[default]
    Compatible = 0,
    /// As the interpreter does, except where that would hide a danger: memory that its owner may move is refused
    /// unless it is held ([`Rule::Unheld`](crate::rules::Rule::Unheld)), and what must not be masked is not.
    Strict = 1,
}

/// A handle to a borrowed object.
///
/// ```
/// use bufproto_core::rules::Rule;
/// use bufproto_core::runtime::{Object as Handle, Runtime};
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// fn refuse<O: Handle>(object: O, rule: Rule) {
///     object.raise(&rule.refusal(object.runtime().family()));
/// }
///
/// refuse(Object::opaque().attach(&interpreter), Rule::ViewExporter);
/// assert_eq!(
///     interpreter.take_raised().unwrap().to_string(),
///     "TypeError: a bytes-like object is required, not 'int'"
/// );
/// ```
///
/// # Safety
///
/// The object stays alive while the handle is used.
pub unsafe trait Object: Copy {
    /// The interpreter that the object belongs to.
    type Runtime: Runtime;

    /// The interpreter that the object belongs to.
    ///
    /// ```
    /// use bufproto_core::runtime::{Object as _, Runtime as _};
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// assert!(!Object::opaque().attach(&interpreter).runtime().is_raised());
    /// ```
    fn runtime(self) -> Self::Runtime;

    /// Whether the type fills `bf_releasebuffer`: its exporters are to be told when a view ends, so they may move
    /// their memory once none is held. Asked under the [strict policy](Policy::Strict) only.
    ///
    /// ```
    /// use bufproto_core::runtime::Object as _;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// assert!(Object::bytearray(b"hello").attach(&interpreter).needs_release());
    /// assert!(!Object::bytes(b"hello").attach(&interpreter).needs_release());
    /// ```
    fn needs_release(self) -> bool {
        false
    }

    /// Puts a reference to the object into an empty view, so that releasing the view gives the reference back and tells
    /// no exporter. Returns whether it did: the default does not, which is right where objects live long enough anyway.
    ///
    /// ```
    /// use bufproto_core::abi::{CPython3, View};
    /// use bufproto_core::runtime::{Object as _, Runtime as _};
    /// use core::ptr::NonNull;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::opaque();
    /// let mut view = CPython3::EMPTY;
    /// let place = NonNull::from(&mut view);
    /// // SAFETY: the view is empty, and released where it is.
    /// unsafe {
    ///     assert!(object.attach(&interpreter).refer(place));
    ///     assert_eq!(object.references(), 2);
    ///     interpreter.attach().release(place);
    /// }
    /// assert_eq!(object.references(), 1);
    /// ```
    ///
    /// # Safety
    ///
    /// `into` points to an empty view, which may be written to.
    unsafe fn refer(self, into: NonNull<<Self::Runtime as Runtime>::View>) -> bool {
        let _ = into;
        false
    }

    /// As [`Runtime::raise`], with the name of the object's type where the message has a place for it.
    ///
    /// ```
    /// use bufproto_core::rules::{Family, Rule};
    /// use bufproto_core::runtime::Object as _;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// Object::opaque().attach(&interpreter).raise(&Rule::ReadExporter.refusal(Family::CPython3));
    /// assert_eq!(interpreter.take_raised().unwrap().message, "a bytes-like object is required, not 'int'");
    /// ```
    fn raise(self, refusal: &Refusal);
}

/// The view that an object's exporters fill.
///
/// ```
/// use bufproto_core::abi::View;
/// use bufproto_core::runtime::{Exporter, ViewOf};
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// fn size<O: Exporter>(_object: O) -> usize {
///     size_of::<ViewOf<O>>()
/// }
///
/// let object = Object::bytes(b"hello");
/// assert_eq!(size(object.attach(&interpreter)), size_of::<bufproto_core::abi::CPython3>());
/// ```
pub type ViewOf<O> = <<O as Object>::Runtime as Runtime>::View;

/// The token of a call that an object's exporter failed.
///
/// ```
/// use bufproto_core::error::Error;
/// use bufproto_core::runtime::{Object as Handle, RaisedBy};
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// fn blames_exporter<O: Handle>(error: &Error<RaisedBy<O>>, _object: O) -> bool {
///     error.rule().is_none()
/// }
///
/// let object = Object::opaque();
/// let error = bufproto_core::rules::Rule::ViewExporter.into();
/// assert!(!blames_exporter(&error, object.attach(&interpreter)));
/// ```
pub type RaisedBy<O> = <<O as Object>::Runtime as Runtime>::Raised;

/// An object that may export views: its type may fill `bf_getbuffer`.
///
/// ```
/// use bufproto_core::request::Request;
/// use bufproto_core::runtime::Exporter;
/// use bufproto_core::view::SlotFor;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// /// The length of an object's memory, if it exports any.
/// fn length<O: Exporter>(object: O) -> Option<isize> {
///     let mut slot = SlotFor::<O>::new();
///     let view = slot.fill(object, Request::SIMPLE).ok()?;
///     Some(view.span().length)
/// }
///
/// assert_eq!(length(Object::bytes(b"hello").attach(&interpreter)), Some(5));
/// assert_eq!(length(Object::opaque().attach(&interpreter)), None);
/// ```
///
/// # Safety
///
/// As [`export`](Self::export) says.
pub unsafe trait Exporter: Object {
    /// Whether the type fills `bf_getbuffer`. On the hot path of every 3.x function.
    ///
    /// ```
    /// use bufproto_core::runtime::Exporter;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// assert!(Object::bytes(b"hello").attach(&interpreter).exports());
    /// assert!(!Object::opaque().attach(&interpreter).exports());
    /// ```
    fn exports(self) -> bool;

    /// Calls the type's `bf_getbuffer`, and nothing else: no check of the request, none of the result.
    ///
    /// **The exporter may run arbitrary code**, which may call back into the caller.
    ///
    /// On `Ok` the exporter has filled the view. It may still have filled it with nonsense: a negative length,
    /// a null pointer, read-only memory for a writable request.
    ///
    /// ```
    /// use bufproto_core::abi::{CPython3, View};
    /// use bufproto_core::request::Request;
    /// use bufproto_core::runtime::{Exporter, Failure};
    /// use core::ptr::NonNull;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytes(b"hello");
    /// let mut view = CPython3::EMPTY;
    /// // SAFETY: the type exports; the view stays where it is, and there is none to be released.
    /// let answer = unsafe { object.attach(&interpreter).export(NonNull::from(&mut view), Request::WRITABLE) };
    /// assert!(matches!(answer, Err(Failure::Refused(_))));
    /// ```
    ///
    /// # Errors
    ///
    /// A [`Failure`], in which case the view's `obj` is not to be released, whatever it holds, except that the
    /// procedures which take an irregular answer for success release it.
    ///
    /// # Safety
    ///
    /// [`exports`](Self::exports) is true, and `into` points to an empty view that stays where it is until it
    /// is released.
    unsafe fn export(
        self,
        into: NonNull<ViewOf<Self>>,
        request: Request,
    ) -> Result<(), Failure<RaisedBy<Self>>>;

    /// Asks the object's exporter for a [stable read](crate::stable): a view as [`export`](Self::export) has it, except that
    /// on `Ok` **nobody writes to its memory or moves it** until it is released, whoever else has views of it. The view is
    /// read-only.
    ///
    /// The default knows of no exporter that could.
    ///
    /// ```
    /// use bufproto_core::abi::{CPython3, View};
    /// use bufproto_core::request::Request;
    /// use bufproto_core::runtime::{Exporter, StableFailure};
    /// use core::ptr::NonNull;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytearray(b"hello");
    /// let mut view = CPython3::EMPTY;
    /// // SAFETY: the view stays where it is, and there is none to be released.
    /// let answer = unsafe { object.attach(&interpreter).export_stable(NonNull::from(&mut view), Request::SIMPLE) };
    /// assert!(matches!(answer, Err(StableFailure::Unsupported)));
    /// ```
    ///
    /// # Errors
    ///
    /// [`StableFailure`]; the view's `obj` is not to be released then.
    ///
    /// # Safety
    ///
    /// `into` points to an empty view that stays where it is until it is released, and `request` does not ask for writable
    /// memory.
    unsafe fn export_stable(
        self,
        into: NonNull<ViewOf<Self>>,
        request: Request,
    ) -> Result<(), StableFailure<RaisedBy<Self>>> {
        let _ = (into, request);
        Err(StableFailure::Unsupported)
    }
}

/// Why there is no stable read.
///
/// ```
/// use bufproto_core::abi::{CPython3, View};
/// use bufproto_core::request::Request;
/// use bufproto_core::runtime::{Exporter, StableFailure};
/// use bufproto_core::view::Slot;
/// use core::ptr::NonNull;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::buffer(b"hello");
/// let mut slot = Slot::new();
/// let writer = slot.fill(object.attach(&interpreter), Request::WRITABLE).unwrap();
/// let mut view = CPython3::EMPTY;
/// // SAFETY: the view stays where it is, and there is none to be released.
/// let answer = unsafe { object.attach(&interpreter).export_stable(NonNull::from(&mut view), Request::SIMPLE) };
/// assert!(matches!(answer, Err(StableFailure::Refused(_))), "somebody may write");
/// # drop(answer);
/// # drop(writer);
/// ```
#[derive(Debug)]
pub enum StableFailure<Raised> {
    /// The object's exporter offers none, or does not know of them. Nothing was raised.
    Unsupported,
    /// It offers some, but not this one: there is a view that may be written to, say.
    Refused(Raised),
}

/// How `bf_getbuffer` failed. The four functions differ in what they make of an irregular answer.
///
/// ```
/// use bufproto_core::runtime::Failure;
///
/// let failure = Failure::Irregular("what was raised");
/// assert!(matches!(failure, Failure::Irregular(_)));
/// assert_eq!(failure.into_raised(), "what was raised");
/// ```
#[derive(Debug)]
pub enum Failure<Raised> {
    /// It returned −1, as the protocol has it.
    Refused(Raised),
    /// It returned neither 0 nor −1, which the protocol does not define.
    Irregular(Raised),
}

impl<Raised> Failure<Raised> {
    /// The token of the failed call.
    ///
    /// ```
    /// use bufproto_core::runtime::Failure;
    ///
    /// assert_eq!(Failure::Refused(1).into_raised(), 1);
    /// ```
    pub fn into_raised(self) -> Raised {
        match self {
            Self::Refused(raised) | Self::Irregular(raised) => raised,
        }
    }
}

/// An object whose type may fill the old slots of Python 2.
///
/// ```
/// use bufproto_core::request::Access;
/// use bufproto_core::runtime::{Segmented, Segments};
/// use bufproto_mock::OldSlots;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::segmented(OldSlots::of(&[b"one", b"two"], true));
/// let handle = object.attach(&interpreter);
/// assert_eq!(handle.segments(Access::Read).map(|segments| segments.count()), Some(2));
/// assert!(handle.segments(Access::Write).is_none(), "there is no such slot");
/// ```
///
/// # Safety
///
/// As [`Segments`] says of what [`segments`](Self::segments) returns.
pub unsafe trait Segmented: Object {
    /// The witness that the type fills both the slot for the access and the segment counter.
    type Segments: Segments<Raised = RaisedBy<Self>>;

    /// The object's segments, if its type fills `bf_getsegcount` and the slot for `access`. Calls neither.
    ///
    /// ```
    /// use bufproto_core::request::Access;
    /// use bufproto_core::runtime::Segmented;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// assert!(Object::bytes(b"hello").attach(&interpreter).segments(Access::Char).is_some());
    /// assert!(Object::opaque().attach(&interpreter).segments(Access::Char).is_none());
    /// ```
    fn segments(self, access: Access) -> Option<Self::Segments>;
}

/// The old slots of an object that has them, for one kind of access.
///
/// ```
/// use bufproto_core::request::Access;
/// use bufproto_core::runtime::{Segmented, Segments};
/// use bufproto_mock::OldSlots;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::segmented(OldSlots::of(&[b"one", b"three"], false));
/// let segments = object.attach(&interpreter).segments(Access::Read).unwrap();
/// assert_eq!(segments.count(), 2);
/// assert_eq!(segments.count_and_total(), (2, 8));
/// assert_eq!(segments.get(1).unwrap().length, 5);
/// ```
///
/// # Safety
///
/// What [`get`](Self::get) returns is what the slot returned; the memory is the object's own.
pub unsafe trait Segments: Copy {
    /// The token of a failed call.
    ///
    /// ```
    /// use bufproto_core::request::Access;
    /// use bufproto_core::runtime::{Segmented, Segments};
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// fn second<S: Segments>(segments: S) -> Result<isize, S::Raised> {
    ///     segments.get(1).map(|span| span.length)
    /// }
    ///
    /// let object = Object::bytes(b"hello");
    /// assert!(second(object.attach(&interpreter).segments(Access::Read).unwrap()).is_err());
    /// ```
    type Raised;

    /// `bf_getsegcount(object, NULL)`: the number of segments. The slot may leave an exception in the error
    /// indicator; nothing here clears it.
    ///
    /// ```
    /// use bufproto_core::request::Access;
    /// use bufproto_core::runtime::{Segmented, Segments};
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytes(b"hello");
    /// assert_eq!(object.attach(&interpreter).segments(Access::Read).unwrap().count(), 1);
    /// ```
    fn count(self) -> isize;

    /// `bf_getsegcount(object, &total)`: the number of segments, and the sum of their lengths in bytes.
    ///
    /// ```
    /// use bufproto_core::request::Access;
    /// use bufproto_core::runtime::{Segmented, Segments};
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytes(b"hello");
    /// let segments = object.attach(&interpreter).segments(Access::Read).unwrap();
    /// assert_eq!(segments.count_and_total(), (1, 5));
    /// ```
    fn count_and_total(self) -> (isize, isize);

    /// Calls the access slot for one segment. A span's length is not negative.
    ///
    /// ```
    /// use bufproto_core::request::Access;
    /// use bufproto_core::runtime::{Segmented, Segments};
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytes(b"hello");
    /// let segments = object.attach(&interpreter).segments(Access::Read).unwrap();
    /// assert_eq!(segments.get(0).unwrap().length, 5);
    /// assert!(segments.get(1).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// The token, if the slot returned a negative length.
    fn get(self, index: isize) -> Result<Span, Self::Raised>;
}

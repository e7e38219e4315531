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
/// # Safety
///
/// - [`View`](Self::View) is the layout that the interpreter's exporters fill.
/// - A value exists only while the calling thread may call the interpreter (on CPython: is attached to it).
/// - [`is_frozen`](Self::is_frozen) answers true only where it is certain.
pub unsafe trait Runtime: Copy {
    /// The C layout of a view.
    type View: abi::View;

    /// The token of a failed call; see the [module](self) for what dropping and forgetting it mean.
    type Raised;

    /// Which interpreter's procedures and wording apply.
    fn family(self) -> Family;

    /// Whether the error indicator holds an exception.
    fn is_raised(self) -> bool;

    /// How the old functions are to be applied.
    #[inline]
    fn policy(self) -> Policy {
        Policy::Compatible
    }

    /// Whether what a failed call raised must not be masked under the strict policy: `MemoryError` and
    /// `KeyboardInterrupt`. The default knows of none.
    fn is_severe(self, raised: &Self::Raised) -> bool {
        let _ = raised;
        false
    }

    /// Puts the refusal's exception into the error indicator, in place of whatever was there. Only called for
    /// a refusal whose message has no place for a type name.
    fn raise(self, refusal: &Refusal);

    /// Gives a view back, as `PyBuffer_Release` does: tells the exporter and drops the reference to it. Does
    /// nothing to an empty view (`obj` null), and leaves the view empty.
    ///
    /// # Safety
    ///
    /// `view` points to a view that is empty, or that an exporter of this interpreter filled and that has not
    /// moved or been released since.
    unsafe fn release(self, view: NonNull<Self::View>);

    /// Whether *nobody* can write to the view's memory, or move it, while the view lives: true for the
    /// content of an exact `bytes`. The default knows of none.
    fn is_frozen(self, view: &Self::View) -> bool {
        let _ = view;
        false
    }
}

/// How the old functions are applied.
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
/// # Safety
///
/// The object stays alive while the handle is used.
pub unsafe trait Object: Copy {
    /// The interpreter that the object belongs to.
    type Runtime: Runtime;

    /// The interpreter that the object belongs to.
    fn runtime(self) -> Self::Runtime;

    /// Whether the type fills `bf_releasebuffer`: its exporters are to be told when a view ends, so they may move
    /// their memory once none is held. Asked under the [strict policy](Policy::Strict) only.
    fn needs_release(self) -> bool {
        false
    }

    /// Puts a reference to the object into an empty view, so that releasing the view gives the reference back and tells
    /// no exporter. Returns whether it did: the default does not, which is right where objects live long enough anyway.
    ///
    /// # Safety
    ///
    /// `into` points to an empty view, which may be written to.
    unsafe fn refer(self, into: NonNull<<Self::Runtime as Runtime>::View>) -> bool {
        let _ = into;
        false
    }

    /// As [`Runtime::raise`], with the name of the object's type where the message has a place for it.
    fn raise(self, refusal: &Refusal);
}

/// The view that an object's exporters fill.
pub type ViewOf<O> = <<O as Object>::Runtime as Runtime>::View;

/// The token of a call that an object's exporter failed.
pub type RaisedBy<O> = <<O as Object>::Runtime as Runtime>::Raised;

/// An object that may export views: its type may fill `bf_getbuffer`.
///
/// # Safety
///
/// As [`export`](Self::export) says.
pub unsafe trait Exporter: Object {
    /// Whether the type fills `bf_getbuffer`. On the hot path of every 3.x function.
    fn exports(self) -> bool;

    /// Calls the type's `bf_getbuffer`, and nothing else: no check of the request, none of the result.
    ///
    /// **The exporter may run arbitrary code**, which may call back into the caller.
    ///
    /// On `Ok` the exporter has filled the view. It may still have filled it with nonsense: a negative length,
    /// a null pointer, read-only memory for a writable request.
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
#[derive(Debug)]
pub enum StableFailure<Raised> {
    /// The object's exporter offers none, or does not know of them. Nothing was raised.
    Unsupported,
    /// It offers some, but not this one: there is a view that may be written to, say.
    Refused(Raised),
}

/// How `bf_getbuffer` failed. The four functions differ in what they make of an irregular answer.
#[derive(Debug)]
pub enum Failure<Raised> {
    /// It returned −1, as the protocol has it.
    Refused(Raised),
    /// It returned neither 0 nor −1, which the protocol does not define.
    Irregular(Raised),
}

impl<Raised> Failure<Raised> {
    /// The token of the failed call.
    pub fn into_raised(self) -> Raised {
        match self {
            Self::Refused(raised) | Self::Irregular(raised) => raised,
        }
    }
}

/// An object whose type may fill the old slots of Python 2.
///
/// # Safety
///
/// As [`Segments`] says of what [`segments`](Self::segments) returns.
pub unsafe trait Segmented: Object {
    /// The witness that the type fills both the slot for the access and the segment counter.
    type Segments: Segments<Raised = RaisedBy<Self>>;

    /// The object's segments, if its type fills `bf_getsegcount` and the slot for `access`. Calls neither.
    fn segments(self, access: Access) -> Option<Self::Segments>;
}

/// The old slots of an object that has them, for one kind of access.
///
/// # Safety
///
/// What [`get`](Self::get) returns is what the slot returned; the memory is the object's own.
pub unsafe trait Segments: Copy {
    /// The token of a failed call.
    type Raised;

    /// `bf_getsegcount(object, NULL)`: the number of segments. The slot may leave an exception in the error
    /// indicator; nothing here clears it.
    fn count(self) -> isize;

    /// `bf_getsegcount(object, &total)`: the number of segments, and the sum of their lengths in bytes.
    fn count_and_total(self) -> (isize, isize);

    /// Calls the access slot for one segment. A span's length is not negative.
    ///
    /// # Errors
    ///
    /// The token, if the slot returned a negative length.
    fn get(self, index: isize) -> Result<Span, Self::Raised>;
}

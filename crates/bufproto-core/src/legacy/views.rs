//! The 3.x procedure: a view for the simplest request that will do, released at once.
//!
//! Source: CPython 3.6 to 3.15, recorded; section 2 of the facts that the recordings come with. Nothing but
//! the exporter's return value is looked at. In particular a read-only view for a writable request, strides
//! for a simple one, a null pointer and a negative length all pass.

use core::mem;
use core::ptr::NonNull;

use crate::error::{Error, ErrorOf};
use crate::request::{Access, Request};
use crate::rules::Rule;
use crate::runtime::{Exporter, Failure, Policy, Runtime, ViewOf};
use crate::span::Span;
use crate::view::{Slot, SlotFor, View, ViewFor};

/// Acquires a view as the function for `access` does, and lets the caller keep it.
///
/// ```
/// use bufproto_core::legacy::views;
/// use bufproto_core::request::Access;
/// use bufproto_core::view::Slot;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::bytearray(b"hello");
/// let mut slot = Slot::new();
/// let view = views::acquire(object.attach(&interpreter), Access::Write, &mut slot).unwrap();
/// assert!(object.resize(&interpreter, 10).is_err(), "it is held");
/// drop(view);
/// assert!(object.resize(&interpreter, 10).is_ok());
/// ```
///
/// # Errors
///
/// For character and read access [`Rule::CharExporter`] and [`Rule::ReadExporter`] if the type exports no
/// views, else the exporter's own exception. For write access always [`Rule::WriteExporter`]: whatever the
/// exporter raised is discarded, as CPython does.
#[inline]
pub fn acquire<O: Exporter>(
    object: O,
    access: Access,
    slot: &mut SlotFor<O>,
) -> Result<ViewFor<'_, O>, ErrorOf<O>> {
    export(object, access, slot.clear())?;
    // SAFETY: the exporter has just filled the slot.
    Ok(unsafe { slot.adopt(object.runtime()) })
}

/// Has an empty view filled as the function for `access` does.
#[inline]
pub(crate) fn export<O: Exporter>(
    object: O,
    access: Access,
    view: NonNull<ViewOf<O>>,
) -> Result<(), ErrorOf<O>> {
    if !object.exports() {
        return Err(Error::Refused(missing(access)));
    }
    // SAFETY: the type exports; both callers cleared the view, and keep it in place until it is released.
    unsafe { object.export(view, access.request()) }
        .map_err(|failure| failed(object.runtime(), access, failure.into_raised()))
}

/// The error of the function for `access`, of an exporter that failed. A caller that asks the exporter itself, as an
/// inline function of C does, is told here what becomes of what it raised.
///
/// ```
/// use bufproto_core::error::Error;
/// use bufproto_core::legacy::views::failed;
/// use bufproto_core::request::Access;
/// use bufproto_core::rules::Rule;
/// use bufproto_mock::Attached;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// /// What an exporter's call leaves.
/// struct Token;
/// # #[derive(Clone, Copy)]
/// # struct Host<'i>(Attached<'i>);
/// # // SAFETY: the mock's own.
/// # unsafe impl bufproto_core::runtime::Runtime for Host<'_> {
/// #     type View = bufproto_core::abi::CPython3;
/// #     type Raised = Token;
/// #     fn family(self) -> bufproto_core::rules::Family { self.0.family() }
/// #     fn is_raised(self) -> bool { false }
/// #     fn raise(self, _: &bufproto_core::rules::Refusal) {}
/// #     unsafe fn release(self, _: core::ptr::NonNull<bufproto_core::abi::CPython3>) {}
/// # }
/// # use bufproto_core::runtime::Runtime as _;
/// # let runtime = Host(interpreter.attach());
/// assert!(matches!(failed(runtime, Access::Read, Token), Error::Raised(Token)));
/// assert_eq!(failed(runtime, Access::Write, Token).rule(), Some(Rule::WriteExporter), "it is discarded");
/// ```
#[inline]
pub fn failed<R: Runtime>(runtime: R, access: Access, raised: R::Raised) -> Error<R::Raised> {
    match access {
        Access::Char | Access::Read => Error::Raised(raised),
        Access::Write if runtime.policy() == Policy::Strict && runtime.is_severe(&raised) => {
            Error::Raised(raised)
        }
        // Dropping the token discards the exception, as CPython does whatever it is.
        Access::Write => Error::Refused(Rule::WriteExporter),
    }
}

/// The rule that a type breaks for `access` if it exports no views.
///
/// ```
/// use bufproto_core::legacy::views::missing;
/// use bufproto_core::request::Access;
///
/// assert_eq!(Access::ALL.map(|access| missing(access).number()), [301, 302, 303]);
/// ```
#[inline]
#[must_use]
pub const fn missing(access: Access) -> Rule {
    match access {
        Access::Char => Rule::CharExporter,
        Access::Read => Rule::ReadExporter,
        Access::Write => Rule::WriteExporter,
    }
}

#[inline]
pub(super) fn locate<O: Exporter>(object: O, access: Access) -> Result<Span, ErrorOf<O>> {
    let mut slot = Slot::new();
    acquire(object, access, &mut slot).map(|view| view.span())
}

#[inline]
pub(super) fn check_read_buffer<O: Exporter>(object: O) -> bool {
    if !object.exports() {
        return false;
    }
    let mut slot = Slot::new();
    // SAFETY: the type exports.
    match unsafe { slot.export(object, Request::SIMPLE) }.map(View::release) {
        Ok(()) => true,
        // Dropping the token clears the indicator, whatever was in it.
        Err(Failure::Refused(_)) => false,
        // Only −1 counts as a refusal here; what the exporter left is released, what it raised stays.
        Err(Failure::Irregular(raised)) => {
            mem::forget(raised);
            // SAFETY: the slot was empty, and holds what the exporter left in it.
            drop(unsafe { slot.adopt(object.runtime()) });
            true
        }
    }
}

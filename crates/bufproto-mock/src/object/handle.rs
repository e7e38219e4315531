//! The handle by which core asks an object for views, and what becomes of them.

use std::ffi::{c_int, c_void};
use std::ptr::NonNull;
use std::rc::Rc;

use bufproto_core::abi::{CPython3, Header};
use bufproto_core::grant;
use bufproto_core::request::Request;
use bufproto_core::rules::{Refusal, Rule};
use bufproto_core::runtime::{self, Exporter, Failure, Runtime as _, StableFailure};
use bufproto_core::span::Span;
use bufproto_core::view::Slot;

use super::{Bytes, Inner, Kind, Object};
use crate::conformance::recipe::{self, Claim, Fill, Release, Script};
use crate::fault::Fault;
use crate::interpreter::{Attached, Raised, Token};
use crate::ledger::Call;
use crate::memory::Memory;

/// An object, borrowed, and the interpreter that it is asked in.
///
/// ```
/// use bufproto_core::legacy::{Dialect, Python3};
/// use bufproto_mock::Handle;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::bytes(b"hello");
/// let handle: Handle<'_> = object.attach(&interpreter);
/// assert!(Python3::check_read_buffer(handle));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Handle<'i> {
    pub(super) attached: Attached<'i>,
    pub(super) object: &'i Object,
}

impl<'i> Handle<'i> {
    /// Whether the object offers stable reads.
    ///
    /// ```
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// assert!(Object::buffer(b"hello").attach(&interpreter).is_coordinated());
    /// assert!(!Object::bytearray(b"hello").attach(&interpreter).is_coordinated());
    /// ```
    #[must_use]
    pub fn is_coordinated(self) -> bool {
        matches!(self.object.0.kind, Kind::Bytes(Bytes { stable: true, .. }))
    }

    pub(super) fn record(self, call: Call) {
        self.attached.interpreter().ledger().record(self.object.0.name(), call);
    }

    pub(super) fn failure(self, raised: Option<Raised>) -> Token<'i> {
        self.attached.interpreter().raise_some(raised);
        self.attached.token()
    }

    fn refused(self, rule: Rule) -> Failure<Token<'i>> {
        runtime::Object::raise(self, &rule.refusal(self.attached.family()));
        Failure::Refused(self.attached.token())
    }
}

// SAFETY: a borrowed object is alive.
unsafe impl<'i> runtime::Object for Handle<'i> {
    type Runtime = Attached<'i>;

    fn runtime(self) -> Attached<'i> {
        self.attached
    }

    /// Of the types here, that of what is frozen and that of items that nobody moves take no releases.
    fn needs_release(self) -> bool {
        !matches!(self.object.0.kind, Kind::Opaque | Kind::Bytes(Bytes { frozen: true, .. }) | Kind::Items(_))
    }

    unsafe fn refer(self, into: NonNull<CPython3>) -> bool {
        let reference: *mut c_void = Rc::into_raw(Rc::clone(&self.object.0)).cast_mut().cast();
        // SAFETY: the caller's word; a view begins with a header.
        unsafe { into.cast().write(Header::reference(reference)) };
        true
    }

    fn raise(self, refusal: &Refusal) {
        self.attached.raise_refusal(refusal, self.object.type_name());
    }
}

// SAFETY: what an object answers is passed on unchanged, and what it says of its memory is true, unless the
// unsafe `Answer::claiming` made it say otherwise.
unsafe impl<'i> Exporter for Handle<'i> {
    fn exports(self) -> bool {
        !matches!(self.object.0.kind, Kind::Opaque)
    }

    unsafe fn export(self, into: NonNull<CPython3>, request: Request) -> Result<(), Failure<Token<'i>>> {
        self.record(Call::Export(request));
        let mut leaves = None;
        match self.object.0.next_fault() {
            None => {}
            Some(Fault::Fail(raised)) => return Err(Failure::Refused(self.failure(raised))),
            Some(Fault::Irregular(_, raised)) => return Err(Failure::Irregular(self.failure(raised))),
            Some(Fault::SucceedRaising(raised)) => leaves = Some(raised),
            Some(Fault::CallBack(callback)) => callback(self.attached),
        }
        let inner = &self.object.0;
        inner.call_back();
        if let Kind::Recipe { memory, script } = &inner.kind {
            // SAFETY: the caller's word.
            return unsafe { self.follow(memory, &script.answer, into, request) };
        }
        let begin = || match &inner.kind {
            Kind::Bytes(bytes) => inner.domain.begin_view(request, bytes.read_only),
            Kind::Items(items) => inner.domain.begin_view(request, items.read_only),
            _ => inner.domain.begin(grant::Export::Read).map(|()| grant::Export::Read),
        };
        // SAFETY: the caller's word.
        unsafe { self.grant(into, request, begin) }.map_err(|rule| self.refused(rule))?;
        if let Kind::Scripted { answer, .. } = &inner.kind {
            leaves = leaves.or_else(|| answer.raises.clone());
            if answer.ownerless {
                // SAFETY: nobody will tell when such a view ends, so it ends here; a view begins with a header, and this one
                // has just taken a reference over.
                unsafe {
                    inner.end(grant::Export::Read);
                    let owner =
                        std::mem::replace(&mut (*into.cast::<Header>().as_ptr()).obj, std::ptr::null_mut());
                    drop(Rc::from_raw(owner.cast_const().cast::<Inner>()));
                }
            }
        }
        self.attached.interpreter().raise_some(leaves);
        self.record(Call::Granted);
        Ok(())
    }

    unsafe fn export_stable(
        self,
        into: NonNull<CPython3>,
        request: Request,
    ) -> Result<(), StableFailure<Token<'i>>> {
        let inner = &self.object.0;
        if !self.is_coordinated() {
            return Err(StableFailure::Unsupported);
        }
        self.record(Call::ExportStable(request));
        if let Some(Fault::Fail(raised) | Fault::Irregular(_, raised)) = inner.next_fault() {
            return Err(StableFailure::Refused(self.failure(raised)));
        }
        inner.call_back();
        // SAFETY: the caller's word.
        unsafe {
            self.grant(into, request, || {
                inner.domain.begin(grant::Export::Stable).map(|()| grant::Export::Stable)
            })
        }
        .map_err(|rule| StableFailure::Refused(self.refused(rule).into_raised()))?;
        self.record(Call::Granted);
        Ok(())
    }
}

impl<'i> Handle<'i> {
    /// Begins an export, and fills a view for it.
    ///
    /// # Safety
    ///
    /// As [`Exporter::export`].
    unsafe fn grant(
        self,
        into: NonNull<CPython3>,
        request: Request,
        begin: impl FnOnce() -> Result<grant::Export, Rule>,
    ) -> Result<(), Rule> {
        let inner = &self.object.0;
        let export = begin()?;
        inner.exports.set(inner.exports.get() + 1);
        // The view takes over this reference; nothing before has run code that could drop the last other one.
        let owner: *mut c_void = Rc::into_raw(Rc::clone(inner)).cast_mut().cast();
        // SAFETY: the caller's word that the view is empty and stays in place; memory, shape, strides and
        // format live as long as the object, to which the view holds a reference.
        let answer = unsafe { fill(&inner.kind, self.attached, into, owner, (request, export)) };
        // SAFETY: the caller's word. If there is no view, the export has begun above, and the reference was not taken over.
        unsafe {
            match answer {
                Ok(()) => note(into, export),
                Err(_) => {
                    inner.end(export);
                    drop(Rc::from_raw(owner.cast_const().cast::<Inner>()));
                }
            }
        }
        answer
    }

    /// Gives the answer of a recipe. What is handed out is the object's own bytes, or null.
    ///
    /// # Safety
    ///
    /// As [`Exporter::export`].
    unsafe fn follow(
        self,
        memory: &Memory,
        answer: &recipe::Answer,
        into: NonNull<CPython3>,
        request: Request,
    ) -> Result<(), Failure<Token<'i>>> {
        let inner = &self.object.0;
        if answer.reenters && !inner.reentering.replace(true) {
            drop(Slot::new().fill(self, request));
            inner.reentering.set(false);
        }
        if let Some(Fill { memory: claim, read_only, owned }) = &answer.fills {
            let (buf, len) = match claim {
                Claim::Bytes(bytes) => (memory.address(), bytes.len().cast_signed()),
                Claim::Negative(_, length) => (memory.address(), *length),
                Claim::Null(length) => (std::ptr::null_mut(), *length),
            };
            let held = *owned && answer.returns != -1;
            if held {
                inner.domain.begin(grant::Export::Read).map_err(|rule| self.refused(rule))?;
                inner.exports.set(inner.exports.get() + 1);
                self.record(Call::Granted);
            }
            let obj = match (owned, held) {
                (false, _) => std::ptr::null_mut(),
                // A failure that names an owner hands out no reference.
                (true, false) => Rc::as_ptr(inner).cast_mut().cast(),
                (true, true) => Rc::into_raw(Rc::clone(inner)).cast_mut().cast(),
            };
            let (buf, readonly) = (buf.cast(), *read_only);
            let header = Header { buf, obj, len, itemsize: 1, readonly, ndim: 1, ..Header::EMPTY };
            // SAFETY: the caller's word that the view may be written to, and a view begins with a header.
            unsafe { into.cast::<Header>().write(header) };
            // SAFETY: as above.
            unsafe { note(into, grant::Export::Read) };
        }
        let raised = answer.raises.clone();
        match answer.returns {
            0 => {
                self.attached.interpreter().raise_some(raised);
                Ok(())
            }
            -1 => Err(Failure::Refused(self.failure(raised))),
            _ => Err(Failure::Irregular(self.failure(raised))),
        }
    }
}

/// # Safety
///
/// As [`grant::fill_info`] and [`Block::fill`]; `owner` refers to the object that `kind` is of.
unsafe fn fill(
    kind: &Kind,
    attached: Attached<'_>,
    into: NonNull<CPython3>,
    owner: *mut c_void,
    (request, export): (Request, grant::Export),
) -> Result<(), Rule> {
    let read_only = export != grant::Export::Write;
    let span = match kind {
        // A recipe is followed before.
        Kind::Opaque | Kind::Recipe { .. } => return Err(Rule::ViewExporter),
        Kind::Bytes(bytes) => bytes.span(),
        Kind::Scripted { memory, answer } => {
            let pointer = if answer.null { std::ptr::null_mut() } else { memory.address().cast() };
            // A liar grants every request, so the view is filled as for a simple one, and corrected.
            let span = Span { pointer, length: answer.length };
            let family = attached.family();
            // SAFETY: the caller's word.
            unsafe { grant::fill_info(family, Some(into), owner, span, 0, Request::SIMPLE) }?;
            // SAFETY: the caller's word that the view may be written to, and a view begins with a header.
            unsafe { (*into.cast::<Header>().as_ptr()).readonly = c_int::from(answer.read_only) };
            return Ok(());
        }
        Kind::Items(items) => {
            let block = items.block().map_err(|_| Rule::Contiguous)?;
            // SAFETY: the caller's word.
            return unsafe { block.fill(into, owner, request) };
        }
    };
    // SAFETY: the caller's word.
    unsafe { grant::fill_info(attached.family(), Some(into), owner, span, c_int::from(read_only), request) }
}

/// Notes in a view which export it is, for when it is released.
///
/// # Safety
///
/// The view may be written to.
unsafe fn note(view: NonNull<CPython3>, export: grant::Export) {
    // SAFETY: the caller's word.
    unsafe { (*view.as_ptr()).internal = std::ptr::without_provenance_mut(export as usize) };
}

/// Gives a view back: tells its owner, empties it, and drops the reference.
///
/// # Safety
///
/// As [`Runtime::release`](bufproto_core::runtime::Runtime::release).
pub(crate) unsafe fn release(attached: Attached<'_>, view: NonNull<CPython3>) {
    let header: *mut Header = view.cast().as_ptr();
    // SAFETY: a view begins with a header.
    let owner = unsafe { (*header).obj };
    if owner.is_null() {
        return;
    }
    // SAFETY: the caller's word that an object filled the view, so its owner is a reference that it holds.
    let inner = unsafe { Rc::from_raw(owner.cast_const().cast::<Inner>()) };
    // SAFETY: a view begins with a header.
    if unsafe { (*header).is_reference() } {
        // SAFETY: as above.
        unsafe { header.write(Header::EMPTY) };
        return;
    }
    let interpreter = attached.interpreter();
    if inner.exports.get() == 0 {
        interpreter.ledger().record(inner.name(), Call::ReleaseTooMany);
        // A view that is not out holds no reference, so there is none to drop.
        std::mem::forget(Rc::clone(&inner));
    } else {
        // SAFETY: the object noted what has begun, and the view is out.
        unsafe {
            inner.end(match (*view.as_ptr()).internal.addr() {
                0 => grant::Export::Read,
                1 => grant::Export::Write,
                _ => grant::Export::Stable,
            });
        }
        interpreter.ledger().record(inner.name(), Call::Release);
    }
    if inner.moves_on_release.get() {
        let memory = match &inner.kind {
            Kind::Bytes(Bytes { memory, .. }) => Some(&**memory),
            Kind::Scripted { memory, .. } => Some(memory),
            _ => None,
        };
        // Not while there are other views.
        let _ = inner.domain.resize(|| memory.map(|memory| memory.relocate(memory.len())));
    }
    interpreter.raise_some(inner.release_raises.borrow().clone());
    match &inner.kind {
        Kind::Recipe { script: Script { release: Release::Raises(raised), .. }, .. } => {
            interpreter.raise(raised.clone());
        }
        Kind::Recipe { script: Script { release: Release::Clears, .. }, .. } => {
            drop(interpreter.take_raised())
        }
        _ => {}
    }
    // SAFETY: as above; the reference is dropped below, so nobody may find it any more.
    unsafe { (*header).obj = std::ptr::null_mut() };
}

/// Whether the view's owner is frozen.
///
/// # Safety
///
/// The view is empty, or an object filled it.
pub(crate) unsafe fn is_frozen(view: &Header) -> bool {
    // SAFETY: the owner of a view that an object filled is alive, since the view holds a reference.
    let owner = unsafe { view.obj.cast_const().cast::<Inner>().as_ref() };
    owner.is_some_and(|inner| {
        matches!(inner.kind, Kind::Bytes(Bytes { frozen: true, .. })) && !inner.moves_on_release.get()
    })
}

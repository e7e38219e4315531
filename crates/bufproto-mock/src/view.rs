//! Exporting: what the mock's `bf_getbuffer` does.

use std::ptr::{self, NonNull};

use bufproto_core::abi::{CPython3, Header};
use bufproto_core::grant::fill_info;
use bufproto_core::request::Request;
use bufproto_core::rules::Rule;
use bufproto_core::runtime::{Exporter, Failure};
use bufproto_core::span::Span;
use bufproto_core::view::Slot;

use crate::conformance::recipe::{Claim, Fill, Memory, Mutability, Script, Views};
use crate::conformance::rig::Call;
use crate::fault::On;
use crate::interpreter::Token;
use crate::ledger::Misuse;
use crate::object::{Handle, span};

// SAFETY: what is granted is the object's memory, which the ledger keeps alive until release; what a script
// says is its own bytes or null.
unsafe impl<'interpreter> Exporter for Handle<'_, 'interpreter> {
    fn exports(self) -> bool {
        !matches!(self.body.views, Views::Absent)
    }

    unsafe fn export(
        self,
        into: NonNull<CPython3>,
        request: Request,
    ) -> Result<(), Failure<Token<'interpreter>>> {
        let state = self.attached.0;
        state.ledger.borrow_mut().note(&self.body.label, Call::Export(request.bits()));
        // SAFETY: the caller's word that the view may be read.
        if !self.exports() || unsafe { !(*into.as_ptr()).header.obj.is_null() } {
            state.ledger.borrow_mut().blame(Misuse::BadExport { object: self.body.label.to_string() });
        }
        self.body.call_back();
        let due = state.plan.borrow_mut().due(On::Export);
        if let Some(fault) = due {
            if let Some(raised) = fault.raises {
                state.raise(raised);
            }
            return Err(Failure::Refused(self.attached.token()));
        }
        match &self.body.views {
            Views::Absent => Err(Failure::Refused(self.refuse(Rule::ViewExporter))),
            // SAFETY: the caller's word for the view.
            Views::Memory(memory) => unsafe { self.grant(memory, into, request) }
                .map_err(|rule| Failure::Refused(self.refuse(rule))),
            // SAFETY: the caller's word for the view.
            Views::Script(script) => unsafe { self.follow(script, into, request) },
        }
    }
}

impl<'interpreter> Handle<'_, 'interpreter> {
    /// # Safety
    ///
    /// As [`Exporter::export`].
    unsafe fn grant(self, memory: &Memory, into: NonNull<CPython3>, request: Request) -> Result<(), Rule> {
        let state = self.attached.0;
        let read_only = i32::from(memory.mutability != Mutability::Writable);
        self.body.exports.begin()?;
        let owner = self.body.owner();
        let bytes = self.body.memory();
        let filled = match &self.body.items {
            // SAFETY: the caller's word for the view.
            None => unsafe { fill_info(state.family, Some(into), owner, span(&bytes), read_only, request) },
            Some(items) => {
                let block = items.block(&bytes, read_only != 0);
                // SAFETY: the caller's word for the view; the layout is the object's, which the view keeps.
                block
                    .map_err(|_| Rule::GrantContiguous)
                    .and_then(|block| unsafe { block.fill(into, owner, request) })
            }
        };
        match filled {
            Ok(()) => state.ledger.borrow_mut().open(into.addr().get(), self.body, request, true),
            Err(_) => self.body.exports.end(),
        }
        filled
    }

    /// # Safety
    ///
    /// As [`Exporter::export`].
    unsafe fn follow(
        self,
        script: &Script,
        into: NonNull<CPython3>,
        request: Request,
    ) -> Result<(), Failure<Token<'interpreter>>> {
        let state = self.attached.0;
        let place = self.body.asked.get().min(script.answers.len() - 1);
        self.body.asked.set(self.body.asked.get() + 1);
        let answer = &script.answers[place];
        if answer.reenters && !self.body.reentering.replace(true) {
            drop(Slot::new().fill(self, request));
            self.body.reentering.set(false);
        }
        if let Some(Fill { memory, read_only, owned }) = &answer.fills {
            let block = self.body.claims[place].as_ref();
            let memory = match (memory, block) {
                (Claim::Bytes(_), Some(block)) => span(block),
                (Claim::Negative(_, length), Some(block)) => Span { length: *length, ..span(block) },
                (Claim::Null(length), _) => Span { pointer: ptr::null_mut(), length: *length },
                // `Body::new` makes a block for each claim of bytes.
                (_, None) => Span { pointer: ptr::null_mut(), length: 0 },
            };
            let owner = if *owned { self.body.owner() } else { ptr::null_mut() };
            let header = Header {
                buf: memory.pointer,
                obj: owner,
                len: memory.length,
                itemsize: 1,
                readonly: *read_only,
                ndim: 1,
                ..Header::EMPTY
            };
            // SAFETY: the caller's word that the view may be written to; it begins with a header.
            unsafe { into.cast::<Header>().write(header) };
            if *owned && answer.returns != -1 {
                let granted = answer.returns == 0 && self.body.exports.begin().is_ok();
                state.ledger.borrow_mut().open(into.addr().get(), self.body, request, granted);
            }
        }
        if let Some(raised) = &answer.raises {
            state.raise(raised.clone());
        }
        match answer.returns {
            0 => Ok(()),
            -1 => Err(Failure::Refused(self.attached.token())),
            _ => Err(Failure::Irregular(self.attached.token())),
        }
    }
}

//! Who holds which view, and what consumers did wrong.

use std::fmt;
use std::rc::{Rc, Weak};

use bufproto_core::request::Request;

use crate::conformance::rig::{Call, Event};
use crate::object::Body;

/// A view that an exporter granted and that has not been released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// The exporter's label.
    pub object: String,
    /// What was asked for.
    pub request: Request,
    /// Which export of the interpreter it is, from 1.
    pub number: usize,
}

impl fmt::Display for Export {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { object, request, number } = self;
        write!(formatter, "export {number}, of {object} for {request:?}, was never released")
    }
}

/// What a consumer did and must not do. Doing it to the mock is harmless, and remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// A view was released that had been released before.
    DoubleRelease {
        /// The exporter's label.
        object: String,
    },
    /// A view was released from another address than the one it was exported to.
    MovedView {
        /// The exporter's label.
        object: String,
    },
    /// A view was released that no exporter had granted.
    NeverExported,
    /// An exporter was asked to fill a view that was not empty, or a type without exporter was asked.
    BadExport {
        /// The exporter's label.
        object: String,
    },
}

impl fmt::Display for Misuse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DoubleRelease { object } => write!(formatter, "a view of {object} was released twice"),
            Self::MovedView { object } => {
                write!(formatter, "a view of {object} was moved between its export and its release")
            }
            Self::NeverExported => formatter.write_str("a view was released that nobody had exported"),
            Self::BadExport { object } => {
                write!(formatter, "{object} was asked to fill a view that was not empty, or does not export")
            }
        }
    }
}

/// An export, while it lasts.
#[derive(Debug)]
struct Outstanding {
    number: usize,
    view: usize,
    owner: usize,
    request: Request,
    /// Keeps the exporter alive, as the view's `obj` does. `None` for what an irregular answer left behind:
    /// it may be released, and need not be.
    body: Option<Rc<Body>>,
    weak: Weak<Body>,
}

/// The record of one interpreter.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    outstanding: Vec<Outstanding>,
    /// The owner of the last view that was released at an address, with its label.
    released: Vec<(usize, usize, Rc<str>)>,
    misuses: Vec<Misuse>,
    transcript: Vec<(Rc<str>, Call)>,
    muted: bool,
    exports: usize,
    releases: usize,
}

impl Ledger {
    pub(crate) fn note(&mut self, object: &Rc<str>, call: Call) {
        if !self.muted {
            self.transcript.push((Rc::clone(object), call));
        }
    }

    pub(crate) fn mute(&mut self, muted: bool) {
        self.muted = muted;
    }

    pub(crate) fn blame(&mut self, misuse: Misuse) {
        self.misuses.push(misuse);
    }

    /// Enters a granted view, or what an irregular answer left behind.
    pub(crate) fn open(&mut self, view: usize, body: &Rc<Body>, request: Request, granted: bool) {
        self.released.retain(|(at, ..)| *at != view);
        // What was left behind at this address can be released no more.
        self.outstanding.retain(|open| open.view != view || open.body.is_some());
        self.exports += usize::from(granted);
        self.outstanding.push(Outstanding {
            number: self.exports,
            view,
            owner: body.key(),
            request,
            body: granted.then(|| Rc::clone(body)),
            weak: Rc::downgrade(body),
        });
    }

    /// Closes the export that a view holds, and returns the exporter if it is still there, and whether it had
    /// granted the view.
    pub(crate) fn close(&mut self, view: usize, owner: usize) -> Option<(Rc<Body>, bool)> {
        if let Some(last) = self.outstanding.iter().rposition(|open| open.view == view && open.owner == owner)
        {
            let open = self.outstanding.remove(last);
            let granted = open.body.is_some();
            self.releases += usize::from(granted);
            let body = open.body.or_else(|| open.weak.upgrade())?;
            self.released.push((view, owner, Rc::clone(&body.label)));
            return Some((body, granted));
        }
        let misuse = if let Some((.., label)) =
            self.released.iter().rev().find(|released| released.0 == view && released.1 == owner)
        {
            // A real exporter would be told again.
            let label = Rc::clone(label);
            self.note(&label, Call::Release);
            Misuse::DoubleRelease { object: label.to_string() }
        } else if let Some(open) = self.outstanding.iter().find(|open| open.owner == owner) {
            Misuse::MovedView { object: open.label() }
        } else {
            Misuse::NeverExported
        };
        self.misuses.push(misuse);
        None
    }

    /// Whether the view at this address was granted by an exporter that holds still.
    pub(crate) fn is_frozen(&self, view: usize, owner: usize) -> bool {
        let open = self.outstanding.iter().rev().find(|open| open.view == view && open.owner == owner);
        open.and_then(|open| open.body.as_ref()).is_some_and(|body| body.is_frozen())
    }

    pub(crate) fn outstanding(&self) -> Vec<Export> {
        let granted = self.outstanding.iter().filter(|open| open.body.is_some());
        granted
            .map(|open| Export { object: open.label(), request: open.request, number: open.number })
            .collect()
    }

    pub(crate) fn misuses(&self) -> Vec<Misuse> {
        self.misuses.clone()
    }

    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.exports, self.releases)
    }

    pub(crate) fn take_transcript(&mut self) -> Vec<Event> {
        let events = self.transcript.drain(..);
        events.map(|(object, call)| Event { object: object.to_string(), call }).collect()
    }
}

impl Outstanding {
    fn label(&self) -> String {
        self.weak.upgrade().map(|body| body.label.to_string()).unwrap_or_default()
    }
}

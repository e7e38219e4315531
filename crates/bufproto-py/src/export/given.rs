//! Which views each object has given out, on PyPy.
//!
//! A `memoryview` of PyPy gives a view back without what the exporter had put into `internal`: only with its address, length,
//! format, shape and strides. So it has to be known which of the object's exports that may have been.
//!
//! Views of the same memory by the same object are taken for each other. Of those a read-only one is taken before one that is
//! not, so that what is left excludes as much as there is, and maybe more; stable reads are none of a `memoryview`. Where
//! not even the memory tells whose it is, since the object has exported it by several [`Exported`](super::Exported), nothing
//! ends, which does no harm but to resizes.
//!
//! Source: what PyPy 8.0.1 does, observed by an exporter in C.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use bufproto_core::abi::View as _;
use bufproto_core::grant::Export;
use pyo3::ffi;

use super::held::Keeper;
use super::slots::EXPORT;
use crate::view::NativeView;

/// By the objects' addresses, which stay while there are views.
static GIVEN: LazyLock<Mutex<HashMap<usize, Vec<Given>>>> = LazyLock::new(Mutex::default);

/// A view that has been given out.
struct Given {
    memory: usize,
    /// What it keeps, and which export it is.
    kept: *mut Keeper,
}

// SAFETY: the pointer is only compared and handed back; the views of an object may be released by any thread.
unsafe impl Send for Given {}

impl Given {
    /// Whose export it is.
    fn held(&self) -> usize {
        self.kept.addr() & !EXPORT
    }

    fn is(&self, export: Export) -> bool {
        self.kept.addr() & EXPORT == export as usize
    }
}

/// Remembers a view that an object gives out.
pub(super) fn note(object: *mut ffi::PyObject, view: &NativeView, kept: *mut Keeper) {
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    given.entry(object.addr()).or_default().push(Given { memory: view.header().buf.addr(), kept });
}

/// What is to end where an object is given a view back: what the view says it keeps, if it does, else what it may have kept.
/// Null if that is not known.
pub(super) fn take(object: *mut ffi::PyObject, view: &NativeView, kept: *mut Keeper) -> *mut Keeper {
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(views) = given.get_mut(&object.addr()) else { return core::ptr::null_mut() };
    let memory = view.header().buf.addr();
    let found = if kept.is_null() { guess(views, memory) } else { exactly(views, kept) };
    let taken = found.map(|index| views.swap_remove(index).kept);
    if views.is_empty() {
        given.remove(&object.addr());
    }
    taken.unwrap_or(core::ptr::null_mut())
}

/// The view that keeps just this. If it has been taken for another one, that other one.
fn exactly(views: &[Given], kept: *mut Keeper) -> Option<usize> {
    let held = Given { memory: 0, kept }.held();
    let same = |given: &Given| given.held() == held && !given.is(Export::Stable);
    views.iter().rposition(|given| given.kept == kept).or_else(|| views.iter().rposition(same))
}

/// A view of this memory that a `memoryview` may have had.
fn guess(views: &[Given], memory: usize) -> Option<usize> {
    let may_be = |given: &&Given| given.memory == memory && !given.is(Export::Stable);
    let mut candidates = views.iter().filter(may_be);
    let held = candidates.next()?.held();
    if candidates.any(|given| given.held() != held) {
        return None;
    }
    let of = |export| views.iter().rposition(|given| may_be(&given) && given.is(export));
    of(Export::Read).or_else(|| of(Export::Write))
}

//! Exported memory that nobody writes to.

use core::fmt;
use core::ops::Deref;
use std::sync::Arc;

use bufproto_core::grant::Export;

use super::error::ExportError;
use super::held::Held;
use super::storage::Storage;

/// The items of [exported](crate::Exported) memory, to which nobody writes until this is dropped.
///
/// It keeps the memory, and goes wherever it is needed: to other threads, attached or not.
pub struct StableRead<S: Storage> {
    /// Invariant: a stable read, which has begun and not ended.
    held: Arc<Held<S>>,
}

impl<S: Storage> StableRead<S> {
    pub(super) fn begin(held: Arc<Held<S>>) -> Result<Self, ExportError> {
        held.domain().begin(Export::Stable).map_err(ExportError::Refused)?;
        Ok(Self { held })
    }
}

impl<S: Storage> Deref for StableRead<S> {
    type Target = [S::Item];

    fn deref(&self) -> &[S::Item] {
        // SAFETY: this is an export, and a stable read: the memory stays where it is, and nobody writes to it.
        unsafe { self.held.current().memory().as_ref() }
    }
}

impl<S: Storage> Drop for StableRead<S> {
    fn drop(&mut self) {
        // SAFETY: the invariant; the slice has gone with its borrow.
        unsafe { self.held.domain().end(Export::Stable) };
    }
}

impl<S: Storage> fmt::Debug for StableRead<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("StableRead").field("len", &self.len()).finish_non_exhaustive()
    }
}

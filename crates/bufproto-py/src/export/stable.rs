//! Exported memory that nobody writes to.

use core::fmt;
use core::ops::Deref;
use core::ptr::NonNull;
use std::sync::Arc;

use bufproto_core::grant::Export;
use bufproto_core::request::Request;

use super::error::ExportError;
use super::held::Held;
use super::storage::Storage;

/// The items of [exported](crate::Exported) memory, to which nobody writes until this is dropped.
///
/// It keeps the memory, and goes wherever it is needed: to other threads, attached or not.
///
/// ```
/// use bufproto_py::Exported;
///
/// let memory = Exported::new(vec![1.5, 2.5]);
/// let stable = memory.stable_read()?;
/// assert_eq!(stable.iter().sum::<f64>(), 4.0);
///
/// // The slice does not go without the promise, but the promise goes without the object.
/// drop(memory);
/// assert_eq!(stable[1], 2.5);
/// # Ok::<(), bufproto_py::ExportError>(())
/// ```
pub struct StableRead<S: Storage> {
    /// Invariant: a stable read, which has begun and not ended.
    held: Arc<Held<S>>,
}

impl<S: Storage> StableRead<S> {
    pub(super) fn begin(held: Arc<Held<S>>) -> Result<Self, ExportError> {
        held.begin_stable(Request::SIMPLE).map_err(ExportError::Refused)?;
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

/// To read only: what exports a stable read keeps it, and so does every view.
// SAFETY: while there is a stable read, the memory stays where it is, and nobody writes to it.
unsafe impl<S: Storage> Storage for StableRead<S> {
    type Item = S::Item;

    fn is_writable(&self) -> bool {
        false
    }

    fn memory(&mut self) -> NonNull<[S::Item]> {
        NonNull::from(&**self)
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

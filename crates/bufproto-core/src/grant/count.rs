//! How many exports there are. `tests/interleavings.rs` compiles this file a second time, with atomics whose every order it
//! tries.

use super::atomic::{AtomicUsize, Ordering};
use crate::rules::Rule;

/// Counts an object's exports, so that it is not resized under one.
///
/// One word, usable from several threads: an export and a resize cannot both happen.
#[derive(Debug, Default)]
pub struct ExportCount(AtomicUsize);

/// A count that no object reaches, while its memory is being resized.
const RESIZING: usize = usize::MAX;

impl ExportCount {
    /// No exports.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// The number of exports, or 0 while a resize is under way.
    #[must_use]
    pub fn get(&self) -> usize {
        match self.0.load(Ordering::Acquire) {
            RESIZING => 0,
            count => count,
        }
    }

    /// Counts one export.
    ///
    /// # Errors
    ///
    /// [`Rule::Resize`] while another thread resizes the memory.
    pub fn begin(&self) -> Result<(), Rule> {
        self.0
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, |count| {
                (count != RESIZING).then(|| count.saturating_add(1).min(RESIZING - 1))
            })
            .map(drop)
            .map_err(|_| Rule::Resize)
    }

    /// Counts one export less. Does nothing when there is none.
    pub fn end(&self) {
        let _ = self.0.fetch_update(Ordering::Release, Ordering::Relaxed, |count| {
            if count == RESIZING { None } else { count.checked_sub(1) }
        });
    }

    /// Resizes: runs `resize` while no export exists and none can begin.
    ///
    /// # Errors
    ///
    /// [`Rule::Resize`] if there are exports, or another resize is under way; `resize` is not run then.
    pub fn resize<T>(&self, resize: impl FnOnce() -> T) -> Result<T, Rule> {
        self.0
            .compare_exchange(0, RESIZING, Ordering::AcqRel, Ordering::Relaxed)
            .map_err(|_| Rule::Resize)?;
        let reset = Reset(&self.0);
        let result = resize();
        drop(reset);
        Ok(result)
    }
}

/// Ends a resize, also when it panics.
struct Reset<'a>(&'a AtomicUsize);

impl Drop for Reset<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Release);
    }
}

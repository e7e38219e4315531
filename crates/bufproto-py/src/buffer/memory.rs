//! What a `Buffer` has its bytes in.

use core::mem;
use core::ptr::NonNull;
use std::collections::TryReserveError;

use bufproto_core::shared::Shared;
use pyo3::prelude::*;

use crate::argument::{ReadBuffer, WriteBuffer};
use crate::export::Storage;
use crate::owned::OwnedBuffer;

/// Bytes of its own, or those of another object, which are copied when there is a need for it.
pub(crate) enum Memory {
    Own(Vec<u8>),
    Borrowed {
        /// Invariant: it may be written to if this is `writable`.
        from: OwnedBuffer,
        writable: bool,
    },
}

impl Memory {
    /// The memory of another object, to be written to if it lets us.
    pub(super) fn of(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(buffer) = object.extract::<WriteBuffer<'_, '_>>() {
            return Ok(Self::Borrowed { from: buffer.into_owned(), writable: true });
        }
        let buffer = object.extract::<ReadBuffer<'_, '_>>()?;
        Ok(Self::Borrowed { from: buffer.into_owned(), writable: false })
    }

    /// The bytes as a vector of its own that has room for some more, and what they were in before, if that was something
    /// else. It is to be dropped once nothing is under way: another object is told then.
    pub(super) fn own(
        &mut self,
        attached: Python<'_>,
        more: usize,
    ) -> Result<(&mut Vec<u8>, Option<Self>), TryReserveError> {
        let before = match self {
            Self::Own(bytes) => {
                bytes.try_reserve(more)?;
                None
            }
            Self::Borrowed { from, .. } => {
                let mut bytes = Vec::new();
                bytes.try_reserve_exact(from.len().saturating_add(more))?;
                match from.as_frozen() {
                    Some(frozen) => bytes.extend_from_slice(frozen),
                    None => append(&mut bytes, from.shared(attached)),
                }
                Some(mem::replace(self, Self::Own(bytes)))
            }
        };
        match self {
            Self::Own(bytes) => Ok((bytes, before)),
            Self::Borrowed { .. } => unreachable!("it has just been replaced"),
        }
    }
}

/// Adds bytes to a vector, which has room for them.
fn append(bytes: &mut Vec<u8>, more: Shared<'_>) {
    let count = more.items_to_uninit(bytes.spare_capacity_mut());
    // SAFETY: so many were written behind those that were there.
    unsafe { bytes.set_len(bytes.len() + count) };
}

impl Default for Memory {
    fn default() -> Self {
        Self::Own(Vec::new())
    }
}

// SAFETY: a vector is the value's own; another object's memory stays where it is while it is held, may be written to if that is
// what it was asked for, and is shared unless nobody writes to it.
unsafe impl Storage for Memory {
    type Item = u8;

    fn is_writable(&self) -> bool {
        match self {
            Self::Own(bytes) => bytes.is_writable(),
            Self::Borrowed { writable, .. } => *writable,
        }
    }

    fn is_shared(&self) -> bool {
        match self {
            Self::Own(bytes) => bytes.is_shared(),
            Self::Borrowed { from, .. } => from.as_frozen().is_none(),
        }
    }

    fn memory(&mut self) -> NonNull<[u8]> {
        match self {
            Self::Own(bytes) => bytes.memory(),
            Self::Borrowed { from, .. } => from.place(),
        }
    }
}

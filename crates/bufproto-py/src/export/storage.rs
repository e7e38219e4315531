//! What exported memory is in.

use core::ptr::NonNull;
use std::sync::Arc;

use bufproto_core::element::Element;

/// What owns memory, and can export it.
///
/// ```
/// use std::ptr::NonNull;
/// use bufproto_py::{Exported, Storage};
///
/// #[repr(align(4096))]
/// struct Aligned([u8; 4096]);
///
/// /// A page, as some devices want their memory to be aligned.
/// struct Page(Box<Aligned>);
///
/// // SAFETY: a box that is neither moved nor accessed stays where it is, and its bytes are the page's own.
/// unsafe impl Storage for Page {
///     type Item = u8;
///
///     fn is_writable(&self) -> bool {
///         true
///     }
///
///     fn memory(&mut self) -> NonNull<[u8]> {
///         NonNull::from(&mut self.0.0)
///     }
/// }
///
/// let mut page = Page(Box::new(Aligned([0; 4096])));
/// assert!(page.is_writable() && !page.is_shared());
/// assert!(page.memory().cast::<u8>().addr().get().is_multiple_of(4096));
/// let exported = Exported::new(page);
/// assert_eq!(exported.stable_read()?.iter().max(), Some(&0));
/// # Ok::<(), bufproto_py::ExportError>(())
/// ```
///
/// # Safety
///
/// While a value is neither moved nor accessed in any way, but may be dropped at the end:
///
/// - [`memory`](Self::memory) stays where it is and is that of initialised items, aligned as a slice has to be.
/// - All of it may be read by the pointer, from any thread, and also written if the storage [is
///   writable](Self::is_writable).
/// - Nobody else reads or writes the memory of a writable storage, and nobody writes to that of another one; unless the
///   storage [is shared](Self::is_shared), when others may do both, as Python code does: without references to the memory,
///   and attached.
pub unsafe trait Storage: Send + 'static {
    /// The type of the items, which says how they are exported.
    type Item: Element + Send + Sync;

    /// Whether the memory may be written to.
    fn is_writable(&self) -> bool;

    /// Whether others may write to the memory, so that there are no stable reads of it. They may not, by default.
    fn is_shared(&self) -> bool {
        false
    }

    /// The items. Asked for once the value is in its place, and again whenever it has been accessed.
    fn memory(&mut self) -> NonNull<[Self::Item]>;
}

// SAFETY: a vector that is not accessed stays where it is; the pointer is its own.
unsafe impl<T: Element + Send + Sync> Storage for Vec<T> {
    type Item = T;

    fn is_writable(&self) -> bool {
        true
    }

    fn memory(&mut self) -> NonNull<[T]> {
        let length = self.len();
        // SAFETY: a vector's pointer is not null.
        NonNull::slice_from_raw_parts(unsafe { NonNull::new_unchecked(self.as_mut_ptr()) }, length)
    }
}

// SAFETY: a box that is neither moved nor accessed stays where it is, and the pointer is its own.
unsafe impl<T: Element + Send + Sync> Storage for Box<[T]> {
    type Item = T;

    fn is_writable(&self) -> bool {
        true
    }

    fn memory(&mut self) -> NonNull<[T]> {
        NonNull::from(&mut **self)
    }
}

// SAFETY: the array is the value, which is not moved.
unsafe impl<T: Element + Send + Sync, const N: usize> Storage for [T; N] {
    type Item = T;

    fn is_writable(&self) -> bool {
        true
    }

    fn memory(&mut self) -> NonNull<[T]> {
        NonNull::from(self)
    }
}

/// To read only: others may have it too.
// SAFETY: nobody writes to what is shared like this, and it stays for as long as there is one of those who share it.
unsafe impl<T: Element + Send + Sync> Storage for Arc<[T]> {
    type Item = T;

    fn is_writable(&self) -> bool {
        false
    }

    fn memory(&mut self) -> NonNull<[T]> {
        // SAFETY: the pointer of an `Arc` is not null.
        unsafe { NonNull::new_unchecked(Self::as_ptr(self).cast_mut()) }
    }
}

/// To read only.
// SAFETY: nobody writes to it, and it stays for ever.
unsafe impl<T: Element + Send + Sync> Storage for &'static [T] {
    type Item = T;

    fn is_writable(&self) -> bool {
        false
    }

    fn memory(&mut self) -> NonNull<[T]> {
        NonNull::from(*self)
    }
}

/// To read only: others may have it too.
#[cfg(feature = "bytes")]
// SAFETY: nobody writes to what is shared like this, and it stays for as long as there is one of those who share it.
unsafe impl Storage for bytes::Bytes {
    type Item = u8;

    fn is_writable(&self) -> bool {
        false
    }

    fn memory(&mut self) -> NonNull<[u8]> {
        NonNull::from(&**self)
    }
}

#[cfg(feature = "bytes")]
// SAFETY: as a vector; what was split off is not this one's any more.
unsafe impl Storage for bytes::BytesMut {
    type Item = u8;

    fn is_writable(&self) -> bool {
        true
    }

    fn memory(&mut self) -> NonNull<[u8]> {
        NonNull::from(&mut **self)
    }
}

/// To read only. That nobody changes the file is what whoever mapped it has promised.
#[cfg(feature = "memmap2")]
// SAFETY: a map stays where it is; the promise that `Mmap::map` asks for.
unsafe impl Storage for memmap2::Mmap {
    type Item = u8;

    fn is_writable(&self) -> bool {
        false
    }

    fn memory(&mut self) -> NonNull<[u8]> {
        NonNull::from(&**self)
    }
}

/// That nobody else changes the file is what whoever mapped it has promised.
#[cfg(feature = "memmap2")]
// SAFETY: a map stays where it is; the promise that `MmapOptions::map_mut` asks for.
unsafe impl Storage for memmap2::MmapMut {
    type Item = u8;

    fn is_writable(&self) -> bool {
        true
    }

    fn memory(&mut self) -> NonNull<[u8]> {
        NonNull::from(&mut **self)
    }
}

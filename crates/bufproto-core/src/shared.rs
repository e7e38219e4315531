//! Memory that others may write to at any moment.
//!
//! Python's buffers are shared: whoever holds another view may write while we read. `&[u8]` promises the
//! compiler the opposite, so it is not what a view gives; these two types are.

use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ops::Range;
use core::ptr::{self, NonNull};
use core::slice;
use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

use crate::element::Element;

pub(crate) mod bulk;

/// Bytes to read, which others may write to meanwhile.
///
/// Every access is a relaxed atomic one to each byte, so a concurrent writer makes the bytes read arbitrary, but never the
/// program undefined, as long as the writer's accesses are atomic or ordered by the interpreter's lock. Copies nevertheless
/// move many bytes at a time, on x86-64 and AArch64.
///
/// ```
/// use bufproto_core::shared::Shared;
///
/// let mut memory = *b"hello";
/// // SAFETY: the array stays, and nobody else uses it.
/// let bytes = unsafe { Shared::new(memory.as_mut_ptr(), memory.len()) };
/// assert_eq!(bytes.get(0), Some(b'h'));
/// assert!(bytes.part(1..3).unwrap().iter().eq(*b"el"));
/// let mut copy = [0; 3];
/// assert_eq!(bytes.copy_to_slice(&mut copy), 3);
/// assert_eq!(copy, *b"hel");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Shared<'a> {
    /// Invariant: `length` bytes at `pointer` may be read for `'a`.
    pointer: NonNull<AtomicU8>,
    length: usize,
    memory: PhantomData<&'a AtomicU8>,
}

impl<'a> Shared<'a> {
    /// The bytes at an address, for backends, which know how long they stay.
    ///
    /// ```
    /// use bufproto_core::shared::Shared;
    ///
    /// let mut memory = *b"hello";
    /// // SAFETY: the array stays, and nobody else uses it.
    /// let bytes = unsafe { Shared::new(memory.as_mut_ptr(), memory.len()) };
    /// assert_eq!(bytes.len(), 5);
    /// ```
    ///
    /// # Safety
    ///
    /// `length` bytes at `pointer` may be read for `'a` (`pointer` may be anything when there are none), and
    /// nobody holds a reference to them that forbids others to write or to read.
    #[inline]
    pub unsafe fn new(pointer: *mut u8, length: usize) -> Self {
        let pointer = NonNull::new(pointer.cast()).unwrap_or(NonNull::dangling());
        Self { pointer, length, memory: PhantomData }
    }

    /// The number of bytes.
    ///
    /// ```
    /// use bufproto_core::shared::Shared;
    ///
    /// let mut memory = *b"hello";
    /// // SAFETY: the array stays, and nobody else uses it.
    /// let bytes = unsafe { Shared::new(memory.as_mut_ptr(), memory.len()) };
    /// assert_eq!(bytes.len(), 5);
    /// ```
    #[inline]
    #[must_use]
    pub fn len(self) -> usize {
        self.length
    }

    /// Whether there are no bytes.
    ///
    /// ```
    /// use bufproto_core::shared::Shared;
    ///
    /// // SAFETY: there is nothing to be read.
    /// assert!(unsafe { Shared::new(core::ptr::null_mut(), 0) }.is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.length == 0
    }

    /// Some of the bytes; `None` if the range does not lie within them.
    ///
    /// ```
    /// use bufproto_core::shared::Shared;
    ///
    /// let mut memory = *b"hello";
    /// // SAFETY: the array stays, and nobody else uses it.
    /// let bytes = unsafe { Shared::new(memory.as_mut_ptr(), memory.len()) };
    /// assert!(bytes.part(1..3).unwrap().iter().eq(*b"el"));
    /// assert!(bytes.part(3..6).is_none());
    /// ```
    #[must_use]
    pub fn part(self, range: Range<usize>) -> Option<Self> {
        let cells = self.cells().get(range)?;
        // SAFETY: a part of the bytes, for which the type's invariant holds too.
        Some(unsafe { Self::new(cells.as_ptr().cast_mut().cast(), cells.len()) })
    }

    /// The first byte's address.
    ///
    /// ```
    /// use bufproto_core::shared::Shared;
    ///
    /// let mut memory = *b"hello";
    /// // SAFETY: the array stays, and nobody else uses it.
    /// let bytes = unsafe { Shared::new(memory.as_mut_ptr(), memory.len()) };
    /// assert_eq!(bytes.as_ptr(), memory.as_ptr());
    /// ```
    #[inline]
    #[must_use]
    pub fn as_ptr(self) -> *const u8 {
        self.pointer.as_ptr().cast()
    }

    /// The byte at `index`, as it is now; `None` past the end.
    ///
    /// ```
    /// use bufproto_core::shared::Shared;
    ///
    /// let mut memory = *b"hello";
    /// // SAFETY: the array stays, and nobody else uses it.
    /// let bytes = unsafe { Shared::new(memory.as_mut_ptr(), memory.len()) };
    /// assert_eq!((bytes.get(4), bytes.get(5)), (Some(b'o'), None));
    /// ```
    #[must_use]
    pub fn get(self, index: usize) -> Option<u8> {
        self.cells().get(index).map(|cell| cell.load(Relaxed))
    }

    /// The bytes one after the other, each as it is when its turn comes.
    ///
    /// ```
    /// use bufproto_core::shared::Shared;
    ///
    /// let mut memory = *b"hello";
    /// // SAFETY: the array stays, and nobody else uses it.
    /// let bytes = unsafe { Shared::new(memory.as_mut_ptr(), memory.len()) };
    /// assert_eq!(bytes.iter().filter(|byte| *byte == b'l').count(), 2);
    /// ```
    pub fn iter(self) -> impl ExactSizeIterator<Item = u8> + 'a {
        self.cells().iter().map(|cell| cell.load(Relaxed))
    }

    /// The item whose first byte is at `offset`; `None` if it does not lie within the bytes. Each of its bytes is read by
    /// itself, so of an item that is being written to it may be some old and some new ones.
    ///
    /// ```
    /// use bufproto_core::element::Be;
    /// use bufproto_core::shared::Shared;
    ///
    /// let mut memory = *b"hello";
    /// // SAFETY: the array stays, and nobody else uses it.
    /// let bytes = unsafe { Shared::new(memory.as_mut_ptr(), memory.len()) };
    /// let item: Option<Be<u16>> = bytes.item(1);
    /// assert_eq!(item.map(Be::get), Some(u16::from_be_bytes(*b"el")));
    /// assert_eq!(bytes.item::<u16>(4), None, "it has one byte only");
    /// ```
    #[inline]
    #[must_use]
    pub fn item<T: Element>(self, offset: usize) -> Option<T> {
        let cells = self.cells().get(offset..offset.checked_add(size_of::<T>())?)?;
        let mut item = MaybeUninit::<T>::uninit();
        // SAFETY: there are as many cells as the item has bytes. All of them are written, and any bytes at all are an
        // `Element`.
        unsafe {
            bulk::load(cells.as_ptr(), item.as_mut_ptr().cast(), size_of::<T>());
            Some(item.assume_init())
        }
    }

    /// Copies as many bytes as fit, from the first on, and returns how many.
    ///
    /// ```
    /// use bufproto_core::shared::Shared;
    ///
    /// let mut memory = *b"hello";
    /// // SAFETY: the array stays, and nobody else uses it.
    /// let bytes = unsafe { Shared::new(memory.as_mut_ptr(), memory.len()) };
    /// let mut copy = [0; 8];
    /// assert_eq!(bytes.copy_to_slice(&mut copy), 5);
    /// assert_eq!(&copy, b"hello\0\0\0");
    /// ```
    pub fn copy_to_slice(self, into: &mut [u8]) -> usize {
        self.items_to_slice(into)
    }

    /// Copies as many items as fit, from the first on, and returns how many.
    ///
    /// ```
    /// use bufproto_core::shared::Shared;
    ///
    /// let mut numbers = [1u16, 2, 3];
    /// // SAFETY: the array stays, and nobody else uses it.
    /// let bytes = unsafe { Shared::new(numbers.as_mut_ptr().cast(), 6) };
    /// let mut copy = [0u16; 2];
    /// assert_eq!(bytes.items_to_slice(&mut copy), 2);
    /// assert_eq!(copy, [1, 2]);
    /// ```
    pub fn items_to_slice<T: Element>(self, into: &mut [T]) -> usize {
        // SAFETY: any bytes at all are an `Element`, so only initialised items are written over initialised ones.
        self.items_to_uninit(unsafe { &mut *(ptr::from_mut(into) as *mut [MaybeUninit<T>]) })
    }

    /// Copies as many items as fit, from the first on, and returns how many: so many of the places are initialised then.
    ///
    /// ```
    /// use bufproto_core::shared::Shared;
    ///
    /// let mut memory = *b"hello";
    /// // SAFETY: the array stays, and nobody else uses it.
    /// let bytes = unsafe { Shared::new(memory.as_mut_ptr(), memory.len()) };
    /// let mut copy: Vec<u8> = Vec::with_capacity(bytes.len());
    /// let count = bytes.items_to_uninit(copy.spare_capacity_mut());
    /// // SAFETY: so many are initialised.
    /// unsafe { copy.set_len(count) };
    /// assert_eq!(copy, b"hello");
    /// ```
    pub fn items_to_uninit<T: Element>(self, into: &mut [MaybeUninit<T>]) -> usize {
        let count = self.items_within::<T>(into.len());
        // SAFETY: there are as many bytes on both sides.
        unsafe { bulk::load(self.pointer.as_ptr(), into.as_mut_ptr().cast(), count * size_of::<T>()) };
        count
    }

    /// How many whole items there are, at most so many.
    fn items_within<T: Element>(self, most: usize) -> usize {
        const { assert!(size_of::<T>() != 0, "an item of no bytes cannot be counted") };
        (self.length / size_of::<T>()).min(most)
    }

    /// The bytes as an ordinary slice.
    ///
    /// ```
    /// use bufproto_core::shared::Shared;
    ///
    /// let mut memory = *b"hello";
    /// // SAFETY: the array stays, and nobody else uses it.
    /// let bytes = unsafe { Shared::new(memory.as_mut_ptr(), memory.len()) };
    /// // SAFETY: nobody writes.
    /// assert_eq!(unsafe { bytes.as_slice() }, b"hello");
    /// ```
    ///
    /// # Safety
    ///
    /// Nobody writes to the memory during `'a`: not another thread, and not Python code that runs on this one.
    #[inline]
    #[must_use]
    pub unsafe fn as_slice(self) -> &'a [u8] {
        // SAFETY: the type's invariant, and the caller's word that nobody writes.
        unsafe { slice::from_raw_parts(self.as_ptr(), self.length) }
    }

    #[inline]
    fn cells(self) -> &'a [AtomicU8] {
        // SAFETY: the type's invariant; an atomic byte may be written to by others.
        unsafe { slice::from_raw_parts(self.pointer.as_ptr(), self.length) }
    }
}

/// Bytes to read and write, which others may read and write meanwhile.
///
/// ```
/// use bufproto_core::shared::SharedMut;
///
/// let mut memory = *b"hello";
/// // SAFETY: the array stays, and nobody else uses it.
/// let bytes = unsafe { SharedMut::new(memory.as_mut_ptr(), memory.len()) };
/// bytes.set(0, b'j');
/// assert!(bytes.as_shared().iter().eq(*b"jello"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SharedMut<'a>(
    /// Invariant: the bytes may also be written to for `'a`.
    Shared<'a>,
);

impl<'a> SharedMut<'a> {
    /// The bytes at an address, for backends, which know how long they stay.
    ///
    /// ```
    /// use bufproto_core::shared::SharedMut;
    ///
    /// let mut memory = *b"hello";
    /// // SAFETY: the array stays, and nobody else uses it.
    /// let bytes = unsafe { SharedMut::new(memory.as_mut_ptr(), memory.len()) };
    /// bytes.fill(b'-');
    /// assert_eq!(memory, *b"-----");
    /// ```
    ///
    /// # Safety
    ///
    /// As [`Shared::new`], and the bytes may be written to.
    #[inline]
    pub unsafe fn new(pointer: *mut u8, length: usize) -> Self {
        // SAFETY: the caller's word.
        Self(unsafe { Shared::new(pointer, length) })
    }

    /// The same bytes, to read.
    ///
    /// ```
    /// use bufproto_core::shared::SharedMut;
    ///
    /// let mut memory = *b"hello";
    /// // SAFETY: the array stays, and nobody else uses it.
    /// let bytes = unsafe { SharedMut::new(memory.as_mut_ptr(), memory.len()) };
    /// assert_eq!(bytes.as_shared().get(1), Some(b'e'));
    /// ```
    #[inline]
    #[must_use]
    pub fn as_shared(self) -> Shared<'a> {
        self.0
    }

    /// The number of bytes.
    ///
    /// ```
    /// use bufproto_core::shared::SharedMut;
    ///
    /// let mut memory = *b"hello";
    /// // SAFETY: the array stays, and nobody else uses it.
    /// let bytes = unsafe { SharedMut::new(memory.as_mut_ptr(), memory.len()) };
    /// assert_eq!(bytes.len(), 5);
    /// ```
    #[inline]
    #[must_use]
    pub fn len(self) -> usize {
        self.0.length
    }

    /// Whether there are no bytes.
    ///
    /// ```
    /// use bufproto_core::shared::SharedMut;
    ///
    /// // SAFETY: there is nothing to be written to.
    /// assert!(unsafe { SharedMut::new(core::ptr::null_mut(), 0) }.is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0.length == 0
    }

    /// Some of the bytes; `None` if the range does not lie within them.
    ///
    /// ```
    /// use bufproto_core::shared::SharedMut;
    ///
    /// let mut memory = *b"hello";
    /// // SAFETY: the array stays, and nobody else uses it.
    /// let bytes = unsafe { SharedMut::new(memory.as_mut_ptr(), memory.len()) };
    /// bytes.part(1..3).unwrap().fill(b'-');
    /// assert_eq!(memory, *b"h--lo");
    /// ```
    #[must_use]
    pub fn part(self, range: Range<usize>) -> Option<Self> {
        self.0.part(range).map(Self)
    }

    /// The first byte's address.
    ///
    /// ```
    /// use bufproto_core::shared::SharedMut;
    ///
    /// let mut memory = *b"hello";
    /// // SAFETY: the array stays, and nobody else uses it.
    /// let bytes = unsafe { SharedMut::new(memory.as_mut_ptr(), memory.len()) };
    /// assert_eq!(bytes.as_mut_ptr(), memory.as_mut_ptr());
    /// ```
    #[inline]
    #[must_use]
    pub fn as_mut_ptr(self) -> *mut u8 {
        self.0.pointer.as_ptr().cast()
    }

    /// Writes the byte at `index`; says whether there is one.
    ///
    /// ```
    /// use bufproto_core::shared::SharedMut;
    ///
    /// let mut memory = *b"hello";
    /// // SAFETY: the array stays, and nobody else uses it.
    /// let bytes = unsafe { SharedMut::new(memory.as_mut_ptr(), memory.len()) };
    /// assert!(bytes.set(0, b'j') && !bytes.set(5, b'!'));
    /// assert_eq!(memory, *b"jello");
    /// ```
    pub fn set(self, index: usize, byte: u8) -> bool {
        self.0.cells().get(index).map(|cell| cell.store(byte, Relaxed)).is_some()
    }

    /// Writes the item whose first byte is at `offset`, each of its bytes by itself; says whether it lies within the bytes.
    ///
    /// ```
    /// use bufproto_core::element::Le;
    /// use bufproto_core::shared::SharedMut;
    ///
    /// let mut memory = *b"hello";
    /// // SAFETY: the array stays, and nobody else uses it.
    /// let bytes = unsafe { SharedMut::new(memory.as_mut_ptr(), memory.len()) };
    /// assert!(bytes.set_item(1, Le::new(0x2d2b_u16)));
    /// assert_eq!(memory, *b"h+-lo");
    /// ```
    pub fn set_item<T: Element>(self, offset: usize, item: T) -> bool {
        let Some(part) = offset.checked_add(size_of::<T>()).and_then(|end| self.part(offset..end)) else {
            return false;
        };
        // SAFETY: all bytes of an `Element` are initialised; the part has as many, and may be written to.
        unsafe { bulk::store(ptr::from_ref(&item).cast(), part.0.pointer.as_ptr(), size_of::<T>()) };
        true
    }

    /// Writes as many bytes as fit, from the first on, and returns how many.
    ///
    /// ```
    /// use bufproto_core::shared::SharedMut;
    ///
    /// let mut memory = *b"hello";
    /// // SAFETY: the array stays, and nobody else uses it.
    /// let bytes = unsafe { SharedMut::new(memory.as_mut_ptr(), memory.len()) };
    /// assert_eq!(bytes.copy_from_slice(b"jel"), 3);
    /// assert_eq!(memory, *b"jello");
    /// ```
    pub fn copy_from_slice(self, from: &[u8]) -> usize {
        self.items_from_slice(from)
    }

    /// Writes as many items as fit, from the first on, and returns how many.
    ///
    /// ```
    /// use bufproto_core::shared::SharedMut;
    ///
    /// let mut numbers = [1u16, 2, 3];
    /// // SAFETY: the array stays, and nobody else uses it.
    /// let bytes = unsafe { SharedMut::new(numbers.as_mut_ptr().cast(), 6) };
    /// assert_eq!(bytes.items_from_slice(&[8u16, 9]), 2);
    /// assert_eq!(numbers, [8, 9, 3]);
    /// ```
    pub fn items_from_slice<T: Element>(self, from: &[T]) -> usize {
        let count = self.0.items_within::<T>(from.len());
        // SAFETY: all bytes of an `Element` are initialised; there are as many on both sides, and these may be written to.
        unsafe { bulk::store(from.as_ptr().cast(), self.0.pointer.as_ptr(), count * size_of::<T>()) };
        count
    }

    /// Sets every byte.
    ///
    /// ```
    /// use bufproto_core::shared::SharedMut;
    ///
    /// let mut memory = *b"hello";
    /// // SAFETY: the array stays, and nobody else uses it.
    /// let bytes = unsafe { SharedMut::new(memory.as_mut_ptr(), memory.len()) };
    /// bytes.fill(0);
    /// assert_eq!(memory, [0; 5]);
    /// ```
    pub fn fill(self, byte: u8) {
        // SAFETY: all the bytes, which may be written to.
        unsafe { bulk::fill(byte, self.0.pointer.as_ptr(), self.0.length) };
    }

    /// The bytes as an ordinary slice to write to.
    ///
    /// ```
    /// use bufproto_core::shared::SharedMut;
    ///
    /// let mut memory = *b"hello";
    /// // SAFETY: the array stays, and nobody else uses it.
    /// let bytes = unsafe { SharedMut::new(memory.as_mut_ptr(), memory.len()) };
    /// // SAFETY: nobody else uses the memory.
    /// unsafe { bytes.as_mut_slice() }.reverse();
    /// assert_eq!(memory, *b"olleh");
    /// ```
    ///
    /// # Safety
    ///
    /// Nobody else reads or writes the memory during `'a`, and no other slice of it exists.
    #[inline]
    #[must_use]
    pub unsafe fn as_mut_slice(self) -> &'a mut [u8] {
        // SAFETY: the type's invariant, and the caller's word that the memory is his alone.
        unsafe { &mut *ptr::slice_from_raw_parts_mut(self.as_mut_ptr(), self.0.length) }
    }
}

//! Memory that can move.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// What memory is filled with when its content has moved away. It stays allocated for as long as its object
/// lives, so that a pointer which was kept too long reads this, and not whatever comes next.
///
/// ```
/// use bufproto_core::legacy::{Dialect, Python3};
/// use bufproto_mock::POISON;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::bytearray(b"hello");
/// let span = Python3::as_read_buffer(object.attach(&interpreter)).unwrap();
/// object.resize(&interpreter, 10).unwrap();
/// // SAFETY: memory that was left stays allocated for as long as the object lives.
/// assert_eq!(unsafe { span.pointer.cast::<u8>().read() }, POISON, "it was kept too long");
/// ```
pub const POISON: u8 = 0xDB;

/// The bytes of an object: the last block has the content, the others have been left.
#[derive(Debug)]
pub(crate) struct Memory {
    blocks: RefCell<Vec<Box<[AtomicU8]>>>,
}

impl Memory {
    pub(crate) fn new(content: &[u8]) -> Self {
        Self { blocks: RefCell::new(vec![block(content.iter().copied(), content.len())]) }
    }

    /// The address of the content. It can be read and written through until the object is dropped.
    pub(crate) fn address(&self) -> *mut u8 {
        self.with(|cells| cells.as_ptr().cast_mut().cast())
    }

    pub(crate) fn len(&self) -> usize {
        self.with(<[AtomicU8]>::len)
    }

    pub(crate) fn content(&self) -> Vec<u8> {
        self.with(|cells| cells.iter().map(|cell| cell.load(Relaxed)).collect())
    }

    /// Moves the content, cut or filled up with zeros to a length, and poisons the memory that it leaves.
    pub(crate) fn relocate(&self, length: usize) {
        let moved = block(self.content().into_iter(), length);
        self.with(|cells| cells.iter().for_each(|cell| cell.store(POISON, Relaxed)));
        self.blocks.borrow_mut().push(moved);
    }

    /// Writes as many bytes as there is room for after an offset.
    pub(crate) fn write(&self, offset: usize, content: &[u8]) {
        self.with(|cells| {
            for (cell, byte) in cells.iter().skip(offset).zip(content) {
                cell.store(*byte, Relaxed);
            }
        });
    }

    fn with<T>(&self, read: impl FnOnce(&[AtomicU8]) -> T) -> T {
        match self.blocks.borrow().last() {
            Some(cells) => read(cells),
            None => read(&[]),
        }
    }
}

fn block(content: impl Iterator<Item = u8>, length: usize) -> Box<[AtomicU8]> {
    content.chain(std::iter::repeat(0)).take(length).map(AtomicU8::new).collect()
}

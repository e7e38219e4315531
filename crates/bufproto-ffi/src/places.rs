//! Where a scope of C's keeps its views: in room that the caller has on its stack, and, once that is full, in memory
//! of the interpreter's.

use core::cell::Cell;
use core::ffi::c_void;
use core::mem::{align_of, size_of};
use core::ptr::{self, NonNull};

use bufproto_core::abi::Header;
use bufproto_core::rules::Rule;
use bufproto_core::scope::Places;

use crate::interpreter::Interpreter;

/// Places of one scope, as C keeps them.
///
/// Invariants: the first `own` places are at `first`; the others are in the list of blocks, the newest first, each as
/// many as it says.
#[derive(Clone, Copy)]
pub(crate) struct Blocks<'i> {
    interpreter: &'i Interpreter,
    kept: &'i Kept,
}

/// What is kept of the places between two calls.
#[repr(C)]
#[derive(Debug)]
pub struct Kept {
    /// Room for views, the caller's.
    pub first: *mut c_void,
    /// How many views that is.
    pub own: usize,
    /// How many places are claimed, from the first on. Who fills a place himself claims it before, and gives it back
    /// if the exporter fails and no other has been claimed since.
    pub claimed: Cell<usize>,
    /// How many places there are.
    pub count: Cell<usize>,
    /// The library's memory for those that are more than the caller's.
    pub spilled: Cell<*mut c_void>,
}

/// A block of places begins with this.
#[repr(C, align(16))]
struct Block {
    next: *mut Block,
    /// The number of its first place.
    first: usize,
}

const _: () = assert!(align_of::<Header>() <= align_of::<Block>());

/// How many places the first block has, if the caller has room for fewer.
const FIRST_SPILL: usize = 8;

impl Kept {
    pub(crate) fn new(first: *mut c_void, own: usize) -> Self {
        Self { first, own, claimed: Cell::new(0), count: Cell::new(own), spilled: Cell::new(ptr::null_mut()) }
    }
}

impl<'i> Blocks<'i> {
    /// # Safety
    ///
    /// There is room for `kept.own` views of the interpreter's at `kept.first`, aligned, for as long as the value lives.
    /// What is kept was made for this interpreter, and not changed but as its fields say.
    pub(crate) unsafe fn new(interpreter: &'i Interpreter, kept: &'i Kept) -> Self {
        Self { interpreter, kept }
    }

    fn spilled(&self) -> *mut Block {
        self.kept.spilled.get().cast()
    }

    /// Gives the interpreter's memory back.
    ///
    /// # Safety
    ///
    /// No place is claimed, and none will be.
    pub(crate) unsafe fn free(self) {
        let mut block = self.spilled();
        while !block.is_null() {
            // SAFETY: blocks live until here.
            let next = unsafe { (*block).next };
            if let Some(deallocate) = self.interpreter.deallocate {
                // SAFETY: `allocate` returned it, and nothing is left in it.
                unsafe { deallocate(block.cast()) };
            }
            block = next;
        }
    }
}

// SAFETY: every number has its own place in the caller's room or in one block; blocks are freed when the scope ends.
unsafe impl Places for Blocks<'_> {
    type View = Header;

    #[inline]
    fn count(&self) -> usize {
        self.kept.count.get()
    }

    #[inline]
    fn claimed(&self) -> &Cell<usize> {
        &self.kept.claimed
    }

    /// As many places more as there are.
    fn grow(&self) -> Result<(), Rule> {
        let allocate = self.interpreter.allocate.ok_or(Rule::ScopeFull)?;
        let count = self.kept.count.get();
        let more = count.max(FIRST_SPILL);
        let size = more.checked_mul(self.interpreter.view_size);
        let size = size.and_then(|size| size.checked_add(size_of::<Block>())).ok_or(Rule::ScopeMemory)?;
        // SAFETY: the thread is attached, since somebody uses the scope. Allocating runs no code of Python's.
        let block: *mut Block = unsafe { allocate(size) }.cast();
        if block.is_null() {
            return Err(Rule::ScopeMemory);
        }
        // SAFETY: it has room for the header, and is aligned as an allocator's memory is.
        unsafe { block.write(Block { next: self.spilled(), first: count }) };
        self.kept.spilled.set(block.cast());
        self.kept.count.set(count + more);
        Ok(())
    }

    #[inline]
    fn get(&self, number: usize) -> Option<NonNull<Header>> {
        if number >= self.kept.count.get() {
            return None;
        }
        let (memory, index): (*mut u8, _) = if number < self.kept.own {
            (self.kept.first.cast(), number)
        } else {
            let mut block = self.spilled();
            // SAFETY: blocks live as long as the scope; the oldest begins with the place after the caller's.
            unsafe {
                while (*block).first > number {
                    block = (*block).next;
                }
                (block.add(1).cast(), number - (*block).first)
            }
        };
        // SAFETY: the room is for this many views and more.
        NonNull::new(unsafe { memory.add(index * self.interpreter.view_size) }.cast())
    }
}

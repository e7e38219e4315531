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

/// Places of one scope.
///
/// Invariants: the first `own` places are at `first`; the others are in the list of blocks, the newest first, each as
/// many as it says.
pub(crate) struct Blocks<'i> {
    interpreter: &'i Interpreter,
    first: *mut u8,
    own: usize,
    spilled: Cell<*mut Block>,
    count: Cell<usize>,
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

impl<'i> Blocks<'i> {
    /// # Safety
    ///
    /// There is room for `own` views of the interpreter's at `first`, aligned, for as long as the value lives.
    pub(crate) unsafe fn new(interpreter: &'i Interpreter, first: *mut c_void, own: usize) -> Self {
        Self {
            interpreter,
            first: first.cast(),
            own,
            spilled: Cell::new(ptr::null_mut()),
            count: Cell::new(own),
        }
    }
}

// SAFETY: every number has its own place in the caller's room or in one block; blocks are freed with the value only.
unsafe impl Places for Blocks<'_> {
    type View = Header;

    #[inline]
    fn count(&self) -> usize {
        self.count.get()
    }

    /// As many places more as there are.
    fn grow(&self) -> Result<(), Rule> {
        let allocate = self.interpreter.allocate.ok_or(Rule::ScopeFull)?;
        let more = self.count.get().max(FIRST_SPILL);
        let size = more.checked_mul(self.interpreter.view_size);
        let size = size.and_then(|size| size.checked_add(size_of::<Block>())).ok_or(Rule::ScopeMemory)?;
        // SAFETY: the thread is attached, since somebody uses the scope. Allocating runs no code of Python's.
        let block: *mut Block = unsafe { allocate(size) }.cast();
        if block.is_null() {
            return Err(Rule::ScopeMemory);
        }
        // SAFETY: it has room for the header, and is aligned as an allocator's memory is.
        unsafe { block.write(Block { next: self.spilled.get(), first: self.count.get() }) };
        self.spilled.set(block);
        self.count.set(self.count.get() + more);
        Ok(())
    }

    #[inline]
    fn get(&self, number: usize) -> Option<NonNull<Header>> {
        if number >= self.count.get() {
            return None;
        }
        let (memory, index) = if number < self.own {
            (self.first, number)
        } else {
            let mut block = self.spilled.get();
            // SAFETY: blocks live as long as the value; the oldest begins with the place after the caller's.
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

impl Drop for Blocks<'_> {
    fn drop(&mut self) {
        let mut block = self.spilled.get();
        while !block.is_null() {
            // SAFETY: blocks live until here.
            let next = unsafe { (*block).next };
            if let Some(deallocate) = self.interpreter.deallocate {
                // SAFETY: `allocate` returned it, and the scope, which ends here, has released what was in it.
                unsafe { deallocate(block.cast()) };
            }
            block = next;
        }
    }
}

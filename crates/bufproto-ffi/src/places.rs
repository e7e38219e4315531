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
    /// The next free place in the caller's room; its end if there is none. Who fills a place himself claims it before, and
    /// gives it back if the exporter fails and no other has been claimed since.
    pub next: Cell<*mut c_void>,
    /// Where the caller's room ends.
    pub end: Cell<*mut c_void>,
    /// Where it begins.
    pub first: *mut c_void,
    /// The library's memory for views that are more than the caller has room for.
    pub spilled: Cell<*mut c_void>,
}

/// A block of places begins with this.
#[repr(C, align(16))]
struct Block {
    next: *mut Block,
    /// The number of its first place, and so how many places there are besides.
    first: usize,
    /// Of the newest block: how many places are claimed that are not the caller's.
    claimed: Cell<usize>,
}

const _: () = assert!(align_of::<Header>() <= align_of::<Block>());

/// How many places the first block has, if the caller has room for fewer.
const FIRST_SPILL: usize = 8;

impl Block {
    /// How many places there are with it.
    fn end(&self) -> usize {
        self.first + self.first.max(FIRST_SPILL)
    }
}

impl Kept {
    /// Room for `own` views of `view_size` bytes each. No place is claimed.
    pub(crate) fn new(first: *mut c_void, own: usize, view_size: usize) -> Self {
        let end = first.wrapping_byte_add(own.wrapping_mul(view_size));
        Self { next: Cell::new(first), end: Cell::new(end), first, spilled: Cell::new(ptr::null_mut()) }
    }

    /// What is kept, which is here no more: neither a place that is claimed, nor one that is free.
    pub(crate) fn take(&self) -> Self {
        Self {
            next: Cell::new(self.next.replace(self.first)),
            end: Cell::new(self.end.replace(self.first)),
            first: self.first,
            spilled: Cell::new(self.spilled.replace(ptr::null_mut())),
        }
    }
}

impl<'i> Blocks<'i> {
    /// # Safety
    ///
    /// From `kept.first` to `kept.end` there is room for views of the interpreter's, aligned, for as long as the value lives.
    /// What is kept was made for this interpreter, and not changed but as its fields say.
    pub(crate) unsafe fn new(interpreter: &'i Interpreter, kept: &'i Kept) -> Self {
        Self { interpreter, kept }
    }

    fn spilled(&self) -> *mut Block {
        self.kept.spilled.get().cast()
    }

    /// The newest block.
    fn newest(&self) -> Option<&Block> {
        // SAFETY: blocks live as long as the scope.
        unsafe { self.spilled().as_ref() }
    }

    /// How many places are claimed that are not the caller's.
    fn spilled_claims(&self) -> usize {
        self.newest().map_or(0, |block| block.claimed.get())
    }

    /// How many places lie in the caller's room before an address in it.
    fn before(&self, end: *mut c_void) -> usize {
        end.addr().wrapping_sub(self.kept.first.addr()).checked_div(self.interpreter.view_size).unwrap_or(0)
    }

    /// How many places the caller has room for.
    fn own(&self) -> usize {
        self.before(self.kept.end.get())
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
        self.newest().map_or_else(|| self.own(), Block::end)
    }

    #[inline]
    fn claimed(&self) -> usize {
        self.before(self.kept.next.get()) + self.spilled_claims()
    }

    fn set_claimed(&self, count: usize) {
        let own = count.min(self.own());
        self.kept.next.set(self.kept.first.wrapping_byte_add(own * self.interpreter.view_size));
        if let Some(block) = self.newest() {
            block.claimed.set(count - own);
        }
    }

    /// As many places more as there are.
    fn grow(&self) -> Result<(), Rule> {
        let allocate = self.interpreter.allocate.ok_or(Rule::ScopeFull)?;
        let count = self.count();
        let claimed = Cell::new(self.spilled_claims());
        let more = count.max(FIRST_SPILL);
        let size = more.checked_mul(self.interpreter.view_size);
        let size = size.and_then(|size| size.checked_add(size_of::<Block>())).ok_or(Rule::ScopeMemory)?;
        // SAFETY: the thread is attached, since somebody uses the scope. Allocating runs no code of Python's.
        let block: *mut Block = unsafe { allocate(size) }.cast();
        if block.is_null() {
            return Err(Rule::ScopeMemory);
        }
        // SAFETY: it has room for the header, and is aligned as an allocator's memory is.
        unsafe { block.write(Block { next: self.spilled(), first: count, claimed }) };
        self.kept.spilled.set(block.cast());
        Ok(())
    }

    #[inline]
    fn get(&self, number: usize) -> Option<NonNull<Header>> {
        if number >= self.count() {
            return None;
        }
        let (memory, index): (*mut u8, _) = if number < self.own() {
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

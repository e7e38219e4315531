//! None of the four functions allocates, nor do views and scopes, whether they succeed or fail.
//!
//! The exporter is the smallest there is: it shows what a backend must supply.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::ptr::{self, NonNull};

use bufproto_core::abi::{CPython3, Header};
use bufproto_core::grant;
use bufproto_core::legacy::{Dialect, Python2, Python3, store};
use bufproto_core::request::{Access, Request};
use bufproto_core::rules::{Family, Refusal, Rule};
use bufproto_core::runtime::{Exporter, Failure, Object, Runtime, Segmented, Segments};
use bufproto_core::scope::Scope;
use bufproto_core::span::Span;
use bufproto_core::view::Slot;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's word.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's word.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Five bytes that never change, in an interpreter that only remembers which rule was broken.
#[derive(Clone, Copy)]
struct Five {
    exports: bool,
    refuses: bool,
}

static MEMORY: [u8; 5] = *b"hello";

#[derive(Clone, Copy)]
struct Nowhere;

// SAFETY: `export` fills this layout, and the memory is static.
unsafe impl Runtime for Nowhere {
    type View = CPython3;
    type Raised = ();

    fn family(self) -> Family {
        Family::CPython3
    }

    fn is_raised(self) -> bool {
        false
    }

    fn raise(self, refusal: &Refusal) {
        black_box(refusal.rule);
    }

    unsafe fn release(self, view: NonNull<CPython3>) {
        // SAFETY: a view begins with a header.
        unsafe { (*view.cast::<Header>().as_ptr()).obj = ptr::null_mut() };
    }

    fn is_frozen(self, _view: &CPython3) -> bool {
        true
    }
}

// SAFETY: there is nothing that could die.
unsafe impl Object for Five {
    type Runtime = Nowhere;

    fn runtime(self) -> Nowhere {
        Nowhere
    }

    fn raise(self, refusal: &Refusal) {
        Nowhere.raise(refusal);
    }
}

const SPAN: Span = Span { pointer: MEMORY.as_ptr().cast_mut().cast(), length: 5 };

// SAFETY: the view is of static memory.
unsafe impl Exporter for Five {
    fn exports(self) -> bool {
        self.exports
    }

    unsafe fn export(self, into: NonNull<CPython3>, request: Request) -> Result<(), Failure<()>> {
        if self.refuses {
            return Err(Failure::Refused(()));
        }
        // SAFETY: the caller's word that the view is empty and stays in place.
        unsafe { grant::fill_info(Family::CPython3, Some(into), ptr::null_mut(), SPAN, 1, request) }
            .map_err(|_| Failure::Refused(()))
    }
}

// SAFETY: the segment is static memory.
unsafe impl Segmented for Five {
    type Segments = Self;

    fn segments(self, access: Access) -> Option<Self> {
        (self.exports && access != Access::Write).then_some(self)
    }
}

// SAFETY: as above.
unsafe impl Segments for Five {
    type Raised = ();

    fn count(self) -> isize {
        1
    }

    fn count_and_total(self) -> (isize, isize) {
        (1, 5)
    }

    fn get(self, _index: isize) -> Result<Span, ()> {
        if self.refuses { Err(()) } else { Ok(SPAN) }
    }
}

fn allocations(of: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.with(Cell::get);
    of();
    ALLOCATIONS.with(Cell::get) - before
}

fn objects() -> [Five; 3] {
    [(true, false), (true, true), (false, false)].map(|(exports, refuses)| Five { exports, refuses })
}

fn every_function<D: Dialect<Five>>(object: Five) -> usize {
    let mut answers = 0;
    for access in Access::ALL {
        let (mut pointer, mut length, mut short) = (ptr::null_mut(), 0isize, 0i32);
        // SAFETY: the outputs are ours.
        answers += unsafe {
            store::<D, _, _>(Nowhere, Some(object), access, &raw mut pointer, &raw mut length)
                + store::<D, _, _>(Nowhere, Some(object), access, &raw mut pointer, &raw mut short)
                + store::<D, _, isize>(Nowhere, None::<Five>, access, &raw mut pointer, ptr::null_mut())
        }
        .unsigned_abs() as usize;
    }
    answers + usize::from(D::check_read_buffer(object))
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(black_box(Box::new(1)))), 1);
}

#[test]
fn the_four_functions_do_not_allocate() {
    for object in objects() {
        assert_eq!(allocations(|| _ = black_box(every_function::<Python3>(object))), 0, "3.x");
        assert_eq!(allocations(|| _ = black_box(every_function::<Python2>(object))), 0, "2.x");
    }
}

#[test]
fn views_and_scopes_do_not_allocate() {
    for object in objects() {
        let count = allocations(|| {
            let mut slot = Slot::new();
            if let Ok(view) = slot.fill(object, Request::FULL_RO) {
                black_box(view.frozen());
                black_box(view.held().layout().is_ok());
            }
            let mut slots = [const { Slot::new() }; 2];
            let scope = Scope::new(Nowhere, &mut slots);
            let rules =
                [(); 3].map(|()| scope.locate(object, Access::Read).err().and_then(|error| error.rule()));
            assert_eq!(rules[2] == Some(Rule::ScopeFull), object.exports && !object.refuses);
        });
        assert_eq!(count, 0);
    }
}

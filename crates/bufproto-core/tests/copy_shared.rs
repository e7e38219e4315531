//! Copies of memory that others write to meanwhile: each byte is one that was there, whichever kernel moves it, and what lies
//! between items is left to others. Under Miri and ThreadSanitizer a race would be seen.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use bufproto_core::copy::{CopyError, shared};
use bufproto_core::layout::{Layout, Order};
use bufproto_core::shared::SharedMut;
use bufproto_core::typed::{TypedView, TypedViewMut};

/// How often what races is tried.
const ROUNDS: usize = if cfg!(miri) { 2 } else { 200 };

/// What the writers write, and so all that anybody reads.
const VALUES: [u8; 3] = [0x00, 0x5A, 0xFF];

/// Memory that threads pass on.
struct Memory {
    bytes: Vec<u8>,
    start: *mut u8,
}

// SAFETY: it is accessed as `Shared` memory only, until the threads are done.
unsafe impl Sync for Memory {}

impl Memory {
    fn new(length: usize) -> Self {
        let mut bytes = vec![VALUES[0]; length];
        Self { start: bytes.as_mut_ptr(), bytes }
    }

    fn shared(&self) -> SharedMut<'_> {
        // SAFETY: the vector has as many bytes, and nobody has a reference to them.
        unsafe { SharedMut::new(self.start, self.bytes.len()) }
    }

    /// Writes in a thread of its own while something is done here.
    fn while_written<R>(&self, act: impl FnOnce() -> R) -> R {
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Relaxed) {
                    VALUES.iter().for_each(|&value| self.shared().fill(value));
                }
            });
            let result = act();
            done.store(true, Relaxed);
            result
        })
    }
}

/// A layout for each kernel: its name, item size, shape, strides, and the place of its first item.
type Case = (&'static str, usize, &'static [isize], &'static [isize], usize);

const CASES: [Case; 9] = [
    ("one block", 1, &[600], &[1], 0),
    ("blocks", 80, &[4, 2], &[180, 90], 0),
    ("items in two loops", 2, &[16, 3], &[36, 12], 0),
    ("items of an odd size", 3, &[24, 3], &[24, 8], 0),
    ("squares of bytes", 1, &[24, 20], &[1, 24], 0),
    ("squares of 4 bytes", 4, &[12, 10], &[4, 48], 0),
    ("squares of 8 bytes", 8, &[8, 9], &[8, 64], 0),
    ("every second byte, backwards", 1, &[300], &[-2], 599),
    ("the bytes of pixels the other way round", 1, &[200, 3], &[3, -1], 2),
];

fn layout((_, item_size, shape, strides, _): &Case) -> Layout<'_> {
    Layout::new(*item_size, shape, Some(strides), None).unwrap()
}

#[test]
fn items_that_are_being_written_to_are_copied_byte_by_byte() {
    for case in &CASES {
        let (layout, memory) = (layout(case), Memory::new(720));
        let bounds = layout.bounds().unwrap();
        assert!(case.4 as isize + bounds.start >= 0 && case.4 as isize + bounds.end <= 720, "{}", case.0);
        let mut items = vec![0; layout.length()];
        memory.while_written(|| {
            for _ in 0..ROUNDS {
                // SAFETY: all items are within the memory, and there is place for them.
                unsafe { shared::gather(memory.start.add(case.4), layout, Order::C, items.as_mut_ptr()) };
                assert!(items.iter().all(|item| VALUES.contains(item)), "{}", case.0);
            }
        });
    }
}

#[test]
fn items_are_written_while_they_are_written_to_and_read() {
    for case in &CASES {
        let (layout, memory, other) = (layout(case), Memory::new(720), Memory::new(720));
        let items = vec![VALUES[1]; layout.length()];
        let mut seen = vec![0; 720];
        memory.while_written(|| {
            for _ in 0..ROUNDS {
                // SAFETY: all items are within either memory, and there are as many.
                unsafe {
                    let (first, second) = (memory.start.add(case.4), other.start.add(case.4));
                    shared::scatter(items.as_ptr(), first, layout, Order::Fortran);
                    shared::copy((first, layout), (second, layout)).unwrap();
                }
                memory.shared().as_shared().copy_to_slice(&mut seen);
                assert!(seen.iter().all(|byte| VALUES.contains(byte)), "{}", case.0);
            }
        });
        assert!(other.bytes.iter().all(|byte| VALUES.contains(byte)), "{}", case.0);
    }
}

#[test]
fn what_lies_between_items_is_others() {
    // Two columns of the same table: one is written to as ordinary memory, while the other is copied in both directions.
    let memory = Memory::new(64 * 4);
    let layout = Layout::new(1, &[64], Some(&[4]), None).unwrap();
    let mut items = [0; 64];
    thread::scope(|scope| {
        scope.spawn(|| {
            let place = memory.shared().as_mut_ptr().wrapping_add(1);
            for row in (0..ROUNDS).flat_map(|_| 0..64) {
                // SAFETY: within the memory, of which nobody else accesses this column.
                unsafe { place.add(row * 4).write(place.add(row * 4).read().wrapping_add(1)) };
            }
        });
        for _ in 0..ROUNDS {
            // SAFETY: the items are within the memory, and there is place for them.
            unsafe {
                shared::gather(memory.start, layout, Order::C, items.as_mut_ptr());
                shared::scatter([VALUES[1]; 64].as_ptr(), memory.start, layout, Order::C);
            }
        }
    });
    assert!(memory.bytes.chunks(4).all(|row| row == [VALUES[1], ROUNDS as u8, 0, 0]));
}

#[test]
fn items_that_nobody_initialised_are_not_looked_at() {
    // The second halves of two pairs, for which there is memory only.
    let mut memory = Box::new([std::mem::MaybeUninit::<[u16; 2]>::uninit(); 40]);
    for pair in memory.iter_mut() {
        // SAFETY: the first half of a pair that is there.
        unsafe { pair.as_mut_ptr().cast::<u16>().write(7) };
    }
    let layout = Layout::new(2, &[40], Some(&[4]), None).unwrap();
    let mut items = [0u16; 40];
    // SAFETY: all items are initialised, and there is place for them.
    unsafe { shared::gather(memory.as_mut_ptr().cast(), layout, Order::C, items.as_mut_ptr().cast()) };
    assert_eq!(items, [7; 40]);
}

#[test]
fn a_view_is_copied_in_either_order() {
    let mut memory: Vec<u32> = (0..24).collect();
    let start = memory.as_mut_ptr();
    // Every second column of the last one on, of four rows of six.
    let layout = Layout::new(4, &[4, 3], Some(&[24, -8]), None).unwrap();
    // SAFETY: the items are within the memory, which nobody uses otherwise.
    let view = unsafe { TypedViewMut::<u32>::new(start.add(5).cast(), layout) };
    let mut items = [0; 12];
    view.as_view().copy_to_slice(Order::C, &mut items).unwrap();
    assert_eq!(items, [5, 3, 1, 11, 9, 7, 17, 15, 13, 23, 21, 19]);
    view.as_view().copy_to_slice(Order::Fortran, &mut items).unwrap();
    assert_eq!(items, [5, 11, 17, 23, 3, 9, 15, 21, 1, 7, 13, 19]);

    items.iter_mut().for_each(|item| *item += 100);
    view.copy_from_slice(Order::Fortran, &items).unwrap();
    assert_eq!(memory[..8], [0, 101, 2, 103, 4, 105, 6, 107]);
    assert_eq!(memory[18..], [18, 119, 20, 121, 22, 123]);
}

#[test]
fn as_many_items_are_copied_as_there_are_or_none() {
    let mut memory = [1u16, 2, 3];
    let layout = Layout::new(2, &[3], None, None).unwrap();
    // SAFETY: the items are the memory's, which nobody uses otherwise.
    let view = unsafe { TypedViewMut::<u16>::new(memory.as_mut_ptr().cast(), layout) };
    for places in [0, 2, 4] {
        let mut items = vec![9; places];
        let refused = Err(CopyError::Places { items: 3, places });
        assert_eq!(view.as_view().copy_to_slice(Order::C, &mut items), refused);
        assert_eq!(view.copy_from_slice(Order::C, &items), refused);
        assert!(items.iter().all(|&item| item == 9));
    }
    assert_eq!(memory, [1, 2, 3]);
    let refused = CopyError::Places { items: 3, places: 2 };
    assert_eq!(refused.to_string(), "3 items cannot be copied from or to 2 places");

    let empty = Layout::new(2, &[0, 5], None, None).unwrap();
    // SAFETY: there are no items.
    let nothing = unsafe { TypedView::<u16>::new(std::ptr::null_mut(), empty) };
    assert_eq!(nothing.copy_to_slice(Order::C, &mut []), Ok(()));
}

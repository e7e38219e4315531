//! What several threads copy equals what one does, whatever the layouts: cut along any dimension, or, where both sides
//! overlap, where items share a place, or where pointers lead on, not cut at all.

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use bufproto_core::copy::parallel::Threads;
use bufproto_core::copy::{self, CopyError};
use bufproto_core::grant::{Domain, Export};
use bufproto_core::layout::{Layout, Order};
use bufproto_core::request::Request;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const CASES: u32 = if cfg!(miri) { 4 } else { 400 };

/// Up to so many threads, however little there is to do.
fn threads(most: usize) -> Threads {
    Threads::new(NonZero::new(most).unwrap()).with_least(1)
}

/// Strides, the place of the first item, and how many bytes there are.
fn place(item_size: usize, shape: &[isize], strides: &[isize]) -> (Vec<isize>, usize, usize) {
    let strides: Vec<isize> = strides[..shape.len()].to_vec();
    let reach = |sign: isize| -> usize {
        strides.iter().zip(shape).map(|(stride, extent)| (stride * (extent - 1) * sign).max(0)).sum::<isize>()
            as usize
    };
    let (before, after) = (reach(-1), reach(1));
    (strides, before, before + after + item_size)
}

fn bytes(length: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..length).map(next).collect()
}

fn item_size() -> impl Strategy<Value = usize> {
    select(vec![1usize, 2, 3, 4, 8, 16, 24])
}

fn shape() -> impl Strategy<Value = Vec<isize>> {
    vec(prop_oneof![4 => 1..=9isize, 1 => select(vec![16isize, 33, 100])], 0..=4).prop_map(|mut shape| {
        for index in 0..shape.len() {
            let others: isize = shape[..index].iter().product();
            shape[index] = shape[index].min((if cfg!(miri) { 60 } else { 5000 } / others).max(1));
        }
        shape
    })
}

/// Strides in any order, mostly such that each item has its own place.
fn strides() -> impl Strategy<Value = Vec<isize>> {
    let own = vec(select(vec![1isize, 24, 30, 300, 3000, -24, -300, -3000]), 4);
    prop_oneof![3 => own, 1 => vec(-9..=9isize, 4)]
}

fn order() -> impl Strategy<Value = Order> {
    select(vec![Order::C, Order::Fortran])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) })]

    #[test]
    fn gathering_and_scattering(
        item_size in item_size(), shape in shape(), strides in strides(), order in order(), most in 1..=7usize, seed: u32
    ) {
        let (strides, first, length) = place(item_size, &shape, &strides);
        let layout = Layout::new(item_size, &shape, Some(&strides), None).unwrap();
        let memory = bytes(length, seed);
        let mut gathered = [vec![0xee; layout.length()], vec![0xee; layout.length()]];
        let packed = bytes(layout.length(), !seed);
        let mut scattered = [memory.clone(), memory.clone()];
        // SAFETY: all items are within the memory, and there is place for them.
        unsafe {
            let from = memory.as_ptr().add(first);
            copy::gather(from, layout, order, gathered[0].as_mut_ptr());
            threads(most).gather(from, layout, order, gathered[1].as_mut_ptr());
            copy::scatter(packed.as_ptr(), scattered[0].as_mut_ptr().add(first), layout, order);
            threads(most).scatter(packed.as_ptr(), scattered[1].as_mut_ptr().add(first), layout, order);
        }
        prop_assert!(gathered[0] == gathered[1]);
        prop_assert!(scattered[0] == scattered[1]);
    }

    #[test]
    fn copying_between_layouts(
        item_size in item_size(), shape in shape(), source in strides(), target in strides(), most in 1..=7usize, seed: u32
    ) {
        let (source, first, length) = place(item_size, &shape, &source);
        let (target, into, room) = place(item_size, &shape, &target);
        let from = Layout::new(item_size, &shape, Some(&source), None).unwrap();
        let to = Layout::new(item_size, &shape, Some(&target), None).unwrap();
        let memory = bytes(length, seed);
        let mut copied = [bytes(room, !seed), bytes(room, !seed)];
        // SAFETY: all items are within the memories.
        unsafe {
            let memory = (memory.as_ptr().add(first), from);
            copy::copy(memory, (copied[0].as_mut_ptr().add(into), to)).unwrap();
            threads(most).copy(memory, (copied[1].as_mut_ptr().add(into), to)).unwrap();
        }
        prop_assert!(copied[0] == copied[1]);
    }

    #[test]
    fn within_one_memory(
        item_size in item_size(), shape in shape(), strides in strides(), apart in 0..200usize, most in 1..=7usize,
        forwards: bool, seed: u32
    ) {
        let (strides, first, length) = place(item_size, &shape, &strides);
        let layout = Layout::new(item_size, &shape, Some(&strides), None).unwrap();
        let mut copied = [bytes(length + apart, seed), bytes(length + apart, seed)];
        let (from, to) = if forwards { (first, first + apart) } else { (first + apart, first) };
        for (number, memory) in copied.iter_mut().enumerate() {
            let memory = memory.as_mut_ptr();
            // SAFETY: all items are within the memory, on both sides.
            unsafe {
                let (from, to) = ((memory.add(from).cast_const(), layout), (memory.add(to), layout));
                if number == 0 { copy::copy(from, to) } else { threads(most).copy(from, to) }.unwrap();
            }
        }
        prop_assert!(copied[0] == copied[1]);
    }
}

#[test]
fn stable_reads_are_copied_while_others_would_write() {
    const LENGTH: usize = if cfg!(miri) { 300 } else { 30_000 };
    const ROUNDS: usize = if cfg!(miri) { 3 } else { 100 };
    let (domain, done) = (Domain::new(), AtomicBool::new(false));
    let mut memory = vec![0u8; 2 * LENGTH];
    // Every second byte, in three rows.
    let (shape, strides) = ([3, LENGTH as isize / 3], [2 * (LENGTH as isize / 3), 2]);
    let layout = Layout::new(1, &shape, Some(&strides), None).unwrap();
    let start = Start(memory.as_mut_ptr());
    thread::scope(|scope| {
        scope.spawn(|| {
            for byte in (0..=u8::MAX).cycle().take_while(|_| !done.load(Relaxed)) {
                // SAFETY: nobody else looks at the memory while its owner writes.
                let _ = domain.write(|| unsafe { start.get().write_bytes(byte, 2 * LENGTH) });
            }
        });
        let (mut items, mut copied) = (vec![0; LENGTH], 0);
        while copied < ROUNDS {
            if domain.begin_stable(Request::FULL_RO).is_err() {
                thread::yield_now();
                continue;
            }
            // SAFETY: nobody writes during a stable read; there is place for all items.
            unsafe { threads(3).gather(start.get(), layout, Order::C, items.as_mut_ptr()) };
            // SAFETY: it has begun above, and nobody reads any more.
            unsafe { domain.end(Export::Stable) };
            assert!(items.iter().all(|item| *item == items[0]));
            copied += 1;
        }
        done.store(true, Relaxed);
    });
}

/// Where memory is that threads pass on.
struct Start(*mut u8);

// SAFETY: whoever uses it says why nobody else does.
unsafe impl Sync for Start {}

impl Start {
    fn get(&self) -> *mut u8 {
        self.0
    }
}

#[test]
fn pointers_are_followed() {
    let rows: Vec<Vec<u8>> = (0..5u8).map(|row| (0..7).map(|column| row * 10 + column).collect()).collect();
    let pointers: Vec<*const u8> = rows.iter().map(|row| row.as_ptr()).collect();
    let strides = [size_of::<*const u8>() as isize, 1];
    let layout = Layout::new(1, &[5, 7], Some(&strides), Some(&[0, -1])).unwrap();
    let mut items = vec![0; 35];
    // SAFETY: there are five rows of seven bytes, and place for all.
    unsafe { threads(3).gather(pointers.as_ptr().cast(), layout, Order::C, items.as_mut_ptr()) };
    assert_eq!(items, rows.concat());
}

#[test]
fn nothing_is_copied_between_shapes_that_differ() {
    let [short, long] = [[2isize], [3]].map(|shape| shape);
    let (from, to) =
        (Layout::new(1, &short, None, None).unwrap(), Layout::new(1, &long, None, None).unwrap());
    let (memory, mut into) = ([1u8, 2], [0u8; 3]);
    // SAFETY: both are as long as their layouts say.
    let result = unsafe { threads(2).copy((memory.as_ptr(), from), (into.as_mut_ptr(), to)) };
    assert_eq!(result, Err(CopyError::Extent { dimension: 0, from: 2, to: 3 }));
    assert_eq!(into, [0; 3]);
}

#[test]
fn what_is_less_than_a_thread_is_worth_is_copied_all_the_same() {
    let (memory, mut items) = ([1u8, 2, 3, 4, 5, 6], [0; 3]);
    let layout = Layout::new(1, &[3], Some(&[2]), None).unwrap();
    assert_ne!(threads(3), Threads::new(NonZero::new(3).unwrap()), "there is a least for a thread to do");
    for threads in [threads(3).with_least(100), threads(3).with_least(0), threads(1)] {
        // SAFETY: every second of six bytes, and place for all of them.
        unsafe { threads.gather(memory.as_ptr(), layout, Order::C, items.as_mut_ptr()) };
        assert_eq!(std::mem::take(&mut items), [1, 3, 5]);
    }
}

#[test]
fn an_empty_layout_needs_no_memory() {
    let layout = Layout::new(8, &[0, 4], None, None).unwrap();
    // SAFETY: there are no bytes.
    unsafe { Threads::available().gather(std::ptr::null(), layout, Order::C, std::ptr::null_mut()) };
}

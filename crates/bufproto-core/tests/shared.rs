//! Memory that others may write to: copies of every length, from and to every address.

use std::mem::MaybeUninit;

use bufproto_core::element::Be;
use bufproto_core::shared::{Shared, SharedMut};

/// Past every size that is moved at once, and the sums of several.
const LENGTHS: usize = if cfg!(miri) { 40 } else { 200 };

/// Bytes that differ from their neighbours.
fn numbered(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index * 7 + 1) as u8).collect()
}

fn shared(memory: &mut [u8]) -> SharedMut<'_> {
    // SAFETY: the slice is borrowed, and not used otherwise meanwhile.
    unsafe { SharedMut::new(memory.as_mut_ptr(), memory.len()) }
}

#[test]
fn bytes_are_copied_out_of_any_place() {
    for offset in 0..18 {
        for length in 0..LENGTHS {
            let mut memory = numbered(offset + length);
            let expected = memory[offset..].to_vec();
            let part = shared(&mut memory).as_shared().part(offset..offset + length).unwrap();
            // What is not copied to stays as it is.
            let mut copy = vec![0xEE; length + 3];
            assert_eq!(part.copy_to_slice(&mut copy), length);
            assert_eq!(copy[..length], expected);
            assert_eq!(copy[length..], [0xEE; 3]);
            let mut short = vec![0xEE; length / 2];
            assert_eq!(part.copy_to_slice(&mut short), length / 2);
            assert_eq!(short, expected[..length / 2]);
        }
    }
}

#[test]
fn bytes_are_written_to_any_place_and_nowhere_else() {
    for offset in 0..18 {
        for length in 0..LENGTHS {
            let bytes = numbered(length);
            let mut expected = vec![0xEE; offset + length + 5];
            let mut memory = expected.clone();
            expected[offset..offset + length].copy_from_slice(&bytes);
            let part = shared(&mut memory).part(offset..offset + length).unwrap();
            assert_eq!(part.copy_from_slice(&bytes), length);
            assert_eq!(memory, expected);

            expected[offset..offset + length].fill(0x5A);
            shared(&mut memory).part(offset..offset + length).unwrap().fill(0x5A);
            assert_eq!(memory, expected);
        }
    }
    let mut memory = [0; 4];
    assert_eq!(shared(&mut memory).copy_from_slice(&numbered(9)), 4);
    assert_eq!(memory, numbered(4)[..]);
}

#[test]
fn only_whole_items_are_copied() {
    let mut memory = [0, 1, 2, 0, 3, 0, 4];
    let items = shared(&mut memory).part(1..7).unwrap();
    let mut copy = [Be::<u16>::new(9); 5];
    assert_eq!(items.as_shared().items_to_slice(&mut copy), 3);
    assert_eq!(copy.map(Be::get), [0x0102, 0x0003, 0x0004, 9, 9]);
    let mut places = [MaybeUninit::<u32>::uninit(); 4];
    assert_eq!(items.as_shared().items_to_uninit(&mut places), 1);
    // SAFETY: one item was written.
    assert_eq!(unsafe { places[0].assume_init() }, u32::from_ne_bytes([1, 2, 0, 3]));
    assert_eq!(items.items_from_slice(&[u32::from_ne_bytes(*b"abcd"), 7]), 1);
    assert_eq!(memory, *b"\0abcd\0\x04");
}

#[test]
fn items_of_every_size_are_read_and_written_at_any_address() {
    macro_rules! check {
        ($($type:ty)*) => {$(
            for offset in 0..9 {
                let mut memory = numbered(24);
                let expected = <$type>::from_ne_bytes(memory[offset..][..size_of::<$type>()].try_into().unwrap());
                let all = shared(&mut memory);
                assert_eq!(all.as_shared().item::<$type>(offset), Some(expected));
                assert!(all.set_item(offset, <$type>::from_ne_bytes([0xC3; size_of::<$type>()])));
                let mut changed = numbered(24);
                changed[offset..][..size_of::<$type>()].fill(0xC3);
                assert_eq!(memory, changed);
            }
        )*};
    }
    check!(u8 i16 u32 f32 i64 f64);
    let mut memory = [0; 7];
    let all = shared(&mut memory);
    assert_eq!(all.as_shared().item::<u64>(0), None);
    assert_eq!(all.as_shared().item::<u32>(4), None);
    assert_eq!(all.as_shared().item::<u32>(usize::MAX), None);
    assert!(!all.set_item(4, 1u32));
}

#[test]
fn no_bytes_are_nowhere() {
    // SAFETY: there are no bytes.
    let nothing = unsafe { Shared::new(std::ptr::null_mut(), 0) };
    assert_eq!(nothing.copy_to_slice(&mut [1, 2]), 0);
    assert_eq!(nothing.item::<u8>(0), None);
}

/// Every byte is one that was written, whatever the size of the accesses that race.
#[test]
fn races_mix_bytes_and_nothing_else() {
    /// What threads share.
    struct Memory(*mut u8);
    // SAFETY: the memory is used as shared memory only.
    unsafe impl Sync for Memory {}
    impl Memory {
        fn all(&self) -> SharedMut<'_> {
            // SAFETY: so many bytes, which outlive this, and are not used otherwise meanwhile.
            unsafe { SharedMut::new(self.0, 100) }
        }
    }
    let mut bytes = vec![0x11; 100];
    let memory = Memory(bytes.as_mut_ptr());
    let rounds = if cfg!(miri) { 10 } else { 10_000 };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let all = || memory.all();
            for _ in 0..rounds {
                all().fill(0x22);
                all().set_item(3, 0x3333_3333_u32);
                all().set(50, 0x44);
                all().copy_from_slice(&[0x11; 100]);
            }
        });
        let mut copy = [0; 100];
        for _ in 0..rounds {
            memory.all().as_shared().copy_to_slice(&mut copy);
            assert!(copy.iter().all(|byte| [0x11, 0x22, 0x33, 0x44].contains(byte)));
            assert!(memory.all().as_shared().item::<u64>(0).is_some());
        }
    });
}

#[test]
fn bytes_are_counted() {
    let mut memory = numbered(3);
    let start = memory.as_mut_ptr();
    let bytes = shared(&mut memory);
    assert_eq!((bytes.len(), bytes.is_empty(), bytes.as_mut_ptr()), (3, false, start));
    assert_eq!((bytes.as_shared().len(), bytes.as_shared().is_empty()), (3, false));
    let none = bytes.part(3..3).unwrap();
    assert_eq!((none.len(), none.is_empty()), (0, true));
    assert_eq!((none.as_shared().len(), none.as_shared().is_empty()), (0, true));
    assert!(none.as_shared().iter().next().is_none());
}

use std::ptr::NonNull;

use bufproto_py::Storage;

struct Nowhere;

impl Storage for Nowhere {
    type Item = u8;

    fn is_writable(&self) -> bool {
        true
    }

    fn memory(&mut self) -> NonNull<[u8]> {
        NonNull::slice_from_raw_parts(NonNull::dangling(), 1000)
    }
}

fn main() {}

use bufproto_py::{ReadBuffer, WriteBuffer};

fn copy(from: ReadBuffer<'_, '_>, mut to: WriteBuffer<'_, '_>) {
    to.as_mut_slice().copy_from_slice(from.as_slice());
}

fn main() {}

use bufproto_py::WriteBuffer;

fn swap(mut data: WriteBuffer<'_, '_>) {
    // SAFETY: none, which is what this is about.
    let (one, two) = unsafe { (data.as_mut_slice(), data.as_mut_slice()) };
    one.swap_with_slice(two);
}

fn main() {}

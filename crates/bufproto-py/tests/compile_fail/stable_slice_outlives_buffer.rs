use bufproto_py::StableBuffer;

fn first(data: StableBuffer<'_, '_>) -> Option<u8> {
    let bytes = data.as_slice();
    drop(data);
    bytes.first().copied()
}

fn main() {}

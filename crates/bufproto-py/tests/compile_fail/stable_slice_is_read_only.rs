use bufproto_py::StableBuffer;

fn clear(data: StableBuffer<'_, '_>) {
    data[0] = 0;
}

fn main() {}

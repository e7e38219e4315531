use bufproto_py::ReadBuffer;

fn clear(data: ReadBuffer<'_, '_>) {
    data.shared().fill(0);
}

fn main() {}

use bufproto_py::WriteBuffer;

fn first(data: WriteBuffer<'_, '_>) -> bool {
    let bytes = data.shared();
    drop(data);
    bytes.set(0, 1)
}

fn main() {}

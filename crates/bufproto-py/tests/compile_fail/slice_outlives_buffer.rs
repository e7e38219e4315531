use bufproto_py::ReadBuffer;

fn first(data: ReadBuffer<'_, '_>) -> Option<u8> {
    let bytes = data.as_frozen()?;
    drop(data);
    bytes.first().copied()
}

fn main() {}

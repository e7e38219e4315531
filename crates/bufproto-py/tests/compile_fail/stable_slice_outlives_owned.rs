use bufproto_py::OwnedStable;

fn first(data: OwnedStable) -> &'static [u8] {
    &data
}

fn main() {}

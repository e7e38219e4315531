use bufproto_py::Exported;

// A byte in memory may be neither 0 nor 1, so it must be `Bool`.
fn flags() -> Exported<Vec<bool>> {
    Exported::new(vec![true])
}

fn main() {}

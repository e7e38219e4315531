use bufproto_py::{ExportError, Exported};

fn items<'a>(memory: &'a Exported<Vec<u8>>) -> Result<&'a mut [u8], ExportError> {
    memory.resize(|items| items.as_mut_slice())
}

fn main() {}

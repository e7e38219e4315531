use bufproto_py::{ExportError, Exported};

fn items(memory: &Exported<Vec<u8>>) -> Result<&[u8], ExportError> {
    let stable = memory.stable_read()?;
    Ok(&stable[..])
}

fn main() {}

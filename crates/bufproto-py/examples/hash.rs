//! Hashes any bytes-like object: `fnv1a(b"...")`, a `bytearray`, an array, a memory map.

#[pyo3::pymodule]
mod hash {
    use bufproto_py::ReadBuffer;
    use pyo3::prelude::*;

    /// From here on it pays to let other threads run meanwhile.
    const LONG: usize = 2048;

    /// The FNV-1a hash, of 64 bits.
    #[pyfunction]
    fn fnv1a(py: Python<'_>, data: ReadBuffer<'_, '_>) -> u64 {
        if data.len() < LONG {
            // Others may write to the bytes of a `bytearray`, so they are read one at a time, and no slice is made.
            return super::fnv1a(data.shared().iter());
        }
        // The content of a `bytes`, or a copy: what is hashed stays as it is, whoever writes meanwhile.
        let bytes = data.snapshot();
        py.detach(|| super::fnv1a(bytes.iter().copied()))
    }
}

fn fnv1a(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

//! Fills a buffer of the caller's, as files do: `Noise(seed).readinto(buffer)`.

#[pyo3::pymodule]
mod fill {
    use bufproto_py::WriteBuffer;
    use pyo3::prelude::*;

    /// An endless file of noise, the same for the same seed.
    #[pyclass]
    struct Noise {
        state: u64,
    }

    #[pymethods]
    impl Noise {
        #[new]
        fn new(seed: u64) -> Self {
            Self { state: seed }
        }

        /// Fills the buffer, whoever owns it, and returns its number of bytes.
        fn readinto(&mut self, buffer: WriteBuffer<'_, '_>) -> usize {
            let memory = buffer.shared();
            for at in (0..memory.len()).step_by(8) {
                // The last part may be a shorter one, where no more is written than fits.
                if let Some(part) = memory.part(at..memory.len().min(at + 8)) {
                    part.copy_from_slice(&self.next().to_le_bytes());
                }
            }
            memory.len()
        }
    }

    impl Noise {
        /// The next number of the SplitMix64 generator.
        fn next(&mut self) -> u64 {
            self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut number = self.state;
            number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            number ^ (number >> 31)
        }
    }
}

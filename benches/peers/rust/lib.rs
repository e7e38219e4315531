//! The module `bufproto_peers`: the harness that counts and times peers, and the peers that are in Rust.
//!
//! A peer is a function of C's shape (`c/peer.h`), in a capsule. Whoever made it, it is called through the same pointer
//! by the same loop, so that what surrounds the call is the same for all and can be subtracted.

use pyo3::prelude::*;

mod calls;
mod harness;
mod peers;

/// Counts and times what others made, and hands out the peers in Rust.
#[pymodule(gil_used = false)]
mod bufproto_peers {
    #[pymodule_export]
    use super::harness::{answer, count, count_call, threads, time, time_call};

    use pyo3::types::PyModuleMethods as _;

    #[pymodule_init]
    fn init(module: &super::Bound<'_, super::PyModule>) -> super::PyResult<()> {
        module.add("peers", super::peers::capsules(module.py())?)?;
        module.add("calls", super::calls::functions(module.py())?)
    }
}

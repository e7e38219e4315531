//! Counts bytes on a thread pool, in place, in memory that Python could write to at any other time.

#[pyo3::pymodule]
mod stable {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::sync::{Arc, Mutex};

    use bufproto_py::{Export, Exported, OwnedStable, ReadBuffer, exporter};
    use pyo3::exceptions::PyRuntimeError;
    use pyo3::prelude::*;

    /// Bytes that can be written to, and read by the pool.
    #[pyclass(frozen)]
    struct Memory(Exported<Vec<u8>>);

    impl Export for Memory {
        type Storage = Vec<u8>;
        fn exported(&self) -> &Exported<Vec<u8>> {
            &self.0
        }
    }

    exporter! {
        #[pymethods]
        impl Memory {
            #[new]
            fn new(content: ReadBuffer<'_, '_>) -> Self {
                Self(Exported::bytes(content.to_vec()))
            }
        }
    }

    type Job = Box<dyn FnOnce() + Send>;

    /// Threads that work on what is in a queue.
    #[pyclass(frozen)]
    struct Pool(Sender<Job>, Arc<Mutex<Receiver<Job>>>);

    #[pymethods]
    impl Pool {
        #[new]
        fn new() -> Self {
            let (jobs, queue) = channel();
            Self(jobs, Arc::new(Mutex::new(queue)))
        }

        /// Begins to work.
        fn start(&self, threads: usize) {
            for _ in 0..threads {
                let queue = Arc::clone(&self.1);
                let next = move || queue.lock().ok()?.recv().ok();
                std::thread::spawn(move || std::iter::from_fn(next).for_each(|job| job()));
            }
        }

        /// Has a byte counted. Until that is done nobody writes to the data: whoever tries gets a `BufferError`.
        fn count(&self, data: OwnedStable, byte: u8) -> PyResult<Count> {
            let (answer, result) = channel();
            let job = move || {
                // An ordinary slice, though the interpreter runs meanwhile.
                let count = data.as_slice().iter().filter(|&&one| one == byte).count();
                drop(data);
                // Nobody may be waiting any more.
                let _ = answer.send(count);
            };
            self.0.send(Box::new(job)).map_err(|_| PyRuntimeError::new_err("the pool has ended"))?;
            Ok(Count(Mutex::new(result)))
        }
    }

    /// A count that is to come.
    #[pyclass(frozen)]
    struct Count(Mutex<Receiver<usize>>);

    #[pymethods]
    impl Count {
        /// Waits for it, while other Python threads run. It can be asked for once.
        fn result(&self, py: Python<'_>) -> PyResult<usize> {
            let count = py.detach(|| self.0.lock().ok()?.recv().ok());
            count.ok_or_else(|| PyRuntimeError::new_err("the count was asked for before"))
        }
    }
}

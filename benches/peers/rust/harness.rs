//! The loops: one for counting and one for timing, the same for every peer and for every call.

use std::ffi::{c_int, c_void};
use std::hint::black_box;
use std::path::PathBuf;
use std::ptr;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use criterion::Criterion;
use pyo3::exceptions::PyValueError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::peers::{PEER, Peer};

/// Calls a peer once, uses what it found and clears what it raised.
#[inline(always)]
fn ask(peer: Peer, object: *mut ffi::PyObject) -> (c_int, *const c_void, isize) {
    let (mut pointer, mut length) = (ptr::null(), 0);
    // SAFETY: all who come here are attached and keep the object alive; the outputs are ours. What is in a capsule of the
    // name is a peer.
    let result = unsafe {
        let result = black_box(peer)(black_box(object), &raw mut pointer, &raw mut length);
        if result != 0 {
            ffi::PyErr_Clear();
        }
        result
    };
    black_box((result, pointer, length))
}

/// Calls a function with one argument, as the interpreter does, and drops what it returns or raises.
#[inline(always)]
fn call(function: *mut ffi::PyObject, object: *mut ffi::PyObject) {
    // SAFETY: all who come here are attached and keep both objects alive.
    unsafe {
        let answer = ffi::PyObject_CallOneArg(black_box(function), black_box(object));
        if answer.is_null() {
            ffi::PyErr_Clear();
        } else {
            ffi::Py_DECREF(answer);
        }
    }
}

/// What callgrind counts: it knows this function by its name.
#[unsafe(no_mangle)]
#[inline(never)]
fn bufproto_counted(deed: &dyn Fn(), turns: u64) {
    for _ in 0..turns {
        black_box(deed)();
    }
    black_box(());
}

fn peer_of(capsule: &Bound<'_, PyCapsule>) -> PyResult<Peer> {
    let pointer = capsule.pointer_checked(Some(PEER))?;
    // SAFETY: a capsule of that name has a peer in it.
    Ok(unsafe { std::mem::transmute::<*mut c_void, Peer>(pointer.as_ptr()) })
}

/// The pointer and the length that a peer finds, or nothing if it refuses.
#[pyfunction]
pub(crate) fn answer(
    peer: &Bound<'_, PyCapsule>,
    object: &Bound<'_, PyAny>,
) -> PyResult<Option<(usize, isize)>> {
    let (result, pointer, length) = ask(peer_of(peer)?, object.as_ptr());
    Ok((result == 0).then_some((pointer.addr(), length)))
}

/// One stretch of counting.
#[pyfunction]
pub(crate) fn count(peer: &Bound<'_, PyCapsule>, object: &Bound<'_, PyAny>, turns: u64) -> PyResult<()> {
    let (peer, object) = (peer_of(peer)?, object.as_ptr());
    bufproto_counted(
        &|| {
            ask(peer, object);
        },
        turns,
    );
    Ok(())
}

/// One stretch of counting whole calls; of nothing, if there is no function.
#[pyfunction]
pub(crate) fn count_call(function: Option<&Bound<'_, PyAny>>, object: &Bound<'_, PyAny>, turns: u64) {
    let object = object.as_ptr();
    match function.map(|function| function.as_ptr()) {
        Some(function) => bufproto_counted(&|| call(function, object), turns),
        None => bufproto_counted(
            &|| {
                black_box(object);
            },
            turns,
        ),
    }
}

/// How exactly criterion is to time.
#[derive(FromPyObject)]
pub(crate) struct Patience {
    folder: PathBuf,
    warm_up: f64,
    measurement: f64,
    samples: usize,
}

impl Patience {
    fn criterion(&self) -> Criterion {
        Criterion::default()
            .output_directory(&self.folder)
            .warm_up_time(Duration::from_secs_f64(self.warm_up))
            .measurement_time(Duration::from_secs_f64(self.measurement))
            .sample_size(self.samples)
            .nresamples(1001)
            .without_plots()
    }
}

/// Has criterion time a peer. The estimates are below the folder, in one of this name.
#[pyfunction]
pub(crate) fn time(
    peer: &Bound<'_, PyCapsule>,
    object: &Bound<'_, PyAny>,
    name: &str,
    patience: Patience,
) -> PyResult<()> {
    let (peer, object) = (peer_of(peer)?, object.as_ptr());
    patience.criterion().bench_function(name, |bencher| bencher.iter(|| ask(peer, object)));
    Ok(())
}

/// The same of a whole call.
#[pyfunction]
pub(crate) fn time_call(
    function: &Bound<'_, PyAny>,
    object: &Bound<'_, PyAny>,
    name: &str,
    patience: Patience,
) {
    let (function, object) = (function.as_ptr(), object.as_ptr());
    patience.criterion().bench_function(name, |bencher| bencher.iter(|| call(function, object)));
}

/// How many seconds some threads take that ask at the same time, each so many times.
#[pyfunction]
pub(crate) fn threads(
    py: Python<'_>,
    peer: &Bound<'_, PyCapsule>,
    object: &Bound<'_, PyAny>,
    turns: u64,
    threads: usize,
) -> PyResult<f64> {
    if threads == 0 {
        return Err(PyValueError::new_err("at least one thread"));
    }
    let peer = peer_of(peer)?;
    let object = object.clone().unbind();
    let barrier = Barrier::new(threads);
    let ask_often = || {
        Python::attach(|py| {
            // Whoever waits for others lets go of the interpreter.
            py.detach(|| barrier.wait());
            let begin = Instant::now();
            for _ in 0..turns {
                ask(peer, object.as_ptr());
            }
            (begin, Instant::now())
        })
    };
    let times = py.detach(|| {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(ask_often)).collect();
            threads.into_iter().map(|thread| thread.join()).collect::<Result<Vec<_>, _>>()
        })
    });
    let times = times.map_err(|_| PyValueError::new_err("a thread panicked"))?;
    let begin = times.iter().map(|(begin, _)| *begin).min();
    let end = times.iter().map(|(_, end)| *end).max();
    Ok(begin.zip(end).map_or(0.0, |(begin, end)| end.duration_since(begin).as_secs_f64()))
}

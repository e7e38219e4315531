//! A pointer and a length out of an object: the four functions and views, on the mock and on live objects, beside
//! what an interpreter and PyO3 offer. Every routine's answer is checked before it is timed.
//!
//! The bench links with an interpreter, so it needs one with a shared library (`PYO3_PYTHON` names it).

use std::ffi::{c_int, c_void};
use std::hint::black_box;
use std::ptr;

use bufproto_core::legacy::{Dialect, Python2, Python3};
use bufproto_core::rules::Family;
use bufproto_core::view::Slot as MockSlot;
use bufproto_mock::{Interpreter, Object};
use bufproto_py::{Request, Slot, as_read_buffer, as_write_buffer, check_read_buffer, fill};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use pyo3::buffer::PyBuffer;
use pyo3::ffi;
use pyo3::prelude::*;

unsafe extern "C" {
    // Declared by no header since 3.13, exported by every CPython 3.
    fn PyObject_AsReadBuffer(
        object: *mut ffi::PyObject,
        buffer: *mut *const c_void,
        length: *mut isize,
    ) -> c_int;
    fn PyObject_AsWriteBuffer(
        object: *mut ffi::PyObject,
        buffer: *mut *mut c_void,
        length: *mut isize,
    ) -> c_int;
    fn PyObject_CheckReadBuffer(object: *mut ffi::PyObject) -> c_int;
}

/// Checks a routine's answer, then times it.
fn time<T: PartialEq + std::fmt::Debug>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    expected: T,
    routine: impl Fn() -> T,
) {
    assert_eq!(routine(), expected, "{name}");
    group.bench_function(name, |bencher| bencher.iter(&routine));
}

fn mock(criterion: &mut Criterion) {
    let interpreter = Interpreter::new(Family::CPython3);
    let object = Object::bytearray(b"hello");
    let handle = || black_box(object.attach(&interpreter));
    let mut group = criterion.benchmark_group("mock");
    // The ledger grows with every call: what is timed is its cost too.
    let forget = || interpreter.ledger().clear();
    time(&mut group, "3.x as_char_buffer", Some(5), || {
        forget();
        Python3::as_char_buffer(handle()).ok().map(|span| span.length)
    });
    time(&mut group, "3.x as_read_buffer", Some(5), || {
        forget();
        Python3::as_read_buffer(handle()).ok().map(|span| span.length)
    });
    time(&mut group, "3.x as_write_buffer", Some(5), || {
        forget();
        Python3::as_write_buffer(handle()).ok().map(|span| span.length)
    });
    time(&mut group, "3.x check_read_buffer", true, || {
        forget();
        Python3::check_read_buffer(handle())
    });
    time(&mut group, "2.x as_read_buffer", Some(5), || {
        forget();
        Python2::as_read_buffer(handle()).ok().map(|span| span.length)
    });
    time(&mut group, "view", Some(5), || {
        forget();
        MockSlot::new().fill(handle(), Request::SIMPLE).ok().map(|view| view.span().length)
    });
    group.finish();
}

/// Objects of the interpreter, by the expressions that make them.
const OBJECTS: [(&str, &str); 5] = [
    ("bytes", "b'hello'"),
    ("bytearray", "bytearray(b'hello')"),
    ("memoryview", "memoryview(bytearray(b'hello'))"),
    ("array", "__import__('array').array('b', b'hello')"),
    ("mmap", "__import__('mmap').mmap(-1, 5)"),
];

fn live(criterion: &mut Criterion) {
    Python::initialize();
    Python::attach(|py| {
        for (name, expression) in OBJECTS {
            let expression = std::ffi::CString::new(expression).expect("there is no zero byte in it");
            let object = py.eval(&expression, None, None).expect("the standard library makes it");
            let mut group = criterion.benchmark_group(name);
            read(&mut group, &object);
            if as_write_buffer(&object).is_ok() {
                write(&mut group, &object);
            }
            group.finish();
        }
        let refused = pyo3::types::PyInt::new(py, 42).into_any();
        let mut group = criterion.benchmark_group("int (refused)");
        time(&mut group, "bufproto as_read_buffer", true, || as_read_buffer(black_box(&refused)).is_err());
        time(&mut group, "CPython AsReadBuffer", true, || {
            let failed = own_read(black_box(&refused)).is_none();
            drop(PyErr::take(py));
            failed
        });
        time(&mut group, "PyO3 PyBuffer", true, || PyBuffer::<u8>::get(black_box(&refused)).is_err());
        group.finish();
    });
}

fn read(group: &mut BenchmarkGroup<'_, WallTime>, object: &Bound<'_, PyAny>) {
    time(group, "bufproto as_read_buffer", Some(5), || {
        as_read_buffer(black_box(object)).ok().map(|span| span.length)
    });
    time(group, "CPython AsReadBuffer", Some(5), || own_read(black_box(object)));
    time(group, "bufproto check_read_buffer", true, || check_read_buffer(black_box(object)));
    // SAFETY: the object is alive, and the thread is attached.
    time(group, "CPython CheckReadBuffer", 1, || unsafe {
        PyObject_CheckReadBuffer(black_box(object).as_ptr())
    });
    time(group, "bufproto view", Some(5), || {
        fill(&mut Slot::new(), black_box(object), Request::SIMPLE).ok().map(|view| view.span().length)
    });
    time(group, "CPython GetBuffer and Release", Some(5), || {
        let mut view = ffi::Py_buffer::new();
        // SAFETY: the object is alive, the thread attached, and the view stays in place until it is released.
        unsafe {
            if ffi::PyObject_GetBuffer(black_box(object).as_ptr(), &raw mut view, ffi::PyBUF_SIMPLE) != 0 {
                return None;
            }
            let length = view.len;
            ffi::PyBuffer_Release(&raw mut view);
            Some(length)
        }
    });
    // An array of signed bytes is none of unsigned ones to PyO3.
    if PyBuffer::<u8>::get(object).is_ok() {
        time(group, "PyO3 PyBuffer", Some(5), || {
            PyBuffer::<u8>::get(black_box(object)).ok().map(|buffer| buffer.len_bytes().cast_signed())
        });
    }
}

fn write(group: &mut BenchmarkGroup<'_, WallTime>, object: &Bound<'_, PyAny>) {
    time(group, "bufproto as_write_buffer", Some(5), || {
        as_write_buffer(black_box(object)).ok().map(|span| span.length)
    });
    time(group, "CPython AsWriteBuffer", Some(5), || {
        let (mut pointer, mut length) = (ptr::null_mut(), 0);
        // SAFETY: the object is alive, the thread attached, and the outputs are ours.
        let result =
            unsafe { PyObject_AsWriteBuffer(black_box(object).as_ptr(), &raw mut pointer, &raw mut length) };
        (result == 0).then_some(length)
    });
}

fn own_read(object: &Bound<'_, PyAny>) -> Option<isize> {
    let (mut pointer, mut length) = (ptr::null(), 0);
    // SAFETY: the object is alive, the thread attached, and the outputs are ours.
    let result = unsafe { PyObject_AsReadBuffer(object.as_ptr(), &raw mut pointer, &raw mut length) };
    (result == 0).then_some(length)
}

criterion_group!(extract, mock, live);
criterion_main!(extract);

//! Strided copies: gathering items beside the interpreter's own function, numpy and a plain copy of as many bytes.
//! Every result is compared with the interpreter's before anything is timed.
//!
//! Prints tables of ratios first: of the shortest time that each takes, in many short rounds in which they take turns.
//! So it makes little difference that a machine is busy with other things. Then criterion runs over the same cases, which
//! should be believed only where nothing else runs. After `--`, `--table` leaves criterion out, and a part of a case's
//! name leaves out other cases.
//!
//! The bench links with an interpreter, so it needs one with a shared library (`PYO3_PYTHON` names it). It uses numpy
//! if that can be imported; the views are the same without.

use std::hint::black_box;
use std::time::{Duration, Instant};

use bufproto_core::copy::parallel::Threads;
use bufproto_core::copy::{gather, shared};
use bufproto_core::layout::{Layout, Order};
use criterion::Criterion;
use pyo3::ffi;
use pyo3::prelude::*;

/// How long the table is made of one case.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is copied: the strides are those of the view, and `first` is its first item's place in the memory.
struct Case {
    name: &'static str,
    item_size: usize,
    /// The length of the memory in bytes.
    memory: usize,
    first: usize,
    shape: Vec<isize>,
    strides: Vec<isize>,
}

/// A case from an array of the given shape, its dimensions in another order, and then cut.
fn case(
    name: &'static str,
    item_size: usize,
    shape: &[isize],
    order: &[usize],
    cuts: &[(usize, Cut)],
) -> Case {
    let mut strides = vec![0; shape.len()];
    let mut memory = item_size as isize;
    for dimension in (0..shape.len()).rev() {
        strides[dimension] = memory;
        memory *= shape[dimension];
    }
    let mut first = 0;
    let mut shape: Vec<isize> = order.iter().map(|&dimension| shape[dimension]).collect();
    let mut strides: Vec<isize> = order.iter().map(|&dimension| strides[dimension]).collect();
    for &(dimension, Cut { from, extent, step }) in cuts {
        first += from * strides[dimension];
        shape[dimension] = extent;
        strides[dimension] *= step;
    }
    if let Some(one) = shape.iter().position(|&extent| extent == 1) {
        shape.remove(one);
        strides.remove(one);
    }
    Case { name, item_size, memory: memory as usize, first: first as usize, shape, strides }
}

/// `from`, `from + step` and so on.
#[derive(Clone, Copy)]
struct Cut {
    from: isize,
    extent: isize,
    step: isize,
}

fn cut(from: isize, extent: isize, step: isize) -> Cut {
    Cut { from, extent, step }
}

/// The cases of one scale.
fn cases(scale: Scale) -> Vec<Case> {
    let (matrix, cube, table, image, square, row): ([isize; 2], [isize; 3], isize, [isize; 2], isize, isize) =
        match scale {
            Scale::Middle => ([512, 512], [64, 48, 80], 1 << 16, [480, 640], 1024, 1 << 20),
            Scale::Large => ([1024, 1024], [128, 96, 80], 1 << 18, [1080, 1920], 2048, 1 << 22),
            Scale::Odd => ([1009, 1201], [127, 97, 83], 262_147, [1081, 1919], 2047, 4_000_037),
            Scale::Small => ([128, 96], [24, 20, 28], 8192, [120, 160], 192, 1 << 16),
        };
    let [rows, columns] = matrix;
    let [height, width] = image;
    let reversed = |extent: isize| cut(extent - 1, extent, -1);
    let pixels = [height, width, 3];
    vec![
        case("f64 one of 4 columns", 8, &[table, 4], &[0, 1], &[(1, cut(1, 1, 1))]),
        case("f64 every 2nd column", 8, &matrix, &[0, 1], &[(1, cut(0, columns / 2, 2))]),
        case("f64 transpose", 8, &matrix, &[1, 0], &[]),
        case("f64 reversed", 8, &matrix, &[0, 1], &[(0, reversed(rows)), (1, reversed(columns))]),
        case("f64 axes 0 2 1", 8, &cube, &[0, 2, 1], &[]),
        case("f64 axes 1 0 2", 8, &cube, &[1, 0, 2], &[]),
        case("f64 axes 1 2 0", 8, &cube, &[1, 2, 0], &[]),
        case("f64 axes 2 0 1", 8, &cube, &[2, 0, 1], &[]),
        case("f64 axes 2 1 0", 8, &cube, &[2, 1, 0], &[]),
        case("u8 one channel of RGB", 1, &pixels, &[0, 1, 2], &[(2, cut(1, 1, 1))]),
        case("u8 RGB to BGR", 1, &pixels, &[0, 1, 2], &[(2, reversed(3))]),
        case("u8 transpose", 1, &[square, square], &[1, 0], &[]),
        case("u8 step 2", 1, &[row], &[0], &[(0, cut(0, row / 2, 2))]),
        case("u8 step -1", 1, &[row], &[0], &[(0, reversed(row))]),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Scale {
    /// What fits in a core's own caches with its copy, or nearly so. Powers of two where they are usual.
    Middle,
    /// Some MiB, as images and matrices have them; powers of two where that is usual, which caches like least.
    Large,
    /// As many, with odd extents.
    Odd,
    /// What fits in the nearest caches.
    Small,
}

/// Memory with a case's view, and a place to copy to.
struct Bed<'py> {
    case: Case,
    memory: Vec<u8>,
    into: Vec<u8>,
    numpy: Option<Numpy<'py>>,
}

/// The same memory and the same place as numpy sees them.
struct Numpy<'py> {
    copyto: Bound<'py, PyAny>,
    from: Bound<'py, PyAny>,
    into: Bound<'py, PyAny>,
}

impl<'py> Bed<'py> {
    fn new(py: Python<'py>, case: Case) -> Self {
        // So many values that no permutation of a few bytes goes unnoticed.
        let mut state = 1u32;
        let memory: Vec<u8> = (0..case.memory)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect();
        let length = case.item_size * case.shape.iter().product::<isize>() as usize;
        let mut bed = Self { case, memory, into: vec![0xee; length], numpy: None };
        bed.numpy = Numpy::of(py, &bed).ok();
        bed
    }

    fn gather(&mut self) {
        let Case { item_size, first, shape, strides, .. } = &self.case;
        let layout = Layout::new(*item_size, shape, Some(strides), None).expect("it fits");
        // SAFETY: the view is that of the memory, and there is place for its items.
        unsafe { gather(self.memory.as_ptr().add(*first), layout, Order::C, self.into.as_mut_ptr()) };
    }

    /// As memory that others may write to meanwhile.
    fn shared(&mut self) {
        let Case { item_size, first, shape, strides, .. } = &self.case;
        let layout = Layout::new(*item_size, shape, Some(strides), None).expect("it fits");
        // SAFETY: the view is that of the memory, and there is place for its items.
        unsafe { shared::gather(self.memory.as_ptr().add(*first), layout, Order::C, self.into.as_mut_ptr()) };
    }

    /// By as many threads as there are processors.
    fn parallel(&mut self) {
        let Case { item_size, first, shape, strides, .. } = &self.case;
        let layout = Layout::new(*item_size, shape, Some(strides), None).expect("it fits");
        let threads = Threads::available();
        // SAFETY: the view is that of the memory, and there is place for its items.
        unsafe { threads.gather(self.memory.as_ptr().add(*first), layout, Order::C, self.into.as_mut_ptr()) };
    }

    fn plain(&mut self) {
        let length = self.into.len().min(self.memory.len());
        black_box(&mut self.into)[..length].copy_from_slice(&black_box(&self.memory)[..length]);
    }

    fn interpreter(&mut self) {
        let Case { item_size, first, shape, strides, .. } = &mut self.case;
        let mut view = ffi::Py_buffer::new();
        view.buf = self.memory.as_mut_ptr().wrapping_add(*first).cast();
        view.len = self.into.len() as isize;
        view.itemsize = *item_size as isize;
        view.ndim = shape.len() as i32;
        (view.shape, view.strides) = (shape.as_mut_ptr(), strides.as_mut_ptr());
        // SAFETY: the thread is attached; the view is that of the memory, and there is place for its items.
        let result = unsafe {
            let order = b'C' as std::ffi::c_char;
            ffi::PyBuffer_ToContiguous(self.into.as_mut_ptr().cast(), &raw mut view, view.len, order)
        };
        assert_eq!(result, 0);
    }

    fn numpy(&mut self) {
        let numpy = self.numpy.as_ref().expect("there is a numpy");
        numpy.copyto.call1((&numpy.into, &numpy.from)).expect("numpy copies");
    }

    /// Runs all competitors, and compares what they leave.
    fn check(&mut self) {
        self.interpreter();
        let expected = self.into.clone();
        self.into.fill(0xee);
        self.gather();
        assert!(self.into == expected, "{}", self.case.name);
        self.into.fill(0xee);
        self.parallel();
        assert!(self.into == expected, "parallel: {}", self.case.name);
        self.into.fill(0xee);
        self.shared();
        assert!(self.into == expected, "shared: {}", self.case.name);
        if self.numpy.is_some() {
            self.into.fill(0xee);
            self.numpy();
            assert!(self.into == expected, "numpy: {}", self.case.name);
        }
    }
}

impl<'py> Numpy<'py> {
    fn of(py: Python<'py>, bed: &Bed<'py>) -> PyResult<Self> {
        let numpy = py.import("numpy")?;
        let array = |memory: &[u8], first: usize, shape: Vec<isize>, strides: Option<Vec<isize>>| {
            // SAFETY: the memory stays for as long as the bed, and the bed drops its arrays with it.
            let view = unsafe {
                let begin = memory.as_ptr().cast_mut().cast();
                let view = ffi::PyMemoryView_FromMemory(begin, memory.len() as isize, ffi::PyBUF_WRITE);
                Bound::from_owned_ptr_or_err(py, view)?
            };
            let arguments = pyo3::types::PyDict::new(py);
            arguments.set_item(
                "dtype",
                format!("V{}", bed.case.item_size).replace("V8", "f8").replace("V1", "u1"),
            )?;
            arguments.set_item("buffer", view)?;
            arguments.set_item("offset", first)?;
            arguments.set_item("strides", strides.map(|s| pyo3::types::PyTuple::new(py, s)).transpose()?)?;
            numpy.getattr("ndarray")?.call((pyo3::types::PyTuple::new(py, shape)?,), Some(&arguments))
        };
        let Case { first, shape, strides, .. } = &bed.case;
        Ok(Self {
            copyto: numpy.getattr("copyto")?,
            from: array(&bed.memory, *first, shape.clone(), Some(strides.clone()))?,
            into: array(&bed.into, 0, shape.clone(), None)?,
        })
    }
}

/// How long one call takes, as the mean of so many that the clock can tell. A call before them leaves the caches as
/// this routine leaves them, not as the one that had its turn before.
fn time(calls: u32, mut routine: impl FnMut()) -> f64 {
    routine();
    let begin = Instant::now();
    for _ in 0..calls {
        routine();
    }
    begin.elapsed().as_secs_f64() / f64::from(calls)
}

/// The shortest times in seconds of bufproto, memcpy, the interpreter, numpy, bufproto by several threads, and bufproto on memory
/// that others may write to.
fn turns(bed: &mut Bed<'_>) -> [f64; 6] {
    let has_numpy = bed.numpy.is_some();
    // As many calls as the clock can tell, and few enough to get through before something else runs.
    let calls = |once: f64| (5e-5 / once.max(1e-9)).clamp(1.0, 1000.0) as u32;
    let fast = calls(time(3, || bed.plain()));
    let slow = calls(time(1, || bed.interpreter()));
    let mut best = [f64::INFINITY; 6];
    let begin = Instant::now();
    while begin.elapsed() < PATIENCE {
        // The slowest one has fewer turns, so that there are many for the others.
        best[2] = best[2].min(time(slow, || bed.interpreter()));
        for _ in 0..8 {
            best[0] = best[0].min(time(fast, || bed.gather()));
            best[1] = best[1].min(time(fast, || bed.plain()));
            best[3] = if has_numpy { best[3].min(time(fast, || bed.numpy())) } else { f64::NAN };
            best[4] = best[4].min(time(fast, || bed.parallel()));
            best[5] = best[5].min(time(fast, || bed.shared()));
        }
    }
    best
}

fn geometric_mean(numbers: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = numbers.fold((0.0, 0.0), |(sum, count), number: f64| (sum + number.ln(), count + 1.0));
    f64::exp(sum / count)
}

fn table(py: Python<'_>, scale: Scale) {
    println!("\n{scale:?}: bytes, microseconds, and how many times as long as bufproto's the others take");
    println!(
        "{:24}{:>10}{:>12}{:>14}{:>14}{:>14}{:>14}{:>14}",
        "", "bytes", "bufproto", "memcpy", "ToContiguous", "numpy", "parallel", "shared"
    );
    let wanted: Vec<String> = std::env::args().skip(1).filter(|part| !part.starts_with('-')).collect();
    let mut rows = vec![];
    for case in cases(scale) {
        if !wanted.is_empty() && !wanted.iter().any(|part| case.name.contains(part)) {
            continue;
        }
        let mut bed = Bed::new(py, case);
        bed.check();
        let [ours, others @ ..] = turns(&mut bed);
        let ratios = others.map(|other| other / ours);
        let [a, b, c, d, e] = ratios;
        let (name, length) = (bed.case.name, bed.into.len());
        println!("{name:24}{length:>10}{:>12.1}{a:>14.2}{b:>14.2}{c:>14.2}{d:>14.2}{e:>14.2}", ours * 1e6);
        rows.push((bed.case.item_size, ratios));
    }
    for (name, size) in [("geometric mean", None), ("  f64", Some(8)), ("  u8", Some(1))] {
        if rows.iter().all(|row| size.is_some_and(|size| row.0 != size)) {
            continue;
        }
        let chosen = || rows.iter().filter(move |row| size.is_none_or(|size| row.0 == size));
        let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(|column| geometric_mean(chosen().map(|row| row.1[column])));
        println!("{name:46}{a:>14.2}{b:>14.2}{c:>14.2}{d:>14.2}{e:>14.2}");
    }
    let [a, b, c, d, e] =
        [0, 1, 2, 3, 4].map(|column| rows.iter().map(|row| row.1[column]).fold(f64::INFINITY, f64::min));
    println!("{:46}{a:>14.2}{b:>14.2}{c:>14.2}{d:>14.2}{e:>14.2}", "least");
}

fn criterion(py: Python<'_>, criterion: &mut Criterion) {
    for case in cases(Scale::Large) {
        let mut bed = Bed::new(py, case);
        bed.check();
        let mut group = criterion.benchmark_group(bed.case.name);
        group.throughput(criterion::Throughput::Bytes(bed.into.len() as u64));
        group.bench_function("bufproto", |bencher| bencher.iter(|| bed.gather()));
        group.bench_function("bufproto, shared memory", |bencher| bencher.iter(|| bed.shared()));
        group.bench_function("bufproto, parallel", |bencher| bencher.iter(|| bed.parallel()));
        group.bench_function("memcpy", |bencher| bencher.iter(|| bed.plain()));
        group.bench_function("CPython ToContiguous", |bencher| bencher.iter(|| bed.interpreter()));
        if bed.numpy.is_some() {
            group.bench_function("numpy copyto", |bencher| bencher.iter(|| bed.numpy()));
        }
        group.finish();
    }
}

fn main() {
    Python::initialize();
    Python::attach(|py| {
        if py.import("numpy").is_err() {
            println!("numpy cannot be imported: it does not take part");
        }
        for scale in [Scale::Middle, Scale::Large, Scale::Odd, Scale::Small] {
            table(py, scale);
        }
        if !std::env::args().any(|argument| argument == "--table") {
            let mut settings = Criterion::default().configure_from_args().sample_size(10);
            criterion(py, &mut settings);
            settings.final_summary();
        }
    });
}

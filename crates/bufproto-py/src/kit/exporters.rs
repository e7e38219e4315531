//! Classes that export memory in every way; for tests.

use pyo3::prelude::*;

/// Classes that export memory.
#[expect(unsafe_op_in_unsafe_fn, reason = "PyO3 calls the methods of a macro of this crate like this")]
#[pymodule]
pub(crate) mod exporters {
    use std::sync::{Arc, Mutex};

    use bufproto_core::element::{Be, Bool, Le, Ucs4};
    use bufproto_core::layout::{IndexError, Order};
    use pyo3::exceptions::{PyIndexError, PyValueError};
    use pyo3::prelude::*;
    use pyo3::types::PyBytes;

    use crate::{Export, Exported, StableRead, Storage, exporter};

    fn order(name: &str) -> PyResult<Order> {
        match name {
            "C" => Ok(Order::C),
            "F" => Ok(Order::Fortran),
            _ => Err(PyValueError::new_err("order is 'C' or 'F'")),
        }
    }

    fn index(error: IndexError) -> PyErr {
        PyIndexError::new_err(error.to_string())
    }

    /// Numbers that can be changed, resized and shaped.
    #[pyclass(frozen, weakref)]
    struct Floats(Exported<Vec<f64>>);

    impl Export for Floats {
        type Storage = Vec<f64>;
        fn exported(&self) -> &Exported<Vec<f64>> {
            &self.0
        }
    }

    exporter! {
        #[pymethods]
        impl Floats {
            #[new]
            #[pyo3(signature = (items, shape=None, order="C", *, strides=None, first=0, read_only=false, bytes=false))]
            fn new(
                items: Vec<f64>,
                shape: Option<Vec<usize>>,
                order: &str,
                strides: Option<Vec<isize>>,
                first: usize,
                read_only: bool,
                bytes: bool,
            ) -> PyResult<Self> {
                let exported = match (shape, strides) {
                    (Some(shape), Some(strides)) => Exported::strided(items, first, &shape, &strides)?,
                    (Some(shape), None) => Exported::shaped(items, &shape, super::exporters::order(order)?)?,
                    (None, _) if bytes => Exported::bytes(items),
                    (None, _) => Exported::new(items),
                };
                Ok(Self(if read_only { exported.read_only() } else { exported }))
            }

            fn __len__(&self) -> usize {
                self.0.len()
            }

            fn push(&self, item: f64) -> PyResult<()> {
                Ok(self.0.resize(|items| items.push(item))?)
            }

            /// Calls a function while the memory is being resized.
            fn push_after(&self, item: f64, call: &Bound<'_, PyAny>) -> PyResult<()> {
                self.0.resize(|items| {
                    call.call0()?;
                    items.push(item);
                    Ok(())
                })?
            }

            /// Panics after the memory has moved.
            fn push_and_panic(&self, item: f64) -> PyResult<()> {
                self.0.resize(|items| {
                    items.reserve(1000);
                    items.push(item);
                    panic!("on purpose");
                })?;
                Ok(())
            }

            fn reshape(&self, items: Vec<f64>, shape: Vec<usize>, order: &str) -> PyResult<()> {
                Ok(self.0.reshape(&shape, super::exporters::order(order)?, |all| all.extend(items))?)
            }

            fn exports(&self) -> usize {
                self.0.exports()
            }

            fn get(&self, py: Python<'_>, indices: Vec<usize>) -> PyResult<f64> {
                self.0.view(py, |items| items.get(&indices))?.map_err(index)
            }

            fn set(&self, py: Python<'_>, indices: Vec<usize>, item: f64) -> PyResult<()> {
                self.0.view_mut(py, |items| items.set(&indices, item))?.map_err(index)
            }

            fn list(&self, py: Python<'_>) -> PyResult<Vec<f64>> {
                Ok(self.0.view(py, |items| items.iter().collect())?)
            }

            fn fill_bytes(&self, py: Python<'_>, byte: u8) -> PyResult<()> {
                Ok(self.0.write(py, |bytes| bytes.fill(byte))?)
            }

            fn read_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
                Ok(self.0.read(py, |bytes| PyBytes::new(py, &bytes.iter().collect::<Vec<_>>()))?)
            }

            fn stable_read(&self) -> PyResult<Stable> {
                Ok(Stable(Mutex::new(Some(self.0.stable_read()?))))
            }

            fn __repr__(&self) -> String {
                format!("{:?}", self.0)
            }
        }
    }

    /// A stable read that is held.
    #[pyclass(frozen)]
    struct Stable(Mutex<Option<StableRead<Vec<f64>>>>);

    #[pymethods]
    impl Stable {
        fn list(&self) -> Vec<f64> {
            self.0.lock().map(|held| held.as_deref().map(<[f64]>::to_vec)).ok().flatten().unwrap_or_default()
        }

        /// Sums on another thread, without the interpreter.
        fn sum(&self, py: Python<'_>) -> f64 {
            py.detach(|| {
                std::thread::scope(|scope| {
                    let sum = || self.0.lock().ok()?.as_deref().map(|items| items.iter().sum());
                    scope.spawn(sum).join().ok().flatten().unwrap_or(f64::NAN)
                })
            })
        }

        fn release(&self) {
            drop(self.0.lock().map(|mut held| held.take()));
        }
    }

    /// A class that puts other memory in the place of the old, and drops it.
    #[pyclass(weakref)]
    struct Changing(Exported<Vec<u8>>);

    impl Export for Changing {
        type Storage = Vec<u8>;
        fn exported(&self) -> &Exported<Vec<u8>> {
            &self.0
        }
    }

    exporter! {
        #[pymethods]
        impl Changing {
            #[new]
            fn new(bytes: Vec<u8>) -> Self {
                Self(Exported::bytes(bytes))
            }

            fn replace(&mut self, bytes: Vec<u8>) {
                self.0 = Exported::new(bytes);
            }

            fn make_read_only(&mut self) {
                self.0 = std::mem::take(&mut self.0).read_only();
            }

            /// Calls a function while the object is borrowed to be changed.
            fn while_changing(&mut self, call: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
                Ok(call.call0()?.unbind())
            }
        }
    }

    /// Counts how many of its storages live.
    #[pyclass(frozen, subclass)]
    struct Tracked(Exported<Counted>);

    struct Counted(Vec<u8>);

    static LIVE: Mutex<usize> = Mutex::new(0);

    fn live(change: impl FnOnce(&mut usize)) -> usize {
        let mut live = LIVE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        change(&mut live);
        *live
    }

    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fill(0xdd);
            live(|live| *live -= 1);
        }
    }

    // SAFETY: the vector is not given out otherwise.
    unsafe impl Storage for Counted {
        type Item = u8;
        fn is_writable(&self) -> bool {
            self.0.is_writable()
        }
        fn memory(&mut self) -> std::ptr::NonNull<[u8]> {
            self.0.memory()
        }
    }

    impl Export for Tracked {
        type Storage = Counted;
        fn exported(&self) -> &Exported<Counted> {
            &self.0
        }
    }

    exporter! {
        #[pymethods]
        impl Tracked {
            #[new]
            fn new(bytes: Vec<u8>) -> Self {
                live(|live| *live += 1);
                Self(Exported::new(Counted(bytes)))
            }

            #[staticmethod]
            fn live() -> usize {
                live(|_| ())
            }
        }
    }

    /// Panics when it is asked for its memory.
    #[pyclass(frozen)]
    struct Panicking(Exported<Vec<u8>>);

    impl Export for Panicking {
        type Storage = Vec<u8>;
        fn exported(&self) -> &Exported<Vec<u8>> {
            panic!("on purpose, before {} bytes", self.0.len())
        }
    }

    exporter!(Panicking);

    #[pyfunction]
    fn panicking() -> Panicking {
        Panicking(Exported::default())
    }

    /// An object of a class without methods, for each storage and type of items.
    macro_rules! plain {
        ($($class:ident: $storage:ty = $value:expr;)*) => {
            $(
                #[pyclass(frozen)]
                struct $class(Exported<$storage>);
                impl Export for $class {
                    type Storage = $storage;
                    fn exported(&self) -> &Exported<$storage> {
                        &self.0
                    }
                }
                exporter!($class);
            )*

            fn objects(py: Python<'_>) -> PyResult<Vec<(&'static str, Py<PyAny>)>> {
                Ok(vec![$((stringify!($class), Py::new(py, $class(Exported::new($value)))?.into_any()),)*])
            }
        };
    }

    plain! {
        VecI8: Vec<i8> = vec![-1, 2];
        VecI16: Vec<i16> = vec![-1, 2];
        VecI32: Vec<i32> = vec![-1, 2];
        VecI64: Vec<i64> = vec![-1, 2];
        VecIsize: Vec<isize> = vec![-1, 2];
        VecU8: Vec<u8> = vec![1, 2];
        VecU16: Vec<u16> = vec![1, 2];
        VecU32: Vec<u32> = vec![1, 2];
        VecU64: Vec<u64> = vec![1, 2];
        VecUsize: Vec<usize> = vec![1, 2];
        VecF32: Vec<f32> = vec![-1.0, 2.0];
        VecBool: Vec<Bool> = vec![true.into(), false.into()];
        VecUcs4: Vec<Ucs4> = vec!['a'.into(), 'b'.into()];
        VecBe: Vec<Be<i32>> = vec![Be::new(-1), Be::new(2)];
        VecLe: Vec<Le<f64>> = vec![Le::new(-1.0), Le::new(2.0)];
        BoxF64: Box<[f64]> = Box::new([-1.0, 2.0]);
        ArrayI16: [i16; 2] = [-1, 2];
        ArcI32: Arc<[i32]> = Arc::new([-1, 2]);
        StaticU16: &'static [u16] = &[1, 2];
        Bytes: bytes::Bytes = bytes::Bytes::from_static(&[1, 2]);
        BytesMut: bytes::BytesMut = bytes::BytesMut::from(&[1u8, 2][..]);
        Map: memmap2::MmapMut = {
            let mut map = memmap2::MmapMut::map_anon(2)?;
            map.copy_from_slice(&[1, 2]);
            map
        };
        ReadOnlyMap: memmap2::Mmap = {
            let mut map = memmap2::MmapMut::map_anon(2)?;
            map.copy_from_slice(&[1, 2]);
            map.make_read_only()?
        };
        Empty: Vec<f64> = Vec::new();
        EmptyStatic: &'static [u8] = &[];
    }

    /// An object of each of these classes, with the class's name.
    #[pyfunction]
    fn plain(py: Python<'_>) -> PyResult<Vec<(&'static str, Py<PyAny>)>> {
        objects(py)
    }
}

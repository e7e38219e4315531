//! Classes that export memory.
//!
//! A `#[pyclass]` keeps its memory in an [`Exported`], says so by the trait [`Export`], and has its methods in
//! [`exporter!`](crate::exporter):
//!
//! ```
//! use bufproto_py::{Export, Exported};
//! use pyo3::prelude::*;
//!
//! #[pyclass(frozen)]
//! struct Samples(Exported<Vec<f64>>);
//!
//! impl Export for Samples {
//!     type Storage = Vec<f64>;
//!     fn exported(&self) -> &Exported<Vec<f64>> {
//!         &self.0
//!     }
//! }
//!
//! bufproto_py::exporter! {
//!     #[pymethods]
//!     impl Samples {
//!         fn push(&self, sample: f64) -> PyResult<()> {
//!             Ok(self.0.resize(|samples| samples.push(sample))?)
//!         }
//!     }
//! }
//!
//! Python::initialize();
//! Python::attach(|py| {
//!     let samples = Bound::new(py, Samples(Exported::new(vec![1.0, 2.0])))?;
//!     let view = py.import("builtins")?.getattr("memoryview")?.call1((&samples,))?;
//!     assert_eq!(view.getattr("format")?.extract::<String>()?, "d");
//!     view.set_item(0, 0.5)?;
//!     assert_eq!(view.call_method0("tolist")?.extract::<Vec<f64>>()?, [0.5, 2.0]);
//!
//!     let refused = samples.call_method1("push", (3.0,)).unwrap_err();
//!     assert_eq!(refused.to_string(), "BufferError: Existing exports of data: object cannot be re-sized");
//!     view.call_method0("release")?;
//!     samples.call_method1("push", (3.0,))?;
//!     assert_eq!(samples.get().0.len(), 3);
//!     PyResult::Ok(())
//! }).unwrap();
//! ```
//!
//! | the memory is exported as | by |
//! |---|---|
//! | items of its type, in one dimension | [`Exported::new`] |
//! | bytes of no type, as `bytearray` does | [`Exported::bytes`] |
//! | a table, or more dimensions, in C or Fortran order | [`Exported::shaped`] |
//! | items at any distances | [`Exported::strided`] |
//! | any of these to be read only | [`Exported::read_only`] |
//!
//! [`Storage`] says which memory: `Vec<T>`, `Box<[T]>`, `[T; N]`, `Arc<[T]>`, `&'static [T]`; those of the crates `bytes` and
//! `memmap2` with the features of these names.
//!
//! # Whoever holds a view
//!
//! keeps the memory. A class may drop its `Exported`, or put another in its place: views that exist go on showing the old
//! memory. A view of writable memory may be written to by whoever has it, so Rust looks at the memory as consumers do,
//! by [`Shared`] access, unless it makes sure that nobody writes ([`Exported::stable_read`]) or that there is
//! no view at all ([`Exported::resize`]). (PyPy tells of the end of a `memoryview`, even of one that has been released, only when
//! garbage is collected. So it is collected there before anything is refused, if the thread is attached.) [`Domain`](bufproto_core::grant::Domain) says what goes together; the rest is
//! refused with a `BufferError`.

use core::ffi::CStr;
use core::fmt;
use std::sync::Arc;

use bufproto_core::layout::Order;
use bufproto_core::request::Request;
use bufproto_core::shared::{Shared, SharedMut};
use bufproto_core::typed::{TypedView, TypedViewMut};
use pyo3::PyClass;
use pyo3::prelude::*;

mod error;
mod form;
#[cfg(PyPy)]
mod given;
mod held;
mod slots;
mod stable;
mod storage;

pub use error::ExportError;
#[doc(hidden)]
pub use slots::{get_buffer, release_buffer, stable_reads};
pub use stable::StableRead;
pub use storage::Storage;

use form::{Form, Kind};
use held::Held;

/// A class whose objects export memory. See the [module](self).
///
/// The interpreter asks for the memory whenever an object of the class is used as a bytes-like object.
///
/// ```
/// use bufproto_py::{Export, Exported, exporter};
/// use pyo3::prelude::*;
///
/// /// A file's content, read when somebody asks for it.
/// #[pyclass]
/// struct Lazy(Exported<Vec<u8>>);
///
/// impl Export for Lazy {
///     type Storage = Vec<u8>;
///
///     fn exported(&self) -> &Exported<Vec<u8>> {
///         &self.0
///     }
///
///     fn prepare(&self, _: Python<'_>, _: bufproto_py::Request, _stable: bool) {
///         if self.0.is_empty() {
///             // Who has it exported already has no need of this.
///             let _ = self.0.resize(|content| content.extend(b"content"));
///         }
///     }
/// }
///
/// exporter!(Lazy);
///
/// Python::initialize();
/// Python::attach(|py| {
///     let lazy = Bound::new(py, Lazy(Exported::default()))?;
///     assert_eq!(lazy.borrow().exported().len(), 0);
///     assert_eq!(pyo3::types::PyByteArray::from(&lazy)?.to_vec(), b"content");
///     PyResult::Ok(())
/// }).unwrap();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which memory it exports",
    label = "`Export` is not implemented for this class",
    note = "keep the memory in a field of type `Exported<...>`, and implement `bufproto_py::Export`, which returns it"
)]
pub trait Export: PyClass {
    /// What the memory is in.
    type Storage: Storage;

    /// The memory that this object exports, now. It may be another one the next time.
    ///
    /// ```
    /// use bufproto_py::{Export, Exported, exporter};
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// #[pyclass(frozen)]
    /// struct Samples(Exported<Vec<f64>>);
    ///
    /// impl Export for Samples {
    ///     type Storage = Vec<f64>;
    ///     fn exported(&self) -> &Exported<Vec<f64>> {
    ///         &self.0
    ///     }
    /// }
    ///
    /// exporter!(Samples);
    ///
    /// /// Any class of ours.
    /// fn exports<C: Export<Frozen = pyo3::pyclass::boolean_struct::True> + Sync>(object: &Bound<'_, C>) -> usize {
    ///     object.get().exported().exports()
    /// }
    ///
    /// let samples = Bound::new(py, Samples(Exported::new(vec![0.5])))?;
    /// let _view = pyo3::types::PyMemoryView::from(&samples)?;
    /// assert_eq!(exports(&samples), 1);
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    fn exported(&self) -> &Exported<Self::Storage>;

    /// Called before [`exported`](Self::exported) when Python asks for a view, with what it asks for, and whether for a
    /// stable read: for classes that make their memory only then, or copy it before it is written to. Does nothing by
    /// default.
    ///
    /// ```
    /// use bufproto_py::{Export, Exported, Request, exporter};
    /// use pyo3::prelude::*;
    /// use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    ///
    /// /// Counts who wants to write.
    /// #[pyclass(frozen)]
    /// struct Watched(Exported<Vec<u8>>, AtomicUsize);
    ///
    /// impl Export for Watched {
    ///     type Storage = Vec<u8>;
    ///
    ///     fn exported(&self) -> &Exported<Vec<u8>> {
    ///         &self.0
    ///     }
    ///
    ///     fn prepare(&self, _: Python<'_>, request: Request, _stable: bool) {
    ///         self.1.fetch_add(request.contains(Request::WRITABLE).into(), Relaxed);
    ///     }
    /// }
    ///
    /// exporter!(Watched);
    ///
    /// Python::initialize();
    /// Python::attach(|py| {
    ///     let watched = Bound::new(py, Watched(Exported::new(vec![1, 2]), AtomicUsize::new(0)))?;
    ///     bufproto_py::as_read_buffer(&watched)?;
    ///     bufproto_py::as_write_buffer(&watched)?;
    ///     assert_eq!(watched.get().1.load(Relaxed), 1);
    ///     PyResult::Ok(())
    /// }).unwrap();
    /// ```
    fn prepare(&self, attached: Python<'_>, request: Request, stable: bool) {
        let _ = (attached, request, stable);
    }
}

/// Lets a class [export](Export) its memory: adds what Python calls to the class's methods.
///
/// A class has one block of methods in PyO3, which goes inside; a class without methods is just named.
///
/// ```
/// # #![deny(warnings, unsafe_op_in_unsafe_fn)]
/// use bufproto_py::{Export, Exported, exporter};
/// use pyo3::prelude::*;
///
/// #[pyclass(frozen)]
/// struct Primes(Exported<&'static [u16]>);
///
/// impl Export for Primes {
///     type Storage = &'static [u16];
///     fn exported(&self) -> &Exported<&'static [u16]> {
///         &self.0
///     }
/// }
///
/// exporter!(Primes);
///
/// Python::initialize();
/// Python::attach(|py| {
///     let primes = Bound::new(py, Primes(Exported::new(&[2, 3, 5, 7])))?;
///     let list = py.import("builtins")?.getattr("memoryview")?.call1((primes,))?.call_method0("tolist")?;
///     assert_eq!(list.extract::<Vec<u16>>()?, [2, 3, 5, 7]);
///     PyResult::Ok(())
/// }).unwrap();
/// ```
///
/// Where PyO3's feature `multiple-pymethods` is on, a class that has a block of methods can be named as well.
#[macro_export]
macro_rules! exporter {
    ($class:ty $(,)?) => {
        $crate::exporter! {
            #[::pyo3::pymethods]
            impl $class {}
        }
    };
    ($(#[$attribute:meta])* impl $class:ty { $($methods:tt)* }) => {
        $(#[$attribute])*
        impl $class {
            $($methods)*

            unsafe fn __getbuffer__(
                slf: &::pyo3::Bound<'_, Self>,
                view: *mut ::pyo3::ffi::Py_buffer,
                flags: ::core::ffi::c_int,
            ) -> ::pyo3::PyResult<()> {
                // SAFETY: the caller's word, which is that of the interpreter.
                unsafe { $crate::export::get_buffer(slf, view, flags) }
            }

            unsafe fn __releasebuffer__(slf: &::pyo3::Bound<'_, Self>, view: *mut ::pyo3::ffi::Py_buffer) {
                // SAFETY: as above.
                unsafe { $crate::export::release_buffer(slf, view) }
            }

            #[classattr]
            fn __bufproto_stable_read__(
                py: ::pyo3::Python<'_>,
            ) -> ::pyo3::PyResult<::pyo3::Bound<'_, ::pyo3::PyAny>> {
                $crate::export::stable_reads::<Self>(py)
            }
        }
    };
}

/// Memory that objects of a class [export](Export), with its layout.
///
/// Every view keeps the memory, and the layout that it was given, whatever becomes of this.
///
/// ```
/// use bufproto_py::Exported;
///
/// let samples = Exported::new(vec![0.5_f64, 1.5]);
/// assert_eq!(samples.len(), 2);
/// samples.resize(|samples| samples.push(2.5))?;
/// assert_eq!(*samples.stable_read()?, [0.5, 1.5, 2.5]);
/// # Ok::<(), bufproto_py::ExportError>(())
/// ```
pub struct Exported<S: Storage> {
    held: Arc<Held<S>>,
    read_only: bool,
}

impl<S: Storage> Exported<S> {
    /// Exports the items with their type's format, one after the other, in one dimension.
    ///
    /// ```
    /// use bufproto_py::Exported;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let samples = Exported::new(vec![1_i16, 2]);
    /// samples.view(py, |items| assert_eq!(items.get(&[1]), Ok(2)))?;
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn new(storage: S) -> Self {
        Self { held: Held::new(storage, Kind::Flat), read_only: false }
    }

    /// Exports the bytes, whatever items they are of, as unsigned bytes; that is what `bytes` and `bytearray` do.
    ///
    /// ```
    /// use bufproto_py::{Exported, Export, exporter};
    /// use pyo3::types::PyAnyMethods as _;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// #[pyclass(frozen)]
    /// struct Packet(Exported<[u16; 2]>);
    ///
    /// impl Export for Packet {
    ///     type Storage = [u16; 2];
    ///     fn exported(&self) -> &Exported<[u16; 2]> {
    ///         &self.0
    ///     }
    /// }
    ///
    /// exporter!(Packet);
    ///
    /// let format = |packet| {
    ///     let view = py.import("builtins")?.getattr("memoryview")?.call1((Bound::new(py, Packet(packet))?,))?;
    ///     (view.getattr("format")?, view.getattr("nbytes")?).into_pyobject(py)?.extract::<(String, usize)>()
    /// };
    /// assert_eq!(format(Exported::bytes([1, 2]))?, ("B".to_owned(), 4));
    /// assert_eq!(format(Exported::new([1, 2]))?, ("H".to_owned(), 4));
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn bytes(storage: S) -> Self {
        Self { held: Held::new(storage, Kind::Bytes), read_only: false }
    }

    /// Exports the items in as many dimensions as the shape has; an empty one is that of a single item.
    ///
    /// ```
    /// use bufproto_py::Exported;
    /// use bufproto_py::Order;
    ///
    /// let table = Exported::shaped(vec![1, 2, 3, 4, 5, 6], &[2, 3], Order::C)?;
    /// pyo3::Python::initialize();
    /// pyo3::Python::attach(|py| table.view(py, |items| assert_eq!(items.get(&[1, 0]), Ok(4))))?;
    ///
    /// let error = Exported::shaped(vec![1, 2, 3, 4, 5, 6], &[2, 2], Order::C).unwrap_err();
    /// assert_eq!(error.to_string(), "the shape has 4 items, but the memory has 6");
    /// # Ok::<(), bufproto_py::ExportError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ExportError::Items`] if there are not as many items as the shape has, and [`ExportError::Layout`].
    pub fn shaped(storage: S, shape: &[usize], order: Order) -> Result<Self, ExportError> {
        let exported = Self::new(storage);
        exported.reshape(shape, order, |_| ())?;
        Ok(exported)
    }

    /// Exports items at any distances: the one whose indices are all zero is item number `first` of the storage, and the
    /// strides say how many **bytes** it is to the next in each dimension. Items may be passed over, or be there more than
    /// once.
    ///
    /// ```
    /// use bufproto_py::Exported;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// // The second column of a table that has three.
    /// let column = Exported::strided(vec![1, 2, 3, 4, 5, 6], 1, &[2], &[3 * size_of::<i32>() as isize])?;
    /// column.view(py, |items| assert!(items.iter().eq([2, 5])))?;
    ///
    /// let outside = Exported::strided(vec![1, 2, 3], 0, &[2], &[12]).unwrap_err();
    /// assert_eq!(outside.to_string(), "the items reach from byte 0 to byte 16, but the memory has 12 bytes");
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`ExportError::Outside`] if there would be items that are not in the memory, and [`ExportError::Layout`].
    pub fn strided(
        storage: S,
        first: usize,
        shape: &[usize],
        strides: &[isize],
    ) -> Result<Self, ExportError> {
        let exported = Self::new(storage);
        let form = |item_size, items| Form::strided(item_size, items, first, shape, strides);
        exported.held.reshape(form, |_| ())?;
        Ok(exported)
    }

    /// The same, exported to be read only. Views that exist stay as they are.
    ///
    /// ```
    /// use bufproto_py::Exported;
    ///
    /// assert!(Exported::new(vec![1, 2]).read_only().is_read_only());
    /// ```
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// The same memory, for another object to export, to be read only.
    ///
    /// ```
    /// use bufproto_py::Exported;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let memory = Exported::new(b"hello".to_vec());
    /// let for_others = memory.to_read_only();
    /// memory.write(py, |bytes| bytes.set(0, b'j'))?;
    /// assert!(for_others.is_read_only() && !memory.is_read_only());
    /// assert_eq!(for_others.read(py, |bytes| bytes.get(0))?, Some(b'j'));
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn to_read_only(&self) -> Self {
        Self { held: Arc::clone(&self.held), read_only: true }
    }

    /// Whether views are read-only: this was [asked for](Self::read_only), or the storage is.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use bufproto_py::Exported;
    ///
    /// assert!(!Exported::new(vec![1, 2]).is_read_only());
    /// assert!(Exported::new(Arc::from([1, 2])).is_read_only(), "others may have it");
    /// ```
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.read_only || !self.held.is_writable()
    }

    /// Whether others may write to the memory, so that there are no stable reads: see [`Storage::is_shared`].
    ///
    /// ```
    /// use bufproto_py::Exported;
    ///
    /// let memory = Exported::new(vec![1, 2]);
    /// assert!(!memory.is_shared() && memory.stable_read().is_ok());
    /// ```
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.held.is_shared()
    }

    /// The number of items in the storage. A shape has as many, unless it is [strided](Self::strided).
    ///
    /// ```
    /// use bufproto_py::Exported;
    ///
    /// assert_eq!(Exported::new(vec![1.5, 2.5]).len(), 2);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether there are no items.
    ///
    /// ```
    /// use bufproto_py::Exported;
    ///
    /// assert!(Exported::<Vec<u8>>::default().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many views exist, and whatever else keeps the memory from being resized, just now.
    ///
    /// ```
    /// use bufproto_py::Exported;
    ///
    /// let memory = Exported::new(vec![1, 2]);
    /// let stable = memory.stable_read()?;
    /// assert_eq!(memory.exports(), 1);
    /// drop(stable);
    /// assert_eq!(memory.exports(), 0);
    /// # Ok::<(), bufproto_py::ExportError>(())
    /// ```
    #[must_use]
    pub fn exports(&self) -> usize {
        self.held.domain().exports()
    }

    /// Reads the bytes, which whoever holds a writable view may change meanwhile.
    ///
    /// ```
    /// use bufproto_py::Exported;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let memory = Exported::new(b"abc".to_vec());
    /// assert_eq!(memory.read(py, |bytes| bytes.iter().map(u32::from).sum::<u32>())?, 294);
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`ExportError::Refused`] if another thread is resizing the memory.
    pub fn read<R>(
        &self,
        _attached: Python<'_>,
        read: impl FnOnce(Shared<'_>) -> R,
    ) -> Result<R, ExportError> {
        self.held.read(|current| read(current.shared()))
    }

    /// Writes to the bytes, which others may read and change meanwhile.
    ///
    /// ```
    /// use bufproto_py::Exported;
    /// use pyo3::prelude::*;
    ///
    /// Python::initialize();
    /// let memory = Exported::new(b"hello".to_vec());
    /// Python::attach(|py| memory.write(py, |bytes| bytes.set(0, b'j')))?;
    /// let stable = memory.stable_read()?;
    /// assert_eq!(*stable, *b"jello");
    /// let refused = Python::attach(|py| memory.write(py, |bytes| bytes.set(0, b'c'))).unwrap_err();
    /// assert_eq!(refused.to_string(),
    ///     "the object is being read: change it once it is released, or change a copy");
    /// # Ok::<(), bufproto_py::ExportError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ExportError::Refused`]: the storage is read-only, there are [stable reads](Self::stable_read), or another thread
    /// is resizing the memory.
    pub fn write<R>(
        &self,
        _attached: Python<'_>,
        write: impl FnOnce(SharedMut<'_>) -> R,
    ) -> Result<R, ExportError> {
        self.held.write(|current| {
            // SAFETY: it is writable, or there would be an error, and this is the write.
            write(unsafe { current.shared_mut() })
        })
    }

    /// Reads the items by their indices, in the dimensions that are exported; bytes of no type are items of one dimension.
    /// Whoever holds a writable view may change them meanwhile.
    ///
    /// ```
    /// use bufproto_py::{Exported, Order};
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let table = Exported::shaped(vec![1, 2, 3, 4], &[2, 2], Order::Fortran)?;
    /// assert_eq!(table.view(py, |items| items.get(&[0, 1]))?, Ok(3));
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn view<R>(
        &self,
        _attached: Python<'_>,
        read: impl FnOnce(TypedView<'_, S::Item>) -> R,
    ) -> Result<R, ExportError> {
        self.held.read(|current| current.typed().map(read))?
    }

    /// Reads and writes the items by their indices; see [`view`](Self::view).
    ///
    /// ```
    /// use bufproto_py::{Exported, Order};
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let table = Exported::shaped(vec![1, 2, 3, 4], &[2, 2], Order::C)?;
    /// table.view_mut(py, |items| items.set(&[1, 0], 30))?.unwrap();
    /// assert_eq!(*table.stable_read()?, [1, 2, 30, 4]);
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn view_mut<R>(
        &self,
        _attached: Python<'_>,
        write: impl FnOnce(TypedViewMut<'_, S::Item>) -> R,
    ) -> Result<R, ExportError> {
        self.held.write(|current| {
            // SAFETY: as in `write`.
            unsafe { current.typed_mut() }.map(write)
        })?
    }

    /// The items as an ordinary slice: nobody writes to them until it is dropped, and it may be used on any thread, attached
    /// or not. Meanwhile, requests for writable memory are refused, and views that are not asked to be writable are not.
    ///
    /// ```
    /// use bufproto_py::Exported;
    ///
    /// let memory = Exported::new(vec![1.5, 2.5]);
    /// let stable = memory.stable_read()?;
    /// let sum = std::thread::spawn(move || stable.iter().sum::<f64>());
    /// assert_eq!(sum.join().unwrap(), 4.0);
    /// # Ok::<(), bufproto_py::ExportError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ExportError::Refused`]: there are writable views, or another thread is writing to the memory or resizing it; or the
    /// storage is [shared](Storage::is_shared).
    pub fn stable_read(&self) -> Result<StableRead<S>, ExportError> {
        StableRead::begin(Arc::clone(&self.held))
    }

    /// Does with the storage what it likes, while there is no view and none can begin. Items in one dimension, and bytes,
    /// are then exported as many as there are.
    ///
    /// ```
    /// use bufproto_py::{ExportError, Exported, Rule};
    ///
    /// let memory = Exported::new(vec![1, 2]);
    /// let stable = memory.stable_read()?;
    /// assert_eq!(memory.resize(|items| items.push(3)), Err(ExportError::Refused(Rule::Resize)));
    /// drop(stable);
    /// memory.resize(|items| items.push(3))?;
    /// assert_eq!(memory.len(), 3);
    /// # Ok::<(), ExportError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ExportError::Refused`], as `bytearray` refuses, if there are views, or another thread is at it;
    /// [`ExportError::Fixed`] if there is a [shape](Self::shaped): see [`reshape`](Self::reshape). Nothing is done then.
    pub fn resize<R>(&self, resize: impl FnOnce(&mut S) -> R) -> Result<R, ExportError> {
        self.held.resize(resize)
    }

    /// The same for items in several dimensions, with the shape that they have afterwards.
    ///
    /// ```
    /// use bufproto_py::Exported;
    /// use bufproto_py::Order;
    ///
    /// let table = Exported::shaped(vec![1, 2, 3, 4], &[2, 2], Order::C)?;
    /// table.reshape(&[3, 2], Order::C, |items| items.extend([5, 6]))?;
    /// assert_eq!(table.len(), 6);
    /// # Ok::<(), bufproto_py::ExportError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ExportError::Refused`] as [`resize`](Self::resize). [`ExportError::Items`] and [`ExportError::Layout`] if the shape
    /// does not fit: the storage has been changed then, and has one dimension from now on.
    pub fn reshape<R>(
        &self,
        shape: &[usize],
        order: Order,
        reshape: impl FnOnce(&mut S) -> R,
    ) -> Result<R, ExportError> {
        self.held.reshape(|item_size, items| Form::shaped(item_size, items, shape, order), reshape)
    }

    /// The storage itself, if nobody has a view of it or a stable read, and nothing else exports it.
    ///
    /// ```
    /// use bufproto_py::Exported;
    ///
    /// let memory = Exported::new(vec![1, 2]);
    /// let stable = memory.stable_read()?;
    /// let memory = memory.into_storage().unwrap_err();
    /// drop(stable);
    /// assert_eq!(memory.into_storage().unwrap(), [1, 2]);
    /// # Ok::<(), bufproto_py::ExportError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The same again.
    pub fn into_storage(self) -> Result<S, Self> {
        let read_only = self.read_only;
        Arc::try_unwrap(self.held).map(Held::into_storage).map_err(|held| Self { held, read_only })
    }

    /// The format of the items.
    const FORMAT: &'static CStr = <S::Item as bufproto_core::element::Element>::EXPORTED;
}

impl<S: Storage + Default> Default for Exported<S> {
    fn default() -> Self {
        Self::new(S::default())
    }
}

impl<S: Storage> fmt::Debug for Exported<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Exported")
            .field("len", &self.len())
            .field("format", &Self::FORMAT)
            .field("read_only", &self.is_read_only())
            .field("exports", &self.exports())
            .finish_non_exhaustive()
    }
}

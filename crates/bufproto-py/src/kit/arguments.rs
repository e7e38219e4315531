//! A function for each way to take a buffer as an argument; for tests.

use pyo3::prelude::*;

mod selfish;

/// Functions that take buffers.
#[pymodule]
pub(crate) mod arguments {
    use std::cell::RefCell;
    use std::fmt::Debug;
    use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
    use std::sync::Mutex;

    use bufproto_core::abi::View as _;
    use bufproto_core::element::{Be, Bool, Element, Ucs4};
    use bufproto_core::format::Format;
    use pyo3::exceptions::{PyIndexError, PyValueError};
    use pyo3::prelude::*;
    use pyo3::types::PyBytes;

    #[pymodule_export]
    use super::selfish::Selfish;
    use crate::{
        Accept, CharBuffer, Order, OwnedBuffer, ReadBuffer, Request, Slot, TypedView, WriteBuffer, copies,
        field, field_mut, fill, typed, typed_mut, vec_of,
    };

    #[pyfunction]
    fn read<'py>(py: Python<'py>, data: ReadBuffer<'_, 'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &data.to_vec())
    }

    #[pyfunction]
    fn length(data: ReadBuffer<'_, '_>) -> usize {
        data.len()
    }

    #[pyfunction]
    fn item_size(data: ReadBuffer<'_, '_>) -> usize {
        data.item_size()
    }

    /// The size of an item, in memory that is a copy or not.
    #[pyfunction]
    fn item_size_in_any_layout(object: &Bound<'_, PyAny>) -> PyResult<usize> {
        Ok(Accept::ANY_LAYOUT.read(object)?.item_size())
    }

    #[pyfunction]
    fn is_frozen(data: ReadBuffer<'_, '_>) -> bool {
        assert_eq!(data.as_frozen().is_some(), matches!(data.snapshot(), std::borrow::Cow::Borrowed(_)));
        data.is_frozen()
    }

    #[pyfunction]
    fn write(data: WriteBuffer<'_, '_>, bytes: &[u8]) -> usize {
        data.copy_from_slice(bytes)
    }

    #[pyfunction]
    fn text(data: CharBuffer<'_, '_>) -> PyResult<String> {
        Ok(data.to_str()?.into_owned())
    }

    fn bytes_only<'a, 'py>(object: &'a Bound<'py, PyAny>) -> PyResult<ReadBuffer<'a, 'py>> {
        Accept::BYTES.read(object)
    }

    #[pyfunction]
    fn read_bytes_only(#[pyo3(from_py_with = bytes_only)] data: ReadBuffer<'_, '_>) -> Vec<u8> {
        data.as_frozen().map(<[u8]>::to_vec).unwrap_or_default()
    }

    #[pyfunction]
    fn read_at_most(object: &Bound<'_, PyAny>, bytes: usize) -> PyResult<usize> {
        Ok(Accept::CONTIGUOUS.at_most(bytes).read(object)?.len())
    }

    #[pyfunction]
    fn read_aligned(object: &Bound<'_, PyAny>, bytes: usize) -> PyResult<usize> {
        Ok(Accept::CONTIGUOUS.aligned_to(bytes).read(object)?.len())
    }

    #[pyfunction]
    fn write_at_most(object: &Bound<'_, PyAny>, bytes: usize) -> PyResult<usize> {
        Ok(Accept::CONTIGUOUS.at_most(bytes).write(object)?.len())
    }

    #[pyfunction]
    fn write_bytes_only(object: &Bound<'_, PyAny>) -> PyResult<usize> {
        Ok(Accept::BYTES.write(object)?.len())
    }

    /// The bytes, and whether they are frozen.
    #[pyfunction]
    fn read_any_layout<'py>(object: &Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyBytes>, bool)> {
        let data = Accept::ANY_LAYOUT.read(object)?;
        Ok((PyBytes::new(object.py(), &data.snapshot()), data.is_frozen()))
    }

    /// Moves the buffer about before it is read: to the heap, within a list that grows, and back.
    #[pyfunction]
    fn read_moved(data: ReadBuffer<'_, '_>) -> Vec<u8> {
        let mut list = Vec::new();
        list.push(Box::new(data));
        let boxed = list.swap_remove(0);
        let moved = (0u8, *boxed, [1u8; 3]);
        moved.1.to_vec()
    }

    #[pyfunction]
    fn write_moved(data: WriteBuffer<'_, '_>, bytes: &[u8]) -> usize {
        let boxed = Box::new(Some(data));
        boxed.map_or(0, |data| data.copy_from_slice(bytes))
    }

    /// Calls a function while the memory is held.
    #[pyfunction]
    fn while_reading(data: ReadBuffer<'_, '_>, call: &Bound<'_, PyAny>) -> PyResult<usize> {
        call.call0()?;
        Ok(data.len())
    }

    #[pyfunction]
    fn while_writing(data: WriteBuffer<'_, '_>, call: &Bound<'_, PyAny>) -> PyResult<usize> {
        call.call0()?;
        Ok(data.len())
    }

    /// Sums bytes with the interpreter detached.
    #[pyfunction]
    fn sum_detached(py: Python<'_>, data: ReadBuffer<'_, '_>) -> u64 {
        let bytes = data.snapshot();
        py.detach(|| bytes.iter().copied().map(u64::from).sum())
    }

    /// Reads by streams, a few bytes at a time.
    #[pyfunction]
    fn read_stream(data: ReadBuffer<'_, '_>, from: i64) -> PyResult<Vec<u8>> {
        let mut reader = data.reader();
        reader.seek(if from < 0 { SeekFrom::End(from) } else { SeekFrom::Start(from.unsigned_abs()) })?;
        let (mut all, mut some) = (Vec::new(), [0; 3]);
        loop {
            match reader.read(&mut some)? {
                0 => return Ok(all),
                count => all.extend_from_slice(&some[..count]),
            }
        }
    }

    #[pyfunction]
    fn write_stream(data: WriteBuffer<'_, '_>, from: u64, bytes: &[u8]) -> PyResult<()> {
        let mut writer = data.writer();
        writer.seek(SeekFrom::Start(from))?;
        Ok(writer.write_all(bytes)?)
    }

    #[pyfunction]
    fn read_i32(data: ReadBuffer<'_, '_, i32>) -> Vec<i32> {
        data.to_vec()
    }

    #[pyfunction]
    fn read_u8(data: ReadBuffer<'_, '_, u8>) -> Vec<u8> {
        data.to_vec()
    }

    #[pyfunction]
    fn read_f64(data: ReadBuffer<'_, '_, f64>) -> Vec<f64> {
        (0..data.len()).filter_map(|index| data.get(index)).collect()
    }

    #[pyfunction]
    fn read_big_i32(data: ReadBuffer<'_, '_, Be<i32>>) -> Vec<i32> {
        data.iter().map(Be::get).collect()
    }

    /// Doubles every item, by the ways there are; what stands after the last item that fits is left.
    #[pyfunction]
    fn double_f64(data: WriteBuffer<'_, '_, f64>) -> Vec<f64> {
        let mut copy = vec![0.0; data.len()];
        assert_eq!(data.copy_to_slice(&mut copy), data.len());
        assert_eq!(copy, data.to_vec());
        for (index, item) in data.iter().enumerate() {
            assert!(data.set(index, item * 2.0));
        }
        assert!(!data.set(data.len(), 0.0) && data.get(data.len()).is_none());
        assert!(!data.set(usize::MAX, 0.0) && data.get(usize::MAX).is_none());
        data.to_vec()
    }

    #[pyfunction]
    fn write_i32(data: WriteBuffer<'_, '_, i32>, items: Vec<i32>) -> usize {
        data.copy_from_slice(&items)
    }

    #[pyfunction]
    fn fill_big_i32(data: WriteBuffer<'_, '_, Be<i32>>, item: i32) {
        data.fill(Be::new(item));
    }

    /// The truth values, where they are some.
    #[pyfunction]
    fn read_bool(data: ReadBuffer<'_, '_, Bool>) -> Vec<Option<bool>> {
        data.iter().map(Bool::get).collect()
    }

    #[pyfunction]
    fn read_text(data: ReadBuffer<'_, '_, Ucs4>) -> Vec<Option<char>> {
        data.iter().map(Ucs4::get).collect()
    }

    /// A copy of the items in C order, if those one by one, and those by columns, are the same.
    fn copied<T: Element + PartialEq + Debug>(items: TypedView<'_, T>) -> Vec<T> {
        assert_eq!(items.len(), items.iter().len());
        let copied = copies::items(items, Order::C);
        assert!(items.iter().eq(copied.iter().copied()));
        let shape: Vec<usize> = items.shape().collect();
        for (number, item) in copies::items(items, Order::Fortran).into_iter().enumerate() {
            let mut left = number;
            let index = |extent: &usize| (left % extent, left /= extent).0;
            let indices: Vec<usize> = shape.iter().map(index).collect();
            assert_eq!(items.get(&indices), Ok(item));
        }
        copied
    }

    #[pyfunction]
    fn vector_f64(#[pyo3(from_py_with = vec_of)] items: Vec<f64>) -> Vec<f64> {
        items
    }

    /// Writes items in an order, side by side, to a view of any layout.
    #[pyfunction]
    fn put_f64(object: &Bound<'_, PyAny>, items: Vec<f64>, by_columns: bool) -> PyResult<()> {
        let mut slot = Slot::new();
        let view = fill(&mut slot, object, Request::FULL)?;
        let order = if by_columns { Order::Fortran } else { Order::C };
        typed_mut::<f64>(&view)?
            .copy_from_slice(order, &items)
            .map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// The shape and the items of any layout.
    #[pyfunction]
    fn items_f64(object: &Bound<'_, PyAny>) -> PyResult<(Vec<usize>, Vec<f64>)> {
        let mut slot = Slot::new();
        let view = fill(&mut slot, object, Request::FULL_RO)?;
        let items = typed::<f64>(&view)?;
        Ok((items.shape().collect(), copied(items)))
    }

    #[pyfunction]
    fn items_i32(object: &Bound<'_, PyAny>) -> PyResult<(Vec<usize>, Vec<i32>)> {
        let mut slot = Slot::new();
        let view = fill(&mut slot, object, Request::FULL_RO)?;
        let items = typed::<i32>(&view)?;
        Ok((items.shape().collect(), copied(items)))
    }

    /// The shape and the values of one field.
    #[pyfunction]
    fn field_f64(object: &Bound<'_, PyAny>, name: &str) -> PyResult<(Vec<usize>, Vec<f64>)> {
        let mut slot = Slot::new();
        let view = fill(&mut slot, object, Request::FULL_RO)?;
        let items = field::<f64>(&view, name)?;
        Ok((items.shape().collect(), copied(items)))
    }

    #[pyfunction]
    fn field_big_i32(object: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<i32>> {
        let mut slot = Slot::new();
        let view = fill(&mut slot, object, Request::FULL_RO)?;
        Ok(field::<Be<i32>>(&view, name)?.iter().map(Be::get).collect())
    }

    /// Sets a field in every item.
    #[pyfunction]
    fn fill_field_f64(object: &Bound<'_, PyAny>, name: &str, value: f64) -> PyResult<()> {
        let mut slot = Slot::new();
        let view = fill(&mut slot, object, Request::FULL_RO)?;
        field_mut(&view, name)?.fill(value);
        Ok(())
    }

    #[pyfunction]
    fn item_i32(object: &Bound<'_, PyAny>, indices: Vec<usize>) -> PyResult<i32> {
        let mut slot = Slot::new();
        let view = fill(&mut slot, object, Request::FULL_RO)?;
        typed(&view)?.get(&indices).map_err(|error| PyIndexError::new_err(error.to_string()))
    }

    /// Sets one item, or all of them.
    #[pyfunction]
    fn set_f64(object: &Bound<'_, PyAny>, indices: Option<Vec<usize>>, value: f64) -> PyResult<()> {
        let mut slot = Slot::new();
        let view = fill(&mut slot, object, Request::FULL_RO)?;
        let items = typed_mut(&view)?;
        match indices {
            None => items.fill(value),
            Some(indices) => {
                items.set(&indices, value).map_err(|error| PyIndexError::new_err(error.to_string()))?;
            }
        }
        Ok(())
    }

    /// The size of an item in bytes, or the reason why the text is no format.
    #[pyfunction]
    fn format_size(text: &[u8]) -> PyResult<usize> {
        let format = Format::parse(text).map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(format.size())
    }

    /// What extracting an argument raises, without PyO3's own addition, many times over.
    #[pyfunction]
    fn refuse(object: &Bound<'_, PyAny>, times: usize) -> bool {
        (0..times).all(|_| {
            object.extract::<ReadBuffer<'_, '_>>().is_err()
                && object.extract::<WriteBuffer<'_, '_>>().is_err()
        })
    }

    /// Asks for a view, gives it back, and returns where its memory is.
    #[pyfunction]
    fn ask(object: &Bound<'_, PyAny>, request: i32) -> PyResult<usize> {
        let mut slot = Slot::new();
        let view = fill(&mut slot, object, Request::from_bits(request))?;
        Ok(view.held().raw().header().buf.addr())
    }

    #[pyfunction]
    fn refused_read(object: &Bound<'_, PyAny>) -> Option<PyErr> {
        object.extract::<ReadBuffer<'_, '_>>().err()
    }

    /// Whether the object's type is one whose answers are known; `None` where no type's are.
    #[pyfunction]
    fn is_known(object: &Bound<'_, PyAny>) -> Option<bool> {
        cfg_if::cfg_if! {
            if #[cfg(any(PyPy, GraalPy, Py_LIMITED_API))] {
                let _ = object;
                None
            } else {
                Some(crate::known::is_known(object.as_borrowed()))
            }
        }
    }

    /// Whether the object is an array that is answered from its fields; `None` where no array is.
    #[pyfunction]
    fn is_seen(object: &Bound<'_, PyAny>) -> Option<bool> {
        cfg_if::cfg_if! {
            if #[cfg(any(Py_GIL_DISABLED, PyPy, GraalPy, Py_LIMITED_API))] {
                let _ = object;
                None
            } else {
                Some(crate::numpy::find::<false>(object.as_borrowed()).is_some())
            }
        }
    }

    #[pyfunction]
    fn refused_write(object: &Bound<'_, PyAny>) -> Option<PyErr> {
        object.extract::<WriteBuffer<'_, '_>>().err()
    }

    /// A buffer that is stored.
    #[pyclass(frozen)]
    struct Stored(Mutex<Option<OwnedBuffer>>);

    #[pymethods]
    impl Stored {
        #[new]
        fn new(data: OwnedBuffer) -> Self {
            Self(Mutex::new(Some(data)))
        }

        fn read(&self, py: Python<'_>) -> Vec<u8> {
            let stored = self.0.lock();
            stored
                .ok()
                .and_then(|data| data.as_ref().map(|data| data.snapshot(py).into_owned()))
                .unwrap_or_default()
        }

        fn is_frozen(&self) -> bool {
            self.0.lock().is_ok_and(|data| data.as_ref().is_some_and(|data| data.as_frozen().is_some()))
        }

        fn drop_attached(&self) {
            drop(self.take());
        }

        fn drop_detached(&self, py: Python<'_>) {
            let data = self.take();
            py.detach(|| drop(data));
        }

        fn drop_on_a_thread(&self, py: Python<'_>) -> bool {
            let data = self.take();
            py.detach(|| std::thread::spawn(move || drop(data)).join().is_ok())
        }

        /// Leaves the buffer to the end of the process's main thread, which is after the end of the interpreter.
        fn drop_last(&self) {
            thread_local!(static LAST: RefCell<Vec<OwnedBuffer>> = const { RefCell::new(Vec::new()) });
            LAST.with_borrow_mut(|last| last.extend(self.take()));
        }

        /// Drops it on a thread of its own, after so many milliseconds.
        fn drop_later(&self, milliseconds: u64) {
            let data = self.take();
            std::thread::spawn(move || {
                std::thread::sleep(std::time::Duration::from_millis(milliseconds));
                drop(data);
            });
        }
    }

    impl Stored {
        fn take(&self) -> Option<OwnedBuffer> {
            self.0.lock().ok()?.take()
        }
    }
}

//! Reads one channel of an image, whatever its layout: `channel(image, 0)` of a numpy array of `uint8`.

#[pyo3::pymodule]
mod channel {
    use bufproto_py::{Request, Slot, fill, typed};
    use pyo3::exceptions::{PyIndexError, PyValueError};
    use pyo3::prelude::*;
    use pyo3::types::PyBytes;

    /// One channel of an image of rows, columns and channels, row by row.
    #[pyfunction]
    fn channel<'py>(image: &Bound<'py, PyAny>, index: usize) -> PyResult<Bound<'py, PyBytes>> {
        // The view stays here until this returns; meanwhile nobody resizes what it is a view of.
        let mut slot = Slot::new();
        let view = fill(&mut slot, image, Request::FULL_RO)?;
        // Strides may be negative, and rows apart: the view says where an item is. Its format was checked here.
        let pixels = typed::<u8>(&view)?;
        let [height, width, channels] = pixels.shape().collect::<Vec<_>>()[..] else {
            return Err(PyValueError::new_err("an image has rows, columns and channels"));
        };
        if index >= channels {
            return Err(PyIndexError::new_err(format!("the image has {channels} channels")));
        }
        PyBytes::new_with(image.py(), height * width, |bytes| {
            let places = (0..height).flat_map(|row| (0..width).map(move |column| [row, column, index]));
            for (byte, place) in bytes.iter_mut().zip(places) {
                *byte = pixels.get(&place).map_err(|error| PyIndexError::new_err(error.to_string()))?;
            }
            Ok(())
        })
    }
}

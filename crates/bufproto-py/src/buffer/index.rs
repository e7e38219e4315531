//! Which bytes are meant by what stands in square brackets.

use pyo3::exceptions::{PyIndexError, PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PySlice, PyString};

use crate::copies;

/// One byte, or some at equal distances.
pub(super) enum Index {
    One(usize),
    Slice {
        /// The first; where to insert, if there are none.
        start: usize,
        step: isize,
        count: usize,
    },
}

impl Index {
    /// # Errors
    ///
    /// `TypeError` for what is neither a number nor a slice, `IndexError` for a number that is past the ends.
    pub(super) fn of(key: &Bound<'_, PyAny>, length: usize) -> PyResult<Self> {
        if let Ok(slice) = key.cast::<PySlice>() {
            let found = slice.indices(length.cast_signed())?;
            let start = usize::try_from(found.start).unwrap_or(0).min(length);
            return Ok(Self::Slice { start, step: found.step, count: found.slicelength });
        }
        Self::one(key, length).map(Self::One)
    }

    /// The place of one byte.
    pub(super) fn one(key: &Bound<'_, PyAny>, length: usize) -> PyResult<usize> {
        let index = number(key).map_err(|error| {
            let py = key.py();
            if error.is_instance_of::<PyOverflowError>(py) {
                PyIndexError::new_err("Buffer index out of range")
            } else if error.is_instance_of::<PyTypeError>(py) {
                let kind = key.get_type().name().map_or_else(|_| "that".to_owned(), |name| name.to_string());
                PyTypeError::new_err(format!("Buffer indices must be integers or slices, not {kind}"))
            } else {
                error
            }
        })?;
        wrapped(index, length)
            .filter(|&index| index < length)
            .ok_or_else(|| PyIndexError::new_err("Buffer index out of range"))
    }
}

/// A number with negative ones counted from the end.
pub(super) fn wrapped(index: isize, length: usize) -> Option<usize> {
    if index < 0 { length.checked_sub(index.unsigned_abs()) } else { Some(index.unsigned_abs()) }
}

/// The places of a slice's bytes, which are there.
pub(super) fn places(start: usize, step: isize, count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |n| start.wrapping_add_signed(step.wrapping_mul(n.cast_signed())))
}

/// Takes a slice's bytes out, of those that are there.
pub(super) fn remove(bytes: &mut Vec<u8>, start: usize, step: isize, count: usize) {
    if step == 1 {
        let start = start.min(bytes.len());
        bytes.drain(start..start.saturating_add(count).min(bytes.len()));
        return;
    }
    let first = if step > 0 { Some(start) } else { places(start, step, count).last() };
    let (first, step) = (first.unwrap_or(start), step.unsigned_abs());
    let (mut place, mut left) = (0, count);
    bytes.retain(|_| {
        let goes = left > 0 && place >= first && (place - first) % step == 0;
        left -= usize::from(goes);
        place += 1;
        !goes
    });
}

/// A number, or what says by `__index__` that it is one.
pub(super) fn number(value: &Bound<'_, PyAny>) -> PyResult<isize> {
    value.extract()
}

/// A number as a byte.
pub(super) fn byte(value: &Bound<'_, PyAny>) -> PyResult<u8> {
    let outside = || PyValueError::new_err("byte must be in range(0, 256)");
    match number(value) {
        Ok(number) => u8::try_from(number).map_err(|_| outside()),
        Err(error) if error.is_instance_of::<PyOverflowError>(value.py()) => Err(outside()),
        Err(error) => Err(error),
    }
}

/// The bytes of a bytes-like object, in C order if they do not lie side by side, or of numbers one after the other.
pub(super) fn bytes(source: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    match copies::bytes_of(source) {
        // No exporter.
        Err(error) if error.is_instance_of::<PyTypeError>(source.py()) => (),
        bytes => return bytes,
    }
    if source.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err("text has no bytes: encode it"));
    }
    source.try_iter()?.map(|item| byte(&item?)).collect()
}

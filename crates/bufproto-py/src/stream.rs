//! Memory that others may write to, as the standard library's streams.

use std::io::{self, Read, Seek, SeekFrom, Write};

use bufproto_core::shared::{Shared, SharedMut};

/// Reads bytes one after the other, each as it is when its turn comes.
///
/// ```
/// use std::io::{Read as _, Seek as _, SeekFrom};
/// use bufproto_py::ReadBuffer;
/// # use pyo3::prelude::*;
///
/// # Python::initialize();
/// # Python::attach(|py| {
/// let array = py.eval(c"bytearray(b'hello, world')", None, None)?;
/// let data: ReadBuffer<'_, '_> = array.extract()?;
/// let mut reader = data.reader();
/// reader.seek(SeekFrom::End(-5))?;
/// let mut text = String::new();
/// reader.read_to_string(&mut text)?;
/// assert_eq!(text, "world");
/// # PyResult::Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    memory: Shared<'a>,
    position: u64,
}

impl<'a> Reader<'a> {
    /// Reads from the first byte on.
    ///
    /// ```
    /// use std::io::Read as _;
    /// use bufproto_py::{ReadBuffer, Reader};
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let array = py.eval(c"bytearray(b'hello, world')", None, None)?;
    /// let data: ReadBuffer<'_, '_> = array.extract()?;
    /// let mut word = Vec::new();
    /// Reader::new(data.shared().part(0..5).unwrap()).read_to_end(&mut word)?;
    /// assert_eq!(word, b"hello");
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn new(memory: Shared<'a>) -> Self {
        Self { memory, position: 0 }
    }
}

/// Reads and writes bytes one after the other. At the end of the memory no byte is written.
///
/// ```
/// use std::io::{ErrorKind, Seek as _, Write as _};
/// use bufproto_py::WriteBuffer;
/// use pyo3::types::PyByteArray;
/// # use pyo3::prelude::*;
///
/// # Python::initialize();
/// # Python::attach(|py| {
/// let array = PyByteArray::new(py, b"hello");
/// let data: WriteBuffer<'_, '_> = array.extract()?;
/// let mut writer = data.writer();
/// writer.write_all(b"je")?;
/// assert_eq!(writer.stream_position()?, 2);
/// assert_eq!(writer.write_all(b"ebel").unwrap_err().kind(), ErrorKind::WriteZero);
/// assert_eq!(array.to_vec(), b"jeebe", "there is room for three");
/// # PyResult::Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Writer<'a> {
    memory: SharedMut<'a>,
    position: u64,
}

impl<'a> Writer<'a> {
    /// Reads and writes from the first byte on.
    ///
    /// ```
    /// use std::io::Write as _;
    /// use bufproto_py::{WriteBuffer, Writer};
    /// use pyo3::types::PyByteArray;
    /// # use pyo3::prelude::*;
    ///
    /// # Python::initialize();
    /// # Python::attach(|py| {
    /// let array = PyByteArray::new(py, b"hello");
    /// let data: WriteBuffer<'_, '_> = array.extract()?;
    /// Writer::new(data.shared().part(1..5).unwrap()).write_all(b"appy")?;
    /// assert_eq!(array.to_vec(), b"happy");
    /// # PyResult::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn new(memory: SharedMut<'a>) -> Self {
        Self { memory, position: 0 }
    }
}

/// The position as an index, at most the end.
fn index(position: u64, length: usize) -> usize {
    usize::try_from(position).map_or(length, |position| position.min(length))
}

fn read(memory: Shared<'_>, position: &mut u64, into: &mut [u8]) -> usize {
    let rest = memory.part(index(*position, memory.len())..memory.len());
    let count = rest.map_or(0, |rest| rest.copy_to_slice(into));
    *position += count as u64;
    count
}

/// As the standard library's cursor: past the end is a position, before the beginning is none.
fn seek(length: usize, position: &mut u64, to: SeekFrom) -> io::Result<u64> {
    let sought = match to {
        SeekFrom::Start(position) => Some(position),
        SeekFrom::End(offset) => (length as u64).checked_add_signed(offset),
        SeekFrom::Current(offset) => position.checked_add_signed(offset),
    };
    let sought = sought.ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidInput, "there is no position before the first byte")
    })?;
    *position = sought;
    Ok(sought)
}

impl Read for Reader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        Ok(read(self.memory, &mut self.position, into))
    }
}

impl Seek for Reader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        seek(self.memory.len(), &mut self.position, to)
    }
}

impl Read for Writer<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        Ok(read(self.memory.as_shared(), &mut self.position, into))
    }
}

impl Write for Writer<'_> {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        let length = self.memory.len();
        let rest = self.memory.part(index(self.position, length)..length);
        let count = rest.map_or(0, |rest| rest.copy_from_slice(from));
        self.position += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Writer<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        seek(self.memory.len(), &mut self.position, to)
    }
}

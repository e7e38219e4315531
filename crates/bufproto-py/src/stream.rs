//! Memory that others may write to, as the standard library's streams.

use std::io::{self, Read, Seek, SeekFrom, Write};

use bufproto_core::shared::{Shared, SharedMut};

/// Reads bytes one after the other, each as it is when its turn comes.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    memory: Shared<'a>,
    position: u64,
}

impl<'a> Reader<'a> {
    /// Reads from the first byte on.
    #[must_use]
    pub fn new(memory: Shared<'a>) -> Self {
        Self { memory, position: 0 }
    }
}

/// Reads and writes bytes one after the other. At the end of the memory no byte is written.
#[derive(Clone, Debug)]
pub struct Writer<'a> {
    memory: SharedMut<'a>,
    position: u64,
}

impl<'a> Writer<'a> {
    /// Reads and writes from the first byte on.
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

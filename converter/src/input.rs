//! Watches the raw input: how much was read, and whether the input itself failed.

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// What is known of an input while it is read.
#[derive(Debug, Default)]
pub(crate) struct Input {
    bytes: AtomicU64,
    failed: AtomicBool,
}

impl Input {
    /// Bytes read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    /// Whether reading failed, rather than what was read being bad.
    pub(crate) fn failed(&self) -> bool {
        self.failed.load(Relaxed)
    }

    /// Watches `reader`.
    pub(crate) fn watch<R: Read>(&self, reader: R) -> Watched<'_, R> {
        Watched { reader, input: self }
    }

    /// Counts bytes that are read elsewhere.
    pub(crate) fn add(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Relaxed);
    }
}

/// A reader that is watched.
pub(crate) struct Watched<'a, R> {
    reader: R,
    input: &'a Input,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer);
        match &read {
            Ok(length) => self.input.add(*length as u64),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => self.input.failed.store(true, Relaxed),
        }
        read
    }
}

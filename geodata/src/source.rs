//! Where bytes come from, and how they are counted. What they mean is for the readers.

use std::cell::{Cell, RefCell};
use std::io;

use crate::error::{GeodataError, Limit};
use crate::limits::Limits;

/// The bytes that are asked of a source at once where less is wanted: tags lie beside one another.
const WINDOW: u64 = 8 << 10;

/// A file that is read in any order.
pub trait Source {
    /// How many bytes it has.
    fn size(&self) -> u64;

    /// Fills `into` with the bytes from `offset` on. Readers ask for bytes inside of the file only.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()>;
}

impl Source for [u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        let from = usize::try_from(offset).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        let bytes = from.checked_add(into.len()).and_then(|to| self.get(from..to));
        into.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

impl Source for Vec<u8> {
    fn size(&self) -> u64 {
        self.as_slice().size()
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        self.as_slice().read_at(offset, into)
    }
}

/// A source that counts what is asked of it.
#[derive(Debug)]
pub struct Counted<S> {
    source: S,
    bytes: Cell<u64>,
    reads: Cell<u64>,
}

impl<S: Source> Counted<S> {
    /// Nothing read yet.
    pub fn new(source: S) -> Self {
        Self { source, bytes: Cell::new(0), reads: Cell::new(0) }
    }

    /// How many bytes were read.
    pub fn bytes(&self) -> u64 {
        self.bytes.get()
    }

    /// How often.
    pub fn reads(&self) -> u64 {
        self.reads.get()
    }
}

impl<S: Source> Source for Counted<S> {
    fn size(&self) -> u64 {
        self.source.size()
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        self.bytes.set(self.bytes.get().saturating_add(into.len() as u64));
        self.reads.set(self.reads.get().saturating_add(1));
        self.source.read_at(offset, into)
    }
}

/// A source within limits: reads outside of the file and beyond the limits are refused before they are made.
pub(crate) struct Bounded<'a, S: ?Sized> {
    source: &'a S,
    pub(crate) limits: Limits,
    left: Cell<u64>,
    /// What of that is kept for [`Self::kept`].
    kept: Cell<u64>,
    window: RefCell<(u64, Vec<u8>)>,
}

impl<'a, S: Source + ?Sized> Bounded<'a, S> {
    pub(crate) fn new(source: &'a S, limits: &Limits) -> Self {
        let window = RefCell::new((0, Vec::new()));
        Self {
            source,
            limits: *limits,
            left: Cell::new(limits.bytes_read),
            kept: Cell::new(0),
            window,
        }
    }

    pub(crate) fn size(&self) -> u64 {
        self.source.size()
    }

    /// Whether these bytes can be had without asking the source for any.
    pub(crate) fn has(&self, offset: u64, length: u64) -> bool {
        let (start, bytes) = &*self.window.borrow();
        let end = start.saturating_add(bytes.len() as u64);
        *start <= offset && offset.checked_add(length).is_some_and(|to| to <= end)
    }

    /// So many bytes from there; `what` is how an error calls them.
    pub(crate) fn bytes(
        &self,
        what: &'static str,
        offset: u64,
        length: u64,
    ) -> Result<Vec<u8>, GeodataError> {
        self.inside(what, offset, length)?;
        if length > self.limits.value_bytes {
            return Err(Limit::ValueBytes(self.limits.value_bytes).into());
        }
        self.filled(offset, length, Limit::ValueBytes(self.limits.value_bytes))
    }

    /// The bytes there; what has more than memory can hold is beyond a limit.
    fn filled(&self, offset: u64, length: u64, limit: Limit) -> Result<Vec<u8>, GeodataError> {
        let length = usize::try_from(length).map_err(|_| GeodataError::from(limit))?;
        let mut bytes = vec![0; length];
        self.fill(offset, &mut bytes)?;
        Ok(bytes)
    }

    /// Keeps so much of what may be read, where that is left.
    pub(crate) fn keep(&self, bytes: u64) -> Result<(), GeodataError> {
        let kept = self.kept.get().saturating_add(bytes);
        if kept > self.left.get() {
            return Err(Limit::BytesRead(self.limits.bytes_read).into());
        }
        self.kept.set(kept);
        Ok(())
    }

    /// As [`Self::bytes`], of what was kept: they may be more than a value has.
    pub(crate) fn kept(
        &self,
        what: &'static str,
        offset: u64,
        length: u64,
    ) -> Result<Vec<u8>, GeodataError> {
        self.inside(what, offset, length)?;
        self.kept.set(self.kept.get().saturating_sub(length));
        self.filled(offset, length, Limit::BytesRead(self.limits.bytes_read))
    }

    /// As [`Self::bytes`], of a length that is known.
    pub(crate) fn array<const N: usize>(
        &self,
        what: &'static str,
        offset: u64,
    ) -> Result<[u8; N], GeodataError> {
        self.inside(what, offset, N as u64)?;
        let mut bytes = [0; N];
        self.fill(offset, &mut bytes)?;
        Ok(bytes)
    }

    /// Fills `into` with what is there, as far as the file goes; answers how much that is.
    pub(crate) fn some(&self, offset: u64, into: &mut [u8]) -> Result<usize, GeodataError> {
        let there = self.size().saturating_sub(offset);
        let length = usize::try_from(there).unwrap_or(usize::MAX).min(into.len());
        let Some(into) = into.get_mut(..length) else { return Ok(0) };
        self.fill(offset, into)?;
        Ok(length)
    }

    fn inside(&self, what: &'static str, from: u64, length: u64) -> Result<(), GeodataError> {
        let (to, size) = (from.saturating_add(length), self.size());
        let out = from.checked_add(length).is_none_or(|to| to > size);
        if out { Err(GeodataError::Outside { what, from, to, size }) } else { Ok(()) }
    }

    fn fill(&self, offset: u64, into: &mut [u8]) -> Result<(), GeodataError> {
        if into.len() as u64 >= WINDOW {
            self.spend(into.len() as u64)?;
            return Ok(self.source.read_at(offset, into)?);
        }
        let mut window = self.window.borrow_mut();
        if copy(&window, offset, into).is_none() {
            let length = self.size().saturating_sub(offset).min(WINDOW);
            // Near the end of what may be read, only what is wanted.
            let free = self.left.get().saturating_sub(self.kept.get());
            let length = if length > free { into.len() as u64 } else { length };
            self.spend(length)?;
            let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
            self.source.read_at(offset, &mut bytes)?;
            *window = (offset, bytes);
            copy(&window, offset, into).ok_or(io::Error::from(io::ErrorKind::UnexpectedEof))?;
        }
        Ok(())
    }

    fn spend(&self, bytes: u64) -> Result<(), GeodataError> {
        let left = self.left.get().checked_sub(bytes);
        self.left.set(left.ok_or(Limit::BytesRead(self.limits.bytes_read))?);
        Ok(())
    }
}

/// What is wanted, when the window has all of it.
fn copy((start, bytes): &(u64, Vec<u8>), offset: u64, into: &mut [u8]) -> Option<()> {
    let from = usize::try_from(offset.checked_sub(*start)?).ok()?;
    into.copy_from_slice(bytes.get(from..from.checked_add(into.len())?)?);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_at_hand_is_known() {
        let (bytes, limits) = (vec![7; 100_000], Limits::default());
        let bounded = Bounded::new(&bytes, &limits);
        assert!(!bounded.has(0, 1));
        bounded.array::<4>("it", 50_000).unwrap();
        assert!(bounded.has(50_000, WINDOW) && bounded.has(50_000 + WINDOW - 4, 4));
        assert!(!bounded.has(49_999, 4) && !bounded.has(50_000, WINDOW + 1));
        assert!(!bounded.has(u64::MAX, 2));
    }

    #[test]
    fn bytes_are_counted_and_bounded() {
        let source = Counted::new(vec![7; 100_000]);
        let limits = Limits { bytes_read: 20_000, value_bytes: 15_000, ..Limits::default() };
        let bounded = Bounded::new(&source, &limits);
        assert_eq!(bounded.array::<4>("it", 0).unwrap(), [7; 4]);
        assert_eq!(bounded.array::<4>("it", 8_000).unwrap(), [7; 4]);
        assert_eq!((source.bytes(), source.reads()), (WINDOW, 1));
        assert_eq!(bounded.bytes("it", 50_000, 10_000).unwrap().len(), 10_000);
        let more = bounded.bytes("it", 0, 15_001).unwrap_err();
        assert!(matches!(more, GeodataError::TooMuch(Limit::ValueBytes(15_000))));
        let more = bounded.bytes("it", 0, 14_000).unwrap_err();
        assert!(matches!(more, GeodataError::TooMuch(Limit::BytesRead(20_000))));
        let out = bounded.bytes("it", 99_999, 2).unwrap_err();
        assert!(matches!(out, GeodataError::Outside { from: 99_999, to: 100_001, .. }));
        assert!(bounded.bytes("it", u64::MAX, 2).is_err());
        assert!(source.bytes() <= 20_000);
    }
}

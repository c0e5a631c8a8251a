//! The decompressed archive as it arrives: blocks of bytes, handed on without being copied.
//!
//! Knows where in the archive it stands and which entry is being read, so that an end that comes too
//! early can be told exactly. Knows nothing of tar but its block size.

use bytes::{Bytes, BytesMut};

use crate::error::{ConvertError, shown};

/// Bytes of a tar block.
pub(crate) const BLOCK: usize = 512;

/// Reads exact lengths from blocks of any length.
pub(crate) struct Source<I> {
    blocks: I,
    current: Bytes,
    offset: u64,
    entry: Option<Vec<u8>>,
}

impl<I: Iterator<Item = Result<Bytes, ConvertError>>> Source<I> {
    /// Starts at the beginning of `blocks`.
    pub(crate) fn new(blocks: I) -> Self {
        Self { blocks, current: Bytes::new(), offset: 0, entry: None }
    }

    /// How many bytes have been taken.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Says which entry is read from here on.
    pub(crate) fn enter(&mut self, name: &[u8]) {
        self.entry = Some(name.to_vec());
    }

    /// The entry that is read, or was read last.
    pub(crate) fn entry(&self) -> Option<String> {
        self.entry.as_deref().map(shown)
    }

    /// The next block; an error is told with the entry that is read.
    fn next_block(&mut self) -> Result<Option<Bytes>, ConvertError> {
        let block = self.blocks.next().transpose();
        block.map_err(|mut error| {
            if let ConvertError::Damaged { entry, .. } | ConvertError::Limit { entry, .. } =
                &mut error
            {
                *entry = entry.take().or_else(|| self.entry());
            }
            error
        })
    }

    /// Makes sure that `current` has at least one byte; false at the end.
    fn refill(&mut self) -> Result<bool, ConvertError> {
        while self.current.is_empty() {
            match self.next_block()? {
                Some(block) => self.current = block,
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// What comes next, without taking it; shorter than `length` only at the end.
    pub(crate) fn peek(&mut self, length: usize) -> Result<&[u8], ConvertError> {
        while self.current.len() < length {
            let Some(block) = self.next_block()? else { break };
            self.current = if self.current.is_empty() {
                block
            } else {
                [self.current.as_ref(), block.as_ref()].concat().into()
            };
        }
        Ok(self.current.get(..length).unwrap_or(&self.current))
    }

    /// The next tar block; `None` at the end. Half a block is an error.
    pub(crate) fn block(&mut self) -> Result<Option<[u8; BLOCK]>, ConvertError> {
        let bytes = self.peek(BLOCK)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let Some(block) = bytes.first_chunk::<BLOCK>().copied() else {
            return Err(self.truncated());
        };
        self.advance(BLOCK);
        Ok(Some(block))
    }

    /// The next bytes as one piece: a slice of what arrived where possible, a copy otherwise. The
    /// caller bounds `length`.
    pub(crate) fn whole(&mut self, length: usize) -> Result<Bytes, ConvertError> {
        if self.current.is_empty() && length > 0 {
            self.refill()?;
        }
        if self.current.len() >= length {
            return Ok(self.advance(length));
        }
        let mut bytes = BytesMut::with_capacity(length);
        self.stream(length as u64, |part| {
            bytes.extend_from_slice(&part);
            Ok(())
        })?;
        Ok(bytes.freeze())
    }

    /// Hands the next `length` bytes on as they arrive.
    pub(crate) fn stream(
        &mut self,
        mut length: u64,
        mut part: impl FnMut(Bytes) -> Result<(), ConvertError>,
    ) -> Result<(), ConvertError> {
        while length > 0 {
            if !self.refill()? {
                return Err(self.truncated());
            }
            let step = usize::try_from(length).unwrap_or(usize::MAX).min(self.current.len());
            let bytes = self.advance(step);
            length -= step as u64;
            part(bytes)?;
        }
        Ok(())
    }

    /// Drops the next `length` bytes.
    pub(crate) fn skip(&mut self, length: u64) -> Result<(), ConvertError> {
        self.stream(length, |_| Ok(()))
    }

    /// Reads to the end; fails at the first byte that is not zero.
    pub(crate) fn drain_zeros(&mut self) -> Result<(), ConvertError> {
        while self.refill()? {
            if let Some(index) = self.current.iter().position(|byte| *byte != 0) {
                return Err(ConvertError::AfterEnd { offset: self.offset + index as u64 });
            }
            let length = self.current.len();
            self.advance(length);
        }
        Ok(())
    }

    /// The archive ends here, but should not.
    pub(crate) fn truncated(&self) -> ConvertError {
        let offset = self.offset + self.current.len() as u64;
        ConvertError::Truncated { offset, entry: self.entry() }
    }

    fn advance(&mut self, length: usize) -> Bytes {
        self.offset += length as u64;
        self.current.split_to(length)
    }
}

//! Gathers what a tar is made of into batches that a thread can fetch and pack on its own.

use std::sync::Arc;

use flisthub_flist::{Piece, Pieces, TreePath, pieces};
use flisthub_storage::{ChunkId, ChunkStore};

use super::error::ExportError;
use super::plan::{Sink, bad};

/// Bytes after which a batch is full; it never has much more than a chunk beyond that.
const BATCH_BYTES: usize = 2 << 20;
/// Chunks of one batch.
const BATCH_CHUNKS: usize = 256;
/// Bytes of literals, which compress well, after which a batch is full.
const BATCH_LITERALS: usize = 512 << 10;
/// Zeros of one part.
const ZEROS: usize = 1 << 20;

/// A part of a tar.
pub(super) enum Part {
    /// Bytes as they are.
    Literal(Vec<u8>),
    /// One chunk of a file.
    Chunk { id: ChunkId, length: u32, path: Arc<TreePath> },
    /// As many zeros, at most 1 MiB.
    Zeros(usize),
}

/// Parts that follow one another. How a tree is cut into batches depends on the tree alone.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) parts: Vec<Part>,
    pub(super) bytes: usize,
    /// How many members begin in it; the end of the tar counts as one.
    pub(super) entries: u64,
    chunks: usize,
    literals: usize,
}

/// Makes batches and gives them to `send`.
pub(super) struct Batcher<'a, F> {
    store: &'a dyn ChunkStore,
    batch: Batch,
    send: F,
}

impl<'a, F: FnMut(Batch) -> Result<(), ExportError>> Batcher<'a, F> {
    pub(super) fn new(store: &'a dyn ChunkStore, send: F) -> Self {
        Self { store, batch: Batch::default(), send }
    }

    /// Sends the last batch.
    pub(super) fn finish(mut self) -> Result<(), ExportError> {
        (self.send)(std::mem::take(&mut self.batch))
    }

    /// A batch ends after content where it can, so that what fills a file's last block stands in one
    /// literal with the headers that follow.
    fn full(&mut self) -> Result<(), ExportError> {
        let Batch { bytes, chunks, literals, .. } = self.batch;
        if bytes >= BATCH_BYTES || chunks >= BATCH_CHUNKS || literals >= BATCH_LITERALS {
            (self.send)(std::mem::take(&mut self.batch))?;
        }
        Ok(())
    }

    fn zeros(&mut self, mut left: u64) -> Result<(), ExportError> {
        while left > 0 {
            let length = usize::try_from(left).unwrap_or(ZEROS).min(ZEROS);
            self.batch.parts.push(Part::Zeros(length));
            self.batch.bytes += length;
            left -= length as u64;
            self.full()?;
        }
        Ok(())
    }
}

impl<F: FnMut(Batch) -> Result<(), ExportError>> Sink for Batcher<'_, F> {
    fn literal(&mut self, bytes: &[u8]) -> Result<(), ExportError> {
        if self.batch.literals >= BATCH_LITERALS {
            self.full()?;
        }
        self.batch.bytes += bytes.len();
        self.batch.literals += bytes.len();
        self.batch.entries += 1;
        match self.batch.parts.last_mut() {
            Some(Part::Literal(literal)) => literal.extend_from_slice(bytes),
            _ => self.batch.parts.push(Part::Literal(bytes.to_vec())),
        }
        Ok(())
    }

    fn content(
        &mut self,
        path: &Arc<TreePath>,
        size: u64,
        content: &Pieces,
    ) -> Result<(), ExportError> {
        let mut offset = 0u64;
        for piece in pieces(self.store, content) {
            let piece = piece?;
            offset = offset
                .checked_add(piece.length())
                .filter(|end| *end <= size)
                .ok_or_else(|| bad(path, "its pieces are longer than it"))?;
            match piece {
                Piece::Hole { length } => self.zeros(length)?,
                Piece::Chunk { id, length } => {
                    self.batch.parts.push(Part::Chunk { id, length, path: path.clone() });
                    self.batch.bytes += length as usize;
                    self.batch.chunks += 1;
                    self.full()?;
                }
            }
        }
        if offset == size { Ok(()) } else { Err(bad(path, "its pieces are shorter than it")) }
    }
}

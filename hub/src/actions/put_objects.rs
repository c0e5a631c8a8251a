//! Puts objects that come one by one into a store in batches: asks which it lacks and compresses only
//! those. Or only finds out what that would take.

use std::collections::HashSet;

use flisthub_storage::{Chunk, ChunkId, ChunkStore, Compressor, Frame, PutReport, StoreError};

/// How many objects, or bytes of them, make a batch.
const BATCH: usize = 256;
const BATCH_BYTES: usize = 4 << 20;

/// Objects on their way into a store.
pub(super) struct PutObjects<'a> {
    store: &'a dyn ChunkStore,
    compressor: Compressor,
    waiting: Vec<Chunk>,
    bytes: usize,
    report: PutReport,
    /// If nothing is put after all, what would have been.
    rehearsed: Option<HashSet<ChunkId>>,
}

impl<'a> PutObjects<'a> {
    /// Nothing yet. `level` is zstd's.
    pub(super) fn new(store: &'a dyn ChunkStore, level: i32) -> Result<Self, StoreError> {
        let compressor = Compressor::new(level).map_err(StoreError::backend)?;
        let report = PutReport::default();
        Ok(Self { store, compressor, waiting: Vec::new(), bytes: 0, report, rehearsed: None })
    }

    /// The same, but nothing is put: only found out what it would take.
    pub(super) fn nowhere(store: &'a dyn ChunkStore, level: i32) -> Result<Self, StoreError> {
        Ok(Self { rehearsed: Some(HashSet::new()), ..Self::new(store, level)? })
    }

    /// Takes the next object.
    pub(super) fn take(&mut self, object: Chunk) -> Result<(), StoreError> {
        self.bytes += object.bytes().len();
        self.waiting.push(object);
        if self.waiting.len() >= BATCH || self.bytes >= BATCH_BYTES { self.put() } else { Ok(()) }
    }

    /// Puts what still waits; says what all of it took.
    pub(super) fn finish(mut self) -> Result<PutReport, StoreError> {
        self.put()?;
        Ok(self.report)
    }

    fn put(&mut self) -> Result<(), StoreError> {
        let objects = std::mem::take(&mut self.waiting);
        self.bytes = 0;
        let ids: Vec<_> = objects.iter().map(Chunk::id).collect();
        let missing = self.store.missing(&ids)?;
        let mut missing = missing.iter().peekable();
        let mut frames = Vec::new();
        for object in &objects {
            // They come in the order asked.
            if missing.next_if(|id| **id == object.id()).is_some() {
                frames.push(self.compressor.compress(object).map_err(StoreError::backend)?);
            }
        }
        let put = match &mut self.rehearsed {
            Some(known) => rehearsed(&frames, known),
            None => self.store.put(&frames)?,
        };
        self.report.add(put);
        Ok(())
    }
}

/// What putting these frames would have taken, of which some were seen before.
fn rehearsed(frames: &[Frame], known: &mut HashSet<ChunkId>) -> PutReport {
    let mut report = PutReport::default();
    for frame in frames {
        let frame_bytes = frame.bytes().len() as u64;
        report.add(if known.insert(frame.id()) {
            let new_bytes = frame.length().into();
            PutReport { new: 1, known: 0, new_bytes, stored_bytes: frame_bytes }
        } else {
            PutReport { known: 1, ..PutReport::default() }
        });
    }
    report
}

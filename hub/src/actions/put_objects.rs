//! Puts objects that come one by one into a store in batches: asks which it lacks and compresses only
//! those.

use flisthub_storage::{Chunk, ChunkStore, Compressor, PutReport, StoreError};

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
}

impl<'a> PutObjects<'a> {
    /// Nothing yet. `level` is zstd's.
    pub(super) fn new(store: &'a dyn ChunkStore, level: i32) -> Result<Self, StoreError> {
        let compressor = Compressor::new(level).map_err(StoreError::backend)?;
        let report = PutReport::default();
        Ok(Self { store, compressor, waiting: Vec::new(), bytes: 0, report })
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
        self.report.add(self.store.put(&frames)?);
        Ok(())
    }
}

//! A source of decoded objects that counts what is read of it.

use std::cell::Cell;
use std::sync::Arc;

use flisthub_flist::{Decoded, Directory, List, LoadError};
use flisthub_storage::{ChunkId, MemoryStore};

pub(crate) struct Counting<'a> {
    store: &'a MemoryStore,
    reads: Cell<usize>,
}

impl<'a> Counting<'a> {
    pub(crate) fn new(store: &'a MemoryStore) -> Self {
        Self { store, reads: Cell::new(0) }
    }

    /// Objects that were read since this was last asked.
    pub(crate) fn reads(&self) -> usize {
        self.reads.take()
    }

    fn count(&self) {
        self.reads.set(self.reads.get() + 1);
    }
}

impl Decoded for Counting<'_> {
    type Error = LoadError;

    fn directory(&self, id: ChunkId) -> Result<Arc<Directory>, LoadError> {
        self.count();
        Directory::load(self.store, id).map(Arc::new)
    }

    fn list(&self, id: ChunkId) -> Result<Arc<List>, LoadError> {
        self.count();
        List::load(self.store, id).map(Arc::new)
    }
}

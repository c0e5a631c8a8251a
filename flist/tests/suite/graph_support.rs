//! Flists that share what they are made of, and a store that loses and damages objects on demand.

use std::collections::HashSet;
use std::sync::Mutex;

use flisthub_flist::{Content, Emit, TreeBuilder};
use flisthub_storage::{
    Chunk, ChunkId, ChunkStore, Frame, MemoryStore, Monitor, Progress, PutReport, Stat, StoreError,
    StoreStats,
};

use crate::support::{file, keep, metadata, path, publish};

/// Publishes a tree of files with the given contents.
pub(crate) fn flist(store: &MemoryStore, files: &[(&str, &[u8])]) -> ChunkId {
    let files: Vec<_> =
        files.iter().map(|(at, content)| (*at, file(content, &mut keep(store)))).collect();
    flist_of(store, &files)
}

/// Publishes a tree of these files.
pub(crate) fn flist_of(store: &MemoryStore, files: &[(&str, Content)]) -> ChunkId {
    let mut emit = keep(store);
    let emit: &mut Emit<'_> = &mut emit;
    let mut tree = TreeBuilder::new();
    for (at, content) in files {
        tree.add(&path(at), metadata(1), content.clone()).unwrap();
    }
    publish(store, &tree.finish(emit).unwrap())
}

/// A store without some of its objects.
pub(crate) struct Faulty<'a> {
    pub(crate) store: &'a MemoryStore,
    /// Objects that are not there.
    pub(crate) absent: HashSet<ChunkId>,
    /// Objects that are there and cannot be read.
    pub(crate) damaged: HashSet<ChunkId>,
    /// Every id whose content was asked for.
    pub(crate) read: Mutex<Vec<ChunkId>>,
}

impl<'a> Faulty<'a> {
    pub(crate) fn of(store: &'a MemoryStore) -> Self {
        let (absent, damaged) = (HashSet::new(), HashSet::new());
        Self { store, absent, damaged, read: Mutex::new(Vec::new()) }
    }

    pub(crate) fn without(store: &'a MemoryStore, absent: &[ChunkId]) -> Self {
        Self { absent: absent.iter().copied().collect(), ..Self::of(store) }
    }

    pub(crate) fn damaged(store: &'a MemoryStore, damaged: &[ChunkId]) -> Self {
        Self { damaged: damaged.iter().copied().collect(), ..Self::of(store) }
    }

    /// How often an object was read.
    pub(crate) fn reads(&self, id: ChunkId) -> usize {
        self.read.lock().unwrap().iter().filter(|read| **read == id).count()
    }
}

impl ChunkStore for Faulty<'_> {
    fn stat(&self, ids: &[ChunkId]) -> Result<Vec<Option<Stat>>, StoreError> {
        let found = self.store.stat(ids)?.into_iter().zip(ids);
        Ok(found.map(|(stat, id)| stat.filter(|_| !self.absent.contains(id))).collect())
    }

    fn get_frames(&self, ids: &[ChunkId]) -> Result<Vec<Option<Frame>>, StoreError> {
        if let Some(id) = ids.iter().find(|id| self.damaged.contains(*id)) {
            return Err(StoreError::Corrupt { id: *id, source: None });
        }
        self.read.lock().unwrap().extend(ids);
        let found = self.store.get_frames(ids)?.into_iter().zip(ids);
        Ok(found.map(|(frame, id)| frame.filter(|_| !self.absent.contains(id))).collect())
    }

    fn put(&self, frames: &[Frame]) -> Result<PutReport, StoreError> {
        self.store.put(frames)
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.store.flush()
    }

    fn stats(&self) -> Result<StoreStats, StoreError> {
        self.store.stats()
    }
}

/// Wants everything to end after so many looks.
pub(crate) struct CancelAfter(Mutex<u32>);

impl CancelAfter {
    pub(crate) fn looks(looks: u32) -> Self {
        Self(Mutex::new(looks))
    }
}

impl Monitor for CancelAfter {
    fn progress(&self, _: Progress) {}

    fn note(&self, _: String) {}

    fn cancelled(&self) -> bool {
        let mut left = self.0.lock().unwrap();
        let cancelled = *left == 0;
        *left = left.saturating_sub(1);
        cancelled
    }
}

/// The object of that id.
pub(crate) fn object(store: &MemoryStore, id: ChunkId) -> Chunk {
    store.get(&[id]).unwrap().remove(0).unwrap()
}

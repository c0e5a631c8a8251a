//! Which objects are on their way to the store, so that two equal ones are stored and counted once.
//!
//! A worker claims an id before it asks the store about it, and the claim ends when the object has
//! been put or was found to be there. So of two equal chunks at most one is in flight, and whoever
//! asks later gets the store's own answer. Holds only what is in flight, however long the input.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use flisthub_storage::{Chunk, ChunkId};

/// Ids of the objects in flight.
#[derive(Debug, Default)]
pub(super) struct Claims {
    ids: Mutex<HashSet<ChunkId>>,
}

impl Claims {
    /// Drops the chunks that are in flight already and claims the others.
    pub(super) fn claim(&self, chunks: &mut Vec<Chunk>) {
        let mut ids = self.ids();
        chunks.retain(|chunk| ids.insert(chunk.id()));
    }

    /// Ends claims.
    pub(super) fn release(&self, done: impl IntoIterator<Item = ChunkId>) {
        let mut ids = self.ids();
        for id in done {
            ids.remove(&id);
        }
    }

    /// Single insertions and removals leave nothing torn behind a panic.
    fn ids(&self) -> MutexGuard<'_, HashSet<ChunkId>> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! Reading stored objects along their references: what the walks over whole flists have in common.

use flisthub_storage::{Chunk, ChunkId, ChunkStore, Kind, Reference, StoreError};

use crate::object::{LoadError, decode_as};
use crate::reach::{Mention, mentions};

/// How many objects are read at a time.
pub(crate) const BATCH: usize = 64;

/// How many chunks are asked for at a time.
pub(crate) const ASK: usize = 4096;

/// Why a walk over flists ended before it was done.
#[derive(Debug, thiserror::Error)]
pub enum GraphError {
    /// Whoever started it wanted it to end.
    #[error("cancelled")]
    Cancelled,
    /// A flist needs an object or a chunk that is not there or not sound.
    #[error(
        "flist {flist}: {kind} {id} that it needs cannot be read; a scrub tells what else is damaged"
    )]
    Unusable {
        /// The flist.
        flist: ChunkId,
        /// What it needs.
        kind: Kind,
        /// The id of that.
        id: ChunkId,
        /// What is wrong with it.
        #[source]
        source: Box<LoadError>,
    },
    /// There are more distinct objects, or references between them, than can be numbered.
    #[error("more than 4,294,967,295 references between stored objects cannot be counted")]
    TooMany,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads objects in one batch. One that is damaged fails the whole batch: then each is read alone, so
/// that only the damaged ones are lost.
pub(crate) fn get_each(
    store: &dyn ChunkStore,
    references: &[Reference],
) -> Vec<Result<Option<Chunk>, StoreError>> {
    let ids: Vec<ChunkId> = references.iter().map(|reference| reference.id).collect();
    match store.get(&ids) {
        Ok(found) => found.into_iter().map(Ok).collect(),
        Err(_) => ids.iter().map(|id| get_one(store, *id)).collect(),
    }
}

/// Reads one object.
pub(crate) fn get_one(store: &dyn ChunkStore, id: ChunkId) -> Result<Option<Chunk>, StoreError> {
    Ok(store.get(&[id])?.pop().flatten())
}

/// An error as the object's own, which a walk notes and goes on; or as the store's, which ends the walk: a
/// store that is shut for a moment would make everything seem lost.
pub(crate) fn of_the_object(error: LoadError) -> Result<LoadError, GraphError> {
    match error {
        LoadError::Store(error @ (StoreError::Full(_) | StoreError::Unwritable(_))) => {
            Err(error.into())
        }
        error => Ok(error),
    }
}

/// Calls `visit` for all that an object names; `found` is what the store gave when asked for it. Fails,
/// without a call, if that is not what `reference` says.
pub(crate) fn open(
    reference: Reference,
    found: Result<Option<Chunk>, StoreError>,
    visit: impl FnMut(Mention<'_>),
) -> Result<(), LoadError> {
    let Reference { kind, id } = reference;
    let object = found?.ok_or_else(|| LoadError::Missing(vec![id]))?;
    decode_as(kind, &object, |_| Ok(()))?;
    mentions(&object, visit).map_err(|source| LoadError::Decode { id, kind, source })
}

//! Objects in and out: how this crate hands over what it makes and asks for what it reads.
//!
//! The crate itself does no I/O. It gives each new object to a callback, and reads through
//! [`Directories`], which hub and client supply.

use flisthub_storage::{Chunk, ChunkId, ChunkStore, Kind, StoreError};

use crate::cbor::DecodeError;

/// Receives each object that is made. The same one may come more than once.
pub type Emit<'a> = dyn FnMut(Chunk) -> Result<(), StoreError> + 'a;

/// Why objects could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// They are not there.
    #[error("{} needed objects are missing, the first is {}", .0.len(), .0.first().map(ToString::to_string).unwrap_or_default())]
    Missing(Vec<ChunkId>),
    /// An object is of another kind than where it is named says.
    #[error("{id} is a {found}, not a {expected}")]
    WrongKind {
        /// The object.
        id: ChunkId,
        /// What it should be.
        expected: Kind,
        /// What it is.
        found: Kind,
    },
    /// An object breaks the format.
    #[error("{kind} {id} is not well formed")]
    Decode {
        /// The object.
        id: ChunkId,
        /// What it is.
        kind: Kind,
        /// What is wrong with it.
        #[source]
        source: DecodeError,
    },
    /// An object does not hold what the one above it says.
    #[error("{id}: {what}")]
    Inconsistent {
        /// The object.
        id: ChunkId,
        /// What does not fit.
        what: &'static str,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads objects in batches: ids in, verified objects out in the same order.
pub trait Directories {
    /// Loads all of `ids`; fails with [`LoadError::Missing`] if any is absent.
    fn load(&self, ids: &[ChunkId]) -> Result<Vec<Chunk>, LoadError>;
}

impl<S: ChunkStore + ?Sized> Directories for S {
    fn load(&self, ids: &[ChunkId]) -> Result<Vec<Chunk>, LoadError> {
        let found = self.get(ids)?;
        let missing: Vec<ChunkId> = ids
            .iter()
            .zip(&found)
            .filter(|(_, chunk)| chunk.is_none())
            .map(|(id, _)| *id)
            .collect();
        if missing.is_empty() {
            Ok(found.into_iter().flatten().collect())
        } else {
            Err(LoadError::Missing(missing))
        }
    }
}

/// Loads one object of the given kind and decodes it.
pub(crate) fn load_one<T>(
    directories: &(impl Directories + ?Sized),
    kind: Kind,
    id: ChunkId,
    decode: impl FnOnce(&[u8]) -> Result<T, DecodeError>,
) -> Result<T, LoadError> {
    let chunk = directories.load(&[id])?.pop().ok_or_else(|| LoadError::Missing(vec![id]))?;
    decode_as(kind, &chunk, decode)
}

/// Decodes an object that must be of the given kind.
pub(crate) fn decode_as<T>(
    kind: Kind,
    chunk: &Chunk,
    decode: impl FnOnce(&[u8]) -> Result<T, DecodeError>,
) -> Result<T, LoadError> {
    let id = chunk.id();
    if chunk.kind() != kind {
        return Err(LoadError::WrongKind { id, expected: kind, found: chunk.kind() });
    }
    decode(chunk.bytes()).map_err(|source| LoadError::Decode { id, kind, source })
}

/// Makes an object. Its encoder has kept it under 1 MiB; should it not have, that is an error and no panic.
pub(crate) fn chunk_of(kind: Kind, bytes: Vec<u8>) -> Result<Chunk, StoreError> {
    Chunk::new(kind, bytes).map_err(StoreError::backend)
}

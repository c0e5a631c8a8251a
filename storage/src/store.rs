//! What a chunk store is, and the laws that every one of them keeps.

use crate::chunk::Chunk;
use crate::frame::{Frame, FrameError};
use crate::id::{ChunkId, Kind};
use crate::session::SessionId;

/// What a store knows of an object without touching its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// What it is.
    pub kind: Kind,
    /// Length of the content in bytes.
    pub length: u32,
    /// Length of the stored frame in bytes.
    pub frame_length: u32,
}

/// What one [`ChunkStore::put`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PutReport {
    /// Objects that the store did not have.
    pub new: u64,
    /// Objects that it had; nothing was written for them.
    pub known: u64,
    /// Content bytes of the new ones.
    pub new_bytes: u64,
    /// Frame bytes written for the new ones.
    pub stored_bytes: u64,
}

impl PutReport {
    /// Adds what another put did.
    pub fn add(&mut self, other: Self) {
        self.new += other.new;
        self.known += other.known;
        self.new_bytes += other.new_bytes;
        self.stored_bytes += other.stored_bytes;
    }
}

/// The size of a store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// How many objects it holds; a large store may estimate.
    pub objects: u64,
    /// Bytes it takes where it keeps them (disk, or memory), not yet reclaimed ones included.
    pub bytes: u64,
}

/// Why a store could not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// What is stored under an id is not what the id names. It is never served.
    #[error("stored object {id} is damaged")]
    Corrupt {
        /// The id asked for.
        id: ChunkId,
        /// What was found, if the frame itself could be read.
        #[source]
        source: Option<FrameError>,
    },
    /// The upload session does not exist, or is over.
    #[error("no upload session {0}: it was closed or has expired; open another")]
    NoSession(SessionId),
    /// The directory holds something this program does not understand.
    #[error("{path}: {reason}")]
    Unusable {
        /// The store's directory.
        path: std::path::PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
    /// The disk is full. What was put before is still there; make room and try again.
    #[error("the chunk store's disk is full: {0}")]
    Full(String),
    /// The disk takes no writes: read-only, or failing. Reading may still work.
    #[error("the chunk store cannot be written: {0}")]
    Unwritable(String),
    /// The engine below failed: input/output error, connection lost.
    #[error("the chunk store failed")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// Wraps the error of an engine.
    pub fn backend(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Backend(error.into())
    }
}

/// Keeps objects by id, each once. Batch first: every call takes many ids, answers come in the order of
/// the question.
///
/// Laws, run against each implementation by one contract suite:
///
/// 1. After `put`, `stat` and `get` find the object at once (from every handle of the store).
/// 2. `put` is idempotent; of an object it already has the store writes no content. Its time put may be
///    refreshed (see [`Sessions::claim`](crate::Sessions::claim)).
/// 3. `put` alone promises nothing across a crash. After `flush` returned, everything put before it
///    was called survives a crash and a power cut.
/// 4. `get` and `get_frames` give only what the id names; damage is [`StoreError::Corrupt`], absence
///    is `None`.
/// 5. A frame comes back byte for byte as it was first put.
/// 6. A failed call leaves nothing half visible: each object is there whole or not at all.
pub trait ChunkStore: Send + Sync {
    /// What is known of each id; `None` for what is absent.
    fn stat(&self, ids: &[ChunkId]) -> Result<Vec<Option<Stat>>, StoreError>;

    /// The objects, decoded and verified; `None` for what is absent.
    fn get(&self, ids: &[ChunkId]) -> Result<Vec<Option<Chunk>>, StoreError> {
        let frames = self.get_frames(ids)?;
        frames
            .into_iter()
            .map(|frame| {
                frame
                    .map(|frame| {
                        let id = frame.id();
                        frame
                            .decode()
                            .map_err(|source| StoreError::Corrupt { id, source: Some(source) })
                    })
                    .transpose()
            })
            .collect()
    }

    /// The objects as stored, verified; `None` for what is absent.
    fn get_frames(&self, ids: &[ChunkId]) -> Result<Vec<Option<Frame>>, StoreError>;

    /// Takes objects in. See the laws for what this promises.
    fn put(&self, frames: &[Frame]) -> Result<PutReport, StoreError>;

    /// The durability barrier.
    fn flush(&self) -> Result<(), StoreError>;

    /// How large the store is.
    fn stats(&self) -> Result<StoreStats, StoreError>;

    /// Those of `ids` that the store does not have, in the order asked.
    fn missing(&self, ids: &[ChunkId]) -> Result<Vec<ChunkId>, StoreError> {
        let stats = self.stat(ids)?;
        Ok(ids.iter().zip(stats).filter(|(_, stat)| stat.is_none()).map(|(id, _)| *id).collect())
    }
}

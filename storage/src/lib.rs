//! Bytes by hash: ids, chunks, zstd frames, the store trait and its implementations, upload sessions.
//!
//! This crate knows nothing of files, trees, users or HTTP. What is kept is *stored objects* of at
//! most 1 MiB: chunks of file content and the objects that describe trees. To the store they are
//! alike; a [`Kind`] says in which BLAKE3 context each one's id is computed.

mod chunk;
mod clock;
mod cut;
mod frame;
mod frame_header;
mod id;
mod memory;
#[cfg(feature = "rocksdb")]
mod rocks;
mod session;
mod store;
pub mod wire;

pub use chunk::{Chunk, MAX_CHUNK, Mismatch};
pub use clock::{Clock, SystemClock};
pub use cut::{Cut, Cutter, Profile};
pub use frame::{Compressor, DEFAULT_LEVEL, Frame, FrameError};
pub use id::{ChunkId, Kind, ParseIdError};
pub use memory::MemoryStore;
#[cfg(feature = "rocksdb")]
pub use rocks::{RocksOptions, RocksStore};
pub use session::{InSession, Session, SessionId, Sessions};
pub use store::{ChunkStore, PutReport, Stat, StoreError, StoreStats};

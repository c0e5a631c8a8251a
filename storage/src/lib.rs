//! Bytes by hash: ids, chunks, zstd frames, the store trait and its implementations, upload sessions,
//! sweeping.
//!
//! This crate knows nothing of files, trees, users or HTTP. What is kept is *stored objects* of at
//! most 1 MiB: chunks of file content and the objects that describe trees. To the store they are
//! alike; a [`Kind`] says in which BLAKE3 context each one's id is computed.

mod chunk;
mod clock;
mod crash_point;
mod cut;
mod frame;
mod frame_header;
mod id;
mod maintain;
mod membership;
mod memory;
mod monitor;
mod pace;
mod profile;
mod reach;
mod reference;
#[cfg(feature = "rocksdb")]
mod rocks;
mod scrub;
mod session;
mod store;
mod sweep;
mod visible;
pub mod wire;

pub use chunk::{Chunk, MAX_CHUNK, Mismatch};
pub use clock::{Clock, SystemClock};
pub use crash_point::crash_point;
pub use cut::{Cut, Cutter};
pub use frame::{Compressor, DEFAULT_LEVEL, Frame, FrameError};
pub use id::{ChunkId, Kind, ParseIdError};
pub use maintain::{DEFAULT_GRACE, Maintain, Quarantined, Reclaimed, Removed, Row};
pub use membership::{Membership, Owner};
pub use memory::MemoryStore;
pub use monitor::{Monitor, Part, PartState, Progress, Silent};
pub use profile::{Profile, UnknownProfile};
pub use reach::Reach;
pub use reference::Reference;
#[cfg(feature = "rocksdb")]
pub use rocks::{RocksFigures, RocksOptions, RocksStore, WritePath};
pub use scrub::{ScrubError, ScrubReport, scrub};
pub use session::{MayUse, Session, SessionId, Sessions};
pub use store::{ChunkStore, PutReport, Stat, StoreError, StoreStats};
pub use sweep::{References, Roots, SweepError, SweepOptions, SweepReport, Tally, sweep};
pub use visible::{InSession, Visible};

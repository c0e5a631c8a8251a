//! What one stored object names. The store does not look into objects: whoever knows the format says
//! what stands in them, and sweep and scrub follow it.

use crate::id::{ChunkId, Kind};

/// An object as another one names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// What it must be.
    pub kind: Kind,
    /// Its id.
    pub id: ChunkId,
}

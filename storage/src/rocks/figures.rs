//! What the store on disk tells of itself beside its size, for whoever watches over it.

use super::RocksStore;
use super::schema::PRESENCE;
use crate::store::StoreError;

/// Numbers of a store on disk, as of now; those of caches since it was opened first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RocksFigures {
    /// Upload sessions that are open, ended ones that nobody has swept yet among them.
    pub sessions: u64,
    /// Objects that were found decoded in memory.
    pub cache_hits: u64,
    /// Objects that were looked for there and had to be read.
    pub cache_misses: u64,
    /// Bytes of memory of the decoded objects.
    pub cache_bytes: u64,
    /// The most that may be.
    pub cache_limit: u64,
    /// Bytes of memory of the engine's blocks, indexes and filters.
    pub block_cache_bytes: u64,
    /// The most that may be.
    pub block_cache_limit: u64,
}

impl RocksStore {
    /// The numbers. Takes no longer for a larger store, only for more sessions.
    pub fn figures(&self) -> Result<RocksFigures, StoreError> {
        let open = self.engine()?;
        let engine = open.get()?;
        let cache = self.cache.figures();
        Ok(RocksFigures {
            sessions: engine.all_sessions()?.len() as u64,
            // All families share the one cache.
            block_cache_bytes: engine.property(PRESENCE, "rocksdb.block-cache-usage")?,
            block_cache_limit: self.options.block_cache as u64,
            ..cache
        })
    }
}

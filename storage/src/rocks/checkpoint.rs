//! A second store beside the first that stays as the first is now: what a backup copies. What the
//! backup does with it is not known here.

use std::path::Path;

use rocksdb::checkpoint::Checkpoint;

use super::RocksStore;
use super::failure::classify;
use crate::store::{ChunkStore as _, StoreError};

impl RocksStore {
    /// Makes `into`, which must not exist, a store of its own with everything that was put before this
    /// was called. On the store's file system its large files are hard links, so that this takes no
    /// time and hardly any space; what the store removes later stays there. Others may read and write
    /// meanwhile.
    ///
    /// What is in memory goes into files of the store first (RocksDB does that), so that the checkpoint
    /// needs no log of its own and the next one finds the same files again.
    pub fn checkpoint(&self, into: &Path) -> Result<(), StoreError> {
        self.flush()?;
        let engine = self.engine()?;
        Checkpoint::new(&engine.get()?.db)
            .and_then(|checkpoint| checkpoint.create_checkpoint(into))
            .map_err(classify)
    }
}

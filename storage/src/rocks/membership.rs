//! The membership index in RocksDB: a row for each object and each repository that holds it, in a family
//! of its own.

use rocksdb::{IteratorMode, ReadOptions, WriteBatch};

use super::RocksStore;
use super::engine::Engine;
use super::failure::{classify, classify_write};
use super::schema::{INDEX_COMPLETE, INDEX_KEY, MEMBERS, OwnerKey, holder_in, owner_key};
use super::write::Batch;
use crate::crash_point::crash_point;
use crate::id::ChunkId;
use crate::membership::{Membership, Owner};
use crate::store::{ChunkStore as _, StoreError};

/// Rows that are written in one batch.
const ROWS: usize = 16_384;

impl Engine {
    /// For each id whether `owner` holds it. A large question is shared by several threads.
    fn held(&self, owner: Owner, ids: &[ChunkId]) -> Result<Vec<bool>, StoreError> {
        Self::shared(ids, false, |ids| {
            let keys: Vec<OwnerKey> = ids.iter().map(|id| owner_key(id, owner)).collect();
            let rows = self.family(MEMBERS)?;
            let options = ReadOptions::default();
            self.db
                .batched_multi_get_cf_opt(rows, &keys, true, &options)
                .into_iter()
                .map(|found| found.map(|row| row.is_some()).map_err(classify))
                .collect()
        })
    }

    fn holders(&self, ids: &[ChunkId], most: usize) -> Result<Vec<Vec<Owner>>, StoreError> {
        Self::shared(ids, Vec::new(), |ids| {
            let mut options = ReadOptions::default();
            // The filter answers for ids that nobody holds.
            options.set_prefix_same_as_start(true);
            let mut rows = self.db.raw_iterator_cf_opt(self.family(MEMBERS)?, options);
            let mut found = Vec::with_capacity(ids.len());
            for id in ids {
                let mut holders = Vec::new();
                rows.seek(id.as_bytes());
                while holders.len() < most
                    && let Some(holder) = rows.key().and_then(|key| holder_in(key, id))
                {
                    holders.push(holder);
                    rows.next();
                }
                rows.status().map_err(classify)?;
                found.push(holders);
            }
            Ok(found)
        })
    }

    /// Adds to `batch` that all rows of these ids go.
    pub(super) fn forget_holders(
        &self,
        ids: &[ChunkId],
        batch: &mut WriteBatch,
    ) -> Result<(), StoreError> {
        let family = self.family(MEMBERS)?;
        for (id, holders) in ids.iter().zip(self.holders(ids, usize::MAX)?) {
            for holder in holders {
                batch.delete_cf(family, owner_key(id, holder));
            }
        }
        Ok(())
    }

    fn is_index_complete(&self) -> Result<bool, StoreError> {
        let note = self.db.get(INDEX_KEY).map_err(classify)?;
        Ok(note.is_some_and(|note| note == INDEX_COMPLETE))
    }

    /// Removes all rows, a part at a time.
    fn clear_rows(&self) -> Result<(), StoreError> {
        let family = self.family(MEMBERS)?;
        let mut options = ReadOptions::default();
        options.set_total_order_seek(true);
        options.fill_cache(false);
        let mut batch = WriteBatch::default();
        for row in self.db.iterator_cf_opt(family, options, IteratorMode::Start) {
            let (key, _) = row.map_err(classify)?;
            batch.delete_cf(family, key);
            if batch.len() >= ROWS {
                self.write(std::mem::take(&mut batch), true)?;
            }
        }
        self.write(batch, true)
    }
}

impl Membership for RocksStore {
    fn hold(&self, owner: Owner, ids: &[ChunkId]) -> Result<(), StoreError> {
        let engine = self.engine()?;
        let engine = engine.get()?;
        let family = engine.family(MEMBERS)?;
        for ids in ids.chunks(ROWS) {
            let mut batch = WriteBatch::default();
            for id in ids {
                batch.put_cf(family, owner_key(id, owner), b"");
            }
            let _gate = self.close_gate();
            let era = self.lately.era();
            self.write(engine, batch, Batch::Change)?;
            self.lately.keep(era, owner, ids);
            crash_point("hold::batch");
        }
        Ok(())
    }

    fn held(&self, owner: Owner, ids: &[ChunkId]) -> Result<Vec<bool>, StoreError> {
        let (era, mut held) = self.lately.known(owner, ids);
        let open = ids.iter().zip(&held).filter(|(_, held)| !**held);
        let open: Vec<ChunkId> = open.map(|(id, _)| *id).collect();
        if open.is_empty() {
            return Ok(held);
        }
        let found = self.engine()?.get()?.held(owner, &open)?;
        let there = open.iter().zip(&found).filter(|(_, found)| **found);
        self.lately.keep(era, owner, there.map(|(id, _)| id));
        let unknown = held.iter_mut().filter(|held| !**held);
        unknown.zip(found).for_each(|(held, found)| *held = found);
        Ok(held)
    }

    fn holders(&self, ids: &[ChunkId], most: usize) -> Result<Vec<Vec<Owner>>, StoreError> {
        self.engine()?.get()?.holders(ids, most)
    }

    fn index_complete(&self) -> Result<bool, StoreError> {
        self.engine()?.get()?.is_index_complete()
    }

    fn clear_index(&self) -> Result<(), StoreError> {
        let engine = self.engine()?;
        let engine = engine.get()?;
        self.noted(engine.db.delete(INDEX_KEY).map_err(classify_write))?;
        self.noted(engine.sync_log())?;
        let cleared = engine.clear_rows();
        self.lately.forget();
        self.noted(cleared)
    }

    fn finish_index(&self) -> Result<(), StoreError> {
        self.flush()?;
        crash_point("index::rows");
        let engine = self.engine()?;
        let engine = engine.get()?;
        self.noted(engine.db.put(INDEX_KEY, INDEX_COMPLETE).map_err(classify_write))?;
        self.noted(engine.sync_log())
    }
}

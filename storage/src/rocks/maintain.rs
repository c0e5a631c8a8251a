//! What sweep and scrub need: listing rows, removing objects, setting damaged ones aside.

use std::sync::atomic::Ordering::SeqCst;

use rocksdb::{Direction, IteratorMode, ReadOptions, WriteBatch};

use super::RocksStore;
use super::engine::{Engine, decoded};
use super::failure::classify;
use super::read::verified;
use super::schema::{PAYLOAD, PRESENCE, Presence, QUARANTINE};
use super::write::Batch;
use crate::id::ChunkId;
use crate::maintain::{Maintain, Quarantined, Reclaimed, Removed, Row};
use crate::monitor::Monitor;
use crate::store::StoreError;

impl Engine {
    fn rows(&self, after: Option<&ChunkId>, limit: usize) -> Result<Vec<Row>, StoreError> {
        let mut options = ReadOptions::default();
        // A walk over everything would push out what others need.
        options.fill_cache(false);
        options.set_readahead_size(2 << 20);
        let start = after.map_or(IteratorMode::Start, |id| {
            IteratorMode::From(id.as_bytes(), Direction::Forward)
        });
        let rows = self.db.iterator_cf_opt(self.family(PRESENCE)?, options, start);
        let mut found = Vec::with_capacity(limit.min(1 << 16));
        for row in rows {
            let (key, value) = row.map_err(classify)?;
            let id = ChunkId::from_slice(&key)
                .ok_or_else(|| StoreError::backend("a key of `presence` is no id"))?;
            if after == Some(&id) {
                continue;
            }
            found.push(decoded(id, &value)?.row(id));
            if found.len() >= limit {
                break;
            }
        }
        Ok(found)
    }
}

impl Maintain for RocksStore {
    fn rows(&self, after: Option<&ChunkId>, limit: usize) -> Result<Vec<Row>, StoreError> {
        self.engine()?.get()?.rows(after, limit)
    }

    fn rows_of(&self, ids: &[ChunkId]) -> Result<Vec<Option<Row>>, StoreError> {
        let rows = self.engine()?.get()?.presence(ids)?;
        Ok(ids.iter().zip(rows).map(|(id, row)| row.map(|row| row.row(*id))).collect())
    }

    fn sent_in_live_sessions(
        &self,
        now: u64,
        visit: &mut dyn FnMut(ChunkId),
    ) -> Result<(), StoreError> {
        self.engine()?.get()?.visit_sent(now, visit)
    }

    fn remove(&self, ids: &[ChunkId], put_before: u64) -> Result<Removed, StoreError> {
        let engine = self.engine()?;
        let engine = engine.get()?;
        let (presence, payload) = (engine.family(PRESENCE)?, engine.family(PAYLOAD)?);
        let mut removed = Removed::default();
        let mut batch = WriteBatch::default();
        let mut gone = Vec::with_capacity(ids.len());
        let _gate = self.close_gate();
        for (id, row) in ids.iter().zip(engine.presence(ids)?) {
            match row {
                None => {}
                Some(row) if row.time_put >= put_before => removed.spared.push(*id),
                Some(row) => {
                    batch.delete_cf(presence, id.as_bytes());
                    batch.delete_cf(payload, id.as_bytes());
                    removed.count(&row.stat());
                    gone.push(*id);
                }
            }
        }
        engine.forget_holders(&gone, &mut batch)?;
        let written = self.write(engine, batch, Batch::Change);
        self.lately.forget();
        written?;
        for id in ids {
            self.cache.forget(id);
        }
        Ok(removed)
    }

    fn quarantine(&self, id: &ChunkId) -> Result<bool, StoreError> {
        let engine = self.engine()?;
        let engine = engine.get()?;
        let (presence, payload) = (engine.family(PRESENCE)?, engine.family(PAYLOAD)?);
        let _gate = self.close_gate();
        let Some(row) = engine.presence(&[*id])?.into_iter().flatten().next() else {
            return Ok(false);
        };
        // Once more: it may have been put again, or the first reading was at fault.
        let stored = engine.payload(&[*id], false)?.into_iter().next().unwrap_or(Ok(None));
        match verified(*id, Some(row), stored) {
            Ok(_) => return Ok(false),
            Err(StoreError::Corrupt { .. }) => {}
            Err(other) => return Err(other),
        }
        let mut batch = WriteBatch::default();
        batch.delete_cf(presence, id.as_bytes());
        batch.delete_cf(payload, id.as_bytes());
        let found = row.refreshed(self.clock.now());
        batch.put_cf(engine.family(QUARANTINE)?, id.as_bytes(), found.encode());
        engine.use_quarantine();
        self.write(engine, batch, Batch::Change)?;
        self.cache.forget(id);
        Ok(true)
    }

    fn quarantined(&self) -> Result<Vec<Quarantined>, StoreError> {
        let engine = self.engine()?;
        let engine = engine.get()?;
        let rows = engine.db.iterator_cf(engine.family(QUARANTINE)?, IteratorMode::Start);
        let mut found = Vec::new();
        for row in rows {
            let (key, value) = row.map_err(classify)?;
            let id = ChunkId::from_slice(&key)
                .ok_or_else(|| StoreError::backend("a key of `quarantine` is no id"))?;
            let row = decoded(id, &value)?;
            found.push(Quarantined { id, stat: row.stat(), found: row.time_put });
        }
        Ok(found)
    }

    fn disown(&self, ids: &[ChunkId]) -> Result<(), StoreError> {
        let engine = self.engine()?;
        let engine = engine.get()?;
        let quarantine = engine.family(QUARANTINE)?;
        let mut batch = WriteBatch::default();
        let _gate = self.close_gate();
        let rows = engine.presence(ids)?;
        for (id, _) in ids.iter().zip(rows).filter(|(_, row)| row.is_none()) {
            batch.delete_cf(quarantine, id.as_bytes());
        }
        engine.forget_holders(ids, &mut batch)?;
        let written = self.write(engine, batch, Batch::Change);
        self.lately.forget();
        written
    }

    fn reclaim(&self, monitor: &dyn Monitor) -> Result<Reclaimed, StoreError> {
        self.compact(monitor)
    }

    fn reopened(&self) -> u64 {
        self.reopened.load(SeqCst)
    }

    fn failing(&self) -> bool {
        self.failing.load(SeqCst)
    }

    fn recover(&self) -> Result<(), StoreError> {
        self.reopen()
    }
}

impl Presence {
    fn row(self, id: ChunkId) -> Row {
        Row { id, stat: self.stat(), time_put: self.time_put }
    }
}

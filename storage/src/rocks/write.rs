//! Writing: putting objects, and the barrier that makes them durable.
//!
//! A batch either goes through the write-ahead log, which the barrier syncs once, or past it, in which
//! case the barrier writes the memory tables out. See [`WritePath`] for which and why.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{MutexGuard, PoisonError};

use rocksdb::WriteBatch;

use super::engine::Engine;
use super::schema::{PAYLOAD, PRESENCE, Presence, QUARANTINE};
use super::{RocksStore, WritePath};
use crate::chunk::Chunk;
use crate::crash_point::crash_point;
use crate::frame::Frame;
use crate::id::ChunkId;
use crate::session::MayUse;
use crate::store::{ChunkStore, PutReport, Stat, StoreError, StoreStats};

/// Counts batches that were written past the log, and how many of those a flush has covered.
#[derive(Debug, Default)]
pub(super) struct Unlogged {
    written: AtomicU64,
    flushed: AtomicU64,
}

impl Unlogged {
    /// How many were written so far. With the gate closed all of those are in memory, none is on its way.
    fn written(&self) -> u64 {
        self.written.load(SeqCst)
    }

    fn pending(&self) -> bool {
        self.flushed.load(SeqCst) < self.written()
    }

    fn flushed(&self, written: u64) {
        self.flushed.fetch_max(written, SeqCst);
    }

    /// After the database was opened again: what was pending is gone.
    pub(super) fn forget(&self) {
        self.flushed(self.written());
    }
}

/// How a batch may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Batch {
    /// It puts objects, with as many bytes of frames.
    Put(u64),
    /// It changes rows of objects that are there. Such a row must not survive a crash that its frame,
    /// written past the log, does not: so it goes past the log too while frames are waiting there.
    Change,
}

impl RocksStore {
    /// Keeps others from putting, refreshing and removing as long as the guard lives. It guards no data
    /// of its own that a panic could have torn.
    pub(super) fn close_gate(&self) -> MutexGuard<'_, ()> {
        self.put_gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Before this, a time put is refreshed.
    fn stale(&self) -> u64 {
        self.clock.now().saturating_sub(self.options.grace / 2)
    }

    /// Fills `batch` with those of `frames` that the store does not have, each once, and refreshes the
    /// others. The gate must be closed.
    pub(super) fn add_new(
        &self,
        engine: &Engine,
        frames: &[Frame],
        batch: &mut WriteBatch,
    ) -> Result<PutReport, StoreError> {
        let (presence, payload) = (engine.family(PRESENCE)?, engine.family(PAYLOAD)?);
        let quarantine = engine.quarantine_used().then(|| engine.family(QUARANTINE)).transpose()?;
        let (now, stale) = (self.clock.now(), self.stale());
        let ids: Vec<ChunkId> = frames.iter().map(Frame::id).collect();
        let known = engine.presence(&ids)?;
        let mut report = PutReport::default();
        let mut added = HashSet::new();
        for (frame, known) in frames.iter().zip(known) {
            let id = frame.id();
            if !added.insert(id) {
                report.known += 1;
                continue;
            }
            if let Some(row) = known {
                report.known += 1;
                if row.time_put < stale {
                    batch.put_cf(presence, id.as_bytes(), row.refreshed(now).encode());
                }
                continue;
            }
            let row = Presence::of(frame, now);
            batch.put_cf(presence, id.as_bytes(), row.encode());
            batch.put_cf(payload, id.as_bytes(), frame.bytes());
            if let Some(quarantine) = quarantine {
                batch.delete_cf(quarantine, id.as_bytes());
            }
            report.new += 1;
            report.new_bytes += u64::from(row.length);
            report.stored_bytes += u64::from(row.frame_length);
        }
        Ok(report)
    }

    /// Writes a batch. The gate must be closed.
    pub(super) fn write(
        &self,
        engine: &Engine,
        batch: WriteBatch,
        what: Batch,
    ) -> Result<(), StoreError> {
        let logged = match (self.options.write_path, what) {
            (WritePath::Log, _) => true,
            (WritePath::Flush, _) => false,
            (WritePath::Hybrid { unlogged_from }, Batch::Put(bytes)) => {
                bytes < unlogged_from && !self.unlogged.pending()
            }
            (WritePath::Hybrid { .. }, Batch::Change) => !self.unlogged.pending(),
        };
        self.noted(engine.write(batch, logged))?;
        if !logged {
            self.unlogged.written.fetch_add(1, SeqCst);
        }
        Ok(())
    }

    /// Makes all that was written durable.
    fn sync(&self) -> Result<(), StoreError> {
        let engine = self.engine()?;
        let engine = engine.get()?;
        crash_point("barrier::before");
        let (pending, written) = {
            let _gate = self.close_gate();
            (self.unlogged.pending(), self.unlogged.written())
        };
        if pending {
            self.noted(engine.flush_memory())?;
            self.unlogged.flushed(written);
        }
        crash_point("barrier::flushed");
        self.noted(engine.sync_log())?;
        crash_point("barrier::synced");
        Ok(())
    }

    /// Those of `ids` that are absent; refreshes the others where that is due.
    pub(super) fn claim_ids(&self, ids: &[ChunkId]) -> Result<Vec<ChunkId>, StoreError> {
        let engine = self.engine()?;
        let engine = engine.get()?;
        let stale = self.stale();
        let rows = engine.presence(ids)?;
        if rows.iter().flatten().any(|row| row.time_put < stale) {
            return self.claim_stale(engine, ids, stale);
        }
        Ok(absent(ids, &rows))
    }

    /// Those of `ids` that are absent or may not be used; refreshes the others where that is due.
    pub(super) fn claim_some(
        &self,
        ids: &[ChunkId],
        may_use: &MayUse<'_>,
    ) -> Result<Vec<ChunkId>, StoreError> {
        let mut rows = self.engine()?.get()?.presence(ids)?;
        let stored = ids.iter().zip(&rows).filter(|(_, row)| row.is_some());
        let stored: Vec<ChunkId> = stored.map(|(id, _)| *id).collect();
        // It may use the store, so the database is not held open meanwhile.
        let mut usable = may_use(&stored)?.into_iter();
        for row in rows.iter_mut().filter(|row| row.is_some()) {
            if !usable.next().unwrap_or(false) {
                *row = None;
            }
        }
        let stale = self.stale();
        if !rows.iter().flatten().any(|row| row.time_put < stale) {
            return Ok(absent(ids, &rows));
        }
        let usable = ids.iter().zip(&rows).filter(|(_, row)| row.is_some());
        let usable: Vec<ChunkId> = usable.map(|(id, _)| *id).collect();
        let engine = self.engine()?;
        let gone: HashSet<ChunkId> =
            self.claim_stale(engine.get()?, &usable, stale)?.into_iter().collect();
        let missing =
            |(id, row): &(&ChunkId, &Option<Presence>)| row.is_none() || gone.contains(id);
        Ok(ids.iter().zip(&rows).filter(missing).map(|(id, _)| *id).collect())
    }

    /// Looks again with the gate closed: what is refreshed must still be there.
    fn claim_stale(
        &self,
        engine: &Engine,
        ids: &[ChunkId],
        stale: u64,
    ) -> Result<Vec<ChunkId>, StoreError> {
        let presence = engine.family(PRESENCE)?;
        let now = self.clock.now();
        let _gate = self.close_gate();
        let rows = engine.presence(ids)?;
        let mut batch = WriteBatch::default();
        for (id, row) in ids.iter().zip(&rows) {
            if let Some(row) = row.filter(|row| row.time_put < stale) {
                batch.put_cf(presence, id.as_bytes(), row.refreshed(now).encode());
            }
        }
        self.write(engine, batch, Batch::Change)?;
        Ok(absent(ids, &rows))
    }
}

fn absent(ids: &[ChunkId], rows: &[Option<Presence>]) -> Vec<ChunkId> {
    ids.iter().zip(rows).filter(|(_, row)| row.is_none()).map(|(id, _)| *id).collect()
}

impl ChunkStore for RocksStore {
    fn stat(&self, ids: &[ChunkId]) -> Result<Vec<Option<Stat>>, StoreError> {
        let rows = self.engine()?.get()?.presence(ids)?;
        Ok(rows.into_iter().map(|row| row.map(Presence::stat)).collect())
    }

    fn get_frames(&self, ids: &[ChunkId]) -> Result<Vec<Option<Frame>>, StoreError> {
        self.frames(ids)
    }

    fn get(&self, ids: &[ChunkId]) -> Result<Vec<Option<Chunk>>, StoreError> {
        self.chunks(ids)
    }

    fn put(&self, frames: &[Frame]) -> Result<PutReport, StoreError> {
        let engine = self.engine()?;
        let engine = engine.get()?;
        let mut batch = WriteBatch::default();
        let _gate = self.close_gate();
        let report = self.add_new(engine, frames, &mut batch)?;
        self.write(engine, batch, Batch::Put(report.stored_bytes))?;
        Ok(report)
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.barrier.pass(|| self.sync())
    }

    fn stats(&self) -> Result<StoreStats, StoreError> {
        self.engine()?.get()?.stats()
    }
}

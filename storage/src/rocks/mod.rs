//! The store on disk: RocksDB with a small column family that says what is there and a large one that
//! holds the frames.
//!
//! This file opens the store and answers [`ChunkStore`]; keys and values are in `schema`, tuning in
//! `options`, upload sessions in `sessions`.

mod options;
mod schema;
mod sessions;

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use bytes::Bytes;
use rocksdb::{ColumnFamily, DB, DBPinnableSlice, ErrorKind, WriteBatch};

use crate::clock::Clock;
use crate::frame::Frame;
use crate::id::ChunkId;
use crate::store::{ChunkStore, PutReport, Stat, StoreError, StoreStats};

pub use options::RocksOptions;
use schema::{FORMAT, FORMAT_KEY, PAYLOAD, PRESENCE, Presence, SESSIONS};

/// Keeps objects in RocksDB. One process at a time; cheap to share between threads through an `Arc`.
///
/// Every write goes through the write-ahead log of the whole database, unsynced; the barrier syncs
/// that log once. One log carries all column families, so the sync that covers the last write covers
/// every earlier one.
pub struct RocksStore {
    db: DB,
    clock: Arc<dyn Clock>,
    /// Shared by writers into a session, exclusive for whoever ends one: no id is recorded as sent in
    /// a session that has just been closed.
    session_gate: RwLock<()>,
    /// Held from looking whether objects are there until they are written, so that of two who bring
    /// the same one the first writes it and the other knows. RocksDB takes one batch at a time anyway.
    put_gate: Mutex<()>,
}

impl RocksStore {
    /// Opens the store in `path`, or makes an empty one there. Takes the same time however much the
    /// store holds.
    pub fn open(
        path: &Path,
        options: &RocksOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let families = options.column_families();
        let db = DB::open_cf_descriptors(&options.database(), path, families)
            .map_err(|error| cannot_open(path, &error))?;
        check_format(&db, path)?;
        Ok(Self { db, clock, session_gate: RwLock::new(()), put_gate: Mutex::new(()) })
    }

    fn family(&self, name: &str) -> Result<&ColumnFamily, StoreError> {
        self.db
            .cf_handle(name)
            .ok_or_else(|| StoreError::backend(format!("column family {name} is not open")))
    }

    /// Looks `ids` up in one family, in sorted order (which RocksDB reads fastest), and gives the
    /// answers in the order asked.
    fn look_up(
        &self,
        family: &str,
        ids: &[ChunkId],
    ) -> Result<Vec<Option<DBPinnableSlice<'_>>>, StoreError> {
        let mut order: Vec<(ChunkId, usize)> =
            ids.iter().copied().enumerate().map(|(index, id)| (id, index)).collect();
        order.sort_unstable();
        let keys = order.iter().map(|(id, _)| id.as_bytes());
        let found = self.db.batched_multi_get_cf(self.family(family)?, keys, true);
        let mut answers: Vec<_> = ids.iter().map(|_| None).collect();
        for ((id, index), value) in order.into_iter().zip(found) {
            let value = value.map_err(|error| match error.kind() {
                ErrorKind::Corruption => StoreError::Corrupt { id, source: None },
                _ => StoreError::backend(error),
            })?;
            if let Some(answer) = answers.get_mut(index) {
                *answer = value;
            }
        }
        Ok(answers)
    }

    fn presence(&self, ids: &[ChunkId]) -> Result<Vec<Option<Presence>>, StoreError> {
        let found = self.look_up(PRESENCE, ids)?;
        ids.iter()
            .zip(found)
            .map(|(id, value)| match value {
                None => Ok(None),
                Some(value) => Presence::decode(&value)
                    .map(Some)
                    .ok_or(StoreError::Corrupt { id: *id, source: None }),
            })
            .collect()
    }

    /// Keeps others from putting as long as the guard lives. It guards no data of its own that a panic
    /// could have torn.
    fn close_gate(&self) -> MutexGuard<'_, ()> {
        self.put_gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fills `batch` with those of `frames` that the store does not have, each once.
    fn add_new(&self, frames: &[Frame], batch: &mut WriteBatch) -> Result<PutReport, StoreError> {
        let (presence, payload) = (self.family(PRESENCE)?, self.family(PAYLOAD)?);
        let time_put = self.clock.now();
        let ids: Vec<ChunkId> = frames.iter().map(Frame::id).collect();
        let known = self.presence(&ids)?;
        let mut report = PutReport::default();
        let mut added = HashSet::new();
        for (frame, known) in frames.iter().zip(known) {
            if known.is_some() || !added.insert(frame.id()) {
                report.known += 1;
                continue;
            }
            let row = Presence::of(frame, time_put);
            batch.put_cf(presence, frame.id().as_bytes(), row.encode());
            batch.put_cf(payload, frame.id().as_bytes(), frame.bytes());
            report.new += 1;
            report.new_bytes += u64::from(row.length);
            report.stored_bytes += u64::from(row.frame_length);
        }
        Ok(report)
    }

    fn write(&self, batch: WriteBatch) -> Result<(), StoreError> {
        if batch.is_empty() { Ok(()) } else { self.db.write(batch).map_err(StoreError::backend) }
    }
}

impl ChunkStore for RocksStore {
    fn stat(&self, ids: &[ChunkId]) -> Result<Vec<Option<Stat>>, StoreError> {
        let rows = self.presence(ids)?;
        Ok(rows.into_iter().map(|row| row.map(Presence::stat)).collect())
    }

    fn get_frames(&self, ids: &[ChunkId]) -> Result<Vec<Option<Frame>>, StoreError> {
        Ok(self.read(ids)?.into_iter().map(|found| found.map(|(frame, _)| frame)).collect())
    }

    fn get(&self, ids: &[ChunkId]) -> Result<Vec<Option<crate::chunk::Chunk>>, StoreError> {
        Ok(self.read(ids)?.into_iter().map(|found| found.map(|(_, chunk)| chunk)).collect())
    }

    fn put(&self, frames: &[Frame]) -> Result<PutReport, StoreError> {
        let _gate = self.close_gate();
        let mut batch = WriteBatch::default();
        let report = self.add_new(frames, &mut batch)?;
        self.write(batch)?;
        Ok(report)
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.db.flush_wal(true).map_err(StoreError::backend)
    }

    fn stats(&self) -> Result<StoreStats, StoreError> {
        let property = |family: &str, name: &str| {
            let value = self.db.property_int_value_cf(self.family(family)?, name);
            Ok::<u64, StoreError>(value.map_err(StoreError::backend)?.unwrap_or(0))
        };
        let objects = property(PRESENCE, "rocksdb.estimate-num-keys")?;
        let mut bytes = 0;
        for family in [PRESENCE, PAYLOAD, SESSIONS] {
            bytes += property(family, "rocksdb.total-sst-files-size")?;
            bytes += property(family, "rocksdb.size-all-mem-tables")?;
        }
        bytes += property(PAYLOAD, "rocksdb.total-blob-file-size")?;
        Ok(StoreStats { objects, bytes })
    }
}

type Verified = (Frame, crate::chunk::Chunk);

impl RocksStore {
    fn read(&self, ids: &[ChunkId]) -> Result<Vec<Option<Verified>>, StoreError> {
        let rows = self.presence(ids)?;
        let payloads = self.look_up(PAYLOAD, ids)?;
        ids.iter()
            .zip(rows.into_iter().zip(payloads))
            .map(|(id, found)| match found {
                (None, _) => Ok(None),
                (Some(_), None) => Err(StoreError::Corrupt { id: *id, source: None }),
                (Some(row), Some(payload)) => {
                    let bytes = Bytes::copy_from_slice(&payload);
                    Frame::verify(row.kind, *id, row.length, bytes)
                        .map(Some)
                        .map_err(|source| StoreError::Corrupt { id: *id, source: Some(source) })
                }
            })
            .collect()
    }
}

impl Drop for RocksStore {
    /// Moves what is only in the log into the files, so that the log does not lie there twice and
    /// nothing is replayed at the next start. Nothing is lost if this fails.
    fn drop(&mut self) {
        for family in [PRESENCE, PAYLOAD, SESSIONS] {
            if let Some(handle) = self.db.cf_handle(family) {
                drop(self.db.flush_cf(handle));
            }
        }
    }
}

fn cannot_open(path: &Path, error: &rocksdb::Error) -> StoreError {
    let text = error.to_string();
    let reason = if text.contains("lock") {
        "the store is in use by another process; stop that one first".to_owned()
    } else {
        format!("the store cannot be opened: {text}")
    };
    StoreError::Unusable { path: path.to_owned(), reason }
}

/// Writes the format's version into a new store, and refuses a store of another version.
fn check_format(db: &DB, path: &Path) -> Result<(), StoreError> {
    match db.get(FORMAT_KEY).map_err(StoreError::backend)? {
        Some(found) if found == FORMAT => Ok(()),
        Some(found) => {
            let (found, known) = (String::from_utf8_lossy(&found), String::from_utf8_lossy(FORMAT));
            let reason = format!("the store has format {found}; this program knows {known}");
            Err(StoreError::Unusable { path: path.to_owned(), reason })
        }
        None => {
            db.put(FORMAT_KEY, FORMAT).map_err(StoreError::backend)?;
            db.flush_wal(true).map_err(StoreError::backend)
        }
    }
}

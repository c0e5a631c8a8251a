//! RocksDB with its column families: looking rows up and writing batches. Everything that reads or
//! writes keys goes through here; what it means is in the files beside this one.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use bytes::Bytes;
use rocksdb::{
    ColumnFamily, DB, DBPinnableSlice, ErrorKind, FlushOptions, IteratorMode, ReadOptions,
    WriteBatch,
};

use super::failure::{classify, classify_write, is_file_gone};
use super::options::RocksOptions;
use super::schema::{
    FORMAT, FORMAT_KEY, INDEX_COMPLETE, INDEX_KEY, MEMBERS, OLD_FORMATS, OWNER_KEY, PAYLOAD,
    PRESENCE, Presence, QUARANTINE, SESSIONS,
};
use crate::id::ChunkId;
use crate::store::{StoreError, StoreStats};

/// All families.
pub(super) const FAMILIES: [&str; 6] =
    ["default", PRESENCE, PAYLOAD, SESSIONS, QUARANTINE, MEMBERS];

/// From so many ids on a question is worth several threads.
const SHARED: usize = 8192;

/// An open database.
pub(super) struct Engine {
    pub(super) db: DB,
    /// Whether anything may be quarantined. Almost never: so puts need not look.
    quarantine_used: AtomicBool,
}

impl Engine {
    /// Opens the database in `path`; makes one if there is none and `make` allows it.
    pub(super) fn open(
        path: &Path,
        options: &RocksOptions,
        make: bool,
    ) -> Result<Self, StoreError> {
        refuse_headless(path)?;
        let families = options.column_families();
        let mut database = options.database();
        database.create_if_missing(make);
        let db = DB::open_cf_descriptors(&database, path, families)
            .map_err(|error| cannot_open(path, &error))?;
        let engine = Self { db, quarantine_used: AtomicBool::new(true) };
        engine.check_format(path)?;
        let set_aside = engine.db.iterator_cf(engine.family(QUARANTINE)?, IteratorMode::Start);
        let any = set_aside.take(1).next().transpose().map_err(classify)?.is_some();
        engine.quarantine_used.store(any, SeqCst);
        Ok(engine)
    }

    pub(super) fn family(&self, name: &str) -> Result<&ColumnFamily, StoreError> {
        self.db
            .cf_handle(name)
            .ok_or_else(|| StoreError::backend(format!("column family {name} is not open")))
    }

    /// Looks `ids` up in one family, in sorted order (which RocksDB reads fastest), and gives the
    /// answers in the order asked. Reads that nobody will repeat soon leave the cache alone.
    pub(super) fn look_up(
        &self,
        family: &str,
        ids: &[ChunkId],
        fill_cache: bool,
    ) -> Result<Vec<Option<DBPinnableSlice<'_>>>, StoreError> {
        let answers = self.look_up_each(family, ids, fill_cache)?;
        answers.into_iter().collect()
    }

    /// The same, with an answer or an error for each id.
    pub(super) fn look_up_each(
        &self,
        family: &str,
        ids: &[ChunkId],
        fill_cache: bool,
    ) -> Result<Vec<Result<Option<DBPinnableSlice<'_>>, StoreError>>, StoreError> {
        let mut order: Vec<(ChunkId, usize)> =
            ids.iter().copied().enumerate().map(|(index, id)| (id, index)).collect();
        order.sort_unstable();
        let keys = order.iter().map(|(id, _)| id.as_bytes());
        let mut options = ReadOptions::default();
        options.fill_cache(fill_cache);
        let found = self.db.batched_multi_get_cf_opt(self.family(family)?, keys, true, &options);
        let mut answers: Vec<_> = ids.iter().map(|_| Ok(None)).collect();
        for ((id, index), value) in order.into_iter().zip(found) {
            let value = value.map_err(|error| match error.kind() {
                // Damage in the table of what is there is the store's, not one object's.
                _ if family != PAYLOAD => classify(error),
                ErrorKind::Corruption => StoreError::Corrupt { id, source: None },
                // The file that held it is gone: the object is, not the store.
                ErrorKind::IOError if is_file_gone(&error) => {
                    StoreError::Corrupt { id, source: None }
                }
                _ => classify(error),
            });
            if let Some(answer) = answers.get_mut(index) {
                *answer = value;
            }
        }
        Ok(answers)
    }

    /// The rows of `presence`. A large question is shared by as many threads as the machine has cores.
    pub(super) fn presence(&self, ids: &[ChunkId]) -> Result<Vec<Option<Presence>>, StoreError> {
        if ids.len() < SHARED {
            return self.presence_alone(ids);
        }
        Self::shared(ids, None, |ids| self.presence_alone(ids))
    }

    /// Asks `look` about ids in sorted order, a large number of them in as many threads as the machine has
    /// cores; gives the answers in the order asked. `nothing` only fills places.
    pub(super) fn shared<T: Clone + Send>(
        ids: &[ChunkId],
        nothing: T,
        look: impl Fn(&[ChunkId]) -> Result<Vec<T>, StoreError> + Sync,
    ) -> Result<Vec<T>, StoreError> {
        let threads = if ids.len() < SHARED {
            1
        } else {
            std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
        };
        // In order over all threads, so that neighbours are looked up by the same one.
        let mut order: Vec<(ChunkId, usize)> = ids.iter().copied().zip(0..).collect();
        order.sort_unstable();
        let sorted: Vec<ChunkId> = order.iter().map(|(id, _)| *id).collect();
        let found = in_parts(&sorted, threads, look)?;
        let mut answers = vec![nothing; ids.len()];
        for ((_, index), found) in order.into_iter().zip(found) {
            if let Some(place) = answers.get_mut(index) {
                *place = found;
            }
        }
        Ok(answers)
    }

    fn presence_alone(&self, ids: &[ChunkId]) -> Result<Vec<Option<Presence>>, StoreError> {
        let found = self.look_up(PRESENCE, ids, true)?;
        ids.iter()
            .zip(found)
            .map(|(id, row)| row.map(|row| decoded(*id, &row)).transpose())
            .collect()
    }

    /// What is stored under `ids`, unverified.
    pub(super) fn payload(
        &self,
        ids: &[ChunkId],
        fill_cache: bool,
    ) -> Result<Vec<Result<Option<Bytes>, StoreError>>, StoreError> {
        let found = self.look_up_each(PAYLOAD, ids, fill_cache)?;
        let copied = |slice: DBPinnableSlice<'_>| Bytes::copy_from_slice(&slice);
        Ok(found.into_iter().map(|found| found.map(|slice| slice.map(copied))).collect())
    }

    /// Writes a batch, into the write-ahead log too if `logged`.
    pub(super) fn write(&self, batch: WriteBatch, logged: bool) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let written = if logged { self.db.write(batch) } else { self.db.write_without_wal(batch) };
        written.map_err(classify_write)
    }

    /// Syncs the write-ahead log: all that was logged is durable.
    pub(super) fn sync_log(&self) -> Result<(), StoreError> {
        self.db.flush_wal(true).map_err(classify_write)
    }

    /// Writes all that is in memory into its final files, all families as of one moment.
    pub(super) fn flush_memory(&self) -> Result<(), StoreError> {
        let families: Vec<_> =
            FAMILIES.iter().map(|name| self.family(name)).collect::<Result<_, _>>()?;
        let mut options = FlushOptions::default();
        options.set_wait(true);
        self.db.flush_cfs_opt(&families, &options).map_err(classify_write)
    }

    /// Writes the format's version: also a way to find out whether the database takes writes.
    pub(super) fn write_format(&self) -> Result<(), StoreError> {
        self.db.put(FORMAT_KEY, FORMAT).map_err(classify_write)?;
        self.sync_log()
    }

    pub(super) fn quarantine_used(&self) -> bool {
        self.quarantine_used.load(SeqCst)
    }

    pub(super) fn use_quarantine(&self) {
        self.quarantine_used.store(true, SeqCst);
    }

    /// A number that RocksDB keeps about a family; 0 if it does not know.
    pub(super) fn property(&self, family: &str, name: &str) -> Result<u64, StoreError> {
        let value = self.db.property_int_value_cf(self.family(family)?, name);
        Ok(value.map_err(classify)?.unwrap_or(0))
    }

    fn is_empty(&self) -> Result<bool, StoreError> {
        let mut rows = self.db.iterator_cf(self.family(PRESENCE)?, IteratorMode::Start);
        Ok(rows.next().transpose().map_err(classify)?.is_none())
    }

    /// Notes whose store this is, or compares it with what was noted.
    pub(super) fn belongs_to(&self, owner: &str, path: &Path) -> Result<(), StoreError> {
        match self.db.get(OWNER_KEY).map_err(classify)? {
            Some(found) if found == owner.as_bytes() => Ok(()),
            // Nothing in it that could be taken for garbage.
            Some(_) if self.is_empty()? => self.set_owner(owner),
            Some(_) => {
                let reason = "the store belongs to another catalog than the one beside it: every \
                              object in it would be garbage to that one; put the right catalog \
                              back, or restore both from a backup";
                Err(StoreError::Unusable { path: path.to_owned(), reason: reason.into() })
            }
            None => self.set_owner(owner),
        }
    }

    fn set_owner(&self, owner: &str) -> Result<(), StoreError> {
        self.db.put(OWNER_KEY, owner).map_err(classify_write)?;
        self.sync_log()
    }

    pub(super) fn stats(&self) -> Result<StoreStats, StoreError> {
        let objects = self.property(PRESENCE, "rocksdb.estimate-num-keys")?;
        let mut bytes = self.property(PAYLOAD, "rocksdb.total-blob-file-size")?;
        for family in FAMILIES {
            bytes += self.property(family, "rocksdb.total-sst-files-size")?;
            bytes += self.property(family, "rocksdb.size-all-mem-tables")?;
        }
        Ok(StoreStats { objects, bytes })
    }

    /// Writes the format's version into a new store, brings an older one up to date (opening has made the
    /// families that it lacked; of the membership index it lacks the rows), and refuses any other.
    fn check_format(&self, path: &Path) -> Result<(), StoreError> {
        match self.db.get(FORMAT_KEY).map_err(classify)? {
            Some(found) if found == FORMAT => return Ok(()),
            None if self.is_empty()? => {
                self.db.put(INDEX_KEY, INDEX_COMPLETE).map_err(classify_write)?;
            }
            None => {
                let reason = "the store does not say which format it has; restore it from a backup";
                return Err(StoreError::Unusable { path: path.to_owned(), reason: reason.into() });
            }
            Some(found) if OLD_FORMATS.contains(&found.as_slice()) => {}
            Some(found) => {
                let found = String::from_utf8_lossy(&found);
                let known = String::from_utf8_lossy(FORMAT);
                let reason = format!("the store has format {found}; this program knows {known}");
                return Err(StoreError::Unusable { path: path.to_owned(), reason });
            }
        }
        self.write_format()
    }
}

impl Drop for Engine {
    /// Moves what is only in the log into the files, so that the log does not lie there twice and
    /// nothing is replayed at the next start. Nothing is lost if this fails.
    fn drop(&mut self) {
        drop(self.flush_memory());
    }
}

/// Asks about ids in so many parts, each in a thread of its own if there are several.
fn in_parts<T: Send>(
    ids: &[ChunkId],
    threads: usize,
    look: impl Fn(&[ChunkId]) -> Result<Vec<T>, StoreError> + Sync,
) -> Result<Vec<T>, StoreError> {
    if threads < 2 {
        return look(ids);
    }
    let look = &look;
    let found: Vec<Result<Vec<T>, StoreError>> = std::thread::scope(|scope| {
        let parts = ids.chunks(ids.len().div_ceil(threads).max(1));
        let running: Vec<_> = parts.map(|part| scope.spawn(move || look(part))).collect();
        let gone = |_| Err(StoreError::backend("a reading thread ended without a word"));
        running.into_iter().map(|part| part.join().unwrap_or_else(gone)).collect()
    });
    let mut all = Vec::with_capacity(ids.len());
    for part in found {
        all.extend(part?);
    }
    Ok(all)
}

/// Reads a row of `presence`.
pub(super) fn decoded(id: ChunkId, row: &[u8]) -> Result<Presence, StoreError> {
    Presence::decode(row).ok_or(StoreError::Corrupt { id, source: None })
}

/// Refuses a directory with data in it but without `CURRENT`, the file that says which of RocksDB's books
/// is the valid one: RocksDB would take it for a new store and delete the rest. A store whose making was
/// interrupted has no data yet.
fn refuse_headless(path: &Path) -> Result<(), StoreError> {
    let unusable = |reason| StoreError::Unusable { path: path.to_owned(), reason };
    let cannot_read = |error| unusable(format!("the directory cannot be read: {error}"));
    match std::fs::read_dir(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(cannot_read(error)),
        Ok(files) => {
            let mut data = false;
            for file in files {
                let name = file.map_err(cannot_read)?.file_name();
                if name == "CURRENT" {
                    return Ok(());
                }
                let ending = Path::new(&name).extension().and_then(std::ffi::OsStr::to_str);
                data |= matches!(ending, Some("sst" | "blob" | "log"));
            }
            if !data {
                return Ok(());
            }
            let reason = "the store cannot be opened: its file CURRENT is gone. Restore the store's \
                          files from a backup";
            Err(unusable(reason.to_owned()))
        }
    }
}

fn cannot_open(path: &Path, error: &rocksdb::Error) -> StoreError {
    let text = error.to_string();
    let reason = if text.contains("lock hold by current process")
        || text.contains("Resource temporarily unavailable")
    {
        "the store is in use by another process; stop that one first".to_owned()
    } else {
        format!(
            "the store cannot be opened: {text}. If its files are damaged, restore them from a backup"
        )
    };
    StoreError::Unusable { path: path.to_owned(), reason }
}

//! The store on disk: RocksDB with a small column family that says what is there and a large one that
//! holds the frames.
//!
//! This file opens, reopens and closes the store. Reading is in `read`, writing in `write`, upload
//! sessions in `sessions`, who holds what in `membership`, what sweep and scrub need in `maintain` and `reclaim`; keys and values are
//! in `schema`, tuning in `options`.

mod barrier;
mod checkpoint;
mod engine;
mod failure;
mod figures;
mod lately;
mod maintain;
mod membership;
mod options;
mod read;
mod reclaim;
mod schema;
mod sessions;
mod write;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};
use std::time::Duration;

use crate::clock::Clock;
use crate::store::StoreError;
use barrier::Barrier;
use engine::Engine;
pub use figures::RocksFigures;
use lately::Lately;
pub use options::{RocksOptions, WritePath};
use read::ChunkCache;
use write::Unlogged;

/// Bytes that are written to find out whether the disk takes any.
const PROBE: usize = 1 << 20;
/// How often, and how long after each other, reopening tries to be alone.
const TRIES: u32 = 500;
const PAUSE: Duration = Duration::from_millis(2);

/// Keeps objects in RocksDB. One process at a time; cheap to share between threads through an `Arc`.
pub struct RocksStore {
    /// `None` while the store could not be opened again after a failure. Everybody who uses the
    /// database holds the shared side for as long.
    engine: RwLock<Option<Engine>>,
    path: PathBuf,
    options: RocksOptions,
    clock: Arc<dyn Clock>,
    cache: ChunkCache,
    lately: Lately,
    barrier: Barrier,
    /// Shared by writers into a session, exclusive for whoever ends one: no id is recorded as sent in
    /// a session that has just been closed.
    session_gate: RwLock<()>,
    /// Held from looking whether objects are there until they are written, refreshed or removed. So of
    /// two who bring the same one the first writes it and the other knows; and nothing is removed that
    /// somebody was just told is there. RocksDB takes one batch at a time anyway.
    put_gate: Mutex<()>,
    /// How often it was opened again.
    reopened: AtomicU64,
    /// Whether a write failed since the store was opened or recovered.
    failing: AtomicBool,
    /// What was written past the log, and how much of that is in files.
    unlogged: Unlogged,
}

impl RocksStore {
    /// Opens the store in `path`, or makes an empty one there. Takes the same time however much the
    /// store holds.
    pub fn open(
        path: &Path,
        options: &RocksOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let engine = Engine::open(path, options, true)?;
        // The directory's own name: RocksDB syncs only what is in it.
        if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) {
            std::fs::File::open(above)
                .and_then(|above| above.sync_all())
                .map_err(StoreError::backend)?;
        }
        Ok(Self {
            engine: RwLock::new(Some(engine)),
            path: path.to_owned(),
            options: *options,
            clock,
            cache: ChunkCache::new(options.chunk_cache),
            lately: Lately::default(),
            barrier: Barrier::default(),
            session_gate: RwLock::new(()),
            put_gate: Mutex::new(()),
            reopened: AtomicU64::new(0),
            failing: AtomicBool::new(false),
            unlogged: Unlogged::default(),
        })
    }

    /// Binds the store to whoever keeps the names of what is in it: notes `owner` the first time, and
    /// refuses another one from then on. So a catalog that was lost and begun anew does not take
    /// everything for garbage.
    pub fn belongs_to(&self, owner: &str) -> Result<(), StoreError> {
        self.engine()?.get()?.belongs_to(owner, &self.path)
    }

    /// The open database. Taken once at the beginning of each call from outside: a second shared lock
    /// in the same thread could wait for ever behind someone who reopens.
    fn engine(&self) -> Result<Open<'_>, StoreError> {
        let engine = self.engine.read().unwrap_or_else(PoisonError::into_inner);
        if engine.is_some() { Ok(Open(engine)) } else { Err(closed()) }
    }

    /// Closes the database and opens it again, unless it can be written after all.
    fn reopen(&self) -> Result<(), StoreError> {
        let writable = self
            .engine()
            .is_ok_and(|open| open.get().is_ok_and(|engine| engine.write_format().is_ok()));
        if !writable {
            // Closing ends reading too, so only where opening has a chance.
            try_to_write(&self.path)?;
            let mut engine = self.alone()?;
            self.reopened.fetch_add(1, SeqCst);
            // The old one must be closed first: it holds the directory's lock.
            drop(engine.take());
            self.lately.forget();
            // Never anew: a directory that is empty now is not the store's.
            *engine = Some(Engine::open(&self.path, &self.options, false)?);
            self.unlogged.forget();
        }
        self.failing.store(false, SeqCst);
        Ok(())
    }

    /// Waits until nobody uses the database, but not for ever: a compaction can take long, and whoever
    /// stands in line for the lock holds up all readers that come later.
    fn alone(&self) -> Result<RwLockWriteGuard<'_, Option<Engine>>, StoreError> {
        for _ in 0..TRIES {
            match self.engine.try_write() {
                Ok(engine) => return Ok(engine),
                Err(TryLockError::Poisoned(poisoned)) => return Ok(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            }
        }
        Err(StoreError::Unwritable("it failed, and is in use by something long".to_owned()))
    }

    /// Remembers that a write failed, so that somebody tries to recover.
    fn noted<T>(&self, written: Result<T, StoreError>) -> Result<T, StoreError> {
        if matches!(written, Err(StoreError::Full(_) | StoreError::Unwritable(_))) {
            self.failing.store(true, SeqCst);
        }
        written
    }
}

/// Writes as much as opening a database may need, and takes it away again.
fn try_to_write(folder: &Path) -> Result<(), StoreError> {
    let file = folder.join("probe.tmp");
    let written = std::fs::write(&file, vec![0; PROBE])
        .and_then(|()| std::fs::File::open(&file))
        .and_then(|file| file.sync_all());
    drop(std::fs::remove_file(&file));
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            StoreError::Full(error.to_string())
        }
        _ => StoreError::Unwritable(error.to_string()),
    })
}

/// A database that is open for as long as this lives.
struct Open<'a>(RwLockReadGuard<'a, Option<Engine>>);

impl Open<'_> {
    fn get(&self) -> Result<&Engine, StoreError> {
        self.0.as_ref().ok_or_else(closed)
    }
}

fn closed() -> StoreError {
    StoreError::Unwritable("it failed and could not be opened again yet".to_owned())
}

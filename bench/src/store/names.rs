//! The names for a sweep without a hub: a list of roots, and the lock between publishes and the sweep,
//! which behaves as the hub's does.

use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use flisthub_storage::{ChunkId, Roots, SweepError};

/// As in the hub: how long the sweep only tries before it takes its place in the queue, and the pause
/// between two tries.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_micros(500);

/// Flists that are named, and those published since a sweep began.
#[derive(Debug)]
pub(crate) struct Names {
    named: Vec<ChunkId>,
    gate: RwLock<()>,
    registered: Mutex<Option<Vec<ChunkId>>>,
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

impl Names {
    pub(crate) fn new(named: Vec<ChunkId>) -> Self {
        Self { named, gate: RwLock::default(), registered: Mutex::default() }
    }

    /// Inside, no sweep deletes.
    pub(crate) fn enter(&self) -> RwLockReadGuard<'_, ()> {
        self.gate.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Publishes a flist, from inside.
    pub(crate) fn register(&self, flist: ChunkId) {
        if let Some(registered) = self.registered().as_mut() {
            registered.push(flist);
        }
    }

    fn registered(&self) -> MutexGuard<'_, Option<Vec<ChunkId>>> {
        self.registered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn alone<T>(&self, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Ok(_alone) = self.gate.try_write() {
                return work();
            }
            std::thread::sleep(PAUSE);
        }
        let _alone = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        work()
    }
}

impl Roots for Names {
    fn begin(&self) -> Result<Vec<ChunkId>, Cause> {
        self.alone(|| *self.registered() = Some(Vec::new()));
        Ok(self.named.clone())
    }

    fn committed(&self) -> Vec<ChunkId> {
        self.registered().as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn exclusively(
        &self,
        work: &mut dyn FnMut() -> Result<(), SweepError>,
    ) -> Result<(), SweepError> {
        self.alone(work)
    }

    fn end(&self) {
        *self.registered() = None;
    }
}

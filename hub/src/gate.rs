//! The gate between publishes and the sweep.
//!
//! A publish is inside (the shared side) from before it looks whether its objects are there until its
//! name is committed, and registers its flist before it commits. The sweep deletes only while nobody is
//! inside (the exclusive side), and hears of every flist that was registered. A backup is inside while
//! it copies, so that nothing is deleted between its two halves.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use flisthub_storage::ChunkId;
use tokio::sync::{OwnedRwLockReadGuard, RwLock};

/// How long the sweep waits for a moment when nobody is inside before it takes its place in the queue,
/// where publishes that come later wait behind it. Checking a large flist takes long; smaller ones
/// should not wait for it twice.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two tries.
const PAUSE: Duration = Duration::from_micros(500);

/// The gate. One a hub.
#[derive(Debug, Default)]
pub struct Gate {
    lock: Arc<RwLock<()>>,
    /// Flists registered since the sweep last asked; `None` while no sweep runs.
    registered: Mutex<Option<Vec<ChunkId>>>,
}

/// Being inside. Ends when dropped.
#[derive(Debug)]
pub struct Inside {
    gate: Arc<Gate>,
    _shared: OwnedRwLockReadGuard<()>,
}

impl Inside {
    /// Tells a running sweep of a flist that is about to be committed. A commit that then fails does no
    /// harm: the flist stays until the next sweep.
    pub fn register(&self, flist: ChunkId) {
        if let Some(registered) = self.gate.registered().as_mut() {
            registered.push(flist);
        }
    }
}

impl Gate {
    /// Goes inside.
    pub async fn enter(self: &Arc<Self>) -> Inside {
        let shared = Arc::clone(&self.lock).read_owned().await;
        Inside { gate: Arc::clone(self), _shared: shared }
    }

    /// Runs `work` while nobody is inside. Blocks: only on threads that may.
    pub fn exclusively<T>(&self, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Ok(_alone) = self.lock.try_write() {
                return work();
            }
            std::thread::sleep(PAUSE);
        }
        let _alone = self.lock.blocking_write();
        work()
    }

    /// From now on flists that are registered are remembered. Waits until nobody is inside: whoever was
    /// has committed then, so that the catalog tells of it.
    pub fn begin(&self) {
        self.exclusively(|| *self.registered() = Some(Vec::new()));
    }

    /// The flists that were registered since `begin` or since this was last called.
    pub fn committed(&self) -> Vec<ChunkId> {
        self.registered().as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Nothing needs to be remembered any more.
    pub fn end(&self) {
        *self.registered() = None;
    }

    fn registered(&self) -> MutexGuard<'_, Option<Vec<ChunkId>>> {
        self.registered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use flisthub_storage::Kind;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn the_sweep_hears_of_what_is_registered_while_it_runs() {
        let gate = Arc::new(Gate::default());
        let flist = |number: u8| Kind::Manifest.id_of(&[number]);
        gate.enter().await.register(flist(0));
        let sweep = Arc::clone(&gate);
        tokio::task::spawn_blocking(move || sweep.begin()).await.unwrap();
        assert_eq!(gate.committed(), []);
        gate.enter().await.register(flist(1));
        gate.enter().await.register(flist(2));
        assert_eq!(gate.committed(), [flist(1), flist(2)]);
        assert_eq!(gate.committed(), []);
        gate.end();
        gate.enter().await.register(flist(3));
        assert_eq!(gate.committed(), []);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn nothing_is_deleted_while_somebody_is_inside() {
        let gate = Arc::new(Gate::default());
        let first = gate.enter().await;
        let second = gate.enter().await;
        let sweep = Arc::clone(&gate);
        let deleted = tokio::task::spawn_blocking(move || sweep.exclusively(|| ()));
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(!deleted.is_finished());
        drop(first);
        assert!(!deleted.is_finished());
        drop(second);
        deleted.await.unwrap();
    }
}

//! Group commit: publishes that end at the same time share one sync of the disk.

use std::sync::{Condvar, Mutex, PoisonError};

use crate::store::StoreError;

/// Lets one caller at a time do the sync; those who come meanwhile wait for the next one, which one of
/// them does for all.
#[derive(Debug, Default)]
pub(super) struct Barrier {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Tickets given out.
    asked: u64,
    /// The highest ticket that a finished sync covers.
    covered: u64,
    running: bool,
}

impl Barrier {
    /// Returns once a sync that began after this call began has succeeded. `sync` may be another
    /// caller's. A sync that fails is an error for the one that did it; the others try themselves.
    pub(super) fn pass(
        &self,
        sync: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.asked += 1;
        let ticket = state.asked;
        while state.running && state.covered < ticket {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.covered >= ticket {
            return Ok(());
        }
        state.running = true;
        // Everyone who has a ticket now put what they put before this sync begins.
        let covers = state.asked;
        drop(state);
        let synced = sync();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.running = false;
        if synced.is_ok() {
            state.covered = state.covered.max(covers);
        }
        self.changed.notify_all();
        synced
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn those_who_wait_share_the_next_sync() {
        let barrier = Barrier::default();
        let syncs = AtomicU32::new(0);
        let (started, wait_for_start) = channel();
        let (go, wait_for_go) = channel::<()>();
        std::thread::scope(|scope| {
            let (barrier, syncs) = (&barrier, &syncs);
            scope.spawn(move || {
                barrier.pass(|| {
                    syncs.fetch_add(1, SeqCst);
                    started.send(()).unwrap();
                    wait_for_go.recv().unwrap();
                    Ok(())
                })
            });
            wait_for_start.recv().unwrap();
            for _ in 0..5 {
                scope.spawn(|| {
                    barrier.pass(|| {
                        syncs.fetch_add(1, SeqCst);
                        Ok(())
                    })
                });
            }
            while barrier.state.lock().unwrap().asked < 6 {
                std::thread::yield_now();
            }
            assert_eq!(syncs.load(SeqCst), 1, "a running sync covers none of those who came later");
            go.send(()).unwrap();
        });
        assert_eq!(syncs.load(SeqCst), 2, "one sync for all five");
    }

    #[test]
    fn a_failed_sync_covers_nobody() {
        let barrier = Barrier::default();
        let fails = || Err(StoreError::Full("test".into()));
        assert!(barrier.pass(fails).is_err());
        assert!(barrier.pass(fails).is_err());
        barrier.pass(|| Ok(())).unwrap();
        // The next one has a new ticket and needs a sync of its own.
        assert!(barrier.pass(fails).is_err());
    }
}

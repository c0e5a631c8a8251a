//! A store in memory: for tests, and for small tools that need no disk.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::{Clock, SystemClock};
use crate::frame::Frame;
use crate::id::ChunkId;
use crate::maintain::{Maintain, Quarantined, Reclaimed, Removed, Row};
use crate::membership::{Membership, Owner};
use crate::monitor::Monitor;
use crate::session::{MayUse, Session, SessionId, Sessions};
use crate::store::{ChunkStore, PutReport, Stat, StoreError, StoreStats};

/// Keeps everything in maps behind one lock. The barrier has nothing to do, and nothing can be damaged.
pub struct MemoryStore {
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
    grace: u64,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<ChunkId, Object>,
    sessions: HashMap<SessionId, (Session, HashSet<ChunkId>)>,
    holders: HashMap<ChunkId, BTreeSet<Owner>>,
    index_incomplete: bool,
}

struct Object {
    frame: Frame,
    time_put: u64,
}

impl Object {
    fn stat(&self) -> Stat {
        Stat {
            kind: self.frame.kind(),
            length: self.frame.length(),
            frame_length: u32::try_from(self.frame.bytes().len()).unwrap_or(u32::MAX),
        }
    }

    fn row(&self, id: ChunkId) -> Row {
        Row { id, stat: self.stat(), time_put: self.time_put }
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::with_clock(Arc::new(SystemClock), crate::DEFAULT_GRACE)
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty store with a clock and a grace (seconds) of its own.
    pub fn with_clock(clock: Arc<dyn Clock>, grace: u64) -> Self {
        Self { state: Mutex::default(), clock, grace }
    }

    /// Each change below is whole before the lock is let go, so a panic elsewhere leaves nothing torn.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Before this, a time put is refreshed.
    fn stale(&self) -> u64 {
        self.clock.now().saturating_sub(self.grace / 2)
    }
}

impl State {
    fn put(&mut self, frames: &[Frame], now: u64, stale: u64) -> PutReport {
        let mut report = PutReport::default();
        for frame in frames {
            if let Some(object) = self.objects.get_mut(&frame.id()) {
                object.refresh(now, stale);
                report.known += 1;
                continue;
            }
            report.new += 1;
            report.new_bytes += u64::from(frame.length());
            report.stored_bytes += frame.bytes().len() as u64;
            self.objects.insert(frame.id(), Object { frame: frame.clone(), time_put: now });
        }
        report
    }
}

impl Object {
    fn refresh(&mut self, now: u64, stale: u64) {
        if self.time_put < stale {
            self.time_put = now;
        }
    }
}

impl ChunkStore for MemoryStore {
    fn stat(&self, ids: &[ChunkId]) -> Result<Vec<Option<Stat>>, StoreError> {
        let state = self.state();
        Ok(ids.iter().map(|id| state.objects.get(id).map(Object::stat)).collect())
    }

    fn get_frames(&self, ids: &[ChunkId]) -> Result<Vec<Option<Frame>>, StoreError> {
        let state = self.state();
        Ok(ids.iter().map(|id| Some(state.objects.get(id)?.frame.clone())).collect())
    }

    fn put(&self, frames: &[Frame]) -> Result<PutReport, StoreError> {
        Ok(self.state().put(frames, self.clock.now(), self.stale()))
    }

    fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn stats(&self) -> Result<StoreStats, StoreError> {
        let state = self.state();
        let bytes = state.objects.values().map(|object| object.frame.bytes().len() as u64).sum();
        Ok(StoreStats { objects: state.objects.len() as u64, bytes })
    }
}

impl Membership for MemoryStore {
    fn hold(&self, owner: Owner, ids: &[ChunkId]) -> Result<(), StoreError> {
        let mut state = self.state();
        for id in ids {
            state.holders.entry(*id).or_default().insert(owner);
        }
        Ok(())
    }

    fn held(&self, owner: Owner, ids: &[ChunkId]) -> Result<Vec<bool>, StoreError> {
        let state = self.state();
        let held = |id| state.holders.get(id).is_some_and(|holders| holders.contains(&owner));
        Ok(ids.iter().map(held).collect())
    }

    fn holders(&self, ids: &[ChunkId], most: usize) -> Result<Vec<Vec<Owner>>, StoreError> {
        let state = self.state();
        let first = |id| state.holders.get(id).into_iter().flatten().take(most).copied().collect();
        Ok(ids.iter().map(first).collect())
    }

    fn index_complete(&self) -> Result<bool, StoreError> {
        Ok(!self.state().index_incomplete)
    }

    fn clear_index(&self) -> Result<(), StoreError> {
        let mut state = self.state();
        state.index_incomplete = true;
        state.holders.clear();
        Ok(())
    }

    fn finish_index(&self) -> Result<(), StoreError> {
        self.state().index_incomplete = false;
        Ok(())
    }
}

impl Sessions for MemoryStore {
    fn open_session(&self, session: &Session) -> Result<(), StoreError> {
        self.state().sessions.insert(session.id, (session.clone(), HashSet::new()));
        Ok(())
    }

    fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        Ok(self.state().sessions.get(id).map(|(session, _)| session.clone()))
    }

    fn sessions_with_bytes(&self) -> Result<Vec<(Session, u64)>, StoreError> {
        let state = self.state();
        let length = |id: &ChunkId| {
            state.objects.get(id).map_or(0, |object| object.frame.bytes().len() as u64)
        };
        let of = |(session, sent): &(Session, HashSet<ChunkId>)| {
            (session.clone(), sent.iter().map(length).sum())
        };
        Ok(state.sessions.values().map(of).collect())
    }

    fn put_in(&self, id: &SessionId, frames: &[Frame]) -> Result<PutReport, StoreError> {
        let mut state = self.state();
        let (_, sent) = state.sessions.get_mut(id).ok_or(StoreError::NoSession(*id))?;
        sent.extend(frames.iter().map(Frame::id));
        Ok(state.put(frames, self.clock.now(), self.stale()))
    }

    fn claim_usable(
        &self,
        ids: &[ChunkId],
        may_use: &MayUse<'_>,
    ) -> Result<Vec<ChunkId>, StoreError> {
        let (now, refresh_before) = (self.clock.now(), self.stale());
        let stored: Vec<ChunkId> = {
            let state = self.state();
            ids.iter().filter(|id| state.objects.contains_key(id)).copied().collect()
        };
        // It may use the store, so not under its lock.
        let usable = stored.iter().zip(may_use(&stored)?).filter(|(_, usable)| *usable);
        let mut usable = usable.map(|(id, _)| id).peekable();
        let mut state = self.state();
        let mut absent = Vec::new();
        for id in ids {
            let usable = usable.next_if_eq(&id).is_some();
            match state.objects.get_mut(id).filter(|_| usable) {
                Some(object) => object.refresh(now, refresh_before),
                None => absent.push(*id),
            }
        }
        Ok(absent)
    }

    fn sent(&self, id: &SessionId, ids: &[ChunkId]) -> Result<Vec<bool>, StoreError> {
        let state = self.state();
        let (_, sent) = state.sessions.get(id).ok_or(StoreError::NoSession(*id))?;
        Ok(ids.iter().map(|id| sent.contains(id)).collect())
    }

    fn close_session(&self, id: &SessionId) -> Result<(), StoreError> {
        self.state().sessions.remove(id);
        Ok(())
    }

    fn expire_sessions(&self, now: u64) -> Result<u64, StoreError> {
        let mut state = self.state();
        let before = state.sessions.len();
        state.sessions.retain(|_, (session, _)| session.expires > now);
        Ok((before - state.sessions.len()) as u64)
    }
}

impl Maintain for MemoryStore {
    fn rows(&self, after: Option<&ChunkId>, limit: usize) -> Result<Vec<Row>, StoreError> {
        let from = after.map_or(Bound::Unbounded, |id| Bound::Excluded(*id));
        let state = self.state();
        let rows = state.objects.range((from, Bound::Unbounded));
        Ok(rows.take(limit).map(|(id, object)| object.row(*id)).collect())
    }

    fn rows_of(&self, ids: &[ChunkId]) -> Result<Vec<Option<Row>>, StoreError> {
        let state = self.state();
        Ok(ids.iter().map(|id| Some(state.objects.get(id)?.row(*id))).collect())
    }

    fn sent_in_live_sessions(
        &self,
        now: u64,
        visit: &mut dyn FnMut(ChunkId),
    ) -> Result<(), StoreError> {
        // The visitor may ask this store for more, so not under its lock.
        let sent: BTreeSet<ChunkId> = {
            let state = self.state();
            let live = state.sessions.values().filter(|(session, _)| session.expires > now);
            live.flat_map(|(_, sent)| sent).copied().collect()
        };
        sent.into_iter().for_each(visit);
        Ok(())
    }

    fn remove(&self, ids: &[ChunkId], put_before: u64) -> Result<Removed, StoreError> {
        let mut state = self.state();
        let mut removed = Removed::default();
        for id in ids {
            match state.objects.get(id) {
                None => continue,
                Some(object) if object.time_put >= put_before => {
                    removed.spared.push(*id);
                    continue;
                }
                Some(object) => removed.count(&object.stat()),
            }
            state.objects.remove(id);
            state.holders.remove(id);
        }
        Ok(removed)
    }

    fn quarantine(&self, _: &ChunkId) -> Result<bool, StoreError> {
        Ok(false)
    }

    fn quarantined(&self) -> Result<Vec<Quarantined>, StoreError> {
        Ok(Vec::new())
    }

    fn disown(&self, ids: &[ChunkId]) -> Result<(), StoreError> {
        let mut state = self.state();
        for id in ids {
            state.holders.remove(id);
        }
        Ok(())
    }

    fn reclaim(&self, _: &dyn Monitor) -> Result<Reclaimed, StoreError> {
        let bytes = self.stats()?.bytes;
        Ok(Reclaimed { before: bytes, after: bytes })
    }

    fn reopened(&self) -> u64 {
        0
    }

    fn failing(&self) -> bool {
        false
    }

    fn recover(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

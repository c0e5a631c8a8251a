//! A store in memory: for tests, and for small tools that need no disk.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::frame::Frame;
use crate::id::ChunkId;
use crate::session::{Session, SessionId, Sessions};
use crate::store::{ChunkStore, PutReport, Stat, StoreError, StoreStats};

/// Keeps everything in two maps behind one lock. The barrier has nothing to do.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    frames: HashMap<ChunkId, Frame>,
    sessions: HashMap<SessionId, (Session, HashSet<ChunkId>)>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Each change below is whole before the lock is let go, so a panic elsewhere leaves nothing torn.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn put(&mut self, frames: &[Frame]) -> PutReport {
        let mut report = PutReport::default();
        for frame in frames {
            if self.frames.contains_key(&frame.id()) {
                report.known += 1;
                continue;
            }
            report.new += 1;
            report.new_bytes += u64::from(frame.length());
            report.stored_bytes += frame.bytes().len() as u64;
            self.frames.insert(frame.id(), frame.clone());
        }
        report
    }
}

impl ChunkStore for MemoryStore {
    fn stat(&self, ids: &[ChunkId]) -> Result<Vec<Option<Stat>>, StoreError> {
        let state = self.state();
        let stat = |frame: &Frame| Stat {
            kind: frame.kind(),
            length: frame.length(),
            frame_length: u32::try_from(frame.bytes().len()).unwrap_or(u32::MAX),
        };
        Ok(ids.iter().map(|id| state.frames.get(id).map(stat)).collect())
    }

    fn get_frames(&self, ids: &[ChunkId]) -> Result<Vec<Option<Frame>>, StoreError> {
        let state = self.state();
        Ok(ids.iter().map(|id| state.frames.get(id).cloned()).collect())
    }

    fn put(&self, frames: &[Frame]) -> Result<PutReport, StoreError> {
        Ok(self.state().put(frames))
    }

    fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn stats(&self) -> Result<StoreStats, StoreError> {
        let state = self.state();
        let bytes = state.frames.values().map(|frame| frame.bytes().len() as u64).sum();
        Ok(StoreStats { objects: state.frames.len() as u64, bytes })
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

    fn put_in(&self, id: &SessionId, frames: &[Frame]) -> Result<PutReport, StoreError> {
        let mut state = self.state();
        let (_, sent) = state.sessions.get_mut(id).ok_or(StoreError::NoSession(*id))?;
        sent.extend(frames.iter().map(Frame::id));
        Ok(state.put(frames))
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

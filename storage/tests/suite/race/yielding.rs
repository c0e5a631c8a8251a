//! A store before each of whose calls another thread may go on.

use flisthub_storage::{
    Chunk, ChunkId, ChunkStore, Frame, Maintain, MayUse, Membership, Monitor, Owner, PutReport,
    Quarantined, Reclaimed, Removed, Row, Session, SessionId, Sessions, Stat, StoreError,
    StoreStats,
};

use super::turns::Turns;

/// One in how many sweeps gives space back, and one in how many barriers syncs the disk: both take longer
/// than all else, remove nothing, and matter to nobody who looks at a store that is open.
const SELDOM: usize = 40;

pub(super) struct Yielding<'a> {
    pub(super) inner: &'a dyn Maintain,
    pub(super) turns: &'a Turns,
}

impl Yielding<'_> {
    fn inner(&self) -> &dyn Maintain {
        self.turns.pass();
        self.inner
    }
}

impl ChunkStore for Yielding<'_> {
    fn stat(&self, ids: &[ChunkId]) -> Result<Vec<Option<Stat>>, StoreError> {
        self.inner().stat(ids)
    }
    fn get(&self, ids: &[ChunkId]) -> Result<Vec<Option<Chunk>>, StoreError> {
        self.inner().get(ids)
    }
    fn get_frames(&self, ids: &[ChunkId]) -> Result<Vec<Option<Frame>>, StoreError> {
        self.inner().get_frames(ids)
    }
    fn put(&self, frames: &[Frame]) -> Result<PutReport, StoreError> {
        self.inner().put(frames)
    }
    fn flush(&self) -> Result<(), StoreError> {
        let inner = self.inner();
        if self.turns.below(SELDOM) > 0 { Ok(()) } else { inner.flush() }
    }
    fn stats(&self) -> Result<StoreStats, StoreError> {
        self.inner().stats()
    }
}

impl Membership for Yielding<'_> {
    fn hold(&self, owner: Owner, ids: &[ChunkId]) -> Result<(), StoreError> {
        self.inner().hold(owner, ids)
    }
    fn held(&self, owner: Owner, ids: &[ChunkId]) -> Result<Vec<bool>, StoreError> {
        self.inner().held(owner, ids)
    }
    fn holders(&self, ids: &[ChunkId], most: usize) -> Result<Vec<Vec<Owner>>, StoreError> {
        self.inner().holders(ids, most)
    }
    fn index_complete(&self) -> Result<bool, StoreError> {
        self.inner().index_complete()
    }
    fn clear_index(&self) -> Result<(), StoreError> {
        self.inner().clear_index()
    }
    fn finish_index(&self) -> Result<(), StoreError> {
        self.inner().finish_index()
    }
}

impl Sessions for Yielding<'_> {
    fn open_session(&self, session: &Session) -> Result<(), StoreError> {
        self.inner().open_session(session)
    }
    fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        self.inner().session(id)
    }
    fn sessions_with_bytes(&self) -> Result<Vec<(Session, u64)>, StoreError> {
        self.inner().sessions_with_bytes()
    }
    fn put_in(&self, id: &SessionId, frames: &[Frame]) -> Result<PutReport, StoreError> {
        self.inner().put_in(id, frames)
    }
    fn claim_usable(
        &self,
        ids: &[ChunkId],
        may_use: &MayUse<'_>,
    ) -> Result<Vec<ChunkId>, StoreError> {
        self.inner().claim_usable(ids, may_use)
    }
    fn sent(&self, id: &SessionId, ids: &[ChunkId]) -> Result<Vec<bool>, StoreError> {
        self.inner().sent(id, ids)
    }
    fn close_session(&self, id: &SessionId) -> Result<(), StoreError> {
        self.inner().close_session(id)
    }
    fn expire_sessions(&self, now: u64) -> Result<u64, StoreError> {
        self.inner().expire_sessions(now)
    }
}

impl Maintain for Yielding<'_> {
    fn rows(&self, after: Option<&ChunkId>, limit: usize) -> Result<Vec<Row>, StoreError> {
        self.inner().rows(after, limit)
    }
    fn rows_of(&self, ids: &[ChunkId]) -> Result<Vec<Option<Row>>, StoreError> {
        self.inner().rows_of(ids)
    }
    fn sent_in_live_sessions(
        &self,
        now: u64,
        visit: &mut dyn FnMut(ChunkId),
    ) -> Result<(), StoreError> {
        self.inner().sent_in_live_sessions(now, visit)
    }
    fn remove(&self, ids: &[ChunkId], put_before: u64) -> Result<Removed, StoreError> {
        self.inner().remove(ids, put_before)
    }
    fn quarantine(&self, id: &ChunkId) -> Result<bool, StoreError> {
        self.inner().quarantine(id)
    }
    fn quarantined(&self) -> Result<Vec<Quarantined>, StoreError> {
        self.inner().quarantined()
    }
    fn disown(&self, ids: &[ChunkId]) -> Result<(), StoreError> {
        self.inner().disown(ids)
    }
    fn reclaim(&self, monitor: &dyn Monitor) -> Result<Reclaimed, StoreError> {
        if self.turns.below(SELDOM) > 0 {
            return Ok(Reclaimed::default());
        }
        self.inner().reclaim(monitor)
    }
    fn failing(&self) -> bool {
        self.inner().failing()
    }
    fn reopened(&self) -> u64 {
        self.inner().reopened()
    }
    fn recover(&self) -> Result<(), StoreError> {
        self.inner().recover()
    }
}

//! Upload sessions in RocksDB: a row a session, and a row for each id sent in it.

use std::sync::PoisonError;

use rocksdb::{Direction, IteratorMode, WriteBatch};

use super::RocksStore;
use super::engine::Engine;
use super::failure::classify;
use super::schema::{
    SESSION_ROW, SESSIONS, decode_session, encode_session, sent_id, sent_key, sent_prefix,
    session_key,
};
use super::write::Batch;
use crate::frame::Frame;
use crate::id::ChunkId;
use crate::session::{MayUse, Session, SessionId, Sessions};
use crate::store::{PutReport, StoreError};

/// Ids that are looked up at once.
const AT_ONCE: usize = 4_096;

impl Engine {
    fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        match self.db.get_cf(self.family(SESSIONS)?, session_key(id)).map_err(classify)? {
            None => Ok(None),
            Some(row) => decode_session(*id, &row).map(Some).ok_or_else(|| damaged(id)),
        }
    }

    /// Every session, with `None` for one whose row cannot be read.
    pub(super) fn all_sessions(&self) -> Result<Vec<(SessionId, Option<Session>)>, StoreError> {
        let start = IteratorMode::From(&[SESSION_ROW], Direction::Forward);
        let mut sessions = Vec::new();
        for row in self.db.iterator_cf(self.family(SESSIONS)?, start) {
            let (key, value) = row.map_err(classify)?;
            let Some((&SESSION_ROW, id)) = key.split_first() else { break };
            if let Some(id) = SessionId::from_slice(id) {
                sessions.push((id, decode_session(id, &value)));
            }
        }
        Ok(sessions)
    }

    /// Bytes of the frames that were sent in a session.
    fn bytes_sent(&self, id: &SessionId) -> Result<u64, StoreError> {
        let prefix = sent_prefix(id);
        let start = IteratorMode::From(&prefix, Direction::Forward);
        let (mut bytes, mut ids) = (0, Vec::new());
        for row in self.db.iterator_cf(self.family(SESSIONS)?, start) {
            let (key, _) = row.map_err(classify)?;
            let Some(sent) = key.strip_prefix(prefix.as_slice()) else { break };
            ids.extend(sent_id(sent));
            if ids.len() >= AT_ONCE {
                bytes += self.bytes_of(&std::mem::take(&mut ids))?;
            }
        }
        Ok(bytes + self.bytes_of(&ids)?)
    }

    fn bytes_of(&self, ids: &[ChunkId]) -> Result<u64, StoreError> {
        let rows = self.presence(ids)?;
        Ok(rows.into_iter().flatten().map(|row| u64::from(row.frame_length)).sum())
    }

    /// Visits the ids sent in sessions that live at `now`. A session whose row cannot be read may live.
    pub(super) fn visit_sent(
        &self,
        now: u64,
        visit: &mut dyn FnMut(ChunkId),
    ) -> Result<(), StoreError> {
        let rows = self.family(SESSIONS)?;
        for (id, session) in self.all_sessions()? {
            if session.is_some_and(|session| session.expires <= now) {
                continue;
            }
            let prefix = sent_prefix(&id);
            let start = IteratorMode::From(&prefix, Direction::Forward);
            for row in self.db.iterator_cf(rows, start) {
                let (key, _) = row.map_err(classify)?;
                let Some(sent) = key.strip_prefix(prefix.as_slice()) else { break };
                sent_id(sent).into_iter().for_each(&mut *visit);
            }
        }
        Ok(())
    }
}

impl Sessions for RocksStore {
    fn open_session(&self, session: &Session) -> Result<(), StoreError> {
        let engine = self.engine()?;
        let engine = engine.get()?;
        let mut batch = WriteBatch::default();
        batch.put_cf(engine.family(SESSIONS)?, session_key(&session.id), encode_session(session));
        self.noted(engine.write(batch, true))
    }

    fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        self.engine()?.get()?.session(id)
    }

    fn sessions_with_bytes(&self) -> Result<Vec<(Session, u64)>, StoreError> {
        let engine = self.engine()?;
        let engine = engine.get()?;
        let sessions = engine.all_sessions()?.into_iter().filter_map(|(_, session)| session);
        sessions
            .map(|session| engine.bytes_sent(&session.id).map(|bytes| (session, bytes)))
            .collect()
    }

    fn put_in(&self, id: &SessionId, frames: &[Frame]) -> Result<PutReport, StoreError> {
        let _open = self.session_gate.read().unwrap_or_else(PoisonError::into_inner);
        let engine = self.engine()?;
        let engine = engine.get()?;
        if engine.session(id)?.is_none() {
            return Err(StoreError::NoSession(*id));
        }
        let rows = engine.family(SESSIONS)?;
        let mut batch = WriteBatch::default();
        let _gate = self.close_gate();
        let report = self.add_new(engine, frames, &mut batch)?;
        for frame in frames {
            batch.put_cf(rows, sent_key(id, &frame.id()), b"");
        }
        self.write(engine, batch, Batch::Put(report.stored_bytes))?;
        Ok(report)
    }

    fn claim(&self, ids: &[ChunkId]) -> Result<Vec<ChunkId>, StoreError> {
        self.claim_ids(ids)
    }

    fn claim_usable(
        &self,
        ids: &[ChunkId],
        may_use: &MayUse<'_>,
    ) -> Result<Vec<ChunkId>, StoreError> {
        self.claim_some(ids, may_use)
    }

    fn sent(&self, id: &SessionId, ids: &[ChunkId]) -> Result<Vec<bool>, StoreError> {
        let engine = self.engine()?;
        let engine = engine.get()?;
        if engine.session(id)?.is_none() {
            return Err(StoreError::NoSession(*id));
        }
        let rows = engine.family(SESSIONS)?;
        let keys: Vec<Vec<u8>> = ids.iter().map(|sent| sent_key(id, sent)).collect();
        engine
            .db
            .batched_multi_get_cf(rows, &keys, false)
            .into_iter()
            .map(|found| found.map(|row| row.is_some()).map_err(classify))
            .collect()
    }

    fn close_session(&self, id: &SessionId) -> Result<(), StoreError> {
        let _closing = self.session_gate.write().unwrap_or_else(PoisonError::into_inner);
        let engine = self.engine()?;
        let engine = engine.get()?;
        let rows = engine.family(SESSIONS)?;
        let mut batch = WriteBatch::default();
        batch.delete_cf(rows, session_key(id));
        let mut end = sent_prefix(id);
        // Past every 32-byte id of the session.
        end.extend([0xFF; 33]);
        batch.delete_range_cf(rows, sent_prefix(id), end);
        self.noted(engine.write(batch, true))
    }

    fn expire_sessions(&self, now: u64) -> Result<u64, StoreError> {
        let sessions = self.engine()?.get()?.all_sessions()?;
        // One whose row cannot be read can be used by nobody, and must not keep the others.
        let over = sessions
            .into_iter()
            .filter(|(_, session)| session.as_ref().is_none_or(|session| session.expires <= now));
        let mut closed = 0;
        for (id, _) in over {
            self.close_session(&id)?;
            closed += 1;
        }
        Ok(closed)
    }
}

fn damaged(id: &SessionId) -> StoreError {
    StoreError::backend(format!("the row of upload session {id} is damaged"))
}

//! Upload sessions in RocksDB: a row a session, and a row for each id sent in it.

use std::sync::PoisonError;

use rocksdb::{Direction, IteratorMode, WriteBatch};

use super::RocksStore;
use super::schema::{
    SESSION_ROW, SESSIONS, decode_session, encode_session, sent_key, sent_prefix, session_key,
};
use crate::frame::Frame;
use crate::id::ChunkId;
use crate::session::{Session, SessionId, Sessions};
use crate::store::{PutReport, StoreError};

impl Sessions for RocksStore {
    fn open_session(&self, session: &Session) -> Result<(), StoreError> {
        let rows = self.family(SESSIONS)?;
        self.db
            .put_cf(rows, session_key(&session.id), encode_session(session))
            .map_err(StoreError::backend)
    }

    fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        let rows = self.family(SESSIONS)?;
        match self.db.get_cf(rows, session_key(id)).map_err(StoreError::backend)? {
            None => Ok(None),
            Some(row) => decode_session(*id, &row).map(Some).ok_or_else(|| damaged(id)),
        }
    }

    fn put_in(&self, id: &SessionId, frames: &[Frame]) -> Result<PutReport, StoreError> {
        let _open = self.session_gate.read().unwrap_or_else(PoisonError::into_inner);
        if self.session(id)?.is_none() {
            return Err(StoreError::NoSession(*id));
        }
        let rows = self.family(SESSIONS)?;
        let mut batch = WriteBatch::default();
        let _gate = self.close_gate();
        let report = self.add_new(frames, &mut batch)?;
        for frame in frames {
            batch.put_cf(rows, sent_key(id, &frame.id()), b"");
        }
        self.write(batch)?;
        Ok(report)
    }

    fn sent(&self, id: &SessionId, ids: &[ChunkId]) -> Result<Vec<bool>, StoreError> {
        if self.session(id)?.is_none() {
            return Err(StoreError::NoSession(*id));
        }
        let rows = self.family(SESSIONS)?;
        let keys: Vec<Vec<u8>> = ids.iter().map(|sent| sent_key(id, sent)).collect();
        self.db
            .batched_multi_get_cf(rows, &keys, false)
            .into_iter()
            .map(|found| found.map(|row| row.is_some()).map_err(StoreError::backend))
            .collect()
    }

    fn close_session(&self, id: &SessionId) -> Result<(), StoreError> {
        let _closing = self.session_gate.write().unwrap_or_else(PoisonError::into_inner);
        let rows = self.family(SESSIONS)?;
        let mut batch = WriteBatch::default();
        batch.delete_cf(rows, session_key(id));
        let mut end = sent_prefix(id);
        // Past every 32-byte id of the session.
        end.extend([0xFF; 33]);
        batch.delete_range_cf(rows, sent_prefix(id), end);
        self.write(batch)
    }

    fn expire_sessions(&self, now: u64) -> Result<u64, StoreError> {
        let rows = self.family(SESSIONS)?;
        let mut over = Vec::new();
        let start = IteratorMode::From(&[SESSION_ROW], Direction::Forward);
        for row in self.db.iterator_cf(rows, start) {
            let (key, value) = row.map_err(StoreError::backend)?;
            let Some((&SESSION_ROW, id)) = key.split_first() else {
                break;
            };
            let Some(id) = SessionId::from_slice(id) else {
                continue;
            };
            let session = decode_session(id, &value).ok_or_else(|| damaged(&id))?;
            if session.expires <= now {
                over.push(id);
            }
        }
        for id in &over {
            self.close_session(id)?;
        }
        Ok(over.len() as u64)
    }
}

fn damaged(id: &SessionId) -> StoreError {
    StoreError::backend(format!("the row of upload session {id} is damaged"))
}

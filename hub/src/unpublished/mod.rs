//! What users have sent and not published: bounded, so that one of them cannot fill the disk with what no
//! sweep may touch. A store around the store, since whatever is sent goes through it: pushes, uploads,
//! conversions, merges.
//!
//! Publishing from a session takes its bytes off. Ending it otherwise does not, until the grace has passed: what
//! was sent stays stored for as long.
//!
//! What is counted is what the store knows of upload sessions, so that a restart forgets nothing: it is
//! read once, when the first session is used, and kept up from then on.

mod counts;
mod forward;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flisthub_storage::{
    ChunkId, Clock, Frame, Maintain, PutReport, Session, SessionId, StoreError,
};

use self::counts::Counts;
use crate::actions::ActionError;
use crate::config::Limits;
use crate::error::Code;

/// A store that bounds what each user has in open upload sessions.
pub struct Unpublished {
    inner: Arc<dyn Maintain>,
    /// Bytes of a user's; 0 for any number.
    most_bytes: u64,
    /// Sessions of a user's; 0 for any number.
    most_sessions: usize,
    grace: u64,
    clock: Arc<dyn Clock>,
    counts: Mutex<Counts>,
}

impl Unpublished {
    /// Bounds what goes into that store. `grace`: seconds for which what is not published stays stored when
    /// its session has ended.
    pub fn new(
        inner: Arc<dyn Maintain>,
        limits: &Limits,
        grace: u64,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            inner,
            most_bytes: limits.unpublished_bytes_per_user,
            most_sessions: limits.sessions_per_user,
            grace,
            clock,
            counts: Mutex::default(),
        }
    }

    /// A flist was published from what was sent in that session: its bytes count no more.
    pub fn published(&self, id: &SessionId) -> Result<(), StoreError> {
        self.counts()?.settle(id);
        Ok(())
    }

    /// The counts, read from the store if they were not yet. Changes to them are small, so a panic leaves
    /// them at worst a little off.
    fn counts(&self) -> Result<MutexGuard<'_, Counts>, StoreError> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if !counts.read {
            for (session, bytes) in self.inner.sessions_with_bytes()? {
                counts.open(&session, bytes);
            }
            counts.read = true;
        }
        counts.forget_before(self.clock.now());
        Ok(counts)
    }

    fn open(&self, session: &Session) -> Result<(), StoreError> {
        let mut counts = self.counts()?;
        let open = counts.open_of(&session.owner);
        if self.most_sessions > 0 && open >= self.most_sessions {
            let message = format!(
                "{open} upload sessions of yours are open, as many as may: publish or end some, or \
                 wait until they end by themselves"
            );
            return Err(refused(message));
        }
        counts.open(session, 0);
        drop(counts);
        let opened = self.inner.open_session(session);
        if opened.is_err() {
            self.counts()?.forget(&session.id);
        }
        opened
    }

    fn put(&self, id: &SessionId, frames: &[Frame]) -> Result<PutReport, StoreError> {
        let bytes = self.new_bytes(id, frames)?;
        if !self.counts()?.add(id, bytes, self.most_bytes) {
            let message = format!(
                "you have sent {} bytes that are not published, as many as may be (limits.\
                 unpublished_bytes_per_user): publish them, or wait until a sweep may take them, \
                 store.grace_seconds after their session has ended",
                self.most_bytes
            );
            return Err(refused(message));
        }
        let put = self.inner.put_in(id, frames);
        if put.is_err() {
            self.counts()?.take_back(id, bytes);
        }
        put
    }

    /// Bytes of those frames that were not sent in that session before: who sends again what a cut line took
    /// does not use more, unless both requests run at once.
    fn new_bytes(&self, id: &SessionId, frames: &[Frame]) -> Result<u64, StoreError> {
        let ids: Vec<ChunkId> = frames.iter().map(Frame::id).collect();
        let sent = self.inner.sent(id, &ids)?;
        let mut counted = HashSet::with_capacity(ids.len());
        let unsent = frames.iter().zip(sent).filter(|(_, sent)| !sent).map(|(frame, _)| frame);
        let new = unsent.filter(|frame| counted.insert(frame.id()));
        Ok(new.map(|frame| frame.bytes().len() as u64).sum())
    }
}

/// An error for whoever sends, through the layers that know only of stores.
fn refused(message: String) -> StoreError {
    StoreError::backend(ActionError::TooMuch { code: Code::TOO_MUCH_UNPUBLISHED, message })
}

#[cfg(test)]
mod tests;

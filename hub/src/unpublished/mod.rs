//! What users have sent and not published: bounded, so that one of them cannot fill the disk with what no
//! sweep may touch. A store around the store, since whatever is sent goes through it: pushes, uploads,
//! conversions, merges.
//!
//! What is counted is what the store knows of upload sessions, so that a restart forgets nothing: it is
//! read once, when the first session is used, and kept up from then on.

mod forward;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flisthub_storage::{Frame, Maintain, PutReport, Session, SessionId, StoreError};

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
    counts: Mutex<Counts>,
}

/// What is in open sessions.
#[derive(Debug, Default)]
struct Counts {
    /// Whether what the store knew at the start is in here.
    read: bool,
    sessions: HashMap<SessionId, Open>,
    users: HashMap<String, Used>,
}

#[derive(Debug)]
struct Open {
    owner: String,
    bytes: u64,
    expires: u64,
}

#[derive(Debug, Default, Clone, Copy)]
struct Used {
    bytes: u64,
    sessions: usize,
}

impl Counts {
    fn open(&mut self, session: &Session, bytes: u64) {
        let Session { id, owner, expires, .. } = session.clone();
        self.close(&id);
        let used = self.users.entry(owner.clone()).or_default();
        used.sessions = used.sessions.saturating_add(1);
        used.bytes = used.bytes.saturating_add(bytes);
        self.sessions.insert(id, Open { owner, bytes, expires });
    }

    fn close(&mut self, id: &SessionId) {
        let Some(open) = self.sessions.remove(id) else { return };
        if let Some(used) = self.users.get_mut(&open.owner) {
            used.sessions = used.sessions.saturating_sub(1);
            used.bytes = used.bytes.saturating_sub(open.bytes);
            if used.sessions == 0 {
                self.users.remove(&open.owner);
            }
        }
    }

    fn expire(&mut self, now: u64) {
        let over = self.sessions.iter().filter(|(_, open)| open.expires <= now);
        for id in over.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.close(&id);
        }
    }

    /// Counts bytes of a session if they stay within `most`. Those of a session that is not there are for the
    /// store to refuse.
    fn add(&mut self, id: &SessionId, bytes: u64, most: u64) -> bool {
        let Some(open) = self.sessions.get_mut(id) else { return true };
        let used = self.users.entry(open.owner.clone()).or_default();
        let after = used.bytes.saturating_add(bytes);
        if most > 0 && after > most {
            return false;
        }
        used.bytes = after;
        open.bytes = open.bytes.saturating_add(bytes);
        true
    }

    fn take_back(&mut self, id: &SessionId, bytes: u64) {
        let Some(open) = self.sessions.get_mut(id) else { return };
        open.bytes = open.bytes.saturating_sub(bytes);
        if let Some(used) = self.users.get_mut(&open.owner) {
            used.bytes = used.bytes.saturating_sub(bytes);
        }
    }
}

impl Unpublished {
    /// Bounds what goes into that store.
    pub fn new(inner: Arc<dyn Maintain>, limits: &Limits) -> Self {
        Self {
            inner,
            most_bytes: limits.unpublished_bytes_per_user,
            most_sessions: limits.sessions_per_user,
            counts: Mutex::default(),
        }
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
        Ok(counts)
    }

    fn open(&self, session: &Session) -> Result<(), StoreError> {
        let mut counts = self.counts()?;
        let used = counts.users.get(&session.owner).copied().unwrap_or_default();
        if self.most_sessions > 0 && used.sessions >= self.most_sessions {
            let message = format!(
                "{} upload sessions of yours are open, as many as may: publish or end some, or wait \
                 until they end by themselves",
                used.sessions
            );
            return Err(refused(message));
        }
        counts.open(session, 0);
        drop(counts);
        let opened = self.inner.open_session(session);
        if opened.is_err() {
            self.counts()?.close(&session.id);
        }
        opened
    }

    fn put(&self, id: &SessionId, frames: &[Frame]) -> Result<PutReport, StoreError> {
        let bytes = frames.iter().map(|frame| frame.bytes().len() as u64).sum();
        if !self.counts()?.add(id, bytes, self.most_bytes) {
            let message = format!(
                "you have sent {} bytes that are not published, as many as may be (limits.\
                 unpublished_bytes_per_user): publish, or end other upload sessions, or wait until \
                 they end by themselves",
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
}

/// An error for whoever sends, through the layers that know only of stores.
fn refused(message: String) -> StoreError {
    StoreError::backend(ActionError::TooMuch { code: Code::TOO_MUCH_UNPUBLISHED, message })
}

#[cfg(test)]
mod tests;

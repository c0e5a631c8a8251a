//! Upload sessions: who is putting what, until when.
//!
//! Every upload, push and conversion runs in a session. The session remembers which ids were sent in
//! it, so that its owner may use them before any repository holds them, and so that a sweep leaves
//! them alone. A session survives a restart; it ends by being closed or by expiring.

use std::fmt;
use std::str::FromStr;

use crate::frame::Frame;
use crate::id::{ChunkId, ParseIdError, parse_hex};
use crate::membership::Membership;
use crate::store::{PutReport, StoreError};

/// Names a session: 128 random bits, shown as 32 lower-case hex digits. Whoever knows one may not use
/// it; the owner is checked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId([u8; 16]);

impl SessionId {
    /// A fresh id from the operating system's random source.
    pub fn random() -> Result<Self, StoreError> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|error| StoreError::backend(error.to_string()))?;
        Ok(Self(bytes))
    }

    /// The raw 16 bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Takes a slice for an id; `None` unless it is 16 bytes long.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for SessionId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_hex(text).map(Self)
    }
}

/// One upload session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The user who opened it; nobody else may use it.
    pub owner: String,
    /// The repository it publishes into.
    pub repository: String,
    /// When it ends by itself, in seconds since the Unix epoch.
    pub expires: u64,
}

/// Says of ids that are stored which may be used.
pub type MayUse<'a> = dyn Fn(&[ChunkId]) -> Result<Vec<bool>, StoreError> + 'a;

/// A store that keeps upload sessions.
pub trait Sessions: Membership {
    /// Starts a session. It is durable with the next barrier.
    fn open_session(&self, session: &Session) -> Result<(), StoreError>;

    /// The session of that id, whether or not it has expired.
    fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError>;

    /// Every session, expired ones too, with the bytes of the frames that were sent in it. Takes as long as
    /// much was sent.
    fn sessions_with_bytes(&self) -> Result<Vec<(Session, u64)>, StoreError>;

    /// As [`ChunkStore::put`](crate::ChunkStore::put), and remembers all of the frames' ids, new or known, as sent in the
    /// session. Fails with [`StoreError::NoSession`] if there is none, and then stores nothing.
    fn put_in(&self, id: &SessionId, frames: &[Frame]) -> Result<PutReport, StoreError>;

    /// Those of `ids` that the store does not have, in the order asked. Asked by somebody who is going
    /// to use the others: each of those keeps its place for at least half the store's grace from now,
    /// because its time put, if older than that, is refreshed before the answer is given.
    fn claim(&self, ids: &[ChunkId]) -> Result<Vec<ChunkId>, StoreError> {
        self.claim_usable(ids, &|ids| Ok(vec![true; ids.len()]))
    }

    /// As [`claim`](Self::claim) for somebody who may use only some of what is stored: the rest is
    /// answered as absent, and not refreshed. `may_use` is asked about those that are stored, and may
    /// use the store.
    fn claim_usable(
        &self,
        ids: &[ChunkId],
        may_use: &MayUse<'_>,
    ) -> Result<Vec<ChunkId>, StoreError>;

    /// For each id, whether it was sent in the session.
    fn sent(&self, id: &SessionId, ids: &[ChunkId]) -> Result<Vec<bool>, StoreError>;

    /// Ends a session and forgets what was sent in it; what it sent stays stored. Ending one that is
    /// not there is no error.
    fn close_session(&self, id: &SessionId) -> Result<(), StoreError>;

    /// Ends every session that expired at or before `now` (seconds since the Unix epoch); says how
    /// many.
    fn expire_sessions(&self, now: u64) -> Result<u64, StoreError>;
}

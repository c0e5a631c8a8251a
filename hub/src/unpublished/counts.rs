//! How much each user has sent and not published.

use std::collections::{BTreeMap, HashMap};

use flisthub_storage::{Session, SessionId};

/// Of a grace, the parts in which what ends in it is added up: a user's sessions that ended take no more
/// memory than these.
const PARTS: u64 = 16;

/// What is in sessions that are open, and in those that ended lately.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Whether what the store knew at the start is in here.
    pub(super) read: bool,
    sessions: HashMap<SessionId, Open>,
    users: HashMap<String, Used>,
}

#[derive(Debug)]
struct Open {
    owner: String,
    bytes: u64,
    expires: u64,
}

#[derive(Debug, Default)]
struct Used {
    /// Sessions that are open.
    sessions: usize,
    /// Bytes in those.
    bytes: u64,
    /// Bytes of sessions that ended without being published, by when they are forgotten.
    ended: BTreeMap<u64, u64>,
}

impl Used {
    fn all(&self) -> u64 {
        self.ended.values().fold(self.bytes, |sum, bytes| sum.saturating_add(*bytes))
    }
}

impl Counts {
    /// A session is open, with so many bytes in it.
    pub(super) fn open(&mut self, session: &Session, bytes: u64) {
        let Session { id, owner, expires, .. } = session.clone();
        self.forget(&id);
        let used = self.users.entry(owner.clone()).or_default();
        used.sessions = used.sessions.saturating_add(1);
        used.bytes = used.bytes.saturating_add(bytes);
        self.sessions.insert(id, Open { owner, bytes, expires });
    }

    /// How many sessions of a user are open.
    pub(super) fn open_of(&self, owner: &str) -> usize {
        self.users.get(owner).map_or(0, |used| used.sessions)
    }

    /// A session is gone; gives whose it was, and its bytes.
    pub(super) fn forget(&mut self, id: &SessionId) -> Option<(String, u64)> {
        let Open { owner, bytes, .. } = self.sessions.remove(id)?;
        let used = self.users.get_mut(&owner)?;
        used.sessions = used.sessions.saturating_sub(1);
        used.bytes = used.bytes.saturating_sub(bytes);
        if used.sessions == 0 && used.ended.is_empty() {
            self.users.remove(&owner);
        }
        Some((owner, bytes))
    }

    /// A session has ended; what is in it stays stored for `grace` from `now`.
    pub(super) fn end(&mut self, id: &SessionId, now: u64, grace: u64) {
        let Some((owner, bytes)) = self.forget(id).filter(|(_, bytes)| *bytes > 0) else { return };
        let part = (grace / PARTS).max(1);
        let until = now.saturating_add(grace).div_ceil(part).saturating_mul(part);
        let ended = &mut self.users.entry(owner).or_default().ended;
        let sum = ended.entry(until).or_default();
        *sum = sum.saturating_add(bytes);
    }

    /// Sessions that expired at or before `now` have ended.
    pub(super) fn expire(&mut self, now: u64, grace: u64) {
        let over = self.sessions.iter().filter(|(_, open)| open.expires <= now);
        for id in over.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.end(&id, now, grace);
        }
    }

    /// What ended and may be swept by now counts no more.
    pub(super) fn forget_before(&mut self, now: u64) {
        self.users.retain(|_, used| {
            used.ended.retain(|until, _| *until > now);
            used.sessions > 0 || !used.ended.is_empty()
        });
    }

    /// Counts bytes of a session if its owner's stay within `most`; 0 is no bound. Those of a session that
    /// is not there are for the store to refuse.
    pub(super) fn add(&mut self, id: &SessionId, bytes: u64, most: u64) -> bool {
        let Some(open) = self.sessions.get_mut(id) else { return true };
        let used = self.users.entry(open.owner.clone()).or_default();
        if most > 0 && used.all().saturating_add(bytes) > most {
            return false;
        }
        used.bytes = used.bytes.saturating_add(bytes);
        open.bytes = open.bytes.saturating_add(bytes);
        true
    }

    /// Takes bytes of a session off.
    pub(super) fn take_back(&mut self, id: &SessionId, bytes: u64) {
        let Some(open) = self.sessions.get_mut(id) else { return };
        open.bytes = open.bytes.saturating_sub(bytes);
        if let Some(used) = self.users.get_mut(&open.owner) {
            used.bytes = used.bytes.saturating_sub(bytes);
        }
    }

    /// Takes all bytes of a session off.
    pub(super) fn settle(&mut self, id: &SessionId) {
        let bytes = self.sessions.get(id).map_or(0, |open| open.bytes);
        self.take_back(id, bytes);
    }

    /// Whether nobody is remembered.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.users.is_empty() && self.sessions.is_empty()
    }
}

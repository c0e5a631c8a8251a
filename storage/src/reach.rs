//! What a caller may use of a store: knowing an id grants nothing.
//!
//! An id is usable if the repository that the caller works in holds it, if it was sent in the caller's
//! own upload session, or if another repository that the caller may read holds it. Whatever is stored
//! and not usable looks as if it were absent, in every answer.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::id::ChunkId;
use crate::membership::Owner;
use crate::session::{SessionId, Sessions};
use crate::store::StoreError;

/// Holders of one id that are looked at. Something that many repositories hold may have one that the
/// caller may read beyond these: then it is sent again, which costs time and nothing else.
const MOST_HOLDERS: usize = 64;

/// Repositories that are asked about, each once, before all others count as not readable: each costs a
/// question to the catalog.
const MOST_OWNERS: usize = 1024;

/// Ids whose holders are looked up together.
const BATCH: usize = 4096;

/// Says whether the caller may read a repository.
type Readable = dyn Fn(Owner) -> Result<bool, StoreError> + Send + Sync;

/// What a caller may use. Clones share what was found out about repositories, so take one a request.
#[derive(Clone)]
pub struct Reach {
    session: Option<SessionId>,
    /// `None`: everything that is stored.
    bounds: Option<Arc<Bounds>>,
}

struct Bounds {
    /// The repository that the caller works in, which they may read.
    own: Option<Owner>,
    /// Repositories that are asked about before all others count as not readable.
    most_owners: usize,
    readable: Box<Readable>,
    found: Mutex<Found>,
}

/// What was found out so far. Each change of it is one step, so a panic elsewhere tears nothing.
#[derive(Default)]
struct Found {
    readable: HashMap<Owner, bool>,
    /// Repositories whose rows are looked up by name, and not only met among the first holders.
    likely: Vec<Owner>,
}

impl Reach {
    /// Everything: the store is one pool for all.
    pub fn everything() -> Self {
        Self { session: None, bounds: None }
    }

    /// What `own` holds, and every other repository of which `readable` says yes. It is asked at most
    /// once for each.
    pub fn new(
        own: Option<Owner>,
        readable: impl Fn(Owner) -> Result<bool, StoreError> + Send + Sync + 'static,
    ) -> Self {
        Self::within(MOST_OWNERS, own, readable)
    }

    /// The same for somebody on whose account less is done: `readable` is asked of no more than
    /// `most_owners` repositories, and all others count as not readable.
    pub fn within(
        most_owners: usize,
        own: Option<Owner>,
        readable: impl Fn(Owner) -> Result<bool, StoreError> + Send + Sync + 'static,
    ) -> Self {
        let (readable, found) = (Box::new(readable), Mutex::default());
        let bounds = Bounds { own, most_owners, readable, found };
        Self { session: None, bounds: Some(Arc::new(bounds)) }
    }

    /// The session whose ids it takes in.
    pub fn session(&self) -> Option<&SessionId> {
        self.session.as_ref()
    }

    /// The same, and what was sent in a session.
    #[must_use]
    pub fn with_session(&self, session: SessionId) -> Self {
        Self { session: Some(session), bounds: self.bounds.clone() }
    }

    /// The same without what was sent.
    #[must_use]
    pub fn without_session(&self) -> Self {
        Self { session: None, bounds: self.bounds.clone() }
    }

    /// From now on looks whether this repository holds an id, also where many others do. It is asked
    /// whether it may be read, like any other.
    pub fn look_in(&self, owner: Owner) {
        if let Some(bounds) = &self.bounds {
            let mut found = bounds.found();
            if bounds.own != Some(owner) && !found.likely.contains(&owner) {
                found.likely.push(owner);
            }
        }
    }

    /// Forgets which repositories may be read: in long work that may have changed.
    pub fn ask_again(&self) {
        if let Some(bounds) = &self.bounds {
            bounds.found().readable.clear();
        }
    }

    /// Whether all that is stored is usable.
    pub fn is_everything(&self) -> bool {
        self.bounds.is_none()
    }

    /// For each of `ids`, all of which are stored, whether it may be used.
    pub fn usable(&self, store: &dyn Sessions, ids: &[ChunkId]) -> Result<Vec<bool>, StoreError> {
        let Some(bounds) = &self.bounds else { return Ok(vec![true; ids.len()]) };
        let mut open = Open { ids, usable: vec![false; ids.len()] };
        if let Some(own) = bounds.own {
            open.settle(|ids| store.held(own, ids))?;
        }
        if let Some(session) = &self.session {
            open.settle(|ids| store.sent(session, ids))?;
        }
        let likely = bounds.found().likely.clone();
        for owner in likely {
            if !open.is_settled() && bounds.may_read(owner)? {
                open.settle(|ids| store.held(owner, ids))?;
            }
        }
        open.settle(|ids| bounds.held_by_any(store, ids))?;
        Ok(open.usable)
    }
}

impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = self.bounds.as_ref().map(|bounds| bounds.own);
        f.debug_struct("Reach").field("own", &own).field("session", &self.session).finish()
    }
}

impl Bounds {
    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn may_read(&self, owner: Owner) -> Result<bool, StoreError> {
        if self.own == Some(owner) {
            return Ok(true);
        }
        {
            let found = self.found();
            if let Some(known) = found.readable.get(&owner) {
                return Ok(*known);
            }
            if found.readable.len() >= self.most_owners {
                return Ok(false);
            }
        }
        // Not under the lock: it may take a while.
        let readable = (self.readable)(owner)?;
        self.found().readable.insert(owner, readable);
        Ok(readable)
    }

    /// Whether one of the first holders of each id may be read.
    fn held_by_any(&self, store: &dyn Sessions, ids: &[ChunkId]) -> Result<Vec<bool>, StoreError> {
        let mut usable = Vec::with_capacity(ids.len());
        for ids in ids.chunks(BATCH) {
            for holders in store.holders(ids, MOST_HOLDERS)? {
                usable.push(self.any_readable(&holders)?);
            }
        }
        Ok(usable)
    }

    fn any_readable(&self, holders: &[Owner]) -> Result<bool, StoreError> {
        for holder in holders {
            if self.may_read(*holder)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Ids of which some are still open.
struct Open<'a> {
    ids: &'a [ChunkId],
    usable: Vec<bool>,
}

impl Open<'_> {
    fn is_settled(&self) -> bool {
        self.usable.iter().all(|usable| *usable)
    }

    /// Asks about those that are open.
    fn settle(
        &mut self,
        ask: impl FnOnce(&[ChunkId]) -> Result<Vec<bool>, StoreError>,
    ) -> Result<(), StoreError> {
        let open = self.ids.iter().zip(&self.usable).filter(|(_, usable)| !**usable);
        let ids: Vec<ChunkId> = open.map(|(id, _)| *id).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let mut answers = ask(&ids)?.into_iter();
        for usable in self.usable.iter_mut().filter(|usable| !**usable) {
            *usable = answers.next().unwrap_or(false);
        }
        Ok(())
    }
}

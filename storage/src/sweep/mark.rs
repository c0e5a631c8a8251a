//! Marking: which objects are in use, which are spared, and following what they refer to.
//!
//! Two sets. *Kept* is what the roots reach; everything in it was read, and an object in it that cannot
//! be read ends the sweep, because what it keeps is not known. *Spared* is what young objects and
//! sessions reach as far as that can be read: an upload may be half done. They are apart because an
//! object that was spared while something below it was still missing must be followed again, whole,
//! when a flist that holds it is published.

use std::collections::HashSet;

use super::{References, SweepError};
use crate::chunk::Chunk;
use crate::id::{ChunkId, Kind};
use crate::maintain::Maintain;
use crate::monitor::{Monitor, Progress};
use crate::reference::Reference;
use crate::store::StoreError;

/// Objects that are read at a time.
const BATCH: usize = 64;

/// Ids that are marked.
#[derive(Default)]
struct Set {
    /// Of chunks the first 64 bits: where two agree in them, garbage stays, and nothing else.
    chunks: HashSet<u64>,
    /// Of other objects all of the id: one that is taken for another would not be followed.
    objects: HashSet<ChunkId>,
}

impl Set {
    /// Says whether it is new.
    fn insert(&mut self, id: ChunkId, kind: Kind) -> bool {
        if kind == Kind::Content {
            self.chunks.insert(prefix(&id))
        } else {
            self.objects.insert(id)
        }
    }

    fn has(&self, id: &ChunkId, kind: Kind) -> bool {
        if kind == Kind::Content {
            self.chunks.contains(&prefix(id))
        } else {
            self.objects.contains(id)
        }
    }
}

fn prefix(id: &ChunkId) -> u64 {
    id.as_bytes().first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

/// What is marked so far, and how to find more.
pub(super) struct Marks<'a> {
    store: &'a dyn Maintain,
    references: &'a References<'a>,
    monitor: &'a dyn Monitor,
    kept: Set,
    spared: Set,
}

impl<'a> Marks<'a> {
    pub(super) fn new(
        store: &'a dyn Maintain,
        references: &'a References<'a>,
        monitor: &'a dyn Monitor,
    ) -> Self {
        Self { store, references, monitor, kept: Set::default(), spared: Set::default() }
    }

    /// Whether the roots reach it.
    pub(super) fn keeps(&self, id: ChunkId, kind: Kind) -> bool {
        self.kept.has(&id, kind)
    }

    /// Whether it must stay.
    pub(super) fn has(&self, id: ChunkId, kind: Kind) -> bool {
        self.kept.has(&id, kind) || self.spared.has(&id, kind)
    }

    /// Whether an object that is no chunk must stay: of those the id alone tells.
    pub(super) fn has_object(&self, id: &ChunkId) -> bool {
        self.kept.objects.contains(id) || self.spared.objects.contains(id)
    }

    /// Marks flists and all that they reach. All of it must be readable but for chunks, whose content
    /// nobody reads here.
    pub(super) fn keep(&mut self, manifests: &[ChunkId]) -> Result<(), SweepError> {
        let kept = &mut self.kept;
        let mut open: Vec<ChunkId> =
            manifests.iter().copied().filter(|id| kept.insert(*id, Kind::Manifest)).collect();
        while !open.is_empty() {
            self.check_cancelled()?;
            let batch = open.split_off(open.len().saturating_sub(BATCH));
            for (id, object) in batch.iter().zip(self.read_all(&batch)?) {
                let object = object.ok_or_else(|| unreadable(*id, "it is missing"))?;
                let found = self.follow(&object)?;
                let new = found.into_iter().filter(|one| self.kept.insert(one.id, one.kind));
                open.extend(new.filter(|one| one.kind != Kind::Content).map(|one| one.id));
            }
            let done = (self.kept.chunks.len() + self.kept.objects.len()) as u64;
            self.monitor.progress(Progress { phase: "mark", done, total: None });
        }
        Ok(())
    }

    /// Spares objects of whatever kind and all that they reach, as far as that can be read.
    pub(super) fn spare(&mut self, ids: &[ChunkId]) -> Result<(), SweepError> {
        let mut open = Vec::new();
        for ids in ids.chunks(1 << 12) {
            for row in self.store.rows_of(ids)?.into_iter().flatten() {
                let new = self.spared.insert(row.id, row.stat.kind);
                if new && row.stat.kind != Kind::Content {
                    open.push(row.id);
                }
            }
        }
        while let Some(id) = open.pop() {
            self.check_cancelled()?;
            // What cannot be read keeps nothing that can be known of.
            let Some(found) = self.references_of(id)? else { continue };
            for one in found {
                let known = self.kept.has(&one.id, one.kind);
                if self.spared.insert(one.id, one.kind) && !known && one.kind != Kind::Content {
                    open.push(one.id);
                }
            }
        }
        Ok(())
    }

    /// What an object refers to; `None` if it cannot be read.
    pub(super) fn references_of(&self, id: ChunkId) -> Result<Option<Vec<Reference>>, SweepError> {
        match self.store.get(&[id]) {
            Ok(found) => {
                let object = found.into_iter().next().flatten();
                Ok(object.and_then(|object| (self.references)(&object).ok()))
            }
            Err(StoreError::Corrupt { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn read_all(&self, ids: &[ChunkId]) -> Result<Vec<Option<Chunk>>, SweepError> {
        self.store.get(ids).map_err(|error| match error {
            StoreError::Corrupt { id, .. } => unreadable(id, "it is damaged"),
            error => error.into(),
        })
    }

    fn follow(&self, object: &Chunk) -> Result<Vec<Reference>, SweepError> {
        (self.references)(object).map_err(|error| unreadable(object.id(), &error.to_string()))
    }

    fn check_cancelled(&self) -> Result<(), SweepError> {
        if self.monitor.cancelled() { Err(SweepError::Cancelled) } else { Ok(()) }
    }
}

fn unreadable(id: ChunkId, why: &str) -> SweepError {
    SweepError::Unreadable { id, why: why.to_owned() }
}

//! What flists need and the store does not have.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use flisthub_storage::{ChunkId, ChunkStore, Kind, Monitor, Progress, Reference};

use crate::graph::{ASK, BATCH, GraphError, get_each, of_the_object, open};
use crate::object::LoadError;

/// What is not as flists need it. Below an object that is in here nothing is known.
#[derive(Debug, Default)]
pub struct Gaps {
    /// Ids that are not in the store, or are there as something else: of another kind, or a chunk of
    /// another length, than where they are named says.
    pub missing: BTreeSet<ChunkId>,
    /// Objects that are there and cannot be read.
    pub unreadable: BTreeMap<ChunkId, LoadError>,
}

/// Finds everything that is reachable from the manifests `flists` and not there. Reads each object once,
/// whatever the number of flists; of chunks it only asks whether they are there, it does not read them.
///
/// Memory: at most about 80 bytes for each distinct object that is no chunk, and 64 MiB.
pub fn find_missing(
    store: &dyn ChunkStore,
    flists: &[ChunkId],
    monitor: &dyn Monitor,
) -> Result<Gaps, GraphError> {
    let mut walk = Walk {
        store,
        seen: HashSet::new(),
        stack: Vec::new(),
        asked: Vec::new(),
        gaps: Gaps::default(),
    };
    let total = flists.len() as u64;
    for (done, id) in (0..).zip(flists) {
        walk.name(Reference { kind: Kind::Manifest, id: *id });
        while !walk.stack.is_empty() {
            if monitor.cancelled() {
                return Err(GraphError::Cancelled);
            }
            monitor.progress(Progress { phase: "look for gaps", done, total: Some(total) });
            walk.step()?;
        }
    }
    walk.ask()?;
    Ok(walk.gaps)
}

struct Walk<'a> {
    store: &'a dyn ChunkStore,
    /// Objects that were named, chunks not among them: those are too many to remember, and to ask for
    /// one twice costs little.
    seen: HashSet<Reference>,
    /// Those of them that are still to be read.
    stack: Vec<Reference>,
    /// Chunks to ask the store for, with the length they must have.
    asked: Vec<(ChunkId, u32)>,
    gaps: Gaps,
}

impl Walk<'_> {
    fn name(&mut self, reference: Reference) {
        if self.seen.insert(reference) {
            self.stack.push(reference);
        }
    }

    /// Reads the next few objects.
    fn step(&mut self) -> Result<(), GraphError> {
        let batch = self.stack.split_off(self.stack.len().saturating_sub(BATCH));
        for (reference, object) in batch.iter().zip(get_each(self.store, &batch)) {
            let opened = open(*reference, object, |mention| match mention.length {
                Some(length) => self.asked.push((mention.reference.id, length)),
                None => self.name(mention.reference),
            });
            match opened {
                Ok(()) => {}
                Err(LoadError::Missing(_) | LoadError::WrongKind { .. }) => {
                    self.gaps.missing.insert(reference.id);
                }
                Err(error) => {
                    self.gaps.unreadable.insert(reference.id, of_the_object(error)?);
                }
            }
            if self.asked.len() >= ASK {
                self.ask()?;
            }
        }
        Ok(())
    }

    fn ask(&mut self) -> Result<(), GraphError> {
        let mut asked = std::mem::take(&mut self.asked);
        asked.sort_unstable();
        asked.dedup();
        let ids: Vec<ChunkId> = asked.iter().map(|(id, _)| *id).collect();
        for ((id, length), stat) in asked.into_iter().zip(self.store.stat(&ids)?) {
            let sound = |kind, found| kind == Kind::Content && found == length;
            if !stat.is_some_and(|stat| sound(stat.kind, stat.length)) {
                self.gaps.missing.insert(id);
            }
        }
        Ok(())
    }
}

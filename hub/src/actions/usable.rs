//! Which chunks somebody may refer to without having sent them: those of flists that they may read.
//! Knowing an id grants nothing, and that a chunk is stored does not say whose it is: it may be a part of
//! somebody's upload that nobody was to see yet.
//!
//! There is no index of who holds what. So flists are read one after the other until all is found: those of
//! the target repository, the name itself first, then the hub's newest. Both are bounded. Whatever is not
//! found by then counts as not there, which is safe and costs sending it again; the answer is the same for
//! what is absent and for what is somebody else's.

use std::collections::{BTreeMap, HashSet};

use flisthub_flist::references;
use flisthub_storage::{Chunk, ChunkId, ChunkStore, Kind, StoreError};

use super::error::ActionError;
use super::resolve;
use crate::auth::{Caller, Right};
use crate::catalog::{Pointed, RepositoryRow};
use crate::name::FlistName;
use crate::state::Hub;

/// Flists of the target repository that are looked through.
const OWN_FLISTS: u32 = 1000;

/// Flists of the whole hub that are looked through, the newest.
const OTHER_FLISTS: u32 = 256;

/// Directories and lists that are read for one answer: some seconds, and 50 MB to remember them.
const MOST_READ: usize = 1 << 19;

/// Objects that are read at a time.
const BATCH: usize = 64;

/// Those of `chunks` that the caller may not refer to in `name` of `repository`, in order.
pub(super) async fn refused(
    hub: &Hub,
    caller: &Caller,
    (repository, name): (&RepositoryRow, &FlistName),
    chunks: Wanted,
) -> Result<Vec<ChunkId>, ActionError> {
    if chunks.left == 0 {
        return Ok(Vec::new());
    }
    let flists = readable(hub, caller, repository, name).await?;
    let store = hub.store.clone();
    let look = move || {
        let mut search =
            Search { store: &*store, wanted: chunks, seen: HashSet::new(), left: MOST_READ };
        for flist in flists {
            if search.is_over() {
                break;
            }
            search.look_through(flist)?;
        }
        Ok::<_, StoreError>(search.wanted.not_found())
    };
    Ok(tokio::task::spawn_blocking(look).await??)
}

/// The flists to look through, the likeliest first.
async fn readable(
    hub: &Hub,
    caller: &Caller,
    repository: &RepositoryRow,
    name: &FlistName,
) -> Result<Vec<ChunkId>, ActionError> {
    let mut flists = Vec::new();
    let own = hub.catalog.named(repository.id, name).await?;
    let own = own.into_iter().chain(hub.catalog.names(repository.id, "", OWN_FLISTS).await?);
    flists.extend(own.filter_map(|named| match named.points_at {
        Pointed::Flist(flist) => Some(flist.id),
        Pointed::Link(_) | Pointed::Tag | Pointed::TagLink(_) => None,
    }));
    let mut may_read = BTreeMap::from([(repository.name.clone(), true)]);
    for (full, flist) in hub.catalog.newest(OTHER_FLISTS).await? {
        let Some((holder, _)) = full.split_once('/') else { continue };
        let allowed = if let Some(known) = may_read.get(holder) {
            *known
        } else {
            let found = resolve::repository(hub, caller, Right::Read, holder).await;
            may_read.insert(holder.to_owned(), found.is_ok());
            found.is_ok()
        };
        if allowed {
            flists.push(flist);
        }
    }
    Ok(flists)
}

/// Chunks that are looked for. Takes 33 bytes for each.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// Sorted, each once.
    ids: Vec<ChunkId>,
    found: Vec<bool>,
    left: usize,
}

impl Wanted {
    fn found(&mut self, id: &ChunkId) {
        let Ok(at) = self.ids.binary_search(id) else { return };
        if let Some(found) = self.found.get_mut(at) {
            self.left -= usize::from(!*found);
            *found = true;
        }
    }

    fn not_found(self) -> Vec<ChunkId> {
        self.ids.into_iter().zip(self.found).filter(|(_, found)| !found).map(|(id, _)| id).collect()
    }
}

/// Any number of ids, of which many may come again and again.
#[derive(Debug, Default)]
pub(super) struct WantedBuilder {
    ids: Vec<ChunkId>,
    /// How many there were when each was last there once.
    once: usize,
}

impl WantedBuilder {
    /// Adds one.
    pub(super) fn add(&mut self, id: ChunkId) {
        self.ids.push(id);
        if self.ids.len() >= 2 * self.once + 4096 {
            self.sort();
        }
    }

    /// All of them.
    pub(super) fn finish(mut self) -> Wanted {
        self.sort();
        let left = self.ids.len();
        Wanted { ids: self.ids, found: vec![false; left], left }
    }

    fn sort(&mut self) {
        self.ids.sort_unstable();
        self.ids.dedup();
        self.once = self.ids.len();
    }
}

/// A walk over flists that ends when all is found, or when it has read enough.
struct Search<'a> {
    store: &'a dyn ChunkStore,
    wanted: Wanted,
    /// Objects that were read: flists share most of them.
    seen: HashSet<ChunkId>,
    /// How many more may be read.
    left: usize,
}

impl Search<'_> {
    fn is_over(&self) -> bool {
        self.wanted.left == 0 || self.left == 0
    }

    fn look_through(&mut self, flist: ChunkId) -> Result<(), StoreError> {
        let mut stack = vec![flist];
        while !stack.is_empty() && !self.is_over() {
            let mut batch = stack.split_off(stack.len().saturating_sub(BATCH));
            batch.retain(|id| self.seen.insert(*id));
            batch.truncate(self.left);
            self.left -= batch.len();
            for object in self.read(&batch)?.iter().flatten() {
                // What is damaged is no reason to refuse what else can be found.
                for reference in references(object).unwrap_or_default() {
                    match reference.kind {
                        Kind::Content => self.wanted.found(&reference.id),
                        _ if self.seen.contains(&reference.id) => {}
                        _ => stack.push(reference.id),
                    }
                }
            }
        }
        Ok(())
    }

    /// One damaged object fails a batch; then each is read alone.
    fn read(&self, batch: &[ChunkId]) -> Result<Vec<Option<Chunk>>, StoreError> {
        match self.store.get(batch) {
            Err(StoreError::Corrupt { .. }) => {
                let alone = |id: &ChunkId| match self.store.get(&[*id]) {
                    Err(StoreError::Corrupt { .. }) => Ok(None),
                    read => read.map(|mut found| found.pop().flatten()),
                };
                batch.iter().map(alone).collect()
            }
            read => read,
        }
    }
}

#[cfg(test)]
#[path = "usable_tests.rs"]
mod tests;

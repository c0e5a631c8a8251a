//! Entering a flist into the membership index: a repository holds from now on all that it is made of.
//!
//! The walk goes from below, and leaves out every directory, list and links object that the repository
//! holds already: its row was written after those of all below it. Whether the repository *may* hold
//! the flist is for whoever calls to find out before, with [`verify`](crate::verify) on what the caller
//! can see.

use std::collections::{HashMap, HashSet};

use flisthub_storage::{ChunkId, Kind, Membership, Owner, Reference, StoreError};

use crate::graph::{get_one, open};
use crate::object::LoadError;

/// Rows that are written together.
const BATCH: usize = 4096;

/// What entering a flist took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Holding {
    /// Rows that were written.
    pub rows: u64,
    /// Objects that were read.
    pub read: u64,
}

/// Notes that `owner` holds the flist whose manifest is `flist`, with all below. See [`hold`].
pub fn hold_flist(
    store: &dyn Membership,
    owner: Owner,
    flist: ChunkId,
    broken: &mut dyn FnMut(LoadError) -> Result<(), LoadError>,
) -> Result<Holding, LoadError> {
    hold(store, owner, &[Reference { kind: Kind::Manifest, id: flist }], broken)
}

/// Notes that `owner` holds these objects, with all below.
///
/// Of an object that is missing or damaged, `broken` is told: if it answers with an error, the walk ends
/// with that; otherwise it goes on, and leaves out what is not whole.
pub fn hold(
    store: &dyn Membership,
    owner: Owner,
    objects: &[Reference],
    broken: &mut dyn FnMut(LoadError) -> Result<(), LoadError>,
) -> Result<Holding, LoadError> {
    let (done, ready, report) = (HashMap::new(), Vec::new(), Holding::default());
    let mut walk = Walk { store, owner, done, ready, report };
    for references in objects.chunks(BATCH) {
        for reference in walk.not_held(references.to_vec())? {
            walk.with_all_below(reference, broken)?;
        }
    }
    walk.write()?;
    Ok(walk.report)
}

/// An object whose row waits for those below it.
struct Node {
    reference: Reference,
    /// What of it is to be walked still: nothing that is held, and no chunks.
    below: Vec<Reference>,
    /// Whether everything below was found.
    whole: bool,
}

struct Walk<'a> {
    store: &'a dyn Membership,
    owner: Owner,
    /// Objects that were walked, and whether they are whole. A tree can name one of them very often.
    done: HashMap<ChunkId, bool>,
    /// Rows to be written, in order.
    ready: Vec<Reference>,
    report: Holding,
}

impl Walk<'_> {
    /// Walks what is below an object, then the object. A chunk has nothing below it.
    fn with_all_below(
        &mut self,
        object: Reference,
        broken: &mut dyn FnMut(LoadError) -> Result<(), LoadError>,
    ) -> Result<(), LoadError> {
        if object.kind == Kind::Content {
            self.ready.push(object);
            return if self.ready.len() >= BATCH { self.write() } else { Ok(()) };
        }
        let mut stack = vec![self.enter(object, broken)?];
        while let Some(node) = stack.last_mut() {
            if let Some(next) = node.below.pop() {
                match self.done.get(&next.id) {
                    Some(whole) => node.whole &= whole,
                    None => stack.push(self.enter(next, broken)?),
                }
            } else if let Some(node) = stack.pop() {
                self.leave(&node, stack.last_mut())?;
            }
        }
        Ok(())
    }

    /// Opens an object: its chunks are next, and what else it names comes before itself.
    fn enter(
        &mut self,
        reference: Reference,
        broken: &mut dyn FnMut(LoadError) -> Result<(), LoadError>,
    ) -> Result<Node, LoadError> {
        let mut below = Vec::new();
        let (before, ready) = (self.ready.len(), &mut self.ready);
        let found = open(reference, get_one(self.store, reference.id), |mention| {
            let reference = mention.reference;
            let list = if reference.kind == Kind::Content { &mut *ready } else { &mut below };
            // What is named again and again mostly comes in a row.
            if list.last() != Some(&reference) {
                list.push(reference);
            }
        });
        self.report.read += 1;
        let whole = found.is_ok();
        if let Err(error) = found {
            self.ready.truncate(before);
            of_the_object(error).and_then(broken)?;
        } else {
            below = self.not_held(below)?;
        }
        if self.ready.len() >= BATCH {
            self.write()?;
        }
        Ok(Node { reference, below, whole })
    }

    /// Ends an object: its row may be written, if all below is there.
    fn leave(&mut self, node: &Node, above: Option<&mut Node>) -> Result<(), LoadError> {
        self.done.insert(node.reference.id, node.whole);
        if node.whole {
            self.ready.push(node.reference);
        } else if let Some(above) = above {
            above.whole = false;
        }
        if self.ready.len() >= BATCH { self.write() } else { Ok(()) }
    }

    fn not_held(&self, references: Vec<Reference>) -> Result<Vec<Reference>, LoadError> {
        if references.is_empty() {
            return Ok(references);
        }
        let ids: Vec<ChunkId> = references.iter().map(|reference| reference.id).collect();
        let held = self.store.held(self.owner, &ids)?;
        let open = references.into_iter().zip(held).filter(|(_, held)| !held);
        Ok(open.map(|(reference, _)| reference).collect())
    }

    /// Writes the rows that are ready. Of chunks it was not asked yet whether they are held.
    fn write(&mut self) -> Result<(), LoadError> {
        let mut ready = std::mem::take(&mut self.ready);
        let mut once = HashSet::with_capacity(ready.len());
        ready.retain(|reference| once.insert(reference.id));
        let chunks = ready.iter().filter(|reference| reference.kind == Kind::Content);
        let chunks: Vec<ChunkId> = chunks.map(|reference| reference.id).collect();
        let mut held = self.store.held(self.owner, &chunks)?.into_iter();
        let mut new = |reference: &&Reference| {
            reference.kind != Kind::Content || !held.next().unwrap_or(false)
        };
        let rows: Vec<ChunkId> = ready.iter().filter(&mut new).map(|one| one.id).collect();
        self.report.rows += rows.len() as u64;
        Ok(self.store.hold(self.owner, &rows)?)
    }
}

/// An error as the object's own, of which a walk over many flists may make little; or as the store's,
/// which ends it.
fn of_the_object(error: LoadError) -> Result<LoadError, LoadError> {
    match error {
        LoadError::Store(StoreError::Corrupt { .. }) => Ok(error),
        LoadError::Store(_) => Err(error),
        error => Ok(error),
    }
}

//! Who holds these ids: the flists, and the paths in them, that a stored object is part of. It answers
//! "why is this chunk kept" and "whom does this damage touch".

use std::collections::{BTreeMap, HashSet};

use flisthub_storage::{ChunkId, ChunkStore, Kind, Monitor, Progress, Reference};

use crate::graph::{GraphError, get_one, of_the_object, open};
use crate::name::{EntryName, TreePath};
use crate::object::LoadError;

/// What an object is to a flist.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Its manifest.
    Manifest,
    /// Its links object, or a part of that.
    Links,
    /// The directory at this path, or a part of it.
    Directory(TreePath),
    /// A piece of the file at this path: a chunk, or a part of its list of chunks.
    File(TreePath),
}

/// One use of an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holder {
    /// Id of the flist.
    pub flist: ChunkId,
    /// Where in it.
    pub place: Place,
}

/// Who holds one id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeldBy {
    /// The first of its holders, each once, in the order of the flists and of the walk through each.
    pub holders: Vec<Holder>,
    /// Whether there are more.
    pub more: bool,
}

/// Who holds the ids that were asked for.
#[derive(Debug, Default)]
pub struct Holders {
    /// Every id that was asked for; one that nobody holds has no holders.
    pub held: BTreeMap<ChunkId, HeldBy>,
    /// Objects on the way that are missing or cannot be read, asked for or not. Whoever holds something
    /// below one of them is not found.
    pub unreadable: BTreeMap<ChunkId, LoadError>,
}

/// Finds for each of `wanted` at most `most` places that use it, in the flists whose manifests are
/// `flists`. The ids may be of any kind, and need not be in the store.
///
/// An object below which nothing is left to find is read once over all flists; only the others are
/// walked again wherever they stand. The walk ends early when every id has more holders than asked for.
///
/// Memory: at most about 80 bytes for each distinct object that is no chunk, the holders, and the
/// subdirectories of the directories above the one that is being read.
pub fn find_holders(
    store: &dyn ChunkStore,
    flists: &[ChunkId],
    wanted: &[ChunkId],
    most: usize,
    monitor: &dyn Monitor,
) -> Result<Holders, GraphError> {
    let mut found = Holders::default();
    found.held.extend(wanted.iter().map(|id| (*id, HeldBy::default())));
    let left = found.held.len();
    let mut search = Search { store, most, found, left, clean: HashSet::new(), read: 0 };
    for flist in flists {
        if search.left == 0 {
            break;
        }
        search.flist(*flist, monitor)?;
    }
    Ok(search.found)
}

struct Search<'a> {
    store: &'a dyn ChunkStore,
    most: usize,
    found: Holders,
    /// How many ids may still get a holder.
    left: usize,
    /// Objects below which there is nothing left to find, or that cannot be read.
    clean: HashSet<Reference>,
    /// How many objects have been read.
    read: u64,
}

/// An object that is being walked.
struct Open {
    reference: Reference,
    /// The directory or file that it is a part of.
    path: TreePath,
    /// The objects that it names, chunks not among them, with the name of the entry that does.
    children: std::vec::IntoIter<(Option<EntryName>, Reference)>,
    /// Whether something was found below it that may get more holders elsewhere.
    holds: bool,
}

impl Search<'_> {
    fn flist(&mut self, flist: ChunkId, monitor: &dyn Monitor) -> Result<(), GraphError> {
        let manifest = Reference { kind: Kind::Manifest, id: flist };
        self.note(flist, manifest, || TreePath::ROOT);
        if self.clean.contains(&manifest) {
            return Ok(());
        }
        let mut stack = vec![self.open(flist, manifest, TreePath::ROOT)?];
        while let Some(open) = stack.last_mut() {
            if self.left == 0 {
                return Ok(());
            }
            match open.children.next() {
                Some((_, child)) if self.clean.contains(&child) => {}
                Some((name, child)) => {
                    if monitor.cancelled() {
                        return Err(GraphError::Cancelled);
                    }
                    monitor.progress(Progress { phase: "holders", done: self.read, total: None });
                    let path = below(&open.path, name.as_ref());
                    stack.push(self.open(flist, child, path)?);
                }
                None => {
                    let Some(done) = stack.pop() else { break };
                    if !done.holds {
                        self.clean.insert(done.reference);
                    } else if let Some(above) = stack.last_mut() {
                        above.holds = true;
                    }
                }
            }
        }
        Ok(())
    }

    /// Reads an object and notes what it names.
    fn open(
        &mut self,
        flist: ChunkId,
        reference: Reference,
        path: TreePath,
    ) -> Result<Open, GraphError> {
        self.read += 1;
        let object = get_one(self.store, reference.id);
        let mut children = Vec::new();
        let mut holds = false;
        let opened = open(reference, object, |mention| {
            holds |= self.note(flist, mention.reference, || below(&path, mention.name));
            if mention.reference.kind != Kind::Content && !self.clean.contains(&mention.reference) {
                children.push((mention.name.cloned(), mention.reference));
            }
        });
        if let Err(error) = opened {
            self.found.unreadable.insert(reference.id, of_the_object(error)?);
        }
        Ok(Open { reference, path, children: children.into_iter(), holds })
    }

    /// Notes that the flist uses an object, if somebody wants to know; says whether its other uses are
    /// still wanted.
    fn note(
        &mut self,
        flist: ChunkId,
        reference: Reference,
        path: impl FnOnce() -> TreePath,
    ) -> bool {
        let Some(held) = self.found.held.get_mut(&reference.id) else { return false };
        if held.more {
            return false;
        }
        let place = match reference.kind {
            Kind::Manifest => Place::Manifest,
            Kind::Links => Place::Links,
            Kind::Directory => Place::Directory(path()),
            Kind::List | Kind::Content => Place::File(path()),
        };
        let holder = Holder { flist, place };
        if held.holders.contains(&holder) {
            return true;
        }
        if held.holders.len() < self.most {
            held.holders.push(holder);
            return true;
        }
        held.more = true;
        self.left -= 1;
        false
    }
}

/// The path of an entry in a directory; the directory's own where there is no name.
fn below(path: &TreePath, name: Option<&EntryName>) -> TreePath {
    name.map_or_else(|| path.clone(), |name| path.join(name))
}

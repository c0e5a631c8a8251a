//! Reading trees: one path, one directory, all of it. Loads only what is asked for.

use flisthub_storage::{ChunkId, Kind};

use crate::directory::Directory;
use crate::entry::{Content, Entry, Metadata, Pieces, Totals};
use crate::list::List;
use crate::manifest::Manifest;
use crate::name::{MAX_DEPTH, MAX_PATH, TreePath};
use crate::nested::{MAX_NESTING, NestedIter};
use crate::object::{Directories, LoadError, load_one};

/// A tree: its root, of which everything else can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// Id of the root directory object.
    pub root: ChunkId,
    /// The root's own metadata.
    pub metadata: Metadata,
    /// What stands below the root.
    pub totals: Totals,
}

impl Tree {
    /// The tree of a manifest.
    pub fn of(manifest: &Manifest) -> Self {
        let Manifest { root, metadata, totals, .. } = manifest;
        Self { root: *root, metadata: metadata.clone(), totals: *totals }
    }

    /// Loads a flist's manifest and gives its tree.
    pub fn open(
        directories: &(impl Directories + ?Sized),
        manifest: ChunkId,
    ) -> Result<Self, LoadError> {
        Manifest::load(directories, manifest).map(|manifest| Self::of(&manifest))
    }

    /// The entry at `path`, found by loading one object a part of it (a few more where a directory is
    /// large). `None` if nothing is there, and for the root, which is no entry. No symbolic link is
    /// followed.
    pub fn lookup(
        &self,
        directories: &(impl Directories + ?Sized),
        path: &TreePath,
    ) -> Result<Option<Entry>, LoadError> {
        let mut directory = Some(self.root);
        let mut found = None;
        for name in path.names() {
            let Some(id) = directory else { return Ok(None) };
            let Some(entry) = find(directories, id, name)? else {
                return Ok(None);
            };
            directory = match &entry.content {
                Content::Directory { id, .. } => Some(*id),
                _ => None,
            };
            found = Some(entry);
        }
        Ok(found)
    }

    /// Every entry with its path: each directory before what stands in it, names in order. The root
    /// itself does not come.
    pub fn walk<'a, D: Directories + ?Sized>(&self, directories: &'a D) -> Walk<'a, D> {
        let root = directory_entries(directories, self.root);
        Walk { directories, stack: vec![(TreePath::ROOT, root)] }
    }
}

/// Finds one name in a directory.
fn find(
    directories: &(impl Directories + ?Sized),
    mut id: ChunkId,
    name: &[u8],
) -> Result<Option<Entry>, LoadError> {
    for _ in 0..MAX_NESTING {
        match load_one(directories, Kind::Directory, id, Directory::decode)? {
            Directory::Leaf(mut entries) => {
                let at = entries.binary_search_by(|entry| entry.name.as_bytes().cmp(name));
                return Ok(at.ok().map(|index| entries.swap_remove(index)));
            }
            Directory::Node(parts) => {
                let at = parts.partition_point(|part| part.last.as_bytes() < name);
                match parts.get(at) {
                    Some(part) => id = part.id,
                    None => return Ok(None),
                }
            }
        }
    }
    Err(LoadError::Inconsistent { id, what: "parts are nested too deep" })
}

/// The entries of one directory, in order.
pub type Entries<'a, D> = NestedIter<'a, D, Directory>;

/// The pieces of one file, in order.
pub type PieceIter<'a, D> = NestedIter<'a, D, List>;

/// The entries of the directory whose topmost object is `id`.
pub fn directory_entries<D: Directories + ?Sized>(directories: &D, id: ChunkId) -> Entries<'_, D> {
    Entries::below(directories, id)
}

/// The pieces of a file, wherever they stand.
pub fn pieces<'a, D: Directories + ?Sized>(
    directories: &'a D,
    pieces: &Pieces,
) -> PieceIter<'a, D> {
    match pieces {
        Pieces::Inline(pieces) => PieceIter::of(directories, pieces.clone()),
        Pieces::List { id, .. } => PieceIter::below(directories, *id),
    }
}

/// Every entry of a tree with its path. Ends after an error.
pub struct Walk<'a, D: ?Sized> {
    directories: &'a D,
    stack: Vec<(TreePath, Entries<'a, D>)>,
}

impl<D: Directories + ?Sized> Iterator for Walk<'_, D> {
    type Item = Result<(TreePath, Entry), LoadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let depth = self.stack.len();
            let (above, entries) = self.stack.last_mut()?;
            let entry = match entries.next() {
                None => {
                    self.stack.pop();
                    continue;
                }
                Some(Err(error)) => {
                    self.stack.clear();
                    return Some(Err(error));
                }
                Some(Ok(entry)) => entry,
            };
            let path = above.join(&entry.name);
            if let Content::Directory { id, .. } = entry.content {
                if depth >= MAX_DEPTH || path.as_bytes().len() >= MAX_PATH {
                    self.stack.clear();
                    let what = "the tree is deeper than a path can be";
                    return Some(Err(LoadError::Inconsistent { id, what }));
                }
                let below = directory_entries(self.directories, id);
                self.stack.push((path.clone(), below));
            }
            return Some(Ok((path, entry)));
        }
    }
}

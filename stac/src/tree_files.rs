//! The files of a flist's tree that metadata is in, or speaks of. Symbolic links are followed within the tree.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use flisthub_flist::{
    Content, Decoded, Directory, File, FollowError, List, LoadError, Piece, Reached, Tree,
    TreePath, follow, pieces,
};
use flisthub_storage::{ChunkId, ChunkStore};

/// How much may be looked at to follow paths, of one item: a publisher says how many paths there are, how deep, and how
/// many links are on the way.
const MAX_LOOKS: u32 = 200_000;

/// What an object counts that must be loaded.
const LOADED: u32 = 20;

/// Directories that are kept.
const MAX_KEPT: usize = 64;

/// A tree, and where its objects are.
pub(super) struct TreeFiles<'a> {
    /// Where its objects are.
    pub(super) store: &'a dyn ChunkStore,
    /// The tree.
    pub(super) tree: Tree,
    /// Directories that were on the way of paths: many assets are in one.
    kept: RefCell<HashMap<ChunkId, Arc<Directory>>>,
    /// How much may still be looked at.
    left: Cell<u32>,
}

/// Why a path is not followed to its end.
pub(super) enum Stopped {
    /// An object cannot be read.
    Load(LoadError),
    /// Enough was looked at.
    Spent,
}

impl From<LoadError> for Stopped {
    fn from(error: LoadError) -> Self {
        Self::Load(error)
    }
}

/// The beginning of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Read {
    /// At most as many bytes as were asked for.
    pub(super) bytes: Vec<u8>,
    /// Whether that is all of it.
    pub(super) whole: bool,
}

impl Decoded for TreeFiles<'_> {
    type Error = Stopped;

    fn directory(&self, id: ChunkId) -> Result<Arc<Directory>, Stopped> {
        self.take(1)?;
        if let Some(known) = self.kept.borrow().get(&id) {
            return Ok(Arc::clone(known));
        }
        self.take(LOADED)?;
        let loaded = Directory::load(self.store, id).map(Arc::new)?;
        let mut kept = self.kept.borrow_mut();
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(id, Arc::clone(&loaded));
        Ok(loaded)
    }

    fn list(&self, id: ChunkId) -> Result<Arc<List>, Stopped> {
        self.take(LOADED)?;
        Ok(List::load(self.store, id).map(Arc::new)?)
    }
}

impl<'a> TreeFiles<'a> {
    /// The tree of a flist.
    pub(super) fn open(store: &'a dyn ChunkStore, manifest: ChunkId) -> Result<Self, LoadError> {
        let tree = Tree::open(store, manifest)?;
        Ok(Self { store, tree, kept: RefCell::default(), left: Cell::new(MAX_LOOKS) })
    }

    fn take(&self, looks: u32) -> Result<(), Stopped> {
        self.left.set(self.left.get().saturating_sub(looks));
        if self.are_spent() { Err(Stopped::Spent) } else { Ok(()) }
    }

    /// Whether so much was looked at that no path is followed any more.
    pub(super) fn are_spent(&self) -> bool {
        self.left.get() == 0
    }

    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.tree.totals.entries == 0
    }

    /// The regular file that a path leads to. `None` if there is none, or enough was looked at.
    pub(super) fn file(&self, path: &TreePath) -> Result<Option<File>, LoadError> {
        match follow(self, self.tree.root, path) {
            Ok(Reached { entry: Some(entry), .. }) => Ok(match entry.content {
                Content::File { size, pieces } => Some(File { size, pieces }),
                _ => None,
            }),
            Err(FollowError::Source(Stopped::Load(error))) => Err(error),
            Ok(_) | Err(_) => Ok(None),
        }
    }

    /// At most `most` bytes of the file at a path.
    pub(super) fn read(&self, path: &str, most: usize) -> Result<Option<Read>, LoadError> {
        let Ok(path) = TreePath::parse(path.as_bytes()) else { return Ok(None) };
        let Some(file) = self.file(&path)? else { return Ok(None) };
        let mut bytes = Vec::new();
        for piece in pieces(self.store, &file.pieces) {
            match piece? {
                Piece::Chunk { id, .. } => {
                    let found = self.store.get(&[id])?.pop().flatten();
                    let chunk = found.ok_or_else(|| LoadError::Missing(vec![id]))?;
                    bytes.extend_from_slice(chunk.bytes());
                }
                Piece::Hole { length } => {
                    let length = usize::try_from(length).unwrap_or(usize::MAX).min(most);
                    bytes.resize(bytes.len().saturating_add(length), 0);
                }
            }
            if bytes.len() > most {
                break;
            }
        }
        bytes.truncate(most);
        let whole = u64::try_from(most).is_ok_and(|most| file.size <= most);
        Ok(Some(Read { bytes, whole }))
    }
}

//! From a path to the entry that a reader of it means: symbolic links are followed, within the tree.
//!
//! The tree's root is the root of every link: an absolute target starts there, and `..` in it stays
//! there. So nothing outside of the tree can be named.

use std::sync::Arc;

use flisthub_storage::ChunkId;

use crate::decoded::Decoded;
use crate::directory::Directory;
use crate::entry::{Content, Entry};
use crate::name::{EntryName, MAX_DEPTH, TreePath};
use crate::nested::MAX_NESTING;
use crate::object::LoadError;

/// The most links that one path may lead through, as in Linux.
pub const MAX_LINKS: usize = 40;

/// The most parts, those of links' targets included, that are walked for one path: four times what a path
/// can have. A target can have 2,000 of them, and each of 40 links could lead through them all.
const MAX_PARTS: usize = 4 * MAX_DEPTH;

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// Where it is: the path itself, unless it led through links.
    pub path: TreePath,
    /// The entry there, never a symbolic link; `None` for the root, which is no entry.
    pub entry: Option<Entry>,
}

/// Why a path leads nowhere.
#[derive(Debug, thiserror::Error)]
pub enum FollowError<E> {
    /// Nothing is there. After a link this is where the link leads.
    #[error("nothing is at {0}")]
    Absent(TreePath),
    /// Something is there, but nothing can be below it.
    #[error("{0} is no directory")]
    NotADirectory(TreePath),
    /// The links lead in a circle, or through too many others.
    #[error("{0} leads through more than 40 symbolic links, or through very long ones")]
    TooManyLinks(TreePath),
    /// An object could not be had.
    #[error(transparent)]
    Source(#[from] E),
}

/// Finds what `path` leads to in the tree whose root directory is `root`. Reads one object for each
/// part of the path, and a few more where a directory is large.
pub fn follow<S: Decoded>(
    source: &S,
    root: ChunkId,
    path: &TreePath,
) -> Result<Reached, FollowError<S::Error>> {
    let mut walk = Walker { source, root, above: Vec::new(), path: TreePath::ROOT, links: 0 };
    // What is still to be walked, the next part last.
    let mut ahead: Vec<Vec<u8>> = Vec::new();
    push_parts(&mut ahead, path.as_bytes());
    let mut reached: Option<Spot> = None;
    let mut walked = 0_usize;
    while let Some(part) = ahead.pop() {
        if reached.as_ref().and_then(Spot::entry).is_some_and(|entry| !is_directory(entry)) {
            return Err(FollowError::NotADirectory(walk.path));
        }
        walked += 1;
        if walked > MAX_PARTS {
            return Err(FollowError::TooManyLinks(path.clone()));
        }
        match part.as_slice() {
            b"" | b"." => {}
            b".." => {
                walk.leave();
                reached = None;
            }
            name => match walk.enter(name)? {
                Step::Reached(spot) => reached = Some(spot),
                Step::Link(target) => {
                    if target.first() == Some(&b'/') {
                        walk.restart();
                        reached = None;
                    }
                    push_parts(&mut ahead, &target);
                }
            },
        }
    }
    // After `..` the entry of the directory is not at hand any more.
    match (reached, walk.path.is_root()) {
        (None, false) => follow(source, root, &walk.path),
        (spot, _) => {
            let entry = spot.as_ref().and_then(Spot::entry).cloned();
            Ok(Reached { path: walk.path, entry })
        }
    }
}

/// Puts the parts of a path in front of what is still to be walked.
fn push_parts(ahead: &mut Vec<Vec<u8>>, path: &[u8]) {
    ahead.extend(path.split(|byte| *byte == b'/').rev().map(<[u8]>::to_vec));
}

fn is_directory(entry: &Entry) -> bool {
    matches!(entry.content, Content::Directory { .. })
}

/// An entry where it stands. An entry can be large, and a walk looks at many.
struct Spot {
    directory: Arc<Directory>,
    index: usize,
}

impl Spot {
    fn entry(&self) -> Option<&Entry> {
        match &*self.directory {
            Directory::Leaf(entries) => entries.get(self.index),
            Directory::Node(_) => None,
        }
    }
}

/// Where a walk is.
struct Walker<'a, S> {
    source: &'a S,
    root: ChunkId,
    /// The directories below the root that `path` goes through.
    above: Vec<ChunkId>,
    path: TreePath,
    links: usize,
}

/// What a name leads to.
enum Step {
    Reached(Spot),
    /// Its target; the walk is still in the directory where the link stands.
    Link(Vec<u8>),
}

impl<S: Decoded> Walker<'_, S> {
    fn enter(&mut self, name: &[u8]) -> Result<Step, FollowError<S::Error>> {
        // What no entry can be called is the name of nothing.
        let parsed = EntryName::new(name).map_err(|_| FollowError::Absent(self.path.clone()))?;
        let path = self.path.join(&parsed);
        let directory = self.above.last().copied().unwrap_or(self.root);
        let spot = find(self.source, directory, name)?;
        let Some((spot, entry)) = spot.as_ref().and_then(|spot| Some((spot, spot.entry()?))) else {
            return Err(FollowError::Absent(path));
        };
        match &entry.content {
            Content::Symlink { .. } if self.links >= MAX_LINKS => {
                return Err(FollowError::TooManyLinks(path));
            }
            Content::Symlink { target } => {
                self.links += 1;
                return Ok(Step::Link(target.clone()));
            }
            Content::Directory { id, .. } => self.above.push(*id),
            _ => {}
        }
        self.path = path;
        Ok(Step::Reached(Spot { directory: Arc::clone(&spot.directory), index: spot.index }))
    }

    /// Goes to the directory above; the root is above itself.
    fn leave(&mut self) {
        self.above.pop();
        self.path = self.path.split_last().map_or(TreePath::ROOT, |(above, _)| above);
    }

    fn restart(&mut self) {
        self.above.clear();
        self.path = TreePath::ROOT;
    }
}

/// Finds one name in a directory.
fn find<S: Decoded>(source: &S, mut id: ChunkId, name: &[u8]) -> Result<Option<Spot>, S::Error> {
    for _ in 0..MAX_NESTING {
        let directory = source.directory(id)?;
        match &*directory {
            Directory::Leaf(entries) => {
                let at = entries.binary_search_by(|entry| entry.name.as_bytes().cmp(name));
                let directory = Arc::clone(&directory);
                return Ok(at.ok().map(|index| Spot { directory, index }));
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
    Err(LoadError::Inconsistent { id, what: "parts are nested too deep" }.into())
}

//! What differs between two flists, path by path: pure, lazy, one directory of each at a time.
//!
//! Directories that are the same object in both are not opened, nor are the parts of large ones that both
//! have, so the work grows with what differs. `pair` reads two directories side by side, `change` says in
//! what two entries differ, `relinked` which hard links changed. What a manifest says beside its tree is no
//! matter of this module.

mod change;
mod pair;
mod relinked;

use flisthub_storage::ChunkId;

use crate::entry::{Content, Entry};
use crate::manifest::Manifest;
use crate::name::{MAX_DEPTH, MAX_PATH, TreePath};
use crate::object::{Directories, LoadError};
use crate::tree::{Entries, directory_entries};
use change::aspects;
pub use change::{Aspect, Change, State};
use pair::Pair;
use relinked::Relinked;

/// How many changes there were so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    /// Paths that only the second flist has.
    pub added: u64,
    /// Paths that only the first one has.
    pub removed: u64,
    /// Paths that both have, with something different there.
    pub changed: u64,
}

/// The changes between two flists: each directory before what stands in it, names in order. What stands in
/// a directory that only one of them has comes entry by entry. Ends after an error.
pub struct Diff<'a, D: ?Sized> {
    directories: &'a D,
    relinked: Relinked,
    stack: Vec<Frame<'a, D>>,
    /// The root itself, if it differs.
    root: Option<Change>,
    changes: Changes,
}

/// A directory that is being read.
struct Frame<'a, D: ?Sized> {
    path: TreePath,
    reading: Reading<'a, D>,
}

enum Reading<'a, D: ?Sized> {
    /// Both have one there.
    Both(Box<Pair>),
    /// Only the second one.
    Added(Entries<'a, D>),
    /// Only the first one.
    Removed(Entries<'a, D>),
}

/// A path and what each flist has there.
type Place = (TreePath, [Option<State>; 2]);

/// The changes from the flist whose manifest is `from` to that whose manifest is `to`. Takes the order and
/// form of their objects as said: both must have been verified.
pub fn diff<D: Directories + ?Sized>(
    directories: &D,
    from: ChunkId,
    to: ChunkId,
) -> Result<Diff<'_, D>, LoadError> {
    let from = Manifest::load(directories, from)?;
    let to = Manifest::load(directories, to)?;
    let relinked = Relinked::between(directories, &from, &to)?;
    let mut diff =
        Diff { directories, relinked, stack: Vec::new(), root: None, changes: Changes::default() };
    let roots = [&from, &to].map(|manifest| State {
        metadata: manifest.metadata.clone(),
        content: Content::Directory { id: manifest.root, totals: manifest.totals },
    });
    diff.root = diff.step(TreePath::ROOT, roots.map(Some))?;
    Ok(diff)
}

impl<D: ?Sized> Diff<'_, D> {
    /// How many changes have come.
    pub fn changes(&self) -> Changes {
        self.changes
    }
}

impl<D: Directories + ?Sized> Diff<'_, D> {
    /// The next name below the directory that is being read, with what both have there; `None` when the
    /// directory is at its end.
    fn row(&mut self) -> Option<Result<Option<Place>, LoadError>> {
        let Frame { path, reading } = self.stack.last_mut()?;
        let row = match reading {
            Reading::Both(pair) => pair.next(self.directories),
            Reading::Added(entries) => {
                entries.next().transpose().map(|entry| entry.map(|entry| [None, Some(entry)]))
            }
            Reading::Removed(entries) => {
                entries.next().transpose().map(|entry| entry.map(|entry| [Some(entry), None]))
            }
        };
        let named = |row: [Option<Entry>; 2]| {
            let name = row.iter().flatten().map(|entry| path.join(&entry.name)).next();
            let state = |Entry { metadata, content, .. }| State { metadata, content };
            name.map(|path| (path, row.map(|entry| entry.map(state))))
        };
        Some(row.map(|row| row.and_then(named)))
    }

    /// Looks at one path: goes on below it where there is something, and tells what differs there.
    fn step(
        &mut self,
        path: TreePath,
        states: [Option<State>; 2],
    ) -> Result<Option<Change>, LoadError> {
        self.enter(&path, &states)?;
        let [before, after] = states;
        let mut found = Vec::new();
        match (&before, &after) {
            (Some(before), Some(after)) => {
                found = aspects(before, after);
                found.extend(self.relinked.at(&path).then_some(Aspect::Links));
                if found.is_empty() {
                    return Ok(None);
                }
                self.changes.changed += 1;
            }
            (None, _) => self.changes.added += 1,
            (_, None) => self.changes.removed += 1,
        }
        Ok(Some(Change { path, before, after, aspects: found }))
    }

    /// Goes into the directories at a path, unless they are the same.
    fn enter(&mut self, path: &TreePath, states: &[Option<State>; 2]) -> Result<(), LoadError> {
        let directories = states.each_ref().map(|state| match state.as_ref()?.content {
            Content::Directory { id, .. } => Some(id),
            _ => None,
        });
        let reading = match directories {
            [None, None] => return Ok(()),
            [Some(before), Some(after)] => {
                let all = self.relinked.below(path);
                if before == after && !all {
                    return Ok(());
                }
                Reading::Both(Box::new(Pair::of([before, after], all)))
            }
            [None, Some(id)] => Reading::Added(directory_entries(self.directories, id)),
            [Some(id), None] => Reading::Removed(directory_entries(self.directories, id)),
        };
        if let Some(id) = directories.into_iter().flatten().next()
            && (self.stack.len() > MAX_DEPTH || path.as_bytes().len() >= MAX_PATH)
        {
            let what = "the tree is deeper than a path can be";
            return Err(LoadError::Inconsistent { id, what });
        }
        self.stack.push(Frame { path: path.clone(), reading });
        Ok(())
    }
}

impl<D: Directories + ?Sized> Iterator for Diff<'_, D> {
    type Item = Result<Change, LoadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(root) = self.root.take() {
            return Some(Ok(root));
        }
        loop {
            let stepped = match self.row()? {
                Ok(Some((path, states))) => self.step(path, states),
                Ok(None) => {
                    self.stack.pop();
                    continue;
                }
                Err(error) => Err(error),
            };
            match stepped {
                Ok(None) => {}
                Ok(Some(change)) => return Some(Ok(change)),
                Err(error) => {
                    self.stack.clear();
                    return Some(Err(error));
                }
            }
        }
    }
}

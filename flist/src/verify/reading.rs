//! Reading a directory that is being checked: its entries in order, and, of one in parts, which part comes
//! next before it is opened.

use flisthub_storage::{ChunkId, ChunkStore, Kind};

use crate::directory::{Directory, DirectoryPart};
use crate::entry::Entry;
use crate::nested::MAX_NESTING;
use crate::object::{LoadError, load_one};

/// What comes next of a directory.
pub(super) enum Step {
    Entry(Entry),
    /// A part that was not opened.
    Known(DirectoryPart),
}

/// A directory that is read from its first name to its last.
pub(super) struct Reading<'a> {
    store: &'a dyn ChunkStore,
    nodes: Vec<std::vec::IntoIter<DirectoryPart>>,
    leaf: std::vec::IntoIter<Entry>,
    top: Option<ChunkId>,
}

impl<'a> Reading<'a> {
    pub(super) fn of(store: &'a dyn ChunkStore, id: ChunkId) -> Self {
        Self { store, nodes: Vec::new(), leaf: Vec::new().into_iter(), top: Some(id) }
    }

    /// The next entry, or the next part that `known` says need not be opened: it is asked of each part,
    /// with the part that follows it in the same node. `None` at the end.
    pub(super) fn next(
        &mut self,
        mut known: impl FnMut(&DirectoryPart, &DirectoryPart) -> bool,
    ) -> Result<Option<Step>, LoadError> {
        loop {
            if let Some(entry) = self.leaf.next() {
                return Ok(Some(Step::Entry(entry)));
            }
            if let Some(top) = self.top.take() {
                self.open(top)?;
                continue;
            }
            let Some(node) = self.nodes.last_mut() else { return Ok(None) };
            let Some(part) = node.next() else {
                self.nodes.pop();
                continue;
            };
            if node.as_slice().first().is_some_and(|next| known(&part, next)) {
                return Ok(Some(Step::Known(part)));
            }
            self.open(part.id)?;
        }
    }

    fn open(&mut self, id: ChunkId) -> Result<(), LoadError> {
        match load_one(self.store, Kind::Directory, id, Directory::decode)? {
            Directory::Leaf(entries) => self.leaf = entries.into_iter(),
            Directory::Node(_) if self.nodes.len() >= MAX_NESTING => {
                return Err(LoadError::Inconsistent { id, what: "parts are nested too deep" });
            }
            Directory::Node(parts) => self.nodes.push(parts.into_iter()),
        }
        Ok(())
    }
}

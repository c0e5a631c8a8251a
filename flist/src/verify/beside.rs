//! A directory of a base, read beside one that is being checked: forward only, and only those parts that
//! something is asked of. A base that cannot be read knows nothing.

use flisthub_storage::{ChunkId, ChunkStore, Kind};

use crate::directory::{Directory, DirectoryPart};
use crate::entry::Entry;
use crate::name::EntryName;
use crate::nested::MAX_NESTING;
use crate::object::load_one;

/// A directory of a base. Names must be asked for in order.
pub(super) struct Beside<'a> {
    store: &'a dyn ChunkStore,
    nodes: Vec<Node>,
    leaf: std::vec::IntoIter<Entry>,
    /// The last name of the part before the next one.
    before: Option<EntryName>,
    top: Option<ChunkId>,
}

struct Node {
    /// Those that were not passed yet.
    parts: std::vec::IntoIter<DirectoryPart>,
    /// Whether its parts are leaves. They are if the first one is: in a directory that is cut as the
    /// format says, all parts of a node but the last are equally deep, and the last is no deeper.
    of_leaves: bool,
}

impl<'a> Beside<'a> {
    pub(super) fn of(store: &'a dyn ChunkStore, id: ChunkId) -> Self {
        let leaf = Vec::new().into_iter();
        Self { store, nodes: Vec::new(), leaf, before: None, top: Some(id) }
    }

    /// What the base has under this name.
    pub(super) fn find(&mut self, name: &EntryName) -> Option<&Entry> {
        self.begin();
        loop {
            let passed = self.leaf.as_slice().partition_point(|entry| entry.name < *name);
            if let Some(last) = passed.checked_sub(1) {
                self.leaf.nth(last);
            }
            if !self.leaf.as_slice().is_empty() {
                break;
            }
            self.go_to(name)?;
            let part = self.nodes.last_mut()?.parts.next()?;
            self.open(part.id)?;
            if !self.leaf.as_slice().is_empty() {
                self.before = Some(part.last);
            }
        }
        self.leaf.as_slice().first().filter(|entry| entry.name == *name)
    }

    /// Whether the base has this part, a leaf, right after the name `after` and right before the part
    /// `next`. Then it is cut as the format says wherever it stands between the same two.
    pub(super) fn has(
        &mut self,
        part: &DirectoryPart,
        after: &EntryName,
        next: &DirectoryPart,
    ) -> bool {
        self.begin();
        loop {
            if self.go_to(&part.last).is_none() {
                return false;
            }
            let Some(node) = self.nodes.last_mut() else { return false };
            if node.of_leaves {
                let here = self.before.as_ref() == Some(after);
                let parts = node.parts.as_slice();
                return here
                    && matches!(parts, [known, follows, ..] if known == part && follows == next);
            }
            let Some(deeper) = node.parts.next() else { return false };
            if self.open(deeper.id).is_none() {
                return false;
            }
        }
    }

    /// Opens the topmost object when something is first asked.
    fn begin(&mut self) {
        if let Some(top) = self.top.take() {
            self.open(top);
        }
    }

    /// Passes all parts that end before `name`; `None` when nothing comes after them.
    fn go_to(&mut self, name: &EntryName) -> Option<()> {
        loop {
            let node = self.nodes.last_mut()?;
            let passed = node.parts.as_slice().partition_point(|part| part.last < *name);
            if let Some(last) = passed.checked_sub(1) {
                self.before = node.parts.nth(last).map(|part| part.last);
            }
            if !node.parts.as_slice().is_empty() {
                return Some(());
            }
            self.nodes.pop();
        }
    }

    /// Opens an object; what cannot be opened ends the whole directory.
    fn open(&mut self, id: ChunkId) -> Option<()> {
        let opened = self.try_open(id);
        if opened.is_none() {
            self.nodes.clear();
        }
        opened
    }

    fn try_open(&mut self, id: ChunkId) -> Option<()> {
        match self.load(id)? {
            Directory::Leaf(entries) => self.leaf = entries.into_iter(),
            Directory::Node(_) if self.nodes.len() >= MAX_NESTING => return None,
            Directory::Node(parts) => {
                let first = self.load(parts.first()?.id)?;
                let of_leaves = matches!(first, Directory::Leaf(_));
                self.nodes.push(Node { parts: parts.into_iter(), of_leaves });
            }
        }
        Some(())
    }

    fn load(&self, id: ChunkId) -> Option<Directory> {
        load_one(self.store, Kind::Directory, id, Directory::decode).ok()
    }
}

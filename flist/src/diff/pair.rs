//! Reading one directory of each of two flists side by side: name by name, who has it. Parts that both have
//! are passed over where they meet.

use flisthub_storage::{ChunkId, Kind};

use crate::directory::Directory;
use crate::entry::Entry;
use crate::name::EntryName;
use crate::nested::MAX_NESTING;
use crate::object::{Directories, LoadError, load_one};

/// Two directories.
pub(super) struct Pair {
    sides: [Side; 2],
    /// Whether parts that both have are to be read too.
    all: bool,
}

/// What the two have under one name.
pub(super) type Row = [Option<Entry>; 2];

/// One directory that is being read.
struct Side {
    /// The object to open next is the first that is left of the last of these.
    nodes: Vec<std::vec::IntoIter<ChunkId>>,
    leaf: std::iter::Peekable<std::vec::IntoIter<Entry>>,
    /// The name that came last.
    last: Option<EntryName>,
    top: ChunkId,
}

impl Pair {
    /// `all` says that what is the same in both is wanted as well.
    pub(super) fn of(directories: [ChunkId; 2], all: bool) -> Self {
        let side = |top| {
            let nodes = vec![vec![top].into_iter()];
            Side { nodes, leaf: Vec::new().into_iter().peekable(), last: None, top }
        };
        Self { sides: directories.map(side), all }
    }

    /// The next name in order; `None` at the end.
    pub(super) fn next(
        &mut self,
        directories: &(impl Directories + ?Sized),
    ) -> Result<Option<Row>, LoadError> {
        self.fill(directories)?;
        let [one, other] = &mut self.sides;
        let order = match (one.leaf.peek(), other.leaf.peek()) {
            (None, None) => return Ok(None),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(one), Some(other)) => one.name.cmp(&other.name),
        };
        let before = if order.is_le() { one.take()? } else { None };
        let after = if order.is_ge() { other.take()? } else { None };
        Ok(Some([before, after]))
    }

    /// Opens objects until each side has an entry at hand or is at its end.
    fn fill(&mut self, directories: &(impl Directories + ?Sized)) -> Result<(), LoadError> {
        loop {
            let [one, other] = &mut self.sides;
            let empty = [one.leaf.peek().is_none(), other.leaf.peek().is_none()];
            if empty == [true, true] && !self.all {
                let next = one.peek_object();
                if next.is_some() && next == other.peek_object() {
                    one.next_object();
                    other.next_object();
                    continue;
                }
            }
            let mut opened = false;
            for (side, empty) in self.sides.iter_mut().zip(empty) {
                if empty && let Some(id) = side.next_object() {
                    side.open(directories, id)?;
                    opened = true;
                }
            }
            if !opened {
                return Ok(());
            }
        }
    }
}

impl Side {
    fn take(&mut self) -> Result<Option<Entry>, LoadError> {
        let entry = self.leaf.next();
        let name = entry.as_ref().map(|entry| entry.name.clone());
        // Within a part the decoder has seen to it; a forged directory may have its parts in any order.
        if name.is_some() && self.last >= name {
            let what = "names are not in order";
            return Err(LoadError::Inconsistent { id: self.top, what });
        }
        self.last = name;
        Ok(entry)
    }

    /// The next object to open.
    fn peek_object(&mut self) -> Option<ChunkId> {
        while self.nodes.last().is_some_and(|node| node.as_slice().is_empty()) {
            self.nodes.pop();
        }
        self.nodes.last()?.as_slice().first().copied()
    }

    fn next_object(&mut self) -> Option<ChunkId> {
        self.peek_object()?;
        self.nodes.last_mut()?.next()
    }

    fn open(
        &mut self,
        directories: &(impl Directories + ?Sized),
        id: ChunkId,
    ) -> Result<(), LoadError> {
        match load_one(directories, Kind::Directory, id, Directory::decode)? {
            Directory::Leaf(entries) => self.leaf = entries.into_iter().peekable(),
            Directory::Node(_) if self.nodes.len() > MAX_NESTING => {
                return Err(LoadError::Inconsistent { id, what: "parts are nested too deep" });
            }
            Directory::Node(parts) => {
                let ids: Vec<ChunkId> = parts.into_iter().map(|part| part.id).collect();
                self.nodes.push(ids.into_iter());
            }
        }
        Ok(())
    }
}

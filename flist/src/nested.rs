//! Walking what is cut into parts: a directory's entries or a file's pieces, one object at a time.

use flisthub_storage::{ChunkId, Kind};

use crate::cbor::DecodeError;
use crate::directory::Directory;
use crate::entry::{Entry, Piece};
use crate::list::List;
use crate::object::{Directories, LoadError, load_one};

/// Parts inside parts: more levels than any honest object has.
pub(crate) const MAX_NESTING: usize = 64;

/// What an object holds: members, or parts that hold them.
pub enum Members<M> {
    /// The members themselves.
    Leaf(Vec<M>),
    /// Ids of the parts.
    Node(Vec<ChunkId>),
}

/// An object that is a leaf of members or a node of parts.
pub trait Nested: Sized {
    /// What a leaf holds.
    type Member;
    /// Which kind of object it is.
    const KIND: Kind;

    /// Reads the object's bytes.
    fn decode_members(bytes: &[u8]) -> Result<Members<Self::Member>, DecodeError>;
}

impl Nested for Directory {
    type Member = Entry;
    const KIND: Kind = Kind::Directory;

    fn decode_members(bytes: &[u8]) -> Result<Members<Entry>, DecodeError> {
        Ok(match Self::decode(bytes)? {
            Self::Leaf(entries) => Members::Leaf(entries),
            Self::Node(parts) => Members::Node(parts.into_iter().map(|part| part.id).collect()),
        })
    }
}

impl Nested for List {
    type Member = Piece;
    const KIND: Kind = Kind::List;

    fn decode_members(bytes: &[u8]) -> Result<Members<Piece>, DecodeError> {
        Ok(match Self::decode(bytes)? {
            Self::Leaf(pieces) => Members::Leaf(pieces),
            Self::Node(parts) => Members::Node(parts.into_iter().map(|part| part.id).collect()),
        })
    }
}

/// All members below one object, in order; loads one object at a time and ends after an error.
pub struct NestedIter<'a, D: ?Sized, N: Nested> {
    directories: &'a D,
    nodes: Vec<std::vec::IntoIter<ChunkId>>,
    leaf: std::vec::IntoIter<N::Member>,
    top: Option<ChunkId>,
}

impl<'a, D: Directories + ?Sized, N: Nested> NestedIter<'a, D, N> {
    /// What stands below the object `top`.
    pub(crate) fn below(directories: &'a D, top: ChunkId) -> Self {
        let leaf = Vec::new().into_iter();
        Self { directories, nodes: Vec::new(), leaf, top: Some(top) }
    }

    /// Members that are at hand already.
    pub(crate) fn of(directories: &'a D, members: Vec<N::Member>) -> Self {
        Self { directories, nodes: Vec::new(), leaf: members.into_iter(), top: None }
    }

    /// The next object to open; `None` at the end.
    fn next_object(&mut self) -> Option<ChunkId> {
        if let Some(top) = self.top.take() {
            return Some(top);
        }
        loop {
            match self.nodes.last_mut()?.next() {
                Some(part) => return Some(part),
                None => self.nodes.pop(),
            };
        }
    }

    fn open(&mut self, id: ChunkId) -> Result<(), LoadError> {
        match load_one(self.directories, N::KIND, id, N::decode_members)? {
            Members::Leaf(members) => self.leaf = members.into_iter(),
            Members::Node(_) if self.nodes.len() >= MAX_NESTING => {
                return Err(LoadError::Inconsistent { id, what: "parts are nested too deep" });
            }
            Members::Node(parts) => self.nodes.push(parts.into_iter()),
        }
        Ok(())
    }
}

impl<D: Directories + ?Sized, N: Nested> Iterator for NestedIter<'_, D, N> {
    type Item = Result<N::Member, LoadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(member) = self.leaf.next() {
                return Some(Ok(member));
            }
            let id = self.next_object()?;
            if let Err(error) = self.open(id) {
                self.nodes.clear();
                return Some(Err(error));
            }
        }
    }
}

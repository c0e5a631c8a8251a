//! Beginning in the middle: a file's pieces from a byte on, a directory's entries from a name on. What
//! stands before is skipped by the sums and last names in the nodes, not read.

use std::sync::Arc;

use flisthub_storage::ChunkId;

use crate::decoded::Decoded;
use crate::directory::Directory;
use crate::entry::{Entry, Piece, Pieces};
use crate::list::List;
use crate::nested::MAX_NESTING;
use crate::object::LoadError;

/// A place in the pieces of a file. Holds the few list objects that lead to it and borrows nothing, so
/// it can wait for as long as it takes for the next piece to be wanted.
#[derive(Debug, Clone)]
pub struct PieceCursor {
    /// From the topmost list down, each with the index of its next member.
    lists: Vec<(Arc<List>, usize)>,
}

impl PieceCursor {
    /// The place of the byte `offset`, and how many bytes of the next piece lie before it. Past the end
    /// there is no next piece.
    pub fn seek<S: Decoded>(
        source: &S,
        pieces: &Pieces,
        mut offset: u64,
    ) -> Result<(Self, u64), S::Error> {
        let mut list = match pieces {
            Pieces::Inline(pieces) => Arc::new(List::Leaf(pieces.clone())),
            Pieces::List { id, .. } => source.list(*id)?,
        };
        let mut cursor = Self { lists: Vec::new() };
        loop {
            let below = match &*list {
                List::Leaf(pieces) => {
                    let at = skip(pieces.iter().map(Piece::length), &mut offset);
                    cursor.lists.push((list, at));
                    return Ok((cursor, offset));
                }
                List::Node(parts) => {
                    let at = skip(parts.iter().map(|part| part.size), &mut offset);
                    let below = parts.get(at).map(|part| part.id);
                    cursor.lists.push((Arc::clone(&list), at.saturating_add(1)));
                    below
                }
            };
            match below {
                Some(id) => list = cursor.open(source, id)?,
                None => return Ok((cursor, offset)),
            }
        }
    }

    /// The next piece; `None` at the end. After an error the cursor is of no use any more.
    pub fn next<S: Decoded>(&mut self, source: &S) -> Result<Option<Piece>, S::Error> {
        loop {
            let Some((list, at)) = self.lists.last_mut() else { return Ok(None) };
            let index = *at;
            *at = index.saturating_add(1);
            let below = match &**list {
                List::Leaf(pieces) => match pieces.get(index) {
                    Some(piece) => return Ok(Some(*piece)),
                    None => None,
                },
                List::Node(parts) => parts.get(index).map(|part| part.id),
            };
            match below {
                Some(id) => {
                    let list = self.open(source, id)?;
                    self.lists.push((list, 0));
                }
                None => drop(self.lists.pop()),
            }
        }
    }

    fn open<S: Decoded>(&self, source: &S, id: ChunkId) -> Result<Arc<List>, S::Error> {
        if self.lists.len() >= MAX_NESTING {
            return Err(LoadError::Inconsistent { id, what: "parts are nested too deep" }.into());
        }
        source.list(id)
    }
}

/// How many members lie wholly before `offset`, which is then what of it is left.
fn skip(lengths: impl Iterator<Item = u64>, offset: &mut u64) -> usize {
    let before = lengths.take_while(|length| {
        let whole = *length <= *offset;
        if whole {
            *offset -= *length;
        }
        whole
    });
    before.count()
}

/// Visits the entries of the directory whose topmost object is `id`, in order, those after the name
/// `after` only. Ends when `visit` does not want another one; gives whether that was so.
pub fn entries_after<S: Decoded>(
    source: &S,
    id: ChunkId,
    after: &[u8],
    visit: &mut impl FnMut(&Entry) -> bool,
) -> Result<bool, S::Error> {
    let mut open: Vec<(Arc<Directory>, usize)> = vec![at(source.directory(id)?, after)];
    loop {
        let Some((directory, next)) = open.last_mut() else { return Ok(false) };
        let below = match &**directory {
            Directory::Leaf(entries) => {
                if !entries.iter().skip(*next).all(&mut *visit) {
                    return Ok(true);
                }
                None
            }
            Directory::Node(parts) => parts.get(*next).map(|part| part.id),
        };
        *next = next.saturating_add(1);
        match below {
            Some(id) if open.len() >= MAX_NESTING => {
                return Err(
                    LoadError::Inconsistent { id, what: "parts are nested too deep" }.into()
                );
            }
            Some(id) => open.push(at(source.directory(id)?, after)),
            None => drop(open.pop()),
        }
    }
}

/// A directory object with the index of its first member that has a name after `after`.
fn at(directory: Arc<Directory>, after: &[u8]) -> (Arc<Directory>, usize) {
    let index = match &*directory {
        Directory::Leaf(entries) => entries.partition_point(|entry| entry.name.as_bytes() <= after),
        Directory::Node(parts) => parts.partition_point(|part| part.last.as_bytes() <= after),
    };
    (directory, index)
}

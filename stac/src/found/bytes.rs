//! The bytes of a file of a flist, any of them, for readers of geodata: only the chunks are loaded that they are in.
//! What that takes of the store is counted, beside what readers count of their own: for a few bytes a chunk is loaded.

use std::cell::{Cell, RefCell};
use std::io;
use std::sync::Arc;

use flisthub_flist::{Decoded, Directory, File, List, LoadError, Piece, PieceCursor};
use flisthub_geodata::Source;
use flisthub_storage::{ChunkId, ChunkStore, StoreError};

use crate::tree_files::Stopped;

/// What a list of pieces counts that is loaded.
const LIST: u64 = 64 << 10;

/// What a piece counts at least, however few bytes it has: it is looked up nevertheless.
const PIECE: u64 = 4 << 10;

/// Lists that are kept.
const MAX_LISTS: usize = 16;

/// Chunks that are kept: readers go from the head of a file to its end and back.
const MAX_CHUNKS: usize = 2;

/// A file.
pub(super) struct FileBytes<'a> {
    store: &'a dyn ChunkStore,
    file: &'a File,
    /// Bytes that may still be loaded, of this file and of all.
    left: Cell<u64>,
    left_of_all: &'a Cell<u64>,
    lists: RefCell<Vec<(ChunkId, Arc<List>)>>,
    /// Chunks that were read last, each with its place in the file.
    chunks: RefCell<Vec<(u64, Vec<u8>)>>,
    /// The pieces after the one that was loaded last, and where the first of them begins: most is read in its order.
    following: RefCell<Option<(u64, PieceCursor)>>,
    /// Why something could not be loaded, if that was so: that the store failed more than anything else.
    failed: RefCell<Option<LoadError>>,
}

impl<'a> FileBytes<'a> {
    /// Nothing read yet. At most `most` bytes are loaded of it.
    pub(super) fn new(
        store: &'a dyn ChunkStore,
        file: &'a File,
        most: u64,
        left_of_all: &'a Cell<u64>,
    ) -> Self {
        Self {
            store,
            file,
            left: Cell::new(most),
            left_of_all,
            lists: RefCell::default(),
            chunks: RefCell::default(),
            following: RefCell::default(),
            failed: RefCell::default(),
        }
    }

    /// Why the store failed, if it did: then nothing that was read says anything of the file.
    pub(super) fn into_failure(self) -> Option<LoadError> {
        self.into_error().filter(|error| damage(error).is_none())
    }

    /// The same, and what the store lacks, or has damaged.
    pub(super) fn into_error(self) -> Option<LoadError> {
        self.failed.into_inner()
    }

    /// The first bytes, at most `most`.
    pub(super) fn head(&self, most: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(self.size()).unwrap_or(usize::MAX).min(most)];
        self.read_at(0, &mut bytes)?;
        Ok(bytes)
    }

    fn spend(&self, bytes: u64) -> Result<(), Stopped> {
        for left in [&self.left, self.left_of_all] {
            left.set(left.get().checked_sub(bytes).ok_or(Stopped::Spent)?);
        }
        Ok(())
    }

    /// Copies what a kept chunk has of the bytes from there on; answers how many.
    fn kept(&self, offset: u64, into: &mut [u8]) -> Option<usize> {
        let chunks = self.chunks.borrow();
        let found = chunks.iter().find_map(|(start, bytes)| {
            let from = usize::try_from(offset.checked_sub(*start)?).ok()?;
            bytes.get(from..).filter(|rest| !rest.is_empty())
        })?;
        let length = found.len().min(into.len());
        into.get_mut(..length)?.copy_from_slice(found.get(..length)?);
        Some(length)
    }

    /// Loads the piece at a place, or says that it is a hole of so many bytes more.
    fn load(&self, offset: u64) -> Result<Option<u64>, Stopped> {
        let (mut cursor, before) = match self.in_turn(offset) {
            Some(cursor) => (cursor, 0),
            None => PieceCursor::seek(self, &self.file.pieces, offset)?,
        };
        let start = offset.saturating_sub(before);
        let Some(piece) = cursor.next(self)? else { return Ok(Some(0)) };
        self.following.replace(Some((start.saturating_add(piece.length()), cursor)));
        match piece {
            Piece::Chunk { id, length } => {
                self.spend(u64::from(length).max(PIECE))?;
                let found = self.store.get(&[id]).map_err(LoadError::from)?.pop().flatten();
                let chunk = found.ok_or_else(|| LoadError::Missing(vec![id]))?;
                let mut chunks = self.chunks.borrow_mut();
                if chunks.len() >= MAX_CHUNKS {
                    chunks.remove(0);
                }
                chunks.push((start, chunk.bytes().to_vec()));
                Ok(None)
            }
            Piece::Hole { length } => {
                self.spend(PIECE)?;
                Ok(Some(length.saturating_sub(before)))
            }
        }
    }

    /// The pieces from there on, where they follow the one that was loaded last.
    fn in_turn(&self, offset: u64) -> Option<PieceCursor> {
        let following = self.following.take();
        following.filter(|(start, _)| *start == offset).map(|(_, cursor)| cursor)
    }

    fn told(&self, stopped: Stopped) -> io::Error {
        match stopped {
            Stopped::Spent => io::Error::other("too much of it would have to be loaded"),
            Stopped::Load(error) => {
                let told = damage(&error);
                let mut failed = self.failed.borrow_mut();
                if failed.as_ref().is_none_or(|earlier| damage(earlier).is_some()) {
                    *failed = Some(error);
                }
                io::Error::other(told.unwrap_or("the store failed"))
            }
        }
    }
}

/// What is wrong with a file, where it is the file and not the store that fails.
pub(super) fn damage(error: &LoadError) -> Option<&'static str> {
    match error {
        LoadError::Store(StoreError::Corrupt { .. }) => Some("a part of it is damaged in the hub"),
        LoadError::Store(_) => None,
        _ => Some("the hub lacks a part of it"),
    }
}

impl Source for FileBytes<'_> {
    fn size(&self) -> u64 {
        self.file.size
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        let (mut at, mut rest) = (offset, into);
        while !rest.is_empty() {
            let mut done = self.kept(at, rest).unwrap_or(0);
            if done == 0
                && let Some(zeros) = self.load(at).map_err(|stopped| self.told(stopped))?
            {
                done = usize::try_from(zeros).unwrap_or(usize::MAX).min(rest.len());
                if done == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                rest.iter_mut().take(done).for_each(|byte| *byte = 0);
            }
            at = at.saturating_add(done as u64);
            rest = rest.get_mut(done..).unwrap_or_default();
        }
        Ok(())
    }
}

impl Decoded for FileBytes<'_> {
    type Error = Stopped;

    fn directory(&self, id: ChunkId) -> Result<Arc<Directory>, Stopped> {
        Ok(Directory::load(self.store, id).map(Arc::new)?)
    }

    fn list(&self, id: ChunkId) -> Result<Arc<List>, Stopped> {
        let mut lists = self.lists.borrow_mut();
        if let Some((_, known)) = lists.iter().find(|(known, _)| *known == id) {
            return Ok(Arc::clone(known));
        }
        self.spend(LIST)?;
        let loaded = List::load(self.store, id).map(Arc::new)?;
        if lists.len() >= MAX_LISTS {
            lists.remove(0);
        }
        lists.push((id, Arc::clone(&loaded)));
        Ok(loaded)
    }
}

#[cfg(test)]
#[path = "bytes_tests.rs"]
mod tests;

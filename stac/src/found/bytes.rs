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
mod tests {
    use flisthub_flist::{Content, FileBuilder, Pieces};
    use flisthub_storage::{Chunk, Compressor, Kind, MemoryStore};

    use super::*;

    /// A file of many pieces, some of them holes, and what is in it.
    fn file(store: &MemoryStore, without: Option<usize>) -> (File, Vec<u8>) {
        let put = |chunk: Chunk| {
            let frame = Compressor::new(1).unwrap().compress(&chunk).unwrap();
            store.put(&[frame]).map(drop)
        };
        let (mut builder, mut all) = (FileBuilder::new(), Vec::new());
        // More than are written into the entry: they are in lists.
        for at in 0..1_100_usize {
            let is_hole = at % 100 == 3;
            let length = if is_hole { 64 << 10 } else { 200 + at % 50 * 7 };
            let piece = if is_hole {
                all.resize(all.len() + length, 0);
                Piece::Hole { length: length as u64 }
            } else {
                let bytes: Vec<u8> = (0..length).map(|byte| (byte * at).to_le_bytes()[0]).collect();
                all.extend_from_slice(&bytes);
                let chunk = Chunk::new(Kind::Content, bytes).unwrap();
                let piece = Piece::Chunk { id: chunk.id(), length: chunk.length() };
                if without != Some(at) {
                    put(chunk).unwrap();
                }
                piece
            };
            builder.push(piece, &mut { put }).unwrap();
        }
        let Content::File { size, pieces } = builder.finish(&mut { put }).unwrap() else {
            panic!("it is a file")
        };
        (File { size, pieces }, all)
    }

    #[test]
    fn any_bytes_are_those_of_the_file() {
        let store = MemoryStore::default();
        let (file, all) = file(&store, None);
        let left = Cell::new(u64::MAX);
        let bytes = FileBytes::new(&store, &file, u64::MAX, &left);
        assert_eq!(bytes.size(), all.len() as u64);
        for length in [1, 100, 1_000, 20_000] {
            for from in (0..all.len() - length).step_by(4_777) {
                let mut read = vec![1; length];
                bytes.read_at(from as u64, &mut read).unwrap();
                assert!(read == all[from..from + length], "{from} {length}");
            }
        }
        assert_eq!(bytes.head(10_000_000).unwrap(), all);
        assert!(bytes.read_at(all.len() as u64 - 1, &mut [0; 2]).is_err());
        assert!(bytes.read_at(u64::MAX - 1, &mut [0; 1]).is_err());
    }

    #[test]
    fn what_is_loaded_is_bounded_for_one_and_for_all() {
        let store = MemoryStore::default();
        let (file, all) = file(&store, None);
        let loaded = |most, left: &Cell<u64>| {
            let bytes = FileBytes::new(&store, &file, most, left);
            let read = (0..all.len()).step_by(3_000);
            read.take_while(|&at| bytes.read_at(at as u64, &mut [0; 1]).is_ok()).count()
        };
        let left = Cell::new(4 << 20);
        assert_eq!(loaded(4 << 20, &left), all.len().div_ceil(3_000));
        let taken = (4 << 20) - left.get();
        assert!(taken > LIST && taken < 2 << 20, "{taken}");
        assert!(loaded(taken / 2, &Cell::new(u64::MAX)) < all.len().div_ceil(3_000));
        assert!(loaded(u64::MAX, &Cell::new(taken / 2)) < all.len().div_ceil(3_000));
        assert!(loaded(taken, &Cell::new(taken)) == all.len().div_ceil(3_000));
    }

    /// Pieces of a byte are as much work as large ones.
    #[test]
    fn small_pieces_count_more_than_their_bytes_and_are_read_in_turn() {
        let store = MemoryStore::default();
        let chunk = Chunk::new(Kind::Content, b"a".to_vec()).unwrap();
        store.put(&[Compressor::new(1).unwrap().compress(&chunk).unwrap()]).unwrap();
        let byte = Piece::Chunk { id: chunk.id(), length: 1 };
        for (piece, is) in [(byte, b'a'), (Piece::Hole { length: 1 }, 0)] {
            let pieces = Pieces::Inline(vec![piece; 500]);
            let (file, left) = (File { size: 500, pieces }, Cell::new(u64::MAX));
            let bytes = FileBytes::new(&store, &file, 100 * PIECE, &left);
            assert_eq!(bytes.head(100).unwrap(), [is; 100]);
            assert!(bytes.in_turn(99).is_none());
            assert!(bytes.read_at(100, &mut [0; 1]).is_err());
            let bytes = FileBytes::new(&store, &file, u64::MAX, &left);
            bytes.head(100).unwrap();
            assert!(bytes.in_turn(100).is_some());
        }
    }

    /// A damaged store: what is there can be read, and the rest is an error, not zeros.
    #[test]
    fn what_is_missing_is_no_failure_of_the_store() {
        let store = MemoryStore::default();
        let (file, all) = file(&store, Some(100));
        let left = Cell::new(u64::MAX);
        let bytes = FileBytes::new(&store, &file, u64::MAX, &left);
        assert_eq!(bytes.head(60_000).unwrap(), all[..60_000]);
        assert!(bytes.head(200_000).is_err());
        assert!(bytes.into_failure().is_none());
    }
}

//! Checking the contents of files: lists come out the same when they are made again, and every chunk is in
//! the store and as long as it is said to be.

use std::collections::{BTreeSet, HashMap};

use flisthub_storage::{ChunkId, ChunkStore, Kind};

use super::{VerifyError, VerifyLimits, bad, built, within};
use crate::entry::{Content, Entry, Piece, Pieces};
use crate::list::FileBuilder;
use crate::object::LoadError;
use crate::tree::pieces;

/// The most missing ids that are told of. Whoever gets that many sends them and asks again.
const MOST_MISSING: usize = 100_000;

/// How many chunks are asked for at a time.
const BATCH: usize = 4096;

/// What is known of the contents of files so far, and what is missing.
pub(super) struct Files<'a> {
    store: &'a dyn ChunkStore,
    limits: &'a VerifyLimits,
    /// Pieces of all lists read so far, each list once.
    pieces: u64,
    /// Lists that were read whole, with the content that they are the list of.
    lists: HashMap<ChunkId, Content>,
    missing: BTreeSet<ChunkId>,
    /// Chunks to ask the store for, with the length they must have.
    asked: Vec<(ChunkId, u32)>,
}

impl<'a> Files<'a> {
    pub(super) fn new(store: &'a dyn ChunkStore, limits: &'a VerifyLimits) -> Self {
        let (lists, missing, asked) = (HashMap::new(), BTreeSet::new(), Vec::new());
        Self { store, limits, pieces: 0, lists, missing, asked }
    }

    /// Checks the content of a file that stands in `directory`.
    pub(super) fn check(
        &mut self,
        directory: ChunkId,
        entry: &Entry,
        size: u64,
        listed: &Pieces,
    ) -> Result<(), VerifyError> {
        let Pieces::List { id: list, .. } = *listed else {
            // Its size was added up when the directory was decoded.
            return pieces(self.store, listed).try_for_each(|piece| self.piece(piece?));
        };
        if !self.lists.contains_key(&list) {
            let Some(content) = self.list(list, listed)? else { return Ok(()) };
            self.lists.insert(list, content);
        }
        if self.lists.get(&list) == Some(&Content::File { size, pieces: listed.clone() }) {
            Ok(())
        } else {
            let what = format!("{}: size or list does not fit the file's pieces", entry.name);
            Err(bad(directory, what))
        }
    }

    /// Reads a list and makes it again from its pieces; `None` if parts of it are missing.
    fn list(&mut self, list: ChunkId, listed: &Pieces) -> Result<Option<Content>, VerifyError> {
        let mut builder = FileBuilder::new();
        for piece in pieces(self.store, listed) {
            let piece = match piece {
                Ok(piece) => piece,
                Err(LoadError::Missing(ids)) => return self.miss(ids).map(|()| None),
                Err(error) => return Err(error.into()),
            };
            self.pieces += 1;
            within(list, self.pieces, self.limits.pieces, "pieces of large files")?;
            builder.push(piece, &mut |_| Ok(())).map_err(|error| built(list, error))?;
            self.piece(piece)?;
        }
        builder.finish(&mut |_| Ok(())).map(Some).map_err(|error| built(list, error))
    }

    /// Notes missing ids; fails with all of them once they are many.
    pub(super) fn miss(&mut self, ids: Vec<ChunkId>) -> Result<(), VerifyError> {
        self.missing.extend(ids);
        if self.missing.len() < MOST_MISSING { Ok(()) } else { self.all_there() }
    }

    /// Whether anything is known to be missing.
    pub(super) fn is_missing_some(&self) -> bool {
        !self.missing.is_empty()
    }

    /// Asks for what was not asked for yet. Fails with all that is missing.
    pub(super) fn finish(mut self) -> Result<(), VerifyError> {
        self.ask_now()?;
        self.all_there()
    }

    fn all_there(&mut self) -> Result<(), VerifyError> {
        if self.missing.is_empty() {
            return Ok(());
        }
        Err(VerifyError::Missing(std::mem::take(&mut self.missing).into_iter().collect()))
    }

    fn piece(&mut self, piece: Piece) -> Result<(), VerifyError> {
        match piece {
            Piece::Chunk { id, length } => self.ask(id, length),
            Piece::Hole { .. } => Ok(()),
        }
    }

    fn ask(&mut self, id: ChunkId, length: u32) -> Result<(), VerifyError> {
        self.asked.push((id, length));
        if self.asked.len() >= BATCH { self.ask_now() } else { Ok(()) }
    }

    fn ask_now(&mut self) -> Result<(), VerifyError> {
        let asked = std::mem::take(&mut self.asked);
        let ids: Vec<ChunkId> = asked.iter().map(|(id, _)| *id).collect();
        for ((id, length), stat) in asked.into_iter().zip(self.store.stat(&ids)?) {
            match stat {
                None => self.miss(vec![id])?,
                Some(stat) if stat.kind != Kind::Content => {
                    return Err(bad(id, format!("a file names a {} as a chunk", stat.kind)));
                }
                Some(stat) if stat.length != length => {
                    let what = format!("the chunk has {} bytes, not {length}", stat.length);
                    return Err(bad(id, what));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

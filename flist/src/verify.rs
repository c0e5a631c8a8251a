//! Checking a whole flist before it is published: everything there, everything true, everything in
//! its one form.
//!
//! What a client says is never taken for granted: sizes, totals and lengths are added up again,
//! objects that were cut into parts are cut again and must come out the same, links must join equal
//! entries. So two flists that pass are the same tree exactly when they have the same root.

use std::collections::{BTreeSet, HashMap};

use flisthub_storage::{ChunkId, ChunkStore, Kind, StoreError};

use crate::build::Counts;
use crate::directory::DirectoryBuilder;
use crate::entry::{Content, Entry, Piece, Pieces, Totals};
use crate::entry_codec::encode_entry;
use crate::error::BuildError;
use crate::flist_file::FlistWriter;
use crate::list::FileBuilder;
use crate::manifest::Manifest;
use crate::name::{EntryName, MAX_DEPTH, MAX_PATH};
use crate::object::LoadError;
use crate::tree::{directory_entries, pieces};
use crate::verify_links::check_links;

/// How large a flist may be. Each limit names the attack it stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifyLimits {
    /// The most entries. A small forged tree that names the same directory again and again would take
    /// for ever to list.
    pub entries: u64,
    /// The most content bytes of all files, holes included. A hole of a few bytes can claim exabytes,
    /// which whoever downloads the tree would have to receive.
    pub bytes: u64,
    /// The most pieces of large files, all together. A list object can name the same part again and
    /// again.
    pub pieces: u64,
    /// The most bytes of a path; 4,096 at most.
    pub path_bytes: usize,
    /// The most names of a path; 1,024 at most.
    pub path_depth: usize,
}

impl Default for VerifyLimits {
    fn default() -> Self {
        Self {
            entries: 100_000_000,
            bytes: u64::MAX,
            pieces: 1 << 26,
            path_bytes: MAX_PATH,
            path_depth: MAX_DEPTH,
        }
    }
}

/// The most missing ids that are told of. Whoever gets that many sends them and asks again.
const MOST_MISSING: usize = 100_000;

/// A flist that was found whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Its manifest.
    pub manifest: Manifest,
    /// How many entries of each sort its tree has.
    pub counts: Counts,
    /// Length of its `.flist` file in bytes.
    pub file_bytes: u64,
}

/// Why a flist cannot be published.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Objects or chunks are not in the store: all of those that could be found out, or the first
    /// 100,000 of them.
    #[error("{} of the flist's objects and chunks are missing", .0.len())]
    Missing(Vec<ChunkId>),
    /// It is larger than it may be.
    #[error("{at}: more than {limit} {what}")]
    Limit {
        /// The object.
        at: ChunkId,
        /// How many there may be.
        limit: u64,
        /// Of what.
        what: &'static str,
    },
    /// Something in it is not true.
    #[error("{at}: {what}")]
    Bad {
        /// The object or path.
        at: String,
        /// What is wrong with it.
        what: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<LoadError> for VerifyError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Missing(ids) => Self::Missing(ids),
            LoadError::Store(error) => Self::Store(error),
            LoadError::WrongKind { id, .. } | LoadError::Inconsistent { id, .. } => {
                Self::Bad { at: id.to_string(), what: error.to_string() }
            }
            LoadError::Decode { id, ref source, .. } => {
                Self::Bad { at: id.to_string(), what: format!("{error}: {source}") }
            }
        }
    }
}

pub(crate) fn bad(at: impl std::fmt::Display, what: impl Into<String>) -> VerifyError {
    VerifyError::Bad { at: at.to_string(), what: what.into() }
}

/// What building again says of a forged object.
fn built(at: ChunkId, error: BuildError) -> VerifyError {
    match error {
        BuildError::Store(error) => VerifyError::Store(error),
        error => bad(at, error.to_string()),
    }
}

/// Checks the flist whose manifest is `id`, whose objects and chunks should all be in `store`.
pub fn verify(
    store: &dyn ChunkStore,
    id: ChunkId,
    limits: &VerifyLimits,
) -> Result<Verified, VerifyError> {
    let manifest = Manifest::load(store, id)?;
    within(id, manifest.totals.entries, limits.entries, "entries")?;
    within(id, manifest.totals.bytes, limits.bytes, "bytes of files")?;
    let mut check = Check {
        store,
        limits,
        entries: 0,
        pieces: 0,
        done: HashMap::new(),
        lists: HashMap::new(),
        missing: BTreeSet::new(),
        asked: Vec::new(),
    };
    let root = check.tree(manifest.root)?;
    check.ask_now()?;
    if !check.missing.is_empty() {
        return Err(VerifyError::Missing(check.missing.into_iter().collect()));
    }
    if root.totals != manifest.totals {
        return Err(bad(id, "the manifest's totals are not those of its tree"));
    }
    check_links(store, &manifest)?;
    let mut file_bytes = 0;
    for record in FlistWriter::new(store, id) {
        file_bytes += record?.len() as u64;
    }
    Ok(Verified { manifest, counts: root.counts, file_bytes })
}

/// What is known of a directory that has been checked.
#[derive(Debug, Clone, Copy, Default)]
struct Below {
    totals: Totals,
    counts: Counts,
    /// Levels of directories below.
    depth: usize,
    /// Bytes of the longest path below.
    longest: usize,
}

struct Check<'a> {
    store: &'a dyn ChunkStore,
    limits: &'a VerifyLimits,
    /// Entries of all directories read so far, each directory once.
    entries: u64,
    /// Pieces of all lists read so far, each list once.
    pieces: u64,
    done: HashMap<ChunkId, Below>,
    /// Lists that were read whole, with the content that they are the list of.
    lists: HashMap<ChunkId, Content>,
    missing: BTreeSet<ChunkId>,
    /// Chunks to ask the store for, with the length they must have.
    asked: Vec<(ChunkId, u32)>,
}

fn within(at: ChunkId, count: u64, limit: u64, what: &'static str) -> Result<(), VerifyError> {
    if count <= limit { Ok(()) } else { Err(VerifyError::Limit { at, limit, what }) }
}

/// A directory that is being checked: what is known of it so far, and the directories in it. Nothing
/// else of its entries is kept, because a directory may be larger than memory.
struct Open {
    id: ChunkId,
    below: Below,
    children: Vec<Child>,
    next: usize,
}

/// A directory in a directory, as its entry says.
struct Child {
    name: EntryName,
    id: ChunkId,
    totals: Totals,
}

/// How many chunks are asked for at a time.
const BATCH: usize = 4096;

impl Check<'_> {
    /// Checks all below one directory, deepest first, each object once.
    fn tree(&mut self, root: ChunkId) -> Result<Below, VerifyError> {
        let mut stack = vec![self.open(root)?];
        while let Some(open) = stack.last_mut() {
            let Some(child) = open.children.get(open.next) else {
                let below = self.sum(open)?;
                self.done.insert(open.id, below);
                stack.pop();
                continue;
            };
            open.next += 1;
            let id = child.id;
            if !self.done.contains_key(&id) {
                let below = self.open(id)?;
                within(id, stack.len() as u64 + 1, MAX_DEPTH as u64, "names in a path")?;
                stack.push(below);
            }
        }
        Ok(self.done.get(&root).copied().unwrap_or_default())
    }

    /// Reads a directory entry by entry: checks its files, makes it again from its entries, and adds up
    /// all but the directories in it. The order is checked as they come: a part that is named twice ends
    /// the check before it has been read a million times.
    fn open(&mut self, id: ChunkId) -> Result<Open, VerifyError> {
        let mut open = Open { id, below: Below::default(), children: Vec::new(), next: 0 };
        let mut again = DirectoryBuilder::default();
        let mut last: Option<EntryName> = None;
        for entry in directory_entries(self.store, id) {
            let entry = match entry {
                Ok(entry) => entry,
                // Go on: the client wants to hear of everything that is missing at once.
                Err(LoadError::Missing(ids)) => return self.miss(ids).map(|()| open),
                Err(error) => return Err(error.into()),
            };
            if last.is_some_and(|last| last >= entry.name) {
                return Err(bad(id, format!("{}: names are not in order", entry.name)));
            }
            self.entries += 1;
            within(id, self.entries, self.limits.entries, "entries")?;
            let totals = open.below.add(&entry).ok_or_else(|| overflow(id))?;
            again
                .push(entry.name.clone(), totals, encode_entry(&entry), &mut |_| Ok(()))
                .map_err(|error| built(id, error))?;
            match &entry.content {
                Content::File { size, pieces } => self.file(id, &entry, *size, pieces)?,
                Content::Directory { id, totals } => {
                    let (name, id, totals) = (entry.name.clone(), *id, *totals);
                    open.children.push(Child { name, id, totals });
                }
                _ => {}
            }
            last = Some(entry.name);
        }
        let (again, _) = again.finish(&mut |_| Ok(())).map_err(|error| built(id, error))?;
        if again == id {
            Ok(open)
        } else {
            Err(bad(id, "the directory is not cut into parts as the format says"))
        }
    }

    fn file(
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
    fn miss(&mut self, ids: Vec<ChunkId>) -> Result<(), VerifyError> {
        self.missing.extend(ids);
        if self.missing.len() < MOST_MISSING {
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

    /// Adds up a directory whose subdirectories have all been checked.
    fn sum(&self, open: &Open) -> Result<Below, VerifyError> {
        let mut sum = open.below;
        for child in &open.children {
            let below = self.done.get(&child.id).copied().unwrap_or_default();
            if below.totals != child.totals && self.missing.is_empty() {
                let what = format!("{}: the totals are not those of the directory", child.name);
                return Err(bad(open.id, what));
            }
            let counts = sum.counts.checked_add(below.counts);
            sum.counts = counts.ok_or_else(|| overflow(open.id))?;
            sum.depth = sum.depth.max(below.depth + 1);
            if below.longest > 0 {
                sum.longest = sum.longest.max(child.name.as_bytes().len() + 1 + below.longest);
            }
        }
        let bytes = self.limits.path_bytes.min(MAX_PATH);
        let names = self.limits.path_depth.min(MAX_DEPTH);
        within(open.id, sum.longest as u64, bytes as u64, "bytes in a path")?;
        within(open.id, sum.depth as u64 + 1, names as u64, "names in a path")?;
        Ok(sum)
    }
}

impl Below {
    /// Adds one entry as far as it speaks for itself; gives its totals, `None` on overflow.
    fn add(&mut self, entry: &Entry) -> Option<Totals> {
        let totals = entry.totals()?;
        self.totals = self.totals.checked_add(totals)?;
        self.counts.add(&entry.content);
        self.longest = self.longest.max(entry.name.as_bytes().len());
        Some(totals)
    }
}

fn overflow(at: ChunkId) -> VerifyError {
    bad(at, "the totals do not fit 64 bits")
}

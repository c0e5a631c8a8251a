//! What was read lately of flists, ready to be read again: trees, directories and lists as they decode,
//! and small chunks. A path that is asked for often is then answered without a thread of its own.
//!
//! An id names the same bytes for ever, so nothing in here becomes wrong when a name points elsewhere.
//! Everything was verified when it came in.

use std::sync::Arc;

use bytes::Bytes;
use flisthub_flist::{Content, Decoded, Directory, Entry, List, LoadError, Pieces, Tree};
use flisthub_storage::{ChunkId, Kind, Maintain};
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use tokio::sync::Semaphore;

/// The longest chunk that is kept, in bytes. Larger ones are read by a thread; the store remembers some.
const SMALL: usize = 64 << 10;

/// Bytes that an entry of the cache takes beside its content.
const OVERHEAD: u64 = 128;

/// How large what is kept is thought to be on average, to size the tables.
const TYPICAL: usize = 8 << 10;

/// Readings from the store that run at a time, each for at most some milliseconds.
const READINGS: usize = 32;

/// Batches that are ready to be sent: 128 MiB at most. Who gets none sends chunk by chunk.
const BUFFERS: usize = 64;

/// The fewest bytes of a part of the cache that is locked for itself: what is larger than a part is not kept.
const SHARD: usize = 4 << 20;

/// What is kept, within a bound in bytes.
pub struct Objects {
    decoded: Cache<ChunkId, Kept, Weights>,
    chunks: Cache<ChunkId, Bytes, Weights>,
    /// One permit for each reading of a file or directory that may run at a time. A reading gives its
    /// permit back before anything of it is sent, so slow readers hold up nobody.
    pub(crate) readings: Arc<Semaphore>,
    /// One permit for each batch of up to 2 MiB that may be ready to be sent, or be read ahead.
    pub(crate) buffers: Arc<Semaphore>,
}

/// Something decoded.
#[derive(Debug, Clone)]
enum Kept {
    Tree(Arc<Tree>),
    Directory(Arc<Directory>),
    List(Arc<List>),
    /// Whether the file with this content tag is UTF-8.
    Text(bool),
}

#[derive(Clone)]
struct Weights;

impl Weighter<ChunkId, Kept> for Weights {
    fn weight(&self, _: &ChunkId, kept: &Kept) -> u64 {
        let inside = match kept {
            Kept::Tree(tree) => size_of::<Tree>() + tree.metadata.xattrs_size(),
            Kept::Directory(directory) => match &**directory {
                Directory::Leaf(entries) => entries.iter().map(entry_size).sum(),
                Directory::Node(parts) => {
                    parts.iter().map(|part| size_of_val(part) + part.last.as_bytes().len()).sum()
                }
            },
            Kept::List(list) => match &**list {
                List::Leaf(pieces) => size_of_val(pieces.as_slice()),
                List::Node(parts) => size_of_val(parts.as_slice()),
            },
            Kept::Text(_) => 0,
        };
        OVERHEAD + inside as u64
    }
}

impl Weighter<ChunkId, Bytes> for Weights {
    fn weight(&self, _: &ChunkId, chunk: &Bytes) -> u64 {
        OVERHEAD + chunk.len() as u64
    }
}

/// Bytes that an entry takes in memory, about.
fn entry_size(entry: &Entry) -> usize {
    let content = match &entry.content {
        Content::File { pieces: Pieces::Inline(pieces), .. } => size_of_val(pieces.as_slice()),
        Content::Symlink { target } => target.len(),
        _ => 0,
    };
    // A map has some bytes for each of its entries beside them.
    let xattrs = entry.metadata.xattrs_size() + entry.metadata.xattrs.len() * 64;
    size_of::<Entry>() + entry.name.as_bytes().len() + content + xattrs
}

/// A cache of at most so many bytes, in as many parts as there are cores for, but none too small.
fn cache<V: Clone>(bytes: usize) -> Cache<ChunkId, V, Weights>
where
    Weights: Weighter<ChunkId, V>,
{
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let shards = (4 * cores).min(bytes / SHARD).max(1);
    let options = OptionsBuilder::new()
        // It is rounded up to a power of two otherwise.
        .shards(1 << shards.ilog2())
        .estimated_items_capacity(bytes / TYPICAL)
        .weight_capacity(bytes as u64)
        .build();
    match options {
        Ok(options) => Cache::with_options(
            options,
            Weights,
            DefaultHashBuilder::default(),
            DefaultLifecycle::default(),
        ),
        // Says only that something is not given.
        Err(_) => Cache::with_weighter(bytes / TYPICAL, bytes as u64, Weights),
    }
}

/// How often a cache had what was looked for, and how much it holds, in its own measure: bytes, or entries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CacheFigures {
    pub(crate) hits: u64,
    pub(crate) misses: u64,
    pub(crate) holds: u64,
    pub(crate) limit: u64,
}

impl CacheFigures {
    pub(crate) fn of<K, V, W>(cache: &Cache<K, V, W>) -> Self
    where
        K: Eq + std::hash::Hash,
        V: Clone,
        W: Weighter<K, V> + Clone,
    {
        Self {
            hits: cache.hits(),
            misses: cache.misses(),
            holds: cache.weight(),
            limit: cache.capacity(),
        }
    }
}

impl Objects {
    /// Keeps at most `bytes`, half of them decoded objects and half of them chunks.
    pub fn new(bytes: usize) -> Self {
        let half = bytes / 2;
        Self {
            decoded: cache(half),
            chunks: cache(half),
            readings: Arc::new(Semaphore::new(READINGS)),
            buffers: Arc::new(Semaphore::new(BUFFERS)),
        }
    }

    /// What the caches tell of themselves, with their names.
    pub(crate) fn figures(&self) -> [(&'static str, CacheFigures); 2] {
        [
            ("trees", CacheFigures::of(&self.decoded)),
            ("small_chunks", CacheFigures::of(&self.chunks)),
        ]
    }

    /// How many readings run.
    pub fn readings_under_way(&self) -> usize {
        READINGS.saturating_sub(self.readings.available_permits())
    }

    /// What is at hand.
    pub(crate) fn at_hand(&self) -> AtHand<'_> {
        AtHand(self)
    }

    /// What is at hand, and what the store has.
    pub(crate) fn of<'a>(&'a self, store: &'a dyn Maintain) -> Loading<'a> {
        Loading { objects: self, store }
    }

    /// Whether a file with that content is known to be UTF-8 or not.
    pub(crate) fn is_text(&self, content: &ChunkId) -> Option<bool> {
        match self.decoded.get(content)? {
            Kept::Text(is_text) => Some(is_text),
            _ => None,
        }
    }

    /// Remembers whether a file is UTF-8.
    pub(crate) fn remember_text(&self, content: ChunkId, is_text: bool) {
        self.decoded.insert(content, Kept::Text(is_text));
    }

    fn tree(&self, id: &ChunkId) -> Option<Arc<Tree>> {
        match self.decoded.get(id)? {
            Kept::Tree(tree) => Some(tree),
            _ => None,
        }
    }

    fn directory(&self, id: &ChunkId) -> Option<Arc<Directory>> {
        match self.decoded.get(id)? {
            Kept::Directory(directory) => Some(directory),
            _ => None,
        }
    }

    fn list(&self, id: &ChunkId) -> Option<Arc<List>> {
        match self.decoded.get(id)? {
            Kept::List(list) => Some(list),
            _ => None,
        }
    }
}

/// Where trees and content come from.
pub(crate) trait Source: Decoded {
    /// The tree of a flist.
    fn tree(&self, flist: ChunkId) -> Result<Arc<Tree>, Self::Error>;

    /// Chunks of content, in the order asked; each must be as long as stated.
    fn content(&self, chunks: &[(ChunkId, u32)]) -> Result<Vec<Bytes>, Self::Error>;
}

/// Only what is at hand: never waits.
pub(crate) struct AtHand<'a>(&'a Objects);

/// Something is not at hand.
pub(crate) struct NotAtHand;

impl From<LoadError> for NotAtHand {
    /// What is wrong with the objects is told by whoever loads them.
    fn from(_: LoadError) -> Self {
        Self
    }
}

impl Decoded for AtHand<'_> {
    type Error = NotAtHand;

    fn directory(&self, id: ChunkId) -> Result<Arc<Directory>, NotAtHand> {
        self.0.directory(&id).ok_or(NotAtHand)
    }

    fn list(&self, id: ChunkId) -> Result<Arc<List>, NotAtHand> {
        self.0.list(&id).ok_or(NotAtHand)
    }
}

impl Source for AtHand<'_> {
    fn tree(&self, flist: ChunkId) -> Result<Arc<Tree>, NotAtHand> {
        self.0.tree(&flist).ok_or(NotAtHand)
    }

    fn content(&self, chunks: &[(ChunkId, u32)]) -> Result<Vec<Bytes>, NotAtHand> {
        chunks
            .iter()
            .map(|(id, length)| {
                let chunk = self.0.chunks.get(id).ok_or(NotAtHand)?;
                if chunk.len() == *length as usize { Ok(chunk) } else { Err(NotAtHand) }
            })
            .collect()
    }
}

/// Loads what is not at hand, and keeps it. Blocks.
pub(crate) struct Loading<'a> {
    objects: &'a Objects,
    store: &'a dyn Maintain,
}

impl Decoded for Loading<'_> {
    type Error = LoadError;

    fn directory(&self, id: ChunkId) -> Result<Arc<Directory>, LoadError> {
        if let Some(directory) = self.objects.directory(&id) {
            return Ok(directory);
        }
        let directory = Arc::new(Directory::load(self.store, id)?);
        self.objects.decoded.insert(id, Kept::Directory(Arc::clone(&directory)));
        Ok(directory)
    }

    fn list(&self, id: ChunkId) -> Result<Arc<List>, LoadError> {
        if let Some(list) = self.objects.list(&id) {
            return Ok(list);
        }
        let list = Arc::new(List::load(self.store, id)?);
        self.objects.decoded.insert(id, Kept::List(Arc::clone(&list)));
        Ok(list)
    }
}

impl Source for Loading<'_> {
    fn tree(&self, flist: ChunkId) -> Result<Arc<Tree>, LoadError> {
        if let Some(tree) = self.objects.tree(&flist) {
            return Ok(tree);
        }
        let tree = Arc::new(Tree::open(self.store, flist)?);
        self.objects.decoded.insert(flist, Kept::Tree(Arc::clone(&tree)));
        Ok(tree)
    }

    fn content(&self, chunks: &[(ChunkId, u32)]) -> Result<Vec<Bytes>, LoadError> {
        let ids: Vec<ChunkId> = chunks.iter().map(|(id, _)| *id).collect();
        let mut all = Vec::with_capacity(ids.len());
        let mut missing = Vec::new();
        for ((id, length), found) in chunks.iter().zip(self.store.get(&ids)?) {
            let Some(chunk) = found else {
                missing.push(*id);
                continue;
            };
            check(*id, *length, (chunk.kind(), chunk.length()))?;
            let bytes = chunk.into_bytes();
            if bytes.len() <= SMALL {
                self.objects.chunks.insert(*id, bytes.clone());
            }
            all.push(bytes);
        }
        if missing.is_empty() { Ok(all) } else { Err(LoadError::Missing(missing)) }
    }
}

impl Loading<'_> {
    /// Chunks of content as they are stored: one zstd frame each.
    pub(crate) fn frames(&self, chunks: &[(ChunkId, u32)]) -> Result<Vec<Bytes>, LoadError> {
        let ids: Vec<ChunkId> = chunks.iter().map(|(id, _)| *id).collect();
        let found = self.store.get_frames(&ids)?;
        let frames = chunks.iter().zip(found).map(|((id, length), frame)| {
            let frame = frame.ok_or_else(|| LoadError::Missing(vec![*id]))?;
            check(*id, *length, (frame.kind(), frame.length()))?;
            Ok(frame.bytes().clone())
        });
        frames.collect()
    }
}

/// Holds what is stored under an id to what a tree says of it.
fn check(id: ChunkId, length: u32, found: (Kind, u32)) -> Result<(), LoadError> {
    match found {
        (Kind::Content, same) if same == length => Ok(()),
        (Kind::Content, _) => Err(LoadError::Inconsistent {
            id,
            what: "its length is not the one that the file states",
        }),
        (found, _) => Err(LoadError::WrongKind { id, expected: Kind::Content, found }),
    }
}

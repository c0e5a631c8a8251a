//! The `.flist` file: a manifest and every object of its tree, no file content.
//!
//! [`MAGIC`], then records, each `kind (1) | length (4, big endian) | bytes`: the manifest, the
//! directory objects from the root down, depth first, each with the list objects of its files where
//! they come, last the links objects. Each object stands once, where it is first needed. So the same
//! flist gives the same bytes everywhere, and a reader knows at each record which object must come:
//! one that is cut short, reordered or padded is refused. This file holds that order and the writer;
//! the reader is in `flist_reader`.

use std::collections::{HashMap, HashSet};

use bytes::{BufMut, Bytes, BytesMut};
use flisthub_storage::{Chunk, ChunkId, Kind};

use crate::directory::Directory;
use crate::entry::{Content, Entry, Pieces};
use crate::links;
use crate::list::List;
use crate::manifest::Manifest;
use crate::object::{Directories, LoadError, decode_as};

/// The first eight bytes of a `.flist` file; the last of them is the version.
pub const MAGIC: [u8; 8] = *b"\x89FLIST\n\x01";

/// Bytes of a record before the object.
pub(crate) const RECORD_HEADER: usize = 5;

/// How many objects the writer asks for at a time.
const BATCH: usize = 64;

/// Which object comes next: the one order that writer and reader share.
pub(crate) struct Order {
    /// Objects to come, the next one last.
    stack: Vec<(Kind, ChunkId)>,
    seen: HashSet<ChunkId>,
}

impl Order {
    pub(crate) fn of(manifest: ChunkId) -> Self {
        Self { stack: vec![(Kind::Manifest, manifest)], seen: HashSet::new() }
    }

    /// The next object; each comes once.
    pub(crate) fn next(&mut self) -> Option<(Kind, ChunkId)> {
        while let Some((kind, id)) = self.stack.pop() {
            if self.seen.insert(id) {
                return Some((kind, id));
            }
        }
        None
    }

    /// The ids that come soon, as far as is known.
    fn soon(&self) -> impl Iterator<Item = ChunkId> {
        self.stack.iter().rev().map(|(_, id)| *id).filter(|id| !self.seen.contains(id))
    }

    /// Notes what the object that came last refers to.
    pub(crate) fn came(&mut self, object: &Chunk) -> Result<(), LoadError> {
        let mut below = Vec::new();
        match object.kind() {
            Kind::Manifest => {
                let manifest = decode_as(Kind::Manifest, object, Manifest::decode)?;
                below.push((Kind::Directory, manifest.root));
                below.extend(manifest.links.map(|id| (Kind::Links, id)));
            }
            Kind::Directory => match decode_as(Kind::Directory, object, Directory::decode)? {
                Directory::Leaf(entries) => below.extend(entries.iter().filter_map(refers_to)),
                Directory::Node(parts) => {
                    below.extend(parts.iter().map(|part| (Kind::Directory, part.id)));
                }
            },
            Kind::List => match decode_as(Kind::List, object, List::decode)? {
                List::Leaf(_) => {}
                List::Node(parts) => below.extend(parts.iter().map(|part| (Kind::List, part.id))),
            },
            Kind::Links => {
                let parts = decode_as(Kind::Links, object, links::parts)?;
                below.extend(parts.into_iter().map(|id| (Kind::Links, id)));
            }
            Kind::Content => {}
        }
        self.stack.extend(below.into_iter().rev());
        Ok(())
    }
}

/// The object that an entry names, if any.
fn refers_to(entry: &Entry) -> Option<(Kind, ChunkId)> {
    match entry.content {
        Content::Directory { id, .. } => Some((Kind::Directory, id)),
        Content::File { pieces: Pieces::List { id, .. }, .. } => Some((Kind::List, id)),
        _ => None,
    }
}

/// Writes a `.flist` file, record by record: an iterator of the file's bytes in pieces of one object
/// each. Ends after an error.
pub struct FlistWriter<'a, D: ?Sized> {
    directories: &'a D,
    order: Order,
    ready: HashMap<ChunkId, Chunk>,
    started: bool,
}

impl<'a, D: Directories + ?Sized> FlistWriter<'a, D> {
    /// A writer of the flist with that manifest.
    pub fn new(directories: &'a D, manifest: ChunkId) -> Self {
        Self { directories, order: Order::of(manifest), ready: HashMap::new(), started: false }
    }

    fn object(&mut self, id: ChunkId) -> Result<Chunk, LoadError> {
        if let Some(object) = self.ready.remove(&id) {
            return Ok(object);
        }
        let mut wanted = vec![id];
        wanted.extend(
            self.order.soon().filter(|soon| !self.ready.contains_key(soon)).take(BATCH - 1),
        );
        wanted.sort_unstable();
        wanted.dedup();
        for object in self.directories.load(&wanted)? {
            self.ready.insert(object.id(), object);
        }
        self.ready.remove(&id).ok_or_else(|| LoadError::Missing(vec![id]))
    }

    fn record(&mut self, kind: Kind, id: ChunkId) -> Result<Bytes, LoadError> {
        let object = self.object(id)?;
        if object.kind() != kind {
            return Err(LoadError::WrongKind { id, expected: kind, found: object.kind() });
        }
        self.order.came(&object)?;
        let mut out = BytesMut::with_capacity(MAGIC.len() + RECORD_HEADER + object.bytes().len());
        if !std::mem::replace(&mut self.started, true) {
            out.put_slice(&MAGIC);
        }
        out.put_u8(kind.code());
        out.put_u32(object.length());
        out.put_slice(object.bytes());
        Ok(out.freeze())
    }
}

impl<D: Directories + ?Sized> Iterator for FlistWriter<'_, D> {
    type Item = Result<Bytes, LoadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, id) = self.order.next()?;
        let record = self.record(kind, id);
        if record.is_err() {
            self.order.stack.clear();
        }
        Some(record)
    }
}

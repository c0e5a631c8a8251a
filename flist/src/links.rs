//! The links object: which paths of a tree are hard links to one another.
//!
//! Each linked entry carries the full content and metadata; this object only says which of them are
//! one file. A leaf, `[0, records]`, has a record `[first, path]` for each linked path: sorted by
//! group, a group beginning where `first` is 1. Records that do not fit one leaf are cut into several
//! and named by a node, `[1, ids]`.

use flisthub_storage::{ChunkId, Kind, StoreError};

use crate::cbor::{DecodeError, Reader, Writer};
use crate::name::TreePath;
use crate::object::{Directories, Emit, LoadError, chunk_of, load_one};

/// The most encoded record bytes of a leaf.
const MAX_LEAF: usize = 256 << 10;

const LEAF: u64 = 0;
const NODE: u64 = 1;

enum Links {
    Leaf(Vec<(bool, TreePath)>),
    Node(Vec<ChunkId>),
}

/// Makes the links object of groups of paths; `None` when nothing is linked. Paths and groups are
/// sorted here; a group of fewer than two paths is no group.
pub fn build_links(
    mut groups: Vec<Vec<TreePath>>,
    emit: &mut Emit<'_>,
) -> Result<Option<ChunkId>, StoreError> {
    groups.retain(|group| group.len() >= 2);
    for group in &mut groups {
        group.sort();
    }
    groups.sort();
    let mut leaves = Vec::new();
    let (mut records, mut count) = (Writer::default(), 0);
    for group in &groups {
        for (index, path) in group.iter().enumerate() {
            let mut record = Writer::default();
            record.array(2).uint(u8::from(index == 0)).bytes(path.as_bytes());
            let record = record.finish();
            if records.length() + record.len() > MAX_LEAF {
                leaves.push(emit_leaf(std::mem::take(&mut records), count, emit)?);
                count = 0;
            }
            records.encoded(&record);
            count += 1;
        }
    }
    if count > 0 {
        leaves.push(emit_leaf(records, count, emit)?);
    }
    match leaves.as_slice() {
        [] => Ok(None),
        [lone] => Ok(Some(*lone)),
        _ => {
            let mut out = Writer::default();
            out.array(2).uint(NODE).array(leaves.len());
            for id in &leaves {
                out.bytes(id.as_bytes());
            }
            let node = chunk_of(Kind::Links, out.finish())?;
            let id = node.id();
            emit(node)?;
            Ok(Some(id))
        }
    }
}

fn emit_leaf(records: Writer, count: usize, emit: &mut Emit<'_>) -> Result<ChunkId, StoreError> {
    let mut out = Writer::default();
    out.array(2).uint(LEAF).array(count).encoded(&records.finish());
    let leaf = chunk_of(Kind::Links, out.finish())?;
    let id = leaf.id();
    emit(leaf)?;
    Ok(id)
}

fn decode(bytes: &[u8]) -> Result<Links, DecodeError> {
    let mut reader = Reader::new(bytes);
    reader.array_of(2)?;
    let links = match reader.uint()? {
        LEAF => {
            let count = reader.array()?;
            reader.rule(count >= 1, "a leaf of links has a record")?;
            let mut records = Vec::new();
            for _ in 0..count {
                reader.array_of(2)?;
                let first: u8 = reader.small("a record begins with 0 or 1")?;
                reader.rule(first <= 1, "a record begins with 0 or 1")?;
                let at = reader.at();
                let path = TreePath::parse_exact(reader.bytes()?)
                    .map_err(|_| DecodeError::Rule { at, rule: "not a path in its one form" })?;
                records.push((first == 1, path));
            }
            Links::Leaf(records)
        }
        NODE => {
            let count = reader.array()?;
            reader.rule(count >= 2, "a node of links has two leaves or more")?;
            let mut ids = Vec::new();
            for _ in 0..count {
                ids.push(reader.id()?);
            }
            Links::Node(ids)
        }
        _ => {
            return Err(DecodeError::Rule { at: 1, rule: "no such form of links object" });
        }
    };
    reader.finish()?;
    Ok(links)
}

/// Ids of the objects that a links object is made of besides itself.
pub(crate) fn parts(bytes: &[u8]) -> Result<Vec<ChunkId>, DecodeError> {
    Ok(match decode(bytes)? {
        Links::Leaf(_) => Vec::new(),
        Links::Node(ids) => ids,
    })
}

/// Reads the groups of linked paths, of a tree that has `entries` entries. Paths and groups must be in
/// order and be no more than that: an object that names the same records again and again is refused
/// before they have been gathered.
pub fn links(
    directories: &(impl Directories + ?Sized),
    id: ChunkId,
    entries: u64,
) -> Result<Vec<Vec<TreePath>>, LoadError> {
    let mut groups = Groups { id, entries, done: Vec::new() };
    match load_one(directories, Kind::Links, id, decode)? {
        Links::Leaf(records) => groups.add(records)?,
        Links::Node(leaves) => {
            for leaf in leaves {
                match load_one(directories, Kind::Links, leaf, decode)? {
                    Links::Leaf(records) => groups.add(records)?,
                    Links::Node(_) => {
                        let what = "a links object inside another must be a leaf";
                        return Err(LoadError::Inconsistent { id: leaf, what });
                    }
                }
            }
        }
    }
    Ok(groups.done)
}

struct Groups {
    id: ChunkId,
    /// How many more paths there may be.
    entries: u64,
    done: Vec<Vec<TreePath>>,
}

impl Groups {
    fn add(&mut self, records: Vec<(bool, TreePath)>) -> Result<(), LoadError> {
        for (first, path) in records {
            let wrong = |what| LoadError::Inconsistent { id: self.id, what };
            let left = self.entries.checked_sub(1);
            self.entries = left.ok_or_else(|| wrong("more hard links than entries"))?;
            let last = self.done.last_mut();
            let before =
                last.as_ref().and_then(|group| if first { group.first() } else { group.last() });
            if before.is_some_and(|before| *before >= path) {
                return Err(wrong("hard links are not in order"));
            }
            match last {
                Some(group) if !first => group.push(path),
                None if !first => return Err(wrong("the first record does not begin a group")),
                _ => self.done.push(vec![path]),
            }
        }
        Ok(())
    }
}

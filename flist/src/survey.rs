//! What is told of a published flist and costs a walk through all of it: how long its `.flist` file is, and
//! how many entries of each sort it has. Whether it is true, `verify` has seen to before.

use std::collections::HashMap;

use flisthub_storage::ChunkId;

use crate::build::Counts;
use crate::entry::Content;
use crate::flist_file::FlistWriter;
use crate::manifest::Manifest;
use crate::object::{Directories, LoadError};
use crate::tree::directory_entries;

/// What a walk through a whole flist tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Survey {
    /// Length of its `.flist` file in bytes.
    pub file_bytes: u64,
    /// How many entries of each sort its tree has; what stands at two paths counts twice.
    pub counts: Counts,
}

/// Walks through the flist whose manifest is `id`. Hands the bytes of its `.flist` file to `bytes` as they
/// are made.
pub fn survey(
    directories: &(impl Directories + ?Sized),
    id: ChunkId,
    bytes: &mut dyn FnMut(&[u8]),
) -> Result<Survey, LoadError> {
    let mut file_bytes = 0;
    for record in FlistWriter::new(directories, id) {
        let record = record?;
        file_bytes += record.len() as u64;
        bytes(&record);
    }
    let root = Manifest::load(directories, id)?.root;
    Ok(Survey { file_bytes, counts: counts(directories, root)? })
}

/// A directory whose entries are being counted.
struct Open {
    id: ChunkId,
    counts: Counts,
    /// The directories in it that are still to be counted.
    below: Vec<ChunkId>,
}

/// Counts all below a directory; reads each directory once, however often it stands in the tree.
fn counts(directories: &(impl Directories + ?Sized), root: ChunkId) -> Result<Counts, LoadError> {
    let mut done: HashMap<ChunkId, Counts> = HashMap::new();
    let mut stack = vec![open(directories, root)?];
    while let Some(top) = stack.last_mut() {
        while let Some(counts) = top.below.last().and_then(|below| done.get(below)) {
            top.counts = top.counts.checked_add(*counts).ok_or(LoadError::Inconsistent {
                id: top.id,
                what: "it has more entries than 64 bits can count",
            })?;
            top.below.pop();
        }
        if let Some(below) = top.below.last() {
            let below = open(directories, *below)?;
            stack.push(below);
        } else {
            done.insert(top.id, top.counts);
            stack.pop();
        }
    }
    Ok(done.get(&root).copied().unwrap_or_default())
}

fn open(directories: &(impl Directories + ?Sized), id: ChunkId) -> Result<Open, LoadError> {
    let mut open = Open { id, counts: Counts::default(), below: Vec::new() };
    for entry in directory_entries(directories, id) {
        let content = entry?.content;
        open.counts.add(&content);
        if let Content::Directory { id, .. } = content {
            open.below.push(id);
        }
    }
    Ok(open)
}

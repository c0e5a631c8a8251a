//! One change, and in what two entries at one path differ.

use crate::entry::{Content, Metadata};
use crate::name::TreePath;

/// A path at which two flists differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where; the root of the tree when its own metadata differs.
    pub path: TreePath,
    /// What the first flist has there.
    pub before: Option<State>,
    /// What the second one has there.
    pub after: Option<State>,
    /// In what they differ, if both have something there.
    pub aspects: Vec<Aspect>,
}

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Its metadata.
    pub metadata: Metadata,
    /// What it is.
    pub content: Content,
}

impl State {
    /// Length in bytes, if it is a file.
    pub fn size(&self) -> Option<u64> {
        match &self.content {
            Content::File { size, .. } => Some(*size),
            _ => None,
        }
    }
}

/// In what two entries at one path differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aspect {
    /// One is something else than the other: a file became a symbolic link.
    Kind,
    /// A file's bytes, or how they are cut into chunks.
    Content,
    /// Where a symbolic link points.
    Target,
    /// The number of a device.
    Device,
    /// Permission bits.
    Mode,
    /// Owner or group.
    Owner,
    /// Modification time.
    Mtime,
    /// Extended attributes.
    Xattrs,
    /// Which paths are hard links to it.
    Links,
}

/// All aspects but that of hard links. Whether what stands in two directories differs is none of them.
pub(super) fn aspects(before: &State, after: &State) -> Vec<Aspect> {
    let mut found = Vec::new();
    found.extend(content(&before.content, &after.content));
    let (one, other) = (&before.metadata, &after.metadata);
    for (aspect, differs) in [
        (Aspect::Mode, one.mode != other.mode),
        (Aspect::Owner, (one.uid, one.gid) != (other.uid, other.gid)),
        (Aspect::Mtime, (one.mtime, one.mtime_nanos) != (other.mtime, other.mtime_nanos)),
        (Aspect::Xattrs, one.xattrs != other.xattrs),
    ] {
        found.extend(differs.then_some(aspect));
    }
    found
}

fn content(before: &Content, after: &Content) -> Option<Aspect> {
    let differs = match (before, after) {
        (Content::Directory { .. }, Content::Directory { .. }) => return None,
        (Content::File { .. }, Content::File { .. }) => Aspect::Content,
        (Content::Symlink { .. }, Content::Symlink { .. }) => Aspect::Target,
        (Content::CharDevice(_), Content::CharDevice(_))
        | (Content::BlockDevice(_), Content::BlockDevice(_)) => Aspect::Device,
        _ => Aspect::Kind,
    };
    (before != after).then_some(differs)
}

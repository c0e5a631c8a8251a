//! The hard links of a merge: of each source's groups, the paths that came from that source.

use flisthub_storage::ChunkId;

use super::error::MergeError;
use crate::links::links;
use crate::manifest::Manifest;
use crate::name::{EntryName, TreePath};
use crate::object::Directories;

/// The hard links of all sources, by source.
pub(super) struct Linked {
    of: Vec<Vec<Link>>,
}

/// A path that is a hard link.
struct Link {
    path: TreePath,
    /// Which group of its source.
    group: usize,
    /// Whether what stands at the path in the result came from its source.
    kept: bool,
}

impl Linked {
    /// Reads the links objects of all sources. Fails if they have more than `most` paths together.
    pub(super) fn read(
        directories: &(impl Directories + ?Sized),
        sources: &[ChunkId],
        manifests: &[Manifest],
        most: u64,
    ) -> Result<Self, MergeError> {
        let (mut of, mut left) = (Vec::new(), most);
        for (source, manifest) in sources.iter().zip(manifests) {
            let mut paths = Vec::new();
            if let Some(id) = manifest.links {
                let groups = links(directories, id, manifest.totals.entries)
                    .map_err(|error| MergeError::of_source(*source, error))?;
                for (group, linked) in groups.into_iter().enumerate() {
                    paths.extend(linked.into_iter().map(|path| Link { path, group, kept: false }));
                }
                left =
                    left.checked_sub(paths.len() as u64).ok_or(MergeError::TooManyEntries(most))?;
                paths.sort_by(|one, other| one.path.cmp(&other.path));
            }
            of.push(paths);
        }
        Ok(Self { of })
    }

    /// Notes that what stands at `name` in the directory `above`, with all below, came from `source`.
    pub(super) fn keep(&mut self, source: usize, above: &TreePath, name: &EntryName) {
        let Some(links) = self.of.get_mut(source).filter(|links| !links.is_empty()) else {
            return;
        };
        let path = above.join(name);
        let at = links.partition_point(|link| link.path < path);
        if let Some(link) = links.get_mut(at).filter(|link| link.path == path) {
            link.kept = true;
        }
        let below = [path.as_bytes(), b"/"].concat();
        let from = links.partition_point(|link| link.path.as_bytes() < below.as_slice());
        let links = links.iter_mut().skip(from);
        for link in links.take_while(|link| link.path.as_bytes().starts_with(&below)) {
            link.kept = true;
        }
    }

    /// Notes that the whole tree came from `source`.
    pub(super) fn keep_all(&mut self, source: usize) {
        for link in self.of.get_mut(source).into_iter().flatten() {
            link.kept = true;
        }
    }

    /// The groups of the result, in no order. Some may have a single path.
    pub(super) fn into_groups(self) -> Vec<Vec<TreePath>> {
        let mut groups: Vec<Vec<TreePath>> = Vec::new();
        for mut links in self.of {
            links.retain(|link| link.kept);
            links.sort_by_key(|link| link.group);
            for same in links.chunk_by(|one, other| one.group == other.group) {
                groups.push(same.iter().map(|link| link.path.clone()).collect());
            }
        }
        groups
    }
}

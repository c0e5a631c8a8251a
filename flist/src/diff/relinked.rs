//! Paths whose hard links are not the same in two flists.

use std::collections::HashSet;

use crate::links::links;
use crate::manifest::Manifest;
use crate::name::TreePath;
use crate::object::{Directories, LoadError};

/// The paths, in order of their bytes.
pub(super) struct Relinked {
    paths: Vec<TreePath>,
}

impl Relinked {
    pub(super) fn between(
        directories: &(impl Directories + ?Sized),
        from: &Manifest,
        to: &Manifest,
    ) -> Result<Self, LoadError> {
        if from.links == to.links {
            return Ok(Self { paths: Vec::new() });
        }
        let groups = |manifest: &Manifest| match manifest.links {
            Some(id) => links(directories, id, manifest.totals.entries),
            None => Ok(Vec::new()),
        };
        let (from, to) = (groups(from)?, groups(to)?);
        let (known, new): (HashSet<_>, HashSet<_>) = (from.iter().collect(), to.iter().collect());
        let differ = known.symmetric_difference(&new).flat_map(|group| group.iter().cloned());
        let mut paths: Vec<TreePath> = differ.collect();
        paths.sort();
        paths.dedup();
        Ok(Self { paths })
    }

    /// Whether this path is one of them.
    pub(super) fn at(&self, path: &TreePath) -> bool {
        self.paths.binary_search(path).is_ok()
    }

    /// Whether one of them is below this directory.
    pub(super) fn below(&self, directory: &TreePath) -> bool {
        if directory == &TreePath::ROOT {
            return !self.paths.is_empty();
        }
        let below = [directory.as_bytes(), b"/"].concat();
        let at = self.paths.partition_point(|path| path.as_bytes() < below.as_slice());
        self.paths.get(at).is_some_and(|path| path.as_bytes().starts_with(&below))
    }
}

//! Checking the hard links of a flist before it is published: part of `verify`.

use std::collections::{HashMap, HashSet, hash_map};

use flisthub_storage::{ChunkId, ChunkStore, Kind};

use super::{VerifyError, bad};
use crate::directory::Directory;
use crate::entry::{Content, Entry};
use crate::links::{build_links, links};
use crate::manifest::Manifest;
use crate::name::TreePath;
use crate::nested::MAX_NESTING;
use crate::object::{LoadError, load_one};

/// How many directory objects are kept while paths are looked up: those above a few paths.
const KEPT: usize = 16;

/// Checks that the links object is in its one form and joins only entries that are equal. A group that a
/// base has too is known to be of equal entries where they are those of the base.
pub(super) fn check_links(
    store: &dyn ChunkStore,
    manifest: &Manifest,
    bases: &[Manifest],
) -> Result<(), VerifyError> {
    let Some(id) = manifest.links else {
        return Ok(());
    };
    let groups = links(store, id, manifest.totals.entries)?;
    if build_links(groups.clone(), &mut |_| Ok(()))? != Some(id) {
        return Err(bad(id, "the links object is not in its one form"));
    }
    let bases = linked_bases(store, bases, 2 * groups.iter().map(Vec::len).sum::<usize>() as u64);
    let mut paths = Paths { store, kept: HashMap::new() };
    let mut seen = HashSet::new();
    for group in &groups {
        if let Some(twice) = group.iter().find(|path| !seen.insert(*path)) {
            return Err(bad(twice, "linked more than once"));
        }
        let mut known = bases.iter().filter(|base| base.has(group));
        if !known.any(|base| paths.all_same(manifest.root, base.root, group)) {
            paths.check(manifest.root, group)?;
        }
    }
    Ok(())
}

/// A base that has hard links.
struct Base {
    root: ChunkId,
    /// Which group a path is in.
    groups: HashMap<TreePath, usize>,
}

impl Base {
    /// Whether all these paths are one file.
    fn has(&self, paths: &[TreePath]) -> bool {
        let mut groups = paths.iter().map(|path| self.groups.get(path));
        let first = groups.next().flatten();
        first.is_some() && groups.all(|group| group == first)
    }
}

/// The hard links of the bases, as far as they have no more than `most` paths together: more would take
/// longer to read than they could save.
fn linked_bases(store: &dyn ChunkStore, bases: &[Manifest], mut most: u64) -> Vec<Base> {
    let mut found = Vec::new();
    for base in bases {
        let Some(id) = base.links else { continue };
        let Ok(groups) = links(store, id, base.totals.entries.min(most)) else { continue };
        let numbered = groups.into_iter().enumerate();
        let groups: HashMap<TreePath, usize> = numbered
            .flat_map(|(group, paths)| paths.into_iter().map(move |path| (path, group)))
            .collect();
        most = most.saturating_sub(groups.len() as u64);
        found.push(Base { root: base.root, groups });
    }
    found
}

/// Looks paths up, and keeps some of the directories that it came through.
struct Paths<'a> {
    store: &'a dyn ChunkStore,
    kept: HashMap<ChunkId, Directory>,
}

impl Paths<'_> {
    /// Checks that all paths of a group are there and equal.
    fn check(&mut self, root: ChunkId, group: &[TreePath]) -> Result<(), VerifyError> {
        let mut first: Option<Entry> = None;
        for path in group {
            let entry =
                self.lookup(root, path)?.ok_or_else(|| bad(path, "linked, but not in the tree"))?;
            if matches!(entry.content, Content::Directory { .. }) {
                return Err(bad(path, "a directory cannot be a hard link"));
            }
            match &first {
                None => first = Some(entry),
                Some(first)
                    if first.metadata == entry.metadata && first.content == entry.content => {}
                Some(_) => return Err(bad(path, "differs from what it is a hard link of")),
            }
        }
        Ok(())
    }

    /// Whether a tree has the same as a base at each of the paths, which lead to files of the base.
    fn all_same(&mut self, root: ChunkId, base: ChunkId, paths: &[TreePath]) -> bool {
        paths.iter().all(|path| self.same(root, base, path))
    }

    /// Goes no deeper than the two differ. What cannot be read is not the same.
    fn same(&mut self, root: ChunkId, base: ChunkId, path: &TreePath) -> bool {
        let (mut here, mut there) = (root, base);
        for name in path.names() {
            if here == there {
                return true;
            }
            let (Ok(Some(one)), Ok(Some(base))) = (self.find(here, name), self.find(there, name))
            else {
                return false;
            };
            match (&one.content, &base.content) {
                (Content::Directory { id: one, .. }, Content::Directory { id: base, .. }) => {
                    (here, there) = (*one, *base);
                }
                _ => return one == base,
            }
        }
        false
    }

    /// What stands at a path.
    fn lookup(&mut self, root: ChunkId, path: &TreePath) -> Result<Option<Entry>, LoadError> {
        let mut directory = Some(root);
        let mut found = None;
        for name in path.names() {
            let Some(id) = directory else { return Ok(None) };
            let Some(entry) = self.find(id, name)? else { return Ok(None) };
            directory = match &entry.content {
                Content::Directory { id, .. } => Some(*id),
                _ => None,
            };
            found = Some(entry);
        }
        Ok(found)
    }

    /// Finds one name in a directory.
    fn find(&mut self, mut id: ChunkId, name: &[u8]) -> Result<Option<Entry>, LoadError> {
        for _ in 0..MAX_NESTING {
            match self.directory(id)? {
                Directory::Leaf(entries) => {
                    let at = entries.binary_search_by(|entry| entry.name.as_bytes().cmp(name));
                    return Ok(at.ok().and_then(|at| entries.get(at)).cloned());
                }
                Directory::Node(parts) => {
                    let at = parts.partition_point(|part| part.last.as_bytes() < name);
                    let Some(part) = parts.get(at) else { return Ok(None) };
                    id = part.id;
                }
            }
        }
        Err(LoadError::Inconsistent { id, what: "parts are nested too deep" })
    }

    fn directory(&mut self, id: ChunkId) -> Result<&Directory, LoadError> {
        if self.kept.len() >= KEPT && !self.kept.contains_key(&id) {
            self.kept.clear();
        }
        Ok(match self.kept.entry(id) {
            hash_map::Entry::Occupied(known) => known.into_mut(),
            hash_map::Entry::Vacant(free) => {
                free.insert(load_one(self.store, Kind::Directory, id, Directory::decode)?)
            }
        })
    }
}

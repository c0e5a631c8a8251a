//! Checking the hard links of a flist before it is published: part of `verify`.

use std::collections::HashSet;

use flisthub_storage::ChunkStore;

use crate::entry::{Content, Entry};
use crate::links::{build_links, links};
use crate::manifest::Manifest;
use crate::tree::Tree;
use crate::verify::{VerifyError, bad};

/// Checks that the links object is in its one form and joins only entries that are equal.
pub(crate) fn check_links(store: &dyn ChunkStore, manifest: &Manifest) -> Result<(), VerifyError> {
    let Some(id) = manifest.links else {
        return Ok(());
    };
    let groups = links(store, id, manifest.totals.entries)?;
    if build_links(groups.clone(), &mut |_| Ok(()))? != Some(id) {
        return Err(bad(id, "the links object is not in its one form"));
    }
    let tree = Tree::of(manifest);
    let mut seen = HashSet::new();
    for group in &groups {
        let mut first: Option<Entry> = None;
        for path in group {
            if !seen.insert(path) {
                return Err(bad(path, "linked more than once"));
            }
            let entry = tree
                .lookup(store, path)?
                .ok_or_else(|| bad(path, "linked, but not in the tree"))?;
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
    }
    Ok(())
}

//! Small sources to merge, and the merge itself with its result checked.

use flisthub_flist::{
    ImageConfig, MergeError, MergeOptions, Merged, Rule, TreeBuilder, VerifyLimits, merge, verify,
};
use flisthub_storage::{ChunkId, MemoryStore};

use crate::support::{file, keep, metadata, path, publish};

/// First wins.
pub(crate) const FIRST: MergeOptions = MergeOptions {
    rule: Rule::FirstWins,
    image_config: ImageConfig::First,
    max_entries: 1_000_000,
};

/// Merges; checks that the result is a whole flist.
pub(crate) fn merged(store: &MemoryStore, sources: &[ChunkId], options: MergeOptions) -> Merged {
    let merged = merge(store, sources, &options, &mut keep(store)).unwrap();
    let verified = verify(store, merged.flist, &VerifyLimits::default(), &[]).unwrap();
    assert_eq!(verified.manifest, merged.manifest);
    merged
}

/// Merges what cannot be.
pub(crate) fn refused(
    store: &MemoryStore,
    sources: &[ChunkId],
    options: MergeOptions,
) -> MergeError {
    merge(store, sources, &options, &mut keep(store)).unwrap_err()
}

/// A flist of files, with the same metadata all over.
pub(crate) fn flist(store: &MemoryStore, files: &[(&str, &str)]) -> ChunkId {
    let mut tree = TreeBuilder::new();
    for (at, content) in files {
        let content = file(content.as_bytes(), &mut keep(store));
        tree.add(&path(at), metadata(1), content).unwrap();
    }
    publish(store, &tree.finish(&mut keep(store)).unwrap())
}

/// A flist with one group of hard links at these paths.
pub(crate) fn linked(store: &MemoryStore, content: &str, at: &[&str]) -> ChunkId {
    let mut tree = TreeBuilder::new();
    let content = file(content.as_bytes(), &mut keep(store));
    tree.add(&path(at[0]), metadata(1), content).unwrap();
    for link in &at[1..] {
        tree.add_hard_link(&path(link), &path(at[0])).unwrap();
    }
    publish(store, &tree.finish(&mut keep(store)).unwrap())
}

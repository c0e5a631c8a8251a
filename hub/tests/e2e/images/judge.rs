//! Whether two trees on disk are the same in all that an image can say of them.
//!
//! Holes do not count: a layer does not say where a file has some, and who unpacks makes them or not.

use std::collections::BTreeSet;
use std::path::Path;

use crate::snapshot::snapshot;

/// Every difference between two trees, with both sides.
pub(crate) fn differences(one: &Path, other: &Path) -> Vec<String> {
    let (left, right) = (shapes(one), shapes(other));
    let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    names
        .into_iter()
        .filter(|name| left.get(*name) != right.get(*name))
        .map(|name| format!("{name}\n  {:?}\n  {:?}", left.get(name), right.get(name)))
        .collect()
}

/// Fails, naming the first entries that differ.
pub(crate) fn assert_same_tree(one: &Path, other: &Path) {
    let different = differences(one, other);
    let first: Vec<&String> = different.iter().take(10).collect();
    assert!(different.is_empty(), "{} differ, as {first:#?}", different.len());
}

fn shapes(root: &Path) -> std::collections::BTreeMap<String, String> {
    let plain =
        |line: String| line.replacen(" holes true ", " ", 1).replacen(" holes false ", " ", 1);
    snapshot(root).into_iter().map(|(name, line)| (name, plain(line))).collect()
}

//! Buckets, and how many items are in each: so many at most, whatever the items say.

use std::collections::BTreeMap;

/// Buckets of one aggregation.
const MOST: usize = if cfg!(test) { 20 } else { 10_000 };

/// Bytes of a text by which items are counted.
const LONGEST: usize = 256;

/// What a bucket is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// A text.
    Text(String),
    /// A time, or the place of a range of numbers among all of them.
    Number(i64),
    /// A cell of a grid.
    Cell((i32, i32)),
}

/// How many items are in each bucket, and how many in none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Buckets {
    counts: BTreeMap<Key, u64>,
    /// Items that are in none of them.
    pub(super) overflow: u64,
}

impl Buckets {
    /// Adds items to the buckets of those keys, or to none where there is no key, nor place for a bucket.
    pub(super) fn add(&mut self, keys: impl IntoIterator<Item = Key>, items: u64) {
        let mut is_in_one = false;
        for key in keys {
            if matches!(&key, Key::Text(text) if text.len() > LONGEST) {
                continue;
            }
            if let Some(count) = self.counts.get_mut(&key) {
                *count = count.saturating_add(items);
            } else if self.counts.len() < MOST {
                self.counts.insert(key, items);
            } else {
                continue;
            }
            is_in_one = true;
        }
        if !is_in_one {
            self.overflow = self.overflow.saturating_add(items);
        }
    }

    /// How many are in the bucket of a key.
    pub(super) fn count(&self, key: &Key) -> u64 {
        self.counts.get(key).copied().unwrap_or(0)
    }

    /// By their keys.
    pub(super) fn by_key(&self) -> Vec<(&Key, u64)> {
        self.counts.iter().map(|(key, count)| (key, *count)).collect()
    }

    /// Those with the most items first.
    pub(super) fn by_count(&self) -> Vec<(&Key, u64)> {
        let mut all = self.by_key();
        all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        all
    }
}

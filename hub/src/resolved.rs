//! What names were found to lead to, remembered until any name changes. Whoever asks has their rights
//! looked at again each time.

use std::sync::Arc;

use quick_cache::sync::Cache;

use crate::catalog::{NameRow, RepositoryRow};

/// Names that are remembered. With its strings one takes about half a kilobyte.
const NAMES: usize = 10_000;

/// What a name leads to.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The catalog's number of changes before it was looked up.
    pub generation: u64,
    /// The flist.
    pub row: NameRow,
    /// The repositories that had to be readable: the name's own, and those that its links lead through.
    pub way: Vec<RepositoryRow>,
}

/// Names by `repository/name`.
#[derive(Debug)]
pub struct ResolvedNames(Cache<String, Arc<Resolved>>);

impl Default for ResolvedNames {
    fn default() -> Self {
        Self(Cache::new(NAMES))
    }
}

impl ResolvedNames {
    /// What a name leads to, if no name has changed since it was looked up.
    pub fn get(&self, name: &str, generation: u64) -> Option<Arc<Resolved>> {
        self.0.get(name).filter(|found| found.generation == generation)
    }

    /// Remembers what a name leads to.
    pub fn insert(&self, name: String, found: Arc<Resolved>) {
        self.0.insert(name, found);
    }
}

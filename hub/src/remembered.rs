//! What was found in the catalog of repositories and names, remembered until any name changes. Whoever asks
//! has their rights looked at again each time, and what is not there is looked for again each time.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::catalog::{NameRow, Named, RepositoryRow};
use crate::objects::CacheFigures;

/// Names that are remembered, and as many repositories. With its strings one takes about half a kilobyte.
const NAMES: usize = 10_000;

/// Names in all pages that are remembered together, about 600 bytes each with what is made of them.
const LISTED: u64 = 100_000;

/// Something and the catalog's number of changes before it was looked up.
#[derive(Debug, Clone)]
struct Dated<T>(u64, T);

/// What a name leads to.
#[derive(Debug)]
pub struct Resolved {
    /// The flist.
    pub row: NameRow,
    /// The repositories that had to be readable: the name's own, and those that its links lead through.
    pub way: Vec<RepositoryRow>,
}

/// Which page of names: number of the repository, the name before it, how many at most.
pub(crate) type PageOf = (i64, String, u32);

/// A page of names, and what is made of it for those who ask for it again and again.
#[derive(Debug)]
pub struct Listed {
    /// The names.
    pub names: Box<[Named]>,
    /// The page as the native API writes it, once somebody asked.
    pub shown: OnceLock<Bytes>,
}

/// A page weighs as much as it has names.
#[derive(Debug, Clone)]
struct ByNames;

impl Weighter<PageOf, Dated<Arc<Listed>>> for ByNames {
    fn weight(&self, _: &PageOf, page: &Dated<Arc<Listed>>) -> u64 {
        page.1.names.len() as u64 + 1
    }
}

/// All that is remembered.
#[derive(Debug)]
pub struct Remembered {
    repositories: Cache<String, Dated<RepositoryRow>>,
    names: Cache<String, Dated<Arc<Resolved>>>,
    pages: Cache<PageOf, Dated<Arc<Listed>>, ByNames>,
}

impl Default for Remembered {
    fn default() -> Self {
        Self {
            repositories: Cache::new(NAMES),
            names: Cache::new(NAMES),
            pages: Cache::with_weighter(1_000, LISTED, ByNames),
        }
    }
}

fn young<T>(found: Option<Dated<T>>, generation: u64) -> Option<T> {
    found.filter(|found| found.0 == generation).map(|found| found.1)
}

impl Remembered {
    /// What the caches tell of themselves, with their names.
    pub(crate) fn figures(&self) -> [(&'static str, CacheFigures); 3] {
        [
            ("repositories", CacheFigures::of(&self.repositories)),
            ("names", CacheFigures::of(&self.names)),
            ("pages", CacheFigures::of(&self.pages)),
        ]
    }

    /// The repository of that name, if no name has changed since it was looked up.
    pub fn repository(&self, name: &str, generation: u64) -> Option<RepositoryRow> {
        young(self.repositories.get(name), generation)
    }

    /// Remembers a repository that was looked up after the number of changes was `generation`.
    pub fn set_repository(&self, row: RepositoryRow, generation: u64) {
        self.repositories.insert(row.name.clone(), Dated(generation, row));
    }

    /// What `repository/name` leads to, likewise.
    pub fn name(&self, name: &str, generation: u64) -> Option<Arc<Resolved>> {
        young(self.names.get(name), generation)
    }

    /// Remembers what a name leads to.
    pub fn set_name(&self, name: String, found: Arc<Resolved>, generation: u64) {
        self.names.insert(name, Dated(generation, found));
    }

    /// A page of names, likewise.
    pub fn page(&self, of: &PageOf, generation: u64) -> Option<Arc<Listed>> {
        young(self.pages.get(of), generation)
    }

    /// Remembers a page.
    pub fn set_page(&self, of: PageOf, page: Arc<Listed>, generation: u64) {
        self.pages.insert(of, Dated(generation, page));
    }
}

//! What was found out about items by looking at many of them: how many match, what is in each collection, and what its
//! items have. It is remembered until any name changes. What changes while it is asked, or about then, is neither
//! remembered nor taken from there: a number is that of the state of which the page is.

use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::sync::Cache;

use super::answers::Answers;
use super::facts::CollectionFacts;
use super::query::ItemQuery;
use crate::stac::Observed;

/// Searches whose number of matches is remembered, about 100 bytes each.
const QUERIES: usize = 10_000;

/// Sets of repositories of which it is remembered what is in their collections.
const VIEWS: usize = 1_000;

/// Collections of which it is remembered what their items have, each for those who may read the same: 100 KB each at
/// most, about.
const OBSERVED: usize = 100;

/// What was counted, by what was asked, and the catalog's number of changes before.
#[derive(Debug)]
pub(in crate::catalog) struct Counted {
    queries: Cache<[u8; 32], (u64, u64)>,
    facts: Cache<[u8; 32], (u64, Vec<CollectionFacts>)>,
    observed: Cache<[u8; 32], (u64, Observed)>,
    /// Whether any item of a part of the items has a value of a property.
    parts: Cache<[u8; 32], (u64, bool)>,
    /// What was answered to aggregations.
    pub(super) aggregations: Answers,
    /// How often stars have changed, which only searches for stars ask for.
    stars: AtomicU64,
}

impl Default for Counted {
    fn default() -> Self {
        Self {
            queries: Cache::new(QUERIES),
            facts: Cache::new(VIEWS),
            observed: Cache::new(OBSERVED),
            parts: Cache::new(QUERIES),
            aggregations: Answers::default(),
            stars: AtomicU64::new(0),
        }
    }
}

impl Counted {
    /// Stars change, or have changed.
    pub(super) fn stars_change(&self) {
        self.stars.fetch_add(1, Ordering::SeqCst);
    }

    /// A number that differs whenever stars have changed.
    pub(super) fn stars(&self) -> u64 {
        self.stars.load(Ordering::SeqCst)
    }

    pub(super) fn of_query(&self, query: [u8; 32], generation: u64) -> Option<u64> {
        self.queries.get(&query).filter(|known| known.0 == generation).map(|known| known.1)
    }

    pub(super) fn remember_query(&self, query: [u8; 32], generation: u64, count: u64) {
        self.queries.insert(query, (generation, count));
    }

    pub(super) fn of_part(&self, part: [u8; 32], generation: u64) -> Option<bool> {
        self.parts.get(&part).filter(|known| known.0 == generation).map(|known| known.1)
    }

    pub(super) fn remember_part(&self, part: [u8; 32], generation: u64, has: bool) {
        self.parts.insert(part, (generation, has));
    }

    pub(super) fn facts(&self, view: [u8; 32], generation: u64) -> Option<Vec<CollectionFacts>> {
        self.facts.get(&view).filter(|known| known.0 == generation).map(|known| known.1)
    }

    pub(super) fn observed(&self, view: [u8; 32], generation: u64) -> Option<Observed> {
        self.observed.get(&view).filter(|known| known.0 == generation).map(|known| known.1)
    }

    pub(super) fn remember_observed(&self, view: [u8; 32], generation: u64, observed: &Observed) {
        self.observed.insert(view, (generation, observed.clone()));
    }

    pub(super) fn remember_facts(
        &self,
        view: [u8; 32],
        generation: u64,
        facts: &[CollectionFacts],
    ) {
        self.facts.insert(view, (generation, facts.to_vec()));
    }
}

/// By what the number of matches of a search is remembered.
pub(super) fn remembered_as(query: &ItemQuery, stars: u64) -> [u8; 32] {
    let all = ItemQuery { sort: Vec::new(), after: None, limit: 0, ..query.clone() };
    let of_stars = query.filter.as_ref().is_some_and(|filter| filter.asks_for_stars());
    let stars = (of_stars || query.starred_by.is_some()).then_some(stars);
    key(&(all, stars))
}

/// A key for whatever shows all of itself.
pub(super) fn key(of: &impl std::fmt::Debug) -> [u8; 32] {
    *blake3::hash(format!("{of:?}").as_bytes()).as_bytes()
}

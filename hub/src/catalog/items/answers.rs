//! Aggregations that were answered, remembered until any name changes: by what was asked, and the catalog's number of
//! changes before.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

/// Bytes of all answers together.
const BYTES: u64 = 16 << 20;

/// Bytes of one, about.
const TYPICAL: usize = 2 << 10;

/// An answer weighs as much as it is long.
#[derive(Debug, Clone)]
struct ByLength;

impl Weighter<[u8; 32], (u64, Arc<str>)> for ByLength {
    fn weight(&self, _: &[u8; 32], answer: &(u64, Arc<str>)) -> u64 {
        answer.1.len() as u64 + 100
    }
}

/// Answers.
#[derive(Debug)]
pub(super) struct Answers(Cache<[u8; 32], (u64, Arc<str>), ByLength>);

impl Default for Answers {
    fn default() -> Self {
        let items = usize::try_from(BYTES).unwrap_or(usize::MAX) / TYPICAL;
        Self(Cache::with_weighter(items, BYTES, ByLength))
    }
}

impl Answers {
    pub(super) fn get(&self, asked: [u8; 32], generation: u64) -> Option<Arc<str>> {
        self.0.get(&asked).filter(|known| known.0 == generation).map(|known| known.1)
    }

    pub(super) fn remember(&self, asked: [u8; 32], generation: u64, answer: &Arc<str>) {
        self.0.insert(asked, (generation, answer.clone()));
    }
}

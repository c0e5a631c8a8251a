//! How many items match, and what is in each collection: exact, so it takes looking at all of them. It is remembered
//! until any name changes. What changes while it is asked, or about then, is neither remembered nor taken from there:
//! the number is that of the state of which the page is.

use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::TryStreamExt as _;
use quick_cache::sync::Cache;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::cursor::At;
use super::exact::{Asked, Where, gone};
use super::facts::CollectionFacts;
use super::filter::Filter;
use super::filtered;
use super::found::{Found, With};
use super::keys::{Keys, TOGETHER, place};
use super::query::ItemQuery;
use super::sql::Bound;
use crate::catalog::error::CatalogError;
use crate::stac::{FilterError, ItemFilter};

/// Searches whose number of matches is remembered, about 100 bytes each.
const QUERIES: usize = 10_000;

/// Sets of repositories of which it is remembered what is in their collections.
const VIEWS: usize = 1_000;

/// What was counted, by what was asked, and the catalog's number of changes before.
#[derive(Debug)]
pub(in crate::catalog) struct Counted {
    queries: Cache<[u8; 32], (u64, u64)>,
    facts: Cache<[u8; 32], (u64, Vec<CollectionFacts>)>,
    /// How often stars have changed, which only searches for stars ask for.
    stars: AtomicU64,
}

impl Default for Counted {
    fn default() -> Self {
        Self { queries: Cache::new(QUERIES), facts: Cache::new(VIEWS), stars: AtomicU64::new(0) }
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

    pub(super) fn facts(&self, view: [u8; 32], generation: u64) -> Option<Vec<CollectionFacts>> {
        self.facts.get(&view).filter(|known| known.0 == generation).map(|known| known.1)
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

/// Counts what matches.
pub(super) async fn count(
    reading: &mut AnyConnection,
    keys: &Keys<'_>,
    by: Option<&Found>,
) -> Result<u64, CatalogError> {
    if keys.query.filter.is_some() {
        return unsure(reading, keys, by).await;
    }
    let Some(asked) = keys.asked else {
        return sure(reading, keys, by, None).await;
    };
    let certain = match asked {
        Asked::Box(_) => sure(reading, keys, by, Some(asked)).await?,
        Asked::Geometry(_) => 0,
    };
    let others = unsure(reading, keys, by).await?;
    Ok(certain.saturating_add(others))
}

/// A statement over all that matches. `None`: nothing can.
fn statement(
    keys: &Keys<'_>,
    by: Option<&Found>,
    select: &str,
    (condition, mut bound): (&str, Bound),
    with_document: bool,
) -> Option<(String, Bound)> {
    let has_words = by.is_some_and(|by| by.has_words(keys.dialect));
    let filter = Filter::of(keys.query, keys.asked, has_words, &mut bound)?;
    let collections: Vec<String> = keys.collections().into_iter().collect();
    if collections.is_empty() {
        return None;
    }
    let collections = bound.texts(&collections);
    let filter = Filter { words: filter.words || with_document, ..filter };
    let matching = format!("i.collection in ({collections}) and {} and {condition}", filter.text);
    let text = match by {
        None => format!("select {select} from {} where {matching}", filter.tables()),
        Some(found) => {
            let With { text, on } = found.with(keys.dialect, &mut bound);
            format!(
                "{text} select {select} from found cross join {} where {on} and {matching}",
                filter.tables()
            )
        }
    };
    Some((text, bound))
}

async fn sure(
    reading: &mut AnyConnection,
    keys: &Keys<'_>,
    by: Option<&Found>,
    asked: Option<&Asked>,
) -> Result<u64, CatalogError> {
    let mut bound = Bound::default();
    let condition = asked.and_then(|asked| asked.sure(&mut bound));
    let condition = condition.as_deref().unwrap_or("1 = 1");
    let Some((text, bound)) = statement(keys, by, "count(*)", (condition, bound), false) else {
        return Ok(0);
    };
    keys.deadline.before_statement(reading).await?;
    let query = bound.query(text).persistent(by.is_none_or(Found::comes_again));
    let counted: i64 = query.fetch_one(reading).await?.try_get(0)?;
    Ok(u64::try_from(counted).unwrap_or(0))
}

/// Counts what must be looked at more closely: all, where there is a filter.
async fn unsure(
    reading: &mut AnyConnection,
    keys: &Keys<'_>,
    by: Option<&Found>,
) -> Result<u64, CatalogError> {
    let mut bound = Bound::default();
    let filter = keys.query.filter.as_ref();
    let sure = keys.asked.filter(|_| filter.is_none()).and_then(|asked| asked.sure(&mut bound));
    let condition = sure.map_or_else(|| "1 = 1".to_owned(), |sure| format!("not {sure}"));
    let more = filter.map(|_| filtered::columns()).unwrap_or_default();
    let geometry = keys.asked.map_or("cast(null as text) as geometry", |_| "d.geometry");
    let select = format!("i.west, i.south, i.east, i.north, i.boxed, {geometry}{more}");
    let matching = statement(keys, by, &select, (&condition, bound), true);
    let Some((text, bound)) = matching else { return Ok(0) };
    keys.deadline.before_statement(reading).await?;
    let query = bound.query(text).persistent(by.is_none_or(Found::comes_again));
    let mut chunks = query.fetch(&mut *reading).try_chunks(TOGETHER);
    let (mut counted, mut long) = (0_u64, Vec::new());
    while let Some(rows) = chunks.try_next().await.map_err(|stopped| stopped.1)? {
        let rows = rows.iter().map(|row| Unsure::of(row, filter.is_some()));
        let rows = rows.collect::<Result<Vec<Unsure>, CatalogError>>()?;
        let (asked, filter, deadline) = (keys.asked.cloned(), filter.cloned(), keys.deadline);
        let look = move || {
            let in_time = rows.iter().take_while(|_| !deadline.is_over());
            in_time.map(|row| row.look(asked.as_ref(), filter.as_deref())).collect::<Vec<_>>()
        };
        for seen in tokio::task::spawn_blocking(look).await.map_err(gone)? {
            match seen.map_err(|error| filtered::failed(&error))? {
                Seen::Matches => counted = counted.saturating_add(1),
                Seen::Long(at) => long.push(at),
                Seen::Differs => {}
            }
        }
        keys.deadline.check()?;
    }
    drop(chunks);
    if let Some(filter) = filter {
        let found = filtered::found(reading, long, filter, keys.deadline).await?;
        counted = counted.saturating_add(found.len() as u64);
    }
    Ok(counted)
}

/// A row that must be looked at.
struct Unsure {
    place: Option<Where>,
    geometry: Option<String>,
    item: Option<filtered::Candidate>,
}

/// What is seen of it.
enum Seen {
    Matches,
    Differs,
    /// Its document is too long to come with its row.
    Long(At),
}

impl Unsure {
    fn of(row: &AnyRow, is_filtered: bool) -> Result<Self, CatalogError> {
        let item = is_filtered.then(|| filtered::Candidate::of(row)).transpose()?;
        Ok(Self { place: place(row)?, geometry: row.try_get("geometry")?, item })
    }

    fn look(
        &self,
        asked: Option<&Asked>,
        filter: Option<&ItemFilter>,
    ) -> Result<Seen, FilterError> {
        let geometry = self.geometry.as_deref();
        let is_there = asked.is_none_or(|asked| {
            self.place.is_some_and(|place| asked.is_sure(&place) || asked.meets(&place, geometry))
        });
        if !is_there {
            return Ok(Seen::Differs);
        }
        let Some((filter, item)) = filter.zip(self.item.as_ref()) else { return Ok(Seen::Matches) };
        Ok(match item.is_found(filter).transpose()? {
            None => Seen::Long(At { values: Vec::new(), number: item.number }),
            Some(true) => Seen::Matches,
            Some(false) => Seen::Differs,
        })
    }
}

//! How many items match: exact, so it takes looking at all of them, and is remembered by `counted.rs`.

use futures_util::stream::TryChunksError;
use futures_util::{StreamExt as _, TryStreamExt as _};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::cursor::At;
use super::deadline::Deadline;
use super::exact::{Asked, Where, gone};
use super::filter::Filter;
use super::filtered;
use super::found::{Found, With};
use super::keys::{Keys, TOGETHER, place};
use super::known::{self, index};
use super::sql::Bound;
use crate::catalog::error::CatalogError;
use crate::stac::{Index, ItemFilter};

/// Counts what matches.
pub(super) async fn count(
    reading: &mut AnyConnection,
    keys: &Keys<'_>,
    by: Option<&Found>,
) -> Result<u64, CatalogError> {
    let certain = sure(reading, keys, by).await?;
    if are_all_certain(keys) {
        return Ok(certain);
    }
    let others = unsure(reading, keys, by).await?;
    Ok(certain.saturating_add(others))
}

/// Whether no row needs a closer look.
pub(super) fn are_all_certain(keys: &Keys<'_>) -> bool {
    let is_sure = |index: &Index| known::is_sure(index).is_none();
    keys.asked.is_none() && known::is_exact(keys.query) && index(keys.query).is_none_or(is_sure)
}

/// What is true of rows that need no closer look. `None`: each needs one.
pub(super) fn certain(keys: &Keys<'_>, bound: &mut Bound) -> Option<String> {
    if !known::is_exact(keys.query) {
        return None;
    }
    let there = match keys.asked {
        Some(asked) => Some(asked.sure(bound)?),
        None => None,
    };
    let values = index(keys.query).and_then(known::is_sure);
    let both: Vec<String> = there.into_iter().chain(values).collect();
    Some(if both.is_empty() { "1 = 1".to_owned() } else { both.join(" and ") })
}

/// What is true of all others.
pub(super) fn uncertain(keys: &Keys<'_>, bound: &mut Bound) -> String {
    match (certain(keys, bound), index(keys.query)) {
        (None, _) => "1 = 1".to_owned(),
        (Some(_), Some(index)) if keys.asked.is_none() => known::is_unsure(index),
        (Some(certain), _) => format!("not ({certain})"),
    }
}

/// What is read beside the items.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Beside {
    /// Their documents, as `d`.
    pub(super) documents: bool,
    /// Their values, as `v`.
    pub(super) values: bool,
}

/// A statement over all that matches. `None`: nothing can.
pub(super) fn statement(
    keys: &Keys<'_>,
    by: Option<&Found>,
    select: &str,
    (condition, mut bound): (&str, Bound),
    beside: Beside,
) -> Option<(String, Bound)> {
    let has_words = by.is_some_and(|by| by.has_words(keys.dialect));
    let filter = Filter::of(keys.query, keys.asked, has_words, &mut bound)?;
    let collections: Vec<String> = keys.collections().into_iter().collect();
    if collections.is_empty() {
        return None;
    }
    let collections = bound.texts(&collections);
    let joined = if beside.values && !filter.values { "v.document = i.document and " } else { "" };
    let (words, values) = (filter.words || beside.documents, filter.values || beside.values);
    let filter = Filter { words, values, ..filter };
    let matching =
        format!("i.collection in ({collections}) and {joined}{} and {condition}", filter.text);
    let text = match by {
        None => format!("select {select} from {} where {matching}", filter.tables_of_all()),
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
) -> Result<u64, CatalogError> {
    let mut bound = Bound::default();
    let Some(certain) = certain(keys, &mut bound) else { return Ok(0) };
    let Some((text, bound)) = statement(keys, by, "count(*)", (&certain, bound), Beside::default())
    else {
        return Ok(0);
    };
    keys.deadline.before_statement(reading).await?;
    let query = bound.query(text).persistent(by.is_none_or(Found::comes_again));
    let counted: i64 = query.fetch_one(reading).await?.try_get(0)?;
    Ok(u64::try_from(counted).unwrap_or(0))
}

/// Counts what must be looked at more closely.
async fn unsure(
    reading: &mut AnyConnection,
    keys: &Keys<'_>,
    by: Option<&Found>,
) -> Result<u64, CatalogError> {
    let mut bound = Bound::default();
    let filter = keys.query.filter.as_ref();
    let condition = uncertain(keys, &mut bound);
    let more = filter.map(|filter| {
        let spelled = filtered::spelled(filter, keys.dialect, &mut bound);
        filtered::columns(index(keys.query), spelled.as_deref())
    });
    let more = more.unwrap_or_default();
    let geometry = keys.asked.map_or("cast(null as text) as geometry", |_| "d.geometry");
    let select = format!("i.west, i.south, i.east, i.north, i.boxed, {geometry}{more}");
    let beside = Beside { documents: true, values: false };
    let matching = statement(keys, by, &select, (&condition, bound), beside);
    let Some((text, bound)) = matching else { return Ok(0) };
    keys.deadline.before_statement(reading).await?;
    let query = bound.query(text).persistent(by.is_none_or(Found::comes_again));
    let look = |rows: Result<Vec<AnyRow>, TryChunksError<AnyRow, sqlx::Error>>| {
        let (asked, filter, deadline) = (keys.asked.cloned(), filter.cloned(), keys.deadline);
        async move {
            let rows = rows.map_err(|stopped| stopped.1)?;
            let look = move || look_at(&rows, asked.as_ref(), filter.as_deref(), deadline);
            tokio::task::spawn_blocking(look).await.map_err(gone)?
        }
    };
    // While some are looked at, the next ones are read.
    let mut looked = query.fetch(&mut *reading).try_chunks(TOGETHER).map(look).buffered(2);
    let (mut counted, mut long) = (0_u64, Vec::new());
    while let Some(seen) = looked.try_next().await? {
        for one in seen {
            match one {
                Seen::Matches => counted = counted.saturating_add(1),
                Seen::Long(at) => long.push(at),
                Seen::Differs => {}
            }
        }
        keys.deadline.check()?;
    }
    drop(looked);
    if let Some(filter) = filter {
        let found = filtered::found(reading, long, filter, keys.deadline).await?;
        counted = counted.saturating_add(found.len() as u64);
    }
    Ok(counted)
}

/// What is seen of rows, until there is no more time.
fn look_at(
    rows: &[AnyRow],
    asked: Option<&Asked>,
    filter: Option<&ItemFilter>,
    deadline: Deadline,
) -> Result<Vec<Seen>, CatalogError> {
    let in_time = rows.iter().take_while(|_| !deadline.is_over());
    in_time.map(|row| Unsure::of(row, filter.is_some())?.look(asked, filter)).collect()
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
    ) -> Result<Seen, CatalogError> {
        let geometry = self.geometry.as_deref();
        let is_there = asked.is_none_or(|asked| {
            self.place.is_some_and(|place| asked.is_sure(&place) || asked.meets(&place, geometry))
        });
        if !is_there {
            return Ok(Seen::Differs);
        }
        let Some((filter, item)) = filter.zip(self.item.as_ref()) else { return Ok(Seen::Matches) };
        let is_found =
            item.is_found(filter).transpose().map_err(|error| filtered::failed(&error))?;
        Ok(match is_found {
            None => Seen::Long(At { values: Vec::new(), number: item.number }),
            Some(true) => Seen::Matches,
            Some(false) => Seen::Differs,
        })
    }
}

//! Aggregations over all items that match. What the rows say is counted by the database; items that must be looked at
//! one by one, and all where what is counted stands in their documents, are walked (`aggregate_walk`).

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use serde_json::Value;
use sqlx::{AnyConnection, Row as _};

use super::aggregate_walk::{Which, walk};
use super::count::{are_all_certain, certain, statement};
use super::counted::{key, remembered_as};
use super::deadline::Deadline;
use super::found::Found;
use super::keys::Keys;
use super::query::ItemQuery;
use super::search::Ready;
use super::sql::Bound;
use crate::catalog::Catalog;
use crate::catalog::error::CatalogError;
use crate::catalog::rows::number;
use crate::stac::aggregations::{Tally, Unit, Wanted};

/// What is read of each collection.
const OF_COLLECTIONS: &str =
    "i.collection, count(*) as items, min(i.datetime) as first, max(i.datetime) as last";

impl Catalog {
    /// Aggregations over the items that match, as a list in JSON. Order, limit and cursor of the search say nothing.
    pub async fn aggregate_items(
        &self,
        query: &ItemQuery,
        wanted: &Wanted,
    ) -> Result<Arc<str>, CatalogError> {
        let deadline = self.deadline();
        let found = self.aggregate_in(query, wanted, deadline).await;
        found.map_err(|error| deadline.told(error))
    }

    async fn aggregate_in(
        &self,
        query: &ItemQuery,
        wanted: &Wanted,
        deadline: Deadline,
    ) -> Result<Arc<str>, CatalogError> {
        let (generation, stars) = (self.settled_generation(), self.counted.stars());
        let asked = key(&(remembered_as(query, stars), wanted));
        let answers = &self.counted.aggregations;
        if let Some(known) = generation.and_then(|number| answers.get(asked, number)) {
            return Ok(known);
        }
        let ready = Ready::new(self, query, deadline)?;
        let mut reading = self.read_until(&deadline).await?;
        let plan = ready.plan(&mut reading).await?;
        let (keys, by) = (ready.keys(&plan), plan.all.as_ref());
        let mut tally = Tally::new(wanted);
        let in_rows = is_in_rows(&keys, wanted);
        if in_rows {
            by_database(&mut reading, &keys, by, (wanted, &mut tally)).await?;
        }
        if !in_rows || !are_all_certain(&keys) {
            let which = if in_rows { Which::Uncertain } else { Which::All };
            tally = walk(&mut reading, &keys, by, (wanted, which, tally)).await?;
        }
        reading.rollback().await?;
        let answer: Arc<str> = Value::from(tally.aggregations()).to_string().into();
        // What changed meanwhile may be in it or not.
        if let Some(number) = generation.filter(|_| generation == self.settled_generation()) {
            answers.remember(asked, number, &answer);
        }
        Ok(answer)
    }
}

/// Whether the database can tell it of the rows that need no closer look.
fn is_in_rows(keys: &Keys<'_>, wanted: &Wanted) -> bool {
    let some = certain(keys, &mut Bound::default()).is_some();
    some && !wanted.asks_for_places() && wanted.properties().is_empty()
}

async fn by_database(
    reading: &mut AnyConnection,
    keys: &Keys<'_>,
    by: Option<&Found>,
    (wanted, tally): (&Wanted, &mut Tally),
) -> Result<(), CatalogError> {
    if wanted.asks_for_collections() {
        collections(reading, keys, by, tally).await?;
    }
    if let Some(unit) = wanted.unit() {
        times(reading, keys, by, (unit, tally)).await?;
    }
    Ok(())
}

/// A statement over all rows that need no closer look.
fn over_certain(keys: &Keys<'_>, by: Option<&Found>, select: &str) -> Option<(String, Bound)> {
    let mut bound = Bound::default();
    let certain = certain(keys, &mut bound)?;
    statement(keys, by, select, (&certain, bound), false)
}

async fn collections(
    reading: &mut AnyConnection,
    keys: &Keys<'_>,
    by: Option<&Found>,
    tally: &mut Tally,
) -> Result<(), CatalogError> {
    let Some((text, bound)) = over_certain(keys, by, OF_COLLECTIONS) else { return Ok(()) };
    keys.deadline.before_statement(reading).await?;
    let query = bound.query(format!("{text} group by i.collection"));
    let query = query.persistent(by.is_none_or(Found::comes_again));
    for row in query.fetch_all(reading).await? {
        let collection: String = row.try_get("collection")?;
        let items = number("items", &collection, row.try_get("items")?)?;
        tally.add_collection(&collection, items, (row.try_get("first")?, row.try_get("last")?));
    }
    Ok(())
}

/// Counts by days, or by parts of one, of which there are whole ones in each part that is asked for.
async fn times(
    reading: &mut AnyConnection,
    keys: &Keys<'_>,
    by: Option<&Found>,
    (unit, tally): (Unit, &mut Tally),
) -> Result<(), CatalogError> {
    let grain = unit.grain();
    // Also before the epoch: what is left over from a division has the sign of what is divided, in both databases.
    let begin = format!("i.datetime - (i.datetime % {grain} + {grain}) % {grain}");
    let select = format!("{begin} as begin, count(*) as items");
    let Some((text, bound)) = over_certain(keys, by, &select) else { return Ok(()) };
    keys.deadline.before_statement(reading).await?;
    let query = bound.query(format!("{text} group by 1 order by 1"));
    let query = query.persistent(by.is_none_or(Found::comes_again));
    // Of parts as short as a second there may be as many as items.
    let mut rows = query.fetch(reading);
    while let Some(row) = rows.try_next().await? {
        let items = number("items", "of a time", row.try_get("items")?)?;
        tally.add_times(row.try_get("begin")?, items);
        keys.deadline.check()?;
    }
    Ok(())
}

//! Aggregations over all items that match. What the rows say, or the values beside them, is counted by the database
//! (`aggregate_values`); items that must be looked at one by one, and all where what is counted stands in their geometries,
//! are walked (`aggregate_walk`).

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use serde_json::Value;
use sqlx::{AnyConnection, Row as _};

use super::aggregate_values::{Rows, by_values};
use super::aggregate_walk::{Which, walk};
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
        let rows = Rows::of(&keys, wanted);
        if let Some(rows) = rows {
            by_database(&mut reading, (&keys, by), rows, (wanted, &mut tally)).await?;
        }
        if rows.is_none_or(|rows| !rows.are_all(&keys)) {
            let which = rows.map_or(Which::All, Which::NotIn);
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

async fn by_database(
    reading: &mut AnyConnection,
    found: (&Keys<'_>, Option<&Found>),
    rows: Rows,
    (wanted, tally): (&Wanted, &mut Tally),
) -> Result<(), CatalogError> {
    if wanted.asks_for_collections() {
        collections(reading, found, rows, tally).await?;
    }
    if let Some(unit) = wanted.unit() {
        times(reading, found, rows, (unit, tally)).await?;
    }
    for property in wanted.by_property() {
        by_values(reading, found, rows, (property, tally)).await?;
    }
    Ok(())
}

async fn collections(
    reading: &mut AnyConnection,
    (keys, by): (&Keys<'_>, Option<&Found>),
    rows: Rows,
    tally: &mut Tally,
) -> Result<(), CatalogError> {
    let select = (OF_COLLECTIONS, Bound::default());
    let Some((text, bound)) = rows.statement((keys, by), select) else { return Ok(()) };
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
    (keys, by): (&Keys<'_>, Option<&Found>),
    rows: Rows,
    (unit, tally): (Unit, &mut Tally),
) -> Result<(), CatalogError> {
    let grain = unit.grain();
    // Also before the epoch: what is left over from a division has the sign of what is divided, in both databases.
    let begin = format!("i.datetime - (i.datetime % {grain} + {grain}) % {grain}");
    let select = format!("{begin} as begin, count(*) as items");
    let select = (select.as_str(), Bound::default());
    let Some((text, bound)) = rows.statement((keys, by), select) else { return Ok(()) };
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

//! Items that are counted one by one, because they must be looked at more closely than an index can, or because what they
//! are counted by is in their documents. A few are in memory at a time.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use serde_json::{Map, Value};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};
use tokio::task::spawn_blocking;

use super::aggregate_values::Rows;
use super::count::{Beside, statement};
use super::deadline::Deadline;
use super::exact::{Asked, Where, gone};
use super::filtered::{Candidate, columns, failed, spelled};
use super::found::Found;
use super::keys::{Keys, TOGETHER, geometries, place};
use super::pieces::bounds;
use super::row::{ItemRow, by_number};
use super::sql::Bound;
use crate::catalog::error::CatalogError;
use crate::stac::aggregations::{Item, Tally, Wanted};
use crate::stac::{FilterError, ItemFilter, Subject};

/// A row, as far as it is looked at.
struct Row {
    collection: String,
    datetime: Option<i64>,
    place: Option<Where>,
    geometry: Option<String>,
    /// What is asked whether it is found, and by what it is counted. `None`: neither needs its document.
    item: Option<Candidate>,
}

/// What rows are looked at for.
#[derive(Clone)]
struct Look {
    asked: Option<Asked>,
    filter: Option<Arc<ItemFilter>>,
    properties: Arc<BTreeSet<String>>,
    deadline: Deadline,
}

/// Which items are walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// All that match.
    All,
    /// Those that were not counted in the database.
    NotIn(Rows),
}

/// Counts what matches, beside what was counted before.
pub(super) async fn walk(
    reading: &mut AnyConnection,
    keys: &Keys<'_>,
    by: Option<&Found>,
    (wanted, which, mut tally): (&Wanted, Which, Tally),
) -> Result<Tally, CatalogError> {
    let look = Look {
        asked: keys.asked.cloned(),
        filter: keys.query.filter.clone(),
        properties: Arc::new(wanted.properties()),
        deadline: keys.deadline,
    };
    let (mut bound, mut long) = (Bound::default(), Vec::new());
    let needed = look.filter.as_ref();
    let needed = needed.and_then(|filter| spelled(filter, keys.dialect, &mut bound));
    let (select, with_document) = look.select(wanted.asks_for_geometries(), needed.as_deref());
    let condition = match which {
        Which::All => "1 = 1".to_owned(),
        Which::NotIn(rows) => rows.others(keys, &mut bound),
    };
    let values = matches!(which, Which::NotIn(rows) if rows.reads_values());
    let beside = Beside { documents: with_document, values };
    let statement = statement(keys, by, &select, (&condition, bound), beside);
    let Some((text, bound)) = statement else {
        return Ok(tally);
    };
    keys.deadline.before_statement(reading).await?;
    let query = bound.query(text).persistent(by.is_none_or(Found::comes_again));
    let mut chunks = query.fetch(&mut *reading).try_chunks(TOGETHER);
    while let Some(rows) = chunks.try_next().await.map_err(|stopped| stopped.1)? {
        let rows = rows.iter().map(|row| Row::of(row, look.reads()));
        let rows = rows.collect::<Result<Vec<Row>, CatalogError>>()?;
        let of = look.clone();
        let counted = spawn_blocking(move || of.count_all(rows, tally)).await.map_err(gone)?;
        let (so_far, unread) = counted.map_err(|error| failed(&error))?;
        tally = so_far;
        long.extend(unread);
        keys.deadline.check()?;
    }
    drop(chunks);
    count_long(reading, (long, wanted.asks_for_geometries()), &look, tally).await
}

/// Counts those whose documents are too long to come with their rows.
async fn count_long(
    reading: &mut AnyConnection,
    (mut rest, with_geometries): (Vec<Row>, bool),
    look: &Look,
    mut tally: Tally,
) -> Result<Tally, CatalogError> {
    while !rest.is_empty() {
        let numbers = rest.iter().filter_map(|row| Some(row.item.as_ref()?.number));
        let numbers: Vec<i64> = numbers.take(TOGETHER).collect();
        look.deadline.before_statement(reading).await?;
        let read = by_number(reading, &numbers).await?;
        // One at least; those that are too much for once are read after it.
        let left = rest.split_off(read.len().clamp(1, rest.len()));
        let mut some = std::mem::replace(&mut rest, left);
        if with_geometries {
            let mut found =
                geometries(reading, numbers.get(..some.len()).unwrap_or(&numbers)).await?;
            for row in &mut some {
                let number = row.item.as_ref().map(|item| item.number);
                row.geometry = number.and_then(|number| found.remove(&number)).flatten();
            }
        }
        let of = look.clone();
        let counted = spawn_blocking(move || of.count_read(&some, &read, tally));
        tally = counted.await.map_err(gone)?.map_err(|error| failed(&error))?;
        look.deadline.check()?;
    }
    Ok(tally)
}

impl Row {
    fn of(row: &AnyRow, reads: bool) -> Result<Self, CatalogError> {
        Ok(Self {
            collection: row.try_get("collection")?,
            datetime: row.try_get("datetime")?,
            place: place(row)?,
            geometry: row.try_get("geometry")?,
            item: reads.then(|| Candidate::of(row)).transpose()?,
        })
    }

    fn add_to(&self, tally: &mut Tally, properties: &Map<String, Value>) {
        tally.add(&Item {
            collection: &self.collection,
            datetime: self.datetime,
            bounds: self.place.map(|place| bounds(place.columns)),
            geometry: self.geometry.as_deref(),
            properties,
        });
    }
}

impl Look {
    /// Whether documents are read.
    fn reads(&self) -> bool {
        self.filter.is_some() || !self.properties.is_empty()
    }

    /// What is read of each row, and whether that is of its document as well.
    fn select(&self, with_geometries: bool, spelled: Option<&str>) -> (String, bool) {
        let is_placed = with_geometries || self.asked.is_some();
        let geometry = if is_placed { "d.geometry" } else { "cast(null as text) as geometry" };
        let more = if self.reads() { columns(None, spelled) } else { ", i.collection".to_owned() };
        let sides = "i.west, i.south, i.east, i.north, i.boxed";
        (format!("i.datetime, {sides}, {geometry}{more}"), is_placed || self.reads())
    }

    /// Counts those rows that match, and gives those back whose documents are too long.
    fn count_all(
        &self,
        rows: Vec<Row>,
        mut tally: Tally,
    ) -> Result<(Tally, Vec<Row>), FilterError> {
        let mut long = Vec::new();
        for mut row in rows {
            if self.deadline.is_over() {
                break;
            }
            if !self.is_there(&row) {
                continue;
            }
            let Some(item) = &row.item else {
                row.add_to(&mut tally, &Map::new());
                continue;
            };
            if item.lacks() {
                continue;
            }
            if let Some(subject) = item.subject() {
                self.count(&row, &subject, &mut tally)?;
            } else {
                row.geometry = None;
                long.push(row);
            }
        }
        Ok((tally, long))
    }

    /// Counts rows whose documents were read.
    fn count_read(
        &self,
        rows: &[Row],
        read: &[ItemRow],
        mut tally: Tally,
    ) -> Result<Tally, FilterError> {
        let both = rows.iter().zip(read).take_while(|_| !self.deadline.is_over());
        for (row, item) in both {
            self.count(row, &item.subject(), &mut tally)?;
        }
        Ok(tally)
    }

    /// Whether a row is where items are looked for.
    fn is_there(&self, row: &Row) -> bool {
        let Some(asked) = &self.asked else { return true };
        let geometry = row.geometry.as_deref();
        row.place.is_some_and(|place| asked.is_sure(&place) || asked.meets(&place, geometry))
    }

    /// Counts a row, if the filter finds it.
    fn count(
        &self,
        row: &Row,
        subject: &Subject<'_>,
        tally: &mut Tally,
    ) -> Result<(), FilterError> {
        if let Some(filter) = &self.filter
            && !filter.finds(subject)?
        {
            return Ok(());
        }
        let is_enough = self.properties.is_empty();
        let properties = if is_enough { Map::new() } else { subject.read(&self.properties)? };
        row.add_to(tally, &properties);
        Ok(())
    }
}

//! What is in the collections for those who may read some repositories: how much, where, from when, with which tags.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::counted::key;
use super::filter::{clean, readable};
use super::pieces::TURN;
use super::query::Readable;
use super::sql::Bound;
use crate::catalog::Catalog;
use crate::catalog::error::CatalogError;
use crate::catalog::rows::number;
use crate::stac::{Bounds, Interval};

/// A collection in which there is something to be seen.
#[derive(Debug, Clone, PartialEq)]
pub struct CollectionFacts {
    /// Its id.
    pub collection: String,
    /// The box around them; `None`: they are nowhere.
    pub bounds: Option<Bounds>,
    /// The span over their times; `None`: they have none.
    pub interval: Option<Interval>,
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagCount {
    /// As it is written.
    pub tag: String,
    /// Names that have it.
    pub items: u64,
}

const COLUMNS: &str = "i.collection,
    min(case when i.east <= 180 then i.west end) as west,
    max(case when i.east <= 180 then i.east end) as east,
    min(case when i.east > 180 then i.west end) as over_west,
    max(case when i.east > 180 then i.east end) as over_east,
    min(case when i.west < 0 then i.west + 360 else i.west end) as turned_west,
    max(case when i.west < 0 then i.east + 360 else i.east end) as turned_east,
    min(i.south) as south, max(i.north) as north,
    count(case when i.timed > 0 then 1 end) as timed,
    count(case when i.timed > 0 and i.starts is null then 1 end) as open_starts,
    count(case when i.timed > 0 and i.ends is null then 1 end) as open_ends,
    min(i.starts) as starts, max(i.ends) as ends";

fn facts(row: &AnyRow) -> Result<CollectionFacts, CatalogError> {
    let collection: String = row.try_get("collection")?;
    Ok(CollectionFacts { bounds: bounds(row)?, interval: interval(row)?, collection })
}

/// A longitude between -180 and 180 degrees.
fn back(longitude: f64) -> f64 {
    if longitude > 180.0 { back(longitude - TURN) } else { longitude }
}

fn bounds(row: &AnyRow) -> Result<Option<Bounds>, CatalogError> {
    let real = |name| row.try_get::<Option<f64>, _>(name);
    let (Some(south), Some(north)) = (real("south")?, real("north")?) else { return Ok(None) };
    let (west, east) =
        match (real("west")?.zip(real("east")?), real("over_west")?.zip(real("over_east")?)) {
            (Some(ends), None) => ends,
            (None, Some((west, east))) => (west, east - TURN),
            // Some lie over the antimeridian and others do not: seen from its other side they may be close together.
            _ => match real("turned_west")?.zip(real("turned_east")?) {
                Some((west, east)) if east - west < TURN => (back(west), back(east)),
                _ => (-180.0, 180.0),
            },
        };
    Ok(Some(Bounds { west, south, east, north }))
}

fn interval(row: &AnyRow) -> Result<Option<Interval>, CatalogError> {
    let count = |name| row.try_get::<i64, _>(name);
    if count("timed")? == 0 {
        return Ok(None);
    }
    let end = |open: i64, name| if open > 0 { Ok(None) } else { row.try_get(name) };
    let start = end(count("open_starts")?, "starts")?;
    Ok(Some(Interval { start, end: end(count("open_ends")?, "ends")? }))
}

impl Catalog {
    /// The collections with items that may be read, by id.
    pub async fn collection_facts(
        &self,
        whose: &Readable,
    ) -> Result<Vec<CollectionFacts>, CatalogError> {
        let (view, generation) = (key(whose), self.settled_generation());
        let known = generation.and_then(|number| self.counted.facts(view, number));
        if let Some(known) = known {
            return Ok(known);
        }
        let sql = format!(
            "select {COLUMNS} from items i where {} group by i.collection order by i.collection",
            readable(whose)
        );
        let rows = self.rows_in_time(Bound::default(), sql).await?;
        let found = rows.iter().map(facts).collect::<Result<Vec<_>, _>>()?;
        if let Some(number) = generation.filter(|_| generation == self.settled_generation()) {
            self.counted.remember_facts(view, number, &found);
        }
        Ok(found)
    }

    /// The tags of items in some collections that may be read, the most frequent first.
    pub async fn item_tags(
        &self,
        whose: &Readable,
        collections: &[String],
        limit: u32,
    ) -> Result<Vec<TagCount>, CatalogError> {
        if collections.is_empty() {
            return Ok(Vec::new());
        }
        let mut bound = Bound::default();
        let collections = bound.texts(&clean(collections));
        let sql = format!(
            "select t.tag, count(distinct i.document) as items from item_tags t
             join items i on i.number = t.item
             where {} and i.collection in ({collections})
             group by t.tag order by items desc, t.tag limit {limit}",
            readable(whose)
        );
        let rows = self.rows_in_time(bound, sql).await?;
        let tag = |row: &AnyRow| {
            let tag: String = row.try_get("tag")?;
            Ok(TagCount { items: number("item_tags", &tag, row.try_get("items")?)?, tag })
        };
        rows.iter().map(tag).collect()
    }

    /// What one statement gives, within the time that an answer may take.
    pub(super) async fn rows_in_time(
        &self,
        bound: Bound,
        sql: String,
    ) -> Result<Vec<AnyRow>, CatalogError> {
        let deadline = self.deadline();
        let read = async {
            let mut reading = self.read_until(&deadline).await?;
            let rows = bound.query(sql).persistent(false).fetch_all(&mut *reading).await?;
            reading.rollback().await?;
            Ok(rows)
        };
        read.await.map_err(|error| deadline.told(error))
    }
}

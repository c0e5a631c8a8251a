//! The rows of a search as far as their order needs them: by which values they stand where they stand, and where they
//! are. The rest is read of those alone that are shown, and of those that a filter is asked of (`filtered`).

use std::collections::{BTreeSet, HashMap};

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use super::cursor::At;
use super::deadline::Deadline;
use super::exact::{Asked, Where};
use super::filter::Filter;
use super::filtered;
use super::found::{Found, With};
use super::known::index;
use super::lacking::{Lacking, TIMED};
use super::order::{Order, Part};
use super::query::ItemQuery;
use super::row::listed;
use super::sql::{Bound, Value};
use crate::catalog::dialect::Dialect;
use crate::catalog::error::CatalogError;
use crate::stac::{Interval, SortKey, Stored};

/// Collections that are walked one by one, each in its order; more are walked together.
pub(super) const ONE_BY_ONE: usize = 16;

/// Rows whose geometries or documents are looked at together, and are in memory at a time.
pub(super) const TOGETHER: usize = 64;

/// Bytes of geometries that are looked at where they were read: that takes less than to hand them to a thread.
const SHORT: usize = 32 << 10;

/// Where an item is.
const SIDES: &str = ", i.west, i.south, i.east, i.north, i.boxed";

/// A search of which rows are read.
pub(super) struct Keys<'a> {
    pub(super) query: &'a ItemQuery,
    pub(super) order: &'a Order,
    pub(super) asked: Option<&'a Asked>,
    pub(super) dialect: Dialect,
    /// The index that finds them; `None`: they are walked.
    pub(super) few: Option<&'a Found>,
    /// What a walk leaves out.
    pub(super) lacking: &'a Lacking,
    /// When it is given up.
    pub(super) deadline: Deadline,
}

/// Some rows in their order.
pub(super) struct Taken {
    /// Those that match.
    pub(super) matching: Vec<At>,
    /// The last one that was read.
    pub(super) last: Option<At>,
    /// How many were read.
    pub(super) read: usize,
}

/// A row that matches as far as the database knows.
struct Row {
    at: At,
    /// Where it must be looked at more closely; `None`: it matches.
    unsure: Option<Where>,
    /// Whether the filter finds it, as the index knows.
    known: bool,
}

impl Keys<'_> {
    /// The next rows of a part, after a place.
    pub(super) async fn take(
        &self,
        reading: &mut AnyConnection,
        part: Part,
        after: Option<&At>,
        limit: usize,
    ) -> Result<Taken, CatalogError> {
        self.deadline.before_statement(reading).await?;
        let nothing = Taken { matching: Vec::new(), last: None, read: 0 };
        let Some((text, bound)) = self.statement(part, after, limit) else { return Ok(nothing) };
        let query = bound.query(text).persistent(self.few.is_none_or(Found::comes_again));
        let rows = query.fetch_all(&mut *reading).await?;
        let rows = rows.iter().map(|row| self.row(row)).collect::<Result<Vec<Row>, _>>()?;
        let (read, last) = (rows.len(), rows.last().map(|row| row.at.clone()));
        let known: BTreeSet<i64> =
            rows.iter().filter(|row| row.known).map(|row| row.at.number).collect();
        let mut matching = self.look_closer(reading, rows).await?;
        if let Some(filter) = &self.query.filter {
            let unknown = matching.iter().filter(|at| !known.contains(&at.number)).cloned();
            let found = filtered::found(reading, unknown.collect(), filter, self.deadline).await?;
            let found: BTreeSet<i64> = found.into_iter().map(|at| at.number).collect();
            matching.retain(|at| known.contains(&at.number) || found.contains(&at.number));
        }
        Ok(Taken { matching, last, read })
    }

    fn row(&self, row: &AnyRow) -> Result<Row, CatalogError> {
        let mut values = Vec::new();
        for (place, key) in self.order.keys.iter().enumerate() {
            let column = format!("k{place}");
            let column = column.as_str();
            values.push(match key.holds() {
                Stored::Text => row.try_get::<Option<String>, _>(column)?.map(Value::Text),
                Stored::Time => row.try_get::<Option<i64>, _>(column)?.map(Value::Number),
                Stored::Number => row.try_get::<Option<f64>, _>(column)?.map(Value::Real),
            });
        }
        let at = At { values, number: row.try_get("number")? };
        let unsure = match self.asked {
            Some(asked) => place(row)?.filter(|place| !asked.is_sure(place)),
            None => None,
        };
        let known = self.query.filter.is_some() && row.try_get::<i64, _>("known")? == 1;
        Ok(Row { at, unsure, known })
    }

    /// Keeps what matches also by its geometry.
    async fn look_closer(
        &self,
        reading: &mut AnyConnection,
        rows: Vec<Row>,
    ) -> Result<Vec<At>, CatalogError> {
        let unsure: Vec<(i64, Where)> =
            rows.iter().filter_map(|row| Some((row.at.number, row.unsure?))).collect();
        let Some(asked) = self.asked.filter(|_| !unsure.is_empty()) else {
            return Ok(rows.into_iter().map(|row| row.at).collect());
        };
        let mut refused = BTreeSet::new();
        for some in unsure.chunks(TOGETHER) {
            let numbers: Vec<i64> = some.iter().map(|(number, _)| *number).collect();
            let mut geometries = geometries(reading, &numbers).await?;
            let (some, asked, deadline) = (some.to_vec(), asked.clone(), self.deadline);
            let short = geometries.values().flatten().map(String::len).sum::<usize>() <= SHORT;
            let look = move || {
                let mut refused = Vec::new();
                for (number, place) in some {
                    if deadline.is_over() {
                        break;
                    }
                    let geometry = geometries.remove(&number).flatten();
                    if !asked.meets(&place, geometry.as_deref()) {
                        refused.push(number);
                    }
                }
                refused
            };
            refused.extend(if short {
                look()
            } else {
                tokio::task::spawn_blocking(look).await.map_err(super::exact::gone)?
            });
            self.deadline.check()?;
        }
        let kept = rows.into_iter().filter(|row| !refused.contains(&row.at.number));
        Ok(kept.map(|row| row.at).collect())
    }

    /// The statement that reads them. `None`: nothing can match.
    fn statement(&self, part: Part, after: Option<&At>, limit: usize) -> Option<(String, Bound)> {
        let mut bound = Bound::default();
        let has_words = self.few.is_some_and(|few| few.has_words(self.dialect));
        let filter = Filter::of(self.query, self.asked, has_words, &mut bound)?;
        let filter = if self.order.asks_values() { filter.with_values() } else { filter };
        let collections = self.collections();
        if collections.is_empty() {
            return None;
        }
        let place = self.order.condition(part, after, &mut bound);
        let columns = self.order.columns();
        // Only where it matters: an index has all else that a search for words reads.
        let sides = if self.asked.is_some() { SIDES } else { "" };
        let known = match &self.query.filter {
            None => String::new(),
            Some(_) => format!(", {} as known", filtered::known(index(self.query))),
        };
        let select = format!("select i.number{columns}{sides}{known}");
        let by = self.order.by(part, false);
        let condition = format!("{} and {place}", filter.text);
        if let Some(few) = self.few {
            let With { text, on } = few.with(self.dialect, &mut bound);
            let collections = bound.texts(&Vec::from_iter(collections));
            let text = format!(
                "{text} {select} from found cross join {} where {on}
                 and i.collection in ({collections}) and {condition} order by {by} limit {limit}",
                filter.tables()
            );
            return Some((text, bound));
        }
        let ways = self.ways(collections, &mut bound);
        if ways.is_empty() {
            return None;
        }
        let walk = |way: &String| {
            format!(
                "select * from ({select} from {} where {way} and {condition}
                                order by {by} limit {limit}) as walked",
                filter.tables()
            )
        };
        let walks: Vec<String> = ways.iter().map(walk).collect();
        let by = self.order.by(part, true);
        let walks = walks.join(" union all ");
        Some((format!("select * from ({walks}) as walks order by {by} limit {limit}"), bound))
    }

    /// The collections, each once.
    pub(super) fn collections(&self) -> BTreeSet<String> {
        super::filter::clean(&self.query.collections).into_iter().collect()
    }

    /// The parts of the index that are walked side by side. Items at one time and items in a span are apart: what is
    /// asked of time is of the first a range of that index.
    fn ways(&self, collections: BTreeSet<String>, bound: &mut Bound) -> Vec<String> {
        if collections.len() > ONE_BY_ONE {
            let collections = bound.texts(&Vec::from_iter(collections));
            return vec![format!("i.collection in ({collections})")];
        }
        let by_time = self.order.keys.first().is_some_and(|key| key.by == SortKey::Datetime);
        // In a span an item at no known time is not.
        let least = i64::from(by_time && self.query.interval.is_some());
        let mut ways = Vec::new();
        for name in collections {
            let left = TIMED
                .into_iter()
                .filter(|timed| *timed >= least && !self.lacking.has(&name, *timed));
            let left: Vec<i64> = left.collect();
            if left.is_empty() {
                continue;
            }
            // Bound where it is used: PostgreSQL counts what is bound, and takes statements of one text for one.
            let collection = format!("i.collection = {}", bound.text(name));
            if !by_time {
                ways.push(collection);
                continue;
            }
            for timed in left {
                let range = self.query.interval.as_ref().filter(|_| timed == 1);
                let range = range.map_or_else(String::new, |span| during(span, bound));
                ways.push(format!("{collection} and i.timed = {timed}{range}"));
            }
        }
        ways
    }
}

/// What is true of items at one time where they are asked for by a span.
fn during(span: &Interval, bound: &mut Bound) -> String {
    let mut end = |sign: &str, end: Option<i64>| {
        end.map_or_else(String::new, |end| format!(" and i.datetime {sign} {}", bound.number(end)))
    };
    end(">=", span.start) + &end("<=", span.end)
}

/// Where a row says that it is.
pub(super) fn place(row: &AnyRow) -> Result<Option<Where>, CatalogError> {
    let column = |name| row.try_get::<Option<f64>, _>(name);
    let columns = (column("west")?, column("south")?, column("east")?, column("north")?);
    let (Some(west), Some(south), Some(east), Some(north)) = columns else { return Ok(None) };
    let boxed = row.try_get::<i16, _>("boxed")? == 1;
    Ok(Some(Where { columns: [west, south, east, north], boxed }))
}

/// The geometries of rows, few enough for one statement; of those whose box is all of it there is none.
pub(super) async fn geometries(
    reading: &mut AnyConnection,
    numbers: &[i64],
) -> Result<HashMap<i64, Option<String>>, CatalogError> {
    let sql = format!(
        "select i.number, d.geometry from items i join item_documents d on d.number = i.document
         where i.number in ({})",
        listed(numbers)
    );
    let rows: Vec<(i64, Option<String>)> =
        sqlx::query_as(AssertSqlSafe(sql)).persistent(false).fetch_all(reading).await?;
    Ok(rows.into_iter().collect())
}

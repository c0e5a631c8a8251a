//! Aggregations that the database makes of rows and of the values beside them: which rows that can be, and counting by a
//! property.

use futures_util::TryStreamExt as _;
use sqlx::{AnyConnection, Row as _};

use super::count::{Beside, are_all_certain, certain, statement, uncertain};
use super::found::Found;
use super::keys::Keys;
use super::known::{bits_of, column, marked, unmarked};
use super::sql::Bound;
use crate::catalog::dialect::Dialect;
use crate::catalog::error::CatalogError;
use crate::catalog::rows::number;
use crate::stac::aggregations::{Bins, ByProperty, Tally, Wanted};

/// The rows of which the database can tell it: those that need no closer look, neither for whether they match nor for
/// the values by which they are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rows {
    /// The columns of those values.
    bits: i64,
}

impl Rows {
    /// `None`: there are none.
    pub(super) fn of(keys: &Keys<'_>, wanted: &Wanted) -> Option<Self> {
        let bits = bits_of(wanted.by_property().map(|one| one.property))?;
        let some = certain(keys, &mut Bound::default()).is_some();
        (some && !wanted.asks_for_places()).then_some(Self { bits })
    }

    /// Whether they are all that match.
    pub(super) fn are_all(self, keys: &Keys<'_>) -> bool {
        !self.reads_values() && are_all_certain(keys)
    }

    pub(super) fn reads_values(self) -> bool {
        self.bits != 0
    }

    /// A statement over them.
    pub(super) fn statement(
        self,
        (keys, by): (&Keys<'_>, Option<&Found>),
        (select, mut bound): (&str, Bound),
    ) -> Option<(String, Bound)> {
        let mut condition = certain(keys, &mut bound)?;
        if self.reads_values() {
            condition = format!("{condition} and {}", unmarked(self.bits));
        }
        let beside = Beside { documents: false, values: self.reads_values() };
        statement(keys, by, select, (&condition, bound), beside)
    }

    /// What is true of all others.
    pub(super) fn others(self, keys: &Keys<'_>, bound: &mut Bound) -> String {
        let uncertain = uncertain(keys, bound);
        if self.reads_values() {
            return format!("({uncertain} or {})", marked(self.bits));
        }
        uncertain
    }
}

/// Counts them by a property.
pub(super) async fn by_values(
    reading: &mut AnyConnection,
    (keys, by): (&Keys<'_>, Option<&Found>),
    rows: Rows,
    (property, tally): (ByProperty, &mut Tally),
) -> Result<(), CatalogError> {
    let mut bound = Bound::default();
    let value = format!("v.{}", column(property.property));
    let bucket = match property.bins {
        None => value,
        Some(bins) => range(&value, bins, (keys.dialect, &mut bound)),
    };
    let select = format!("{bucket} as bucket, count(*) as items");
    let Some((text, bound)) = rows.statement((keys, by), (&select, bound)) else { return Ok(()) };
    keys.deadline.before_statement(reading).await?;
    // In an order, so that where there are too many buckets the same ones are told each time.
    let query = bound.query(format!("{text} group by 1 order by 2 desc, 1"));
    let query = query.persistent(by.is_none_or(Found::comes_again));
    let mut rows = query.fetch(reading);
    while let Some(row) = rows.try_next().await? {
        let items = number("items", property.property, row.try_get("items")?)?;
        match property.bins {
            None => tally.add_text(property.place, row.try_get("bucket")?, items),
            Some(_) => tally.add_range(property.place, row.try_get("bucket")?, items),
        }
        keys.deadline.check()?;
    }
    Ok(())
}

/// The place of the range in which a value is, as [`Bins::place`] has it.
fn range(value: &str, bins: Bins, (dialect, bound): (Dialect, &mut Bound)) -> String {
    let place = match bins {
        Bins::Limits(limits) => {
            let below = limits.iter().enumerate().map(|(place, limit)| {
                let limit = bound.real(*limit);
                format!(" when {value} < {limit} then {place}")
            });
            format!("{} else {}", below.collect::<String>(), limits.len())
        }
        Bins::Steps(width) => {
            // PostgreSQL divides nothing that comes to less than there are numbers for.
            let tiny = (1..=1024).map(f64::from_bits).find(|tiny| tiny / width != 0.0);
            let tiny = bound.real(tiny.unwrap_or(f64::MIN_POSITIVE));
            let width = bound.real(width);
            let (least, greatest) = (f64::from(i32::MIN), f64::from(i32::MAX));
            let (least, greatest) = (bound.real(least), bound.real(greatest));
            let floor = match dialect {
                Dialect::Postgres => {
                    format!("floor(greatest(least({value} / {width}, {greatest}), {least}))")
                }
                Dialect::Sqlite => {
                    let within = format!("max(min({value} / {width}, {greatest}), {least})");
                    let whole = format!("cast({within} as integer)");
                    format!("{whole} - ({within} < {whole})")
                }
            };
            format!(" when abs({value}) < {tiny} then 0 else {floor}")
        }
    };
    format!("cast(case when {value} is null then null{place} end as bigint)")
}

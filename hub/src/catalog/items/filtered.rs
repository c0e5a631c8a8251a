//! Items that must be asked one by one whether a filter finds them: no index knows what it asks for. Their documents are
//! read, a few at a time.

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};
use tokio::task::spawn_blocking;

use super::cursor::At;
use super::deadline::Deadline;
use super::exact::gone;
use super::known;
use super::row::{ItemRow, by_number, listed};
use super::sql::Bound;
use crate::catalog::dialect::Dialect;
use crate::catalog::error::CatalogError;
use crate::catalog::rows::{inconsistent, number};
use crate::stac::{FilterError, Index, ItemFilter, Subject};

/// Bytes of a document that comes with its row; longer ones are read apart, so that a few rows are never many bytes.
const SHORT: usize = 64 << 10;

/// What [`Candidate`] is read of, where items are `i` and their documents `d`. Where the filter asks `index` alone, no
/// document is read of items of which that is sure; nor where it lacks what the filter `needed`, by [`spelled`].
pub(super) fn columns(index: Option<&Index>, needed: Option<&str>) -> String {
    let known = known(index);
    let lacks = needed.map(|needed| format!("when not {needed} then ''")).unwrap_or_default();
    format!(
        ", i.number, i.collection, i.id, i.stars, {known} as known,
         case when {known} = 1 then null {lacks}
              when octet_length(d.document) <= {SHORT} then d.document end as document"
    )
}

/// Whether a document `d` has all texts without which the filter finds no item: letter by letter, or perhaps as
/// escapes. `None`: it needs none.
pub(super) fn spelled(filter: &ItemFilter, dialect: Dialect, bound: &mut Bound) -> Option<String> {
    let has = |text: &str, bound: &mut Bound| {
        let text = bound.text(text);
        match dialect {
            Dialect::Sqlite => format!("instr(d.document, {text}) > 0"),
            Dialect::Postgres => format!("strpos(d.document, {text}) > 0"),
        }
    };
    let each = filter.spelled().iter().map(|spelled| {
        let one = std::iter::once(spelled.text()).chain(spelled.escapes());
        let one: Vec<String> = one.map(|text| has(text, bound)).collect();
        format!("({})", one.join(" or "))
    });
    let each: Vec<String> = each.collect();
    (!each.is_empty()).then(|| format!("({})", each.join(" and ")))
}

/// 1 where a row that an index found is found by the filter as well: where the index knows all that it asks for.
pub(super) fn known(index: Option<&Index>) -> String {
    let sure = index.filter(|index| index.exact).map(known::is_sure);
    match sure {
        None => "cast(0 as bigint)".to_owned(),
        Some(None) => "cast(1 as bigint)".to_owned(),
        Some(Some(sure)) => format!("cast(case when {sure} then 1 else 0 end as bigint)"),
    }
}

/// An item that is to be asked.
pub(super) struct Candidate {
    pub(super) number: i64,
    collection: String,
    /// `repository/name`.
    id: String,
    stars: u64,
    /// Whether it needs no look.
    known: bool,
    /// `None`: it is long, or need not be read. Empty: it lacks what the filter needs.
    document: Option<String>,
}

impl Candidate {
    pub(super) fn of(row: &AnyRow) -> Result<Self, CatalogError> {
        let id: String = row.try_get("id")?;
        Ok(Self {
            number: row.try_get("number")?,
            collection: row.try_get("collection")?,
            stars: number("items", &id, row.try_get("stars")?)?,
            known: row.try_get::<i64, _>("known")? == 1,
            document: row.try_get("document")?,
            id,
        })
    }

    /// Whether its document lacks what the filter needs.
    pub(super) fn lacks(&self) -> bool {
        self.document.as_deref() == Some("")
    }

    /// The item as a filter sees it. `None`: its document is not there.
    pub(super) fn subject(&self) -> Option<Subject<'_>> {
        let document = self.document.as_deref()?;
        let (repository, name) = self.id.split_once('/').unwrap_or((&self.id, ""));
        let (collection, stars) = (self.collection.as_str(), self.stars);
        Some(Subject { collection, repository, name, stars, document })
    }

    /// Whether the filter finds it. `None`: its document is not there.
    pub(super) fn is_found(&self, filter: &ItemFilter) -> Option<Result<bool, FilterError>> {
        if self.known || self.lacks() {
            return Some(Ok(self.known));
        }
        Some(filter.finds(&self.subject()?))
    }
}

/// What a filter that fails is to whoever asked the catalog: it was looked at before, so the item cannot be.
pub(super) fn failed(error: &FilterError) -> CatalogError {
    tracing::error!(%error, "a filter could not be evaluated");
    inconsistent("item_documents", &error.to_string())
}

/// Those of rows that a filter finds, in their order.
pub(super) async fn found(
    reading: &mut AnyConnection,
    rows: Vec<At>,
    filter: &Arc<ItemFilter>,
    deadline: Deadline,
) -> Result<Vec<At>, CatalogError> {
    let (mut found, mut rest) = (Vec::new(), with_spelled(reading, rows, filter, deadline).await?);
    while !rest.is_empty() {
        let numbers: Vec<i64> =
            rest.iter().take(super::keys::TOGETHER).map(|at| at.number).collect();
        deadline.before_statement(reading).await?;
        let read = by_number(reading, &numbers).await?;
        // One at least; those that are too much for once are left out at the end.
        let left = rest.split_off(read.len());
        let kept = kept(read, filter, deadline).await?;
        let pairs = std::mem::replace(&mut rest, left).into_iter().zip(kept);
        found.extend(pairs.filter(|(_, kept)| *kept).map(|(at, _)| at));
    }
    Ok(found)
}

/// Those of rows whose documents have what a filter needs.
async fn with_spelled(
    reading: &mut AnyConnection,
    mut rows: Vec<At>,
    filter: &ItemFilter,
    deadline: Deadline,
) -> Result<Vec<At>, CatalogError> {
    let mut bound = Bound::default();
    let Some(needed) = spelled(filter, deadline.dialect(), &mut bound) else { return Ok(rows) };
    let numbers: Vec<i64> = rows.iter().map(|at| at.number).collect();
    let mut having = BTreeSet::new();
    for some in numbers.chunks(super::keys::TOGETHER) {
        deadline.before_statement(reading).await?;
        let text = format!(
            "select i.number, cast(case when {needed} then 1 else 0 end as bigint)
             from items i join item_documents d on d.number = i.document
             where i.number in ({})",
            listed(some)
        );
        let read = bound.clone().query(text).persistent(false).fetch_all(&mut *reading).await?;
        for row in read {
            if row.try_get::<i64, _>(1)? == 1 {
                having.insert(row.try_get::<i64, _>(0)?);
            }
        }
    }
    rows.retain(|at| having.contains(&at.number));
    Ok(rows)
}

/// Of each row whether a filter finds it.
async fn kept(
    rows: Vec<ItemRow>,
    filter: &Arc<ItemFilter>,
    deadline: Deadline,
) -> Result<Vec<bool>, CatalogError> {
    let filter = filter.clone();
    let look = move || {
        let in_time = rows.iter().take_while(|_| !deadline.is_over());
        let each = in_time.map(|row| filter.finds(&row.subject()));
        each.collect::<Result<Vec<bool>, FilterError>>()
    };
    let kept = spawn_blocking(look).await.map_err(gone)?.map_err(|error| failed(&error))?;
    deadline.check()?;
    Ok(kept)
}

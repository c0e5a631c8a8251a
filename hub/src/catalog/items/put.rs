//! Rows of items as they are put in their tables: a name's document, and a row and its tags in each collection that it is
//! in. Which ones are to be there is decided in `write`.

use flisthub_storage::ChunkId;
use sqlx::query::Query;
use sqlx::{AnyConnection, AssertSqlSafe};

use super::basis::created;
use super::pieces::columns;
use super::stars::count;
use super::texts::{indexed, words};
use crate::catalog::error::CatalogError;
use crate::catalog::names::Named;
use crate::catalog::rows::column;
use crate::stac::Draft;

/// Microseconds in a second.
const MICROS: i64 = 1_000_000;

/// Tags by which an item is found.
const MOST_TAGS: usize = 256;

/// The row of an item in a collection before it is written.
pub(super) struct Before {
    pub(super) collection: String,
    pub(super) number: i64,
    /// What the item is to call the revision before.
    pub(super) predecessor: Option<i64>,
}

/// The number after the greatest one of a table. Whoever writes is the only one who does.
async fn next(connection: &mut AnyConnection, table: &str) -> Result<i64, CatalogError> {
    let sql = format!("select coalesce(max(number), 0) + 1 from {table}");
    let (number,): (i64,) = sqlx::query_as(AssertSqlSafe(sql)).fetch_one(connection).await?;
    Ok(number)
}

/// Writes the document, and gives its number.
pub(super) async fn put_document(
    connection: &mut AnyConnection,
    repository_id: i64,
    (known, flist): (&Named, ChunkId),
    draft: &Draft,
) -> Result<i64, CatalogError> {
    let geometry = draft.place.as_ref().filter(|place| !place.is_box);
    let number = next(connection, "item_documents").await?;
    let (number,): (i64,) = sqlx::query_as(
        "insert into item_documents (number, repository_id, name, revision, inherits, flist_id,
                                     document, geometry, words)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (repository_id, name)
         do update set revision = excluded.revision, inherits = excluded.inherits,
                       flist_id = excluded.flist_id, document = excluded.document,
                       geometry = excluded.geometry, words = excluded.words
         returning number",
    )
    .bind(number)
    .bind(repository_id)
    .bind(known.name.as_str())
    .bind(column(known.revision))
    .bind(i64::from(draft.inherits))
    .bind(flist.as_bytes().to_vec())
    .bind(draft.document.as_str())
    .bind(geometry.map(|place| place.geometry.clone()))
    .bind(words(&draft.text))
    .fetch_one(connection)
    .await?;
    Ok(number)
}

/// A row of `items`, but for its collection and number.
pub(super) struct Row<'a> {
    document: i64,
    repository_id: i64,
    known: &'a Named,
    draft: &'a Draft,
    visibility: i16,
    /// When the name was first published, in seconds since the Unix epoch.
    created: i64,
    stars: i64,
}

impl<'a> Row<'a> {
    pub(super) async fn new(
        connection: &mut AnyConnection,
        repository_id: i64,
        known: &'a Named,
        draft: &'a Draft,
        document: i64,
    ) -> Result<Self, CatalogError> {
        let (visibility,): (i16,) =
            sqlx::query_as("select visibility from repositories where id = $1")
                .bind(repository_id)
                .fetch_one(&mut *connection)
                .await?;
        let made = created(&mut *connection, repository_id, &known.name, known.revision).await?;
        let created = column(made.unwrap_or(known.updated));
        let stars = count(connection, repository_id, &known.name).await?;
        Ok(Self { document, repository_id, known, draft, visibility, created, stars })
    }

    /// How its time is given: at no known one, at one, or in a span.
    fn timed(&self) -> i64 {
        match self.draft.interval {
            None => 0,
            Some(span)
                if span.start.is_some()
                    && span.start == span.end
                    && span.start == self.draft.datetime =>
            {
                1
            }
            Some(_) => 2,
        }
    }

    pub(super) async fn put(
        &self,
        connection: &mut AnyConnection,
        collection: &str,
        before: Option<&Before>,
    ) -> Result<(), CatalogError> {
        let number = match before {
            Some(before) => before.number,
            None => next(connection, "items").await?,
        };
        let predecessor = before.and_then(|before| before.predecessor);
        self.write(connection, collection, (number, predecessor)).await?;
        sqlx::query("delete from item_tags where item = $1")
            .bind(number)
            .execute(&mut *connection)
            .await?;
        for tag in self.draft.tags.iter().take(MOST_TAGS) {
            let sql = "insert into item_tags (tag, item) values ($1, $2)
                       on conflict (tag, item) do nothing";
            sqlx::query(sql).bind(indexed(tag)).bind(number).execute(&mut *connection).await?;
        }
        Ok(())
    }

    async fn write(
        &self,
        connection: &mut AnyConnection,
        collection: &str,
        (number, predecessor): (i64, Option<i64>),
    ) -> Result<(), CatalogError> {
        let Self { known, draft, .. } = self;
        let span = draft.interval.unwrap_or_default();
        let place = draft.place.as_ref();
        let sides = place.and_then(|place| columns(&place.bounds));
        let updated = column(known.updated).saturating_mul(MICROS);
        let put = sqlx::query(AssertSqlSafe(put(sides.is_some())))
            .bind(number)
            .bind(self.document)
            .bind(collection)
            .bind(self.repository_id)
            .bind(known.name.as_str())
            .bind(format!("{}/{}", known.repository, known.name))
            .bind(self.visibility)
            .bind(indexed(&draft.title))
            .bind(draft.datetime)
            .bind(self.timed())
            .bind(span.start)
            .bind(span.end)
            .bind(draft.created.unwrap_or_else(|| self.created.saturating_mul(MICROS)))
            .bind(draft.updated.unwrap_or(updated))
            .bind(self.stars)
            .bind(i64::from(place.is_some_and(|place| place.is_box)))
            .bind(predecessor);
        let put = sides.into_iter().flatten().fold(put, Query::bind);
        put.execute(connection).await?;
        Ok(())
    }
}

/// The statement that writes a row, with four places for its box or none: sqlx gives PostgreSQL a missing number of
/// eight bytes as one of four, and the next one that is there is refused.
fn put(placed: bool) -> String {
    let sides = if placed { "$18, $19, $20, $21" } else { "null, null, null, null" };
    format!(
        "insert into items (number, document, collection, repository_id, name, id, visibility, title,
                            datetime, timed, starts, ends, created, updated, stars, boxed,
                            predecessor, west, south, east, north)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, {sides})
         on conflict (number)
         do update set document = excluded.document, repository_id = excluded.repository_id,
                       name = excluded.name, id = excluded.id, visibility = excluded.visibility,
                       title = excluded.title, datetime = excluded.datetime,
                       timed = excluded.timed, starts = excluded.starts, ends = excluded.ends,
                       created = excluded.created, updated = excluded.updated,
                       stars = excluded.stars, boxed = excluded.boxed,
                       predecessor = excluded.predecessor, west = excluded.west,
                       south = excluded.south, east = excluded.east, north = excluded.north"
    )
}

//! Writing a name's items, within the transaction of the change that makes them so: whoever searches finds the item of
//! the flist that the name points at, whole, or none. Rows of an item that stays keep their numbers, so that pages that
//! are being read go on where they were.

use flisthub_storage::ChunkId;
use serde_json::{Map, Value};
use sqlx::query::Query;
use sqlx::{AnyConnection, AssertSqlSafe};

use super::basis::{Basis, created, now};
use super::checksums::{Checksum, keep};
use super::pending::settle;
use super::pieces::columns;
use super::settings::{moved, set};
use super::stars::count;
use crate::catalog::Catalog;
use crate::catalog::audit::{Noted, note};
use crate::catalog::changes::Change;
use crate::catalog::error::CatalogError;
use crate::catalog::names::{Named, named};
use crate::catalog::rows::column;
use crate::stac::Draft;

/// Microseconds in a second.
const MICROS: i64 = 1_000_000;

/// Bytes of words that are found: as much as PostgreSQL takes, with room to spare. A readme has less.
const MOST_WORDS: usize = 256 << 10;

/// Bytes of one word that count: PostgreSQL takes none over 2,046.
pub(super) const LONGEST_WORD: usize = 256;

/// Tags by which an item is found.
const MOST_TAGS: usize = 256;

/// Bytes of a text that stands in an index: PostgreSQL takes no more than about 2,700.
const LONGEST_INDEXED: usize = 1024;

/// An item that was composed of a flist.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Composed {
    /// What was true then.
    pub basis: Basis,
    /// What is set of the name together with the change, in the place of what was.
    pub set: Option<Map<String, Value>>,
    /// The item; `None`: it is in no collection.
    pub draft: Option<Draft>,
    /// Checksums that were computed for it.
    pub checksums: Vec<Checksum>,
    /// Whether it lacks checksums that can be computed.
    pub lacking: bool,
}

/// Refuses what was composed of something that is not true any more.
async fn check(
    connection: &mut AnyConnection,
    repository_id: i64,
    known: &Named,
    composed: &Composed,
) -> Result<(), CatalogError> {
    if now(connection, repository_id, known).await? == composed.basis {
        return Ok(());
    }
    Err(CatalogError::StaleItem)
}

/// Writes the items of a name that is in its place by now.
pub(in crate::catalog) async fn write(
    connection: &mut AnyConnection,
    change: &Change<'_>,
    known: &Named,
    composed: &Composed,
) -> Result<(), CatalogError> {
    check(connection, change.repository_id, known, composed).await?;
    if let Some(metadata) = &composed.set {
        set(connection, change, metadata).await?;
    }
    keep(connection, change.repository_id, &composed.checksums).await?;
    let lacking = composed.lacking && composed.draft.is_some();
    settle(connection, change.repository_id, &known.name, lacking).await?;
    let Some(flist) = known.points_at.flist() else {
        return recall(connection, change.repository_id, &known.name).await;
    };
    let Some(draft) = &composed.draft else {
        return recall(connection, change.repository_id, &known.name).await;
    };
    let rows = before(connection, change.repository_id, known).await?;
    let document = put_document(connection, change.repository_id, (known, flist), draft).await?;
    for row in &rows {
        if !draft.categories.contains(&row.collection) {
            remove(connection, row.number).await?;
        }
    }
    let row = Row::new(connection, change.repository_id, known, draft, document).await?;
    for collection in &draft.categories {
        let before = rows.iter().find(|row| row.collection == *collection);
        row.put(connection, collection, before).await?;
    }
    Ok(())
}

/// The row of an item in a collection before it is written.
struct Before {
    collection: String,
    number: i64,
    /// What the item is to call the revision before.
    predecessor: Option<i64>,
}

async fn before(
    connection: &mut AnyConnection,
    repository_id: i64,
    known: &Named,
) -> Result<Vec<Before>, CatalogError> {
    let rows: Vec<(String, i64, i64, Option<i64>)> = sqlx::query_as(
        "select i.collection, i.number, d.revision, i.predecessor
         from item_documents d join items i on i.document = d.number
         where d.repository_id = $1 and d.name = $2",
    )
    .bind(repository_id)
    .bind(known.name.as_str())
    .fetch_all(connection)
    .await?;
    let revision = column(known.revision);
    let before = |(collection, number, was, predecessor): (String, i64, i64, Option<i64>)| {
        // An item that is only composed again has the one that it had.
        let predecessor = if was == revision {
            predecessor
        } else {
            Some(was).filter(|was| was.checked_add(1) == Some(revision))
        };
        Before { collection, number, predecessor }
    };
    Ok(rows.into_iter().map(before).collect())
}

/// Writes the items of a name that has another name by now: what they say of themselves is composed anew, and their
/// rows stay. What was composed must be of what the name points at: of another flist, or of none where it was read as a
/// link and is a flist by now, it counts for nothing.
pub(in crate::catalog) async fn rename(
    connection: &mut AnyConnection,
    change: &Change<'_>,
    known: &Named,
    (was, item): (&str, Option<(ChunkId, &Composed)>),
) -> Result<(), CatalogError> {
    moved(connection, change.repository_id, (was, &known.name)).await?;
    match item {
        Some((flist, composed)) if known.points_at.flist() == Some(flist) => {
            write(connection, change, known, composed).await
        }
        // A link or tag is no item, and a flist that is one is never renamed without it.
        None if known.points_at.flist().is_none() => Ok(()),
        Some(_) | None => Err(CatalogError::StaleItem),
    }
}

/// Removes what a name is in all collections.
pub(in crate::catalog) async fn recall(
    connection: &mut AnyConnection,
    repository_id: i64,
    name: &str,
) -> Result<(), CatalogError> {
    sqlx::query("delete from item_documents where repository_id = $1 and name = $2")
        .bind(repository_id)
        .bind(name)
        .execute(connection)
        .await?;
    Ok(())
}

async fn remove(connection: &mut AnyConnection, number: i64) -> Result<(), CatalogError> {
    let sql = "delete from items where number = $1";
    sqlx::query(sql).bind(number).execute(connection).await?;
    Ok(())
}

/// The number after the greatest one of a table. Whoever writes is the only one who does.
async fn next(connection: &mut AnyConnection, table: &str) -> Result<i64, CatalogError> {
    let sql = format!("select coalesce(max(number), 0) + 1 from {table}");
    let (number,): (i64,) = sqlx::query_as(AssertSqlSafe(sql)).fetch_one(connection).await?;
    Ok(number)
}

/// Words as they are looked for: each with a blank before and after it, as many as an index takes.
pub(super) fn words(text: &str) -> String {
    let mut words = " ".to_owned();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let word = cut(word);
        if words.len() + word.len() > MOST_WORDS {
            break;
        }
        words.push_str(word);
        words.push(' ');
    }
    words
}

/// What counts of a word.
pub(super) fn cut(word: &str) -> &str {
    word.get(..word.floor_char_boundary(LONGEST_WORD)).unwrap_or(word)
}

/// What an index keeps of a title or a tag. PostgreSQL takes no zero in a text.
pub(super) fn indexed(text: &str) -> String {
    let begin = text.get(..text.floor_char_boundary(LONGEST_INDEXED)).unwrap_or(text);
    begin.replace('\0', "\u{fffd}")
}

/// Writes the document, and gives its number.
async fn put_document(
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
struct Row<'a> {
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
    async fn new(
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

    async fn put(
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

impl Catalog {
    /// Writes the items of a name anew, without any change of what it points at: something was set of it, or more is
    /// known of its flist, which must still be this one. `false`: it is not.
    pub async fn recompose(
        &self,
        change: &Change<'_>,
        flist: ChunkId,
        composed: &Composed,
    ) -> Result<bool, CatalogError> {
        let mut transaction = self.write().await?;
        let known = named(&mut transaction, change.repository_id, change.name.as_str()).await?;
        let same = known.filter(|known| known.points_at.flist() == Some(flist));
        let Some(known) = same else { return Ok(false) };
        write(&mut transaction, change, &known, composed).await?;
        if composed.set.is_some() {
            let noted = Noted {
                action: "metadata",
                repository_id: Some(change.repository_id),
                subject: &format!("{}/{}", known.repository, known.name),
                detail: None,
            };
            note(&mut transaction, change.by, noted, change.now).await?;
        }
        self.commit_names(transaction).await?;
        Ok(true)
    }
}

//! Writing a name's items, within the transaction of the change that makes them so: whoever searches finds the item of
//! the flist that the name points at, whole, or none. Rows of an item that stays keep their numbers, so that pages that
//! are being read go on where they were.

use flisthub_storage::ChunkId;
use sqlx::AnyConnection;

use super::basis::{Basis, now};
use super::checksums::{Checksum, keep};
use super::pending::settle;
use super::put::{Before, Row, put_document};
use super::settings::{ItemSet, moved, set};
use super::values;
use crate::catalog::Catalog;
use crate::catalog::audit::{Noted, note};
use crate::catalog::changes::Change;
use crate::catalog::error::CatalogError;
use crate::catalog::names::{Named, named};
use crate::catalog::rows::column;
use crate::stac::Draft;

/// An item that was composed of a flist.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Composed {
    /// What was true then.
    pub basis: Basis,
    /// What is set of the name together with the change, in the place of what was.
    pub set: Option<ItemSet>,
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
    if let Some(to_be) = &composed.set {
        set(connection, change, to_be).await?;
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
    values::put(connection, document, &draft.document).await?;
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

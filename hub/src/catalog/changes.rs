//! Changes of names: publish, link, delete, rename. One change is one transaction: conditions are looked
//! at, the name's row is written and its history gets a row, or nothing happens.

use flisthub_storage::ChunkId;
use sqlx::{Any, AnyConnection, Transaction};

use super::Catalog;
use super::audit::{Actor, Noted, note};
use super::condition::Condition;
use super::error::CatalogError;
use super::history::{Source, move_history, record};
use super::items::{self, Composed};
use super::names::{FlistRow, Kind, Named, Pointed, Target, named};
use super::rows::column;
use crate::name::FlistName;

/// Links that are followed one after the other.
pub const MAX_HOPS: usize = 8;

/// Who changes which name, when and how.
#[derive(Debug, Clone)]
pub struct Change<'a> {
    /// Number of the repository.
    pub repository_id: i64,
    /// The name.
    pub name: &'a FlistName,
    /// Who changes it.
    pub by: &'a Actor,
    /// How it is changed.
    pub source: Source,
    /// Where what it then points at came from, for people: of a conversion, the image with its digest.
    pub detail: Option<&'a str>,
    /// What must be true of the name.
    pub condition: &'a Condition,
    /// Everything is done but kept: only what would be is told.
    pub dry_run: bool,
    /// Now, in seconds since the Unix epoch.
    pub now: u64,
}

/// What a change did to a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The name as it now is.
    pub named: Named,
    /// Whether there was no such name before.
    pub created: bool,
    /// Whether anything changed.
    pub changed: bool,
}

impl Catalog {
    /// Makes a name point at a flist, whose objects are durable already, and at the same time the item that was
    /// composed of it what is found of that name; without one it is in no collection. The time of its last change
    /// never goes back, whichever of two publishes read the clock first. An undelete leaves a name alone
    /// that is there again; a promotion or rollback to what is there already changes nothing.
    pub async fn publish_item(
        &self,
        change: &Change<'_>,
        flist: &FlistRow,
        composed: Option<&Composed>,
    ) -> Result<Written, CatalogError> {
        let mut transaction = self.write().await?;
        let known = before(&mut transaction, change, Kind::Flist).await?;
        if change.source == Source::Undelete && known.is_some() {
            return Err(CatalogError::Conflict { what: format!("flist {}", change.name) });
        }
        let points_at = Pointed::Flist(*flist);
        if let Some(same) = unchanged(change, known.as_ref(), &points_at) {
            return Ok(same);
        }
        insert_flist(&mut transaction, flist, change.now).await?;
        self.write_name(transaction, change, (known, &points_at), composed).await
    }

    /// Makes a name a link to another name, which must be there. Its repository is the caller's to check. An
    /// undelete leaves a name alone that is there again.
    pub async fn link(
        &self,
        change: &Change<'_>,
        target: &Target,
    ) -> Result<Written, CatalogError> {
        let mut transaction = self.write().await?;
        let kind = kind_of_link(&mut transaction, change, target).await?;
        let known = before(&mut transaction, change, kind).await?;
        if change.source == Source::Undelete && known.is_some() {
            return Err(CatalogError::Conflict { what: format!("name {}", change.name) });
        }
        let points_at = match kind {
            Kind::TagLink => Pointed::TagLink(target.clone()),
            _ => Pointed::Link(target.clone()),
        };
        if let Some(same) = unchanged(change, known.as_ref(), &points_at) {
            return Ok(same);
        }
        self.write_name(transaction, change, (known, &points_at), None).await
    }

    /// Removes a name of any kind; its history stays. Says whether there was one.
    pub async fn delete_name(&self, change: &Change<'_>) -> Result<bool, CatalogError> {
        self.delete_name_with(change, None).await
    }

    /// The same, if what is set of the name is still of that revision (`None`: whatever it is). Else it is stale.
    pub async fn delete_name_with(
        &self,
        change: &Change<'_>,
        settings: Option<i64>,
    ) -> Result<bool, CatalogError> {
        let mut transaction = self.write().await?;
        if let Some(settings) = settings {
            let (id, name) = (change.repository_id, change.name.as_str());
            if items::settings_revision(&mut transaction, id, name).await? != settings {
                return Err(CatalogError::StaleItem);
            }
        }
        let known = named(&mut transaction, change.repository_id, change.name.as_str()).await?;
        change.condition.check(change.name.as_str(), known.as_ref().map(|known| known.revision))?;
        if known.is_none() {
            return Ok(false);
        }
        delete_row(&mut transaction, change).await?;
        record(&mut transaction, change, None).await?;
        self.finish(transaction, change).await?;
        Ok(true)
    }

    /// Gives a name of any kind another name in its repository, with all of its history since it was last
    /// made; of a flist, with the item that was composed of it under the new name. `None` if it is not there.
    pub async fn rename_item(
        &self,
        change: &Change<'_>,
        to: &FlistName,
        item: Option<(ChunkId, &Composed)>,
    ) -> Result<Option<Written>, CatalogError> {
        let mut transaction = self.write().await?;
        let known = named(&mut transaction, change.repository_id, change.name.as_str()).await?;
        change.condition.check(change.name.as_str(), known.as_ref().map(|known| known.revision))?;
        let Some(known) = known else { return Ok(None) };
        if to == change.name {
            return Ok(Some(Written { named: known, created: false, changed: false }));
        }
        if let Some(there) = named(&mut transaction, change.repository_id, to.as_str()).await? {
            return Err(CatalogError::Taken { name: to.to_string(), kind: there.points_at.kind() });
        }
        if let Some(target) = known.points_at.target() {
            let renamed = Change { name: to, ..change.clone() };
            match kind_of_link(&mut transaction, &renamed, target).await {
                // A link that leads nowhere now may be renamed.
                Ok(_) | Err(CatalogError::NoTarget { .. } | CatalogError::TooManyLinks { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        // First the end of the old name's history: its revisions are never given again.
        let into = format!("to {}/{to}", known.repository);
        let left = Change { detail: Some(&into), ..change.clone() };
        let left = record(&mut transaction, &left, None).await?;
        move_history(&mut transaction, change, to, left).await?;
        let from = format!("from {}/{}", known.repository, known.name);
        let arrived = Change { name: to, detail: Some(&from), ..change.clone() };
        let revision = record(&mut transaction, &arrived, Some(&known.points_at)).await?;
        let updated = known.updated.max(change.now);
        let named = Named { name: to.to_string(), revision, updated, ..known };
        rename_row(&mut transaction, change, &named).await?;
        items::rename(&mut transaction, &arrived, &named, (change.name.as_str(), item)).await?;
        self.finish(transaction, &Change { detail: Some(&into), ..change.clone() }).await?;
        Ok(Some(Written { named, created: true, changed: true }))
    }

    /// Writes the name's row and its history, and ends the transaction.
    async fn write_name(
        &self,
        mut transaction: Transaction<'static, Any>,
        change: &Change<'_>,
        (known, points_at): (Option<Named>, &Pointed),
        composed: Option<&Composed>,
    ) -> Result<Written, CatalogError> {
        let updated = known.as_ref().map_or(change.now, |known| known.updated.max(change.now));
        if known.is_none() && !change.source.brings_back() {
            // What was set and starred was of another name, which is gone.
            items::forget(&mut transaction, change.repository_id, change.name.as_str()).await?;
        }
        let revision = record(&mut transaction, change, Some(points_at)).await?;
        write_row(&mut transaction, change, points_at, (revision, updated)).await?;
        let named = named(&mut transaction, change.repository_id, change.name.as_str()).await?;
        let named = named.ok_or_else(|| CatalogError::Inconsistent {
            table: "names",
            row: change.name.to_string(),
        })?;
        match composed {
            Some(composed) => items::write(&mut transaction, change, &named, composed).await?,
            None => items::recall(&mut transaction, change.repository_id, &named.name).await?,
        }
        self.finish(transaction, change).await?;
        Ok(Written { named, created: known.is_none(), changed: true })
    }

    /// Keeps what was done, unless it was only tried.
    pub(super) async fn finish(
        &self,
        mut transaction: Transaction<'static, Any>,
        change: &Change<'_>,
    ) -> Result<(), CatalogError> {
        if change.dry_run {
            return Ok(transaction.rollback().await?);
        }
        note_change(&mut transaction, change).await?;
        self.commit_names(transaction).await
    }
}

/// Notes a change of a name in the audit log.
async fn note_change(
    connection: &mut AnyConnection,
    change: &Change<'_>,
) -> Result<(), CatalogError> {
    let (repository,): (String,) = sqlx::query_as("select name from repositories where id = $1")
        .bind(change.repository_id)
        .fetch_one(&mut *connection)
        .await?;
    let noted = Noted {
        action: change.source.word(),
        repository_id: Some(change.repository_id),
        subject: &format!("{repository}/{}", change.name),
        detail: change.detail,
    };
    note(connection, change.by, noted, change.now).await
}

/// The name before a change that makes it one of `kind`: conditions hold, and it is no other kind.
pub(super) async fn before(
    connection: &mut AnyConnection,
    change: &Change<'_>,
    kind: Kind,
) -> Result<Option<Named>, CatalogError> {
    let known = named(connection, change.repository_id, change.name.as_str()).await?;
    change.condition.check(change.name.as_str(), known.as_ref().map(|known| known.revision))?;
    match known.as_ref().map(|known| known.points_at.kind()) {
        Some(other) if other != kind => {
            Err(CatalogError::Taken { name: change.name.to_string(), kind: other })
        }
        _ => Ok(known),
    }
}

/// Whether a change that may be asked for again and again would change nothing.
fn unchanged(change: &Change<'_>, known: Option<&Named>, points_at: &Pointed) -> Option<Written> {
    let again = matches!(change.source, Source::Promote | Source::Rollback | Source::Link);
    let known = known.filter(|known| again && known.points_at == *points_at)?;
    Some(Written { named: known.clone(), created: false, changed: false })
}

/// Follows a new link to its end: which kind of link it is. A circle is refused.
async fn kind_of_link(
    connection: &mut AnyConnection,
    change: &Change<'_>,
    target: &Target,
) -> Result<Kind, CatalogError> {
    let mut at = target.clone();
    for _ in 0..MAX_HOPS {
        let found = repository_id(connection, &at.repository).await?;
        if found == Some(change.repository_id) && at.name == change.name.as_str() {
            return Err(CatalogError::Circular { name: change.name.to_string() });
        }
        let name = match found {
            Some(repository) => named(connection, repository, &at.name).await?,
            None => None,
        };
        at = match name.map(|name| name.points_at) {
            Some(Pointed::Flist(_)) => return Ok(Kind::Link),
            Some(Pointed::Tag) => return Ok(Kind::TagLink),
            Some(Pointed::Link(next) | Pointed::TagLink(next)) => next,
            None => return Err(CatalogError::NoTarget { target: at }),
        };
    }
    Err(CatalogError::TooManyLinks { target: target.clone() })
}

pub(super) async fn repository_id(
    connection: &mut AnyConnection,
    name: &str,
) -> Result<Option<i64>, CatalogError> {
    let row: Option<(i64,)> = sqlx::query_as("select id from repositories where name = $1")
        .bind(name)
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|(id,)| id))
}

/// Writes a name's row, new or known.
pub(super) async fn write_row(
    connection: &mut AnyConnection,
    change: &Change<'_>,
    points_at: &Pointed,
    (revision, updated): (u64, u64),
) -> Result<(), CatalogError> {
    let target = points_at.target();
    sqlx::query(
        "insert into names (repository_id, name, kind, flist_id, target_repository, target_name,
                            revision, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (repository_id, name)
         do update set flist_id = excluded.flist_id,
                       target_repository = excluded.target_repository,
                       target_name = excluded.target_name,
                       revision = excluded.revision, updated_at = excluded.updated_at",
    )
    .bind(change.repository_id)
    .bind(change.name.as_str())
    .bind(points_at.kind().code())
    .bind(points_at.flist().map(|id| id.as_bytes().to_vec()))
    .bind(target.map(|target| target.repository.clone()))
    .bind(target.map(|target| target.name.clone()))
    .bind(column(revision))
    .bind(column(updated))
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives a name's row another name; what refers to it goes along.
async fn rename_row(
    connection: &mut AnyConnection,
    change: &Change<'_>,
    renamed: &Named,
) -> Result<(), CatalogError> {
    sqlx::query(
        "update names set name = $1, revision = $2, updated_at = $3
         where repository_id = $4 and name = $5",
    )
    .bind(renamed.name.as_str())
    .bind(column(renamed.revision))
    .bind(column(renamed.updated))
    .bind(change.repository_id)
    .bind(change.name.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes a name's row, and with it a tag's members, or a flist's items.
pub(super) async fn delete_row(
    connection: &mut AnyConnection,
    change: &Change<'_>,
) -> Result<(), CatalogError> {
    sqlx::query("delete from names where repository_id = $1 and name = $2")
        .bind(change.repository_id)
        .bind(change.name.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// A flist's row never changes: what it says follows from its id.
async fn insert_flist(
    connection: &mut AnyConnection,
    flist: &FlistRow,
    now: u64,
) -> Result<(), CatalogError> {
    sqlx::query(
        "insert into flists (id, entries, bytes, created_at) values ($1, $2, $3, $4)
         on conflict (id) do nothing",
    )
    .bind(flist.id.as_bytes().to_vec())
    .bind(column(flist.entries))
    .bind(column(flist.bytes))
    .bind(column(now))
    .execute(connection)
    .await?;
    Ok(())
}

/// What the history keeps of what a name points at: its kind, the flist and the link's target.
pub(super) fn kept(points_at: Option<&Pointed>) -> (i16, Option<ChunkId>, Option<&Target>) {
    points_at.map_or((0, None, None), |points_at| {
        (points_at.kind().code(), points_at.flist(), points_at.target())
    })
}

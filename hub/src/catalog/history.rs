//! The history of names: every change, who made it, and how. Rows are added, and move along when a name is
//! renamed.

use flisthub_storage::ChunkId;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, FromRow, Row};

use super::Catalog;
use super::changes::{Change, kept};
use super::error::CatalogError;
use super::keepers::KEPT;
use super::names::{Kind, Pointed, Target};
use super::rows::{column, id, inconsistent, number};
use crate::name::FlistName;

/// How a name came to be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// An archive was uploaded.
    Upload,
    /// Objects were pushed, then published.
    Push,
    /// The name was deleted.
    Delete,
    /// A deleted name was made to point again at what it pointed at before.
    Undelete,
    /// An image was converted.
    Convert,
    /// Flists were merged.
    Merge,
    /// It was made to point at what another name points at.
    Promote,
    /// It was made a link, or its link was changed.
    Link,
    /// A member of the tag was set.
    Tag,
    /// A member of the tag was removed.
    Untag,
    /// It was given this name, or taken it away.
    Rename,
    /// It was made to point at what it pointed at before.
    Rollback,
    /// A `.flist` file was uploaded.
    UploadFlist,
    /// An item without files was written.
    Item,
}

impl Source {
    const ALL: [Self; 14] = [
        Self::Upload,
        Self::Push,
        Self::Delete,
        Self::Undelete,
        Self::Convert,
        Self::Merge,
        Self::Promote,
        Self::Link,
        Self::Tag,
        Self::Untag,
        Self::Rename,
        Self::Rollback,
        Self::UploadFlist,
        Self::Item,
    ];

    /// The word in the history.
    pub fn word(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Push => "push",
            Self::Delete => "delete",
            Self::Undelete => "undelete",
            Self::Convert => "convert",
            Self::Merge => "merge",
            Self::Promote => "promote",
            Self::Link => "link",
            Self::Tag => "tag",
            Self::Untag => "untag",
            Self::Rename => "rename",
            Self::Rollback => "rollback",
            Self::UploadFlist => "upload-flist",
            Self::Item => "item",
        }
    }

    /// Whether a name that is gone comes back by it, with all that was set and starred of it.
    pub fn brings_back(self) -> bool {
        matches!(self, Self::Undelete | Self::Rollback)
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.word() == word)
    }
}

/// A row of `name_history`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRow {
    /// 1 for the name's first change.
    pub revision: u64,
    /// What the name was from then on; `None` once it was gone.
    pub kind: Option<Kind>,
    /// The flist it pointed at from then on.
    pub flist: Option<ChunkId>,
    /// The name that a link pointed at from then on.
    pub target: Option<Target>,
    /// Name of the user who changed it; `None` once the user is gone.
    pub user: Option<String>,
    /// How it was changed.
    pub source: Source,
    /// Where what it then pointed at came from, for people.
    pub detail: Option<String>,
    /// When, in seconds since the Unix epoch.
    pub happened: u64,
}

/// The columns of a [`HistoryRow`] as the database gives them.
struct Columns {
    revision: i64,
    kind: i16,
    flist_id: Option<Vec<u8>>,
    target_repository: Option<String>,
    target_name: Option<String>,
    user: Option<String>,
    source: String,
    detail: Option<String>,
    happened_at: i64,
}

impl FromRow<'_, AnyRow> for Columns {
    fn from_row(row: &AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            revision: row.try_get("revision")?,
            kind: row.try_get("kind")?,
            flist_id: row.try_get("flist_id")?,
            target_repository: row.try_get("target_repository")?,
            target_name: row.try_get("target_name")?,
            user: row.try_get("user_name")?,
            source: row.try_get("source")?,
            detail: row.try_get("detail")?,
            happened_at: row.try_get("happened_at")?,
        })
    }
}

impl Columns {
    fn into_row(self, of: &str) -> Result<HistoryRow, CatalogError> {
        let (table, row) = ("name_history", format!("{of} {}", self.revision));
        let wrong = || inconsistent(table, &row);
        let kind = match self.kind {
            0 => None,
            code => Some(Kind::from_code(code).ok_or_else(wrong)?),
        };
        let target = self.target_repository.zip(self.target_name);
        Ok(HistoryRow {
            revision: number(table, &row, self.revision)?,
            kind,
            flist: self.flist_id.map(|flist| id(table, &row, &flist)).transpose()?,
            target: target.map(|(repository, name)| Target { repository, name }),
            user: self.user,
            source: Source::from_word(&self.source).ok_or_else(wrong)?,
            detail: self.detail,
            happened: number(table, &row, self.happened_at)?,
        })
    }
}

impl Catalog {
    /// The changes of a name before the revision `before` (`None`: from the last one), newest first, at most
    /// `limit`.
    pub async fn history(
        &self,
        repository_id: i64,
        name: &FlistName,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<HistoryRow>, CatalogError> {
        let rows: Vec<Columns> = sqlx::query_as(
            "select revision, kind, flist_id, target_repository, target_name,
                    users.name as user_name, source, detail, happened_at
             from name_history left join users on users.id = name_history.user_id
             where repository_id = $1 and name_history.name = $2 and revision < $3
             order by revision desc limit $4",
        )
        .bind(repository_id)
        .bind(name.as_str())
        .bind(before.map_or(i64::MAX, column))
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        let of = format!("{repository_id}/{name}");
        rows.into_iter().map(|row| row.into_row(&of)).collect()
    }

    /// One change of a name.
    pub async fn history_entry(
        &self,
        repository_id: i64,
        name: &FlistName,
        revision: u64,
    ) -> Result<Option<HistoryRow>, CatalogError> {
        let rows = self.history(repository_id, name, revision.checked_add(1), 1).await?;
        Ok(rows.into_iter().next().filter(|row| row.revision == revision))
    }

    /// The revision at which a name was last deleted or renamed away; `None`: it never was.
    pub async fn last_gone(
        &self,
        repository_id: i64,
        name: &FlistName,
    ) -> Result<Option<u64>, CatalogError> {
        let (gone,): (Option<i64>,) = sqlx::query_as(
            "select max(revision) from name_history
             where repository_id = $1 and name = $2 and kind = 0",
        )
        .bind(repository_id)
        .bind(name.as_str())
        .fetch_one(&self.pool)
        .await?;
        gone.map(|gone| number("name_history", name.as_str(), gone)).transpose()
    }

    /// What a name was before it was last deleted or renamed away; `None` if it never was. Whether the name
    /// was made again since then is not asked here.
    pub async fn before_deletion(
        &self,
        repository_id: i64,
        name: &FlistName,
    ) -> Result<Option<HistoryRow>, CatalogError> {
        let Some(gone) = self.last_gone(repository_id, name).await? else { return Ok(None) };
        let rows = self.history(repository_id, name, Some(gone), 1).await?;
        Ok(rows.into_iter().next().filter(|row| row.kind.is_some()))
    }

    /// Every flist that a sweep must keep, each once: what names point at, and what the history holds,
    /// except what a name pointed at before a deletion of it that is older than `deleted_before`
    /// (seconds since the Unix epoch). So all of a living name's history is kept since its last old
    /// deletion, and all of a deleted name's for as long as the deletion is young.
    ///
    /// One statement, so one consistent state. A row that cannot be read is an error: a sweep must not
    /// go on without it.
    pub async fn roots(&self, deleted_before: u64) -> Result<Vec<ChunkId>, CatalogError> {
        let rows: Vec<(Vec<u8>,)> = sqlx::query_as(AssertSqlSafe(format!(
            "select flist_id from names where flist_id is not null
             union
             select kept.flist_id from name_history as kept
             {KEPT}"
        )))
        .bind(column(deleted_before))
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(|(flist,)| id("name_history", "a sweep's root", &flist)).collect()
    }
}

/// Adds to the name's history, marks the repository as changed, and gives the revision.
pub(super) async fn record(
    connection: &mut AnyConnection,
    change: &Change<'_>,
    points_at: Option<&Pointed>,
) -> Result<u64, CatalogError> {
    let (kind, flist, target) = kept(points_at);
    let (revision,): (i64,) = sqlx::query_as(
        "insert into name_history (repository_id, name, revision, kind, flist_id,
                                   target_repository, target_name, user_id, source, detail,
                                   happened_at)
         select $1, $2, coalesce(max(revision), 0) + 1, $3, $4, $5, $6, $7, $8, $9, $10
         from name_history where repository_id = $1 and name = $2
         returning revision",
    )
    .bind(change.repository_id)
    .bind(change.name.as_str())
    .bind(kind)
    .bind(flist.map(|flist| flist.as_bytes().to_vec()))
    .bind(target.map(|target| target.repository.clone()))
    .bind(target.map(|target| target.name.clone()))
    .bind(change.by.user_id)
    .bind(change.source.word())
    .bind(change.detail)
    .bind(column(change.now))
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query("update repositories set updated_at = $1 where id = $2 and updated_at < $1")
        .bind(column(change.now))
        .bind(change.repository_id)
        .execute(connection)
        .await?;
    number("name_history", change.name.as_str(), revision)
}

/// Moves what a name was since it was last made, up to the revision `left` where it goes, to the end of
/// another name's history: so the other name keeps what this one kept.
pub(super) async fn move_history(
    connection: &mut AnyConnection,
    change: &Change<'_>,
    to: &FlistName,
    left: u64,
) -> Result<(), CatalogError> {
    let (gone,): (i64,) = sqlx::query_as(
        "select coalesce(max(revision), 0) from name_history
         where repository_id = $1 and name = $2 and kind = 0 and revision < $3",
    )
    .bind(change.repository_id)
    .bind(change.name.as_str())
    .bind(column(left))
    .fetch_one(&mut *connection)
    .await?;
    let (there,): (i64,) = sqlx::query_as(
        "select coalesce(max(revision), 0) from name_history where repository_id = $1 and name = $2",
    )
    .bind(change.repository_id)
    .bind(to.as_str())
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query(
        "update name_history set name = $3, revision = revision - $4 + $5
         where repository_id = $1 and name = $2 and revision > $4 and revision < $6",
    )
    .bind(change.repository_id)
    .bind(change.name.as_str())
    .bind(to.as_str())
    .bind(gone)
    .bind(there)
    .bind(column(left))
    .execute(connection)
    .await?;
    Ok(())
}

//! The history of names: every change, who made it, and how. Rows are only ever added.

use flisthub_storage::ChunkId;
use sqlx::AnyConnection;

use super::Catalog;
use super::error::CatalogError;
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
}

impl Source {
    const ALL: [Self; 6] =
        [Self::Upload, Self::Push, Self::Delete, Self::Undelete, Self::Convert, Self::Merge];

    /// The word in the history.
    pub fn word(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Push => "push",
            Self::Delete => "delete",
            Self::Undelete => "undelete",
            Self::Convert => "convert",
            Self::Merge => "merge",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.word() == word)
    }
}

/// Who changes which name, when and how.
#[derive(Debug, Clone)]
pub struct Change<'a> {
    /// Number of the repository.
    pub repository_id: i64,
    /// The name.
    pub name: &'a FlistName,
    /// Number of the user who changes it.
    pub user_id: i64,
    /// How it is changed.
    pub source: Source,
    /// Where what it then points at came from, for people: of a conversion, the image with its digest.
    pub detail: Option<&'a str>,
    /// Now, in seconds since the Unix epoch.
    pub now: u64,
}

/// A row of `name_history`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRow {
    /// 1 for the name's first change.
    pub revision: u64,
    /// What the name pointed at from then on; `None` once deleted.
    pub flist: Option<ChunkId>,
    /// Number of the user who changed it.
    pub user_id: Option<i64>,
    /// How it was changed.
    pub source: Source,
    /// Where what it then pointed at came from, for people.
    pub detail: Option<String>,
    /// When, in seconds since the Unix epoch.
    pub happened: u64,
}

impl Catalog {
    /// Every change of a name, oldest first.
    pub async fn history(
        &self,
        repository_id: i64,
        name: &FlistName,
    ) -> Result<Vec<HistoryRow>, CatalogError> {
        type Row = (i64, Option<Vec<u8>>, Option<i64>, String, Option<String>, i64);
        let rows: Vec<Row> = sqlx::query_as(
            "select revision, flist_id, user_id, source, detail, happened_at from name_history
             where repository_id = $1 and name = $2 order by revision",
        )
        .bind(repository_id)
        .bind(name.as_str())
        .fetch_all(&self.pool)
        .await?;
        let read = |(revision, flist, user_id, source, detail, happened): Row| {
            let (table, row) = ("name_history", format!("{repository_id}/{name} {revision}"));
            Ok(HistoryRow {
                revision: number(table, &row, revision)?,
                flist: flist.map(|flist| id(table, &row, &flist)).transpose()?,
                user_id,
                source: Source::from_word(&source).ok_or_else(|| inconsistent(table, &row))?,
                detail,
                happened: number(table, &row, happened)?,
            })
        };
        rows.into_iter().map(read).collect()
    }

    /// What a name pointed at before it was last deleted; `None` if it never was. Whether the name was
    /// made again since then is not asked here.
    pub async fn before_deletion(
        &self,
        repository_id: i64,
        name: &FlistName,
    ) -> Result<Option<ChunkId>, CatalogError> {
        let row: Option<(Vec<u8>,)> = sqlx::query_as(
            "select flist_id from name_history
             where repository_id = $1 and name = $2 and flist_id is not null and revision <
                 (select max(revision) from name_history
                  where repository_id = $1 and name = $2 and flist_id is null)
             order by revision desc limit 1",
        )
        .bind(repository_id)
        .bind(name.as_str())
        .fetch_optional(&self.pool)
        .await?;
        let row = row.map(|(flist,)| {
            id("name_history", &format!("{repository_id}/{name} before its deletion"), &flist)
        });
        row.transpose()
    }

    /// Every flist that a sweep must keep, each once: what names point at, and what the history holds,
    /// except what a name pointed at before a deletion of it that is older than `deleted_before`
    /// (seconds since the Unix epoch). So all of a living name's history is kept since its last old
    /// deletion, and all of a deleted name's for as long as the deletion is young.
    ///
    /// One statement, so one consistent state. A row that cannot be read is an error: a sweep must not
    /// go on without it.
    pub async fn roots(&self, deleted_before: u64) -> Result<Vec<ChunkId>, CatalogError> {
        let rows: Vec<(Vec<u8>,)> = sqlx::query_as(
            "select flist_id from names
             union
             select kept.flist_id from name_history as kept
             left join (select repository_id, name, max(revision) as revision from name_history
                        where flist_id is null
                          and (happened_at < $1
                               or happened_at < (select swept_before from hub_state))
                        group by repository_id, name) as gone
                 on gone.repository_id = kept.repository_id and gone.name = kept.name
             where kept.flist_id is not null and kept.revision > coalesce(gone.revision, 0)",
        )
        .bind(column(deleted_before))
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(|(flist,)| id("name_history", "a sweep's root", &flist)).collect()
    }
}

/// Adds to the name's history and marks the repository as changed.
pub(super) async fn record(
    connection: &mut AnyConnection,
    change: &Change<'_>,
    flist: Option<ChunkId>,
) -> Result<(), CatalogError> {
    sqlx::query(
        "insert into name_history (repository_id, name, revision, flist_id, user_id, source,
                                   detail, happened_at)
         select $1, $2, coalesce(max(revision), 0) + 1, $3, $4, $5, $6, $7
         from name_history where repository_id = $1 and name = $2",
    )
    .bind(change.repository_id)
    .bind(change.name.as_str())
    .bind(flist.map(|flist| flist.as_bytes().to_vec()))
    .bind(change.user_id)
    .bind(change.source.word())
    .bind(change.detail)
    .bind(column(change.now))
    .execute(&mut *connection)
    .await?;
    sqlx::query("update repositories set updated_at = $1 where id = $2 and updated_at < $1")
        .bind(column(change.now))
        .bind(change.repository_id)
        .execute(connection)
        .await?;
    Ok(())
}

//! Who keeps which flist: for reports to people.

use flisthub_storage::ChunkId;
use sqlx::AssertSqlSafe;

use super::Catalog;
use super::error::CatalogError;
use super::rows::{column, id, number};

/// A name that keeps a flist, now or through its history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keeper {
    /// The flist.
    pub flist: ChunkId,
    /// The name's repository.
    pub repository: String,
    /// The name.
    pub name: String,
    /// The revision that keeps it; `None` if the name points at it now.
    pub revision: Option<u64>,
}

/// Which rows of `name_history as kept` keep a flist: all but those before a deletion that is older than `$1`, or
/// that a sweep has taken for garbage.
pub(super) const KEPT: &str = "
    left join (select repository_id, name, max(revision) as revision from name_history
               where kind = 0
                 and (happened_at < $1 or happened_at < (select swept_before from hub_state))
               group by repository_id, name) as gone
        on gone.repository_id = kept.repository_id and gone.name = kept.name
    where kept.flist_id is not null and kept.revision > coalesce(gone.revision, 0)";

impl Catalog {
    /// The names that were changed last, as `repository/name`, with what they point at; newest first, at
    /// most `limit`.
    pub async fn newest(&self, limit: u32) -> Result<Vec<(String, ChunkId)>, CatalogError> {
        let rows: Vec<(String, String, Vec<u8>)> = sqlx::query_as(
            "select repositories.name, names.name, names.flist_id
             from names join repositories on repositories.id = names.repository_id
             where names.flist_id is not null
             order by names.updated_at desc
             limit $1",
        )
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        let name = |(repository, name, flist): (String, String, Vec<u8>)| {
            let name = format!("{repository}/{name}");
            let flist = id("names", &name, &flist)?;
            Ok((name, flist))
        };
        rows.into_iter().map(name).collect()
    }

    /// Whether a name points at a flist now.
    pub async fn is_named(&self, flist: ChunkId) -> Result<bool, CatalogError> {
        let row: Option<(i64,)> =
            sqlx::query_as("select repository_id from names where flist_id = $1 limit 1")
                .bind(flist.as_bytes().to_vec())
                .fetch_optional(&self.pool)
                .await?;
        Ok(row.is_some())
    }

    /// The flists of [`Catalog::roots`], each with the number of every repository that keeps it, in the order
    /// of those.
    pub async fn roots_by_repository(
        &self,
        deleted_before: u64,
    ) -> Result<Vec<(i64, ChunkId)>, CatalogError> {
        let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(AssertSqlSafe(format!(
            "select repository_id, flist_id from names where flist_id is not null
             union
             select kept.repository_id, kept.flist_id from name_history as kept
             {KEPT}
             order by 1, 2"
        )))
        .bind(column(deleted_before))
        .fetch_all(&self.pool)
        .await?;
        let root = |(repository, flist): (i64, Vec<u8>)| {
            Ok((repository, id("name_history", "a repository's root", &flist)?))
        };
        rows.into_iter().map(root).collect()
    }

    /// Every reason why a sweep keeps a flist: what names point at, then the revisions of their history,
    /// and of names that were not deleted before `deleted_before`. The flists are those of
    /// [`Catalog::roots`].
    pub async fn keepers(&self, deleted_before: u64) -> Result<Vec<Keeper>, CatalogError> {
        type Columns = (Vec<u8>, String, String, i64);
        let rows: Vec<Columns> = sqlx::query_as(AssertSqlSafe(format!(
            "select names.flist_id, repositories.name, names.name, 0 as revision
             from names join repositories on repositories.id = names.repository_id
             where names.flist_id is not null
             union all
             select kept.flist_id, repositories.name, kept.name, kept.revision
             from name_history as kept
             join repositories on repositories.id = kept.repository_id
             {KEPT}
             order by 4, 2, 3"
        )))
        .bind(column(deleted_before))
        .fetch_all(&self.pool)
        .await?;
        let keeper = |(flist, repository, name, revision): Columns| {
            let row = format!("{repository}/{name} {revision}");
            Ok(Keeper {
                flist: id("name_history", &row, &flist)?,
                revision: Some(number("name_history", &row, revision)?).filter(|one| *one > 0),
                repository,
                name,
            })
        };
        rows.into_iter().map(keeper).collect()
    }
}

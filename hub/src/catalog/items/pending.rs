//! Names whose items are to be composed again: the configuration is another one, a repository is in other collections,
//! or checksums lack. They are marked in the transaction of the change that makes it so, and no more once their item is
//! written, so that none is forgotten, whatever ends in between.

use sqlx::AnyConnection;

use crate::catalog::Catalog;
use crate::catalog::error::CatalogError;

/// A name that is marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Only because checksums lack.
    pub sums: bool,
    /// Number of the repository.
    pub repository_id: i64,
    /// The name.
    pub name: String,
}

/// The names that are marked after one of them. A row is compared with another, which the index knows: of the same
/// written with `or`, SQLite sorts all names that are marked.
pub(super) const NEXT: &str = "select sums, repository_id, name from item_pending
    where (sums, repository_id, name) > ($1, $2, $3)
    order by sums, repository_id, name limit $4";

/// Marks the flists of a repository, or of all.
pub(super) async fn mark(
    connection: &mut AnyConnection,
    repository_id: Option<i64>,
) -> Result<(), CatalogError> {
    sqlx::query(
        "insert into item_pending (repository_id, name, sums)
         select repository_id, name, 0 from names
         where kind = 1 and (repository_id = $1 or $2 = 1)
         on conflict (repository_id, name) do update set sums = 0",
    )
    .bind(repository_id.unwrap_or_default())
    .bind(i64::from(repository_id.is_none()))
    .execute(connection)
    .await?;
    Ok(())
}

/// Says of a name whose item is written whether checksums lack.
pub(super) async fn settle(
    connection: &mut AnyConnection,
    repository_id: i64,
    name: &str,
    lacking: bool,
) -> Result<(), CatalogError> {
    let sql = if lacking {
        "insert into item_pending (repository_id, name, sums) values ($1, $2, 1)
         on conflict (repository_id, name) do update set sums = 1"
    } else {
        "delete from item_pending where repository_id = $1 and name = $2"
    };
    sqlx::query(sql).bind(repository_id).bind(name).execute(connection).await?;
    Ok(())
}

impl Catalog {
    /// The names that are marked, those that lack only checksums last, from after `after` on.
    pub async fn pending_items(
        &self,
        after: Option<&Pending>,
        limit: u32,
    ) -> Result<Vec<Pending>, CatalogError> {
        let rows: Vec<(i16, i64, String)> = sqlx::query_as(NEXT)
            .bind(after.map_or(-1, |after| i64::from(after.sums)))
            .bind(after.map_or(0, |after| after.repository_id))
            .bind(after.map_or("", |after| after.name.as_str()))
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?;
        let pending =
            |(sums, repository_id, name)| Pending { sums: sums == 1, repository_id, name };
        Ok(rows.into_iter().map(pending).collect())
    }

    /// Marks a name no more: its item cannot be composed, and stays as it is.
    pub async fn give_up_item(&self, repository_id: i64, name: &str) -> Result<(), CatalogError> {
        let mut transaction = self.write().await?;
        settle(&mut transaction, repository_id, name, false).await?;
        Ok(transaction.commit().await?)
    }

    /// Marks all names, unless their items are of this configuration: a hash of what they depend on in it.
    pub async fn items_are_of(&self, hash: &str, anew: bool) -> Result<(), CatalogError> {
        let mut transaction = self.write().await?;
        let changed = sqlx::query("update hub_state set items_of = $1 where items_of <> $1")
            .bind(hash)
            .execute(&mut *transaction)
            .await?;
        if anew || changed.rows_affected() > 0 {
            mark(&mut transaction, None).await?;
        }
        Ok(transaction.commit().await?)
    }
}

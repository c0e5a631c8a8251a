//! Who starred which names. The count stands in the rows of items too, where it is sorted by; both change together.

use sqlx::{Any, AnyConnection, Transaction};

use crate::catalog::Catalog;
use crate::catalog::error::CatalogError;
use crate::catalog::rows::number;

/// Stars of a name, as they are in a transaction.
pub(super) async fn count(
    connection: &mut AnyConnection,
    repository_id: i64,
    name: &str,
) -> Result<i64, CatalogError> {
    let (stars,): (i64,) =
        sqlx::query_as("select count(*) from item_stars where repository_id = $1 and name = $2")
            .bind(repository_id)
            .bind(name)
            .fetch_one(connection)
            .await?;
    Ok(stars)
}

/// Has the rows of a name's items say how many stars it has.
async fn recount(
    connection: &mut AnyConnection,
    repository_id: i64,
    name: &str,
) -> Result<(), CatalogError> {
    let stars = count(&mut *connection, repository_id, name).await?;
    sqlx::query(
        "update items set stars = $1 where document in
            (select number from item_documents where repository_id = $2 and name = $3)",
    )
    .bind(stars)
    .bind(repository_id)
    .bind(name)
    .execute(connection)
    .await?;
    Ok(())
}

impl Catalog {
    /// Commits a change of stars, by which nothing else counts as changed: whoever may read a name may star it.
    async fn commit_stars(
        &self,
        transaction: Transaction<'static, Any>,
    ) -> Result<(), CatalogError> {
        // Before and after: what is counted meanwhile may be either.
        self.counted.stars_change();
        let committed = transaction.commit().await;
        self.counted.stars_change();
        Ok(committed?)
    }

    /// Gives a name, which must be there, a user's star, or takes it away. Says whether that changed anything.
    pub async fn star(
        &self,
        (repository_id, name): (i64, &str),
        user_id: i64,
        starred: bool,
    ) -> Result<bool, CatalogError> {
        let change = if starred {
            "insert into item_stars (repository_id, name, user_id)
             select repository_id, name, $3 from names where repository_id = $1 and name = $2
             on conflict (repository_id, name, user_id) do nothing"
        } else {
            "delete from item_stars where repository_id = $1 and name = $2 and user_id = $3"
        };
        let mut transaction = self.write().await?;
        let change = sqlx::query(change).bind(repository_id).bind(name).bind(user_id);
        if change.execute(&mut *transaction).await?.rows_affected() == 0 {
            return Ok(false);
        }
        recount(&mut transaction, repository_id, name).await?;
        self.commit_stars(transaction).await?;
        Ok(true)
    }

    /// How many users starred a name, and whether that user did.
    pub async fn stars(
        &self,
        repository_id: i64,
        name: &str,
        user_id: Option<i64>,
    ) -> Result<(u64, bool), CatalogError> {
        let (stars, own): (i64, i64) = sqlx::query_as(
            "select count(*), count(case when user_id = $3 then 1 end) from item_stars
             where repository_id = $1 and name = $2",
        )
        .bind(repository_id)
        .bind(name)
        .bind(user_id.unwrap_or(-1))
        .fetch_one(&self.pool)
        .await?;
        Ok((number("item_stars", name, stars)?, own > 0))
    }
}

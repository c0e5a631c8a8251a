//! What is true of the hub as a whole.

use super::Catalog;
use super::error::CatalogError;
use super::items;
use super::rows::{column, random_hex};

impl Catalog {
    /// Makes the one row, if it is not there.
    pub(super) async fn make_hub_state(&self) -> Result<(), CatalogError> {
        // Quoted, because PostgreSQL has a word `only` of its own.
        sqlx::query(
            "insert into hub_state (\"only\", hub_id, swept_before) values (1, $1, 0)
             on conflict (\"only\") do nothing",
        )
        .bind(random_hex()?)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// This hub's own id, 32 lower-case hex digits; it goes with the catalog through backup and restore.
    pub async fn hub_id(&self) -> Result<String, CatalogError> {
        let (id,): (String,) =
            sqlx::query_as("select hub_id from hub_state").fetch_one(&self.pool).await?;
        Ok(id)
    }

    /// Whether the hub was told to serve although it lost something, and no scrub has found since that
    /// everything is there.
    pub async fn loss_accepted(&self) -> Result<bool, CatalogError> {
        let (accepted,): (i64,) =
            sqlx::query_as("select loss_accepted from hub_state").fetch_one(&self.pool).await?;
        Ok(accepted != 0)
    }

    /// Remembers that.
    pub async fn set_loss_accepted(&self, accepted: bool) -> Result<(), CatalogError> {
        let mut transaction = self.write().await?;
        sqlx::query("update hub_state set loss_accepted = $1 where loss_accepted <> $1")
            .bind(i64::from(accepted))
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Remembers, before anything is deleted, that a sweep takes for garbage what names kept that were
    /// deleted before this time (seconds since the Unix epoch). [`Catalog::roots`] and
    /// [`Catalog::keepers`] leave those out from then on, whatever grace is asked for; what was set and starred of such
    /// names is gone.
    pub async fn deleting(&self, deleted_before: u64) -> Result<(), CatalogError> {
        let mut transaction = self.write().await?;
        sqlx::query("update hub_state set swept_before = $1 where swept_before < $1")
            .bind(column(deleted_before))
            .execute(&mut *transaction)
            .await?;
        items::forget_old(&mut transaction).await?;
        Ok(transaction.commit().await?)
    }
}

//! Which repositories hold which layers of images.

use flisthub_storage::ChunkId;

use super::error::CatalogError;
use super::repositories::{COLUMNS, Columns};
use super::{Catalog, RepositoryRow};

impl Catalog {
    /// Remembers of which layers a flist was made that was published in that repository, the lowest first.
    pub async fn set_image_layers(
        &self,
        repository_id: i64,
        flist: ChunkId,
        diff_ids: &[String],
    ) -> Result<(), CatalogError> {
        let mut transaction = self.write().await?;
        for (position, diff_id) in (1_i64..).zip(diff_ids) {
            sqlx::query(
                "insert into image_layers (flist_id, position, diff_id) values ($1, $2, $3)
                 on conflict do nothing",
            )
            .bind(flist.as_bytes().to_vec())
            .bind(position)
            .bind(diff_id)
            .execute(&mut *transaction)
            .await?;
        }
        sqlx::query(
            "insert into image_repositories (flist_id, repository_id) values ($1, $2)
             on conflict do nothing",
        )
        .bind(flist.as_bytes().to_vec())
        .bind(repository_id)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// The repositories in which a name points at a flist that was made there of that layer. Not those to which
    /// only the flist came: a layer is more than what came of it.
    pub async fn repositories_with_layer(
        &self,
        diff_id: &str,
    ) -> Result<Vec<RepositoryRow>, CatalogError> {
        let sql = format!(
            "select {COLUMNS} from repositories
             where repositories.id in
                 (select names.repository_id
                  from names
                  join image_layers on image_layers.flist_id = names.flist_id
                  join image_repositories on image_repositories.flist_id = names.flist_id
                       and image_repositories.repository_id = names.repository_id
                  where image_layers.diff_id = $1)
             order by repositories.name",
        );
        let rows: Vec<Columns> =
            sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(diff_id).fetch_all(&self.pool).await?;
        rows.into_iter().map(RepositoryRow::from_columns).collect()
    }
}

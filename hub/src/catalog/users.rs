//! Users. Each is made together with the repository of the same name.

use super::error::CatalogError;
use super::rows::{column, random_id};
use super::{Catalog, RepositoryRow};
use crate::name::RepositoryName;

/// A row of `users`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// The row's number.
    pub id: i64,
    /// The user's name.
    pub name: String,
}

impl Catalog {
    /// Makes a user, and the repository of the same name.
    pub async fn create_user(
        &self,
        name: &RepositoryName,
        now: u64,
    ) -> Result<UserRow, CatalogError> {
        let id = random_id()?;
        let mut transaction = self.write().await?;
        sqlx::query("insert into users (id, name, created_at) values ($1, $2, $3)")
            .bind(id)
            .bind(name.as_str())
            .bind(column(now))
            .execute(&mut *transaction)
            .await
            .map_err(|error| CatalogError::on_insert(error, || format!("user {name}")))?;
        RepositoryRow::insert(&mut transaction, id, name, now).await?;
        transaction.commit().await?;
        Ok(UserRow { id, name: name.as_str().to_owned() })
    }

    /// The user with that number.
    pub async fn user_by_id(&self, id: i64) -> Result<Option<UserRow>, CatalogError> {
        let row: Option<(i64, String)> = sqlx::query_as("select id, name from users where id = $1")
            .bind(id)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|(id, name)| UserRow { id, name }))
    }

    /// The user of that name.
    pub async fn user(&self, name: &RepositoryName) -> Result<Option<UserRow>, CatalogError> {
        let row: Option<(i64, String)> =
            sqlx::query_as("select id, name from users where name = $1")
                .bind(name.as_str())
                .fetch_optional(&self.pool)
                .await?;
        Ok(row.map(|(id, name)| UserRow { id, name }))
    }
}

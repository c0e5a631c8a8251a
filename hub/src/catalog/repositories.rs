//! Repositories.

use sqlx::AnyConnection;

use super::Catalog;
use super::error::CatalogError;
use super::rows::{column, number, random_id};
use crate::name::RepositoryName;

/// A row of `repositories`, with its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryRow {
    /// The row's number.
    pub id: i64,
    /// The repository's name.
    pub name: String,
    /// Number of the user who owns it.
    pub owner_id: i64,
    /// When a name in it last changed, in seconds since the Unix epoch.
    pub updated: u64,
}

pub(super) type Columns = (i64, String, i64, i64);

impl RepositoryRow {
    pub(super) fn from_columns(
        (id, name, owner_id, updated): Columns,
    ) -> Result<Self, CatalogError> {
        let updated = number("repositories", &name, updated)?;
        Ok(Self { id, name, owner_id, updated })
    }

    /// Adds a repository within a transaction.
    pub(super) async fn insert(
        connection: &mut AnyConnection,
        owner_id: i64,
        name: &RepositoryName,
        now: u64,
    ) -> Result<(), CatalogError> {
        sqlx::query(
            "insert into repositories (id, owner_id, name, created_at, updated_at)
             values ($1, $2, $3, $4, $4)",
        )
        .bind(random_id()?)
        .bind(owner_id)
        .bind(name.as_str())
        .bind(column(now))
        .execute(connection)
        .await
        .map_err(|error| CatalogError::on_insert(error, || format!("repository {name}")))?;
        Ok(())
    }
}

impl Catalog {
    /// Every repository, by name.
    pub async fn repositories(&self) -> Result<Vec<RepositoryRow>, CatalogError> {
        let rows: Vec<Columns> =
            sqlx::query_as("select id, name, owner_id, updated_at from repositories order by name")
                .fetch_all(&self.pool)
                .await?;
        rows.into_iter().map(RepositoryRow::from_columns).collect()
    }

    /// A page of the repositories, by name, from after `after` (the empty text: from the first).
    pub async fn repositories_after(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<RepositoryRow>, CatalogError> {
        let rows: Vec<Columns> = sqlx::query_as(
            "select id, name, owner_id, updated_at from repositories
             where name > $1 order by name limit $2",
        )
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(RepositoryRow::from_columns).collect()
    }

    /// The repositories that a user owns, by name.
    pub async fn repositories_of(&self, user_id: i64) -> Result<Vec<RepositoryRow>, CatalogError> {
        let rows: Vec<Columns> = sqlx::query_as(
            "select id, name, owner_id, updated_at from repositories
             where owner_id = $1 order by name",
        )
        .bind(user_id)
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(RepositoryRow::from_columns).collect()
    }

    /// The repository of that name.
    pub async fn repository(
        &self,
        name: &RepositoryName,
    ) -> Result<Option<RepositoryRow>, CatalogError> {
        let row: Option<Columns> = sqlx::query_as(
            "select id, name, owner_id, updated_at from repositories where name = $1",
        )
        .bind(name.as_str())
        .fetch_optional(&self.pool)
        .await?;
        row.map(RepositoryRow::from_columns).transpose()
    }
}

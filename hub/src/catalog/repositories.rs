//! Repositories: who may read them, and which there are.

use sqlx::{AnyConnection, AssertSqlSafe};

use super::Catalog;
use super::audit::{Actor, Noted, note};
use super::error::CatalogError;
use super::holdings::made_repositories;
use super::members::add_owner;
use super::rows::{column, inconsistent, number, random_id};
use crate::auth::{Level, Visibility};
use crate::name::RepositoryName;

/// A row of `repositories`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryRow {
    /// The row's number. In the membership index it stands for the repository.
    pub id: i64,
    /// The repository's name.
    pub name: String,
    /// Who may read it.
    pub visibility: Visibility,
    /// Number of the user who made it; grants nothing.
    pub creator_id: i64,
    /// When a name in it last changed, in seconds since the Unix epoch.
    pub updated: u64,
}

/// A repository to be made.
#[derive(Debug, Clone)]
pub struct NewRepository<'a> {
    /// Its name.
    pub name: &'a RepositoryName,
    /// Who may read it.
    pub visibility: Visibility,
    /// Number of the user who makes it, and owns it.
    pub creator_id: i64,
}

/// Whose eyes a list of repositories is for. It only spares reading rows that nobody would be shown: who may
/// see which is decided by the permission table.
#[derive(Debug, Clone, Copy, Default)]
pub struct Viewer<'a> {
    /// Number of the user; `None`: nobody in particular.
    pub user_id: Option<i64>,
    /// Also these repositories.
    pub also: &'a [i64],
    /// All of them.
    pub all: bool,
}

pub(super) type Columns = (i64, String, i16, i64, i64);

/// What [`Columns`] are selected from `repositories`.
pub(super) const COLUMNS: &str = "repositories.id, repositories.name, repositories.visibility,
    repositories.creator_id, repositories.updated_at";

impl RepositoryRow {
    pub(super) fn from_columns(
        (id, name, visibility, creator_id, updated): Columns,
    ) -> Result<Self, CatalogError> {
        let updated = number("repositories", &name, updated)?;
        let visibility =
            Visibility::from_code(visibility).ok_or_else(|| inconsistent("repositories", &name))?;
        Ok(Self { id, name, visibility, creator_id, updated })
    }
}

/// Adds a repository within a transaction, and its first owner.
pub(super) async fn insert(
    connection: &mut AnyConnection,
    new: &NewRepository<'_>,
    by: &Actor,
    now: u64,
) -> Result<RepositoryRow, CatalogError> {
    let (id, name) = (random_id()?, new.name.as_str());
    sqlx::query(
        "insert into repositories (id, creator_id, name, visibility, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $5)",
    )
    .bind(id)
    .bind(new.creator_id)
    .bind(name)
    .bind(new.visibility.code())
    .bind(column(now))
    .execute(&mut *connection)
    .await
    .map_err(|error| CatalogError::on_insert(error, || format!("repository {name}")))?;
    add_owner(connection, id, new.creator_id, now).await?;
    let noted = Noted {
        action: "repository-create",
        repository_id: Some(id),
        subject: name,
        detail: Some(new.visibility.word()),
    };
    note(connection, by, noted, now).await?;
    let (visibility, creator_id) = (new.visibility, new.creator_id);
    Ok(RepositoryRow { id, name: name.to_owned(), visibility, creator_id, updated: now })
}

impl Catalog {
    /// Makes a repository, which the user who makes it owns.
    pub async fn create_repository(
        &self,
        new: &NewRepository<'_>,
        by: &Actor,
        now: u64,
    ) -> Result<RepositoryRow, CatalogError> {
        let mut transaction = self.write().await?;
        let made = insert(&mut transaction, new, by, now).await?;
        self.commit_names(transaction).await?;
        Ok(made)
    }

    /// The same, unless that user has made `most` already: `None` then.
    pub async fn create_repository_within(
        &self,
        new: &NewRepository<'_>,
        most: u64,
        by: &Actor,
        now: u64,
    ) -> Result<Option<RepositoryRow>, CatalogError> {
        let mut transaction = self.write().await?;
        if made_repositories(&mut transaction, new.creator_id).await? >= most {
            return Ok(None);
        }
        let made = insert(&mut transaction, new, by, now).await?;
        self.commit_names(transaction).await?;
        Ok(Some(made))
    }

    /// Changes who may read a repository.
    pub async fn set_visibility(
        &self,
        repository: &RepositoryRow,
        visibility: Visibility,
        by: &Actor,
        now: u64,
    ) -> Result<(), CatalogError> {
        let mut transaction = self.write().await?;
        sqlx::query("update repositories set visibility = $1 where id = $2")
            .bind(visibility.code())
            .bind(repository.id)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("update items set visibility = $1 where repository_id = $2")
            .bind(visibility.code())
            .bind(repository.id)
            .execute(&mut *transaction)
            .await?;
        let noted = Noted {
            action: "repository-visibility",
            repository_id: Some(repository.id),
            subject: &repository.name,
            detail: Some(visibility.word()),
        };
        note(&mut transaction, by, noted, now).await?;
        // What is remembered of repositories counts as old from now on.
        self.commit_names(transaction).await
    }

    /// Every repository, by name.
    pub async fn repositories(&self) -> Result<Vec<RepositoryRow>, CatalogError> {
        let sql = AssertSqlSafe(format!("select {COLUMNS} from repositories order by name"));
        let rows: Vec<Columns> = sqlx::query_as(sql).fetch_all(&self.pool).await?;
        rows.into_iter().map(RepositoryRow::from_columns).collect()
    }

    /// A page of the repositories that a viewer may perhaps see, by name, from after `after` (the empty text:
    /// from the first), each with the viewer's level in it.
    pub async fn repositories_after(
        &self,
        viewer: Viewer<'_>,
        after: &str,
        limit: u32,
    ) -> Result<Vec<(RepositoryRow, Option<Level>)>, CatalogError> {
        // Numbers only: nothing of what a caller writes becomes SQL.
        let also: Vec<String> = viewer.also.iter().map(i64::to_string).collect();
        let also = if also.is_empty() { "0".to_owned() } else { also.join(", ") };
        let sql = AssertSqlSafe(format!(
            "select {COLUMNS}, members.level from repositories
             left join members on members.repository_id = repositories.id and members.user_id = $1
             where repositories.name > $2
               and (repositories.visibility <= $3 or members.level is not null
                    or repositories.id in ({also}))
             order by repositories.name limit $4"
        ));
        let shown = if viewer.all {
            Visibility::Private
        } else if viewer.user_id.is_some() {
            Visibility::Internal
        } else {
            Visibility::Public
        };
        let rows: Vec<(i64, String, i16, i64, i64, Option<i16>)> = sqlx::query_as(sql)
            .bind(viewer.user_id.unwrap_or(-1))
            .bind(after)
            .bind(shown.code())
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?;
        let row =
            |(id, name, visibility, creator, updated, level): (_, _, _, _, _, Option<i16>)| {
                let row = RepositoryRow::from_columns((id, name, visibility, creator, updated))?;
                Ok((row, level.and_then(Level::from_code)))
            };
        rows.into_iter().map(row).collect()
    }

    /// The repositories of which a user is a member, with the level, and those that are `named` by number.
    pub async fn repositories_known_to(
        &self,
        user_id: i64,
        named: &[i64],
    ) -> Result<Vec<(RepositoryRow, Option<Level>)>, CatalogError> {
        // Numbers only: nothing of what a caller writes becomes SQL.
        let mut named: Vec<String> = named.iter().map(i64::to_string).collect();
        named.push("0".to_owned());
        let named = named.join(", ");
        let sql = AssertSqlSafe(format!(
            "select {COLUMNS}, members.level from repositories
             left join members on members.repository_id = repositories.id and members.user_id = $1
             where repositories.id in (select repository_id from members where user_id = $1)
                or repositories.id in ({named})"
        ));
        let rows: Vec<(i64, String, i16, i64, i64, Option<i16>)> =
            sqlx::query_as(sql).bind(user_id).fetch_all(&self.pool).await?;
        let row =
            |(id, name, visibility, creator, updated, level): (_, _, _, _, _, Option<i16>)| {
                let row = RepositoryRow::from_columns((id, name, visibility, creator, updated))?;
                Ok((row, level.and_then(Level::from_code)))
            };
        rows.into_iter().map(row).collect()
    }

    /// The repositories in which a user has at least a level, by name.
    pub async fn repositories_of(
        &self,
        user_id: i64,
        least: Level,
    ) -> Result<Vec<RepositoryRow>, CatalogError> {
        let sql = AssertSqlSafe(format!(
            "select {COLUMNS} from repositories
             join members on members.repository_id = repositories.id
             where members.user_id = $1 and members.level >= $2 order by repositories.name"
        ));
        let rows: Vec<Columns> =
            sqlx::query_as(sql).bind(user_id).bind(least.code()).fetch_all(&self.pool).await?;
        rows.into_iter().map(RepositoryRow::from_columns).collect()
    }

    /// The repository of that name.
    pub async fn repository(
        &self,
        name: &RepositoryName,
    ) -> Result<Option<RepositoryRow>, CatalogError> {
        let sql = AssertSqlSafe(format!("select {COLUMNS} from repositories where name = $1"));
        let row: Option<Columns> =
            sqlx::query_as(sql).bind(name.as_str()).fetch_optional(&self.pool).await?;
        row.map(RepositoryRow::from_columns).transpose()
    }

    /// The repository with that number.
    pub async fn repository_by_id(&self, id: i64) -> Result<Option<RepositoryRow>, CatalogError> {
        let sql = AssertSqlSafe(format!("select {COLUMNS} from repositories where id = $1"));
        let row: Option<Columns> = sqlx::query_as(sql).bind(id).fetch_optional(&self.pool).await?;
        row.map(RepositoryRow::from_columns).transpose()
    }
}

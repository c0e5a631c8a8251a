//! The members of repositories, and what each may do there.

use sqlx::AnyConnection;

use super::audit::{Actor, Noted, note};
use super::error::CatalogError;
use super::rows::{column, inconsistent, number};
use super::{Catalog, RepositoryRow, UserRow};
use crate::auth::Level;

/// A member of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryMember {
    /// Name of the user.
    pub user: String,
    /// What the user may do.
    pub level: Level,
    /// Since when, in seconds since the Unix epoch.
    pub added: u64,
}

/// Makes the user who makes a repository its owner.
pub(super) async fn add_owner(
    connection: &mut AnyConnection,
    repository_id: i64,
    user_id: i64,
    now: u64,
) -> Result<(), CatalogError> {
    sqlx::query(
        "insert into members (repository_id, user_id, level, added_at) values ($1, $2, $3, $4)",
    )
    .bind(repository_id)
    .bind(user_id)
    .bind(Level::Owner.code())
    .bind(column(now))
    .execute(connection)
    .await?;
    Ok(())
}

impl Catalog {
    /// What a user may do in a repository as its member; `None` for who is none.
    pub async fn level(
        &self,
        repository_id: i64,
        user_id: i64,
    ) -> Result<Option<Level>, CatalogError> {
        level_within(&mut *self.pool.acquire().await?, repository_id, user_id).await
    }

    /// The members of a repository, by name.
    pub async fn repository_members(
        &self,
        repository_id: i64,
    ) -> Result<Vec<RepositoryMember>, CatalogError> {
        let rows: Vec<(String, i16, i64)> = sqlx::query_as(
            "select users.name, members.level, members.added_at
             from members join users on users.id = members.user_id
             where members.repository_id = $1 order by users.name",
        )
        .bind(repository_id)
        .fetch_all(&self.pool)
        .await?;
        let member = |(user, level, added): (String, i16, i64)| {
            let level = Level::from_code(level).ok_or_else(|| inconsistent("members", &user))?;
            Ok(RepositoryMember { level, added: number("members", &user, added)?, user })
        };
        rows.into_iter().map(member).collect()
    }

    /// Makes a user a member of a repository, or changes what they may do there. The last owner stays one.
    /// Says whether anything changed.
    pub async fn set_repository_member(
        &self,
        repository: &RepositoryRow,
        user: &UserRow,
        level: Level,
        by: &Actor,
        now: u64,
    ) -> Result<bool, CatalogError> {
        let mut transaction = self.write().await?;
        let before = level_within(&mut transaction, repository.id, user.id).await?;
        if before == Some(level) {
            return Ok(false);
        }
        sqlx::query(
            "insert into members (repository_id, user_id, level, added_at) values ($1, $2, $3, $4)
             on conflict (repository_id, user_id) do update set level = excluded.level",
        )
        .bind(repository.id)
        .bind(user.id)
        .bind(level.code())
        .bind(column(now))
        .execute(&mut *transaction)
        .await?;
        an_owner_is_left(&mut transaction, repository).await?;
        let detail = format!("{} {}", user.name, level.word());
        note_member(&mut transaction, "member-set", repository, &detail, by, now).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Removes a member. The last owner stays. Says whether there was such a member.
    pub async fn remove_repository_member(
        &self,
        repository: &RepositoryRow,
        user: &UserRow,
        by: &Actor,
        now: u64,
    ) -> Result<bool, CatalogError> {
        let mut transaction = self.write().await?;
        let removed = sqlx::query("delete from members where repository_id = $1 and user_id = $2")
            .bind(repository.id)
            .bind(user.id)
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        if removed == 0 {
            return Ok(false);
        }
        an_owner_is_left(&mut transaction, repository).await?;
        note_member(&mut transaction, "member-remove", repository, &user.name, by, now).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

async fn level_within(
    connection: &mut AnyConnection,
    repository_id: i64,
    user_id: i64,
) -> Result<Option<Level>, CatalogError> {
    let row: Option<(i16,)> =
        sqlx::query_as("select level from members where repository_id = $1 and user_id = $2")
            .bind(repository_id)
            .bind(user_id)
            .fetch_optional(connection)
            .await?;
    Ok(row.and_then(|(level,)| Level::from_code(level)))
}

/// Fails if nobody could manage the repository any more.
async fn an_owner_is_left(
    connection: &mut AnyConnection,
    repository: &RepositoryRow,
) -> Result<(), CatalogError> {
    let (owners,): (i64,) =
        sqlx::query_as("select count(*) from members where repository_id = $1 and level = $2")
            .bind(repository.id)
            .bind(Level::Owner.code())
            .fetch_one(connection)
            .await?;
    if owners == 0 {
        return Err(CatalogError::LastOwner { repository: repository.name.clone() });
    }
    Ok(())
}

async fn note_member(
    connection: &mut AnyConnection,
    action: &str,
    repository: &RepositoryRow,
    detail: &str,
    by: &Actor,
    now: u64,
) -> Result<(), CatalogError> {
    let noted = Noted {
        action,
        repository_id: Some(repository.id),
        subject: &repository.name,
        detail: Some(detail),
    };
    note(connection, by, noted, now).await
}

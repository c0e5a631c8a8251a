//! API tokens: hashes, never the tokens themselves.

use sqlx::{AnyConnection, AssertSqlSafe};

use super::audit::{Actor, Noted, note};
use super::error::CatalogError;
use super::holdings::live_tokens;
use super::rows::{column, inconsistent, number, random_id};
use super::{Catalog, UserRow};
use crate::auth::{Scope, TokenKind};

/// What is stored of a token.
pub type TokenHash = [u8; 32];

/// A token to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// Whose it is.
    pub user_id: i64,
    /// The hash of it.
    pub hash: TokenHash,
    /// How it came to be.
    pub kind: TokenKind,
    /// What its owner calls it.
    pub label: String,
    /// What it allows.
    pub scope: Scope,
    /// Numbers of the repositories that it is worth something in; `None`: in all.
    pub only: Option<Vec<i64>>,
    /// When it ends, in seconds since the Unix epoch; `None` for never.
    pub expires: Option<u64>,
}

/// A token with its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// The row's number.
    pub id: i64,
    /// Whose it is.
    pub user: UserRow,
    /// How it came to be.
    pub kind: TokenKind,
    /// What its owner calls it.
    pub label: String,
    /// What it allows.
    pub scope: Scope,
    /// Numbers of the repositories that it is worth something in; `None`: in all.
    pub only: Option<Vec<i64>>,
    /// When it was made, in seconds since the Unix epoch.
    pub created: u64,
    /// When it ends, in seconds since the Unix epoch; `None` for never.
    pub expires: Option<u64>,
    /// When it was revoked, in seconds since the Unix epoch.
    pub revoked: Option<u64>,
    /// Whether its user may not sign in any more.
    pub disabled: bool,
}

type Columns =
    (i64, i64, String, i16, Option<i64>, i16, String, i16, i16, i64, Option<i64>, Option<i64>);

const SELECT: &str = "select tokens.id, users.id, users.name, users.admin, users.disabled_at, tokens.kind,
    tokens.label, tokens.scope, tokens.limited, tokens.created_at, tokens.expires_at, tokens.revoked_at
    from tokens join users on users.id = tokens.user_id";

async fn read(connection: &mut AnyConnection, columns: Columns) -> Result<TokenRow, CatalogError> {
    let (id, user, name, admin, disabled, kind, label, scope, limited, created, expires, revoked) =
        columns;
    let row = id.to_string();
    let time = |at: Option<i64>| at.map(|at| number("tokens", &row, at)).transpose();
    let only = if limited == 0 { None } else { Some(repositories(connection, id).await?) };
    Ok(TokenRow {
        id,
        user: UserRow { id: user, name, admin: admin != 0 },
        kind: TokenKind::from_code(kind).ok_or_else(|| inconsistent("tokens", &row))?,
        label,
        scope: Scope::from_code(scope).ok_or_else(|| inconsistent("tokens", &row))?,
        only,
        created: number("tokens", &row, created)?,
        expires: time(expires)?,
        revoked: time(revoked)?,
        disabled: disabled.is_some(),
    })
}

async fn repositories(
    connection: &mut AnyConnection,
    token: i64,
) -> Result<Vec<i64>, CatalogError> {
    let rows: Vec<(i64,)> =
        sqlx::query_as("select repository_id from token_repositories where token_id = $1")
            .bind(token)
            .fetch_all(connection)
            .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Adds a token within a transaction. Gives its number.
async fn insert(
    connection: &mut AnyConnection,
    token: &NewToken,
    by: &Actor,
    now: u64,
) -> Result<i64, CatalogError> {
    let id = random_id()?;
    sqlx::query(
        "insert into tokens (id, user_id, hash, scope, created_at, expires_at, kind, label, limited)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(id)
    .bind(token.user_id)
    .bind(token.hash.to_vec())
    .bind(token.scope.code())
    .bind(column(now))
    .bind(token.expires.map(column))
    .bind(token.kind.code())
    .bind(&token.label)
    .bind(i16::from(token.only.is_some()))
    .execute(&mut *connection)
    .await
    .map_err(|error| CatalogError::on_insert(error, || "the token".to_owned()))?;
    for repository in token.only.iter().flatten() {
        sqlx::query("insert into token_repositories (token_id, repository_id) values ($1, $2)")
            .bind(id)
            .bind(repository)
            .execute(&mut *connection)
            .await?;
    }
    let action = match token.kind {
        TokenKind::Api => "token-create",
        TokenKind::Login => "login",
    };
    note_token(connection, action, id, &token.label, by, now).await?;
    Ok(id)
}

impl Catalog {
    /// Makes a token. Gives its number.
    pub async fn create_token(
        &self,
        token: &NewToken,
        by: &Actor,
        now: u64,
    ) -> Result<i64, CatalogError> {
        let mut transaction = self.write().await?;
        let id = insert(&mut transaction, token, by, now).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// The same, unless its user has `most` API tokens that are worth something: `None` then.
    pub async fn create_token_within(
        &self,
        token: &NewToken,
        most: u64,
        by: &Actor,
        now: u64,
    ) -> Result<Option<i64>, CatalogError> {
        let mut transaction = self.write().await?;
        if live_tokens(&mut transaction, token.user_id, now).await? >= most {
            return Ok(None);
        }
        let id = insert(&mut transaction, token, by, now).await?;
        transaction.commit().await?;
        Ok(Some(id))
    }

    /// The token of that hash, whether or not it is still worth something.
    pub async fn token(&self, hash: &TokenHash) -> Result<Option<TokenRow>, CatalogError> {
        let mut connection = self.pool.acquire().await?;
        let sql = AssertSqlSafe(format!("{SELECT} where tokens.hash = $1"));
        let columns: Option<Columns> =
            sqlx::query_as(sql).bind(hash.to_vec()).fetch_optional(&mut *connection).await?;
        match columns {
            Some(columns) => read(&mut connection, columns).await.map(Some),
            None => Ok(None),
        }
    }

    /// The token with that number.
    pub async fn token_by_id(&self, id: i64) -> Result<Option<TokenRow>, CatalogError> {
        let mut connection = self.pool.acquire().await?;
        let sql = AssertSqlSafe(format!("{SELECT} where tokens.id = $1"));
        let columns: Option<Columns> =
            sqlx::query_as(sql).bind(id).fetch_optional(&mut *connection).await?;
        match columns {
            Some(columns) => read(&mut connection, columns).await.map(Some),
            None => Ok(None),
        }
    }

    /// A page of a user's tokens, the newest first: those before the token that was made at that time and has that
    /// number, whether or not it is still there (`None`: from the last one), at most `limit`.
    pub async fn tokens_of(
        &self,
        user_id: i64,
        before: Option<(u64, i64)>,
        limit: u32,
    ) -> Result<Vec<TokenRow>, CatalogError> {
        let mut connection = self.pool.acquire().await?;
        let sql = AssertSqlSafe(format!(
            "{SELECT} where tokens.user_id = $1
               and ($2 < 0 or tokens.created_at < $2 or (tokens.created_at = $2 and tokens.id < $3))
             order by tokens.created_at desc, tokens.id desc limit $4"
        ));
        let (created, id) = before.map_or((-1, -1), |(created, id)| (column(created), id));
        let rows: Vec<Columns> = sqlx::query_as(sql)
            .bind(user_id)
            .bind(created)
            .bind(id)
            .bind(i64::from(limit))
            .fetch_all(&mut *connection)
            .await?;
        let mut tokens = Vec::with_capacity(rows.len());
        for columns in rows {
            tokens.push(read(&mut connection, columns).await?);
        }
        Ok(tokens)
    }

    /// Revokes a token: from then on it is worth nothing. Says whether it was there and not revoked before.
    pub async fn revoke_token(&self, id: i64, by: &Actor, now: u64) -> Result<bool, CatalogError> {
        let mut transaction = self.write().await?;
        let revoked: Option<(String,)> = sqlx::query_as(
            "update tokens set revoked_at = $1 where id = $2 and revoked_at is null returning label",
        )
        .bind(column(now))
        .bind(id)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some((label,)) = revoked else { return Ok(false) };
        note_token(&mut transaction, "token-revoke", id, &label, by, now).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

async fn note_token(
    connection: &mut AnyConnection,
    action: &str,
    id: i64,
    label: &str,
    by: &Actor,
    now: u64,
) -> Result<(), CatalogError> {
    let subject = format!("token {id}");
    let detail = Some(label).filter(|label| !label.is_empty());
    let noted = Noted { action, repository_id: None, subject: &subject, detail };
    note(connection, by, noted, now).await
}

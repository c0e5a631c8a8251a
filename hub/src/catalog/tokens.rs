//! API tokens: hashes, never the tokens themselves.

use super::error::CatalogError;
use super::rows::{column, inconsistent, number, random_id};
use super::{Catalog, UserRow};
use crate::auth::Scope;

/// What is stored of a token.
pub type TokenHash = [u8; 32];

/// A token to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// Whose it is.
    pub user_id: i64,
    /// The hash of it.
    pub hash: TokenHash,
    /// What it allows.
    pub scope: Scope,
    /// When it ends, in seconds since the Unix epoch; `None` for never.
    pub expires: Option<u64>,
}

/// A token with its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// Whose it is.
    pub user: UserRow,
    /// What it allows.
    pub scope: Scope,
    /// When it ends, in seconds since the Unix epoch; `None` for never.
    pub expires: Option<u64>,
}

impl Catalog {
    /// Makes a token.
    pub async fn create_token(&self, token: &NewToken, now: u64) -> Result<(), CatalogError> {
        let mut transaction = self.write().await?;
        sqlx::query(
            "insert into tokens (id, user_id, hash, scope, created_at, expires_at)
             values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(random_id()?)
        .bind(token.user_id)
        .bind(token.hash.to_vec())
        .bind(token.scope.code())
        .bind(column(now))
        .bind(token.expires.map(column))
        .execute(&mut *transaction)
        .await
        .map_err(|error| CatalogError::on_insert(error, || "the token".to_owned()))?;
        Ok(transaction.commit().await?)
    }

    /// The token of that hash, whether or not it has expired.
    pub async fn token(&self, hash: &TokenHash) -> Result<Option<TokenRow>, CatalogError> {
        let row: Option<(i64, i64, String, i16, Option<i64>)> = sqlx::query_as(
            "select tokens.id, users.id, users.name, tokens.scope, tokens.expires_at
             from tokens join users on users.id = tokens.user_id
             where tokens.hash = $1",
        )
        .bind(hash.to_vec())
        .fetch_optional(&self.pool)
        .await?;
        let Some((token, id, name, scope, expires)) = row else { return Ok(None) };
        let row = token.to_string();
        Ok(Some(TokenRow {
            user: UserRow { id, name },
            scope: Scope::from_code(scope).ok_or_else(|| inconsistent("tokens", &row))?,
            expires: expires.map(|expires| number("tokens", &row, expires)).transpose()?,
        }))
    }
}

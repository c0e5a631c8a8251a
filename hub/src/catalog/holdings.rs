//! How much a user has: tokens and repositories, which are counted so that nobody fills the catalog with them, and
//! logins, of which old ones are forgotten.

use sqlx::AnyConnection;

use super::Catalog;
use super::error::CatalogError;
use super::rows::{column, number};

/// Logins of one user that are kept.
const LOGINS: i64 = 100;

/// Seconds for which a login is still known that has ended: longer than any upload that began with it.
const SHOWN: u64 = 30 * 86_400;

/// How many API tokens a user has that are worth something at `now`. Who adds one counts in the same transaction.
pub(super) async fn live_tokens(
    connection: &mut AnyConnection,
    user_id: i64,
    now: u64,
) -> Result<u64, CatalogError> {
    let (count,): (i64,) = sqlx::query_as(
        "select count(*) from tokens where user_id = $1 and kind = 1 and revoked_at is null
           and (expires_at is null or expires_at > $2)",
    )
    .bind(user_id)
    .bind(column(now))
    .fetch_one(connection)
    .await?;
    number("tokens", "count", count)
}

/// How many repositories a user has made. Who adds one counts in the same transaction.
pub(super) async fn made_repositories(
    connection: &mut AnyConnection,
    user_id: i64,
) -> Result<u64, CatalogError> {
    let (count,): (i64,) =
        sqlx::query_as("select count(*) from repositories where creator_id = $1")
            .bind(user_id)
            .fetch_one(connection)
            .await?;
    number("repositories", "count", count)
}

impl Catalog {
    /// Makes room for one more login of a user: forgets those that ended a month ago or longer, and the oldest where
    /// there are too many. That they were made stays in the audit log.
    pub async fn forget_logins(&self, user_id: i64, now: u64) -> Result<(), CatalogError> {
        let mut transaction = self.write().await?;
        sqlx::query(
            "delete from tokens where user_id = $1 and kind = 2
               and (expires_at <= $2 or revoked_at <= $2
                    or id not in (select kept.id from tokens kept
                                  where kept.user_id = $1 and kept.kind = 2
                                  order by kept.created_at desc, kept.id desc limit $3))",
        )
        .bind(user_id)
        .bind(column(now.saturating_sub(SHOWN)))
        .bind(LOGINS - 1)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{Scope, TokenKind, Visibility};
    use crate::catalog::{Actor, NewToken, NewUser};
    use crate::name::RepositoryName;

    async fn token(catalog: &Catalog, user_id: i64, kind: TokenKind, number: u64, now: u64) -> i64 {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&number.to_be_bytes());
        let expires = Some(now + 10);
        let (label, scope, only) = (String::new(), Scope::Read, None);
        let new = NewToken { user_id, hash, kind, label, scope, only, expires };
        catalog.create_token(&new, &Actor::operator(), now).await.unwrap()
    }

    #[tokio::test]
    async fn what_a_user_has_is_counted_and_old_logins_go() {
        let directory = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(&directory.path().join("catalog")).await.unwrap();
        let name = RepositoryName::parse("alice").unwrap();
        let visibility = Visibility::Public;
        let new = NewUser { name: &name, admin: false, password: None, visibility };
        let user = catalog.create_user(&new, &Actor::operator(), 1).await.unwrap().id;
        let mut connection = catalog.pool.acquire().await.unwrap();
        assert_eq!(made_repositories(&mut connection, user).await.unwrap(), 1);
        let api = token(&catalog, user, TokenKind::Api, 1, 100).await;
        let first = token(&catalog, user, TokenKind::Login, 2, 100).await;
        assert_eq!(live_tokens(&mut connection, user, 109).await.unwrap(), 1);
        assert_eq!(live_tokens(&mut connection, user, 110).await.unwrap(), 0);
        // One that ended is known for a month.
        let there = async |id| catalog.token_by_id(id).await.unwrap().is_some();
        catalog.forget_logins(user, 110 + SHOWN - 1).await.unwrap();
        assert!(there(first).await);
        catalog.forget_logins(user, 110 + SHOWN).await.unwrap();
        assert!(!there(first).await && there(api).await);
        let mut logins = Vec::new();
        for number in 0..110 {
            logins.push(token(&catalog, user, TokenKind::Login, 10 + number, 200 + number).await);
        }
        catalog.forget_logins(user, 310).await.unwrap();
        assert!(!there(logins[10]).await && there(logins[11]).await && there(api).await);
    }
}

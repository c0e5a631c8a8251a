//! Users and tokens, as the operator makes them.

use super::error::{ActionError, Thing};
use crate::auth::{Expiry, Scope, Token, TokenKind, Visibility};
use crate::catalog::{Actor, Catalog, NewToken, NewUser};
use crate::name::RepositoryName;

/// Makes a user, with the repository of the same name.
pub async fn add_user(catalog: &Catalog, name: &str, now: u64) -> Result<(), ActionError> {
    let name = RepositoryName::parse(name)?;
    let new = NewUser { name: &name, admin: false, password: None, visibility: Visibility::Public };
    catalog.create_user(&new, &Actor::operator(), now).await?;
    Ok(())
}

/// Makes a token for a user. It is shown to its owner and kept nowhere.
pub async fn create_token(
    catalog: &Catalog,
    user: &str,
    scope: Scope,
    expiry: Expiry,
    now: u64,
) -> Result<Token, ActionError> {
    let name = RepositoryName::parse(user)?;
    let user = catalog.user(&name).await?;
    let user = user.ok_or_else(|| ActionError::not_found(Thing::User, name.as_str()))?.user;
    let token = Token::random().map_err(|error| ActionError::internal(error.to_string()))?;
    let row = NewToken {
        user_id: user.id,
        hash: token.hash(),
        kind: TokenKind::Api,
        label: String::new(),
        scope,
        only: None,
        expires: expiry.at(now),
    };
    catalog.create_token(&row, &Actor::operator(), now).await?;
    Ok(token)
}

//! Users and tokens, as the operator makes them.

use super::error::{ActionError, Thing};
use crate::auth::{Expiry, Scope, Token};
use crate::catalog::{Catalog, NewToken};
use crate::name::RepositoryName;

/// Makes a user, with the repository of the same name.
pub async fn add_user(catalog: &Catalog, name: &str, now: u64) -> Result<(), ActionError> {
    catalog.create_user(&RepositoryName::parse(name)?, now).await?;
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
    let user = user.ok_or_else(|| ActionError::not_found(Thing::User, name.as_str()))?;
    let token = Token::random().map_err(|error| ActionError::internal(error.to_string()))?;
    let row = NewToken { user_id: user.id, hash: token.hash(), scope, expires: expiry.at(now) };
    catalog.create_token(&row, now).await?;
    Ok(token)
}

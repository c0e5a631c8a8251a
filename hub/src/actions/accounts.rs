//! Users and tokens, as the operator makes them at the hub's machine: in the catalog alone.

use super::error::{ActionError, Thing};
use super::resolve;
use super::tokens::check_label;
use crate::auth::{Expiry, Scope, Token, TokenKind, Visibility};
use crate::catalog::{AccountRow, Actor, Catalog, NewToken, NewUser, TokenRow};
use crate::error::Code;
use crate::name::RepositoryName;

/// Tokens that are read from the catalog at a time.
const PAGE: u32 = 500;

/// A token to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What it is for.
    pub label: String,
    /// What it is to allow.
    pub scope: Scope,
    /// Names of the repositories that it is to be limited to; none: it is not limited.
    pub repositories: Vec<String>,
    /// How long it is to live.
    pub expiry: Expiry,
}

/// Makes a user, with the repository of the same name: no admin, without a password, and for all to read.
pub async fn add_user(catalog: &Catalog, name: &str, now: u64) -> Result<(), ActionError> {
    add_user_as(catalog, name, false, Visibility::Public, now).await
}

/// Makes a user, perhaps an admin, with the repository of the same name.
pub async fn add_user_as(
    catalog: &Catalog,
    name: &str,
    admin: bool,
    visibility: Visibility,
    now: u64,
) -> Result<(), ActionError> {
    let name = RepositoryName::parse(name)?;
    let new = NewUser { name: &name, admin, password: None, visibility };
    catalog.create_user(&new, &Actor::operator(), now).await?;
    Ok(())
}

/// Makes a token for a user that reaches as far as its scope. It is shown to its owner and kept nowhere.
pub async fn create_token(
    catalog: &Catalog,
    user: &str,
    scope: Scope,
    expiry: Expiry,
    now: u64,
) -> Result<Token, ActionError> {
    let wanted = Wanted { label: String::new(), scope, repositories: Vec::new(), expiry };
    Ok(make_token(catalog, user, wanted, now).await?.0)
}

/// Makes a token for a user, and gives its number too.
pub async fn make_token(
    catalog: &Catalog,
    user: &str,
    wanted: Wanted,
    now: u64,
) -> Result<(Token, i64), ActionError> {
    let user = account(catalog, user).await?.user;
    check_label(&wanted.label)?;
    if wanted.scope == Scope::Admin && !user.admin {
        return Err(ActionError::Invalid {
            code: Code::BAD_TOKEN,
            message: format!(
                "{} is no admin, so that a token of the scope admin would be worth no more than one of \
                 the scope write; `flisthub user admin {}` makes them one",
                user.name, user.name
            ),
        });
    }
    let mut only = Vec::with_capacity(wanted.repositories.len());
    for name in &wanted.repositories {
        let found = catalog.repository(&RepositoryName::parse(name)?).await?;
        only.push(found.ok_or_else(|| ActionError::not_found(Thing::Repository, name))?.id);
    }
    only.sort_unstable();
    only.dedup();
    let token = Token::random().map_err(|error| ActionError::internal(error.to_string()))?;
    let row = NewToken {
        user_id: user.id,
        hash: token.hash(),
        kind: TokenKind::Api,
        label: wanted.label,
        scope: wanted.scope,
        only: Some(only).filter(|only| !only.is_empty()),
        expires: wanted.expiry.at(now),
    };
    let id = catalog.create_token(&row, &Actor::operator(), now).await?;
    Ok((token, id))
}

/// All tokens of a user, the newest first.
pub async fn tokens(catalog: &Catalog, user: &str) -> Result<Vec<TokenRow>, ActionError> {
    let user = account(catalog, user).await?.user;
    let mut tokens: Vec<TokenRow> = Vec::new();
    loop {
        let before = tokens.last().map(|last| (last.created, last.id));
        let page = catalog.tokens_of(user.id, before, PAGE).await?;
        let more = page.len() == PAGE as usize;
        tokens.extend(page);
        if !more {
            return Ok(tokens);
        }
    }
}

/// All users, by name.
pub async fn users(catalog: &Catalog) -> Result<Vec<AccountRow>, ActionError> {
    let mut users: Vec<AccountRow> = Vec::new();
    loop {
        let after = users.last().map_or("", |last| &last.user.name);
        let page = catalog.users_after(after, PAGE).await?;
        let more = page.len() == PAGE as usize;
        users.extend(page);
        if !more {
            return Ok(users);
        }
    }
}

/// The user of that name, also a disabled one.
pub async fn account(catalog: &Catalog, name: &str) -> Result<AccountRow, ActionError> {
    let unknown = || ActionError::not_found(Thing::User, resolve::shown(name));
    let parsed = RepositoryName::parse(name).map_err(|_| unknown())?;
    catalog.user(&parsed).await?.ok_or_else(unknown)
}

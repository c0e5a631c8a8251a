//! Tokens as their owners make, list and revoke them.

use super::accounts::account;
use super::error::{ActionError, Thing};
use super::resolve;
use crate::auth::{
    Caller, Credential, Denied, Right, Scope, Token, TokenKind, allow_operate, allow_token,
    allow_tokens,
};
use crate::catalog::{NewToken, TokenRow};
use crate::error::Code;
use crate::state::Hub;

/// Bytes of a label.
const LABEL: usize = 128;

/// The most repositories that a token is limited to: each is looked up when it is listed.
const REPOSITORIES: usize = 100;

/// The longest life that can be asked for: 100 years, in seconds.
const LONGEST: u64 = 100 * 366 * 86_400;

/// A token that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What it is for.
    pub label: String,
    /// What it is to allow.
    pub scope: Scope,
    /// Names of the repositories that it is to be limited to.
    pub repositories: Option<Vec<String>>,
    /// Seconds that it is to live; `None`: as long as what makes it lets it.
    pub expires_in: Option<u64>,
}

/// A token, with the names of the repositories that it is limited to, as far as the caller may see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The token.
    pub row: TokenRow,
    /// Their names; `None`: it is not limited.
    pub repositories: Option<Vec<String>>,
}

/// Makes a token for the caller.
pub async fn create(
    hub: &Hub,
    caller: &Caller,
    asked: Asked,
) -> Result<(Token, Shown), ActionError> {
    let now = hub.clock.now();
    let expires = end(caller, &asked, now)?;
    allow_token(&hub.config, caller, asked.scope, expires)?;
    check_label(&asked.label)?;
    let only = match &asked.repositories {
        Some(names) => Some(numbers(hub, caller, names).await?),
        None => None,
    };
    let most = hub.config.access.tokens_per_user;
    let token = Token::random().map_err(|error| ActionError::internal(error.to_string()))?;
    let new = NewToken {
        user_id: caller.user()?.id,
        hash: token.hash(),
        kind: TokenKind::Api,
        label: asked.label,
        scope: asked.scope,
        only,
        expires,
    };
    let made = hub.catalog.create_token_within(&new, most, &caller.actor()?, now).await?;
    let id = made.ok_or_else(|| {
        ActionError::Conflict(format!(
            "you have {most} tokens, which is the most; revoke some that are not needed"
        ))
    })?;
    let row = hub.catalog.token_by_id(id).await?;
    let row = row.ok_or_else(|| ActionError::internal("a token was gone once it was made"))?;
    Ok((token, shown(hub, caller, row).await?))
}

/// When a token ends that is asked for now. Where nothing is said, what an API token makes ends with it.
fn end(caller: &Caller, asked: &Asked, now: u64) -> Result<Option<u64>, ActionError> {
    match (asked.expires_in, &caller.identity()?.credential) {
        (Some(seconds), _) if (1..=LONGEST).contains(&seconds) => {
            Ok(Some(now.saturating_add(seconds)))
        }
        (Some(_), _) => Err(bad("expires_in must be from 1 second to 100 years, in seconds")),
        (None, Credential::Token { kind: TokenKind::Api, expires, .. }) => Ok(*expires),
        (None, _) => Ok(None),
    }
}

/// Refuses what is no label.
pub fn check_label(label: &str) -> Result<(), ActionError> {
    if label.len() > LABEL || label.chars().any(char::is_control) {
        return Err(bad("a label has at most 128 bytes and no control characters"));
    }
    Ok(())
}

fn bad(message: impl Into<String>) -> ActionError {
    ActionError::Invalid { code: Code::BAD_TOKEN, message: message.into() }
}

/// The numbers of repositories that the caller may see. A token that is limited to none would be worth nothing.
async fn numbers(hub: &Hub, caller: &Caller, names: &[String]) -> Result<Vec<i64>, ActionError> {
    if names.is_empty() || names.len() > REPOSITORIES {
        return Err(bad(format!(
            "a token is limited to at least one repository and to at most {REPOSITORIES}; leave \
             `repositories` out for one that is not limited"
        )));
    }
    let mut numbers = Vec::with_capacity(names.len());
    for name in names {
        numbers.push(resolve::repository(hub, caller, Right::See, name).await?.id);
    }
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

/// A page of tokens, the newest first, from before the token with that time and number: the caller's, or for admins
/// those of the user of that name.
pub async fn list(
    hub: &Hub,
    caller: &Caller,
    user: Option<&str>,
    (before, limit): (Option<(u64, i64)>, u32),
) -> Result<Vec<Shown>, ActionError> {
    let own = caller.user()?;
    let owner = match user.filter(|name| *name != own.name) {
        None => own.id,
        Some(name) => {
            allow_operate(caller)?;
            account(&hub.catalog, name).await?.user.id
        }
    };
    allow_tokens(caller, Right::Read, owner)?;
    let mut listed = Vec::new();
    for row in hub.catalog.tokens_of(owner, before, limit).await? {
        listed.push(shown(hub, caller, row).await?);
    }
    Ok(listed)
}

/// Revokes a token. One that is somebody else's is as if it were not there, but for admins. Any token may revoke
/// itself. What was revoked before stays so.
pub async fn revoke(hub: &Hub, caller: &Caller, id: &str) -> Result<(), ActionError> {
    let identity = caller.identity()?;
    let unknown = || ActionError::not_found(Thing::Token, id.chars().take(20).collect::<String>());
    let number: i64 = id.parse().map_err(|_| unknown())?;
    let row = hub.catalog.token_by_id(number).await?.ok_or_else(unknown)?;
    let itself = matches!(identity.credential, Credential::Token { id, .. } if id == number);
    if !itself {
        match allow_tokens(caller, Right::Write, row.user.id) {
            Err(Denied::NotOwner) => return Err(unknown()),
            allowed => allowed?,
        }
    }
    hub.catalog.revoke_token(number, &caller.actor()?, hub.clock.now()).await?;
    Ok(())
}

async fn shown(hub: &Hub, caller: &Caller, row: TokenRow) -> Result<Shown, ActionError> {
    let Some(only) = &row.only else { return Ok(Shown { row, repositories: None }) };
    let mut names = Vec::with_capacity(only.len());
    for id in only {
        names.extend(resolve::name_of(hub, caller, *id).await?);
    }
    names.sort_unstable();
    Ok(Shown { repositories: Some(names), row })
}

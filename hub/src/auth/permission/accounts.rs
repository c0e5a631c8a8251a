//! The part of the permission table that is about accounts: tokens and what is signed with them, the password, new
//! repositories, leaving one.

use super::{Denied, Right, within};
use crate::auth::{Caller, Credential, Identity, Scope, TokenKind};
use crate::catalog::RepositoryRow;
use crate::config::{Config, Creators};

/// Decides who may change what is the user's own and no repository's: the password, tokens, new repositories.
pub fn allow_own(config: &Config, caller: &Caller) -> Result<(), Denied> {
    let Caller::User(identity) = caller else { return Err(Denied::Anonymous) };
    if config.read_only { Err(Denied::ReadOnlyMode) } else { whole(identity) }
}

/// Decides who may make repositories, beside those that are made with users.
pub fn allow_create(config: &Config, caller: &Caller) -> Result<(), Denied> {
    allow_own(config, caller)?;
    match config.access.create_repositories {
        Creators::Users => Ok(()),
        Creators::Admins if caller.is_admin() => Ok(()),
        Creators::Admins => Err(Denied::NotOperator),
    }
}

/// Decides whether the caller may make a token of that scope that ends then (`None`: never), for itself. What a
/// token makes is never wider than itself; what an API token makes does not outlive it.
pub fn allow_token(
    config: &Config,
    caller: &Caller,
    scope: Scope,
    expires: Option<u64>,
) -> Result<(), Denied> {
    allow_own(config, caller)?;
    let Caller::User(identity) = caller else { return Err(Denied::Anonymous) };
    let Credential::Token { kind, expires: own_end, .. } = &identity.credential else {
        return Err(Denied::Issued);
    };
    if scope > identity.scope {
        return Err(Denied::Wider);
    }
    if scope == Scope::Admin && !identity.user.admin {
        return Err(Denied::NotOperator);
    }
    match (kind, own_end) {
        (TokenKind::Api, Some(end)) if expires.is_none_or(|expires| expires > *end) => {
            Err(Denied::Longer)
        }
        _ => Ok(()),
    }
}

/// Decides who may have addresses of files signed; what of, reading decides. It takes a token of the hub itself, which is
/// looked up again whenever an address is used: what an issuer said once must not last longer.
pub fn allow_sign(caller: &Caller) -> Result<(), Denied> {
    let Caller::User(identity) = caller else { return Err(Denied::Anonymous) };
    match identity.credential {
        Credential::Token { .. } => Ok(()),
        Credential::Jwt { .. } | Credential::Job { .. } => Err(Denied::Issued),
    }
}

/// Decides who may look at (`Read`) and revoke (`Write`) the tokens of the user with that number. To whoever is
/// [`Denied::NotOwner`], they do not exist. Also in a hub that is configured as read-only: whoever lost a token
/// must be able to revoke it.
pub fn allow_tokens(caller: &Caller, right: Right, owner: i64) -> Result<(), Denied> {
    let Caller::User(identity) = caller else { return Err(Denied::Anonymous) };
    let by_token = matches!(identity.credential, Credential::Token { .. });
    if !identity.is_admin() && identity.user.id != owner {
        Err(Denied::NotOwner)
    } else if identity.only.is_some() {
        Err(Denied::Limited)
    } else if right < Right::Write {
        Ok(())
    } else if !by_token {
        Err(Denied::Issued)
    } else {
        whole(identity)
    }
}

/// Decides who may end being a member of a repository.
pub fn allow_leave(
    config: &Config,
    caller: &Caller,
    repository: &RepositoryRow,
) -> Result<(), Denied> {
    let Caller::User(identity) = caller else { return Err(Denied::Anonymous) };
    if config.read_only {
        Err(Denied::ReadOnlyMode)
    } else if !within(identity, repository) {
        Err(Denied::Limited)
    } else if identity.scope < Scope::Write {
        Err(Denied::Scope)
    } else {
        Ok(())
    }
}

/// Whether it is all that the user is, and may change things.
fn whole(identity: &Identity) -> Result<(), Denied> {
    if identity.only.is_some() {
        Err(Denied::Limited)
    } else if identity.scope < Scope::Write {
        Err(Denied::Scope)
    } else {
        Ok(())
    }
}

//! What the caller is: whose token it is, and what it is worth.

use flisthub_flist::wire::Me;

use super::error::ActionError;
use super::resolve;
use crate::auth::{Caller, Credential, Level};
use crate::state::Hub;

/// The caller, as it is told to itself.
pub async fn me(hub: &Hub, caller: &Caller) -> Result<Me, ActionError> {
    let identity = caller.identity()?;
    let (credential, expires) = match &identity.credential {
        Credential::Token { kind, expires, .. } => (kind.word(), *expires),
        Credential::Jwt { expires, .. } => ("jwt", Some(*expires)),
        Credential::Job { .. } => ("job", None),
    };
    let limited_to = match &identity.only {
        None => None,
        Some(only) => Some(names(hub, caller, only).await?),
    };
    Ok(Me {
        user: identity.user.name.clone(),
        repositories: writable(hub, caller).await?,
        scope: identity.scope.word().to_owned(),
        credential: credential.to_owned(),
        admin: identity.is_admin(),
        expires,
        limited_to,
        acts_for: identity.acts_for.clone(),
    })
}

/// The repositories that the caller may write to as their member, or because an issuer says so.
async fn writable(hub: &Hub, caller: &Caller) -> Result<Vec<String>, ActionError> {
    let identity = caller.identity()?;
    let of_user = hub.catalog.repositories_of(identity.user.id, Level::Contributor).await?;
    let of_user = of_user.into_iter().filter(|row| identity.reaches(row.id));
    let mut writable: Vec<String> = of_user.map(|row| row.name).collect();
    writable.extend(names(hub, caller, &identity.member_of).await?);
    writable.sort_unstable();
    writable.dedup();
    Ok(writable)
}

async fn names(hub: &Hub, caller: &Caller, ids: &[i64]) -> Result<Vec<String>, ActionError> {
    let mut names = Vec::with_capacity(ids.len());
    for id in ids {
        names.extend(resolve::name_of(hub, caller, *id).await?);
    }
    names.sort_unstable();
    Ok(names)
}

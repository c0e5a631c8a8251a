//! Whether a caller may still do what they began. An upload may take days: whoever is removed from the repository,
//! disabled, or whose token is revoked meanwhile changes no name any more. A token that only came to its end
//! meanwhile ends nothing that began before.

use super::error::ActionError;
use super::resolve;
use crate::auth::{AuthError, Caller, Identity, Right};
use crate::catalog::RepositoryRow;
use crate::state::Hub;

/// Looks again at all that was looked at when the caller began to write to a repository.
pub(super) async fn may_write(
    hub: &Hub,
    caller: &Caller,
    repository: &RepositoryRow,
) -> Result<(), ActionError> {
    may(hub, caller, Right::Write, &repository.name).await
}

/// The same of one who reads.
pub(super) async fn may_read(
    hub: &Hub,
    caller: &Caller,
    repository: &str,
) -> Result<(), ActionError> {
    may(hub, caller, Right::Read, repository).await
}

async fn may(
    hub: &Hub,
    caller: &Caller,
    right: Right,
    repository: &str,
) -> Result<(), ActionError> {
    let now = match caller {
        Caller::User(identity) => Caller::User(Box::new(as_now(hub, identity).await?)),
        Caller::Anonymous | Caller::Operator => caller.clone(),
    };
    resolve::repository(hub, &now, right, repository).await?;
    Ok(())
}

/// The same user as the catalog has it now.
async fn as_now(hub: &Hub, identity: &Identity) -> Result<Identity, ActionError> {
    // An issuer revokes nothing: its word counts for what was begun with it.
    if let Some(id) = identity.token() {
        let token = hub.catalog.token_by_id(id).await?.ok_or(AuthError::Unknown)?;
        if token.revoked.is_some() {
            return Err(AuthError::Revoked.into());
        }
    }
    let account = hub.catalog.user_by_id(identity.user.id).await?.ok_or(AuthError::Unknown)?;
    if account.disabled.is_some() {
        return Err(AuthError::Disabled.into());
    }
    Ok(Identity { user: account.user, ..identity.clone() })
}

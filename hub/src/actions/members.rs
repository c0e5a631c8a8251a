//! The members of a repository: who they are, and making and unmaking them. Members of tags are elsewhere.

use super::accounts::account;
use super::error::{ActionError, Thing};
use super::resolve;
use crate::auth::{Caller, Level, Right, allow_leave};
use crate::catalog::RepositoryMember;
use crate::state::Hub;

/// The members of a repository, by name.
pub async fn list(
    hub: &Hub,
    caller: &Caller,
    repository: &str,
) -> Result<Vec<RepositoryMember>, ActionError> {
    let repository = resolve::repository(hub, caller, Right::Manage, repository).await?;
    Ok(hub.catalog.repository_members(repository.id).await?)
}

/// Makes a user a member, or changes what a member may do. The last owner stays one.
pub async fn set(
    hub: &Hub,
    caller: &Caller,
    (repository, user): (&str, &str),
    level: Level,
) -> Result<RepositoryMember, ActionError> {
    let repository = resolve::repository(hub, caller, Right::Manage, repository).await?;
    let user = account(&hub.catalog, user).await?.user;
    let by = caller.actor()?;
    hub.catalog.set_repository_member(&repository, &user, level, &by, hub.clock.now()).await?;
    let members = hub.catalog.repository_members(repository.id).await?;
    let member = members.into_iter().find(|member| member.user == user.name);
    member.ok_or_else(|| ActionError::not_found(Thing::Member, user.name))
}

/// Removes a member. Members may remove themselves; the last owner stays.
pub async fn remove(
    hub: &Hub,
    caller: &Caller,
    repository: &str,
    user: &str,
) -> Result<(), ActionError> {
    let own = caller.user()?;
    let leaves = own.name == user;
    let right = if leaves { Right::See } else { Right::Manage };
    let repository = resolve::repository(hub, caller, right, repository).await?;
    if leaves {
        allow_leave(&hub.config, caller, &repository)?;
    }
    let unknown = || ActionError::not_found(Thing::Member, resolve::shown(user));
    let user = if leaves { own.clone() } else { account(&hub.catalog, user).await?.user };
    let by = caller.actor()?;
    let now = hub.clock.now();
    if hub.catalog.remove_repository_member(&repository, &user, &by, now).await? {
        Ok(())
    } else {
        Err(unknown())
    }
}

//! Deleting a name. Its history and its chunks stay; a later sweep decides about the chunks.

use super::error::{ActionError, Thing};
use super::resolve;
use crate::auth::{Caller, Right};
use crate::catalog::{Change, RepositoryRow, Source};
use crate::name::FlistName;
use crate::state::Hub;

/// Deletes a name of a repository.
pub async fn name(
    hub: &Hub,
    caller: &Caller,
    repository: &str,
    name: &str,
) -> Result<(), ActionError> {
    let repository = resolve::repository(hub, caller, Right::Write, repository).await?;
    delete(hub, caller, &repository, name).await
}

/// Deletes a name of the caller's own repository.
pub async fn own_name(hub: &Hub, caller: &Caller, name: &str) -> Result<(), ActionError> {
    let repository = resolve::own_repository(hub, caller).await?;
    delete(hub, caller, &repository, name).await
}

async fn delete(
    hub: &Hub,
    caller: &Caller,
    repository: &RepositoryRow,
    name: &str,
) -> Result<(), ActionError> {
    let parsed = FlistName::parse(name)?;
    let change = Change {
        repository_id: repository.id,
        name: &parsed,
        user_id: caller.user()?.id,
        source: Source::Delete,
        detail: None,
        now: hub.clock.now(),
    };
    if !hub.catalog.delete_name(&change).await? {
        return Err(ActionError::not_found(Thing::Flist, parsed.as_str()));
    }
    tracing::info!(repository = repository.name, name = parsed.as_str(), "name deleted");
    Ok(())
}

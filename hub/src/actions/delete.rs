//! Deleting a name. Its history and its chunks stay; a later sweep decides about the chunks.

use super::error::{ActionError, Thing};
use super::outcome::to_the_end;
use super::resolve;
use crate::auth::{Caller, Right};
use crate::catalog::{Change, Condition, RepositoryRow, Source};
use crate::name::FlistName;
use crate::state::Hub;

/// Deletes a name of a repository, of whatever kind.
pub async fn name(
    hub: &Hub,
    caller: &Caller,
    repository: &str,
    name: &str,
    condition: &Condition,
) -> Result<(), ActionError> {
    let repository = resolve::repository(hub, caller, Right::Write, repository).await?;
    delete(hub, caller, repository, name, condition).await
}

/// Deletes a name of the caller's own repository.
pub async fn own_name(hub: &Hub, caller: &Caller, name: &str) -> Result<(), ActionError> {
    let repository = resolve::own_repository(hub, caller).await?;
    delete(hub, caller, repository, name, &Condition::NONE).await
}

async fn delete(
    hub: &Hub,
    caller: &Caller,
    repository: RepositoryRow,
    name: &str,
    condition: &Condition,
) -> Result<(), ActionError> {
    let parsed = FlistName::parse(name)?;
    let (hub, condition, user_id) = (hub.clone(), condition.clone(), caller.user()?.id);
    to_the_end(async move {
        let change = Change {
            repository_id: repository.id,
            name: &parsed,
            user_id,
            source: Source::Delete,
            detail: None,
            condition: &condition,
            dry_run: false,
            now: hub.clock.now(),
        };
        if !hub.catalog.delete_name(&change).await? {
            return Err(ActionError::not_found(Thing::Flist, parsed.as_str()));
        }
        tracing::info!(repository = repository.name, name = parsed.as_str(), "name deleted");
        Ok(())
    })
    .await
}

//! Deleting a name. Its history and its chunks stay; a later sweep decides about the chunks.

use super::error::{ActionError, Thing};
use super::outcome::{Changing, to_the_end};
use super::resolve;
use crate::auth::{Caller, Right};
use crate::catalog::{Condition, RepositoryRow, Source};
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
    let name = FlistName::parse(name)?;
    let changing = Changing::new(hub, caller, (repository, name), condition, false)?;
    to_the_end(async move {
        if !changing.hub.catalog.delete_name(&changing.change(Source::Delete)).await? {
            return Err(ActionError::not_found(Thing::Flist, changing.name.as_str()));
        }
        changing.log(Source::Delete, true);
        Ok(())
    })
    .await
}

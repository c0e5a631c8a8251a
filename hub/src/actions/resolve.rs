//! From names in a request to rows of the catalog, with the caller's right checked.

use super::error::{ActionError, Thing};
use crate::auth::{Caller, Right, allow};
use crate::catalog::{NameRow, RepositoryRow};
use crate::name::{FlistName, RepositoryName};
use crate::state::Hub;

/// The repository of that name, if the caller may do `right` to it.
pub(super) async fn repository(
    hub: &Hub,
    caller: &Caller,
    right: Right,
    name: &str,
) -> Result<RepositoryRow, ActionError> {
    // Who writes must say who they are before they learn anything.
    if right == Right::Write {
        caller.user()?;
    }
    let not_found = || ActionError::not_found(Thing::Repository, shown(name));
    // What is no name is the name of nothing.
    let parsed = RepositoryName::parse(name).map_err(|_| not_found())?;
    let repository = hub.catalog.repository(&parsed).await?.ok_or_else(not_found)?;
    allow(caller, right, &repository)?;
    Ok(repository)
}

/// The repository that a caller writes to when it names none: its own.
pub(super) async fn own_repository(
    hub: &Hub,
    caller: &Caller,
) -> Result<RepositoryRow, ActionError> {
    let name = caller.user()?.name.clone();
    repository(hub, caller, Right::Write, &name).await
}

/// What a name in a readable repository points at.
pub(super) async fn flist(
    hub: &Hub,
    caller: &Caller,
    repository_name: &str,
    name: &str,
) -> Result<NameRow, ActionError> {
    let repository = repository(hub, caller, Right::Read, repository_name).await?;
    let not_found = || ActionError::not_found(Thing::Flist, shown(name));
    let parsed = FlistName::parse(name).map_err(|_| not_found())?;
    hub.catalog.name(repository.id, &parsed).await?.ok_or_else(not_found)
}

/// A name from a request, fit for a message.
fn shown(name: &str) -> String {
    name.chars().filter(|char| !char.is_control()).take(128).collect()
}

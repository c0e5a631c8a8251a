//! Undeleting: a deleted name is again what it was before. A flist is published like any other, so a name
//! whose objects a sweep has taken never comes back.

use super::error::{ActionError, Thing};
use super::outcome::Outcome;
use super::resolve;
use super::rollback::{Restore, restore};
use crate::auth::{Caller, Right};
use crate::catalog::{Condition, Named, Source};
use crate::name::FlistName;
use crate::state::Hub;

/// Makes a deleted name of a repository what it was when it was last deleted.
pub async fn name(
    hub: &Hub,
    caller: &Caller,
    repository: &str,
    name: &str,
    condition: &Condition,
) -> Result<Outcome<Named>, ActionError> {
    let repository = resolve::repository(hub, caller, Right::Write, repository).await?;
    let name = FlistName::parse(name)?;
    if hub.catalog.named(repository.id, &name).await?.is_some() {
        let message = format!("{name} is there; delete it first, or leave it as it is");
        return Err(ActionError::Conflict(message));
    }
    let entry = hub.catalog.before_deletion(repository.id, &name).await?;
    let entry = entry.ok_or_else(|| ActionError::not_found(Thing::Flist, name.as_str()))?;
    let what = Restore { source: Source::Undelete, condition: condition.clone(), dry_run: false };
    restore(hub, caller, (repository, name), &entry, what).await
}

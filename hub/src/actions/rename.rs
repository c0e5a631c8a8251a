//! Renaming: a name of any kind gets another name in its repository, and its history goes with it.

use super::error::{ActionError, Thing};
use super::outcome::{Outcome, to_the_end};
use super::resolve;
use crate::auth::{Caller, Right};
use crate::catalog::{Change, Condition, Named, Source};
use crate::name::FlistName;
use crate::state::Hub;

/// Renames. A name that is there is never overwritten. Links to the old name dangle from then on.
pub async fn rename(
    hub: &Hub,
    caller: &Caller,
    (repository, name): (&str, &str),
    to: &str,
    condition: &Condition,
    dry_run: bool,
) -> Result<Outcome<Named>, ActionError> {
    let repository = resolve::repository(hub, caller, Right::Write, repository).await?;
    let (name, to) = (FlistName::parse(name)?, FlistName::parse(to)?);
    let (hub, condition, user_id) = (hub.clone(), condition.clone(), caller.user()?.id);
    to_the_end(async move {
        let change = Change {
            repository_id: repository.id,
            name: &name,
            user_id,
            source: Source::Rename,
            detail: None,
            condition: &condition,
            dry_run,
            now: hub.clock.now(),
        };
        let written = hub.catalog.rename(&change, &to).await?;
        let written = written.ok_or_else(|| ActionError::not_found(Thing::Flist, name.as_str()))?;
        tracing::info!(
            repository = repository.name,
            from = name.as_str(),
            to = to.as_str(),
            dry_run,
            "name renamed"
        );
        Ok(written.into())
    })
    .await
}

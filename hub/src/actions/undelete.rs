//! Undeleting: a deleted name points again at what it pointed at before. It is a publish like any other,
//! so it never brings back a name whose objects a sweep has taken.

use super::error::{ActionError, Thing};
use super::publish::{Publication, Published, publish};
use super::resolve;
use crate::auth::{Caller, Right};
use crate::catalog::Source;
use crate::name::FlistName;
use crate::state::Hub;

/// Makes a deleted name of a repository point again at what it pointed at when it was last deleted.
pub async fn name(
    hub: &Hub,
    caller: &Caller,
    repository: &str,
    name: &str,
) -> Result<Published, ActionError> {
    let repository = resolve::repository(hub, caller, Right::Write, repository).await?;
    let name = FlistName::parse(name)?;
    if hub.catalog.name(repository.id, &name).await?.is_some() {
        let message = format!("{name} is there; delete it first, or leave it as it is");
        return Err(ActionError::Conflict(message));
    }
    let manifest = hub.catalog.before_deletion(repository.id, &name).await?;
    let manifest = manifest.ok_or_else(|| ActionError::not_found(Thing::Flist, name.as_str()))?;
    let shown = name.clone();
    let user_id = caller.user()?.id;
    let source = Source::Undelete;
    let publication = Publication { repository, name, user_id, source, detail: None, manifest };
    publish(hub, publication).await.map_err(|error| match error {
        ActionError::Missing(ids) => ActionError::Swept(format!(
            "{shown} cannot be brought back: {} objects of what it pointed at are gone",
            ids.len()
        )),
        other => other,
    })
}

//! Renaming: a name of any kind gets another name in its repository, and its history goes with it.

use super::error::{ActionError, Thing};
use super::outcome::{Changing, Outcome, to_the_end};
use super::resolve;
use crate::auth::{Caller, Right};
use crate::catalog::{Condition, Named, Source};
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
    let changing = Changing::new(hub, caller, (repository, name), condition, dry_run)?;
    to_the_end(async move {
        let written = changing.hub.catalog.rename(&changing.change(Source::Rename), &to).await?;
        let not_found = || ActionError::not_found(Thing::Flist, changing.name.as_str());
        let written = written.ok_or_else(not_found)?;
        changing.log(Source::Rename, written.changed);
        Ok(written.into())
    })
    .await
}

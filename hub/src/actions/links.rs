//! Links: names that point at other names, in whatever repository the caller may read.

use super::error::ActionError;
use super::outcome::{Changing, Outcome, to_the_end};
use super::resolve;
use crate::auth::{Caller, Right};
use crate::catalog::{Condition, Named, Source};
use crate::error::Code;
use crate::name::FlistName;
use crate::state::Hub;

/// Makes a name, `repository` and `name`, a link to `target`, `repository/name`: a flist, a tag, or another
/// link. A link that is there is changed; what else is there stays, and the caller is told.
pub async fn link(
    hub: &Hub,
    caller: &Caller,
    (repository, name): (&str, &str),
    target: &str,
    condition: &Condition,
    dry_run: bool,
) -> Result<Outcome<Named>, ActionError> {
    let repository = resolve::repository(hub, caller, Right::Write, repository).await?;
    let name = FlistName::parse(name)?;
    let (target, _) = resolve::target(hub, caller, target, Code::BAD_TARGET).await?;
    let changing = Changing::new(hub, caller, (repository, name), condition, dry_run)?;
    to_the_end(async move {
        let written = changing.hub.catalog.link(&changing.change(Source::Link), &target).await?;
        changing.log(Source::Link, written.changed);
        Ok(written.into())
    })
    .await
}

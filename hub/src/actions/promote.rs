//! Promoting: a name points at what another name points at now. No content is copied.

use super::error::ActionError;
use super::outcome::Outcome;
use super::publish::{Publication, publish};
use super::resolve;
use crate::auth::{Caller, Right};
use crate::catalog::{Condition, NameRow, Source};
use crate::error::Code;
use crate::name::FlistName;
use crate::state::Hub;

/// Makes a name, `repository` and `name`, point at the flist that `from`, `repository/name`, leads to now.
/// Nothing changes if it does so already.
pub async fn promote(
    hub: &Hub,
    caller: &Caller,
    (repository, name): (&str, &str),
    from: &str,
    condition: &Condition,
    dry_run: bool,
) -> Result<Outcome<NameRow>, ActionError> {
    let repository = resolve::repository(hub, caller, Right::Write, repository).await?;
    let name = FlistName::parse(name)?;
    let from = resolve::parse_target(from, Code::BAD_SOURCE)?;
    let (source, holder) = resolve::held_source(hub, caller, &from).await?;
    let new = Publication::new(hub, caller, repository, name, Source::Promote, source.flist.id);
    if let Some(holder) = holder {
        new.reach.look_in(holder);
    }
    let publication = Publication {
        bases: vec![source.flist.id],
        detail: Some(format!("{from}@{}", source.flist.id)),
        condition: condition.clone(),
        dry_run,
        ..new
    };
    let published = publish(hub, publication).await?;
    let (created, changed) = (published.created, published.changed);
    Ok(Outcome { value: published.row, created, changed })
}

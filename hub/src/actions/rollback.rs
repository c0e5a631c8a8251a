//! Rolling back: a name is again what it was at one of its revisions. It is a change like any other, with a
//! revision of its own, so that a rollback can be rolled back.

use super::error::{ActionError, Thing};
use super::outcome::{Changing, Outcome, to_the_end};
use super::publish::{Publication, publish};
use super::resolve;
use crate::auth::{Caller, Right};
use crate::catalog::{Change, Condition, HistoryRow, Kind, Named, RepositoryRow, Source};
use crate::error::Code;
use crate::name::FlistName;
use crate::state::Hub;

/// Makes a name what it was at a revision: what a flist's name pointed at, where a link led. A name that was
/// deleted meanwhile comes back.
pub async fn rollback(
    hub: &Hub,
    caller: &Caller,
    (repository, name): (&str, &str),
    revision: u64,
    condition: &Condition,
    dry_run: bool,
) -> Result<Outcome<Named>, ActionError> {
    let repository = resolve::repository(hub, caller, Right::Write, repository).await?;
    let name = FlistName::parse(name)?;
    let entry = hub.catalog.history_entry(repository.id, &name, revision).await?;
    let entry = entry.ok_or_else(|| {
        ActionError::not_found(Thing::Revision, format!("{revision} of {}/{name}", repository.name))
    })?;
    let what = Restore { source: Source::Rollback, condition: condition.clone(), dry_run };
    restore(hub, caller, (repository, name), &entry, what).await
}

/// How something of a name's history is brought back.
pub(super) struct Restore {
    pub(super) source: Source,
    pub(super) condition: Condition,
    pub(super) dry_run: bool,
}

/// Makes a name what an entry of its history says.
pub(super) async fn restore(
    hub: &Hub,
    caller: &Caller,
    (repository, name): (RepositoryRow, FlistName),
    entry: &HistoryRow,
    what: Restore,
) -> Result<Outcome<Named>, ActionError> {
    let Restore { source, condition, dry_run } = what;
    let cannot = |why: &str| {
        let message = format!("revision {} of {}/{name} {why}", entry.revision, repository.name);
        Err(ActionError::Invalid { code: Code::BAD_REVISION, message })
    };
    let detail = Some(format!("revision {}", entry.revision));
    match (entry.kind, entry.flist, &entry.target) {
        (None, ..) => cannot("is where the name was deleted; choose one before it"),
        (Some(Kind::Tag), ..) => cannot("is of a tag; its members are set one by one"),
        (Some(Kind::Flist), Some(manifest), _) => {
            let shown = format!("{}/{name}", repository.name);
            let new = Publication::new(hub, caller, repository, name, source, manifest);
            let publication = Publication { detail, condition, dry_run, ..new };
            let published = publish(hub, publication).await.map_err(|error| match error {
                ActionError::Missing(ids) => ActionError::Swept(format!(
                    "{shown} cannot be brought back: {} objects of what it pointed at are gone",
                    ids.len()
                )),
                other => other,
            })?;
            let (created, changed) = (published.created, published.changed);
            Ok(Outcome { value: published.named, created, changed })
        }
        (Some(_), _, Some(target)) => {
            let text = target.to_string();
            let found = resolve::target(hub, caller, &text, Code::BAD_TARGET).await;
            let (target, _) = match found {
                Ok(found) => found,
                Err(error) => {
                    let asked =
                        format!("revision {} of {}/{name}", entry.revision, repository.name);
                    return Err(resolve::of_stored(hub, caller, (target, &asked), error).await);
                }
            };
            let changing = Changing::new(hub, caller, (repository, name), &condition, dry_run)?;
            to_the_end(async move {
                let change = Change { detail: detail.as_deref(), ..changing.change(source) };
                let written = changing.hub.catalog.link(&change, &target).await?;
                changing.log(source, written.changed);
                Ok(written.into())
            })
            .await
        }
        (Some(_), ..) => Err(ActionError::internal("a history entry without what it points at")),
    }
}

//! Renaming: a name of any kind gets another name in its repository, and its history goes with it.

use super::error::{ActionError, Thing};
use super::items::{self, Set, Stop, Subject};
use super::outcome::{Changing, Outcome, to_the_end};
use super::publish::AT_ONCE;
use super::resolve;
use super::running::turn;
use crate::auth::{Caller, Right};
use crate::catalog::{CatalogError, Condition, Named, Source, Written};
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
    let known = hub.catalog.named(repository.id, &name).await?;
    // Its item is composed anew, which may walk a whole tree: in a place of those who search, until it is done.
    let place = match known.and_then(|known| known.points_at.flist()) {
        Some(_) => Some(turn(hub, Some(&hub.limits.searches), &hub.searches).await?),
        None => None,
    };
    let changing = Changing::new(hub, caller, (repository, name), condition, dry_run)?;
    to_the_end(async move {
        let written = renamed(&changing, &to).await;
        drop(place);
        let written = written?;
        let not_found = || ActionError::not_found(Thing::Flist, changing.name.as_str());
        let (written, lacking) = written.ok_or_else(not_found)?;
        if lacking {
            items::soon(&changing.hub).await;
        }
        changing.log(Source::Rename, written.changed);
        Ok(written.into())
    })
    .await
}

/// Renames, with the item of what is renamed: it says its name.
/// Says as well whether checksums of it lack by now.
async fn renamed(
    changing: &Changing,
    to: &FlistName,
) -> Result<Option<(Written, bool)>, ActionError> {
    let Changing { hub, repository, name, .. } = changing;
    let change = changing.change(Source::Rename);
    let mut attempt = 0;
    loop {
        let known = hub.catalog.named(repository.id, name).await?;
        let item = match known.and_then(|known| known.points_at.flist()) {
            None => None,
            Some(flist) => {
                let subject = Subject {
                    repository,
                    known_as: name,
                    name: to,
                    flist,
                    published: change.now,
                    back: false,
                    sums: AT_ONCE,
                };
                let made = items::made(hub, subject, &Set::Nothing, &Stop::default()).await?;
                Some((flist, made))
            }
        };
        let composed = item.as_ref().map(|(flist, made)| (*flist, &made.composed));
        match hub.catalog.rename_item(&change, to, composed).await {
            Err(CatalogError::StaleItem) if attempt < items::AGAIN => attempt += 1,
            written => {
                let lacking =
                    item.is_some_and(|(_, made)| made.composed.lacking && !change.dry_run);
                return Ok(written?.map(|written| (written, lacking)));
            }
        }
    }
}

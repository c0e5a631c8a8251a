//! One item: what a name is now, or what it was at a revision.

use super::collections::known;
use super::readable::access;
use super::shown::Shown;
use crate::actions::error::{ActionError, Thing};
use crate::actions::outcome::to_the_end;
use crate::actions::running::turn;
use crate::actions::{items, resolve};
use crate::auth::{Caller, Right};
use crate::catalog::{ItemRow, RepositoryRow};
use crate::name::FlistName;
use crate::state::Hub;

/// The item of a collection with that id: `repository/name`, or `repository/name@revision`; of the caller's own
/// repository the name is enough.
pub async fn item(
    hub: &Hub,
    caller: &Caller,
    collection: &str,
    id: &str,
) -> Result<Shown, ActionError> {
    known(hub, collection)?;
    let none = || ActionError::not_found(Thing::Item, resolve::shown(id));
    let (path, revision) = match id.split_once('@') {
        None => (id, None),
        Some((path, revision)) => (path, Some(number(revision).ok_or_else(none)?)),
    };
    let (repository, name) = short(caller, path).ok_or_else(none)?;
    let repository = resolve::repository(hub, caller, Right::Read, &repository).await;
    let repository = repository.map_err(|error| match error {
        ActionError::NotFound { .. } => none(),
        other => other,
    })?;
    let name = FlistName::parse(name).map_err(|_| none())?;
    let shown = match revision {
        None => latest(hub, caller, (collection, &repository, &name)).await?,
        Some(revision) => older(hub, caller, (collection, &repository, &name), revision).await?,
    };
    shown.ok_or_else(none)
}

/// The repository and the name in an id. A name alone is one of the caller's own repository.
pub(super) fn short<'a>(caller: &Caller, id: &'a str) -> Option<(String, &'a str)> {
    match id.split_once('/') {
        Some((repository, name)) => Some((repository.to_owned(), name)),
        None => Some((caller.own_repository().ok()?.to_owned(), id)),
    }
}

/// The number of a revision, as the hub writes it.
fn number(text: &str) -> Option<u64> {
    let plain = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// Which item of which collection.
pub(super) type Place<'a> = (&'a str, &'a RepositoryRow, &'a FlistName);

/// The row of what the name is now.
pub(super) async fn row(
    hub: &Hub,
    (collection, repository, name): Place<'_>,
) -> Result<Option<ItemRow>, ActionError> {
    let row = hub.catalog.item(collection, &repository.name, name.as_str()).await?;
    // The repository may have been made anew under the same name meanwhile.
    Ok(row.filter(|row| row.repository_id == repository.id))
}

async fn latest(
    hub: &Hub,
    caller: &Caller,
    place: Place<'_>,
) -> Result<Option<Shown>, ActionError> {
    let Some(mut row) = row(hub, place).await? else { return Ok(None) };
    row.predecessor = still(hub, caller, place, row.predecessor).await?;
    let access = access(hub, caller).await?;
    Ok(Some(Shown::latest(hub, caller, &access, row)))
}

/// What the name was at a revision, made of its flist as it would be made today. Where the name is an item of the
/// collection now, all of its revisions are, and lead to one another; else it stands alone.
async fn older(
    hub: &Hub,
    caller: &Caller,
    at: Place<'_>,
    revision: u64,
) -> Result<Option<Shown>, ActionError> {
    let (collection, repository, name) = at;
    let then = resolve::revision(hub, caller, (&repository.name, name.as_str()), revision).await;
    let then = match then {
        Ok(then) => then,
        Err(ActionError::NotFound { .. }) => return Ok(None),
        Err(other) => return Err(other),
    };
    let flist = then.flist.id;
    let latest = row(hub, at).await?.is_some();
    // It may walk a whole tree, for anybody who asks: in a place of those who search, until it is done.
    let place = turn(hub, Some(&hub.limits.searches), &hub.searches).await?;
    let (of_hub, of, named) = (hub.clone(), repository.clone(), name.clone());
    let shown_in = collection.to_owned();
    let composed = to_the_end(async move {
        let flist = (flist, then.updated);
        let composed = items::of_revision(&of_hub, (&of, &named), flist, (&shown_in, latest)).await;
        drop(place);
        composed
    });
    let Some(draft) = composed.await? else { return Ok(None) };
    let next_to = |other: Option<u64>| other.filter(|_| latest);
    let predecessor = still(hub, caller, at, next_to(revision.checked_sub(1))).await?;
    let successor = still(hub, caller, at, next_to(revision.checked_add(1))).await?;
    let (stars, _) = hub.catalog.stars(repository.id, name.as_str(), None).await?;
    let row = ItemRow {
        collection: collection.to_owned(),
        repository_id: repository.id,
        repository: repository.name.clone(),
        name: name.as_str().to_owned(),
        visibility: repository.visibility,
        revision,
        predecessor,
        flist,
        document: draft.document,
        stars,
    };
    let access = access(hub, caller).await?;
    Ok(Some(Shown::latest(hub, caller, &access, row).older(latest, successor)))
}

/// A revision, if what the name pointed at then is still to be had: so no link leads to nothing.
async fn still(
    hub: &Hub,
    caller: &Caller,
    (_, repository, name): Place<'_>,
    revision: Option<u64>,
) -> Result<Option<u64>, ActionError> {
    let Some(revision) = revision.filter(|revision| *revision > 0) else { return Ok(None) };
    let then = resolve::revision(hub, caller, (&repository.name, name.as_str()), revision).await;
    match then {
        Ok(_) => Ok(Some(revision)),
        Err(ActionError::NotFound { .. } | ActionError::Swept(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_is_written_in_one_way() {
        assert_eq!((number("1"), number("20")), (Some(1), Some(20)));
        for text in ["", "0", "01", "+1", "-1", "1 ", "x", "99999999999999999999"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}

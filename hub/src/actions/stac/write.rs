//! Writing items through the STAC API (transaction extension): what a name's item says is written whole, changed in
//! part, or taken back. Its files stay as they are; a name that is written for the first time has none.
//!
//! Whoever changes an item may demand that it still is what they read. That is looked at before the item is composed, and
//! the name and what was set of it must then still be as they were in the transaction that writes it.

use super::item::{Place, item, row, short};
use super::new_item::publish;
use super::shown::Shown;
use crate::actions::error::{ActionError, Thing};
use crate::actions::items::{AGAIN, How, Seen, Set, Stop, one, soon};
use crate::actions::outcome::{Changing, to_the_end};
use crate::actions::publish::AT_ONCE;
use crate::actions::resolve;
use crate::actions::running::turn;
use crate::auth::{Caller, Right};
use crate::catalog::{CatalogError, Condition, Named, Pointed, RepositoryRow, Source};
use crate::error::Code;
use crate::name::FlistName;
use crate::stac::written::{Faults, Sent, Target};
use crate::stac::{Fields, Mode};
use crate::state::Hub;

/// Whether an item that is answered like this may be changed.
pub type Allows<'a> = &'a (dyn Fn(&str) -> bool + Send + Sync);

/// What becomes of an item that is there.
#[derive(Debug, Clone)]
pub enum Writing {
    /// This one stands in its place.
    Whole(Sent),
    /// This one is laid over it.
    Part(Sent),
}

/// Where an item is written: the right to do so was looked at.
struct At {
    collection: String,
    repository: RepositoryRow,
    name: FlistName,
}

impl At {
    fn place(&self) -> Place<'_> {
        (&self.collection, &self.repository, &self.name)
    }

    fn id(&self) -> String {
        format!("{}/{}", self.repository.name, self.name)
    }

    fn target<'a>(&'a self, base: &'a str) -> Target<'a> {
        let (repository, name) = (&self.repository.name, self.name.as_str());
        Target { base, collection: &self.collection, repository, name }
    }

    fn none(&self) -> ActionError {
        ActionError::not_found(Thing::Item, self.id())
    }
}

/// Reads what a caller sent.
pub fn sent(body: &str) -> Result<Sent, ActionError> {
    Sent::read(body).map_err(|faults| bad(&faults))
}

fn bad(faults: &Faults) -> ActionError {
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    ActionError::Invalid { code: Code::BAD_ITEM, message: told.join("; ") }
}

/// Where an item with that id is to be written.
async fn at(hub: &Hub, caller: &Caller, (collection, id): (&str, &str)) -> Result<At, ActionError> {
    super::known(hub, collection)?;
    // Who writes must say who they are before they learn anything.
    caller.actor()?;
    let (repository, name) =
        short(caller, id).ok_or_else(|| ActionError::not_found(Thing::Item, resolve::shown(id)))?;
    let repository = resolve::repository(hub, caller, Right::Write, &repository).await?;
    let name = FlistName::parse(name)?;
    Ok(At { collection: collection.to_owned(), repository, name })
}

/// Makes a name an item that is none yet in a collection. A name that is not there has no files.
pub async fn create(
    hub: &Hub,
    caller: &Caller,
    collection: &str,
    new: Sent,
) -> Result<Shown, ActionError> {
    let id = new.id().map_err(|faults| bad(&faults))?;
    let missing =
        "/id: say `repository/name`, or a name alone, which is one of your own repository";
    let id = id.ok_or_else(|| ActionError::Invalid {
        code: Code::BAD_ITEM,
        message: missing.to_owned(),
    })?;
    let at = at(hub, caller, (collection, &id)).await?;
    let base = hub.public_url();
    let document = new.document(at.target(&base), None, hub.clock.now());
    let document = document.map_err(|faults| bad(&faults))?;
    let known = hub.catalog.named(at.repository.id, &at.name).await?;
    let there = || ActionError::Conflict(format!("{} is an item of {collection}", at.id()));
    match known {
        None => {
            let set = Set::Item(Some(document), vec![collection.to_owned()]);
            let made = publish(hub, caller, (&at.repository, &at.name), set).await;
            made.map_err(|error| match error {
                // Somebody else made it meanwhile.
                ActionError::Precondition(_) => there(),
                other => other,
            })?;
        }
        Some(_) if row(hub, at.place()).await?.is_some() => return Err(there()),
        Some(named) => {
            let seen = seen(hub, &at, Some(named)).await?;
            let mut categories = collections(hub, &at).await?;
            categories.push(collection.to_owned());
            compose(hub, caller, &at, Set::Item(Some(document), categories), seen.0).await?;
        }
    }
    item(hub, caller, collection, &at.id()).await
}

/// Writes an item that is there.
pub async fn change(
    hub: &Hub,
    caller: &Caller,
    item: (&str, &str),
    writing: &Writing,
    allows: Allows<'_>,
) -> Result<(), ActionError> {
    let at = at(hub, caller, item).await?;
    let base = hub.public_url();
    let mut attempt = 0;
    loop {
        let (seen, _) = seen(hub, &at, None).await?;
        let current = current(hub, caller, &at, allows).await?;
        let new = match writing.clone() {
            Writing::Whole(sent) => sent,
            Writing::Part(sent) => sent.over(&current, at.target(&base)),
        };
        let document = new.document(at.target(&base), Some(&current), hub.clock.now());
        let document = document.map_err(|faults| bad(&faults))?;
        let set = Set::Item(Some(document), collections(hub, &at).await?);
        match compose(hub, caller, &at, set, seen).await {
            Err(ActionError::Busy(_)) if attempt < AGAIN => attempt += 1,
            written => return written,
        }
    }
}

/// Takes an item out of a collection: what was written is gone with the last one. A name that has no files is deleted
/// then. What is not there is gone already.
pub async fn remove(
    hub: &Hub,
    caller: &Caller,
    item: (&str, &str),
    allows: Allows<'_>,
) -> Result<(), ActionError> {
    let at = at(hub, caller, item).await?;
    let mut attempt = 0;
    loop {
        if row(hub, at.place()).await?.is_none() {
            return Ok(());
        }
        let (seen, named) = seen(hub, &at, None).await?;
        current(hub, caller, &at, allows).await?;
        let mut left = collections(hub, &at).await?;
        left.retain(|one| *one != at.collection);
        let removed = if !left.is_empty() {
            compose(hub, caller, &at, Set::Categories(left), seen).await
        } else if matches!(&named.points_at, Pointed::Flist(flist) if flist.entries == 0) {
            delete(hub, caller, &at, seen).await
        } else {
            compose(hub, caller, &at, Set::Item(None, Vec::new()), seen).await
        };
        match removed {
            Err(ActionError::Busy(_)) if attempt < AGAIN => attempt += 1,
            removed => return removed,
        }
    }
}

/// The item as it is answered to the caller, if it may be changed.
async fn current(
    hub: &Hub,
    caller: &Caller,
    at: &At,
    allows: Allows<'_>,
) -> Result<String, ActionError> {
    let shown = item(hub, caller, &at.collection, &at.id()).await?;
    let current = shown.write(&hub.public_url(), Mode::Full, &Fields::default());
    if allows(&current) {
        return Ok(current);
    }
    let what = format!("{} is not what it was: read it again", at.id());
    Err(ActionError::Precondition(what))
}

/// How the name is, of which an item is looked at next.
async fn seen(hub: &Hub, at: &At, named: Option<Named>) -> Result<(Seen, Named), ActionError> {
    let set = hub.catalog.item_settings(at.repository.id, at.name.as_str()).await?;
    let named = match named {
        Some(named) => named,
        None => hub.catalog.named(at.repository.id, &at.name).await?.ok_or_else(|| at.none())?,
    };
    if named.points_at.flist().is_none() {
        let (name, kind) = (at.name.to_string(), named.points_at.kind());
        return Err(CatalogError::Taken { name, kind }.into());
    }
    let settings = set.map_or(0, |set| set.revision);
    Ok((Seen { revision: named.revision, settings }, named))
}

/// The collections that the name's item is in.
async fn collections(hub: &Hub, at: &At) -> Result<Vec<String>, ActionError> {
    let items = hub.catalog.items_of(at.repository.id, at.name.as_str()).await?;
    Ok(items.into_iter().map(|item| item.collection).collect())
}

/// Writes what is set, and the item that is composed of it.
async fn compose(
    hub: &Hub,
    caller: &Caller,
    at: &At,
    set: Set,
    seen: Seen,
) -> Result<(), ActionError> {
    let by = caller.actor()?;
    // It may walk a whole tree: in a place of those who search, until it is done.
    let place = turn(hub, Some(&hub.limits.searches), &hub.searches).await?;
    let (hub, repository, name) = (hub.clone(), at.repository.clone(), at.name.clone());
    let composed = to_the_end(async move {
        let stop = Stop::default();
        let how = How { set: &set, by: &by, seen: Some(seen), sums: Some(AT_ONCE), stop: &stop };
        let composed = one(&hub, &repository, &name, how).await?;
        drop(place);
        if composed.as_ref().is_some_and(|composed| composed.lacking) {
            soon(&hub).await;
        }
        Ok(composed.is_some())
    });
    if composed.await? { Ok(()) } else { Err(at.none()) }
}

/// Deletes a name that is as it was seen.
async fn delete(hub: &Hub, caller: &Caller, at: &At, seen: Seen) -> Result<(), ActionError> {
    let condition = Condition { if_match: Some(vec![seen.revision]), ..Condition::NONE };
    let place = (at.repository.clone(), at.name.clone());
    let changing = Changing::new(hub, caller, place, &condition, false)?;
    let deleted = to_the_end(async move {
        changing.hub.catalog.delete_name(&changing.change(Source::Delete)).await?;
        changing.log(Source::Delete, true);
        Ok(())
    });
    match deleted.await {
        Err(ActionError::Precondition(_)) => {
            Err(ActionError::Busy("the name changes all the time; try again"))
        }
        deleted => deleted,
    }
}

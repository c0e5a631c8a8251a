//! Writing items through the STAC API (transaction extension): what a name's item says is written whole, changed in
//! part, or taken back. Its files stay as they are; a name that is written for the first time has none.
//!
//! Whoever changes an item may demand that it still is what they read. That is looked at before the item is composed, and
//! the name and what was set of it must then still be as they were in the transaction that writes it.

use std::sync::Arc;

use super::item::{Place, item, row, short};
use super::new_item::publish;
use super::shown::Shown;
use crate::actions::error::{ActionError, Thing};
use crate::actions::items::{AGAIN, How, Seen, Set, Stop, one, soon};
use crate::actions::outcome::{Changing, to_the_end};
use crate::actions::publish::AT_ONCE;
use crate::actions::running::{Running, turn};
use crate::actions::{resolve, still};
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What was sent stands in its place.
    Whole,
    /// What was sent is laid over it.
    Some,
}

/// Where an item is written, by whom: the right to do so was looked at.
struct At<'a> {
    hub: &'a Hub,
    caller: &'a Caller,
    collection: String,
    repository: RepositoryRow,
    name: FlistName,
    /// A place among those who search, which is kept until all is done: it may walk a whole tree.
    turn: Arc<Running>,
}

/// An item that was sent, or what is wrong with it. It is read on a thread that may take its time.
async fn read<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Faults> + Send + 'static,
) -> Result<T, ActionError> {
    tokio::task::spawn_blocking(work).await?.map_err(|faults| bad(&faults))
}

fn bad(faults: &Faults) -> ActionError {
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    invalid(told.join("; "))
}

fn invalid(message: String) -> ActionError {
    ActionError::Invalid { code: Code::BAD_ITEM, message }
}

/// Where an item with that id is to be written.
async fn at<'a>(
    hub: &'a Hub,
    caller: &'a Caller,
    (collection, id): (&str, &str),
) -> Result<At<'a>, ActionError> {
    super::known(hub, collection)?;
    // Who writes must say who they are before they learn anything.
    caller.actor()?;
    let (repository, name) =
        short(caller, id).ok_or_else(|| ActionError::not_found(Thing::Item, resolve::shown(id)))?;
    let repository = resolve::repository(hub, caller, Right::Write, &repository).await?;
    let name = FlistName::parse(name)?;
    let turn = Arc::new(turn(hub, Some(&hub.limits.searches), &hub.searches).await?);
    // The place may have taken a while.
    still::may_write(hub, caller, &repository).await?;
    Ok(At { hub, caller, collection: collection.to_owned(), repository, name, turn })
}

/// Makes a name an item that is none yet in a collection. A name that is not there has no files.
pub async fn create(
    hub: &Hub,
    caller: &Caller,
    collection: &str,
    body: String,
) -> Result<Shown, ActionError> {
    caller.actor()?;
    let new = read(move || Sent::read(&body)).await?;
    let id = new.id().map_err(|faults| bad(&faults))?;
    let missing =
        "/id: say `repository/name`, or a name alone, which is one of your own repository";
    let id = id.ok_or_else(|| invalid(missing.to_owned()))?;
    let at = at(hub, caller, (collection, &id)).await?;
    let document = at.document((new, Part::Whole), None).await?;
    for _ in 0..=AGAIN {
        let Some((seen, _)) = at.seen().await? else {
            let set = Set::Item(document.clone(), vec![collection.to_owned()]);
            match publish(hub, caller, (&at.repository, &at.name), set).await {
                // Somebody else made it meanwhile.
                Err(ActionError::Precondition(_)) => continue,
                made => made?,
            }
            return item(hub, caller, collection, &at.id()).await;
        };
        if row(hub, at.place()).await?.is_some() {
            let what = format!("{} is an item of {collection} already", at.id());
            return Err(ActionError::Conflict(what));
        }
        let mut categories = at.collections().await?;
        categories.push(collection.to_owned());
        if at.compose(Set::Item(document.clone(), categories), seen).await? {
            return item(hub, caller, collection, &at.id()).await;
        }
    }
    Err(busy())
}

/// Writes an item that is there.
pub async fn change(
    hub: &Hub,
    caller: &Caller,
    item: (&str, &str),
    (body, part): (String, Part),
    allows: Allows<'_>,
) -> Result<(), ActionError> {
    caller.actor()?;
    let new = read(move || Sent::read(&body)).await?;
    let at = at(hub, caller, item).await?;
    for _ in 0..=AGAIN {
        let (seen, _) = at.seen().await?.ok_or_else(|| at.none())?;
        let current = at.current(allows).await?;
        let document = at.document((new.clone(), part), Some(current)).await?;
        let set = Set::ItemAgain(document, at.collections().await?);
        if at.compose(set, seen).await? {
            return Ok(());
        }
    }
    Err(busy())
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
    for _ in 0..=AGAIN {
        let Some((seen, named)) = at.seen().await? else { return Ok(()) };
        if row(hub, at.place()).await?.is_none() {
            return Ok(());
        }
        at.current(allows).await?;
        let mut left = at.collections().await?;
        left.retain(|one| *one != at.collection);
        let removed = if !left.is_empty() {
            at.compose(Set::Categories(left), seen).await?
        } else if matches!(&named.points_at, Pointed::Flist(flist) if flist.entries == 0) {
            at.delete(seen).await?
        } else {
            at.compose(Set::NoItem, seen).await?
        };
        if removed {
            return Ok(());
        }
    }
    Err(busy())
}

fn busy() -> ActionError {
    ActionError::Busy("the item changes all the time; try again")
}

impl At<'_> {
    fn place(&self) -> Place<'_> {
        (&self.collection, &self.repository, &self.name)
    }

    fn id(&self) -> String {
        format!("{}/{}", self.repository.name, self.name)
    }

    fn none(&self) -> ActionError {
        ActionError::not_found(Thing::Item, self.id())
    }

    /// The document to be kept of what was sent. `current`: the item that is there, as it is answered.
    async fn document(
        &self,
        (new, part): (Sent, Part),
        current: Option<String>,
    ) -> Result<String, ActionError> {
        let (base, now) = (self.hub.public_url(), self.hub.clock.now());
        let (collection, repository) = (self.collection.clone(), self.repository.name.clone());
        let (name, turn) = (self.name.clone(), Arc::clone(&self.turn));
        read(move || {
            let _turn = turn;
            let target = Target {
                base: &base,
                collection: &collection,
                repository: &repository,
                name: name.as_str(),
            };
            let new = match (part, current.as_deref()) {
                (Part::Some, Some(current)) => new.over(current, target),
                _ => new,
            };
            new.document(target, current.as_deref(), now)
        })
        .await
    }

    /// The item as it is answered to the caller, if it may be changed.
    async fn current(&self, allows: Allows<'_>) -> Result<String, ActionError> {
        let (hub, id) = (self.hub, self.id());
        let shown = item(hub, self.caller, &self.collection, &id).await?;
        let current = shown.write(&hub.public_url(), Mode::Full, &Fields::default());
        if allows(&current) {
            return Ok(current);
        }
        Err(ActionError::Precondition(format!("{id} is not what it was: read it again")))
    }

    /// How the name is, of which an item is looked at next: whatever is looked at is looked at after it. `None`: there
    /// is no such name.
    async fn seen(&self) -> Result<Option<(Seen, Named)>, ActionError> {
        let (catalog, id) = (&self.hub.catalog, self.repository.id);
        let settings = catalog.item_settings_revision(id, self.name.as_str()).await?;
        let Some(named) = catalog.named(id, &self.name).await? else { return Ok(None) };
        if named.points_at.flist().is_none() {
            let (name, kind) = (self.name.to_string(), named.points_at.kind());
            return Err(CatalogError::Taken { name, kind }.into());
        }
        Ok(Some((Seen { revision: named.revision, settings }, named)))
    }

    /// The collections that the name's item is in.
    async fn collections(&self) -> Result<Vec<String>, ActionError> {
        let items = self.hub.catalog.items_of(self.repository.id, self.name.as_str()).await?;
        Ok(items.into_iter().map(|item| item.collection).collect())
    }

    /// Writes what is set, and the item that is composed of it. `false`: the name is not as it was seen.
    async fn compose(&self, set: Set, seen: Seen) -> Result<bool, ActionError> {
        let (by, turn) = (self.caller.actor()?, Arc::clone(&self.turn));
        let (hub, repository) = (self.hub.clone(), self.repository.clone());
        let name = self.name.clone();
        let composed = to_the_end(async move {
            let stop = Stop::default();
            let (set, by, seen) = (&set, &by, Some(seen));
            let how = How { set, by, seen, sums: Some(AT_ONCE), stop: &stop };
            let composed = one(&hub, &repository, &name, how).await?;
            drop(turn);
            if composed.as_ref().is_some_and(|composed| composed.lacking) {
                soon(&hub).await;
            }
            Ok(composed)
        });
        let composed = composed.await?.ok_or_else(|| self.none())?;
        Ok(!composed.stale)
    }

    /// Deletes the name. `false`: it is not as it was seen.
    async fn delete(&self, seen: Seen) -> Result<bool, ActionError> {
        let condition = Condition { if_match: Some(vec![seen.revision]), ..Condition::NONE };
        let place = (self.repository.clone(), self.name.clone());
        let changing = Changing::new(self.hub, self.caller, place, &condition, false)?;
        to_the_end(async move {
            let change = changing.change(Source::Delete);
            match changing.hub.catalog.delete_name_with(&change, Some(seen.settings)).await {
                Err(CatalogError::StaleItem | CatalogError::Precondition { .. }) => Ok(false),
                Err(error) => Err(error.into()),
                Ok(_) => {
                    changing.log(Source::Delete, true);
                    Ok(true)
                }
            }
        })
        .await
    }
}

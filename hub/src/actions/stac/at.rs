//! Where an item is written, and the steps of writing one: what the name and its item are now, what becomes of what was
//! sent, and storing it only if nothing changed meanwhile.

use std::sync::Arc;

use super::item::{Place, item, short};
use super::write::{Allows, Part};
use crate::actions::error::{ActionError, Thing};
use crate::actions::items::{How, Seen, Set, Stop, one, soon};
use crate::actions::outcome::{Changing, to_the_end};
use crate::actions::publish::AT_ONCE;
use crate::actions::running::{Running, turn};
use crate::actions::{resolve, still};
use crate::auth::{Caller, Right};
use crate::catalog::{CatalogError, Condition, Named, RepositoryRow, Source};
use crate::error::Code;
use crate::name::FlistName;
use crate::stac::written::{Faults, Sent, Target};
use crate::stac::{Fields, Mode};
use crate::state::Hub;

/// Where an item is written, by whom: the right to do so was looked at.
pub(super) struct At<'a> {
    pub(super) hub: &'a Hub,
    pub(super) caller: &'a Caller,
    pub(super) collection: String,
    pub(super) repository: RepositoryRow,
    pub(super) name: FlistName,
    /// Where what is written stands in what was sent, as a JSON pointer.
    pub(super) pointer: String,
    /// A place among those who search, which is kept until all is done: it may walk a whole tree.
    pub(super) turn: Arc<Running>,
}

/// What was sent, or what is wrong with it. It is read on a thread that may take its time.
pub(super) async fn read<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Faults> + Send + 'static,
) -> Result<T, ActionError> {
    tokio::task::spawn_blocking(work).await?.map_err(|faults| bad(&faults))
}

pub(super) fn bad(faults: &Faults) -> ActionError {
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    ActionError::Invalid { code: Code::BAD_ITEM, message: told.join("; ") }
}

pub(super) fn busy() -> ActionError {
    ActionError::Busy("the item changes all the time; try again")
}

/// The repository and the name that an id means, of a caller who may write there.
pub(super) async fn place(
    hub: &Hub,
    caller: &Caller,
    (collection, id): (&str, &str),
) -> Result<(RepositoryRow, FlistName), ActionError> {
    super::known(hub, collection)?;
    // Who writes must say who they are before they learn anything.
    caller.actor()?;
    let (repository, name) =
        short(caller, id).ok_or_else(|| ActionError::not_found(Thing::Item, resolve::shown(id)))?;
    let repository = resolve::repository(hub, caller, Right::Write, &repository).await?;
    Ok((repository, FlistName::parse(name)?))
}

/// A turn for whoever writes.
pub(super) async fn in_turn(hub: &Hub) -> Result<Arc<Running>, ActionError> {
    turn(hub, Some(&hub.limits.searches), &hub.searches).await.map(Arc::new)
}

/// Where an item with that id is to be written.
pub(super) async fn at<'a>(
    hub: &'a Hub,
    caller: &'a Caller,
    item: (&str, &str),
) -> Result<At<'a>, ActionError> {
    let place = place(hub, caller, item).await?;
    let turn = in_turn(hub).await?;
    At::new(hub, caller, (item.0, place), turn).await
}

impl<'a> At<'a> {
    /// Looks once more whether it may be written: the turn may have taken a while.
    pub(super) async fn new(
        hub: &'a Hub,
        caller: &'a Caller,
        (collection, (repository, name)): (&str, (RepositoryRow, FlistName)),
        turn: Arc<Running>,
    ) -> Result<Self, ActionError> {
        still::may_write(hub, caller, &repository).await?;
        let (collection, pointer) = (collection.to_owned(), String::new());
        Ok(Self { hub, caller, collection, repository, name, pointer, turn })
    }

    pub(super) fn place(&self) -> Place<'_> {
        (&self.collection, &self.repository, &self.name)
    }

    pub(super) fn id(&self) -> String {
        format!("{}/{}", self.repository.name, self.name)
    }

    pub(super) fn none(&self) -> ActionError {
        ActionError::not_found(Thing::Item, self.id())
    }

    /// The document to be kept of what was sent. `current`: the item that is there, as it is answered.
    pub(super) async fn document(
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
    pub(super) async fn current(&self, allows: Allows<'_>) -> Result<String, ActionError> {
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
    pub(super) async fn seen(&self) -> Result<Option<(Seen, Named)>, ActionError> {
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
    pub(super) async fn collections(&self) -> Result<Vec<String>, ActionError> {
        let items = self.hub.catalog.items_of(self.repository.id, self.name.as_str()).await?;
        Ok(items.into_iter().map(|item| item.collection).collect())
    }

    /// Writes what is set, and the item that is composed of it. `false`: the name is not as it was seen.
    pub(super) async fn compose(&self, set: Set, seen: Seen) -> Result<bool, ActionError> {
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
    pub(super) async fn delete(&self, seen: Seen) -> Result<bool, ActionError> {
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

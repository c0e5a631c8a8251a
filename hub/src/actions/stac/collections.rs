//! Collections: the categories of the configuration, each with where and when its items are that the caller may see.

use std::collections::HashMap;

use tokio::task::spawn_blocking;

use super::readable::access;
use super::search::in_turn;
use crate::actions::error::{ActionError, Thing};
use crate::actions::resolve::shown;
use crate::actions::running::turn;
use crate::auth::Caller;
use crate::catalog::CollectionFacts;
use crate::error::Code;
use crate::stac::catalog::Extent;
use crate::stac::parameters::CollectionSearch;
use crate::stac::{Category, CollectionBody, CollectionPage, CollectionSearchError, Observed};
use crate::state::Hub;

/// A collection for a caller.
#[derive(Debug)]
pub struct ShownCollection<'a> {
    /// What the configuration says of it.
    pub category: &'a Category,
    /// Where and when its items are.
    pub extent: Extent,
}

/// All of them, in their order.
pub async fn collections<'a>(
    hub: &'a Hub,
    caller: &Caller,
) -> Result<Vec<ShownCollection<'a>>, ActionError> {
    let readable = access(hub, caller).await?.readable;
    let asked =
        in_turn(hub, move |catalog| async move { catalog.collection_facts(&readable).await });
    let facts = asked.await??;
    let mut extents: HashMap<String, Extent> = facts
        .into_iter()
        .map(|CollectionFacts { collection, bounds, interval }| {
            (collection, Extent { bounds, interval })
        })
        .collect();
    let shown = |category: &'a Category| {
        let extent = extents.remove(&category.id).unwrap_or_default();
        ShownCollection { category, extent }
    };
    Ok(hub.stac.categories.iter().map(shown).collect())
}

/// One of them.
pub async fn collection<'a>(
    hub: &'a Hub,
    caller: &Caller,
    id: &str,
) -> Result<ShownCollection<'a>, ActionError> {
    known(hub, id)?;
    let all = collections(hub, caller).await?;
    all.into_iter().find(|collection| collection.category.id == id).ok_or_else(|| none(id))
}

/// A page of those that a search finds. There are few, but a filter may be much work with each: then it keeps a place
/// among searches until it is done.
pub async fn search_collections(
    hub: &Hub,
    search: CollectionSearch,
    all: Vec<CollectionBody>,
) -> Result<CollectionPage, ActionError> {
    let found = if search.asked.filter.is_none() {
        search.page(all)
    } else {
        let place = turn(hub, Some(&hub.limits.searches), &hub.searches).await?;
        let found = spawn_blocking(move || {
            let found = search.page(all);
            drop(place);
            found
        });
        found.await?
    };
    found.map_err(|error| match error {
        CollectionSearchError::Parameter(error) => {
            ActionError::Invalid { code: Code::BAD_SEARCH, message: error.to_string() }
        }
        CollectionSearchError::Filter(error) => ActionError::internal(error),
    })
}

/// What items of a collection have that the caller may see.
pub async fn observed(hub: &Hub, caller: &Caller, id: &str) -> Result<Observed, ActionError> {
    known(hub, id)?;
    let (readable, id) = (access(hub, caller).await?.readable, id.to_owned());
    let asked = in_turn(hub, move |catalog| async move { catalog.observed(&readable, &id).await });
    Ok(asked.await??)
}

/// Refuses what is no collection.
pub fn known(hub: &Hub, id: &str) -> Result<(), ActionError> {
    hub.stac.category(id).map(|_| ()).ok_or_else(|| none(id))
}

fn none(id: &str) -> ActionError {
    ActionError::not_found(Thing::Collection, shown(id))
}

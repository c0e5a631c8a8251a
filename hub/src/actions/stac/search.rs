//! Searching: what a caller asks for, of what they may read.

use std::sync::Arc;

use super::readable::{Access, access};
use super::shown::Shown;
use crate::actions::error::ActionError;
use crate::actions::running::turn;
use crate::auth::{Caller, Denied};
use crate::catalog::{Catalog, CatalogError, IdPage, ItemQuery};
use crate::error::Code;
use crate::stac::Search;
use crate::stac::parameters::USUAL_ORDER;
use crate::state::Hub;

/// A page of what was found.
#[derive(Debug)]
pub struct Found {
    /// The items.
    pub items: Vec<Shown>,
    /// How many there are on all pages.
    pub matched: u64,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
    /// How many items the page could have had.
    pub limit: u32,
}

/// Searches.
pub async fn search(hub: &Hub, caller: &Caller, search: Search) -> Result<Found, ActionError> {
    let access = access(hub, caller).await?;
    let query = query(hub, caller, &access, search)?;
    let limit = query.limit;
    let found = in_turn(hub, move |catalog| async move { catalog.search_items(&query).await });
    let page = found.await?.map_err(refused)?;
    let matched = page.matched;
    let shown = |row| Shown::latest(hub, caller, &access, row);
    let items = page.rows.into_iter().map(shown).collect();
    Ok(Found { items, matched, next: page.next, limit })
}

/// Searches for ids alone: nothing else of the items is read.
pub async fn ids(hub: &Hub, caller: &Caller, search: Search) -> Result<IdPage, ActionError> {
    let access = access(hub, caller).await?;
    let query = query(hub, caller, &access, search)?;
    let found = in_turn(hub, move |catalog| async move { catalog.search_ids(&query).await });
    found.await?.map_err(refused)
}

fn refused(error: CatalogError) -> ActionError {
    match error {
        CatalogError::BadCursor => ActionError::Invalid {
            code: Code::BAD_SEARCH,
            message: "after: it must be what the page before gave, for the same sort".to_owned(),
        },
        other => other.into(),
    }
}

/// Asks the catalog something that may take long, when there is a place for it. It keeps the place and goes on to its
/// end, or to the end of its time, also if nobody waits for it any more: its connection is as long in use.
pub async fn in_turn<T, F>(
    hub: &Hub,
    ask: impl FnOnce(Catalog) -> F,
) -> Result<Result<T, CatalogError>, ActionError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, CatalogError>> + Send + 'static,
{
    let place = turn(hub, Some(&hub.limits.searches), &hub.searches).await?;
    let asking = ask(hub.catalog.clone());
    let asking = tokio::spawn(async move {
        let answer = asking.await;
        drop(place);
        answer
    });
    Ok(asking.await?)
}

/// What the index is asked for. What a filter implies is asked for as well: it takes nothing away, and the index knows it.
pub(super) fn query(
    hub: &Hub,
    caller: &Caller,
    access: &Access,
    search: Search,
) -> Result<ItemQuery, ActionError> {
    let implied = search.filter.as_ref().map(|filter| filter.implied().clone()).unwrap_or_default();
    let there = || hub.stac.categories.iter().map(|category| category.id.clone());
    let collections: Vec<String> = match search.collections {
        None => there().collect(),
        // What is no collection any more has no items, whatever the index still holds.
        Some(asked) => there().filter(|id| asked.contains(id)).collect(),
    };
    let is_implied = |id: &String| implied.collections.as_ref().is_none_or(|all| all.contains(id));
    let collections = collections.into_iter().filter(is_implied).collect();
    let starred_by = match caller {
        _ if !search.text.starred => None,
        Caller::User(identity) => Some(identity.user.id),
        Caller::Anonymous | Caller::Operator => return Err(Denied::Anonymous.into()),
    };
    Ok(ItemQuery {
        readable: access.readable.clone(),
        collections,
        ids: search.ids.or(implied.ids),
        bbox: search.bbox.or(implied.bounds.filter(|_| search.intersects.is_none())),
        intersects: search.intersects,
        interval: search.interval,
        dated: implied.datetime,
        filter: search.filter.map(Arc::new),
        words: search.text.words,
        tags: search.text.tags,
        starred_by,
        sort: if search.sort.is_empty() { USUAL_ORDER.to_vec() } else { search.sort },
        after: search.after,
        limit: search.limit.unwrap_or(hub.stac.page_size),
    })
}

//! What is there: who the caller is, repositories, names.

use std::sync::{Arc, OnceLock};

use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::conceal::Teller;
use super::error::ActionError;
use super::resolve;
use super::stream::Items;
use crate::auth::{Caller, Right, allow};
use crate::catalog::{NameRow, Named, RepositoryRow, Viewer};
use crate::remembered::Listed;
use crate::state::Hub;

/// Names that are read from the catalog at a time.
const PAGE: u32 = 1000;

/// A repository, and whether the configuration calls it official.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRepository {
    /// Its row.
    pub row: RepositoryRow,
    /// Whether it is official.
    pub official: bool,
}

/// Every repository that the caller may see, by name.
pub async fn repositories(
    hub: &Hub,
    caller: &Caller,
) -> Result<Vec<ListedRepository>, ActionError> {
    repositories_after(hub, caller, "", u32::MAX).await
}

/// A page of the repositories that the caller may see, by name, from after `after` (the empty text: from the
/// first).
pub async fn repositories_after(
    hub: &Hub,
    caller: &Caller,
    after: &str,
    limit: u32,
) -> Result<Vec<ListedRepository>, ActionError> {
    let viewer = viewer(caller);
    let (mut after, mut listed) = (after.to_owned(), Vec::new());
    // The catalog gives some that the caller may not see after all, so a page may take several looks.
    loop {
        let rows = hub.catalog.repositories_after(viewer, &after, PAGE.min(limit)).await?;
        let last = rows.last().filter(|_| rows.len() == PAGE.min(limit) as usize);
        let next = last.map(|(row, _)| row.name.clone());
        for (row, level) in rows {
            if allow(&hub.config, caller, Right::See, &row, level).is_ok() {
                let official = hub.config.official_repositories.contains(&row.name);
                listed.push(ListedRepository { row, official });
            }
        }
        match next {
            Some(next) if listed.len() < limit as usize => after = next,
            _ => break,
        }
    }
    listed.truncate(limit as usize);
    Ok(listed)
}

fn viewer(caller: &Caller) -> Viewer<'_> {
    match caller {
        Caller::Anonymous => Viewer::default(),
        Caller::Operator => Viewer { all: true, ..Viewer::default() },
        Caller::User(identity) => Viewer {
            user_id: Some(identity.user.id),
            also: &identity.member_of,
            all: identity.is_admin(),
        },
    }
}

/// What a name leads to.
pub async fn flist(
    hub: &Hub,
    caller: &Caller,
    repository: &str,
    name: &str,
) -> Result<NameRow, ActionError> {
    resolve::flist(hub, caller, repository, name).await
}

/// A name in a readable repository as it is: nothing is followed.
pub async fn named(
    hub: &Hub,
    caller: &Caller,
    repository: &str,
    name: &str,
) -> Result<Named, ActionError> {
    let mut named = resolve::named(hub, caller, repository, name).await?;
    let within = named.repository.clone();
    Teller::new(hub, caller, &within).named(&mut named).await?;
    Ok(named)
}

/// A page of a repository's names, in order, from after `after` (the empty text: from the first).
pub async fn page(
    hub: &Hub,
    caller: &Caller,
    repository: &str,
    after: &str,
    limit: u32,
) -> Result<Arc<Listed>, ActionError> {
    let repository = resolve::repository(hub, caller, Right::See, repository).await?;
    let page = page_in(hub, repository.id, after, limit).await?;
    let leads_away = |named: &Named| {
        named.points_at.target().is_some_and(|target| target.repository != repository.name)
    };
    if page.names.iter().any(leads_away) {
        told(hub, caller, &repository.name, page).await
    } else {
        Ok(page)
    }
}

/// A page as the caller is told it. What is made of one is remembered for all who are told all of it.
async fn told(
    hub: &Hub,
    caller: &Caller,
    repository: &str,
    page: Arc<Listed>,
) -> Result<Arc<Listed>, ActionError> {
    let (mut names, mut concealed) = (page.names.to_vec(), false);
    let mut teller = Teller::new(hub, caller, repository);
    for named in &mut names {
        concealed |= teller.named(named).await?;
    }
    if !concealed {
        return Ok(page);
    }
    Ok(Arc::new(Listed { names: names.into(), shown: OnceLock::new() }))
}

async fn page_in(
    hub: &Hub,
    repository_id: i64,
    after: &str,
    limit: u32,
) -> Result<Arc<Listed>, ActionError> {
    let generation = hub.catalog.names_generation();
    let of = (repository_id, after.to_owned(), limit);
    if let Some(known) = hub.remembered.page(&of, generation) {
        return Ok(known);
    }
    let names = hub.catalog.names(repository_id, after, limit).await?.into();
    let page = Arc::new(Listed { names, shown: OnceLock::new() });
    hub.remembered.set_page(of, Arc::clone(&page), generation);
    Ok(page)
}

/// The names of a repository, in order.
pub async fn names(
    hub: &Hub,
    caller: &Caller,
    repository: &str,
) -> Result<Items<Named>, ActionError> {
    let repository = resolve::repository(hub, caller, Right::See, repository).await?;
    Ok(names_in(hub, &repository))
}

/// The names of a repository, page by page: a long list is never whole in memory.
pub fn names_in(hub: &Hub, repository: &RepositoryRow) -> Items<Named> {
    let (hub, id) = (hub.clone(), repository.id);
    let pages = stream::try_unfold(Some(String::new()), move |after| {
        let hub = hub.clone();
        async move {
            let Some(after) = after else { return Ok(None) };
            let page = page_in(&hub, id, &after, PAGE).await?.names.to_vec();
            let more = page.len() == PAGE as usize;
            let next = page.last().filter(|_| more).map(|last| last.name.clone());
            Ok::<_, ActionError>(Some((stream::iter(page.into_iter().map(Ok)), next)))
        }
    });
    pages.try_flatten().boxed()
}

//! What SharingHub's companions ask of a name, and of tags.

use super::error::{ActionError, Thing};
use super::{resolve, stac};
use crate::auth::{Caller, Right};
use crate::catalog::Pointed;
use crate::stac::number;
use crate::state::Hub;

/// The most tags that are told.
const MOST_TAGS: u32 = 1_000;

/// What a caller may know of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// A number that stands for it.
    pub number: u64,
    /// The name.
    pub name: String,
    /// `repository/name`
    pub path: String,
    /// The categories that it is in; none for who may not read it.
    pub categories: Vec<String>,
    /// What the caller may do: 1 see that it is there, 2 read, 3 write, 4 manage.
    pub access_level: u8,
}

/// Whether there is a flist at that path, for who may see its repository.
pub async fn check(hub: &Hub, caller: &Caller, path: &str) -> Result<Checked, ActionError> {
    let no_path = || ActionError::not_found(Thing::Flist, resolve::shown(path));
    let (repository, name) = path.split_once('/').ok_or_else(no_path)?;
    let repository = resolve::repository(hub, caller, Right::See, repository).await?;
    let named = resolve::named_in(hub, &repository, name).await?;
    let Pointed::Flist(_) = named.points_at else {
        return Err(no_path());
    };
    let access = stac::access(hub, caller).await?;
    let access_level = access.level(&hub.config, caller, (repository.id, repository.visibility));
    let categories = if resolve::may_read_in(hub, caller, &repository).await? {
        let items = hub.catalog.items_of(repository.id, &named.name).await?;
        items.into_iter().map(|item| item.collection).collect()
    } else {
        Vec::new()
    };
    Ok(Checked {
        number: number(&repository.name, &named.name),
        path: format!("{}/{}", repository.name, named.name),
        name: named.name,
        categories,
        access_level,
    })
}

/// The tags of items that the caller may read, the most frequent first, without those that say a category.
pub async fn tags(hub: &Hub, caller: &Caller) -> Result<Vec<String>, ActionError> {
    let readable = stac::access(hub, caller).await?.readable;
    let categories = &hub.stac.categories;
    let collections: Vec<String> = categories.iter().map(|category| category.id.clone()).collect();
    let least = hub.stac.told.tags.get("gitlab").and_then(|gitlab| gitlab.get("minimum_count"));
    let least = least.and_then(serde_json::Value::as_u64).unwrap_or(0);
    let asked = stac::in_turn(hub, move |catalog| async move {
        catalog.item_tags(&readable, &collections, MOST_TAGS).await
    });
    let tags = asked.await??;
    let says_category =
        |tag: &str| categories.iter().any(|category| category.gitlab_topic.as_deref() == Some(tag));
    let told = tags.into_iter().filter(|it| it.items >= least && !says_category(&it.tag));
    Ok(told.map(|it| it.tag).collect())
}

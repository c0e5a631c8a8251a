//! What is said of a name's item through the API, which weighs more than what its files say.

use flisthub_flist::wire::{ItemMetadata, ItemMetadataInfo, MAX_CATEGORIES};
use serde_json::{Map, Value, json};

use super::compose::{CATEGORIES, Set};
use super::job::soon;
use super::recompose::{How, one};
use super::sums::Stop;
use crate::actions::error::{ActionError, Thing};
use crate::actions::outcome::to_the_end;
use crate::actions::publish::AT_ONCE;
use crate::actions::resolve;
use crate::actions::running::turn;
use crate::auth::{Caller, Right};
use crate::catalog::RepositoryRow;
use crate::error::Code;
use crate::name::FlistName;
use crate::state::Hub;

/// Bytes of what may be set of one name.
const MOST_BYTES: usize = 256 << 10;

/// Where the item says what is wrong with its metadata.
const WARNINGS: &str = "flisthub:warnings";

/// What is set of a name, and what became of it.
pub async fn get(
    hub: &Hub,
    caller: &Caller,
    (repository, name): (&str, &str),
) -> Result<ItemMetadataInfo, ActionError> {
    let repository = resolve::repository(hub, caller, Right::Read, repository).await?;
    let name = FlistName::parse(name).map_err(|_| ActionError::not_found(Thing::Flist, name))?;
    info(hub, &repository, &name, None).await
}

/// Sets it, in the place of what was.
pub async fn put(
    hub: &Hub,
    caller: &Caller,
    (repository, name): (&str, &str),
    asked: ItemMetadata,
) -> Result<ItemMetadataInfo, ActionError> {
    let repository = resolve::repository(hub, caller, Right::Write, repository).await?;
    let (name, by) = (FlistName::parse(name)?, caller.actor()?);
    let ItemMetadata { categories, metadata: mut all } = asked;
    // Said in one way alone, so that they are looked at.
    if let Some(key) = ["category", CATEGORIES].iter().find(|key| all.contains_key(**key)) {
        let message =
            format!("`metadata` says no `{key}`: categories stand beside it, in `categories`");
        return Err(bad(message));
    }
    if let Some(categories) = &categories {
        check(hub, categories)?;
        all.insert(CATEGORIES.to_owned(), json!(categories));
    }
    if Value::Object(all.clone()).to_string().len() > MOST_BYTES {
        return Err(bad(format!("the metadata of a name has at most {MOST_BYTES} bytes")));
    }
    // It may walk a whole tree: in a place of those who search, until it is done.
    let place = turn(hub, Some(&hub.limits.searches), &hub.searches).await?;
    let hub = hub.clone();
    to_the_end(async move {
        let (set, stop) = (Set::All(all), Stop::default());
        let how = How { set: &set, by: &by, seen: None, sums: Some(AT_ONCE), stop: &stop };
        let composed = one(&hub, &repository, &name, how).await?;
        drop(place);
        let none = || ActionError::not_found(Thing::Flist, name.as_str());
        let composed = composed.ok_or_else(none)?;
        if composed.lacking {
            soon(&hub).await;
        }
        info(&hub, &repository, &name, Some(composed.warnings)).await
    })
    .await
}

fn bad(message: String) -> ActionError {
    ActionError::Invalid { code: Code::BAD_METADATA, message }
}

/// Refuses categories that this hub does not have.
pub fn check(hub: &Hub, categories: &[String]) -> Result<(), ActionError> {
    if categories.len() > MAX_CATEGORIES {
        return Err(bad(format!("a name is in at most {MAX_CATEGORIES} categories")));
    }
    match categories.iter().find(|category| hub.stac.category(category).is_none()) {
        None => Ok(()),
        Some(unknown) => {
            let known: Vec<&str> =
                hub.stac.categories.iter().map(|category| category.id.as_str()).collect();
            let known = known.join(", ");
            Err(bad(format!("there is no category {unknown:?} on this hub; there are: {known}")))
        }
    }
}

/// What is set of a name, and what became of it. `known`: what is known to be wrong with its metadata; else what its
/// item says, if it has one.
async fn info(
    hub: &Hub,
    repository: &RepositoryRow,
    name: &FlistName,
    known: Option<Vec<String>>,
) -> Result<ItemMetadataInfo, ActionError> {
    let named = hub.catalog.named(repository.id, name).await?;
    if named.is_none_or(|named| named.points_at.flist().is_none()) {
        return Err(ActionError::not_found(Thing::Flist, name.as_str()));
    }
    let set = hub.catalog.item_settings(repository.id, name.as_str()).await?;
    let mut metadata = set.map(|known| known.set.metadata).unwrap_or_default();
    let items = hub.catalog.items_of(repository.id, name.as_str()).await?;
    let said = || items.first().map(|item| warnings(&item.document)).unwrap_or_default();
    let warnings = known.unwrap_or_else(said);
    Ok(ItemMetadataInfo {
        repository: repository.name.clone(),
        name: name.to_string(),
        categories: taken(&mut metadata),
        metadata,
        collections: items.into_iter().map(|item| item.collection).collect(),
        warnings,
    })
}

/// The categories among what was set.
fn taken(metadata: &mut Map<String, Value>) -> Option<Vec<String>> {
    let categories = metadata.get(CATEGORIES).cloned()?;
    let categories = serde_json::from_value(categories).ok()?;
    metadata.remove(CATEGORIES);
    Some(categories)
}

fn warnings(document: &str) -> Vec<String> {
    let Ok(document) = serde_json::from_str::<Value>(document) else { return Vec::new() };
    let said = document.get("properties").and_then(|properties| properties.get(WARNINGS));
    let said = said.and_then(Value::as_array).into_iter().flatten();
    said.filter_map(Value::as_str).map(str::to_owned).collect()
}

//! Repositories themselves: making one, what the caller is in it, and who may read it.

use super::error::ActionError;
use super::outcome::to_the_end;
use super::{items, resolve};
use crate::auth::{Caller, Level, Right, Visibility, allow_create};
use crate::catalog::{Actor, CatalogError, NewRepository, RepositoryRow};
use crate::name::RepositoryName;
use crate::state::Hub;

/// A repository as the caller sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its row.
    pub row: RepositoryRow,
    /// What the caller is in it as its member.
    pub level: Option<Level>,
    /// Whether it is official.
    pub official: bool,
    /// The categories that its names are in which say none themselves; `None` for who may not read it.
    pub categories: Option<Vec<String>>,
}

/// What is to change of a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Who may read it.
    pub visibility: Option<Visibility>,
    /// The categories that its names are in which say none themselves.
    pub categories: Option<Vec<String>>,
}

/// Makes a repository, which the caller owns. Names are one space for all: that one is taken is told also to
/// who may not see by whom, and in the same words.
pub async fn create(
    hub: &Hub,
    caller: &Caller,
    name: &str,
    visibility: Option<Visibility>,
) -> Result<Shown, ActionError> {
    allow_create(&hub.config, caller)?;
    let name = RepositoryName::parse(name)?;
    let new = NewRepository {
        name: &name,
        visibility: visibility.unwrap_or(hub.config.access.default_visibility),
        creator_id: caller.user()?.id,
    };
    let most = if caller.is_admin() { u64::MAX } else { hub.config.access.repositories_per_user };
    let (by, now) = (caller.actor()?, hub.clock.now());
    let made = hub.catalog.create_repository_within(&new, most, &by, now).await;
    let row = made.map_err(|error| match error {
        CatalogError::Conflict { .. } => {
            ActionError::Taken(format!("the name {name} is taken; choose another"))
        }
        error => error.into(),
    })?;
    let row = row.ok_or_else(|| {
        ActionError::Conflict(format!(
            "you have made {most} repositories, which is the most; ask an admin to make more"
        ))
    })?;
    shown(hub, caller, row).await
}

/// What the caller may know of a repository.
pub async fn get(hub: &Hub, caller: &Caller, name: &str) -> Result<Shown, ActionError> {
    let row = resolve::repository(hub, caller, Right::See, name).await?;
    shown(hub, caller, row).await
}

/// Says who may read a repository from now on, and in which categories its names are.
pub async fn change(
    hub: &Hub,
    caller: &Caller,
    name: &str,
    wanted: Wanted,
) -> Result<Shown, ActionError> {
    let row = resolve::repository(hub, caller, Right::Manage, name).await?;
    let by = caller.actor()?;
    // What cannot be is refused before anything changes.
    let mut categories = wanted.categories;
    if let Some(categories) = &mut categories {
        categories.sort_unstable();
        categories.dedup();
        items::settings::check(hub, categories)?;
    }
    let visibility = wanted.visibility.unwrap_or(row.visibility);
    let (of_hub, repository) = (hub.clone(), row.clone());
    to_the_end(async move { apply(&of_hub, &repository, visibility, categories, &by).await })
        .await?;
    shown(hub, caller, RepositoryRow { visibility, ..row }).await
}

/// Makes the changes, and has the items follow.
async fn apply(
    hub: &Hub,
    row: &RepositoryRow,
    visibility: Visibility,
    categories: Option<Vec<String>>,
    by: &Actor,
) -> Result<(), ActionError> {
    let now = hub.clock.now();
    if row.visibility != visibility {
        hub.catalog.set_visibility(row, visibility, by, now).await?;
    }
    if let Some(categories) = categories
        && categories != hub.catalog.repository_categories(row.id).await?
    {
        hub.catalog.set_repository_categories(row, &categories, by, now).await?;
        items::soon(hub).await;
    }
    Ok(())
}

async fn shown(hub: &Hub, caller: &Caller, row: RepositoryRow) -> Result<Shown, ActionError> {
    let level = match caller {
        Caller::User(identity) if identity.reaches(row.id) => {
            hub.catalog.level(row.id, identity.user.id).await?
        }
        _ => None,
    };
    let official = hub.config.official_repositories.contains(&row.name);
    let categories = if resolve::may_read_in(hub, caller, &row).await? {
        Some(hub.catalog.repository_categories(row.id).await?)
    } else {
        None
    };
    Ok(Shown { row, level, official, categories })
}

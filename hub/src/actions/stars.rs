//! Stars: which flists a user wants to find again. They are the user's own, and how many there are is for whoever may
//! read the name.

use super::error::{ActionError, Thing};
use super::resolve;
use crate::auth::{Caller, Right, allow_own};
use crate::catalog::Pointed;
use crate::state::Hub;

/// Stars of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stars {
    /// How many users gave it one.
    pub stars: u64,
    /// Whether the caller did.
    pub starred: bool,
}

/// Gives a name the caller's star, or takes it away. Either may be done again.
pub async fn set(
    hub: &Hub,
    caller: &Caller,
    (repository, name): (&str, &str),
    starred: bool,
) -> Result<Stars, ActionError> {
    allow_own(&hub.config, caller)?;
    let user = caller.user()?.id;
    let repository = resolve::repository(hub, caller, Right::Read, repository).await?;
    let named = resolve::named_in(hub, &repository, name).await?;
    let Pointed::Flist(_) = named.points_at else {
        return Err(ActionError::not_found(Thing::Flist, resolve::shown(name)));
    };
    hub.catalog.star((repository.id, &named.name), user, starred).await?;
    let (stars, starred) = hub.catalog.stars(repository.id, &named.name, Some(user)).await?;
    Ok(Stars { stars, starred })
}

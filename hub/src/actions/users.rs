//! Users, as admins see and change them over HTTP. At the command line they are changed in the catalog alone
//! (`super::accounts`).

use super::accounts::account;
use super::error::{ActionError, Thing};
use crate::auth::{Caller, Password, allow_operate};
use crate::catalog::{AccountRow, NewUser, UserChange};
use crate::name::RepositoryName;
use crate::state::Hub;

/// A change of a user; what is `None` stays.
#[derive(Debug, Default)]
pub struct Change {
    /// Whether the user is shut out.
    pub disabled: Option<bool>,
    /// Whether the user is an admin.
    pub admin: Option<bool>,
    /// Another password.
    pub password: Option<String>,
}

/// A page of the users, by name, from after `after` (the empty text: from the first).
pub async fn list(
    hub: &Hub,
    caller: &Caller,
    after: &str,
    limit: u32,
) -> Result<Vec<AccountRow>, ActionError> {
    allow_operate(caller)?;
    Ok(hub.catalog.users_after(after, limit).await?)
}

/// Makes a user, and the repository of the same name.
pub async fn create(
    hub: &Hub,
    caller: &Caller,
    name: &str,
    admin: bool,
    password: Option<String>,
) -> Result<AccountRow, ActionError> {
    allow_operate(caller)?;
    let name = RepositoryName::parse(name)?;
    let kept = match password {
        Some(password) => Some(hub.passwords.hash(Password::new(password)?).await?),
        None => None,
    };
    let new = NewUser {
        name: &name,
        admin,
        password: kept.as_deref(),
        visibility: hub.config.access.default_visibility,
    };
    hub.catalog.create_user(&new, &caller.actor()?, hub.clock.now()).await?;
    account(&hub.catalog, name.as_str()).await
}

/// Changes a user. Nobody takes their own rights: what one admin has locked, only another could open.
pub async fn change(
    hub: &Hub,
    caller: &Caller,
    name: &str,
    change: Change,
) -> Result<AccountRow, ActionError> {
    allow_operate(caller)?;
    let before = account(&hub.catalog, name).await?;
    let locks = change.disabled == Some(true) || change.admin == Some(false);
    if locks && before.user.id == caller.user()?.id {
        return Err(ActionError::Conflict(
            "nobody disables themselves, or stops being an admin by themselves; ask another admin"
                .to_owned(),
        ));
    }
    let by = caller.actor()?;
    let (name, now) = (before.user.name.as_str(), hub.clock.now());
    let kept = match change.password {
        Some(password) => Some(hub.passwords.hash(Password::new(password)?).await?),
        None => None,
    };
    let wanted = UserChange {
        password: kept.as_deref(),
        admin: change.admin.filter(|admin| *admin != before.user.admin),
        disabled: change.disabled.filter(|disabled| *disabled != before.disabled.is_some()),
    };
    let changes = wanted != UserChange::default();
    if changes && !hub.catalog.change_user(name, wanted, &by, now).await? {
        return Err(ActionError::not_found(Thing::User, name));
    }
    account(&hub.catalog, name).await
}

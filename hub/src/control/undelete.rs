//! Undeleting for the operator, who has no token and no user.

use std::sync::Arc;

use crate::actions::{ActionError, Thing, undelete};
use crate::auth::{Caller, Scope};
use crate::catalog::{Condition, UserRow};
use crate::config::Config;
use crate::error::Code;
use crate::name::RepositoryName;
use crate::state::Hub;

/// Makes a deleted name, `repository/name`, point again at what it pointed at before. The history names
/// the repository's owner, on whose behalf the operator acts.
pub async fn undelete(hub: &Hub, name: &str) -> Result<(), ActionError> {
    let (repository, flist) = name.split_once('/').ok_or_else(|| ActionError::Invalid {
        code: Code::BAD_NAME,
        message: format!("{name:?} is not repository/name"),
    })?;
    let row = hub.catalog.repository(&RepositoryName::parse(repository)?).await?;
    let row = row.ok_or_else(|| ActionError::not_found(Thing::Repository, repository))?;
    let owner = UserRow { id: row.owner_id, name: row.name };
    let caller = Caller::User { user: owner, scope: Scope::Admin };
    // What a read-only hub refuses is what comes over HTTP.
    let config = Arc::new(Config { read_only: false, ..Config::clone(&hub.config) });
    let hub = Hub { config, ..hub.clone() };
    undelete::name(&hub, &caller, repository, flist, &Condition::NONE).await?;
    Ok(())
}

//! The log of changes, as admins and the owners of repositories read it.

use super::accounts::account;
use super::conceal::Teller;
use super::error::ActionError;
use super::resolve;
use crate::auth::{Caller, Right, allow_operate};
use crate::catalog::{AuditFilter, AuditRow};
use crate::state::Hub;

/// Which changes are asked for; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Name of the user who made them.
    pub user: Option<String>,
    /// Name of the repository that they were made in.
    pub repository: Option<String>,
    /// What was done.
    pub action: Option<String>,
}

/// A page of all changes, newest first, from before the change `before`.
pub async fn all(
    hub: &Hub,
    caller: &Caller,
    asked: &Asked,
    (before, limit): (Option<u64>, u32),
) -> Result<Vec<AuditRow>, ActionError> {
    allow_operate(caller)?;
    let repository_id = match &asked.repository {
        Some(name) => Some(resolve::repository(hub, caller, Right::See, name).await?.id),
        None => None,
    };
    let user_id = match &asked.user {
        Some(name) => Some(account(&hub.catalog, name).await?.user.id),
        None => None,
    };
    let filter = AuditFilter { repository_id, user_id, action: asked.action.clone() };
    Ok(hub.catalog.audit(&filter, before, limit).await?)
}

/// A page of the changes of one repository, likewise.
pub async fn of_repository(
    hub: &Hub,
    caller: &Caller,
    repository: &str,
    (before, limit): (Option<u64>, u32),
) -> Result<Vec<AuditRow>, ActionError> {
    let repository = resolve::repository(hub, caller, Right::Manage, repository).await?;
    let filter = AuditFilter { repository_id: Some(repository.id), ..AuditFilter::default() };
    let mut rows = hub.catalog.audit(&filter, before, limit).await?;
    let mut teller = Teller::new(hub, caller, &repository.name);
    for row in &mut rows {
        if let Some(detail) = row.detail.take() {
            row.detail = Some(teller.detail(&row.action, detail).await?);
        }
    }
    Ok(rows)
}

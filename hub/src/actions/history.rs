//! What a name was before: who changed it, when and how.

use super::conceal::Teller;
use super::error::{ActionError, Thing};
use super::resolve;
use crate::auth::{Caller, Right};
use crate::catalog::HistoryRow;
use crate::name::FlistName;
use crate::state::Hub;

/// The changes of a name before the revision `before` (`None`: from the last one), newest first, at most
/// `limit`. The history of a deleted name can be read too.
pub async fn page(
    hub: &Hub,
    caller: &Caller,
    (repository, name): (&str, &str),
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<HistoryRow>, ActionError> {
    let repository = resolve::repository(hub, caller, Right::Read, repository).await?;
    let not_found = || ActionError::not_found(Thing::Flist, resolve::shown(name));
    let parsed = FlistName::parse(name).map_err(|_| not_found())?;
    let mut rows = hub.catalog.history(repository.id, &parsed, before, limit).await?;
    let mut teller = Teller::new(hub, caller, &repository.name);
    for row in &mut rows {
        teller.entry(row).await?;
    }
    if rows.is_empty() && before.is_none() { Err(not_found()) } else { Ok(rows) }
}

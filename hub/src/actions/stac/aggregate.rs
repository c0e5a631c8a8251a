//! Aggregations over what a caller asks for, of what they may read.

use std::sync::Arc;

use super::readable::access;
use super::search::{in_turn, query};
use crate::actions::error::ActionError;
use crate::auth::Caller;
use crate::stac::aggregations::Aggregate;
use crate::state::Hub;

/// Aggregates: a list in JSON.
pub async fn aggregate(
    hub: &Hub,
    caller: &Caller,
    asked: Aggregate,
) -> Result<Arc<str>, ActionError> {
    let Aggregate { search, wanted } = asked;
    let access = access(hub, caller).await?;
    let query = query(hub, caller, &access, search)?;
    if wanted.is_empty() {
        return Ok("[]".into());
    }
    let found =
        in_turn(hub, move |catalog| async move { catalog.aggregate_items(&query, &wanted).await });
    Ok(found.await??)
}
